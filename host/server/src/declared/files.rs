//! The files of declarations on the disk: they are replaced as one, also where the host is killed meanwhile.
//!
//! What is to be there is written down first, in one file beside the store. Then the files are replaced one by one, and what
//! was written down is removed. Who finds it at a start finishes the work.

use crate::home::Home;
use anyhow::Context;
use purser_api::{DeclarationFile, DeclarationsError};
use purser_declare::DeclarationText;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Puts these files in place of all that are there.
///
/// # Errors
/// They cannot be written. What was not done then is done at the next start, unless the former files are put back.
pub fn replace(home: &Home, files: &[DeclarationFile]) -> anyhow::Result<()> {
    let intent = home.next_declarations();
    let text = serde_json::to_vec(files).context("the declarations cannot be written down")?;
    write(&home.data(), &intent, &text)?;
    settle(home, files)
}

/// Finishes what a host that was killed left undone.
///
/// # Errors
/// What it wrote down cannot be read, or the files cannot be written.
pub fn finish(home: &Home) -> anyhow::Result<()> {
    let intent = home.next_declarations();
    let text = match fs::read(&intent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        text => text.with_context(|| format!("cannot read {}", intent.display()))?,
    };
    let _lock = home.lock()?;
    let files: Vec<DeclarationFile> = serde_json::from_slice(&text).with_context(|| {
        format!("{} is damaged: remove it, and look whether the declarations are as you want them", intent.display())
    })?;
    settle(home, &files)
}

fn settle(home: &Home, files: &[DeclarationFile]) -> anyhow::Result<()> {
    let folder = home.declarations();
    for file in files {
        let path = folder.join(&file.name);
        if fs::read(&path).ok().as_deref() != Some(file.text.as_bytes()) {
            write(&folder, &path, file.text.as_bytes())?;
        }
    }
    let wanted: BTreeSet<_> = files.iter().map(|file| folder.join(&file.name)).collect();
    for path in there(&folder)?.into_keys().filter(|path| !wanted.contains(path)) {
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    let intent = home.next_declarations();
    fs::remove_file(&intent).with_context(|| format!("cannot remove {}", intent.display()))
}

fn write(folder: &Path, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || {
        let mut file = tempfile::Builder::new().prefix(".").tempfile_in(folder)?;
        file.write_all(bytes)?;
        if let Ok(former) = fs::metadata(path) {
            file.as_file().set_permissions(former.permissions())?;
        }
        file.as_file().sync_all()?;
        file.persist(path)?;
        fs::File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

/// The files of declarations in a folder, with what they say.
fn there(folder: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let look = || format!("cannot look into {}", folder.display());
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(look)? {
        let path = entry.with_context(look)?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            found.insert(path, text);
        }
    }
    Ok(found)
}

/// Refuses where somebody changed the files since they were read: what they wanted would be lost.
///
/// # Errors
/// The files are others, or cannot be read.
pub fn must_be_as_read(folder: &Path, read: &[DeclarationText]) -> Result<(), DeclarationsError> {
    let found = there(folder).map_err(|error| DeclarationsError::Failed(format!("{error:#}")))?;
    let read: BTreeMap<_, _> = read.iter().map(|text| (text.path.clone(), text.text.clone().into_bytes())).collect();
    let paths: BTreeSet<_> = found.keys().chain(read.keys()).collect();
    let others = paths.into_iter().filter(|path| found.get(*path) != read.get(*path));
    let others: Vec<_> =
        others.map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned()).collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(DeclarationsError::Refused(format!(
        "somebody changed {} in the folder of declarations since this host read them: restart it to have that in force, or \
         change them back",
        others.join(", ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> DeclarationFile {
        DeclarationFile { name: name.to_owned(), text: text.to_owned() }
    }

    fn home() -> (Home, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        for name in [home.declarations(), home.data()] {
            fs::create_dir_all(name).unwrap();
        }
        (home, folder)
    }

    fn texts(home: &Home) -> Vec<(String, String)> {
        let there = there(&home.declarations()).unwrap().into_iter();
        let named = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        there.map(|(path, text)| (named(&path), String::from_utf8(text).unwrap())).collect()
    }

    #[test]
    fn all_files_are_replaced_and_what_lies_beside_them_stays() {
        let (home, _folder) = home();
        for (name, text) in [("a.toml", "old"), ("b.toml", "old"), ("notes.txt", "mine"), (".c.toml", "hidden")] {
            fs::write(home.declarations().join(name), text).unwrap();
        }
        replace(&home, &[file("b.toml", "new"), file("d.toml", "new")]).unwrap();
        let new = |name: &str| (name.to_owned(), "new".to_owned());
        assert_eq!(texts(&home), [new("b.toml"), new("d.toml")]);
        assert_eq!(fs::read_to_string(home.declarations().join("notes.txt")).unwrap(), "mine");
        assert_eq!(fs::read_to_string(home.declarations().join(".c.toml")).unwrap(), "hidden");
        assert!(!home.next_declarations().exists());
    }

    #[test]
    fn wherever_a_host_was_killed_the_next_one_finishes() {
        let wanted = [file("b.toml", "new"), file("d.toml", "new")];
        // Killed after so many steps of the work.
        for steps in 0..4 {
            let (home, _folder) = home();
            fs::write(home.declarations().join("a.toml"), "old").unwrap();
            fs::write(home.declarations().join("b.toml"), "old").unwrap();
            finish(&home).unwrap();
            assert_eq!(texts(&home).len(), 2, "nothing was left undone");
            write(&home.data(), &home.next_declarations(), &serde_json::to_vec(&wanted).unwrap()).unwrap();
            for (name, text) in
                [("b.toml", Some("new")), ("d.toml", Some("new")), ("a.toml", None)].into_iter().take(steps)
            {
                let path = home.declarations().join(name);
                text.map_or_else(|| fs::remove_file(&path), |text| fs::write(&path, text)).unwrap();
            }
            finish(&home).unwrap();
            assert_eq!(texts(&home).len(), 2, "after {steps}");
            assert!(texts(&home).iter().all(|(_, text)| text == "new"), "after {steps}: {:?}", texts(&home));
            assert!(!home.next_declarations().exists());
        }
    }

    #[test]
    fn what_somebody_changed_by_hand_is_named() {
        let (home, _folder) = home();
        let path = home.declarations().join("a.toml");
        fs::write(&path, "read").unwrap();
        let read = [DeclarationText { path: path.clone(), text: "read".to_owned() }];
        assert!(must_be_as_read(&home.declarations(), &read).is_ok());
        fs::write(&path, "changed").unwrap();
        fs::write(home.declarations().join("b.toml"), "added").unwrap();
        let refused = must_be_as_read(&home.declarations(), &read).unwrap_err().to_string();
        assert!(refused.contains("a.toml, b.toml"), "{refused}");
    }
}
