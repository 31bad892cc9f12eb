//! The REST API: what each path answers.

use super::org::{DAILY, Org, text};
use super::refusal::Refusal;
use super::{collections, ids, moment, query, rules, schema, soql};
use chrono::{Duration, Utc};
use serde_json::{Map, Value, json};

/// A request, also one inside of another.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: Value,
}

impl Call {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The body's members.
    pub(super) fn members(&self) -> Result<&Map<String, Value>, Refusal> {
        self.body.as_object().ok_or_else(|| Refusal::bad("JSON_PARSER_ERROR", "The HTTP entity body is required"))
    }
}

/// An answer: its status and body; null is none.
pub(super) type Answered = Result<(u16, Value), Refusal>;

/// Answers a request with a valid session.
///
/// # Errors
/// As the API refuses it.
pub(super) fn answer(org: &mut Org, call: &Call) -> Answered {
    let trimmed = call.path.trim_matches('/');
    let mut parts: Vec<&str> = trimmed.split('/').collect();
    if parts.len() < 3 || parts[0] != "services" || parts[1] != "data" {
        return Err(not_found());
    }
    let rest = parts.split_off(3);
    match (call.method.as_str(), rest.as_slice()) {
        ("GET", []) => Ok((200, json!({"sobjects": "/services/data/v62.0/sobjects"}))),
        ("GET", ["limits"]) => Ok((200, json!({"DailyApiRequests": {"Max": DAILY, "Remaining": org.requests_left}}))),
        ("GET", ["query" | "queryAll"]) => run_query(org, call.field("q").unwrap_or_default()),
        ("GET", ["query" | "queryAll", locator]) => next_page(org, locator),
        (_, ["composite", more @ ..]) => collections::answer(org, call, more),
        ("GET", ["sobjects", object, "describe"]) => Ok((200, schema::describe(schema::object_name(object)?))),
        ("GET", ["sobjects", object, "updated"]) => updated(org, call, schema::object_name(object)?),
        ("GET", ["sobjects", object, "deleted"]) => deleted(org, call, schema::object_name(object)?),
        ("POST", ["sobjects", object]) => {
            let id = rules::create(org, schema::object_name(object)?, call.members()?)?;
            Ok((201, json!({"id": id, "success": true, "errors": []})))
        }
        (method, ["sobjects", "User", id, "password"]) => password(org, method, id, call),
        ("GET", ["sobjects", object, id]) => read(org, call, schema::object_name(object)?, id),
        ("PATCH", ["sobjects", object, id]) => {
            rules::update(org, schema::object_name(object)?, id, call.members()?).map(|()| (204, Value::Null))
        }
        ("DELETE", ["sobjects", object, id]) => {
            rules::delete(org, schema::object_name(object)?, id).map(|()| (204, Value::Null))
        }
        _ => Err(not_found()),
    }
}

fn not_found() -> Refusal {
    Refusal::new(404, "NOT_FOUND", "The requested resource does not exist")
}

/// Keeps records that do not fit the vendor's description in mind.
pub(super) fn judge(org: &mut Org, records: &[Value]) {
    let wrong = records.iter().filter_map(|record| {
        let object = record["attributes"]["type"].as_str()?;
        Some(schema::violations(object, record.as_object()?))
    });
    let wrong: Vec<String> = wrong.flatten().collect();
    org.violations.extend(wrong);
}

fn run_query(org: &mut Org, text: &str) -> Answered {
    if text.len() > 100_000 {
        return Err(Refusal::bad("QUERY_TOO_COMPLICATED", "the query is too long"));
    }
    let query = soql::read(text)?;
    let records = query::records(org, &query)?;
    judge(org, &records);
    let total = records.len();
    if query.counts {
        return Ok((200, json!({"totalSize": total, "done": true, "records": []})));
    }
    let number = org.next_number();
    page(org, &format!("01gAx{number:010}AAA"), total, records, 0)
}

