//! The capability `log`: lines that the host attributes to connector and subject.

use crate::bindings::purser::connector::log as contract;
use crate::meter::Meter;
use std::sync::Arc;
use wasmtime::component::{HasData, Linker};

/// Longest text of a guest for people that is kept, in bytes.
const MAX_TEXT_BYTES: usize = 4 << 10;

/// Whose lines they are.
#[derive(Debug, Clone)]
pub(crate) struct LogContext {
    connector: Arc<str>,
    subject: Arc<str>,
}

impl LogContext {
    pub(crate) fn new(connector: &str, subject: &str) -> Self {
        Self { connector: connector.into(), subject: subject.into() }
    }

    /// The source or target.
    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    /// Writes a line that the guest printed.
    pub(crate) fn printed(&self, line: &str) {
        let Self { connector, subject } = self;
        tracing::info!(target: "purser::guest", %connector, %subject, "{line}");
    }
}

/// The context while the guest is inside a host function.
pub(crate) struct LogView<'a> {
    pub(crate) context: &'a LogContext,
    pub(crate) meter: &'a mut Meter,
}

impl contract::Host for LogView<'_> {
    async fn write(&mut self, level: contract::Level, message: String) -> wasmtime::Result<()> {
        self.meter.host_call()?;
        self.meter.log_line(message.len())?;
        let LogContext { connector, subject } = self.context;
        let message = one_line(&message);
        match level {
            contract::Level::Debug => tracing::debug!(target: "purser::guest", %connector, %subject, "{message}"),
            contract::Level::Info => tracing::info!(target: "purser::guest", %connector, %subject, "{message}"),
            contract::Level::Warn => tracing::warn!(target: "purser::guest", %connector, %subject, "{message}"),
            contract::Level::Error => tracing::error!(target: "purser::guest", %connector, %subject, "{message}"),
        }
        Ok(())
    }

    async fn panicked(&mut self, message: String) -> wasmtime::Result<()> {
        self.meter.host_call()?;
        self.meter.keep_panic_message(readable(&message));
        Ok(())
    }
}

/// A text for people, which is shown and logged: one line of it, and not more than a page.
pub(crate) fn readable(text: &str) -> String {
    let mut text = one_line(text);
    text.truncate(text.floor_char_boundary(MAX_TEXT_BYTES));
    text
}

/// A guest must not be able to write what looks like a further line of the host's own log.
pub(crate) fn one_line(message: &str) -> String {
    let words = message.trim().split(|character: char| character.is_control()).filter(|part| !part.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

struct HasLog;

impl HasData for HasLog {
    type Data<'a> = LogView<'a>;
}

/// Provides the capability to guests.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> LogView<'_>,
) -> wasmtime::Result<()> {
    contract::add_to_linker::<T, HasLog>(linker, view)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_forge_a_line() {
        assert_eq!(one_line("first\r\n2026-01-01 ERROR forged\x1b[31m"), "first 2026-01-01 ERROR forged [31m");
    }
}
