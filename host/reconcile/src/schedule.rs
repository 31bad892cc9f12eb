//! Regular work: imports and reconciliations at the times that were declared.

use crate::engine::{Engine, EngineError};
use crate::environment::Progress;
use crate::import::ImportOptions;
use crate::reconcile::{ReconcileMode, ReconcileReport};
use futures::future::join_all;
use jiff::Timestamp;
use purser_model::configuration::Configuration;
use purser_model::id::{SourceName, TargetName};
use purser_model::schedule::Schedule;
use purser_model::window::Windows;
use purser_store::{JobState, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use tracing::{error, info, warn};

/// The clock of the machine may be set; so nobody sleeps longer than this before looking at it again.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Something that runs by a schedule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// A source is read.
    Import(SourceName),
    /// A target is looked at as a whole.
    Full(TargetName),
    /// The change feed of a target is followed.
    Delta(TargetName),
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Import(source) => write!(f, "import {source}"),
            Self::Full(target) => write!(f, "full {target}"),
            Self::Delta(target) => write!(f, "delta {target}"),
        }
    }
}

/// The declared jobs with their schedules.
fn jobs(configuration: &Configuration) -> BTreeMap<Job, &Schedule> {
    let mut jobs = BTreeMap::new();
    for (name, source) in &configuration.sources {
        jobs.extend(source.schedule.as_ref().map(|schedule| (Job::Import(name.clone()), schedule)));
    }
    for (name, target) in &configuration.targets {
        jobs.extend(target.reconcile.full.as_ref().map(|schedule| (Job::Full(name.clone()), schedule)));
        jobs.extend(target.reconcile.delta.as_ref().map(|schedule| (Job::Delta(name.clone()), schedule)));
    }
    jobs
}

/// When a job is due: its slot with its jitter, at once where it did not come to its end, and in the window where it lists.
/// None where its schedule has come to an end.
fn due_at(job: &Job, schedule: &Schedule, windows: &Windows, state: &JobState, now: Timestamp) -> Option<Timestamp> {
    let unfinished = state.started_at.is_some() && state.ended_at.is_none();
    let at = if unfinished { now } else { schedule.next_run(&job.to_string(), state.done_until)?.at };
    let in_window = matches!(job, Job::Full(_)).then(|| windows.opens_at(at.max(now))).flatten();
    Some(in_window.unwrap_or(at))
}

fn windows<'a>(configuration: &'a Configuration, job: &Job) -> Option<&'a Windows> {
    match job {
        Job::Import(_) => None,
        Job::Full(target) | Job::Delta(target) => configuration.targets.get(target).map(|target| &target.windows),
    }
}

/// A job as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct JobReport {
    /// Its name.
    pub job: String,
    /// Its five fields of cron.
    pub schedule: String,
    /// Whose wall clock they mean.
    pub time_zone: String,
    /// When it began last.
    pub last_start: Option<Timestamp>,
    /// When that ended.
    pub last_end: Option<Timestamp>,
    /// How it ended.
    pub result: Option<String>,
    /// When it is due; in the past where no host was there to run it.
    pub next: Option<Timestamp>,
}

/// Each declared job with its last run and its next time.
///
/// # Errors
/// The store fails.
pub async fn job_reports(
    configuration: &Configuration,
    store: &dyn Store,
    now: Timestamp,
) -> Result<Vec<JobReport>, StoreError> {
    let states: BTreeMap<String, JobState> =
        store.jobs().await?.into_iter().map(|state| (state.name.clone(), state)).collect();
    let always = Windows::default();
    let report = |(job, schedule): (Job, &Schedule)| {
        let name = job.to_string();
        let state = states.get(&name).cloned().unwrap_or(JobState {
            name: name.clone(),
            done_until: now,
            started_at: None,
            ended_at: None,
            result: None,
        });
        JobReport {
            next: due_at(&job, schedule, windows(configuration, &job).unwrap_or(&always), &state, now),
            job: name,
            schedule: schedule.expression().to_owned(),
            time_zone: schedule.time_zone().iana_name().unwrap_or("UTC").to_owned(),
            last_start: state.started_at,
            last_end: state.ended_at,
            result: state.result,
        }
    };
    Ok(jobs(configuration).into_iter().map(report).collect())
}

