//! A host that stops: what is under way comes to its end, and nothing new is sent.

use crate::engine::Engine;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::watch;

/// Whether the engine was told to stop, and what is under way.
#[derive(Debug)]
pub(crate) struct Stopping {
    told: AtomicBool,
    under_way: watch::Sender<usize>,
}

impl Default for Stopping {
    fn default() -> Self {
        Self { told: AtomicBool::new(false), under_way: watch::Sender::new(0) }
    }
}

/// Operations of a target are under way as long as this is there.
pub(crate) struct UnderWay<'a>(&'a Stopping);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl Engine {
    /// From now on no operation is sent that is not under way. What is leased and not sent goes back to the queue as it was.
    pub fn stop_sending(&self) {
        self.stopping.told.store(true, Ordering::SeqCst);
    }

    /// Waits until what was sent has been answered and recorded. Whoever stops waiting leaves operations in flight, which the
    /// next start takes for unknown and observes.
    pub async fn until_nothing_is_under_way(&self) {
        // The sender lives as long as the engine.
        let _ = self.stopping.under_way.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Whether nothing new is sent.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.told.load(Ordering::SeqCst)
    }

    pub(crate) fn under_way(&self) -> UnderWay<'_> {
        self.stopping.under_way.send_modify(|count| *count += 1);
        UnderWay(&self.stopping)
    }
}
