//! What tells a host to stop: SIGTERM of a service manager, or SIGINT of a terminal.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that tell a host to stop. They end the process no more once they are taken.
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Takes them. What comes from then on is kept until somebody waits for it.
    ///
    /// # Errors
    /// The operating system does not give them.
    pub fn take() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    pub async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
