//! Writes, up to 20 in one request of Graph, each with an answer of its own.

use crate::failure::failure;
use crate::graph::Graph;
use purser_sdk::Error;
use purser_sdk::http::SecretEncoding;
use purser_sdk::serde_json::{Value, from_slice, json};
use purser_sdk::slots::replace_slots;
use std::collections::BTreeMap;

const ITEMS: usize = 20;

/// One write.
#[derive(Debug, Clone)]
pub struct Item {
    /// The method.
    pub method: &'static str,
    /// The path below the endpoint.
    pub path: String,
    /// The body; null for none. `{"$slot": n}` stands for a secret.
    pub body: Value,
}

/// How one write ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Value,
    /// How long Graph asks to wait.
    pub wait_ms: Option<u64>,
}

impl Ended {
    /// The error that it stands for; none where all went well.
    pub fn failure(&self, item: &Item) -> Option<Error> {
        let what = format!("{} {}", item.method, item.path);
        (self.status >= 300).then(|| failure(&what, self.status, &self.body, self.wait_ms, false))
    }
}

/// Sends writes and answers one end for each, in their order.
pub fn send(graph: &Graph, items: &[Item]) -> Vec<Result<Ended, Error>> {
    items.chunks(ITEMS).flat_map(|chunk| send_some(graph, chunk)).collect()
}

fn send_some(graph: &Graph, items: &[Item]) -> Vec<Result<Ended, Error>> {
    match answers(graph, items) {
        Err(error) => items.iter().map(|_| Err(error.clone())).collect(),
        Ok(mut answers) => (0..items.len()).map(|place| answers.remove(&place).ok_or_else(forgotten)).collect(),
    }
}

fn forgotten() -> Error {
    Error::outcome_unknown("Graph answered a batch without an answer to this request")
}

fn answers(graph: &Graph, items: &[Item]) -> Result<BTreeMap<usize, Ended>, Error> {
    let mut secrets = Vec::new();
    let requests: Vec<Value> = items
        .iter()
        .enumerate()
        .map(|(place, item)| {
            let mut request = json!({"id": place.to_string(), "method": item.method, "url": item.path});
            if !item.body.is_null() {
                let mut body = item.body.clone();
                secrets.extend(replace_slots(&mut body, &graph.host));
                request["headers"] = json!({"Content-Type": "application/json"});
                request["body"] = body;
            }
            request
        })
        .collect();
    let request = graph.endpoint.post("/$batch").json(&json!({"requests": requests}));
    let request = secrets.into_iter().fold(request, |request, placeholder| {
        request.secret(placeholder.slot, placeholder.text, SecretEncoding::JsonString)
    });
    let response = request.send()?;
    let body: Value = from_slice(response.body()).unwrap_or_default();
    if !response.is_success() {
        return Err(failure("POST /$batch", response.status(), &body, response.retry_after_ms(), false));
    }
    let answers = body["responses"].as_array().into_iter().flatten();
    Ok(answers
        .filter_map(|answer| {
            let place = answer["id"].as_str()?.parse().ok()?;
            let status = u16::try_from(answer["status"].as_u64()?).ok()?;
            Some((place, Ended { status, body: answer["body"].clone(), wait_ms: wait_of(&answer["headers"]) }))
        })
        .collect())
}

/// `Retry-After` of an item: seconds, perhaps with a fraction.
fn wait_of(headers: &Value) -> Option<u64> {
    let mut headers = headers.as_object()?.iter();
    let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
    let seconds: f64 = value.as_str().map_or_else(|| value.as_f64(), |text| text.trim().parse().ok())?;
    u64::try_from(std::time::Duration::try_from_secs_f64(seconds).ok()?.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_may_have_a_fraction() {
        assert_eq!(wait_of(&json!({"Retry-After": "2.128"})), Some(2128));
        assert_eq!(wait_of(&json!({"retry-after": 3})), Some(3000));
        assert_eq!(wait_of(&json!({"Retry-After": "soon"})), None);
    }
}