fn page(org: &mut Org, locator: &str, total: usize, mut records: Vec<Value>, before: usize) -> Answered {
    let rest = records.split_off(records.len().min(org.page));
    let mut body = json!({"totalSize": total, "done": rest.is_empty(), "records": records});
    if !rest.is_empty() {
        let shown = before + org.page;
        body["nextRecordsUrl"] = format!("/services/data/v62.0/query/{locator}-{shown}").into();
        org.locators.insert(format!("{locator}-{shown}"), (locator.to_owned(), rest, total));
    }
    Ok((200, body))
}

fn next_page(org: &mut Org, locator: &str) -> Answered {
    let Some((name, records, total)) = org.locators.remove(locator) else {
        return Err(Refusal::bad("INVALID_QUERY_LOCATOR", "invalid query locator"));
    };
    let before = total - records.len();
    page(org, &name, total, records, before)
}

fn read(org: &mut Org, call: &Call, object: &str, id: &str) -> Answered {
    let Some(row) = org.row(object, id).cloned() else { return Err(not_found()) };
    let named = call.field("fields").map(|fields| fields.split(',').map(|field| field.trim().to_owned()).collect());
    let fields: Vec<String> = named.unwrap_or_else(|| row.keys().cloned().collect());
    let record = query::project(org, object, &row, &fields)?;
    judge(org, std::slice::from_ref(&record));
    Ok((200, record))
}

fn password(org: &mut Org, method: &str, id: &str, call: &Call) -> Answered {
    let Some(row) = org.row("User", id) else { return Err(not_found()) };
    let id = text(row, "Id").to_owned();
    let active = row["IsActive"] == true;
    match method {
        "GET" => Ok((200, json!({"isExpired": false}))),
        "POST" => {
            let new = call.members()?.get("NewPassword").and_then(Value::as_str).unwrap_or_default().to_owned();
            if !active {
                return Err(Refusal::bad("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "the user is inactive"));
            }
            if new.chars().count() < 8 || org.passwords.get(&id) == Some(&new) {
                return Err(Refusal::bad(
                    "INVALID_NEW_PASSWORD",
                    "Your password must be at least 8 characters long and new",
                ));
            }
            org.passwords.insert(id, new);
            Ok((204, Value::Null))
        }
        _ => Err(not_found()),
    }
}

/// `start` and `end` of a request for changes, within so many days.
fn window(call: &Call, days: i64) -> Result<(chrono::DateTime<Utc>, chrono::DateTime<Utc>), Refusal> {
    let time = |name| {
        let given = call.field(name).unwrap_or_default().replace(' ', "+");
        moment::parse(&given).ok_or_else(|| Refusal::bad("INVALID_REPLICATION_DATE", format!("{name} is no date")))
    };
    let (start, end) = (time("start")?, time("end")?);
    if start < Utc::now() - Duration::days(days) || end - start < Duration::minutes(1) {
        return Err(Refusal::bad("INVALID_REPLICATION_DATE", "the window is too old or too short"));
    }
    Ok((start, end))
}

fn updated(org: &Org, call: &Call, object: &str) -> Answered {
    let (start, end) = window(call, 30)?;
    let rows = org.rows(object).filter(|row| {
        moment::parse(text(row, "SystemModstamp")).is_some_and(|changed| start <= changed && changed < end)
    });
    let ids: Vec<&str> = rows.map(|row| text(row, "Id")).collect();
    Ok((200, json!({"ids": ids, "latestDateCovered": moment::write(end.min(Utc::now()))})))
}

fn deleted(org: &Org, call: &Call, object: &str) -> Answered {
    if object == "PermissionSetAssignment" {
        return Err(Refusal::bad("INVALID_TYPE", "PermissionSetAssignment is not replicateable"));
    }
    let (start, end) = window(call, 15)?;
    let gone = org.deleted.iter().filter(|(of, _, at)| of == object && start <= *at && *at < end);
    let gone: Vec<Value> =
        gone.map(|(_, id, at)| json!({"id": ids::widen(id), "deletedDate": moment::write(*at)})).collect();
    let covered = moment::write(end.min(Utc::now()));
    let earliest = moment::write(Utc::now() - Duration::days(15));
    Ok((200, json!({"deletedRecords": gone, "earliestDateAvailable": earliest, "latestDateCovered": covered})))
}
