//! `purser log`: the provisioning log, from what was asked for to what became of it.

use crate::Ending;
use crate::cli::Log;
use crate::commands::audit::changes;
use crate::commands::since::find_identity;
use crate::home::Home;
use crate::host::{now, open_to_read};
use crate::output::Output;
use crate::remote::{self, Remote};
use jiff::SignedDuration;
use purser_reconcile::{LoggedOperation, LoggedStep};
use purser_store::{LogFilter, LogPage, Store};
use std::sync::Arc;
use std::time::Duration;

const PAGE: u32 = 200;
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Where the log is read.
enum Read<'a> {
    /// In the home.
    Kept(Arc<dyn Store>, LogFilter),
    /// At a host, with these parameters.
    Told(&'a Remote, Vec<(&'static str, String)>),
}

/// Runs the command.
pub async fn run(home: Home, arguments: &Log, output: &Output) -> anyhow::Result<Ending> {
    let store = open_to_read(&home)?;
    let identity = match &arguments.identity {
        Some(reference) => Some(find_identity(store.as_ref(), reference).await?),
        None => None,
    };
    let filter = LogFilter {
        identity,
        target: arguments.target.clone(),
        operation: arguments.operation,
        since: arguments.since.map(|since| since.before(now())).transpose()?,
    };
    show_all(&Read::Kept(store, filter), arguments, output).await
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &Log, output: &Output) -> anyhow::Result<Ending> {
    let mut query = Vec::new();
    if let Some(named) = &arguments.identity {
        query.push(("identity", remote::find_identity(remote, named).await?.id.to_string()));
    }
    query.extend(arguments.target.as_ref().map(|target| ("target", target.to_string())));
    query.extend(arguments.operation.map(|operation| ("operation", operation.to_string())));
    let since = arguments.since.map(|since| since.before(now())).transpose()?;
    query.extend(since.map(|since| ("since", since.to_string())));
    show_all(&Read::Told(remote, query), arguments, output).await
}

impl Read<'_> {
    /// The operations after this one.
    async fn after(&self, number: i64) -> anyhow::Result<Vec<LoggedOperation>> {
        Ok(match self {
            Self::Kept(store, filter) => {
                let page = LogPage { after: Some(number), limit: PAGE };
                let entries = store.provisioning_log(filter.clone(), page).await?;
                entries.into_iter().map(LoggedOperation::from).collect()
            }
            Self::Told(remote, query) => {
                let page = [("after", number.to_string()), ("limit", PAGE.to_string())];
                remote.whole("/v1/log", &[query.as_slice(), &page].concat()).await?
            }
        })
    }
}

async fn show_all(read: &Read<'_>, arguments: &Log, output: &Output) -> anyhow::Result<Ending> {
    let mut last = 0;
    loop {
        let shown = show(&read.after(last).await?, arguments.follow, output);
        match shown {
            Some(number) => last = number,
            None if arguments.follow => tokio::time::sleep(LOOK_AGAIN).await,
            None => return Ok(Ending::Done),
        }
    }
}

/// Shows operations, and says the number of the last one. Who follows sees an operation once it has ended.
fn show(operations: &[LoggedOperation], only_ended: bool, output: &Output) -> Option<i64> {
    let mut last = None;
    for one in operations.iter().take_while(|one| !only_ended || one.has_ended()) {
        last = Some(one.number);
        match output.is_json() {
            true => println!("{}", serde_json::to_value(one).unwrap_or_default()),
            false => println!("{}\n", text(one)),
        }
    }
    last
}

fn text(one: &LoggedOperation) -> String {
    let whom = one.identity.as_deref().unwrap_or("nobody");
    let mut lines = vec![format!("{:.3}  {} for {whom} in {}: {}", one.requested_at, one.kind, one.target, one.state)];
    lines.extend(changes(&one.values).into_iter().map(|change| format!("    {change}")));
    lines.extend(one.steps.iter().map(step));
    let took = one.milliseconds.map(SignedDuration::from_millis);
    let took = took.map(|took| format!(", {took:#} from request to effect")).unwrap_or_default();
    lines.push(format!("    operation {}, sent {} x{took}", one.operation, one.attempts));
    lines.join("\n")
}

fn step(step: &LoggedStep) -> String {
    let what = step.what.trim_start_matches("operation-");
    let said = step.detail.as_ref().or(step.reason.as_ref());
    let said = said.map(|said| format!(": {}", said.escape_debug())).unwrap_or_default();
    format!("    {:.3} {what}{said}", step.at.unwrap_or_default())
}
