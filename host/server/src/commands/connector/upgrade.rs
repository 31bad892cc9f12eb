//! `purser connector upgrade`: newer builds that wait or are tried. Also beside a host that serves.

use crate::Ending;
use crate::cli::{Subject, Upgrade};
use crate::home::Home;
use crate::host::{now, open_store};
use crate::output::{Output, table};
use crate::remote::Remote;
use purser_model::upgrade::{ConnectorUse, Stage};
use purser_reconcile::{UpgradeDecided, UpgradeDecision, decide_upgrade};
use serde_json::json;

/// Runs the command.
pub async fn run(home: &Home, command: &Upgrade, output: &Output) -> anyhow::Result<Ending> {
    match command {
        Upgrade::List => list(home, output).await,
        Upgrade::Advance(subject) => decide(home, subject, output, UpgradeDecision::Advance).await,
        Upgrade::Rollback(subject) => decide(home, subject, output, UpgradeDecision::RollBack).await,
    }
}

async fn list(home: &Home, output: &Output) -> anyhow::Result<Ending> {
    let uses = super::list::uses(home).await?;
    output.answer(&uses, || text(&uses))?;
    Ok(Ending::Done)
}

async fn decide(home: &Home, subject: &Subject, output: &Output, decision: UpgradeDecision) -> anyhow::Result<Ending> {
    let store = open_store(home)?;
    let subject = format!("{} {}", kind(subject), subject.name);
    let decided = decide_upgrade(store.as_ref(), &subject, decision, now()).await?;
    show(&decided, output)
}

fn show(decided: &UpgradeDecided, output: &Output) -> anyhow::Result<Ending> {
    output.answer(decided, || format!("{}: {}", decided.subject, decided.what))?;
    Ok(Ending::Done)
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, command: &Upgrade, output: &Output) -> anyhow::Result<Ending> {
    let (subject, decision) = match command {
        Upgrade::List => {
            let uses: Vec<ConnectorUse> = remote.whole("/v1/upgrades", &[]).await?;
            output.answer(&uses, || text(&uses))?;
            return Ok(Ending::Done);
        }
        Upgrade::Advance(subject) => (subject, "advance"),
        Upgrade::Rollback(subject) => (subject, "roll-back"),
    };
    let path = format!("/v1/{}s/{}/upgrade", kind(subject), subject.name);
    show(&remote.post(&path, &json!({"decision": decision})).await?, output)
}

fn kind(subject: &Subject) -> &'static str {
    if subject.source { "source" } else { "target" }
}

fn text(uses: &[ConnectorUse]) -> String {
    if uses.is_empty() {
        return "nothing has run a connector yet".to_owned();
    }
    let rows = uses.iter().map(|used| {
        let former = used.former.as_ref().map(ToString::to_string).unwrap_or_default();
        let candidate = used.candidate.as_ref().map(|candidate| {
            let trial = &candidate.trial;
            let state = match candidate.stage {
                Stage::Waiting => format!("asks for {}", candidate.asks.join(", ")),
                Stage::Shadow => format!("{} objects compared, {} failures", trial.compared, trial.failures),
                Stage::Canary => format!("{} operations, {} failures", trial.operations, trial.failures),
            };
            format!("{} {}: {state}", candidate.stage, candidate.build)
        });
        vec![used.subject.clone(), used.current.to_string(), former, candidate.unwrap_or_default()]
    });
    table(&["SUBJECT", "RUNS", "BEFORE", "NEWER"], rows)
}
