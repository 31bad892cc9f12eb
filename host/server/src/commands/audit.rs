//! `purser audit`: who changed what, and whether the log of it is whole.

use crate::Ending;
use crate::cli::{Audit, AuditList, AuditVerify};
use crate::commands::since::find_identity;
use crate::home::Home;
use crate::host::{audit_key, now, open_to_read};
use crate::output::{Output, table};
use crate::remote::{self, Remote};
use purser_model::audit::{Anchor, AuditHead, AuditKey, AuditRow, Break, ChainCheck, ShownRow, hexadecimal};
use purser_reconcile::Progress;
use purser_store::{AuditFilter, AuditOrder, AuditPage, Store};
use serde_json::{Value, json};

/// Rows read at a time.
const PAGE: u32 = 1_000;
/// The API gives no more at once.
const MOST_AT_ONCE: usize = 500;

/// Runs the command.
pub async fn run(home: Home, arguments: &Audit, output: &Output) -> anyhow::Result<Ending> {
    let store = open_to_read(&home)?;
    match arguments {
        Audit::List(arguments) => list(store.as_ref(), arguments, output).await,
        Audit::Verify(arguments) => verify(store.as_ref(), &home, arguments, output).await,
    }
}

async fn list(store: &dyn Store, arguments: &AuditList, output: &Output) -> anyhow::Result<Ending> {
    let identity = match &arguments.identity {
        Some(reference) => Some(find_identity(store, reference).await?),
        None => None,
    };
    let filter = AuditFilter {
        identity,
        target: arguments.target.clone(),
        operation: arguments.operation,
        action: arguments.action.clone(),
        actor: arguments.actor.clone(),
        since: arguments.since.map(|since| since.before(now())).transpose()?,
        ..AuditFilter::default()
    };
    let page = AuditPage { after: arguments.before, limit: arguments.limit, order: AuditOrder::NewestFirst };
    let mut rows = store.audit(filter, page).await?;
    rows.reverse();
    show(&rows.iter().map(AuditRow::shown).collect::<Vec<_>>(), arguments, output)
}

/// The same at a host that serves.
pub async fn ask(remote: &Remote, arguments: &AuditList, output: &Output) -> anyhow::Result<Ending> {
    let mut query = Vec::new();
    if let Some(named) = &arguments.identity {
        query.push(("identity", remote::find_identity(remote, named).await?.id.to_string()));
    }
    query.extend(arguments.target.as_ref().map(|target| ("target", target.to_string())));
    query.extend(arguments.operation.map(|operation| ("operation", operation.to_string())));
    query.extend(arguments.action.clone().map(|action| ("action", action)));
    query.extend(arguments.actor.clone().map(|actor| ("actor", actor)));
    let since = arguments.since.map(|since| since.before(now())).transpose()?;
    query.extend(since.map(|since| ("since", since.to_string())));
    let mut rows: Vec<ShownRow> = Vec::new();
    let mut before = arguments.before;
    while rows.len() < arguments.limit as usize {
        let most = (arguments.limit as usize - rows.len()).min(MOST_AT_ONCE);
        let mut page = query.clone();
        page.push(("limit", most.to_string()));
        page.extend(before.map(|before| ("after", before.to_string())));
        let found: Vec<ShownRow> = remote.whole("/v1/audit", &page).await?;
        let Some(last) = found.last() else { break };
        before = Some(last.sequence);
        let all = found.len() < most;
        rows.extend(found);
        if all {
            break;
        }
    }
    rows.reverse();
    show(&rows, arguments, output)
}

fn show(rows: &[ShownRow], arguments: &AuditList, output: &Output) -> anyhow::Result<Ending> {
    if output.is_json() {
        for row in rows {
            println!("{}", serde_json::to_value(row)?);
        }
        return Ok(Ending::Done);
    }
    println!("{}", text(rows));
    if rows.len() == arguments.limit as usize
        && let Some(first) = rows.first()
    {
        println!("\nOlder rows: --before {}", first.sequence);
    }
    Ok(Ending::Done)
}

fn text(rows: &[ShownRow]) -> String {
    if rows.is_empty() {
        return "Nothing is in the audit log that fits.".to_owned();
    }
    let rows = rows.iter().map(|row| {
        let at = row.at.map_or_else(|| "no time".to_owned(), |at| format!("{at:.0}"));
        let by = match &row.activity {
            Some(activity) => format!("{} ({activity})", row.actor),
            None => row.actor.clone(),
        };
        let about = format!("{} {}", row.subject_kind, row.subject);
        vec![row.sequence.to_string(), at, by, row.action.clone(), about, changes(&row.details).join("\n")]
    });
    table(&["ROW", "AT", "BY", "WHAT", "ABOUT", "CHANGE"], rows)
}

