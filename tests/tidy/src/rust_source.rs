//! Tells what of a Rust file runs in production from what only tests see.

use crate::TextFile;

/// A line of production code, without its comment, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its number.
    pub number: usize,
    /// What it says.
    pub code: &'a str,
}

/// Whether the whole file belongs to tests, benches or examples.
pub fn is_test_file(file: &TextFile) -> bool {
    let folders: Vec<&str> = file.path.split('/').collect();
    folders.first() == Some(&"tests")
        || folders.iter().any(|folder| matches!(*folder, "tests" | "benches" | "examples"))
        || file.name() == "tests.rs"
}

/// The lines that run in production: those outside comments and outside items under `#[cfg(test)]`.
///
/// It relies on rustfmt: an item ends at the first line that closes it at its own indentation.
pub fn production_lines(text: &str) -> Vec<Line<'_>> {
    let mut kept = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if line.trim() == "#[cfg(test)]" {
            skip_item(&mut lines, indentation(line));
            continue;
        }
        let code = without_comment(line);
        if !code.trim().is_empty() {
            kept.push(Line { number: index + 1, code });
        }
    }
    kept
}

fn skip_item<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>, indentation_of_item: usize) {
    for (_, line) in lines {
        let is_at_its_level = indentation(line) == indentation_of_item && !line.trim().is_empty();
        if is_at_its_level && (line.ends_with(';') || line.ends_with('}') || line.ends_with(',')) {
            return;
        }
    }
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Cuts a `//` comment off; a `//` behind a quote may be part of a text, and is left.
fn without_comment(line: &str) -> &str {
    match line.find("//") {
        Some(0) => "",
        Some(start) if !line[..start].contains('"') => &line[..start],
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(text: &str) -> Vec<usize> {
        production_lines(text).iter().map(|line| line.number).collect()
    }

    #[test]
    fn comments_and_test_items_are_left_out_and_what_follows_is_not() {
        assert_eq!(kept("//! Doc.\n\nfn a() {} // why\n"), [3]);
        assert_eq!(kept("fn a() {}\n#[cfg(test)]\nmod tests {\n    x();\n}\nfn b() {}\n"), [1, 6]);
        assert_eq!(kept("#[cfg(test)]\nmod tests;\nfn b() {}\n"), [3]);
        assert_eq!(production_lines("let url = \"http://x\";")[0].code, "let url = \"http://x\";");
    }

    #[test]
    fn files_of_tests_are_known_by_their_place() {
        for path in ["host/plan/tests/stories.rs", "tests/bench/src/main.rs", "host/api/src/tests.rs"] {
            assert!(is_test_file(&TextFile::new(path, "")), "{path}");
        }
        for path in ["host/plan/src/lib.rs", "sdk/rust/src/testing/stub.rs"] {
            assert!(!is_test_file(&TextFile::new(path, "")), "{path}");
        }
    }
}
