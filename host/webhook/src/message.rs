//! What is sent: `{type, timestamp, data}`, where the data is the event as `GET /v1/events` shows it.

use jiff::Timestamp;
use purser_model::id::WebhookName;
use purser_store::Event;
use serde::Serialize;
use serde_json::json;

/// A message with its id, which is the same each time that it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
}

#[derive(Serialize)]
struct Body<'a, D> {
    r#type: &'a str,
    timestamp: Timestamp,
    data: D,
}

/// The message that tells of an event.
pub(crate) fn of(webhook: &WebhookName, event: &Event) -> Message {
    let Event { sequence, at, kind, subject, .. } = event;
    let id = id(&[webhook.as_str(), &sequence.to_string(), &at.as_microsecond().to_string(), kind, subject]);
    Message { id, body: body(&Body { r#type: kind, timestamp: *at, data: event }) }
}

/// A message that tells of nothing.
pub(crate) fn test(webhook: &WebhookName, now: Timestamp) -> Message {
    let id = id(&[webhook.as_str(), "test", &now.as_microsecond().to_string()]);
    let data = json!({"webhook": webhook, "detail": "a test that somebody asked for; nothing happened"});
    Message { id, body: body(&Body { r#type: "webhook-test", timestamp: now, data }) }
}

fn body<D: Serialize>(body: &Body<'_, D>) -> String {
    // Texts and numbers are always JSON.
    serde_json::to_string(body).unwrap_or_default()
}

/// An id that follows from what the message is about, so that it survives every retry and restart, and that another host with
/// the same sequence numbers does not use.
fn id(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("purser webhook id 1");
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    format!("msg_{}", &hasher.finalize().to_hex()[..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(sequence: u64) -> Event {
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        Event { sequence, at, kind: "run-started".into(), subject: "7".into(), detail: "import of hr".into() }
    }

    #[test]
    fn the_body_is_the_event_and_says_its_type_and_time() {
        let message = of(&"siem".parse().unwrap(), &event(5));
        let body: serde_json::Value = serde_json::from_str(&message.body).unwrap();
        let data = json!({"sequence": 5, "at": "2023-11-14T22:13:20Z", "kind": "run-started", "subject": "7", "detail": "import of hr"});
        assert_eq!(body, json!({"type": "run-started", "timestamp": "2023-11-14T22:13:20Z", "data": data}));
    }

    #[test]
    fn an_id_is_that_of_one_event_and_one_webhook() {
        let id = |webhook: &str, sequence| of(&webhook.parse().unwrap(), &event(sequence)).id;
        assert_eq!(id("siem", 5), id("siem", 5));
        assert_ne!(id("siem", 5), id("siem", 6));
        assert_ne!(id("siem", 5), id("chat", 5));
        assert!(id("siem", 5).len() == 36 && !id("siem", 5).contains('.'), "a dot would make the signature ambiguous");
    }
}
