//! What traces are made of: which work followed from what, and which operations went where. Only names and ids stand in a span.

use crate::engine::Engine;
use crate::execute::Bench;
use purser_model::edit::Request;
use purser_model::id::TargetName;
use purser_store::Leased;
use std::sync::{Mutex, PoisonError};
use tracing::{Span, info_span};

/// More that come before the worker looks are not told apart.
const MOST: usize = 32;

/// In the course of what the worker was told to look. A wake-up is a key and no data, so it cannot say: the round that
/// follows belongs to the first that told, and is linked to the others.
#[derive(Debug, Default)]
pub(crate) struct Causes(Mutex<Vec<Span>>);

impl Causes {
    fn note(&self, cause: Span) {
        let mut causes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !cause.is_none() && causes.len() < MOST {
            causes.push(cause);
        }
    }

    /// The span of the worker's next round; none where nobody told it to look.
    pub(crate) fn round(&self) -> Span {
        let causes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let Some((first, others)) = causes.split_first() else { return Span::none() };
        let round = info_span!(parent: first, "work");
        others.iter().for_each(|other| {
            round.follows_from(other);
        });
        round
    }
}

impl Engine {
    /// Something is to be done: whoever works looks without delay.
    pub(crate) fn tell_worker(&self) {
        self.causes.note(Span::current());
        self.changed.notify_waiters();
    }
}

/// A call that carries out operations.
pub(crate) fn applying(bench: &Bench, batch: &[(Leased, Request)]) -> Span {
    let manifest = bench.session.manifest();
    let operations: Vec<String> = batch.iter().map(|(one, _)| one.operation.id.to_string()).collect();
    info_span!(
        "apply",
        target = %bench.name,
        connector = format!("{}@{}", manifest.name, manifest.version),
        operations = operations.join(" "),
    )
}

/// A target that is looked at as a whole.
pub(crate) fn reconciling(name: &TargetName) -> Span {
    info_span!("reconcile", target = %name)
}
