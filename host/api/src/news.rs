//! Tells consumers of the event stream that something new is there: one look at the store for all of them.

use purser_store::Store;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tracing::warn;

/// How often the store is looked at while somebody listens.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// The sequence number of the newest event.
#[derive(Clone)]
pub struct News {
    /// Shared, so that the clones of the state are not taken for listeners.
    newest: Arc<watch::Receiver<u64>>,
    looking: AbortHandle,
}

impl News {
    /// Begins to look. Must be called inside a tokio runtime.
    pub fn of(store: Arc<dyn Store>) -> Self {
        let (tell, newest) = watch::channel(0);
        let looking = tokio::spawn(look(store, tell)).abort_handle();
        Self { newest: Arc::new(newest), looking }
    }

    /// Ends all streams.
    pub(crate) fn stop(&self) {
        self.looking.abort();
    }

    pub(crate) fn listen(&self) -> watch::Receiver<u64> {
        self.newest.as_ref().clone()
    }
}

async fn look(store: Arc<dyn Store>, tell: watch::Sender<u64>) {
    while !tell.is_closed() {
        // One receiver is that of the state itself.
        if tell.receiver_count() > 1 {
            match store.events_kept().await {
                Ok(kept) => {
                    tell.send_if_modified(|newest| std::mem::replace(newest, kept.newest) != kept.newest);
                }
                Err(error) => warn!(%error, "the newest event cannot be read"),
            }
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}
