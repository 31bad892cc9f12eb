//! The provisioning log: operations with what the audit log tells of them.

use crate::audit;
use crate::failure::Result;
use crate::rows::{self, Key, OPERATION, collect, micros, time};
use jiff::Timestamp;
use purser_model::audit::AuditRow;
use purser_model::operation::Operation;
use purser_store::{AuditFilter, AuditOrder, AuditPage, LogEntry, LogFilter, LogPage};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};

/// Most rows of one operation: one that is tried for days has many, and they say the same.
const MOST_ROWS: u32 = 200;

pub(crate) fn list(connection: &Connection, filter: &LogFilter, page: &LogPage) -> Result<Vec<LogEntry>> {
    let mut sql = format!("SELECT {OPERATION}, number FROM operation WHERE number > ?");
    let mut values: Vec<Value> = vec![page.after.unwrap_or(0).into()];
    let conditions = [
        ("identity =", filter.identity.map(|id| Value::Blob(id.0.as_bytes().to_vec()))),
        ("target =", filter.target.as_ref().map(|target| target.to_string().into())),
        ("id =", filter.operation.map(|id| Value::Blob(id.0.as_bytes().to_vec()))),
        ("created_at >=", filter.since.map(|since| micros(since).into())),
    ];
    for (condition, value) in conditions {
        if let Some(value) = value {
            sql.push_str(&format!(" AND {condition} ?"));
            values.push(value);
        }
    }
    sql.push_str(" ORDER BY number LIMIT ?");
    values.push(i64::from(page.limit).into());
    let mut query = connection.prepare_cached(&sql)?;
    let operations = collect(query.query(rusqlite::params_from_iter(values))?, |row| {
        Ok((rows::operation(row)?, row.get::<_, i64>("number")?))
    })?;
    operations.into_iter().map(|(operation, number)| entry(connection, operation, number)).collect()
}

fn entry(connection: &Connection, operation: Operation, number: i64) -> Result<LogEntry> {
    let rows = told(connection, &operation)?;
    let took_effect = |row: &&AuditRow| matches!(row.action.as_str(), "operation-applied" | "operation-already-so");
    Ok(LogEntry {
        number,
        identity: reference(connection, &operation)?,
        requested_at: requested_at(connection, &operation)?,
        effect_at: rows.iter().find(took_effect).map(|row| time(row.at)).transpose()?,
        rows,
        operation,
    })
}

fn told(connection: &Connection, operation: &Operation) -> Result<Vec<AuditRow>> {
    let filter = AuditFilter { operation: Some(operation.id), ..AuditFilter::default() };
    let page = |order, limit| AuditPage { after: None, limit, order };
    let mut rows = audit::list(connection, &filter, &page(AuditOrder::OldestFirst, MOST_ROWS))?;
    if rows.len() == MOST_ROWS as usize {
        let last = audit::list(connection, &filter, &page(AuditOrder::NewestFirst, 1))?;
        let known = rows.last().map(|row| row.sequence);
        rows.extend(last.into_iter().filter(|row| Some(row.sequence) > known));
    }
    Ok(rows)
}

fn reference(connection: &Connection, operation: &Operation) -> Result<Option<String>> {
    let found = connection
        .prepare_cached("SELECT source || '/' || key FROM identity WHERE id = ?1")?
        .query_row([operation.identity.map(Key::from)], |row| row.get(0))
        .optional()?;
    Ok(found)
}

/// The last change of the identity before the operation was planned, where the operation is the first answer to it in its
/// target; else when it was planned, since something else led to it.
fn requested_at(connection: &Connection, operation: &Operation) -> Result<Timestamp> {
    let Some(identity) = operation.identity else { return Ok(operation.created_at) };
    let planned = micros(operation.created_at);
    let accepted: Option<i64> = connection
        .prepare_cached(
            "SELECT at FROM audit WHERE identity = ?1 AND action = 'identity-changed' AND at <= ?2 \
             ORDER BY sequence DESC LIMIT 1",
        )?
        .query_row((identity.to_string(), planned), |row| row.get(0))
        .optional()?;
    let Some(accepted) = accepted else { return Ok(operation.created_at) };
    let answered = connection
        .prepare_cached(
            "SELECT 1 FROM operation WHERE identity = ?1 AND target = ?2 AND created_at >= ?3 AND created_at < ?4 \
             AND state <> 'superseded'",
        )?
        .exists((Key::from(identity), operation.target.as_str(), accepted, planned))?;
    Ok(if answered { operation.created_at } else { time(accepted)? })
}
