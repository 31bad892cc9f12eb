//! The parser that `PURSER_FUZZ` names, with whatever a fuzzer comes up with.
#![no_main]

use std::sync::LazyLock;

static PARSER: LazyLock<purser_fuzz::Parser> = LazyLock::new(|| {
    let name = std::env::var("PURSER_FUZZ").expect("PURSER_FUZZ names a parser: run `cargo xtask fuzz`");
    purser_fuzz::target(&name).unwrap_or_else(|| panic!("no parser `{name}`"))
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| PARSER(bytes));
