//! Log lines. Never put secrets or personal data here.

use crate::host::{Host, dispatch};

/// How important a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the connector's developer.
    Debug,
    /// Worth a line in normal operation.
    Info,
    /// Something unexpected that was dealt with.
    Warn,
    /// Something failed.
    Error,
}

impl Host {
    /// Writes one log line; the host adds connector, target and call.
    pub fn log(&self, level: Level, message: impl AsRef<str>) {
        dispatch!(self, log(level, message.as_ref()));
    }

    /// Logs something for the connector's developer.
    pub fn debug(&self, message: impl AsRef<str>) {
        self.log(Level::Debug, message);
    }

    /// Logs something worth a line in normal operation.
    pub fn info(&self, message: impl AsRef<str>) {
        self.log(Level::Info, message);
    }

    /// Logs something unexpected that was dealt with.
    pub fn warn(&self, message: impl AsRef<str>) {
        self.log(Level::Warn, message);
    }
}
