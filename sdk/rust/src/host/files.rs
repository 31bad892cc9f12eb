//! Files inside the directories of the grant. Paths are relative, with `/` between names.

use crate::error::Error;
use crate::host::{Host, dispatch};
use std::io;

/// How much is read or appended in one call of the host.
const CHUNK: usize = 256 * 1024;

/// Why a file call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The grant or the phase forbids it.
    #[error("the grant forbids it: {0}")]
    Denied(String),
    /// It is not there.
    #[error("it is not there")]
    NotFound,
    /// A limit of the host, with its name.
    #[error("a limit of the host was reached: {0}")]
    Limit(String),
    /// Input or output failed.
    #[error("input or output failed: {0}")]
    Failed(String),
}

impl FileError {
    /// The error of a connector, for a call that changed nothing. `path` is named in the message.
    pub fn into_error(self, path: &str) -> Error {
        let message = format!("`{path}`: {self}");
        match self {
            Self::Denied(_) => Error::permission_denied(message),
            Self::NotFound => Error::new(crate::ErrorClass::NotFound, message),
            Self::Limit(_) => Error::quota_exhausted(message),
            Self::Failed(_) => Error::unavailable(None, message),
        }
    }
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// Whether it is a directory.
    pub directory: bool,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed, RFC 3339.
    pub modified: String,
}

/// A granted directory.
#[derive(Clone)]
pub struct Directory {
    host: Host,
    name: String,
}

impl Host {
    /// The directory of this name in the grant.
    pub fn directory(&self, name: impl Into<String>) -> Directory {
        Directory { host: self.clone(), name: name.into() }
    }
}

impl Directory {
    /// Lists a directory, in order of names; an empty path is the granted directory itself.
    ///
    /// # Errors
    /// As the host gives them.
    pub fn list(&self, path: &str) -> Result<Vec<Entry>, FileError> {
        dispatch!(self.host, files_list(&self.name, path))
    }

    /// The entry of one file or directory.
    ///
    /// # Errors
    /// [`FileError::NotFound`] when it or its directory is not there.
    pub fn entry(&self, path: &str) -> Result<Entry, FileError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.list(parent)?.into_iter().find(|entry| entry.name == name).ok_or(FileError::NotFound)
    }

    /// Reads at most `length` bytes from `offset`; fewer only at the end of the file.
    ///
    /// # Errors
    /// As the host gives them.
    pub fn read(&self, path: &str, offset: u64, length: u32) -> Result<Vec<u8>, FileError> {
        dispatch!(self.host, files_read(&self.name, path, offset, length))
    }

    /// Reads a file from `offset` to its end, in chunks.
    pub fn reader(&self, path: impl Into<String>, offset: u64) -> Reader {
        Reader { directory: self.clone(), path: path.into(), offset, chunk: Vec::new(), used: 0 }
    }

    /// Starts a new content for a file. Nobody sees any of it until [`Writer::commit`]; dropping the writer drops it.
    ///
    /// # Errors
    /// As the host gives them.
    pub fn begin(&self, path: &str) -> Result<Writer, FileError> {
        let handle = dispatch!(self.host, files_begin(&self.name, path))?;
        Ok(Writer { host: self.host.clone(), handle, pending: Vec::new() })
    }

    /// Removes a file.
    ///
    /// # Errors
    /// As the host gives them.
    pub fn remove(&self, path: &str) -> Result<(), FileError> {
        dispatch!(self.host, files_remove(&self.name, path))
    }
}

/// Reads a file in chunks. As [`io::Read`] its errors carry a [`FileError`].
pub struct Reader {
    directory: Directory,
    path: String,
    offset: u64,
    chunk: Vec<u8>,
    used: usize,
}

impl Reader {
    /// The bytes at hand, at least one unless the file ends here. [`Reader::consume`] says how many were used.
    ///
    /// # Errors
    /// As the host gives them.
    pub fn fill(&mut self) -> Result<&[u8], FileError> {
        if self.used == self.chunk.len() {
            self.chunk = self.directory.read(&self.path, self.offset, CHUNK as u32)?;
            self.offset += self.chunk.len() as u64;
            self.used = 0;
        }
        Ok(&self.chunk[self.used..])
    }

    /// Marks bytes that [`Reader::fill`] gave as used.
    pub fn consume(&mut self, length: usize) {
        self.used = (self.used + length).min(self.chunk.len());
    }
}

impl io::Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill().map_err(io::Error::other)?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

/// Writes a new content for a file.
pub struct Writer {
    host: Host,
    handle: u32,
    pending: Vec<u8>,
}

impl Writer {
    /// Appends bytes.
    ///
    /// # Errors
    /// As the host gives them; the file is as it was.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() < CHUNK {
            return Ok(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Result<(), FileError> {
        for chunk in self.pending.chunks(CHUNK) {
            dispatch!(self.host, files_append(self.handle, chunk))?;
        }
        self.pending.clear();
        Ok(())
    }

    /// Puts the new content in place of the file in one step, durable when it returns.
    ///
    /// # Errors
    /// After [`CommitError::Before`] the file is as it was. After [`CommitError::During`] it may be either.
    pub fn commit(mut self) -> Result<(), CommitError> {
        self.flush().map_err(CommitError::Before)?;
        dispatch!(self.host, files_commit(self.handle)).map_err(CommitError::During)
    }
}

/// Why a new content was not put in place, and whether that is certain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// It failed before the last step: the file is as it was.
    #[error(transparent)]
    Before(FileError),
    /// The last step failed: the file may be as it was, or new.
    #[error(transparent)]
    During(FileError),
}

impl CommitError {
    /// The error of a connector: `outcome-unknown` unless it is certain that the file is as it was.
    pub fn into_error(self, path: &str) -> Error {
        match self {
            Self::Before(error) | Self::During(error @ (FileError::Denied(_) | FileError::Limit(_))) => {
                error.into_error(path)
            }
            Self::During(error) => {
                Error::outcome_unknown(format!("`{path}` may or may not have been written: {error}"))
            }
        }
    }
}
