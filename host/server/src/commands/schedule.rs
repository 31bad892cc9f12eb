//! `purser schedule`: what runs regularly.

use crate::Ending;
use crate::home::Home;
use crate::host::{now, open_store};
use crate::output::{Output, table};
use crate::remote::Remote;
use jiff::Timestamp;
use purser_reconcile::{JobReport, job_reports};

/// Runs `purser schedule list`. A host may work in the home at the same time.
pub async fn list(home: &Home, output: &Output) -> anyhow::Result<Ending> {
    let declarations = purser_declare::load(&home.declarations())?;
    let store = open_store(home)?;
    let jobs = job_reports(&declarations.configuration, store.as_ref(), now()).await?;
    show(&jobs, output)
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, output: &Output) -> anyhow::Result<Ending> {
    show(&remote.whole::<JobReport>("/v1/schedules", &[]).await?, output)
}

fn show(jobs: &[JobReport], output: &Output) -> anyhow::Result<Ending> {
    output.answer(&serde_json::json!({"jobs": jobs}), || text(jobs))?;
    Ok(Ending::Done)
}

fn text(jobs: &[JobReport]) -> String {
    if jobs.is_empty() {
        return "no schedule is declared: `purser serve` goes by --import-every and --reconcile-every".to_owned();
    }
    let rows = jobs.iter().map(|job| {
        let result = match (&job.result, job.last_start) {
            (Some(result), _) => result.clone(),
            (None, Some(_)) => "not ended yet".to_owned(),
            (None, None) => "never ran".to_owned(),
        };
        vec![
            job.job.clone(),
            format!("{} {}", job.schedule, job.time_zone),
            shown(job.last_start),
            result,
            shown(job.next),
        ]
    });
    table(&["JOB", "SCHEDULE", "LAST", "RESULT", "NEXT"], rows)
}

fn shown(time: Option<Timestamp>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}
