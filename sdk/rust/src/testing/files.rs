//! Directories in memory.

use crate::host::{Entry, FileError};
use std::collections::{BTreeMap, BTreeSet};

struct StoredFile {
    bytes: Vec<u8>,
    revision: u64,
}

struct Draft {
    place: (String, String),
    bytes: Vec<u8>,
}

struct PlannedFailure {
    error: FileError,
    after_it_was_done: bool,
}

/// All granted directories.
#[derive(Default)]
pub struct Files {
    granted: BTreeSet<String>,
    stored: BTreeMap<(String, String), StoredFile>,
    drafts: BTreeMap<u32, Draft>,
    revision: u64,
    commits: usize,
    handles: u32,
    failure: Option<PlannedFailure>,
}

impl Files {
    pub fn grant(&mut self, directory: String) {
        self.granted.insert(directory);
    }

    pub fn put(&mut self, directory: &str, path: &str, bytes: Vec<u8>) {
        self.granted.insert(directory.to_owned());
        self.revision += 1;
        let stored = StoredFile { bytes, revision: self.revision };
        self.stored.insert((directory.to_owned(), path.to_owned()), stored);
    }

    pub fn content(&self, directory: &str, path: &str) -> Option<Vec<u8>> {
        self.stored.get(&place(directory, path)).map(|file| file.bytes.clone())
    }

    pub fn commits(&self) -> usize {
        self.commits
    }

    pub fn fail_next_commit(&mut self, error: FileError, after_it_was_done: bool) {
        self.failure = Some(PlannedFailure { error, after_it_was_done });
    }

    pub fn list(&self, directory: &str, path: &str) -> Result<Vec<Entry>, FileError> {
        self.check_grant(directory)?;
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        let inside = self.stored.iter().filter(|((granted, _), _)| granted == directory);
        for ((_, file_path), file) in inside {
            let Some(rest) = file_path.strip_prefix(&prefix) else { continue };
            let entry = match rest.split_once('/') {
                Some((folder, _)) => entry(folder, true, 0, file.revision),
                None => entry(rest, false, file.bytes.len() as u64, file.revision),
            };
            entries.insert(entry.name.clone(), entry);
        }
        if entries.is_empty() && !path.is_empty() {
            return Err(FileError::NotFound);
        }
        Ok(entries.into_values().collect())
    }

    pub fn read(&self, directory: &str, path: &str, offset: u64, length: u32) -> Result<Vec<u8>, FileError> {
        self.check_grant(directory)?;
        let file = self.stored.get(&place(directory, path)).ok_or(FileError::NotFound)?;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(file.bytes.len());
        let end = start.saturating_add(length as usize).min(file.bytes.len());
        Ok(file.bytes[start..end].to_vec())
    }

    pub fn begin(&mut self, directory: &str, path: &str) -> Result<u32, FileError> {
        self.check_grant(directory)?;
        self.handles += 1;
        self.drafts.insert(self.handles, Draft { place: place(directory, path), bytes: Vec::new() });
        Ok(self.handles)
    }

    pub fn append(&mut self, handle: u32, bytes: &[u8]) -> Result<(), FileError> {
        let draft = self.drafts.get_mut(&handle).ok_or_else(unknown_handle)?;
        draft.bytes.extend_from_slice(bytes);
        Ok(())
    }

    pub fn commit(&mut self, handle: u32) -> Result<(), FileError> {
        let draft = self.drafts.remove(&handle).ok_or_else(unknown_handle)?;
        let failure = self.failure.take();
        if failure.as_ref().is_none_or(|failure| failure.after_it_was_done) {
            let (directory, path) = &draft.place;
            self.put(directory, path, draft.bytes);
            self.commits += 1;
        }
        failure.map_or(Ok(()), |failure| Err(failure.error))
    }

    pub fn remove(&mut self, directory: &str, path: &str) -> Result<(), FileError> {
        self.check_grant(directory)?;
        self.stored.remove(&place(directory, path)).map(|_| ()).ok_or(FileError::NotFound)
    }

    fn check_grant(&self, directory: &str) -> Result<(), FileError> {
        if self.granted.contains(directory) {
            return Ok(());
        }
        Err(FileError::Denied(format!("directory `{directory}` is not granted")))
    }
}

fn place(directory: &str, path: &str) -> (String, String) {
    (directory.to_owned(), path.to_owned())
}

fn unknown_handle() -> FileError {
    FileError::Failed("no such handle".into())
}

/// Every write has a time stamp of its own, so that a changed file never looks unchanged.
fn entry(name: &str, directory: bool, size: u64, revision: u64) -> Entry {
    Entry { name: name.to_owned(), directory, size, modified: format!("2026-01-01T00:00:00.{revision:09}Z") }
}

#[cfg(test)]
mod tests {
    use crate::host::FileError;
    use crate::testing::{Phase, Stub};

    #[test]
    fn a_new_content_is_seen_after_the_commit_only() {
        let stub = Stub::new();
        stub.put_file("data", "a.txt", "old");
        let directory = stub.host().directory("data");
        let mut writer = directory.begin("a.txt").unwrap();
        writer.append(b"new").unwrap();
        assert_eq!(stub.file("data", "a.txt"), Some(b"old".to_vec()));
        let before = directory.entry("a.txt").unwrap();
        writer.commit().unwrap();
        assert_eq!(stub.file("data", "a.txt"), Some(b"new".to_vec()));
        assert_ne!(directory.entry("a.txt").unwrap().modified, before.modified);
    }

    #[test]
    fn reading_goes_on_at_the_offset_to_the_end() {
        let stub = Stub::new();
        stub.put_file("data", "sub/a.txt", "0123456789");
        let directory = stub.host().directory("data");
        assert_eq!(directory.read("sub/a.txt", 8, 10).unwrap(), b"89");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut directory.reader("sub/a.txt", 3), &mut text).unwrap();
        assert_eq!(text, "3456789");
        assert!(directory.entry("sub").unwrap().directory);
        assert_eq!(directory.entry("b.txt"), Err(FileError::NotFound));
    }

    #[test]
    fn the_read_phase_denies_writing() {
        let stub = Stub::new();
        stub.grant_directory("data");
        stub.set_phase(Phase::Read);
        assert!(matches!(stub.host().directory("data").begin("a"), Err(FileError::Denied(_))));
        assert!(matches!(stub.host().directory("other").list(""), Err(FileError::Denied(_))));
    }
}
