//! Following a target's change feed: only what it names is looked at.

use crate::engine::{Engine, EngineError, in_target};
use crate::environment::Progress;
use crate::execute::DrainReport;
use crate::live::ending_after;
use crate::look::{ClassLook, Counts, LookedUp};
use crate::reconcile::{ReconcileMode, ReconcileReport};
use purser_connector::{Fault, Session};
use purser_model::id::TargetName;
use purser_model::manifest::ObjectClass;
use purser_model::object::{Change, ChangePage, ChangeTail, Object};
use purser_model::run::{Run, RunKind, RunState};
use purser_store::{Begun, Observation, ObservedChanges, RunEnding, Store};
use std::collections::BTreeMap;
use tracing::info;

/// How far the feeds were followed.
enum Followed {
    /// To where nothing more has changed.
    ToTheEnd(Box<ReconcileReport>),
    /// They cannot be followed: everything has to be listed, for this reason.
    Not(String),
}

impl Engine {
    /// Reconciles what the target's change feed names. Each page is recorded together with the cursor behind it; what is said
    /// to be gone is read by its id, and only `not-found` counts. Where the feed has no cursor yet, or does not know it any
    /// more, a full reconciliation follows, which takes a new one before it begins.
    ///
    /// # Errors
    /// The connector has no change feed for the class of the accounts, or fails; and as [`Engine::reconcile`].
    pub async fn reconcile_changes(
        &self,
        name: &TargetName,
        mode: ReconcileMode,
        progress: &dyn Progress,
    ) -> Result<ReconcileReport, EngineError> {
        let classes = self.read_classes_patiently(name, None).await?;
        let account_class = &self.target(name)?.class;
        if !classes.iter().any(|class| &class.name == account_class && class.operations.changes) {
            return Err(EngineError::NoChangeFeed { target: name.to_string(), class: account_class.clone() });
        }
        let session = self.reading_session(name, mode).await?;
        let mut operations = DrainReport::default();
        if mode == ReconcileMode::Repair {
            operations.merge(self.drain_before_looking(name, progress).await?);
        }
        let (reason, mut report) = match self.follow_all(name, session.as_ref(), &classes, mode, progress).await? {
            Followed::ToTheEnd(report) => (None, *report),
            Followed::Not(reason) => {
                info!(target = %name, reason, "a full reconciliation instead of following the changes");
                (Some(reason), self.reconcile(name, mode, progress).await?)
            }
        };
        report.operations.merge(operations);
        if reason.is_none() {
            self.conclude(name, mode, &mut report, progress).await?;
        }
        report.instead_of_changes = reason;
        Ok(report)
    }

    async fn follow_all(
        &self,
        name: &TargetName,
        session: &dyn Session,
        classes: &[ObjectClass],
        mode: ReconcileMode,
        progress: &dyn Progress,
    ) -> Result<Followed, EngineError> {
        if self.awaited().targets.contains(name) {
            return Ok(Followed::Not("the store was restored since it was looked at".to_owned()));
        }
        let turn = self.turn(name);
        let _looking = turn.looking.lock().await;
        let cursors = self.store.change_cursors(name).await?;
        let (followed, not_followed): (Vec<_>, Vec<_>) =
            classes.iter().filter(|class| self.matters(name, class)).partition(|class| class.operations.changes);
        if let Some(new) = followed.iter().find(|class| !cursors.contains_key(&class.name)) {
            return Ok(Followed::Not(format!("no cursor of the change feed of {} is known yet", new.name)));
        }
        let store = self.store_of_run("changes", name, session, mode);
        let begun = store.begin_run(RunKind::Changes, name.as_str(), self.clock.now()).await?;
        let live = self.enter(&begun.run).await?;
        let mut counts = Counts::of(&begun.run);
        let looks: Vec<_> = followed
            .into_iter()
            .map(|class| ClassLook {
                name,
                class,
                classes,
                session,
                store: store.as_ref(),
                run: &begun.run,
                live: &live,
                keys_changed: false,
            })
            .collect();
        let ended = self.follow_each(&looks, &cursors, &mut counts, progress).await;
        let not_followed = not_followed.into_iter().map(|class| class.name.clone()).collect();
        self.end_following(store.as_ref(), &begun, ended, &counts, not_followed).await
    }

