//! Plans.

pub(crate) mod apply;
pub(crate) mod decide;
pub(crate) mod items;
pub(crate) mod list;
pub(crate) mod make;
pub(crate) mod read;
