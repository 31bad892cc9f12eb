//! `purser audit`: who changed what, and whether the log of it is whole.

use crate::Ending;
use crate::cli::{Audit, AuditList, AuditVerify};
use crate::commands::since::find_identity;
use crate::home::Home;
use crate::host::{audit_key, now, open_to_read};
use crate::output::{Output, table};
use crate::remote::{self, Remote};
use purser_model::audit::{Anchor, AuditHead, AuditKey, AuditRow, Break, ChainCheck, ShownRow};
use purser_reconcile::{AuditPiece, Progress, check_audit};
use purser_store::{AuditFilter, AuditOrder, AuditPage, Store};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Rows looked at before it is said how far it is.
const PIECE: u32 = 2_000;
const ROWS_CHECKED: &str = "rows checked";
/// The API gives no more at once.
const MOST_AT_ONCE: usize = 500;

/// Whether the log holds together.
#[derive(Serialize)]
struct Verified {
    whole: bool,
    /// Rows that do.
    rows: i64,
    head: Option<String>,
    broken: Option<Broken>,
}

/// A piece of it, as a host answers.
#[derive(Deserialize)]
struct VerifiedPiece {
    rows: i64,
    head: Option<String>,
    broken: Option<Broken>,
    next: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Broken {
    sequence: i64,
    reason: String,
}

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
pub async fn ask(remote: &Remote, arguments: &Audit, output: &Output) -> anyhow::Result<Ending> {
    match arguments {
        Audit::List(arguments) => ask_for_list(remote, arguments, output).await,
        Audit::Verify(arguments) => ask_to_verify(remote, arguments, output).await,
    }
}

async fn ask_for_list(remote: &Remote, arguments: &AuditList, output: &Output) -> anyhow::Result<Ending> {
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
    let broken = broken.map(|broken| Broken { sequence: broken.sequence, reason: broken.reason });
    let head = head.as_ref().map(AuditHead::anchor);
    show_verified(&Verified { whole: broken.is_none(), rows, head, broken }, output)
}

async fn ask_to_verify(remote: &Remote, arguments: &AuditVerify, output: &Output) -> anyhow::Result<Ending> {
    let progress = output.progress();
    let mut query = vec![("limit", PIECE.to_string())];
    query.extend(arguments.expect.as_ref().map(|expect| ("expect", expect.to_string())));
    let mut shown = 0;
    let piece = loop {
        let piece: VerifiedPiece = remote.get("/v1/audit/verification", &query).await?;
        progress.advance(ROWS_CHECKED, piece.rows.saturating_sub(shown).unsigned_abs());
        shown = piece.rows;
        let Some(next) = piece.next else { break piece };
        query.retain(|(name, _)| *name != "after");
        query.push(("after", next));
    };
    drop(progress);
    let VerifiedPiece { rows, head, broken, .. } = piece;
    show_verified(&Verified { whole: broken.is_none(), rows, head, broken }, output)
}

fn show_verified(answer: &Verified, output: &Output) -> anyhow::Result<Ending> {
    output.answer(answer, || match &answer.broken {
        None => format!(
            "The audit log is whole: {} rows.\nKeep its head elsewhere, and give it back with `--expect`: {}",
            answer.rows,
            answer.head.as_deref().unwrap_or_default()
        ),
        Some(broken) => format!("The audit log is broken at row {}: {}", broken.sequence, broken.reason),
    })?;
    Ok(if answer.whole { Ending::Done } else { Ending::Failed })
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
    let mut after = ChainCheck::default();
    loop {
        let before = after.sequence();
        let AuditPiece { rows, head, broken, next } = check_audit(store, key, after, expected, PIECE).await?;
        progress.advance(ROWS_CHECKED, rows.saturating_sub(before).unsigned_abs());
        let Some(next) = next else { return Ok(Checked { rows, head, broken }) };
        after = next;
    }
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
