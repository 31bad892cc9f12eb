//! What the host tells the service manager that started it (sd_notify(3)); where none did, nothing is told.

use purser_store::Store;
use sd_notify::NotifyState;
use std::time::Duration;
use tracing::warn;

/// The host listens and works.
pub fn tell_ready(address: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(&format!("listening on {address}"))]);
}

/// The host was told to stop.
pub fn tell_stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("finishing what is under way")]);
}

/// Shows again and again that the host lives, as long as its store answers; for ever, also where nobody wants to know.
pub async fn show_life(store: &dyn Store) {
    let Some(within) = sd_notify::watchdog_enabled() else { return std::future::pending().await };
    // Half of the time, so that one that comes late is not too late.
    let between = (within / 2).max(Duration::from_millis(50));
    loop {
        match store.setting("readiness").await {
            Ok(_) => tell(&[NotifyState::Watchdog]),
            Err(error) => {
                warn!(%error, "the store does not answer, so that the service manager is not told that all is well");
            }
        }
        tokio::time::sleep(between).await;
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "the service manager cannot be told");
    }
}
