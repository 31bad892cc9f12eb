//! The `purser` program.
fn main() {}
