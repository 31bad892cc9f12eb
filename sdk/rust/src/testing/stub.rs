//! The stub host: clock, randomness, log, state and HTTP.

use crate::host::{Entry, FileError, Host, Level};
use crate::http::{Answer, Failure, Method, Request};
use crate::testing::files::Files;
use crate::testing::ldap::Directory;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// What a call may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Only reading requests are let through.
    Read,
    /// Everything that is granted.
    Write,
}

type Handler = Box<dyn FnMut(&Request) -> Result<Answer, Failure>>;

struct Shared {
    phase: Cell<Phase>,
    clock_ms: Cell<u64>,
    random: Cell<u64>,
    log: RefCell<Vec<(Level, String)>>,
    state: RefCell<BTreeMap<String, Vec<u8>>>,
    files: RefCell<Files>,
    handlers: RefCell<BTreeMap<String, Handler>>,
    reading_posts: RefCell<Vec<String>>,
    requests: RefCell<Vec<Request>>,
    directory: RefCell<Directory>,
}

/// A host in memory. Clones share everything.
#[derive(Clone)]
pub struct Stub(Rc<Shared>);

impl fmt::Debug for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stub").finish_non_exhaustive()
    }
}

impl Default for Stub {
    fn default() -> Self {
        Self::new()
    }
}

impl Stub {
    /// A host in the write phase at 2026-01-01T00:00:00Z, with nothing granted.
    pub fn new() -> Self {
        Self(Rc::new(Shared {
            phase: Cell::new(Phase::Write),
            clock_ms: Cell::new(1_767_225_600_000),
            random: Cell::new(0x9E37_79B9_7F4A_7C15),
            log: RefCell::default(),
            state: RefCell::default(),
            files: RefCell::default(),
            handlers: RefCell::default(),
            reading_posts: RefCell::default(),
            requests: RefCell::default(),
            directory: RefCell::default(),
        }))
    }

    /// The host to give to a connector.
    pub fn host(&self) -> Host {
        Host::stub(self.clone())
    }

    /// Sets the phase: in [`Phase::Read`] writes are denied as the real host denies them.
    pub fn set_phase(&self, phase: Phase) {
        self.0.phase.set(phase);
    }

    /// Sets the clock, in milliseconds since 1970.
    pub fn set_clock_ms(&self, now: u64) {
        self.0.clock_ms.set(now);
    }

    /// Lets time pass.
    pub fn advance_ms(&self, milliseconds: u64) {
        self.0.clock_ms.set(self.0.clock_ms.get() + milliseconds);
    }

    /// What was logged so far.
    pub fn log_lines(&self) -> Vec<(Level, String)> {
        self.0.log.borrow().clone()
    }

    /// Grants an HTTP endpoint and answers its requests. The handler must not send requests itself.
    pub fn serve(
        &self,
        endpoint: impl Into<String>,
        handler: impl FnMut(&Request) -> Result<Answer, Failure> + 'static,
    ) {
        self.0.handlers.borrow_mut().insert(endpoint.into(), Box::new(handler));
    }

    /// Lets POST requests to this path through in [`Phase::Read`].
    pub fn grant_reading_post(&self, path: impl Into<String>) {
        self.0.reading_posts.borrow_mut().push(path.into());
    }

    /// The requests sent so far, in order; those that were denied are not among them. A followed URL is its path.
    pub fn requests(&self) -> Vec<Request> {
        self.0.requests.borrow().clone()
    }

    /// Forgets the requests sent so far.
    pub fn forget_requests(&self) {
        self.0.requests.borrow_mut().clear();
    }

    /// Grants an empty directory.
    pub fn grant_directory(&self, directory: impl Into<String>) {
        self.0.files.borrow_mut().grant(directory.into());
    }

    /// Puts a file into a directory, which is granted with it.
    pub fn put_file(&self, directory: &str, path: &str, bytes: impl Into<Vec<u8>>) {
        self.0.files.borrow_mut().put(directory, path, bytes.into());
    }

    /// The content of a file.
    pub fn file(&self, directory: &str, path: &str) -> Option<Vec<u8>> {
        self.0.files.borrow().content(directory, path)
    }

