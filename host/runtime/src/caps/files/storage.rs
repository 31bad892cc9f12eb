//! Files below one granted directory. Blocking: called where blocking is allowed.
//!
//! Paths are checked twice: as text, so that an attempt to leave is told from a file that is not there, and by cap-std,
//! which follows no symbolic link out of the directory.

use crate::bindings::purser::connector::files::{Entry, Error};
use crate::grant::Access;
use cap_std::fs::{Dir, File, Metadata, OpenOptions, OpenOptionsExt};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Component, Path};
use std::sync::Arc;
use std::time::Duration;

/// Most bytes in one chunk, read or appended.
pub(crate) const MAX_CHUNK_BYTES: usize = 4 << 20;
/// Most entries of a directory that is listed.
const MAX_ENTRIES: usize = 10_000;
/// Most bytes written to one file.
const MAX_FILE_BYTES: u64 = 4 << 30;
/// How names of temporary files begin and end; `list` passes over them.
const TEMPORARY: (&str, &str) = (".purser-", ".tmp");
/// After this long nobody writes a temporary file any more: its host was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(3600);

/// A directory of the grant, opened when the session was made.
#[derive(Debug)]
pub(crate) struct GrantedDirectory {
    pub(crate) root: Dir,
    pub(crate) access: Access,
}

/// The entries of a directory in order of names.
pub(crate) fn list(granted: &GrantedDirectory, path: &str) -> Result<Vec<Entry>, Error> {
    let directory = if path.is_empty() { granted.root.try_clone() } else { granted.root.open_dir(checked(path)?) };
    let mut entries = Vec::new();
    for entry in directory.and_then(|directory| directory.entries()).map_err(|error| failure(&error))? {
        let entry = entry.map_err(|error| failure(&error))?;
        // A name that is no UTF-8 cannot be given back by the guest.
        let Ok(name) = entry.file_name().into_string() else { continue };
        if is_temporary(&name) {
            continue;
        }
        if entries.len() == MAX_ENTRIES {
            return Err(Error::Limit(format!("entries: a directory of more than {MAX_ENTRIES} entries is not listed")));
        }
        entries.push(described(name, &entry.metadata().map_err(|error| failure(&error))?));
    }
    entries.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(entries)
}

fn described(name: String, metadata: &Metadata) -> Entry {
    let modified = metadata.modified().ok().and_then(|time| jiff::Timestamp::try_from(time.into_std()).ok());
    Entry {
        name,
        directory: metadata.is_dir(),
        size: metadata.len(),
        modified: modified.unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string(),
    }
}

