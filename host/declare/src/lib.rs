//! Reads an operator's TOML declarations and checks them, naming file, line and key.
