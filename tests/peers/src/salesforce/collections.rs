//! Many records in one request, and many requests in one.

use super::api::{self, Answered, Call, judge};
use super::org::Org;
use super::refusal::Refusal;
use super::{ids, query, rules, schema};
use serde_json::{Map, Value, json};

const MOST_RECORDS: usize = 200;
const MOST_REQUESTS: usize = 25;

/// Answers what lies below `composite`.
///
/// # Errors
/// As the API refuses the whole; what it refuses of one record stands in that record's result.
pub(super) fn answer(org: &mut Org, call: &Call, rest: &[&str]) -> Answered {
    match (call.method.as_str(), rest) {
        ("POST", []) => composite(org, call),
        ("POST" | "PATCH", ["sobjects"]) => write(org, call),
        ("DELETE", ["sobjects"]) => delete(org, call),
        ("GET" | "POST", ["sobjects", object]) => retrieve(org, call, schema::object_name(object)?),
        _ => Err(Refusal::new(404, "NOT_FOUND", "The requested resource does not exist")),
    }
}

fn too_many(what: &str, most: usize) -> Refusal {
    Refusal::bad("INVALID_INPUT", format!("at most {most} {what} in one request"))
}

fn write(org: &mut Org, call: &Call) -> Answered {
    let members = call.members()?;
    let records = members.get("records").and_then(Value::as_array).cloned().unwrap_or_default();
    if records.len() > MOST_RECORDS {
        return Err(too_many("records", MOST_RECORDS));
    }
    let all_or_none = members.get("allOrNone") == Some(&true.into());
    let before = all_or_none.then(|| org.tables.clone());
    let results: Vec<_> = records.iter().map(|record| write_one(org, &call.method, record)).collect();
    Ok((200, results_of(org, results, before)))
}

fn write_one(org: &mut Org, method: &str, record: &Value) -> Result<String, Refusal> {
    let empty = Map::new();
    let members = record.as_object().unwrap_or(&empty);
    let object = record["attributes"]["type"].as_str().unwrap_or_default();
    let object = schema::object_name(object)
        .map_err(|_| Refusal::bad("INVALID_TYPE", "Can't find the type of the record in its attributes"))?;
    if method == "POST" {
        return rules::create(org, object, members);
    }
    let id = record["Id"].as_str().or(record["id"].as_str()).unwrap_or_default().to_owned();
    if id.is_empty() {
        return Err(Refusal::bad("MISSING_ARGUMENT", "Id not specified in an update call"));
    }
    rules::update(org, object, &id, members).map(|()| ids::widen(&id))
}

fn delete(org: &mut Org, call: &Call) -> Answered {
    let all: Vec<String> = call.field("ids").unwrap_or_default().split(',').map(ids::widen).collect();
    if all.len() > MOST_RECORDS {
        return Err(too_many("records", MOST_RECORDS));
    }
    let before = (call.field("allOrNone") == Some("true")).then(|| org.tables.clone());
    let results: Vec<_> = all.iter().map(|id| delete_one(org, id)).collect();
    Ok((200, results_of(org, results, before)))
}

fn delete_one(org: &mut Org, id: &str) -> Result<String, Refusal> {
    let object = org.tables.iter().find(|(_, rows)| rows.contains_key(id)).map(|(object, _)| object.clone());
    let known = org.deleted.iter().find(|(_, deleted, _)| deleted == id).map(|(object, ..)| object.clone());
    let object = object.or(known).ok_or_else(|| Refusal::bad("MALFORMED_ID", "id value of incorrect type"))?;
    rules::delete(org, &object, id).map(|()| id.to_owned())
}

/// The results in the order of the records. Where all were to be done or none, one that failed undoes the others.
fn results_of(org: &mut Org, results: Vec<Result<String, Refusal>>, before: Option<super::Tables>) -> Value {
    let undone = before.filter(|_| results.iter().any(Result::is_err));
    let results = results.into_iter().map(|result| match result {
        Ok(_) if undone.is_some() => {
            Refusal::bad("ALL_OR_NONE_OPERATION_ROLLED_BACK", "Record rolled back because not all records were valid")
                .result()
        }
        Ok(id) => json!({"id": id, "success": true, "errors": []}),
        Err(refusal) => refusal.result(),
    });
    let results = results.collect();
    if let Some(tables) = undone {
        org.tables = tables;
    }
    Value::Array(results)
}

fn retrieve(org: &mut Org, call: &Call, object: &str) -> Answered {
    let list = |name: &str| -> Vec<String> {
        match call.body.get(name).and_then(Value::as_array) {
            Some(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            None => call.field(name).unwrap_or_default().split(',').map(str::to_owned).collect(),
        }
    };
    let fields = list("fields");
    let found: Result<Vec<Value>, Refusal> = list("ids")
        .iter()
        .map(|id| org.row(object, id).map_or(Ok(Value::Null), |row| query::project(org, object, row, &fields)))
        .collect();
    let found = found?;
    judge(org, &found);
    Ok((200, found.into()))
}

fn composite(org: &mut Org, call: &Call) -> Answered {
    let members = call.members()?;
    let requests = members.get("compositeRequest").and_then(Value::as_array).cloned().unwrap_or_default();
    if requests.len() > MOST_REQUESTS {
        return Err(too_many("subrequests", MOST_REQUESTS));
    }
    let all_or_none = members.get("allOrNone") == Some(&true.into());
    let before = org.tables.clone();
    let mut known: Vec<(String, Value)> = Vec::new();
    let mut answers = Vec::new();
    for request in &requests {
        let mut text = request.to_string();
        for (name, body) in &known {
            if let Some(id) = body["id"].as_str() {
                text = text.replace(&format!("@{{{name}.id}}"), id);
            }
        }
        let request: Value = serde_json::from_str(&text).unwrap_or_default();
        let url = request["url"].as_str().unwrap_or_default();
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let inner = Call {
            method: request["method"].as_str().unwrap_or_default().to_owned(),
            path: path.to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            body: request["body"].clone(),
        };
        let name = request["referenceId"].as_str().unwrap_or_default().to_owned();
        let (status, body) = api::answer(org, &inner).unwrap_or_else(|refusal| (refusal.status, refusal.body()));
        known.push((name.clone(), body.clone()));
        answers.push(json!({"body": body, "httpHeaders": {}, "httpStatusCode": status, "referenceId": name}));
    }
    if all_or_none && answers.iter().any(|answer| answer["httpStatusCode"].as_u64() >= Some(400)) {
        org.tables = before;
    }
    Ok((200, json!({"compositeResponse": answers})))
}
