//! Bulk requests (RFC 7644 section 3.7), carried out in their order.

use super::answer::{Answer, Outcome, Refusal};
use super::routes::{Asked, route};
use super::state::State;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The largest body.
pub const LARGEST: usize = 1 << 20;

/// POST to `/Bulk`.
///
/// # Errors
/// It is no bulk request, or too large.
pub fn carry_out(state: &mut State, asked: &Asked) -> Outcome {
    let operations = asked.body["Operations"].as_array().cloned();
    let operations = operations.ok_or_else(|| Refusal::syntax("there are no `Operations`"))?;
    if operations.len() > state.dialect.bulk {
        let most = state.dialect.bulk;
        return Err(Refusal::unfit(
            413,
            Some("tooMany"),
            format!("{} operations, and {most} can be", operations.len()),
        ));
    }
    let limit = asked.body["failOnErrors"].as_u64();
    let mut made: BTreeMap<String, String> = BTreeMap::new();
    let (mut answers, mut failed) = (Vec::new(), 0);
    for operation in &operations {
        let (answer, done) = one(state, operation, &mut made)?;
        answers.push(answer);
        failed += u64::from(!done);
        if limit.is_some_and(|limit| failed >= limit) {
            break;
        }
    }
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"];
    Ok(Answer::new(200, json!({"schemas": schemas, "Operations": answers})))
}

fn one(state: &mut State, operation: &Value, made: &mut BTreeMap<String, String>) -> Result<(Value, bool), Refusal> {
    let text = |name: &str| operation[name].as_str().unwrap_or_default().to_owned();
    let (method, bulk_id) = (text("method"), text("bulkId"));
    if method == "POST" && bulk_id.is_empty() {
        return Err(Refusal::syntax("a POST without `bulkId`"));
    }
    let mut data = operation["data"].clone();
    refer(&mut data, made);
    let path = text("path");
    let asked = Asked {
        path: path.trim_start_matches('/').split('/').map(str::to_owned).collect(),
        if_match: operation["version"].as_str().map(str::to_owned),
        body: data,
        method: method.clone(),
        ..Asked::default()
    };
    let mut answer = json!({"method": method});
    answer
        .as_object_mut()
        .expect("it is an object")
        .extend((!bulk_id.is_empty()).then(|| ("bulkId".to_owned(), json!(bulk_id))));
    match route(state, &asked) {
        Ok(done) => {
            answer["status"] = done.status.to_string().into();
            let id = done.body["id"].as_str().map(str::to_owned);
            made.extend(id.map(|id| (bulk_id, id)));
            let location = done.location.unwrap_or_else(|| format!("{}{path}", state.base));
            answer["location"] = location.into();
            if let Some(version) = done.version {
                answer["version"] = version.into();
            }
            if !done.body.is_null() {
                answer["response"] = done.body;
            }
            Ok((answer, true))
        }
        Err(refusal) => {
            if refusal.unfit {
                state.violations.push(format!("in a bulk request: {}", refusal.detail));
            }
            answer["status"] = refusal.status.to_string().into();
            answer["response"] = refusal.answer(&state.dialect).body;
            Ok((answer, false))
        }
    }
}

/// Puts ids in the place of `bulkId:...`.
fn refer(value: &mut Value, made: &BTreeMap<String, String>) {
    match value {
        Value::String(text) => {
            if let Some(id) = text.strip_prefix("bulkId:").and_then(|bulk_id| made.get(bulk_id)) {
                *text = id.clone();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| refer(item, made)),
        Value::Object(members) => members.values_mut().for_each(|member| refer(member, made)),
        _ => {}
    }
}
