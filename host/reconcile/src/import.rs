//! Import: a source is read to its end and put aside; only then is it accepted, whole or not at all.

use crate::engine::{Engine, EngineError, connector_of};
use crate::environment::Progress;
use crate::live::{LiveRun, ending_after};
use purser_connector::{Fault, Session};
use purser_model::configuration::Source;
use purser_model::id::{RunId, SourceName};
use purser_model::identity::IdentityRecord;
use purser_model::object::{Page, SearchRequest, Tail};
use purser_model::run::{Checkpoint, Run, RunKind, RunState};
use purser_store::{Accepted, RunEnding, StagedWeight, Store};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tracing::{Instrument, info};

/// What an operator allows an import to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Up to this many identities may depart, whatever the guard's numbers say.
    pub departures_allowed: Option<u64>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ImportReport {
    /// The run.
    pub run: RunId,
    /// Whether an interrupted run went on.
    pub resumed: bool,
    /// In numbers of identities.
    #[serde(flatten)]
    pub weight: StagedWeight,
    /// How many departed.
    pub departed: u64,
}

/// One source that is read.
struct Reading<'a> {
    name: &'a SourceName,
    source: &'a Source,
    session: &'a dyn Session,
    /// Writes in the name of this import.
    store: &'a dyn Store,
}

impl Engine {
    /// Reads a source and accepts what changed. While it is read already, this waits, and reads it anew.
    ///
    /// # Errors
    /// Any error leaves the identities as they were; so does whoever stops it. A run that a crash interrupted while it read goes on at
    /// its checkpoint; one that had read everything, ended with an error or was stopped, starts anew.
    pub async fn import(
        &self,
        name: &SourceName,
        options: ImportOptions,
        progress: &dyn Progress,
    ) -> Result<ImportReport, EngineError> {
        let source = self.source(name)?;
        let reading = self.reading(name);
        let _alone = reading.lock().await;
        let session = self.sessions.source(name).await.map_err(|fault| in_source(name, fault))?;
        let store = self.store.during(&format!("import of {name}")).through(&connector_of(session.as_ref()));
        let store = store.as_ref();
        let span = tracing::info_span!("import", source = %name);
        self.import_from(Reading { name, source, session: session.as_ref(), store }, options, progress)
            .instrument(span)
            .await
    }

