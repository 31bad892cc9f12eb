//! `purser connector upgrade`: newer builds that wait or are tried. Also beside a host that serves.

use crate::Ending;
use crate::cli::{Subject, Upgrade};
use crate::home::Home;
use crate::host::{now, open_store};
use crate::output::{Output, table};
use anyhow::bail;
use purser_model::upgrade::{ConnectorUse, Stage};
use purser_store::{StoreError, UseChange};
use serde::Serialize;

/// How often a decision that the host overtook is tried again.
const TRIES: u32 = 20;

#[derive(Serialize)]
struct Decided {
    subject: String,
    what: String,
    now: ConnectorUse,
}

/// Runs the command.
pub async fn run(home: &Home, command: &Upgrade, output: &Output) -> anyhow::Result<Ending> {
    match command {
        Upgrade::List => list(home, output).await,
        Upgrade::Advance(subject) => decide(home, subject, output, advance).await,
        Upgrade::Rollback(subject) => decide(home, subject, output, roll_back).await,
    }
}

async fn list(home: &Home, output: &Output) -> anyhow::Result<Ending> {
    let uses = super::list::uses(home).await?;
    output.answer(&uses, || text(&uses))?;
    Ok(Ending::Done)
}

fn advance(used: &mut ConnectorUse) -> anyhow::Result<(UseChange, String)> {
    let build = used.candidate.as_ref().map(|candidate| candidate.build.to_string()).unwrap_or_default();
    Ok(match used.advance()? {
        Stage::Waiting => (UseChange::Approved, format!("{build} is approved and goes its way at the next call")),
        Stage::Shadow => {
            (UseChange::Approved, format!("{build} writes for a share of the accounts from the next call on"))
        }
        Stage::Canary => (UseChange::Taken, format!("{build} takes over at the next call")),
    })
}

fn roll_back(used: &mut ConnectorUse) -> anyhow::Result<(UseChange, String)> {
    let left = used.roll_back()?;
    Ok((UseChange::RolledBack, format!("{left} is left; {} runs from the next call on", used.current)))
}

async fn decide(
    home: &Home,
    subject: &Subject,
    output: &Output,
    decision: fn(&mut ConnectorUse) -> anyhow::Result<(UseChange, String)>,
) -> anyhow::Result<Ending> {
    let store = open_store(home)?;
    let kind = if subject.source { "source" } else { "target" };
    let subject = format!("{kind} {}", subject.name);
    for _ in 0..TRIES {
        let Some(mut used) = store.connector_use(&subject).await? else {
            bail!("{subject} has not run a connector yet; `purser connector upgrade list` shows which have");
        };
        let (change, what) = decision(&mut used)?;
        match store.keep_connector_use(used.clone(), change, &what, now()).await {
            Err(StoreError::Refused { .. }) => {}
            Err(error) => return Err(error.into()),
            Ok(()) => {
                let decided = Decided { subject, what, now: used };
                output.answer(&decided, || format!("{}: {}", decided.subject, decided.what))?;
                return Ok(Ending::Done);
            }
        }
    }
    bail!("{subject}: it is being changed all the time; try again")
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
