//! Limits that the other tests do not reach.

use crate::attacks::{begin_with, furnish, grant, perform};
use crate::environment::{assert_others_go_on, load, search, session, settings};
use crate::server::{Behaviour, Server};
use purser_connector::{Limit, Session};
use purser_guests::attack::Attack;
use purser_model::object::SearchRequest;
use purser_model::secret::Slots;
use purser_runtime::{CallLimits, Endpoint, SessionSettings};

#[tokio::test]
async fn a_component_has_no_more_instances_than_it_may() {
    let session = session("well_behaved", CallLimits { instances: 1, ..CallLimits::default() }).await;
    let fault = search(&session, "account").await.unwrap_err();
    assert_eq!(fault.limit(), Some(Limit::Instances), "{fault}");
    assert_others_go_on().await;
}

#[tokio::test]
async fn an_object_has_no_more_attributes_than_it_may() {
    // The object of two bytes, `{}`, wherever it comes from.
    let session = session("well_behaved", CallLimits { value_bytes: 1, ..CallLimits::default() }).await;
    for fault in [search(&session, "account").await.unwrap_err(), session.get("account", "7").await.unwrap_err()] {
        assert_eq!(fault.limit(), Some(Limit::Value), "{fault}");
        assert!(fault.to_string().contains("`value`") && fault.to_string().contains("2 bytes"), "{fault}");
    }
    assert_others_go_on().await;
}

#[tokio::test]
async fn bytes_of_log_are_counted_as_lines_are() {
    let session = session("well_behaved", CallLimits { log_bytes: 8, ..CallLimits::default() }).await;
    let fault = search(&session, "account").await.unwrap_err();
    assert_eq!(fault.limit(), Some(Limit::Log), "`searching` has nine bytes: {fault}");
    assert_others_go_on().await;
}

#[tokio::test]
async fn bytes_over_the_network_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Behaviour::Answers).await;
    let grant = grant(Endpoint::new(server.url.clone()), &furnish(folder.path()));
    let limits = CallLimits { traffic_bytes: 300, ..CallLimits::default() };
    let connector = load("attacks").await.unwrap();
    let session = connector.session(SessionSettings { limits, grant, ..settings() }).unwrap();
    let fault = perform(&session, Attack::SendsForEver, Slots::default()).await.unwrap_err();
    assert_eq!(fault.limit(), Some(Limit::Traffic), "{fault}");
    assert!(server.requests() < 20, "{}", server.requests());
    assert_others_go_on().await;
}

#[tokio::test]
async fn a_page_is_asked_for_no_larger_than_it_may_be() {
    let request = SearchRequest {
        class: "answers too many".into(),
        conditions: Vec::new(),
        extra_attributes: Vec::new(),
        page_size: 50,
        cursor: None,
    };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Behaviour::Answers).await;
    let connector = load("attacks").await.unwrap();
    let endpoint = Endpoint::new(server.url.clone());
    let session = begin_with(&connector, endpoint.clone(), folder.path(), settings());
    let fault = session.search(request.clone()).await.unwrap_err();
    assert!(fault.to_string().contains("51 objects"), "{fault}");
    let limits = CallLimits { page_objects: 3, ..CallLimits::default() };
    let grant = grant(endpoint, folder.path());
    let session = connector.session(SessionSettings { limits, grant, ..settings() }).unwrap();
    let fault = session.search(request).await.unwrap_err();
    assert!(fault.to_string().contains("4 objects"), "{fault}");
}
