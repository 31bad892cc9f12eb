//! `purser quarantine`: what is out of service, why and until when.

use crate::Ending;
use crate::cli::{Quarantine, QuarantineRelease};
use crate::home::Home;
use crate::host::{Host, now};
use crate::output::{Output, table};
use crate::remote::Remote;
use purser_model::quarantine::{QuarantinedOperation, QuarantinedTarget};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// More at a time helps nobody.
const MOST: u32 = 10_000;

#[derive(Serialize, Deserialize)]
struct Answer {
    targets: Vec<QuarantinedTarget>,
    operations: Vec<QuarantinedOperation>,
}

#[derive(Serialize)]
struct Released {
    targets: usize,
    operations: usize,
}

/// Runs the command.
pub async fn run(home: Home, arguments: &Quarantine, output: &Output) -> anyhow::Result<Ending> {
    let host = Host::open(&home).await?;
    match arguments {
        Quarantine::List => {
            let answer = read(&host).await?;
            output.answer(&answer, || text(&answer))?;
        }
        Quarantine::Release(release) => {
            show_released(&let_go_on(&host, release).await?, output)?;
        }
    }
    Ok(Ending::Done)
}

fn show_released(released: &Released, output: &Output) -> anyhow::Result<()> {
    output.answer(released, || {
        format!("{} targets and {} operations are tried again at once", released.targets, released.operations)
    })
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &Quarantine, output: &Output) -> anyhow::Result<Ending> {
    let answer: Answer = match arguments {
        Quarantine::Release(release) if !release.all => Answer { targets: Vec::new(), operations: Vec::new() },
        _ => remote.get("/v1/quarantine", &[]).await?,
    };
    let Quarantine::Release(release) = arguments else {
        output.answer(&answer, || text(&answer))?;
        return Ok(Ending::Done);
    };
    let (mut targets, mut operations) = (release.target.clone(), release.operation.clone());
    targets.extend(answer.targets.into_iter().map(|one| one.target));
    operations.extend(answer.operations.into_iter().map(|one| one.operation));
    for target in &targets {
        remote.post::<Value>(&format!("/v1/targets/{target}/release"), &json!({})).await?;
    }
    for operation in &operations {
        remote.post::<Value>(&format!("/v1/operations/{operation}/retry"), &json!({})).await?;
    }
    show_released(&Released { targets: targets.len(), operations: operations.len() }, output)?;
    Ok(Ending::Done)
}

async fn read(host: &Host) -> anyhow::Result<Answer> {
    Ok(Answer { targets: host.store.resting().await?, operations: host.store.quarantined(MOST).await? })
}

async fn let_go_on(host: &Host, release: &QuarantineRelease) -> anyhow::Result<Released> {
    let (mut targets, mut operations) = (release.target.clone(), release.operation.clone());
    if release.all {
        let all = read(host).await?;
        targets = all.targets.into_iter().map(|one| one.target).collect();
        operations = all.operations.into_iter().map(|one| one.operation).collect();
    }
    for target in &targets {
        host.engine.release_target(target).await?;
    }
    for operation in &operations {
        host.store.release(*operation, now()).await?;
    }
    Ok(Released { targets: targets.len(), operations: operations.len() })
}

fn text(answer: &Answer) -> String {
    if answer.targets.is_empty() && answer.operations.is_empty() {
        return "nothing is quarantined".to_owned();
    }
    let targets = answer.targets.iter().filter_map(|one| {
        let rest = one.breaker.rest.as_ref()?;
        let times = [rest.since, rest.next_try].map(|time| format!("{time:.0}"));
        Some([vec![one.target.to_string(), rest.cause.to_string()], times.to_vec(), vec![rest.reason.clone()]].concat())
    });
    let operations = answer.operations.iter().map(|one| {
        vec![
            one.operation.to_string(),
            format!("{} in {}", one.kind, one.target),
            one.attempts.to_string(),
            format!("{:.0}", one.next_try),
            one.reason.clone().unwrap_or_default(),
        ]
    });
    format!(
        "{}\n\n{}",
        table(&["TARGET", "CAUSE", "SINCE", "NEXT TRY", "WHY"], targets),
        table(&["OPERATION", "WHAT", "TRIES", "NEXT TRY", "WHY"], operations)
    )
}
