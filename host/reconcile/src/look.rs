//! Looking at everything in a target: page by page, with a checkpoint after each.

use crate::engine::{Engine, EngineError, in_target};
use crate::environment::Progress;
use crate::live::LiveRun;
use crate::observe::Reader;
use jiff::Timestamp;
use purser_connector::{Fault, Session};
use purser_model::id::TargetName;
use purser_model::manifest::{ClassKind, ObjectClass};
use purser_model::object::{ChangeTail, Page, SearchRequest, Tail};
use purser_model::run::{Checkpoint, Run};
use purser_model::window::Windows;
use purser_store::{ClassOfTarget, Observation, ObservedPage, Store};
use std::collections::BTreeMap;
use tracing::{info, warn};

/// What a run counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) listed: u64,
    pub(crate) unchanged: u64,
    pub(crate) changed: u64,
    pub(crate) gone: u64,
}

impl Counts {
    /// What the run counted before it was interrupted.
    pub(crate) fn of(run: &Run) -> Self {
        let count = |name| run.counts.get(name).copied().unwrap_or_default();
        Self { listed: count("listed"), unchanged: count("unchanged"), changed: count("changed"), gone: count("gone") }
    }

    pub(crate) fn named(&self) -> BTreeMap<String, u64> {
        [("listed", self.listed), ("unchanged", self.unchanged), ("changed", self.changed), ("gone", self.gone)]
            .map(|(name, count)| (name.to_owned(), count))
            .into()
    }
}

/// How far a run came.
#[derive(Debug)]
pub(crate) enum Looked {
    /// To the end.
    AtEverything,
    /// To a page's end at which the window was closed.
    UntilTheWindowClosed {
        /// When it opens again.
        opens: Timestamp,
    },
}

/// One run that looks at a target.
#[derive(Clone, Copy)]
pub(crate) struct Looking<'a> {
    pub(crate) name: &'a TargetName,
    pub(crate) session: &'a dyn Session,
    /// As the run writes it.
    pub(crate) store: &'a dyn Store,
    pub(crate) run: &'a Run,
    pub(crate) live: &'a LiveRun,
}

/// One class of one target in one run.
pub(crate) struct ClassLook<'a> {
    pub(crate) name: &'a TargetName,
    pub(crate) class: &'a ObjectClass,
    pub(crate) classes: &'a [ObjectClass],
    pub(crate) session: &'a dyn Session,
    /// As the run writes it.
    pub(crate) store: &'a dyn Store,
    pub(crate) run: &'a Run,
    pub(crate) live: &'a LiveRun,
    /// Whether accounts are found by other attributes than when they were last read: then all are read again.
    pub(crate) keys_changed: bool,
}

/// What became of looking for one object.
pub(crate) enum LookedUp {
    There(Box<Observation>),
    /// It is gone for certain.
    Gone,
    /// It was written a moment ago, and the target may show it later.
    NotShownYet,
}

impl ClassLook<'_> {
    pub(crate) fn key(&self) -> ClassOfTarget {
        ClassOfTarget { target: self.name.clone(), class: self.class.name.clone(), kind: self.class.kind }
    }
}

impl Engine {
    pub(crate) async fn look_at_all(
        &self,
        looking: Looking<'_>,
        windows: &Windows,
        counts: &mut Counts,
        progress: &dyn Progress,
    ) -> Result<Looked, EngineError> {
        let Looking { name, session, store, run, live } = looking;
        let classes = self.read_classes_patiently(name, Some(live)).await?;
        let account_class = &self.target(name)?.class;
        if !classes.iter().any(|class| &class.name == account_class) {
            let known: Vec<_> = classes.iter().map(|class| class.name.as_str()).collect();
            return Err(stopped(name, format!("it has no class `{account_class}`; it has: {}", known.join(", "))));
        }
        let keys = self.keys_of_accounts(name).await?;
        let looks: Vec<_> = classes
            .iter()
            .filter(|class| class.operations.search && self.matters(name, class))
            .map(|class| ClassLook {
                name,
                class,
                classes: &classes,
                session,
                store,
                run,
                live,
                keys_changed: keys.changed,
            })
            .collect();
        let mut checkpoint = run.checkpoint.clone();
        if checkpoint == Checkpoint::default() {
            checkpoint.change_cursors = self.cursors_for_now(&looks).await;
        }
        for look in &looks {
            if checkpoint.finished_classes.contains(&look.class.name) {
                continue;
            }
            let looked = self.look_at_class(look, windows, &mut checkpoint, counts, progress).await?;
            if let Looked::UntilTheWindowClosed { .. } = looked {
                return Ok(looked);
            }
        }
        live.go_on()?;
        if keys.changed && run.checkpoint == Checkpoint::default() {
            self.keep_keys_of_accounts(keys).await?;
        }
        self.store.keep_change_cursors(name, checkpoint.change_cursors, self.clock.now()).await?;
        Ok(Looked::AtEverything)
    }

