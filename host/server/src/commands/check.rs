//! `purser check`: declarations, connectors and connections.

use crate::Ending;
use crate::home::Home;
use crate::host::{Host, now};
use crate::output::{Output, table};
use crate::sessions::OpenSessions;
use purser_connector::Fault;
use purser_model::manifest::{CheckLevel, Finding, Severity};
use purser_reconcile::Sessions;
use purser_webhook::Webhooks;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct Checked {
    subject: String,
    #[serde(flatten)]
    finding: Finding,
}

/// Runs the command.
pub async fn run(home: Home, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    let sessions = OpenSessions::new(host.engine.rules().clone(), host.registry.clone(), host.secrets.clone());
    let mut checked = Vec::new();
    for (path, loaded) in host.registry.all().await? {
        if let Err(reason) = loaded {
            checked.push(Checked { subject: path.display().to_string(), finding: refused(reason) });
        }
    }
    let configuration = host.engine.rules().configuration();
    for name in configuration.sources.keys() {
        let session = sessions.source(name).await;
        let findings = match session {
            Ok(session) => session.check(CheckLevel::Permissions).await,
            Err(fault) => Err(fault),
        };
        push(&mut checked, &format!("source {name}"), findings);
    }
    for name in configuration.targets.keys() {
        let findings = match sessions.target(name).await {
            Ok(session) => session.check(CheckLevel::Permissions).await,
            Err(fault) => Err(fault),
        };
        push(&mut checked, &format!("target {name}"), findings);
    }
    let webhooks =
        Webhooks::new(host.store.clone(), configuration.webhooks.clone(), Arc::new(host.secrets.clone()), now);
    for name in webhooks.names() {
        if let Some(trouble) = webhooks.trouble(name).await? {
            checked.push(Checked { subject: format!("webhook {name}"), finding: unusable(trouble.to_string()) });
        }
    }
    output.answer(&checked, || text(&checked))?;
    let failed = checked.iter().any(|one| one.finding.severity == Severity::Error);
    Ok(if failed { Ending::Failed } else { Ending::Done })
}

fn refused(reason: String) -> Finding {
    Finding { severity: Severity::Error, code: "refused-file".into(), message: reason, remedy: None }
}

fn unusable(message: String) -> Finding {
    Finding { severity: Severity::Error, code: "unusable".into(), message, remedy: None }
}

fn push(checked: &mut Vec<Checked>, subject: &str, findings: Result<Vec<Finding>, Fault>) {
    let findings = findings.unwrap_or_else(|fault| vec![unusable(fault.to_string())]);
    checked.extend(findings.into_iter().map(|finding| Checked { subject: subject.to_owned(), finding }));
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
