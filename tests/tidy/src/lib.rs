//! The project's own rules, checked inside `cargo test`: the checkout as text files.
//!
//! Each rule is a function from text to findings, and a test shows that it finds something where there is something. A
//! finding says where, what is wrong, and what to do.

pub mod rust_source;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A text file of the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// Where it lies, from the root of the checkout, with `/` between names.
    pub path: String,
    /// What it says.
    pub text: String,
}

impl TextFile {
    /// A file with this text.
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Its name without folders.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// The root of the checkout.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Every text file of the project, in order of paths. What can be made again is left out.
///
/// # Errors
/// A folder or file cannot be read.
///
/// # Panics
/// Hardly a file was found: a rule that sees nothing holds nothing.
pub fn text_files() -> io::Result<Vec<TextFile>> {
    let root = root();
    let mut files = Vec::new();
    collect(&root, &root, &mut files)?;
    assert!(files.len() > 100, "only {} files were found below {}", files.len(), root.display());
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

/// The files of a folder (from the root, with `/` at its end) whose names end like this, in order of paths.
///
/// # Errors
/// A folder or file cannot be read.
///
/// # Panics
/// There is none.
pub fn files_in(folder: &str, ending: &str) -> io::Result<Vec<TextFile>> {
    let mut files = text_files()?;
    files.retain(|file| file.path.starts_with(folder) && file.path.ends_with(ending));
    assert!(!files.is_empty(), "no file `*{ending}` lies below `{folder}`");
    Ok(files)
}

/// The names at the top level, without git's own folder and what `.gitignore` names there.
///
/// # Errors
/// The root or `.gitignore` cannot be read.
pub fn top_level() -> io::Result<Vec<String>> {
    let root = root();
    let ignored = fs::read_to_string(root.join(".gitignore"))?;
    let is_ignored = |name: &str| name == ".git" || ignored.lines().any(|line| line == format!("/{name}"));
    let mut names = Vec::new();
    for entry in fs::read_dir(&root)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !is_ignored(&name) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<TextFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() && !is_made_again(&entry.file_name().to_string_lossy()) {
            collect(root, &path, files)?;
        } else if kind.is_file() {
            // What is not UTF-8 is no text, and no rule speaks of it.
            if let Ok(text) = String::from_utf8(fs::read(&path)?) {
                files.push(TextFile { path: relative(root, &path), text });
            }
        }
    }
    Ok(())
}

fn is_made_again(folder: &str) -> bool {
    matches!(folder, ".git" | ".purser" | "target" | "node_modules" | "__pycache__")
}

fn relative(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Fails with every finding, one a line, under what is to be done about them.
///
/// # Panics
/// There is a finding.
pub fn hold(what_to_do: &str, findings: &[String]) {
    assert!(findings.is_empty(), "\n{what_to_do}\n  {}\n", findings.join("\n  "));
}
