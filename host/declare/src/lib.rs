//! Reads an operator's TOML declarations and checks them, naming file, line and key.
//!
//! [`load`] reads every `*.toml` of a directory as one configuration: a section may stand in any file, and in one only.
//! Every mistake is reported, not only the first. `README.md` in this crate is the reference of the format.

mod api;
mod authentication;
mod check;
mod circle;
mod connectors;
mod directory_server;
mod egress;
mod error;
mod insight;
mod instance;
mod issuer;
mod limits;
mod mapping;
mod matching;
mod membership;
mod oauth2;
mod password;
mod problems;
mod pushed;
mod reading;
mod rewriting;
mod secret;
mod section;
mod source;
mod suggestion;
mod target;
mod timing;
mod units;
mod webhook;

pub use error::{DeclarationError, DeclarationErrors, Position};
pub use rewriting::{NotRewritten, with_guard};
pub use units::{NotAnAmount, duration};

use problems::{Place, Problems};
use purser_model::configuration::Configuration;
use purser_plan::Rules;
use reading::Reading;
use section::Section;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// Declarations that were read and checked.
#[derive(Debug)]
pub struct Declarations {
    /// What was declared.
    pub configuration: Configuration,
    /// The same with every expression compiled.
    pub rules: Rules,
    /// The files it was read from, in the order they were read.
    pub files: Vec<DeclarationText>,
}

/// One file of declarations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclarationText {
    /// Which file.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// Reads and checks the declarations in a directory: its `*.toml` files, ordered by name, hidden files and
/// sub-directories left out. Relative paths in a declaration begin at the directory and are absolute in what is returned.
/// Secrets are not read.
///
/// # Errors
/// The directory or a file in it cannot be read, or holds mistakes: all that were found. References between sections are
/// not checked while a file is no TOML, since what they refer to may stand there.
pub fn load(directory: &Path) -> Result<Declarations, DeclarationErrors> {
    load_for(directory, directory)
}

/// As [`load`], for declarations that are to lie in another place: relative paths begin at `place`, so that the
/// configuration is the one that it will be there.
///
/// # Errors
/// As [`load`].
pub fn load_for(directory: &Path, place: &Path) -> Result<Declarations, DeclarationErrors> {
    load_texts(read_files(directory)?, place)
}

/// Checks declarations that were read before. Relative paths in them begin at `place`.
///
/// # Errors
/// The mistakes in them.
pub fn load_texts(files: Vec<DeclarationText>, place: &Path) -> Result<Declarations, DeclarationErrors> {
    let base = std::path::absolute(place).map_err(|error| unreadable(place, &error))?;
    let mut reading = Reading::default();
    let mut all_well_formed = true;
    for (index, file) in files.iter().enumerate() {
        match parse(index, file, &mut reading.problems) {
            Some(table) => reading.read(Section::new(&table, start_of(index)), &base, &files),
            None => all_well_formed = false,
        }
    }
    if all_well_formed {
        check::references(&reading.references, &reading.configuration, &mut reading.problems);
        reading.check_circles();
    }
    finish(reading, files)
}

fn finish(reading: Reading, files: Vec<DeclarationText>) -> Result<Declarations, DeclarationErrors> {
    let Reading { configuration, mut problems, expressions, .. } = reading;
    match Rules::compile(configuration) {
        Ok(rules) if problems.is_empty() => {
            Ok(Declarations { configuration: rules.configuration().clone(), rules, files })
        }
        Ok(_) => Err(problems.into_errors(&files)),
        Err(errors) => {
            check::expressions(errors, &expressions, &mut problems);
            Err(problems.into_errors(&files))
        }
    }
}

fn start_of(file: usize) -> Place {
    Place { file, offset: 0, key: String::new() }
}

/// The file's table; none where it is no TOML, which is reported with every mistake the parser finds.
fn parse<'t>(index: usize, file: &'t DeclarationText, problems: &mut Problems) -> Option<DeTable<'t>> {
    let (table, errors) = DeTable::parse_recoverable(&file.text);
    for error in &errors {
        let offset = error.span().map_or(0, |span| span.start);
        let place = Place { offset, ..start_of(index) };
        problems.report(&place, format!("no TOML: {}", error.message()));
    }
    errors.is_empty().then(|| table.into_inner())
}

fn read_files(directory: &Path) -> Result<Vec<DeclarationText>, DeclarationErrors> {
    let paths = declaration_paths(directory).map_err(|error| unreadable(directory, &error))?;
    if paths.is_empty() {
        let message = "no declaration is here: put files that end in .toml into this directory".to_owned();
        return Err(about(directory, None, message));
    }
    let mut files = Vec::with_capacity(paths.len());
    let mut errors = Vec::new();
    for path in paths {
        match read_file(path) {
            Ok(file) => files.push(file),
            Err(DeclarationErrors(found)) => errors.extend(found),
        }
    }
    if errors.is_empty() { Ok(files) } else { Err(DeclarationErrors(errors)) }
}

fn declaration_paths(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_file(path: PathBuf) -> Result<DeclarationText, DeclarationErrors> {
    let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(DeclarationText { path, text }),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
            let message = "this is not UTF-8: save the file as UTF-8".to_owned();
            Err(about(&path, Some(Position::of(&before, good)), message))
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> DeclarationErrors {
    about(path, None, format!("cannot be read: {error}"))
}

fn about(path: &Path, position: Option<Position>, message: String) -> DeclarationErrors {
    DeclarationErrors(vec![DeclarationError { file: path.to_owned(), position, key: String::new(), message }])
}
