//! Bulk requests (RFC 7644 section 3.7): the messages, and which answer belongs to which operation.

use crate::document::{count, field, text_field};
use crate::failure::operation_failure;
use crate::server::{Server, Written};
use purser_sdk::http::Method;
use purser_sdk::serde_json::{Map, Value, json};
use purser_sdk::{Error, ErrorClass};

const REQUEST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// Room for what stands around the operations.
const ENVELOPE_BYTES: usize = 256;

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// POST, PATCH or DELETE.
    pub method: Method,
    /// The path, relative to the base URL.
    pub path: String,
    /// The body; none for DELETE.
    pub data: Option<Value>,
    /// The version that the server is to check.
    pub version: Option<String>,
}

/// How much one bulk request may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most operations.
    pub operations: usize,
    /// Most bytes of the request's body.
    pub bytes: usize,
}

/// What became of an operation.
pub type Answer = Result<Written, Error>;

/// Sends all operations, which must not depend on each other, in as few requests as the limits allow.
///
/// The answers come in the order of the operations. None means that the operation was not sent in a bulk request and has
/// to be sent alone: it is too large for one, or the server turned out to have none.
pub fn send_all(server: &Server, operations: &[Operation], limits: Limits) -> Vec<Option<Answer>> {
    let mut answers: Vec<Option<Answer>> = Vec::with_capacity(operations.len());
    let mut stop: Option<Error> = None;
    while answers.len() < operations.len() {
        let rest = &operations[answers.len()..];
        if let Some(error) = &stop {
            answers.extend(rest.iter().map(|_| Some(Err(error.clone()))));
            break;
        }
        if !server.has_bulk() {
            answers.extend(rest.iter().map(|_| None));
            break;
        }
        let now = &rest[..fitting(rest, limits).max(1)];
        let sent = send(server, now);
        stop = sent.iter().flatten().filter_map(|answer| answer.as_ref().err()).find(|error| stops(error)).cloned();
        answers.extend(sent);
    }
    answers
}

fn stops(error: &Error) -> bool {
    matches!(error.class, ErrorClass::RateLimited { .. } | ErrorClass::AuthenticationFailed)
}

/// How many operations from the first on fit into one request.
fn fitting(operations: &[Operation], limits: Limits) -> usize {
    let mut bytes = ENVELOPE_BYTES;
    let fits = |operation: &&Operation| {
        bytes += entry(0, operation).to_string().len() + 16;
        bytes <= limits.bytes
    };
    operations.iter().take(limits.operations).take_while(fits).count()
}

/// One request. What the server finds too large is halved; what it refuses as a whole is sent alone.
fn send(server: &Server, operations: &[Operation]) -> Vec<Option<Answer>> {
    if let [_] = operations {
        return vec![None];
    }
    let error = match server.write(Method::Post, "/Bulk", Some(document(server, operations)), None) {
        Ok(written) => return matched(server, operations, written),
        Err(error) => error,
    };
    match &error.class {
        _ if error.native_code.as_deref() == Some("413") => {
            let (first, second) = operations.split_at(operations.len() / 2);
            let mut answers = send(server, first);
            let stop = answers.iter().flatten().filter_map(|answer| answer.as_ref().err()).find(|error| stops(error));
            let second = match stop.cloned() {
                Some(error) => second.iter().map(|_| Some(Err(error.clone()))).collect(),
                None => send(server, second),
            };
            answers.extend(second);
            answers
        }
        ErrorClass::NotFound | ErrorClass::Unsupported | ErrorClass::InvalidConfig => {
            server.learn_that_it_has_no_bulk(&error);
            operations.iter().map(|_| None).collect()
        }
        ErrorClass::InvalidValue(_) => operations.iter().map(|_| None).collect(),
        _ => operations.iter().map(|_| Some(Err(error.clone()))).collect(),
    }
}

fn document(server: &Server, operations: &[Operation]) -> Value {
    let entries: Vec<Value> = operations.iter().enumerate().map(|(index, operation)| entry(index, operation)).collect();
    let mut document = json!({"schemas": [REQUEST_SCHEMA], "Operations": entries});
    if let (Some(errors), Some(members)) = (server.config.bulk_fail_on_errors, document.as_object_mut()) {
        members.insert("failOnErrors".into(), errors.into());
    }
    document
}

fn entry(index: usize, operation: &Operation) -> Value {
    let mut entry = Map::new();
    entry.insert("method".into(), operation.method.to_string().into());
    entry.insert("path".into(), operation.path.as_str().into());
    if operation.method == Method::Post {
        entry.insert("bulkId".into(), bulk_id(index).into());
    }
    entry.extend(operation.version.as_deref().map(|version| ("version".into(), version.into())));
    entry.extend(operation.data.clone().map(|data| ("data".into(), data)));
    Value::Object(entry)
}