/// At most `length` bytes from `offset`; fewer only at the end of the file.
pub(crate) fn read(granted: &GrantedDirectory, path: &str, offset: u64, length: u32) -> Result<Vec<u8>, Error> {
    if length as usize > MAX_CHUNK_BYTES {
        return Err(chunk_limit());
    }
    // A named pipe is opened at once and not waited for, and then seen to be none of ours.
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    let bytes = granted.root.open_with(checked(path)?, &options).and_then(|mut file| {
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(length.into()).read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    bytes.map_err(|error| failure(&error))
}

/// Removes a file, durably.
pub(crate) fn remove(granted: &GrantedDirectory, path: &str) -> Result<(), Error> {
    let (parent, name) = parent_of(granted, path)?;
    parent.remove_file(name).and_then(|()| make_durable(&parent)).map_err(|error| failure(&error))
}

/// A new content on its way: a temporary file beside the one it replaces, removed where it does not get there.
#[derive(Debug)]
pub(crate) struct Replacement {
    parent: Dir,
    temporary: String,
    name: String,
    file: File,
    written: u64,
    committed: bool,
}

impl Replacement {
    /// Begins a new content for a file; `unique` tells temporary files apart.
    pub(crate) fn begin(
        granted: &GrantedDirectory,
        path: &str,
        unique: u64,
        now: jiff::Timestamp,
    ) -> Result<Self, Error> {
        let (parent, name) = parent_of(granted, path)?;
        if parent.is_dir(&name) {
            return Err(Error::Failed(format!("`{path}` is a directory")));
        }
        remove_left_behind(&parent, now);
        let temporary = format!("{}{unique:016x}{}", TEMPORARY.0, TEMPORARY.1);
        let file = parent
            .open_with(&temporary, OpenOptions::new().write(true).create_new(true))
            .map_err(|error| failure(&error))?;
        Ok(Self { parent, temporary, name, file, written: 0, committed: false })
    }

    /// Appends to it.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if bytes.len() > MAX_CHUNK_BYTES {
            return Err(chunk_limit());
        }
        self.written += bytes.len() as u64;
        if self.written > MAX_FILE_BYTES {
            return Err(Error::Limit(format!("file-bytes: a file of more than {MAX_FILE_BYTES} bytes is not written")));
        }
        self.file.write_all(bytes).map_err(|error| failure(&error))
    }

    /// Puts it in place of the file: content first, then the name, then the directory that holds the name.
    pub(crate) fn commit(mut self) -> Result<(), Error> {
        self.replace().map_err(|error| failure(&error))?;
        self.committed = true;
        make_durable(&self.parent).map_err(|error| failure(&error))
    }

    fn replace(&self) -> io::Result<()> {
        match self.parent.metadata(&self.name) {
            Ok(former) => self.file.set_permissions(former.permissions())?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        self.file.sync_all()?;
        self.parent.rename(&self.temporary, &self.parent, &self.name)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.committed
            && let Err(error) = self.parent.remove_file(&self.temporary)
        {
            tracing::warn!(file = %self.temporary, %error, "a temporary file stays behind");
        }
    }
}

/// A directory's own handle only stands for its path and cannot be flushed, so it is opened once more.
fn make_durable(directory: &Dir) -> io::Result<()> {
    directory.open(".")?.sync_all()
}

/// A host that was killed leaves its temporary files behind. A failure here keeps nobody from writing.
fn remove_left_behind(directory: &Dir, now: jiff::Timestamp) {
    let Ok(entries) = directory.entries() else { return };
    for entry in entries.flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let modified = entry.metadata().and_then(|metadata| metadata.modified()).ok();
        let age = modified
            .and_then(|time| jiff::Timestamp::try_from(time.into_std()).ok())
            .map(|time| now.duration_since(time));
        if is_temporary(&name)
            && age.is_some_and(|age| age > LEFT_BEHIND.try_into().unwrap_or(jiff::SignedDuration::MAX))
        {
            let _tried_again_next_time = directory.remove_file(name);
        }
    }
}

fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1)
}

fn parent_of(granted: &GrantedDirectory, path: &str) -> Result<(Dir, String), Error> {
    let path = checked(path)?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => granted.root.open_dir(parent),
        _ => granted.root.try_clone(),
    };
    Ok((parent.map_err(|error| failure(&error))?, name))
}

/// A path is relative and made of names alone.
fn checked(path: &str) -> Result<&Path, Error> {
    let only_names = Path::new(path).components().all(|component| matches!(component, Component::Normal(_)));
    if path.is_empty() || path.contains('\0') || !only_names {
        return Err(Error::Denied(format!("`{}` is no path below the granted directory", path.escape_debug())));
    }
    Ok(Path::new(path))
}

fn chunk_limit() -> Error {
    Error::Limit(format!("chunk: at most {MAX_CHUNK_BYTES} bytes are read or appended at once"))
}

/// cap-std answers with `PermissionDenied` where a symbolic link leads out.
fn failure(error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::NotFound,
        io::ErrorKind::PermissionDenied => Error::Denied(error.to_string()),
        _ => Error::Failed(error.to_string()),
    }
}

/// Opens a directory of the grant.
pub(crate) fn open(path: &Path, access: Access) -> io::Result<Arc<GrantedDirectory>> {
    let root = Dir::open_ambient_dir(path, cap_std::ambient_authority())?;
    Ok(Arc::new(GrantedDirectory { root, access }))
}

#[cfg(test)]
mod tests;