    async fn import_from(
        &self,
        reading: Reading<'_>,
        options: ImportOptions,
        progress: &dyn Progress,
    ) -> Result<ImportReport, EngineError> {
        let Reading { name, source, store, .. } = reading;
        loop {
            let begun = store.begin_run(RunKind::Import, name.as_str(), self.clock.now()).await?;
            if begun.run.checkpoint.finished_classes.contains(&source.class) {
                self.give_up_old_listing(store, name, &begun.run).await?;
                continue;
            }
            let live = self.enter(&begun.run).await?;
            let result = self.import_run(&reading, (&begun.run, &live), options, progress).await;
            self.end_import(store, &begun.run, &result).await?;
            match result {
                Err(EngineError::Connector { fault, .. }) if begun.resumed && fault.is_cursor_expired() => {
                    info!(source = %name, "the source changed since the import was interrupted; it is read anew");
                }
                Ok(report) => {
                    self.note_source_read(name).await?;
                    return Ok(ImportReport { resumed: begun.resumed, ..report });
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Accepts one record at once, as a push from a source does, and lets it be provisioned.
    ///
    /// # Errors
    /// The source is not declared, or the store fails.
    pub async fn accept(&self, name: &SourceName, record: IdentityRecord) -> Result<Accepted, EngineError> {
        self.source(name)?;
        let accepted =
            self.store.during(&format!("push from {name}")).accept_record(name, record, self.clock.now()).await?;
        self.tell_worker();
        Ok(accepted)
    }

    async fn import_run(
        &self,
        reading: &Reading<'_>,
        (run, live): (&Run, &LiveRun),
        options: ImportOptions,
        progress: &dyn Progress,
    ) -> Result<ImportReport, EngineError> {
        let Reading { name, source, store, .. } = *reading;
        self.stage_all(reading, (run, live), progress).await?;
        let weight = self.store.weigh_staged(run.id, name).await?;
        Self::guard_import(name, source, weight, options)?;
        live.go_on()?;
        let departs = source.absence_means_departed;
        let weight = store.accept_staged(run.id, name, departs, self.clock.now()).await?;
        self.tell_worker();
        Ok(ImportReport { run: run.id, resumed: false, weight, departed: if departs { weight.absent } else { 0 } })
    }

    /// A run that was interrupted between the end of its listing and the acceptance holds what the source said then. No
    /// cursor tells whether it still says so, and what is out of date is not accepted: the source is read anew.
    async fn give_up_old_listing(&self, store: &dyn Store, name: &SourceName, run: &Run) -> Result<(), EngineError> {
        let detail = "interrupted after the source was listed and before anything was accepted; it is read anew";
        info!(source = %name, "{detail}");
        let ending = RunEnding { state: RunState::Failed, counts: BTreeMap::new(), detail: Some(detail.to_owned()) };
        store.end_run(run.id, ending, self.clock.now()).await?;
        Ok(())
    }

    /// Reads the source from the run's checkpoint to its end and puts the records aside.
    async fn stage_all(
        &self,
        reading: &Reading<'_>,
        (run, live): (&Run, &LiveRun),
        progress: &dyn Progress,
    ) -> Result<(), EngineError> {
        let Reading { name, source, session, .. } = *reading;
        let mut cursor = run.checkpoint.cursor.clone();
        loop {
            live.go_on()?;
            let page = self.source_page(name, source, session, cursor).await?;
            let records = self.records(name, &page)?;
            progress.advance("records read", records.len() as u64);
            let mut checkpoint = Checkpoint { class: Some(source.class.clone()), ..Checkpoint::default() };
            match page.tail {
                Tail::More(next) => checkpoint.cursor = Some(next),
                Tail::Complete => checkpoint.finished_classes.push(source.class.clone()),
                Tail::Truncated(reason) => {
                    return Err(stopped(name, format!("the source ended its list early: {reason}")));
                }
            }
            cursor = checkpoint.cursor.clone();
            self.store.stage_records(run.id, records, checkpoint).await?;
            if cursor.is_none() {
                return Ok(());
            }
        }
    }

    async fn source_page(
        &self,
        name: &SourceName,
        source: &Source,
        session: &dyn Session,
        cursor: Option<String>,
    ) -> Result<Page, EngineError> {
        let request = SearchRequest {
            class: source.class.clone(),
            conditions: Vec::new(),
            extra_attributes: Vec::new(),
            page_size: self.settings.page_size.min(session.manifest().limits.page_size),
            cursor,
        };
        session.search(request).await.map_err(|fault| in_source(name, fault))
    }

    fn records(&self, name: &SourceName, page: &Page) -> Result<Vec<IdentityRecord>, EngineError> {
        let record =
            |object| self.rules.identity_record(name, object).map_err(|error| stopped(name, error.to_string()));
        page.objects.iter().map(record).collect()
    }

    /// The guard of an import: nobody departs because a source was empty, cut short, or read with a wrong expression.
    fn guard_import(
        name: &SourceName,
        source: &Source,
        weight: StagedWeight,
        options: ImportOptions,
    ) -> Result<(), EngineError> {
        let known = weight.present_before;
        let absent = if source.absence_means_departed { weight.absent } else { 0 };
        let departing = absent + weight.departing;
        if weight.staged == 0 && known > 0 {
            return Err(stopped(
                name,
                format!("the source lists nobody, although {known} identities are known from it"),
            ));
        }
        let allowed = options.departures_allowed.is_some_and(|allowed| departing <= allowed);
        if allowed || !source.guard.is_exceeded(departing, known) {
            return Ok(());
        }
        let said = match weight.departing {
            0 => String::new(),
            departing => format!(" or, {departing} of them, said to have departed"),
        };
        Err(stopped(
            name,
            format!(
                "{departing} of {known} identities are not listed any more{said}, which is more than the guard lets depart at \
                 once; if that is right, import with `--allow-departures {departing}`"
            ),
        ))
    }

    async fn end_import(
        &self,
        store: &dyn Store,
        run: &Run,
        result: &Result<ImportReport, EngineError>,
    ) -> Result<(), EngineError> {
        let ending = match result {
            Ok(report) => RunEnding { state: RunState::Completed, counts: counts(report), detail: None },
            Err(error) => ending_after(error, BTreeMap::new()),
        };
        store.end_run(run.id, ending, self.clock.now()).await?;
        Ok(())
    }
}

fn counts(report: &ImportReport) -> BTreeMap<String, u64> {
    let weight = report.weight;
    [("read", weight.staged), ("new", weight.new), ("changed", weight.changed), ("departed", report.departed)]
        .map(|(name, count)| (name.to_owned(), count))
        .into()
}

fn in_source(name: &SourceName, fault: Fault) -> EngineError {
    EngineError::Connector { subject: format!("source {name}"), fault }
}

fn stopped(name: &SourceName, reason: String) -> EngineError {
    EngineError::Stopped { subject: format!("source {name}"), reason }
}
