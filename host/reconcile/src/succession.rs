//! An engine takes the place of another one in the same process, since other declarations are in force.

use crate::engine::{Engine, Sessions, Turn};
use purser_plan::Rules;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;

/// While it is there, no operation is carried out: what was begun is finished and recorded, and nothing further begins.
#[must_use]
pub struct Quiet {
    _turns: Vec<(OwnedMutexGuard<()>, Wish)>,
}

/// Somebody wants a target's work to end after its batch.
struct Wish(Arc<Turn>);

impl Wish {
    fn of(turn: Arc<Turn>) -> Self {
        turn.wants_quiet.fetch_add(1, Ordering::Relaxed);
        Self(turn)
    }
}

impl Drop for Wish {
    fn drop(&mut self) {
        self.0.wants_quiet.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Engine {
    /// Waits until no operation is under way in any target, and keeps it so. None where that takes longer than `patience`.
    ///
    /// Whoever holds this can drop all other work of the engine: it is as where a host stops between two operations.
    pub async fn quiet(&self, patience: Duration) -> Option<Quiet> {
        let wishes: Vec<_> = self.target_names().iter().map(|name| Wish::of(self.turn(name))).collect();
        let all = async {
            let mut turns = Vec::new();
            for wish in wishes {
                turns.push((wish.0.working.clone().lock_owned().await, wish));
            }
            Quiet { _turns: turns }
        };
        tokio::time::timeout(patience, all).await.ok()
    }

    /// The engine for other rules that goes on in place of this one. What targets asked for holds on: who wanted to be left
    /// alone is, and a rate that is declared as before is kept without a gap.
    pub fn succeeded_by(&self, rules: Arc<Rules>, sessions: Arc<dyn Sessions>) -> Self {
        let (store, clock, jitter) = (self.store.clone(), self.clock.clone(), self.jitter.clone());
        let mut next = Self::new(store, rules, sessions, clock, jitter, self.settings.clone());
        for name in next.target_names() {
            if self.target(&name).ok().map(|target| target.rate) != next.target(&name).ok().map(|target| target.rate) {
                self.turn(&name).forget_pace();
            }
        }
        next.turns = self.turns.clone();
        // An import by the former rules may be about to be dropped: one by these waits for that.
        next.reading = self.reading.clone();
        next.live = self.live.clone();
        next
    }
}
