//! Collections: up to 200 records in one request, each with an outcome of its own.

use crate::failure::Said;
use crate::ids;
use crate::org::Org;
use purser_sdk::Error;
use purser_sdk::http::Method;
use purser_sdk::serde_json::{Value, json};

/// The records that one request takes.
pub const AT_ONCE: usize = 200;

/// What became of one record: its id, or the error of the contract with the platform's code.
pub type Written = Result<String, Error>;

/// The platform's code of an error; empty where the whole request failed.
pub fn code(error: &Error) -> &str {
    error.native_code.as_deref().unwrap_or_default()
}

/// Creates (`POST`) or changes (`PATCH`) records; one result for each, in their order.
pub fn write(org: &Org, method: Method, records: &[Value]) -> Vec<Written> {
    let chunks = records.chunks(AT_ONCE).map(|chunk| {
        let body = json!({"allOrNone": false, "records": chunk});
        let answered = org.write(method, &org.path("/composite/sobjects"), &body).and_then(|response| response.json());
        results(answered, chunk.len())
    });
    chunks.flatten().collect()
}

/// Deletes rows; one result for each, in their order.
pub fn delete(org: &Org, rows: &[String]) -> Vec<Written> {
    rows.chunks(AT_ONCE).flat_map(|chunk| results(org.delete(chunk), chunk.len())).collect()
}

/// One result for each record, whatever the answer looks like.
fn results(answered: Result<Value, Error>, records: usize) -> Vec<Written> {
    let whole = |error: Error| vec![Err(error); records];
    match answered {
        Err(error) => whole(error),
        Ok(Value::Array(results)) if results.len() == records => results.iter().map(result).collect(),
        Ok(_) => whole(Error::outcome_unknown(format!(
            "Salesforce answered a collection of {records} records with another number of results"
        ))),
    }
}

fn result(result: &Value) -> Written {
    if result["success"] == true {
        return Ok(result["id"].as_str().map(ids::widen).unwrap_or_default());
    }
    let said = result["errors"].get(0).and_then(Said::read);
    let nothing = || Error::outcome_unknown("Salesforce answered for a record neither success nor an error");
    Err(said.map_or_else(nothing, |said| said.error()))
}
