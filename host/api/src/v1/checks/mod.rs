//! Checking what is declared.

pub(crate) mod make;