fn bulk_id(index: usize) -> String {
    format!("operation-{index}")
}

/// Gives every operation its answer. One that has none was not reached where the server was told to stop at so many
/// errors; else nobody knows what became of it.
fn matched(server: &Server, operations: &[Operation], written: Written) -> Vec<Option<Answer>> {
    let body = written.resource.map(Value::Object).unwrap_or_default();
    let entries = field(&body, "Operations").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut answers: Vec<Option<Answer>> = operations.iter().map(|_| None).collect();
    for entry in &entries {
        if let Some(place) = place_of(operations, &answers, entry) {
            answers[place] = Some(answer_of(entry));
        }
    }
    let errors = answers.iter().flatten().filter(|answer| answer.is_err()).count();
    let stopped = server.config.bulk_fail_on_errors.is_some_and(|most| errors >= most as usize);
    let silent = || match stopped {
        true => Error::unavailable(None, "the server stopped the bulk request after other operations of it failed"),
        false => Error::outcome_unknown("the server's answer to a bulk request leaves this operation out"),
    };
    answers.into_iter().map(|answer| Some(answer.unwrap_or_else(|| Err(silent())))).collect()
}

/// The operation that an answer belongs to: by `bulkId`, by where the object is, or else the next of this method.
fn place_of(operations: &[Operation], answers: &[Option<Answer>], entry: &Value) -> Option<usize> {
    let bulk_id_of = text_field(entry, "bulkId");
    let location = text_field(entry, "location").map(|location| location.trim_end_matches('/'));
    let method = text_field(entry, "method").unwrap_or_default();
    let open = |place: &usize| answers[*place].is_none();
    let same_method = |place: &usize| operations[*place].method.to_string().eq_ignore_ascii_case(method);
    if let Some(id) = bulk_id_of {
        return (0..operations.len()).filter(open).find(|place| bulk_id(*place) == id);
    }
    let mut candidates = (0..operations.len()).filter(open).filter(same_method);
    match location.filter(|_| !method.eq_ignore_ascii_case("POST")) {
        Some(location) => candidates.find(|place| location.ends_with(&operations[*place].path)),
        None => candidates.next(),
    }
}

fn answer_of(entry: &Value) -> Answer {
    // RFC 7644 writes the status as a string; earlier drafts, and some servers, as an object with `code`.
    let status = field(entry, "status").and_then(|status| count(status).or_else(|| count(field(status, "code")?)));
    let status = status.and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
    let response = field(entry, "response").cloned().unwrap_or_default();
    if let Some(error) = operation_failure(status, &response) {
        return Err(error);
    }
    let resource = match response {
        Value::Object(resource) => Some(resource),
        _ => None,
    };
    let text = |name| text_field(entry, name).map(str::to_owned);
    Ok(Written { status, resource, etag: text("version"), location: text("location") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deletes(ids: &[&str]) -> Vec<Operation> {
        let delete =
            |id: &&str| Operation { method: Method::Delete, path: format!("/Users/{id}"), data: None, version: None };
        ids.iter().map(delete).collect()
    }

    #[test]
    fn a_request_holds_no_more_than_the_limits() {
        let operations = deletes(&["1", "2", "3", "4"]);
        assert_eq!(fitting(&operations, Limits { operations: 3, bytes: 100_000 }), 3);
        let two = ENVELOPE_BYTES + 2 * (entry(0, &operations[0]).to_string().len() + 16);
        assert_eq!(fitting(&operations, Limits { operations: 9, bytes: two }), 2);
        assert_eq!(fitting(&operations, Limits { operations: 9, bytes: 10 }), 0);
    }

    #[test]
    fn an_answer_finds_its_operation_in_any_order() {
        let operations = deletes(&["1", "2"]);
        let none = [None, None];
        let at = |location: &str| json!({"method": "delete", "location": location, "status": "204"});
        assert_eq!(place_of(&operations, &none, &at("https://x/v2/Users/2")), Some(1));
        assert_eq!(place_of(&operations, &none, &at("https://x/v2/Users/3")), None);
        assert_eq!(place_of(&operations, &none, &json!({"method": "DELETE", "status": 404})), Some(0));
    }

    #[test]
    fn a_status_is_read_in_all_spellings() {
        for status in [json!("204"), json!(204), json!({"code": "204"})] {
            assert_eq!(answer_of(&json!({"status": status})).unwrap().status, 204);
        }
        let refused = json!({"status": "409", "response": {"status": "409", "scimType": "uniqueness"}});
        assert!(matches!(answer_of(&refused), Err(error) if error.class == ErrorClass::AlreadyExists(None)));
        assert!(answer_of(&json!({})).is_err(), "an operation without status is not known to be done");
    }
}
