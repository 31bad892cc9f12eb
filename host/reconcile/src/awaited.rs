//! After the store was put back from a copy: nothing is written before everything was looked at. What the host did since the
//! copy was made is not known any more; sources say who is there now, and targets which accounts.

use crate::engine::{Engine, EngineError};
use purser_model::id::{SourceName, TargetName};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::PoisonError;
use std::time::Duration;
use tracing::{info, warn};

/// When somebody who waits looks again.
const AGAIN: Duration = Duration::from_mins(1);

/// What was not looked at since the store was restored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Awaited {
    /// Sources that have to be read: until then nothing is planned, and nothing is written anywhere.
    pub sources: BTreeSet<SourceName>,
    /// Targets that have to be reconciled: until then nothing is written there.
    pub targets: BTreeSet<TargetName>,
}

impl Awaited {
    /// Whether everything was looked at.
    pub fn is_nothing(&self) -> bool {
        self.sources.is_empty() && self.targets.is_empty()
    }

    fn before_writing(&self, name: &TargetName) -> Option<Self> {
        let targets: BTreeSet<TargetName> = self.targets.get(name).cloned().into_iter().collect();
        let missing = Self { sources: self.sources.clone(), targets };
        (!missing.is_nothing()).then_some(missing)
    }
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources = self.sources.iter().map(|name| format!("`purser import {name}`"));
        let targets = self.targets.iter().map(|name| format!("`purser reconcile {name}`"));
        f.write_str(&sources.chain(targets).collect::<Vec<_>>().join(", "))
    }
}

impl Engine {
    /// What has to be looked at before anything is written.
    pub fn awaited(&self) -> Awaited {
        self.awaited.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Learns from the store what has to be looked at.
    pub(crate) async fn await_what_was_not_looked_at(&self) -> Result<(), EngineError> {
        let Some(restored) = self.store.restored().await? else { return Ok(()) };
        let configuration = self.rules.configuration();
        let awaited = Awaited {
            sources: configuration.sources.keys().filter(|name| !restored.sources.contains(*name)).cloned().collect(),
            targets: configuration.targets.keys().filter(|name| !restored.targets.contains(*name)).cloned().collect(),
        };
        if awaited.is_nothing() {
            return self.end_awaiting("everything was looked at").await;
        }
        warn!(restored_at = %restored.at, "the store was restored; before anything is written: {awaited}");
        *self.awaited.lock().unwrap_or_else(PoisonError::into_inner) = awaited;
        Ok(())
    }

    /// Writes where it was not looked at all the same. Says what was not.
    ///
    /// # Errors
    /// The store fails.
    pub async fn go_on_unseen(&self) -> Result<Awaited, EngineError> {
        let unseen = self.awaited();
        if !unseen.is_nothing() {
            self.end_awaiting("somebody decided to go on without looking at everything").await?;
        }
        Ok(unseen)
    }

    /// A source was read to its end.
    pub(crate) async fn note_source_read(&self, name: &SourceName) -> Result<(), EngineError> {
        self.note_looked_at(|awaited| awaited.sources.remove(name)).await
    }

    /// A target was listed to its end.
    pub(crate) async fn note_target_listed(&self, name: &TargetName) -> Result<(), EngineError> {
        self.note_looked_at(|awaited| awaited.targets.remove(name)).await
    }

    async fn note_looked_at(&self, mut strike: impl FnMut(&mut Awaited) -> bool) -> Result<(), EngineError> {
        let (struck, done) = {
            let mut awaited = self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
            (strike(&mut awaited), awaited.is_nothing())
        };
        match (struck, done) {
            (true, true) => self.end_awaiting("everything was looked at").await,
            _ => Ok(()),
        }
    }

    async fn end_awaiting(&self, why: &str) -> Result<(), EngineError> {
        self.store.forget_restored(why, self.clock.now()).await?;
        *self.awaited.lock().unwrap_or_else(PoisonError::into_inner) = Awaited::default();
        info!("after the restore: {why}");
        self.tell_worker();
        Ok(())
    }

    /// Whether nothing may be planned for good, because it is not known who is there.
    pub(crate) fn awaits_sources(&self) -> bool {
        !self.awaited.lock().unwrap_or_else(PoisonError::into_inner).sources.is_empty()
    }

    /// Whether nothing may be written to a target.
    pub(crate) fn awaits(&self, name: &TargetName) -> bool {
        self.not_looked_at(name).is_err()
    }

    /// When somebody who waits for a target that was not looked at asks again.
    pub(crate) fn asked_again_at(&self, name: &TargetName, now: jiff::Timestamp) -> Option<jiff::Timestamp> {
        self.awaits(name).then(|| now.checked_add(AGAIN).unwrap_or(now))
    }

    /// # Errors
    /// It has to be looked at something before anything is written there.
    pub(crate) fn not_looked_at(&self, name: &TargetName) -> Result<(), EngineError> {
        let missing = self.awaited.lock().unwrap_or_else(PoisonError::into_inner).before_writing(name);
        missing.map_or(Ok(()), |missing| Err(EngineError::NotLookedAt(missing)))
    }

    /// # Errors
    /// It has to be looked at something before a stored plan is applied.
    pub(crate) fn nothing_is_awaited(&self) -> Result<(), EngineError> {
        let awaited = self.awaited();
        if awaited.is_nothing() { Ok(()) } else { Err(EngineError::NotLookedAt(awaited)) }
    }
}
