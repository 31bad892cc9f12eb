//! `purser check`: declarations, connectors and connections.

use crate::Ending;
use crate::checked::DeclaredChecks;
use crate::home::Home;
use crate::host::{Host, now};
use crate::output::{Output, table};
use crate::remote::Remote;
use purser_api::Checked;
use purser_model::manifest::Severity;
use purser_webhook::Webhooks;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// What a host says that it found.
#[derive(Deserialize)]
struct Told {
    items: Vec<Checked>,
}

/// Runs the command.
pub async fn run(home: Home, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    let rules = host.engine.rules().clone();
    let (webhooks, secrets) = (rules.configuration().webhooks.clone(), host.secrets.clone());
    let webhooks = Arc::new(Webhooks::new(host.store.clone(), webhooks, Arc::new(secrets.clone()), now));
    show(&DeclaredChecks { rules, registry: host.registry.clone(), secrets, webhooks }.all().await?, output)
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, output: &Output) -> anyhow::Result<Ending> {
    let told: Told = remote.post("/v1/checks", &json!({})).await?;
    show(&told.items, output)
}

fn show(checked: &[Checked], output: &Output) -> anyhow::Result<Ending> {
    output.answer(&checked, || text(checked))?;
    let failed = checked.iter().any(|one| one.finding.severity == Severity::Error);
    Ok(if failed { Ending::Failed } else { Ending::Done })
}

fn text(checked: &[Checked]) -> String {
    if checked.is_empty() {
        return "nothing to complain about".to_owned();
    }
    let rows = checked.iter().map(|one| {
        let severity = match one.finding.severity {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let remedy = one.finding.remedy.as_ref().map(|remedy| format!(" -> {remedy}")).unwrap_or_default();
        vec![one.subject.clone(), severity.to_owned(), format!("{}{remedy}", one.finding.message)]
    });
    table(&["SUBJECT", "SEVERITY", "FINDING"], rows)
}
