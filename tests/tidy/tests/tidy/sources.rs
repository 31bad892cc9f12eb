//! What holds for every Rust file.

use purser_tidy::rust_source::{is_test_file, production_lines};
use purser_tidy::{TextFile, files_in, hold, text_files};

const LONGEST_FILE: usize = 600;

/// Where `unsafe_code` may be allowed, each place with its own reason beside the attribute.
const UNSAFE: [(&str, &str); 4] = [
    ("host/runtime/src/cache.rs", "wasmtime loads machine code"),
    ("sdk/rust/src/bindings.rs", "the component ABI, generated"),
    ("sdk/rust/src/lib.rs", "the component ABI, in the macro that exports a connector"),
    ("tests/guests/src/lib.rs", "the component ABI, generated"),
];

/// What must not stand in production code, and what to do instead.
const FORBIDDEN_CODE: [(&str, &str); 4] = [
    (".unwrap()", "return a typed error, or use `expect` with the reason why it cannot fail"),
    ("todo!(", "write it, or leave the way to it out"),
    ("unimplemented!(", "write it, or leave the way to it out"),
    ("dbg!(", "use `tracing`"),
];

/// What planning must not reach for, although it needs no dependency for it.
const IO_OF_STD: [&str; 5] = ["std::fs", "std::net", "std::process", "std::env", "std::thread"];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] = ["manager", "util", "utils", "helper", "helpers", "misc"];

fn rust_files() -> Vec<TextFile> {
    files_in("", ".rs").unwrap()
}

fn findings(rule: fn(&TextFile) -> Vec<String>) -> Vec<String> {
    rust_files().iter().flat_map(rule).collect()
}

/// A crate whose documentation is its README says so instead.
fn opening_findings(file: &TextFile) -> Vec<String> {
    if file.text.starts_with("//! ") || file.text.starts_with("#![doc = include_str!(\"../README.md\")]") {
        return Vec::new();
    }
    vec![format!("{}: write a first line `//! ...` that says what the file is for", file.path)]
}

fn length_findings(file: &TextFile) -> Vec<String> {
    let lines = file.text.lines().count();
    if lines <= LONGEST_FILE {
        return Vec::new();
    }
    vec![format!("{}: has {lines} lines; split it by what its parts are for", file.path)]
}

fn code_findings(file: &TextFile) -> Vec<String> {
    if is_test_file(file) {
        return Vec::new();
    }
    let lines = production_lines(&file.text).into_iter();
    lines
        .flat_map(|line| FORBIDDEN_CODE.iter().map(move |forbidden| (line, forbidden)))
        .filter(|(line, (forbidden, _))| line.code.contains(forbidden))
        .map(|(line, (forbidden, instead))| format!("{}:{}: `{forbidden}`: {instead}", file.path, line.number))
        .collect()
}

fn purity_findings(file: &TextFile) -> Vec<String> {
    let is_pure = ["host/model/src/", "host/plan/src/"].iter().any(|folder| file.path.starts_with(folder));
    if !is_pure {
        return Vec::new();
    }
    let lines = production_lines(&file.text).into_iter();
    lines
        .flat_map(|line| IO_OF_STD.iter().map(move |module| (line, module)))
        .filter(|(line, module)| line.code.contains(*module))
        .map(|(line, module)| format!("{}:{}: `{module}`: do this in host/reconcile", file.path, line.number))
        .collect()
}

fn unsafe_findings(file: &TextFile) -> Vec<String> {
    let may = UNSAFE.iter().any(|(path, _)| *path == file.path);
    let attributes = file.text.lines().enumerate().filter(|(_, line)| {
        let line = line.trim();
        line.starts_with('#') && line.contains("unsafe_code") && !line.contains("forbid(") && !line.contains("deny(")
    });
    attributes
        .filter(|(_, line)| !may || !line.contains("reason = "))
        .map(|(index, _)| {
            let place = format!("{}:{}", file.path, index + 1);
            format!("{place}: `unsafe_code` needs a reason, and a place in UNSAFE of tests/tidy/tests/tidy/sources.rs")
        })
        .collect()
}

fn name_findings(file: &TextFile) -> Vec<String> {
    let words = file.path.split(['/', '.', '_', '-']);
    let empty: Vec<_> = words.filter(|word| EMPTY_NAMES.contains(word)).collect();
    if empty.is_empty() {
        return Vec::new();
    }
    vec![format!("{}: {empty:?} says nothing; name it after what it does", file.path)]
}

#[test]
fn every_file_says_what_it_is_for() {
    hold("A Rust file has no opening line:", &findings(opening_findings));
}

#[test]
fn no_file_is_too_long_to_read() {
    hold("A file is too long:", &findings(length_findings));
}

#[test]
fn production_code_does_not_give_up() {
    hold("Production code may not panic on purpose:", &findings(code_findings));
}

#[test]
fn planning_does_no_io() {
    hold("Model and plan are pure:", &findings(purity_findings));
}

#[test]
fn unsafe_code_is_where_it_is_known() {
    hold("Unsafe code is allowed where nobody expects it:", &findings(unsafe_findings));
    for (path, reason) in UNSAFE {
        let file = rust_files().into_iter().find(|file| file.path == path);
        let still = file.is_some_and(|file| file.text.contains("unsafe_code"));
        assert!(still, "{path} ({reason}) has no unsafe code any more; take it out of UNSAFE");
    }
}

#[test]
fn file_names_say_something() {
    let findings: Vec<_> = text_files().unwrap().iter().flat_map(name_findings).collect();
    hold("A name says nothing:", &findings);
}

#[test]
fn the_rules_find_what_they_are_for() {
    let file = |text: &str| TextFile::new("host/plan/src/sample.rs", text);
    assert_eq!(opening_findings(&file("use std::fmt;\n")).len(), 1);
    assert_eq!(length_findings(&file(&"\n".repeat(LONGEST_FILE + 1))).len(), 1);
    assert_eq!(code_findings(&file("//! Sample.\nfn a() { b().unwrap(); }\n")).len(), 1);
    assert_eq!(code_findings(&file("// .unwrap()\n#[cfg(test)]\nmod tests {\n    b().unwrap();\n}\n")).len(), 0);
    assert_eq!(purity_findings(&file("use std::fs;\n")).len(), 1);
    assert_eq!(unsafe_findings(&file("#[allow(unsafe_code)]\n")).len(), 1);
    assert_eq!(unsafe_findings(&TextFile::new(UNSAFE[0].0, "#[allow(unsafe_code)]\n")).len(), 1);
    assert_eq!(unsafe_findings(&TextFile::new(UNSAFE[0].0, "#[expect(unsafe_code, reason = \"x\")]\n")).len(), 0);
    assert_eq!(name_findings(&TextFile::new("host/plan/src/time_utils.rs", "")).len(), 1);
}