    /// How many new contents were put in place so far.
    pub fn commits(&self) -> usize {
        self.0.files.borrow().commits()
    }

    /// Makes the next commit fail, before or after the new content is in place.
    pub fn fail_next_commit(&self, error: FileError, after_it_was_done: bool) {
        self.0.files.borrow_mut().fail_next_commit(error, after_it_was_done);
    }
}

/// The host's side of each call.
impl Stub {
    pub(super) fn ldap_directory(&self) -> &RefCell<Directory> {
        &self.0.directory
    }

    pub(super) fn phase(&self) -> Phase {
        self.0.phase.get()
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.0.clock_ms.get()
    }

    pub(crate) fn monotonic_ns(&self) -> u64 {
        self.0.clock_ms.get().saturating_mul(1_000_000)
    }

    /// Bytes of a xorshift generator: the same in every test.
    pub(crate) fn random_bytes(&self, length: u32) -> Vec<u8> {
        let next = || {
            let mut word = self.0.random.get();
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            self.0.random.set(word);
            word.to_le_bytes()[7]
        };
        std::iter::repeat_with(next).take(length as usize).collect()
    }

    pub(crate) fn log(&self, level: Level, message: &str) {
        self.0.log.borrow_mut().push((level, message.to_owned()));
    }

    pub(crate) fn state_get(&self, key: &str) -> Option<Vec<u8>> {
        self.0.state.borrow().get(key).cloned()
    }

    pub(crate) fn state_set(&self, key: &str, value: &[u8]) -> Result<(), String> {
        const LARGEST: usize = 64 * 1024;
        if value.len() > LARGEST {
            return Err(format!("value of `{key}` exceeds {LARGEST} bytes"));
        }
        self.0.state.borrow_mut().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    pub(crate) fn state_delete(&self, key: &str) {
        self.0.state.borrow_mut().remove(key);
    }

    pub(crate) fn http_send(&self, request: &Request) -> Result<Answer, Failure> {
        let allowed = match request.method {
            Method::Get | Method::Head => true,
            Method::Post => self.0.reading_posts.borrow().contains(&request.path),
            Method::Put | Method::Patch | Method::Delete => false,
        };
        if self.0.phase.get() == Phase::Read && !allowed {
            return Err(Failure::Denied(format!("{} {} is not a reading request", request.method, request.path)));
        }
        let mut handlers = self.0.handlers.borrow_mut();
        let handler = handlers.get_mut(&request.endpoint);
        let handler =
            handler.ok_or_else(|| Failure::Denied(format!("endpoint `{}` is not granted", request.endpoint)))?;
        self.0.requests.borrow_mut().push(request.clone());
        handler(request)
    }

    pub(crate) fn http_follow(&self, url: &str, request: &Request) -> Result<Answer, Failure> {
        self.http_send(&Request { path: url.to_owned(), ..request.clone() })
    }

    pub(crate) fn files_list(&self, directory: &str, path: &str) -> Result<Vec<Entry>, FileError> {
        self.0.files.borrow().list(directory, path)
    }

    pub(crate) fn files_read(
        &self,
        directory: &str,
        path: &str,
        offset: u64,
        length: u32,
    ) -> Result<Vec<u8>, FileError> {
        self.0.files.borrow().read(directory, path, offset, length)
    }

    pub(crate) fn files_begin(&self, directory: &str, path: &str) -> Result<u32, FileError> {
        self.may_write()?;
        self.0.files.borrow_mut().begin(directory, path)
    }

    pub(crate) fn files_append(&self, handle: u32, bytes: &[u8]) -> Result<(), FileError> {
        self.0.files.borrow_mut().append(handle, bytes)
    }

    pub(crate) fn files_commit(&self, handle: u32) -> Result<(), FileError> {
        self.0.files.borrow_mut().commit(handle)
    }

    pub(crate) fn files_remove(&self, directory: &str, path: &str) -> Result<(), FileError> {
        self.may_write()?;
        self.0.files.borrow_mut().remove(directory, path)
    }

    fn may_write(&self) -> Result<(), FileError> {
        match self.0.phase.get() {
            Phase::Write => Ok(()),
            Phase::Read => Err(FileError::Denied("nothing is written in the read phase".into())),
        }
    }
}