/// The old and new values of a row, one line each, and what else it says.
pub fn changes(details: &Value) -> Vec<String> {
    let Some(details) = details.as_object() else { return Vec::new() };
    let mut lines = Vec::new();
    for (name, value) in details {
        match (value.get("old"), value.get("new"), value) {
            (Some(old), Some(new), _) => lines.push(format!("{name}: {} -> {}", shown(old), shown(new))),
            (_, _, Value::Object(inner)) => {
                for (name, value) in inner {
                    match (value.get("old"), value.get("new")) {
                        (Some(old), Some(new)) => lines.push(format!("{name}: {} -> {}", shown(old), shown(new))),
                        _ => lines.push(format!("{name}: {}", shown(value))),
                    }
                }
            }
            (_, _, Value::Null) => {}
            _ => lines.push(format!("{name}: {}", shown(value))),
        }
    }
    lines
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) => text.escape_debug().to_string(),
        other => other.to_string(),
    }
}

async fn verify(store: &dyn Store, home: &Home, arguments: &AuditVerify, output: &Output) -> anyhow::Result<Ending> {
    let key = audit_key(home)?;
    let progress = output.progress();
    let Checked { rows, head, broken } = check(store, key.as_ref(), arguments.expect.as_ref(), &progress).await?;
    drop(progress);
    let broken = match (broken, key.is_some()) {
        (None, false) => {
            let reason =
                format!("{} is not there, so the head of the log cannot be checked", home.audit_key().display());
            Some(Break { sequence: rows, reason })
        }
        (broken, _) => broken,
    };
    let anchor = head.as_ref().map(AuditHead::anchor);
    let answer = json!({
        "whole": broken.is_none(),
        "rows": rows,
        "head": anchor,
        "broken": broken.as_ref().map(|broken| json!({"sequence": broken.sequence, "reason": broken.reason})),
    });
    output.answer(&answer, || match &broken {
        None => format!(
            "The audit log is whole: {rows} rows.\nKeep its head elsewhere, and give it back with `--expect`: {}",
            anchor.unwrap_or_default()
        ),
        Some(broken) => format!("The audit log is broken at row {}: {}", broken.sequence, broken.reason),
    })?;
    Ok(if broken.is_none() { Ending::Done } else { Ending::Failed })
}

/// A log that was walked to its end.
pub struct Checked {
    /// How many rows hold together.
    pub rows: i64,
    /// Its signed end.
    pub head: Option<AuditHead>,
    /// Where it does not hold together.
    pub broken: Option<Break>,
}

/// Walks the whole log of a store. Without a key the signature of its end is not checked.
pub async fn check(
    store: &dyn Store,
    key: Option<&AuditKey>,
    expected: Option<&Anchor>,
    progress: &dyn Progress,
) -> anyhow::Result<Checked> {
    // Read first: what is added meanwhile follows it.
    let head = store.audit_head().await?;
    let walked = walk(store, head.as_ref(), expected, progress).await?;
    let (rows, broken) = match (walked, &head) {
        (Err(broken), _) => (broken.sequence.saturating_sub(1), Some(broken)),
        (Ok(at_head), Some(head)) => (at_head.sequence(), at_head.end(head, key).err()),
        (Ok(_), None) => {
            let reason = "the log is empty and has no head, although a host has worked here".to_owned();
            (0, Some(Break { sequence: 1, reason }))
        }
    };
    Ok(Checked { rows, head, broken })
}

/// Walks the whole chain, a page at a time; the state of the check at the head.
async fn walk(
    store: &dyn Store,
    head: Option<&AuditHead>,
    mut expected: Option<&Anchor>,
    progress: &dyn Progress,
) -> anyhow::Result<Result<ChainCheck, Break>> {
    let mut check = ChainCheck::default();
    let mut at_head = None;
    let mut page = AuditPage { after: None, limit: PAGE, order: AuditOrder::OldestFirst };
    loop {
        let rows = store.audit(AuditFilter::default(), page).await?;
        let Some(last) = rows.last() else { break };
        page.after = Some(last.sequence);
        for row in &rows {
            if let Err(broken) = check.next(row) {
                return Ok(Err(broken));
            }
            if let Some(anchor) = expected.take_if(|anchor| anchor.sequence == row.sequence)
                && anchor.hash != hexadecimal(&row.hash)
            {
                let reason = format!("its hash is not the expected {}", anchor.hash);
                return Ok(Err(Break { sequence: row.sequence, reason }));
            }
            if head.is_some_and(|head| head.sequence == row.sequence) {
                at_head = Some(check.clone());
            }
        }
        progress.advance("rows checked", rows.len() as u64);
    }
    if let Some(anchor) = expected {
        let reason = format!("this row is expected, and the log ends with row {}", check.sequence());
        return Ok(Err(Break { sequence: anchor.sequence, reason }));
    }
    Ok(Ok(at_head.unwrap_or(check)))
}

#[cfg(test)]
mod tests {
    use super::changes;
    use serde_json::json;

    #[test]
    fn a_change_reads_as_from_to() {
        let details = json!({
            "active": {"old": true, "new": null},
            "attributes": {"mail": {"old": "a@x", "new": "b\n@x"}},
            "detail": null,
            "reason": "the mapping changed",
        });
        let lines = ["active: true -> (none)", "mail: a@x -> b\\n@x", "reason: the mapping changed"];
        assert_eq!(changes(&details), lines);
    }
}
