//! Where refresh tokens are kept, which a server may replace whenever one is shown.

use purser_model::id::SecretName;
use purser_model::secret::Secret;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

/// A refresh token is not there, or cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotKept(pub String);

/// What a keeper answers later.
pub type Keeping<'a, T> = Pin<Box<dyn Future<Output = Result<T, NotKept>> + Send + 'a>>;

/// Keeps refresh tokens durably.
pub trait TokenKeeper: Debug + Send + Sync {
    /// The refresh token of this name as it was kept last.
    fn current<'a>(&'a self, name: &'a SecretName) -> Keeping<'a, Secret>;

    /// Keeps a new one in its place. It survives a crash once this has returned.
    fn keep<'a>(&'a self, name: &'a SecretName, token: &'a Secret) -> Keeping<'a, ()>;
}

/// The refresh tokens of a host. One is shown at a time: a server that sees a former one may take the whole family for
/// stolen.
#[derive(Debug, Clone)]
pub struct KeptTokens {
    keeper: Arc<dyn TokenKeeper>,
    turn: Arc<Mutex<()>>,
}

impl KeptTokens {
    /// Those of this keeper.
    pub fn new(keeper: Arc<dyn TokenKeeper>) -> Self {
        Self { keeper, turn: Arc::default() }
    }

    /// Waits until nobody else shows a refresh token.
    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    pub(super) fn keeper(&self) -> &dyn TokenKeeper {
        self.keeper.as_ref()
    }
}
