//! What is out of service.

pub(crate) mod list;
