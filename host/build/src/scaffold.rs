//! Writes a new connector crate that compiles, does something and has passing tests.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The template's files: path in the new crate, text. They are those of `sdk/rust/template`.
const FILES: [(&str, &str); 5] = [
    ("Cargo.toml", include_str!("../../../sdk/rust/template/Cargo.toml.in")),
    ("README.md", include_str!("../../../sdk/rust/template/README.md.in")),
    (".gitignore", "/target\n*.wasm\n"),
    ("src/lib.rs", include_str!("../../../sdk/rust/template/src/lib.rs")),
    ("src/tests.rs", include_str!("../../../sdk/rust/template/src/tests.rs")),
];

/// Longest name of a connector, in characters.
const LONGEST_NAME: usize = 64;

/// Names that cargo refuses for a package, or that would hide a crate of the standard library.
const RESERVED: [&str; 46] = [
    "abstract", "alloc", "as", "async", "await", "become", "box", "break", "const", "continue", "core", "crate", "do",
    "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "std", "struct", "super", "test",
    "trait", "true", "try", "type", "use",
];

/// Why a new connector could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// The name cannot be a connector's.
    #[error("`{name}` cannot name a connector: {reason}. Take something like `acme-crm`")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// There is something already.
    #[error("{} is there already: choose another name or folder, or remove it", .0.display())]
    Exists(PathBuf),
    /// The SDK is not where it should be.
    #[error("{} is not the Rust SDK: give the folder `sdk/rust` of a Purser checkout", .0.display())]
    NoSdk(PathBuf),
    /// A file could not be written.
    #[error("cannot write {}: {source}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// Writes a connector crate into `directory`, which is made and must not be there. `sdk` is the folder of the Rust SDK;
/// the crate depends on it by its absolute path.
///
/// `name` is in kebab case: lower-case letters, digits and single dashes, a letter first.
///
/// # Errors
/// See [`ScaffoldError`]. Nothing is written for a bad name, a missing SDK or a folder that is there; after
/// [`ScaffoldError::File`] the folder may hold some of the files.
pub fn new_connector(name: &str, directory: &Path, sdk: &Path) -> Result<(), ScaffoldError> {
    check_name(name)?;
    let sdk = find_sdk(sdk)?;
    make_directory(directory)?;
    for (path, template) in FILES {
        let text = template.replace("{{name}}", name).replace("{{sdk}}", &sdk);
        write(&directory.join(path), &text)?;
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), ScaffoldError> {
    let refuse = |reason| Err(ScaffoldError::Name { name: name.to_owned(), reason });
    if !name.starts_with(|first: char| first.is_ascii_lowercase()) {
        return refuse("it must begin with a lower-case letter");
    }
    if !name.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-') {
        return refuse("it may hold lower-case letters, digits and dashes only");
    }
    if name.ends_with('-') || name.contains("--") {
        return refuse("a dash must stand between letters or digits");
    }
    if name.len() > LONGEST_NAME {
        return refuse("it is longer than 64 characters");
    }
    if RESERVED.contains(&name) {
        return refuse("Rust keeps this word for itself");
    }
    Ok(())
}

/// The SDK's absolute path as a TOML string.
fn find_sdk(sdk: &Path) -> Result<String, ScaffoldError> {
    let missing = || ScaffoldError::NoSdk(sdk.to_path_buf());
    let manifest = fs::read_to_string(sdk.join("Cargo.toml")).map_err(|_| missing())?;
    if !manifest.contains("name = \"purser-sdk\"") {
        return Err(missing());
    }
    let absolute = sdk.canonicalize().map_err(|_| missing())?;
    Ok(toml::Value::String(absolute.to_str().ok_or_else(missing)?.to_owned()).to_string())
}

fn make_directory(directory: &Path) -> Result<(), ScaffoldError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| ScaffoldError::File { path, source }
    };
    if let Some(parent) = directory.parent() {
        fs::create_dir_all(parent).map_err(failed(parent))?;
    }
    fs::create_dir(directory).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => ScaffoldError::Exists(directory.to_path_buf()),
        _ => failed(directory)(source),
    })
}

fn write(path: &Path, text: &str) -> Result<(), ScaffoldError> {
    let failed = |source| ScaffoldError::File { path: path.to_path_buf(), source };
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdk() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/rust")
    }

    #[test]
    fn bad_names_are_refused_with_the_reason() {
        let parent = tempfile::tempdir().unwrap();
        for name in ["", "Acme", "9lives", "acme_crm", "acme--crm", "acme-", "../acme", "match", &"a".repeat(65)] {
            let directory = parent.path().join("new");
            let error = new_connector(name, &directory, &sdk()).unwrap_err();
            assert!(matches!(error, ScaffoldError::Name { .. }), "{name}: {error}");
            assert!(!directory.exists());
        }
    }

    #[test]
    fn an_existing_folder_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let error = new_connector("acme-crm", parent.path(), &sdk()).unwrap_err();
        assert!(matches!(error, ScaffoldError::Exists(path) if path == parent.path()));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_that_is_not_the_sdk_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let error = new_connector("acme-crm", &parent.path().join("new"), parent.path()).unwrap_err();
        assert!(error.to_string().contains("sdk/rust"), "{error}");
        assert!(!parent.path().join("new").exists());
    }
}
