//! The files of declarations.

pub(crate) mod apply;
mod files;
pub(crate) mod read;
