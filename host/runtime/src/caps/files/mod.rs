//! `files`: reading, and where granted replacing, files in the directories of the grant.

pub(crate) mod storage;

use crate::bindings::purser::connector::files as bindings;
use crate::clock::{HostClock, Randomness};
use crate::grant::Access;
use crate::meter::Meter;
use bindings::{Entry, Error};
use purser_model::phase::Phase;
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::{GrantedDirectory, Replacement};
use wasmtime::component::{HasData, Linker};

/// The directories of a session, by name.
pub(crate) type Directories = Arc<BTreeMap<String, Arc<GrantedDirectory>>>;

/// Most contents that one call has begun and not committed.
const MAX_OPEN: usize = 16;

/// The directories that one call may reach, and the contents it has begun. What is not committed when the call ends is
/// removed.
pub(crate) struct FilesContext {
    directories: Directories,
    begun: BTreeMap<u32, Replacement>,
    last_handle: u32,
    clock: Arc<dyn HostClock>,
    randomness: Arc<dyn Randomness>,
}

impl FilesContext {
    /// These directories.
    pub(crate) fn new(directories: Directories, clock: Arc<dyn HostClock>, randomness: Arc<dyn Randomness>) -> Self {
        Self { directories, begun: BTreeMap::new(), last_handle: 0, clock, randomness }
    }

    fn directory(&self, phase: Phase, name: &str) -> Result<Arc<GrantedDirectory>, Error> {
        if phase == Phase::Describe {
            return Err(Error::Denied(Phase::NOTHING_IN_DESCRIBE.to_owned()));
        }
        let missing = || Error::Denied(format!("the grant has no directory `{}`", name.escape_debug()));
        self.directories.get(name).cloned().ok_or_else(missing)
    }

    fn directory_to_write(&self, phase: Phase, name: &str) -> Result<Arc<GrantedDirectory>, Error> {
        let directory = self.directory(phase, name)?;
        if phase != Phase::Write {
            return Err(Error::Denied("nothing is written while reading".to_owned()));
        }
        if directory.access != Access::ReadWrite {
            return Err(Error::Denied(format!("the grant of directory `{name}` is for reading only")));
        }
        Ok(directory)
    }

    async fn begin(&mut self, phase: Phase, name: &str, path: String) -> Result<u32, Error> {
        let directory = self.directory_to_write(phase, name)?;
        if self.begun.len() == MAX_OPEN {
            return Err(Error::Limit(format!("open-files: commit one of the {MAX_OPEN} that are begun")));
        }
        let mut unique = [0; 8];
        self.randomness.fill(&mut unique);
        let now = self.clock.now();
        let begun = blocking(move || Replacement::begin(&directory, &path, u64::from_ne_bytes(unique), now)).await?;
        self.last_handle += 1;
        self.begun.insert(self.last_handle, begun);
        Ok(self.last_handle)
    }

    async fn append(&mut self, handle: u32, bytes: Vec<u8>) -> Result<(), Error> {
        // It is taken out while it is written: where that fails, or the call ends, it is dropped and so removed.
        let mut begun = self.take(handle)?;
        let begun = blocking(move || begun.append(&bytes).map(|()| begun)).await?;
        self.begun.insert(handle, begun);
        Ok(())
    }

    async fn commit(&mut self, handle: u32) -> Result<(), Error> {
        let begun = self.take(handle)?;
        blocking(move || begun.commit()).await
    }

    fn take(&mut self, handle: u32) -> Result<Replacement, Error> {
        let unknown =
            || Error::Failed(format!("handle {handle} is not open: it was never begun, committed, or failed before"));
        self.begun.remove(&handle).ok_or_else(unknown)
    }
}

/// Runs file input and output where it does not hold up the asynchronous runtime.
async fn blocking<R: Send + 'static>(act: impl FnOnce() -> Result<R, Error> + Send + 'static) -> Result<R, Error> {
    tokio::task::spawn_blocking(act).await.unwrap_or_else(|error| Err(Error::Failed(error.to_string())))
}

/// Files, seen from the guest.
pub(crate) struct FilesView<'a> {
    pub(crate) context: &'a mut FilesContext,
    pub(crate) meter: &'a mut Meter,
    pub(crate) phase: Phase,
}

impl bindings::Host for FilesView<'_> {
    async fn list(&mut self, directory: String, path: String) -> wasmtime::Result<Result<Vec<Entry>, Error>> {
        self.meter.host_call()?;
        let granted = match self.context.directory(self.phase, &directory) {
            Ok(granted) => granted,
            Err(error) => return Ok(Err(error)),
        };
        Ok(blocking(move || storage::list(&granted, &path)).await)
    }

    async fn read(
        &mut self,
        directory: String,
        path: String,
        offset: u64,
        length: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        self.meter.host_call()?;
        let granted = match self.context.directory(self.phase, &directory) {
            Ok(granted) => granted,
            Err(error) => return Ok(Err(error)),
        };
        Ok(blocking(move || storage::read(&granted, &path, offset, length)).await)
    }

    async fn begin(&mut self, directory: String, path: String) -> wasmtime::Result<Result<u32, Error>> {
        self.meter.host_call()?;
        Ok(self.context.begin(self.phase, &directory, path).await)
    }

    async fn append(&mut self, handle: u32, bytes: Vec<u8>) -> wasmtime::Result<Result<(), Error>> {
        self.meter.host_call()?;
        Ok(self.context.append(handle, bytes).await)
    }

    async fn commit(&mut self, handle: u32) -> wasmtime::Result<Result<(), Error>> {
        self.meter.host_call()?;
        Ok(self.context.commit(handle).await)
    }

    async fn remove(&mut self, directory: String, path: String) -> wasmtime::Result<Result<(), Error>> {
        self.meter.host_call()?;
        let granted = match self.context.directory_to_write(self.phase, &directory) {
            Ok(granted) => granted,
            Err(error) => return Ok(Err(error)),
        };
        Ok(blocking(move || storage::remove(&granted, &path)).await)
    }
}

struct HasFiles;

impl HasData for HasFiles {
    type Data<'a> = FilesView<'a>;
}

/// Gives the guest `files`.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> FilesView<'_>,
) -> wasmtime::Result<()> {
    bindings::add_to_linker::<T, HasFiles>(linker, view)
}