    /// Follows the feed of each class; the class whose cursor expired, if one did.
    async fn follow_each(
        &self,
        looks: &[ClassLook<'_>],
        cursors: &BTreeMap<String, String>,
        counts: &mut Counts,
        progress: &dyn Progress,
    ) -> Result<Option<String>, EngineError> {
        for look in looks {
            let Some(cursor) = cursors.get(&look.class.name) else { continue };
            match self.follow(look, cursor.clone(), counts, progress).await {
                Ok(()) => {}
                Err(EngineError::Connector { fault, .. }) if fault.is_cursor_expired() => {
                    return Ok(Some(look.class.name.clone()));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn end_following(
        &self,
        store: &dyn Store,
        begun: &Begun,
        ended: Result<Option<String>, EngineError>,
        counts: &Counts,
        not_followed: Vec<String>,
    ) -> Result<Followed, EngineError> {
        let Run { id, subject, .. } = &begun.run;
        let ending = |state, detail| RunEnding { state, counts: counts.named(), detail };
        match ended {
            Ok(None) => {
                store.end_run(*id, ending(RunState::Completed, None), self.clock.now()).await?;
                let report = ReconcileReport { not_followed, ..ReconcileReport::new(begun, counts) };
                Ok(Followed::ToTheEnd(Box::new(report)))
            }
            Ok(Some(class)) => {
                let reason = format!("the target does not know the cursor of the change feed of {class} any more");
                if let Ok(name) = subject.parse() {
                    self.store.forget_change_cursor(&name, &class).await?;
                }
                store.end_run(*id, ending(RunState::Failed, Some(reason.clone())), self.clock.now()).await?;
                Ok(Followed::Not(reason))
            }
            Err(error) => {
                store.end_run(*id, ending_after(&error, counts.named()), self.clock.now()).await?;
                Err(error)
            }
        }
    }

    async fn follow(
        &self,
        look: &ClassLook<'_>,
        mut cursor: String,
        counts: &mut Counts,
        progress: &dyn Progress,
    ) -> Result<(), EngineError> {
        let class = &look.class.name;
        loop {
            let asked = Some(cursor.as_str());
            let page = self.patiently(Some(look.live), look.name, || look.session.changes(class, asked)).await?;
            let more = matches!(page.tail, ChangeTail::More(_));
            let (ChangeTail::More(next) | ChangeTail::Current(next)) = page.tail.clone();
            if more && next == cursor {
                let fault = Fault::BrokenContract(format!("the change feed of {class} does not move on"));
                return Err(in_target(look.name, fault));
            }
            progress.advance("changes followed", page.changes.len() as u64);
            self.record_changes(look, page, next.clone(), counts).await?;
            cursor = next;
            if !more {
                return Ok(());
            }
        }
    }

    /// Looks at what a page names, and records it with the cursor behind it.
    async fn record_changes(
        &self,
        look: &ClassLook<'_>,
        page: ChangePage,
        cursor: String,
        counts: &mut Counts,
    ) -> Result<(), EngineError> {
        let named = what_is_named(page.changes);
        let key = look.key();
        let known = self.store.digests(&key, named.keys().cloned().collect()).await?;
        let mut changed: Vec<Observation> = Vec::new();
        let mut gone = Vec::new();
        let (listed, mut unchanged) = (named.len() as u64, 0);
        for (id, shown) in named {
            let observation = match shown {
                Some(object) => {
                    let read = self.reader(look)?.read(object);
                    LookedUp::There(Box::new(read.map_err(|fault| in_target(look.name, fault))?))
                }
                None => self.look_up(look, &id).await?,
            };
            let known = known.get(&id);
            match observation {
                LookedUp::There(seen) if known == Some(&Some(seen.digest)) => {
                    unchanged += 1;
                }
                LookedUp::There(seen) => changed.push(*seen),
                LookedUp::NotShownYet => unchanged += 1,
                // What was not known before and is gone already left no trace.
                LookedUp::Gone if known.is_none() => unchanged += 1,
                LookedUp::Gone => gone.push(id),
            }
        }
        // A page counts when all of it was looked at.
        counts.listed += listed;
        counts.unchanged += unchanged;
        counts.changed += changed.len() as u64;
        counts.gone += gone.len() as u64;
        let changes = ObservedChanges { run: look.run.id, class: key, changed, gone, cursor, counts: counts.named() };
        Ok(look.store.record_changes(changes, self.clock.now()).await?)
    }
}

/// The objects that changes name, each once; with the object where it was shown and nothing else was said about it. Repeats and
/// changed order are allowed, so of two statements neither is believed.
fn what_is_named(changes: Vec<Change>) -> BTreeMap<String, Option<Object>> {
    let mut named: BTreeMap<String, Option<Object>> = BTreeMap::new();
    for change in changes {
        let (id, shown) = match change {
            Change::Present(object) => (object.id.clone(), Some(object)),
            Change::Touched(id) | Change::Gone(id) => (id, None),
        };
        named
            .entry(id)
            .and_modify(|before| {
                if *before != shown {
                    *before = None;
                }
            })
            .or_insert(shown);
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(id: &str, attributes: &str) -> Object {
        Object { id: id.into(), secondary_ids: Vec::new(), version: None, active: None, attributes: attributes.into() }
    }

    #[test]
    fn of_two_statements_about_an_object_neither_is_believed() {
        let named = what_is_named(vec![
            Change::Present(object("1", "{}")),
            Change::Present(object("1", "{}")),
            Change::Present(object("2", "{}")),
            Change::Gone("2".into()),
            Change::Gone("3".into()),
            Change::Present(object("3", "{}")),
            Change::Present(object("4", "{}")),
            Change::Present(object("4", r#"{"a":1}"#)),
            Change::Touched("5".into()),
        ]);
        let shown: Vec<_> = named.iter().filter(|(_, shown)| shown.is_some()).map(|(id, _)| id.as_str()).collect();
        assert_eq!(shown, ["1"]);
        assert_eq!(named.len(), 5);
    }
}
