//! `purser insight`: reports over what is known, as a table, JSON or CSV.

mod csv;
mod reports;

use crate::Ending;
use crate::cli::{Insight, Report};
use crate::home::Home;
use crate::host::Host;
use crate::output::{Output, table};
use crate::remote::Remote;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

/// One report: its rows as data, and the same rows as cells.
#[derive(Debug)]
struct Answer {
    report: Report,
    head: &'static [&'static str],
    rows: Vec<Row>,
}

/// One row.
#[derive(Debug)]
struct Row {
    value: Value,
    cells: Vec<String>,
}

impl Row {
    fn new(value: &impl Serialize, cells: Vec<String>) -> anyhow::Result<Self> {
        Ok(Self { value: serde_json::to_value(value)?, cells })
    }
}

/// Runs the command.
pub async fn run(home: Home, arguments: &Insight, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    if let Some(target) = &arguments.target
        && !host.engine.target_names().contains(target)
    {
        anyhow::bail!("no target `{target}` is declared");
    }
    let Some(report) = arguments.report else {
        output.answer(&overview(), text_of_overview)?;
        return Ok(Ending::Done);
    };
    let answer = reports::make(&host, report, arguments).await?;
    show(&answer, arguments, output)
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &Insight, output: &Output) -> anyhow::Result<Ending> {
    let Some(report) = arguments.report else {
        output.answer(&overview(), text_of_overview)?;
        return Ok(Ending::Done);
    };
    show(&reports::ask(remote, report, arguments).await?, arguments, output)
}

fn show(answer: &Answer, arguments: &Insight, output: &Output) -> anyhow::Result<Ending> {
    let report = answer.report;
    match &arguments.csv {
        Some(file) => {
            csv::write(file, answer.head, answer.rows.iter().map(|row| row.cells.as_slice()))?;
            if file != Path::new("-") {
                let written = serde_json::json!({"report": report.name(), "rows": answer.rows.len(), "file": file});
                output.answer(&written, || format!("{} rows in {}", answer.rows.len(), file.display()))?;
            }
        }
        None => {
            let values: Vec<&Value> = answer.rows.iter().map(|row| &row.value).collect();
            let whole = serde_json::json!({"report": report.name(), "rows": values});
            output.answer(&whole, || text(answer))?;
        }
    }
    Ok(Ending::Done)
}

fn text(answer: &Answer) -> String {
    if answer.rows.is_empty() {
        return format!("{}: nothing to report", answer.report.name());
    }
    let head: Vec<String> = answer.head.iter().map(|name| name.replace('_', " ").to_uppercase()).collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    table(&head, answer.rows.iter().map(|row| row.cells.clone()))
}

fn overview() -> Value {
    let reports = Report::ALL.iter().map(|report| serde_json::json!({"name": report.name(), "about": report.about()}));
    serde_json::json!({"reports": reports.collect::<Vec<_>>()})
}

fn text_of_overview() -> String {
    let rows = Report::ALL.iter().map(|report| vec![report.name().to_owned(), report.about().to_owned()]);
    table(&["REPORT", "ABOUT"], rows)
}
