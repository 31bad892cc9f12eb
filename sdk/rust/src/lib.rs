//! Write Purser connectors in Rust.
