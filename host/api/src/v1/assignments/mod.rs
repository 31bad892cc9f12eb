//! Who is assigned which roles.

pub(crate) mod bulk;
pub(crate) mod end;
pub(crate) mod list;
pub(crate) mod make;
pub(crate) mod read;
mod wanted;
