//! Watches the folder of connectors: what is dropped in is validated before anybody needs it.
//!
//! The kernel tells of changes; besides, the folder is looked at regularly, for there are file systems whose changes it
//! does not tell. Many changes at once are one look.

use crate::registry::Registry;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Notify;
use tracing::{info, warn};

/// How long nothing may change before the folder is looked at ...
const QUIET: Duration = Duration::from_millis(300);
/// ... unless something has changed for so long.
const LONGEST_UNREST: Duration = Duration::from_secs(5);
/// How often the folder is looked at without being told.
const REGULARLY: Duration = Duration::from_secs(10);
/// Room for a few hundred changes.
const BUFFER: usize = 16 << 10;

/// A watch over the folder of connectors.
pub struct Watch(Option<Changes>);

impl Watch {
    /// Begins to be told of changes of this folder.
    pub fn over(folder: &Path) -> Self {
        let changes = Changes::of(folder);
        if let Err(error) = &changes {
            warn!(%error, "changes of the folder of connectors are not told; it is looked at every {REGULARLY:?}");
        }
        Self(changes.ok())
    }

    /// Looks into the folder whenever it changes; never ends.
    pub async fn follow(&self, registry: &Registry) {
        loop {
            // It may have changed between the first look and the beginning of the watch.
            if let Err(error) = registry.look().await {
                warn!(error = format!("{error:#}"), "the folder of connectors cannot be looked at");
            }
            tokio::select! {
                () = tokio::time::sleep(REGULARLY) => {}
                () = settled(self.0.as_ref()) => info!("the folder of connectors changed"),
            }
        }
    }
}

/// Waits for a change and until no further one follows.
async fn settled(changes: Option<&Changes>) {
    let Some(changes) = changes else { return std::future::pending().await };
    changes.next().await;
    let quiet = async { while tokio::time::timeout(QUIET, changes.next()).await.is_ok() {} };
    // One that never rests is looked at all the same; a file that still moves is waited for there.
    let _ = tokio::time::timeout(LONGEST_UNREST, quiet).await;
}

/// What the kernel tells of a folder.
struct Changes(Arc<Notify>);

impl Changes {
    fn of(folder: &Path) -> io::Result<Self> {
        let descriptor = inotify::init(CreateFlags::CLOEXEC)?;
        let interesting = WatchFlags::CREATE
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::MODIFY
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::DELETE
            | WatchFlags::ATTRIB;
        inotify::add_watch(&descriptor, folder, interesting)?;
        let told = Arc::new(Notify::new());
        let listener = Arc::downgrade(&told);
        std::thread::Builder::new().name("purser-folder".to_owned()).spawn(move || listen(&descriptor, &listener))?;
        Ok(Self(told))
    }

    /// Waits until something changed since the last time.
    async fn next(&self) {
        self.0.notified().await;
    }
}

/// Passes on that something changed until nobody listens any more; which change it was, the look into the folder tells.
fn listen(descriptor: &OwnedFd, listener: &Weak<Notify>) {
    let mut buffer = [0; BUFFER];
    loop {
        match rustix::io::read(descriptor, &mut buffer) {
            Ok(1..) => match listener.upgrade() {
                Some(listener) => listener.notify_one(),
                None => return,
            },
            Err(Errno::INTR) => {}
            // The watch is broken; the regular look remains.
            Ok(0) | Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_of_the_folder_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let changes = Changes::of(folder.path()).unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), changes.next()).await.is_err(), "nothing changed");
        std::fs::write(folder.path().join("a.wasm"), b"x").unwrap();
        changes.next().await;
        std::fs::rename(folder.path().join("a.wasm"), folder.path().join("b.wasm")).unwrap();
        settled(Some(&changes)).await;
        assert!(tokio::time::timeout(Duration::from_millis(50), changes.next()).await.is_err(), "all was taken");
    }
}
