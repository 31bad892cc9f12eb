//! `purser log`: the provisioning log, from what was asked for to what became of it.

use crate::Ending;
use crate::cli::Log;
use crate::commands::audit::changes;
use crate::commands::since::find_identity;
use crate::home::Home;
use crate::host::{now, open_to_read};
use crate::output::Output;
use jiff::{SignedDuration, Timestamp};
use purser_model::audit::AuditRow;
use purser_store::{LogEntry, LogFilter, LogPage, Store};
use serde_json::{Value, json};
use std::time::Duration;

const PAGE: u32 = 200;
const LOOK_AGAIN: Duration = Duration::from_millis(500);

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
    let mut page = LogPage { after: None, limit: PAGE };
    loop {
        let shown = show(store.as_ref(), &filter, &mut page, arguments.follow, output).await?;
        if !arguments.follow && !shown {
            return Ok(Ending::Done);
        }
        if !shown {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// Shows the next page; whether there was anything. Who follows sees an operation once it has ended.
async fn show(
    store: &dyn Store,
    filter: &LogFilter,
    page: &mut LogPage,
    only_ended: bool,
    output: &Output,
) -> anyhow::Result<bool> {
    let mut shown = false;
    for entry in store.provisioning_log(filter.clone(), *page).await? {
        if only_ended && !entry.operation.state.is_final() {
            break;
        }
        (page.after, shown) = (Some(entry.number), true);
        match output.is_json() {
            true => println!("{}", for_machines(&entry)),
            false => println!("{}\n", text(&entry)),
        }
    }
    Ok(shown)
}

fn took(entry: &LogEntry) -> Option<SignedDuration> {
    Some(entry.effect_at?.duration_since(entry.requested_at))
}

/// The rows about the operation itself, without those of its account.
fn steps(entry: &LogEntry) -> impl DoubleEndedIterator<Item = &AuditRow> {
    entry.rows.iter().filter(|row| row.subject_kind == "operation")
}

/// The values that were asked for, or, once it took effect, that were changed.
fn values(entry: &LogEntry) -> Value {
    let ended = steps(entry).rfind(|row| matches!(row.action.as_str(), "operation-applied" | "operation-already-so"));
    let mut details = ended.or_else(|| steps(entry).next()).map_or(json!({}), AuditRow::details);
    if let Some(details) = details.as_object_mut() {
        details.retain(|name, _| ["attributes", "active", "entitlement", "held"].contains(&name.as_str()));
    }
    details
}

fn for_machines(entry: &LogEntry) -> Value {
    let operation = &entry.operation;
    let attempts = steps(entry).map(|row| {
        json!({
            "at": Timestamp::from_microsecond(row.at).ok(),
            "what": row.action,
            "by": row.actor,
            "connector": row.connector,
            "detail": row.details()["detail"],
        })
    });
    json!({
        "operation": operation.id,
        "kind": operation.intent.name(),
        "identity": entry.identity,
        "target": operation.target,
        "plan": operation.plan,
        "reason": steps(entry).next().map(|row| row.details()["reason"].clone()),
        "requested_at": entry.requested_at,
        "planned_at": operation.created_at,
        "effect_at": entry.effect_at,
        "milliseconds": took(entry).map(|took| took.as_millis()),
        "state": operation.state,
        "attempts": operation.attempts,
        "values": values(entry),
        "steps": attempts.collect::<Vec<_>>(),
    })
}

fn text(entry: &LogEntry) -> String {
    let operation = &entry.operation;
    let whom = entry.identity.as_deref().unwrap_or("nobody");
    let mut lines = vec![format!(
        "{:.3}  {} for {whom} in {}: {}",
        entry.requested_at,
        operation.intent.name(),
        operation.target,
        operation.state
    )];
    lines.extend(changes(&values(entry)).into_iter().map(|change| format!("    {change}")));
    for row in steps(entry) {
        let at = Timestamp::from_microsecond(row.at).unwrap_or_default();
        let what = row.action.trim_start_matches("operation-");
        let details = row.details();
        let said = ["detail", "reason"].into_iter().find_map(|name| details[name].as_str());
        let said = said.map(|said| format!(": {}", said.escape_debug())).unwrap_or_default();
        lines.push(format!("    {at:.3} {what}{said}"));
    }
    let took = took(entry).map(|took| format!(", {took:#} from request to effect")).unwrap_or_default();
    lines.push(format!("    operation {}, sent {} x{took}", operation.id, operation.attempts));
    lines.join("\n")
}