impl Engine {
    /// Runs the declared jobs for ever, each when it is due. Slots that passed while no host was up are one run.
    pub async fn run_schedules(&self, progress: &dyn Progress) {
        let jobs = jobs(self.rules.configuration());
        if jobs.is_empty() {
            return std::future::pending().await;
        }
        join_all(jobs.iter().map(|(job, schedule)| self.run_job(job, schedule, progress))).await;
    }

    async fn run_job(&self, job: &Job, schedule: &Schedule, progress: &dyn Progress) {
        loop {
            let wait = match self.run_if_due(job, schedule, progress).await {
                Ok(Some(next)) => Duration::try_from(next.duration_since(self.clock.now())).unwrap_or_default(),
                Ok(None) => return,
                Err(error) => {
                    error!(%job, %error, "the job's time cannot be found; trying again");
                    LONGEST_SLEEP
                }
            };
            self.clock.sleep(wait.min(LONGEST_SLEEP)).await;
        }
    }

    /// Runs every declared job that is due; when the next one is.
    ///
    /// # Errors
    /// The store fails. A job that fails is no error: how it ended is kept.
    pub async fn run_due_jobs(&self, progress: &dyn Progress) -> Result<Option<Timestamp>, EngineError> {
        let mut next = None;
        for (job, schedule) in jobs(self.rules.configuration()) {
            let at = self.run_if_due(&job, schedule, progress).await?;
            next = [next, at].into_iter().flatten().min();
        }
        Ok(next)
    }

    /// Runs a job if it is due; when it is due next, which is none where its schedule has come to an end.
    async fn run_if_due(
        &self,
        job: &Job,
        schedule: &Schedule,
        progress: &dyn Progress,
    ) -> Result<Option<Timestamp>, EngineError> {
        let always = Windows::default();
        let windows = windows(self.rules.configuration(), job).unwrap_or(&always);
        let name = job.to_string();
        let now = self.clock.now();
        let state = self.store.know_job(&name, now).await?;
        let Some(at) = due_at(job, schedule, windows, &state, now) else { return Ok(None) };
        if at > now || !self.store.begin_job(&name, state.done_until, now).await? {
            return Ok(Some(at.max(now)));
        }
        info!(%job, "begins");
        match self.run(job, progress).await {
            Ok(Ended { result, goes_on_at: None }) => {
                info!(%job, result, "ended");
                self.store.end_job(&name, &result, self.clock.now()).await?;
            }
            // It has not ended: it goes on in the next window, by whichever host is there then.
            Ok(Ended { goes_on_at: Some(_), .. }) => {}
            // It has ended with its run, in one transaction.
            Err(error @ EngineError::RunStopped { .. }) => {
                info!(%job, %error, "stopped; it runs again at its next time");
            }
            Err(error) => {
                warn!(%job, %error, "failed; it runs again at its next time");
                self.store.end_job(&name, &format!("failed: {error}"), self.clock.now()).await?;
            }
        }
        let state = self.store.know_job(&name, self.clock.now()).await?;
        Ok(due_at(job, schedule, windows, &state, self.clock.now()))
    }

    async fn run(&self, job: &Job, progress: &dyn Progress) -> Result<Ended, EngineError> {
        match job {
            Job::Import(source) => {
                let report = self.import(source, ImportOptions::default(), progress).await?;
                let weight = report.weight;
                let result = format!("{} read, {} new, {} changed", weight.staged, weight.new, weight.changed);
                Ok(Ended { result, goes_on_at: None })
            }
            Job::Full(target) => Ok(self.reconcile(target, ReconcileMode::Repair, progress).await?.into()),
            Job::Delta(target) => Ok(self.reconcile_changes(target, ReconcileMode::Repair, progress).await?.into()),
        }
    }
}

/// How a job ended.
struct Ended {
    result: String,
    /// It did not: its window closed.
    goes_on_at: Option<Timestamp>,
}

impl From<ReconcileReport> for Ended {
    fn from(report: ReconcileReport) -> Self {
        let ReconcileReport { listed, changed, gone, operations, .. } = &report;
        let mut result = format!("{listed} looked at, {changed} changed, {gone} gone, {} applied", operations.applied);
        if let Some(reason) = &report.instead_of_changes {
            result = format!("{result}; full, because {reason}");
        }
        Self { result, goes_on_at: report.goes_on_at }
    }
}
