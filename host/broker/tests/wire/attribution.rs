//! Every request is logged with the operations that it belongs to, and without what it says.

use crate::peer::{EMPTY, Peer, request, secret};
use purser_broker::http::{Broker, Call, Field, Method, Request, RequestCounts, SecretEncoding, SecretUse};
use purser_broker::{Authentication, Endpoint};
use purser_model::id::OperationId;
use purser_model::phase::Phase;
use purser_model::secret::Slots;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use tracing::Level;
use tracing::instrument::WithSubscriber;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_request_is_attributed_and_its_content_is_not_logged() {
    let peer =
        Peer::answering(|_| EMPTY.replace("200 OK", "201 t0ken-t0ken").replace("0\r\n\r\n", "12\r\n\r\nn3w-passw0rd"))
            .await;
    let authentication = Authentication::Bearer(secret("t0ken-t0ken"));
    let endpoint = Endpoint { authentication, ..Endpoint::new(peer.url("/base")) };
    let broker = Broker::new(&BTreeMap::from([("api".to_owned(), endpoint)])).unwrap();
    let mut slots = Slots::default();
    let slot = slots.attach(secret("n3w-passw0rd"));
    let operations: Vec<OperationId> = ["01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8058"]
        .map(|id| serde_json::from_value(id.into()).unwrap())
        .into();
    let counts = &RequestCounts::default();
    let call = Call { phase: Phase::Write, slots: &slots, operations: &operations, counts };
    let request = Request {
        endpoint: "api".into(),
        query: vec![Field { name: "filter".into(), value: "anna.berg".into() }],
        headers: vec![Field { name: "x-person".into(), value: "anna.berg".into() }],
        body: Some(b"anna.berg <p>".to_vec()),
        secrets: vec![SecretUse { slot, placeholder: "<p>".into(), encoding: SecretEncoding::Raw }],
        ..request(Method::Put, "/Users/anna.berg")
    };
    let log = Log::default();
    let kept = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::DEBUG)
        .with_ansi(false)
        .with_writer(move || kept.clone())
        .finish();
    let answer = broker.send(&call, request).with_subscriber(subscriber).await.unwrap();
    assert_eq!(answer.status, 201);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let sent = log.lines().find(|line| line.contains("purser_broker") && line.ends_with("sent")).unwrap();
    for expected in ["endpoint=\"api\"", "method=\"PUT\"", "status=201", "duration_ms=", "phase=Write"] {
        assert!(sent.contains(expected), "{expected}: {sent}");
    }
    for operation in &operations {
        assert!(sent.contains(&operation.to_string()), "{sent}");
    }
    let warned = log.lines().find(|line| line.contains("WARN")).unwrap();
    assert!(warned.contains("repeated a secret") && warned.contains("endpoint=\"api\""), "{warned}");
    // Other crates may log what they do on this level; ours must not say what was sent.
    for line in log.lines().filter(|line| line.contains("purser_broker")) {
        for content in ["anna.berg", "n3w-passw0rd", "t0ken-t0ken", "/base", "filter"] {
            assert!(!line.contains(content), "{content}: {line}");
        }
    }
}
