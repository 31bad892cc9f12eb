//! How far the runs of a host are, while somebody waits for one.

use purser_model::run::{Run, RunState};
use purser_reconcile::Progress;
use std::collections::BTreeMap;

/// What was shown of the runs already.
#[derive(Debug, Default)]
pub(super) struct Watched(BTreeMap<(i64, String), u64>);

impl Watched {
    /// Shows what the runs that go on have counted since the last look.
    pub fn look(&mut self, runs: &[Run], progress: &dyn Progress) {
        for run in runs.iter().filter(|run| run.state == RunState::Running) {
            for (name, count) in &run.counts {
                let shown = self.0.entry((run.number, name.clone())).or_default();
                progress.advance(
                    &format!("{name}, {} of {}", run.kind.as_str(), run.subject),
                    count.saturating_sub(*shown),
                );
                *shown = (*shown).max(*count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Told(Mutex<BTreeMap<String, u64>>);

    impl Progress for Told {
        fn advance(&self, what: &str, count: u64) {
            *self.0.lock().unwrap().entry(what.to_owned()).or_default() += count;
        }
    }

    fn run(number: i64, state: &str, listed: u64) -> Run {
        serde_json::from_value(serde_json::json!({
            "id": format!("0198a000-0000-7000-8000-00000000000{number}"), "number": number, "kind": "reconciliation", "subject": "crm",
            "state": state, "checkpoint": {"finished_classes": [], "class": null, "cursor": null}, "counts": {"listed": listed},
            "detail": null, "started_at": "2026-01-02T03:04:05Z", "ended_at": null
        }))
        .unwrap()
    }

    #[test]
    fn what_runs_count_is_added_up_and_what_has_ended_is_left_out() {
        let (mut watched, told) = (Watched::default(), Told::default());
        for listed in [100, 250, 250] {
            watched.look(&[run(2, "running", listed), run(1, "completed", 7)], &told);
        }
        assert_eq!(*told.0.lock().unwrap(), BTreeMap::from([("listed, reconciliation of crm".to_owned(), 250)]));
    }
}