    /// The class of the accounts, and entitlement classes whose holders matter.
    pub(crate) fn matters(&self, name: &TargetName, class: &ObjectClass) -> bool {
        let Ok(target) = self.target(name) else { return false };
        class.name == target.class
            || class.holding.as_ref().is_some_and(|holding| holding.account_class == target.class)
    }

    /// Cursors that stand for now, taken before the listing so that nothing that changes during it is missed. A change feed
    /// that does not answer does not keep the listing from being made.
    async fn cursors_for_now(&self, looks: &[ClassLook<'_>]) -> BTreeMap<String, String> {
        let mut cursors = BTreeMap::new();
        for look in looks.iter().filter(|look| look.class.operations.changes) {
            let class = &look.class.name;
            match self.patiently(Some(look.live), look.name, || look.session.changes(class, None)).await {
                Ok(page) => {
                    let (ChangeTail::More(cursor) | ChangeTail::Current(cursor)) = page.tail;
                    cursors.insert(class.clone(), cursor);
                }
                Err(EngineError::RunStopped { .. }) => break,
                Err(error) => warn!(target = %look.name, class, %error, "the change feed gives no cursor"),
            }
        }
        cursors
    }

    async fn look_at_class(
        &self,
        look: &ClassLook<'_>,
        windows: &Windows,
        checkpoint: &mut Checkpoint,
        counts: &mut Counts,
        progress: &dyn Progress,
    ) -> Result<Looked, EngineError> {
        if checkpoint.class.as_ref() != Some(&look.class.name) {
            *checkpoint = Checkpoint {
                finished_classes: checkpoint.finished_classes.clone(),
                change_cursors: checkpoint.change_cursors.clone(),
                class: Some(look.class.name.clone()),
                ..Checkpoint::default()
            };
        }
        let mut restarted = false;
        while !checkpoint.listed_to_the_end {
            let page = match self.target_page(look, checkpoint.cursor.clone()).await {
                Ok(page) => page,
                Err(EngineError::Connector { fault, .. }) if fault.is_cursor_expired() && !restarted => {
                    // What was seen stays seen; the listing begins again.
                    info!(target = %look.name, class = look.class.name, "the cursor expired; the class is listed anew");
                    restarted = true;
                    checkpoint.cursor = None;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let tail = page.tail.clone();
            checkpoint.listed_in_class += page.objects.len() as u64;
            progress.advance("objects listed", page.objects.len() as u64);
            checkpoint.cursor = if let Tail::More(next) = &tail { Some(next.clone()) } else { None };
            checkpoint.listed_to_the_end = tail == Tail::Complete;
            self.record_page(look, page, checkpoint.clone(), counts).await?;
            if let Tail::Truncated(reason) = tail {
                let reason = format!("the list of {} was cut short: {reason}", look.class.name);
                return Err(stopped(look.name, reason));
            }
            if let Some(opens) = windows.opens_at(self.clock.now()) {
                return Ok(Looked::UntilTheWindowClosed { opens });
            }
        }
        if let Some(opens) = self.confirm_absence(look, windows, checkpoint, counts, progress).await? {
            return Ok(Looked::UntilTheWindowClosed { opens });
        }
        checkpoint.finished_classes.push(look.class.name.clone());
        checkpoint.class = None;
        Ok(Looked::AtEverything)
    }

    async fn target_page(&self, look: &ClassLook<'_>, cursor: Option<String>) -> Result<Page, EngineError> {
        let request = SearchRequest {
            class: look.class.name.clone(),
            conditions: Vec::new(),
            extra_attributes: Vec::new(),
            page_size: self.settings.page_size.min(look.session.manifest().limits.page_size),
            cursor,
        };
        self.patiently(Some(look.live), look.name, || look.session.search(request.clone())).await
    }

    async fn record_page(
        &self,
        look: &ClassLook<'_>,
        page: Page,
        checkpoint: Checkpoint,
        counts: &mut Counts,
    ) -> Result<(), EngineError> {
        let key = look.key();
        let seen: Vec<_> = page.objects.iter().map(|object| (object.id.clone(), object.digest())).collect();
        let known = if look.keys_changed { Vec::new() } else { self.store.as_they_were(&key, seen).await? };
        let reader = self.reader(look)?;
        let mut unchanged = Vec::new();
        let mut changed = Vec::new();
        counts.listed += page.objects.len() as u64;
        for (place, object) in page.objects.into_iter().enumerate() {
            match known.get(place).copied().flatten() {
                // There is nothing to parse and nothing to compare.
                Some(number) => unchanged.push(number),
                None => changed.push(reader.read(object).map_err(|fault| in_target(look.name, fault))?),
            }
        }
        counts.unchanged += unchanged.len() as u64;
        counts.changed += changed.len() as u64;
        self.keep_page(look, unchanged, changed, checkpoint, counts).await
    }

    async fn keep_page(
        &self,
        look: &ClassLook<'_>,
        unchanged: Vec<i64>,
        changed: Vec<Observation>,
        checkpoint: Checkpoint,
        counts: &Counts,
    ) -> Result<(), EngineError> {
        let page = ObservedPage {
            run: look.run.id,
            run_number: look.run.number,
            class: look.key(),
            unchanged,
            changed,
            checkpoint,
            counts: counts.named(),
        };
        Ok(look.store.record_page(page, self.clock.now()).await?)
    }

    pub(crate) fn reader<'a>(&'a self, look: &ClassLook<'a>) -> Result<Reader<'a>, EngineError> {
        Ok(Reader::new(&self.rules, look.name, self.target(look.name)?, look.class, look.classes))
    }

    /// One object by its id.
    pub(crate) async fn look_up(&self, look: &ClassLook<'_>, id: &str) -> Result<LookedUp, EngineError> {
        let class = &look.class.name;
        match self.patiently(Some(look.live), look.name, || look.session.get(class, id)).await {
            Ok(object) => {
                let read = self.reader(look)?.read(object);
                let read = read.map_err(|fault: Fault| in_target(look.name, fault))?;
                Ok(LookedUp::There(Box::new(read)))
            }
            Err(EngineError::Connector { fault, .. }) if fault.is_not_found() => {
                let hidden = self.may_be_hidden(&look.key(), look.class, id).await?;
                Ok(if hidden.is_some() { LookedUp::NotShownYet } else { LookedUp::Gone })
            }
            Err(error) => Err(error),
        }
    }

    /// What a complete listing did not hold is read by its id: only `not-found` means gone. Where the window closes in
    /// between, the time when it opens again.
    async fn confirm_absence(
        &self,
        look: &ClassLook<'_>,
        windows: &Windows,
        checkpoint: &Checkpoint,
        counts: &mut Counts,
        progress: &dyn Progress,
    ) -> Result<Option<Timestamp>, EngineError> {
        let key = look.key();
        let mut after = None;
        loop {
            let unseen = self.store.unseen(&key, look.run.number, after, self.settings.page_size).await?;
            let Some(last) = unseen.last() else { return Ok(None) };
            after = Some(last.clone());
            self.mistrust_an_empty_listing(look, checkpoint, &unseen)?;
            let mut gone = Vec::new();
            let mut there = Vec::new();
            for id in &unseen {
                match self.look_up(look, id).await? {
                    LookedUp::There(observation) => there.push(*observation),
                    LookedUp::Gone => gone.push(id.clone()),
                    LookedUp::NotShownYet => {}
                }
            }
            if !there.is_empty() {
                warn!(target = %look.name, count = there.len(), "a complete listing left out objects that are there");
            }
            counts.gone += gone.len() as u64;
            progress.advance("absences confirmed", unseen.len() as u64);
            look.store.record_gone(&key, gone, self.clock.now()).await?;
            self.keep_page(look, Vec::new(), there, checkpoint.clone(), counts).await?;
            if let Some(opens) = windows.opens_at(self.clock.now()) {
                return Ok(Some(opens));
            }
        }
    }

    fn mistrust_an_empty_listing(
        &self,
        look: &ClassLook<'_>,
        checkpoint: &Checkpoint,
        unseen: &[String],
    ) -> Result<(), EngineError> {
        let nothing_listed = checkpoint.listed_in_class == 0 && look.class.kind == ClassKind::Account;
        if !nothing_listed || unseen.len() < self.settings.empty_listing_floor as usize {
            return Ok(());
        }
        Err(stopped(
            look.name,
            format!(
                "it lists no {} at all, although at least {} are known; nothing is concluded from that",
                look.class.name,
                unseen.len()
            ),
        ))
    }
}

pub(crate) fn stopped(name: &TargetName, reason: String) -> EngineError {
    EngineError::Stopped { subject: format!("target {name}"), reason }
}
