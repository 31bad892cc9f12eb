//! What a guest sends by `wasi:http` goes the way of `http`: the same endpoints, phases, credentials and caps.

use crate::environment::{assert_others_go_on, create, load, observed, search, settings};
use crate::server::{Behaviour, Server};
use purser_connector::{Fault, Limit};
use purser_model::egress::Redirects;
use purser_model::secret::{Secret, Slots};
use purser_runtime::{Authentication, CallLimits, Endpoint, Grant, SessionSettings, WasmSession};
use std::time::Duration;

async fn session(server: &Server, change: impl FnOnce(&mut Endpoint), limits: CallLimits) -> WasmSession {
    let mut endpoint = Endpoint::new(server.url.clone());
    change(&mut endpoint);
    let grant = Grant { endpoints: [("api".to_owned(), endpoint)].into(), ..Grant::default() };
    let config = serde_json::json!({ "base": server.url.as_str() });
    load("fetches").await.unwrap().session(SessionSettings { grant, config, limits, ..settings() }).unwrap()
}

/// What the guest saw; each of these is refused, and nothing arrived.
async fn all_refused(class: &str, many: usize) {
    let server = Server::start(Behaviour::Answers).await;
    let page = search(&session(&server, |_| {}, CallLimits::default()).await, class).await.unwrap();
    assert_eq!(page.objects[0].secondary_ids.len(), many);
    for attempt in &page.objects[0].secondary_ids {
        assert!(attempt.value.starts_with("Err("), "{}: {}", attempt.name, attempt.value);
    }
    assert_eq!(server.requests(), 0);
    assert_others_go_on().await;
}

#[tokio::test]
async fn it_is_shown_as_reaching_the_endpoints_of_the_grant() {
    let connector = load("fetches").await.unwrap();
    let reach = connector.reach();
    let names: Vec<_> = reach.interfaces.iter().map(|one| one.name.split('@').next().unwrap()).collect();
    assert!(names.contains(&"wasi:http/outgoing-handler") && !names.contains(&"wasi:http/types"), "{names:?}");
    assert!(reach.inert.iter().all(|name| !name.starts_with("wasi:http")), "{reach:?}");
    let error = connector.session(settings()).err().unwrap();
    assert!(error.to_string().contains("`api`"), "the same grant is needed: {error}");
}

#[tokio::test]
async fn an_honest_request_carries_the_hosts_credential_which_the_guest_does_not_see() {
    let server = Server::start(Behaviour::Echoes).await;
    let authentication = Authentication::Bearer(Secret::new("canary-token-1").unwrap());
    let session = session(&server, |endpoint| endpoint.authentication = authentication, CallLimits::default()).await;
    let page = search(&session, "honest").await.unwrap();
    assert_eq!(observed(&page, "status"), "200");
    let (body, headers) = (observed(&page, "body"), observed(&page, "headers"));
    assert!(body.contains("GET /base/x?q=a%20b HTTP/1.1") && body.contains("x-honest: yes"), "{body}");
    assert!(body.contains("authorization: Bearer [secret removed]"), "it was sent, and is not shown: {body}");
    assert!(body.contains("accept-encoding: identity"), "the host does not decompress: {body}");
    assert!(headers.contains("x-credential: Bearer [secret removed]"), "{headers}");
    assert!(!format!("{page:?}").contains("canary-token-1"));
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn a_url_that_no_endpoint_covers_is_refused() {
    all_refused("outside", 10).await;
}

#[tokio::test]
async fn a_path_leads_out_of_no_endpoint() {
    all_refused("paths", 9).await;
}

#[tokio::test]
async fn a_header_of_the_host_or_with_a_line_break_is_refused() {
    all_refused("headers", 10).await;
}

#[tokio::test]
async fn what_is_not_reading_is_refused_while_reading() {
    all_refused("methods", 7).await;
}

#[tokio::test]
async fn a_body_is_sent_whole_and_within_its_cap_while_an_operation_runs() {
    let server = Server::start(Behaviour::Answers).await;
    let session = session(&server, |endpoint| endpoint.egress.max_request_bytes = 1_000, CallLimits::default()).await;
    let page = search(&session, "bodies").await.unwrap();
    assert!(observed(&page, "small").contains("HttpRequestDenied"), "a POST while reading: {page:?}");
    assert_eq!(server.requests(), 0);

    let page = create(&session, "account", Slots::default()).await.unwrap();
    assert_eq!(observed(&page, "small"), "Ok(200)");
    assert!(observed(&page, "unfinished").contains("HttpProtocolError"), "{page:?}");
    assert!(observed(&page, "large").contains("HttpRequestBodySize(Some(1000))"), "{page:?}");
    assert_eq!(server.requests(), 1);
    assert_others_go_on().await;
}

#[tokio::test]
async fn a_redirect_outside_the_grant_is_an_answer() {
    let server = Server::start(Behaviour::Redirects).await;
    let session =
        session(&server, |endpoint| endpoint.egress.redirects = Redirects::SameGrant, CallLimits::default()).await;
    let page = search(&session, "once").await.unwrap();
    assert_eq!((observed(&page, "answer"), server.requests()), ("Ok(302)", 1));
}

#[tokio::test]
async fn an_answer_ends_at_its_cap() {
    let server = Server::start(Behaviour::Echoes).await;
    let session = session(&server, |endpoint| endpoint.max_response_bytes = 20, CallLimits::default()).await;
    let page = search(&session, "once").await.unwrap();
    assert!(observed(&page, "answer").contains("HttpResponseBodySize"), "{page:?}");
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn answers_that_are_kept_for_the_guest_end_at_the_limit_of_the_call() {
    let server = Server::start(Behaviour::Echoes).await;
    let limits = CallLimits { output_bytes: 2_048, ..CallLimits::default() };
    let page = search(&session(&server, |_| {}, limits).await, "long").await.unwrap();
    assert!(observed(&page, "answer").contains("HttpResponseBodySize(Some("), "{page:?}");
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn more_requests_at_once_than_a_call_may_have_are_refused() {
    let server = Server::start(Behaviour::StaysSilent).await;
    let short = Duration::from_millis(300);
    let session = session(&server, |endpoint| endpoint.timeout = short, CallLimits::default()).await;
    let page = search(&session, "many").await.unwrap();
    let refused: usize = observed(&page, "refused").parse().unwrap();
    assert!((1..=36).contains(&refused) && server.requests() <= 100 - refused, "{page:?}");
    assert_others_go_on().await;
}

#[tokio::test]
async fn the_requests_of_a_call_are_counted_whichever_door_they_take() {
    let server = Server::start(Behaviour::Answers).await;
    let session = session(&server, |endpoint| endpoint.egress.max_calls = 5, CallLimits::default()).await;
    let page = search(&session, "many").await.unwrap();
    assert_eq!((observed(&page, "answered"), server.requests()), ("5", 5), "{page:?}");
    assert_eq!(observed(&search(&session, "once").await.unwrap(), "answer"), "Ok(200)", "the next call begins anew");
}

#[tokio::test]
async fn the_guests_own_time_limit_and_that_of_the_call_end_a_wait() {
    let server = Server::start(Behaviour::StaysSilent).await;
    let wall_time = Duration::from_secs(2);
    let session = session(&server, |_| {}, CallLimits { wall_time, ..CallLimits::default() }).await;
    let page = search(&session, "hurried").await.unwrap();
    assert!(observed(&page, "answer").contains("HttpResponseIncomplete"), "{page:?}");
    assert_eq!(search(&session, "once").await, Err(Fault::TimedOut { limit: Limit::Wall, after: wall_time }));
    assert_eq!(server.requests(), 2);
    assert_others_go_on().await;
}

#[tokio::test]
async fn its_bytes_count_as_traffic() {
    let server = Server::start(Behaviour::Answers).await;
    let session = session(&server, |_| {}, CallLimits { traffic_bytes: 500, ..CallLimits::default() }).await;
    let ended = search(&session, "many").await;
    let refused = ended.is_err() || observed(&ended.unwrap(), "answered").parse::<usize>().unwrap() < 20;
    assert!(refused && server.requests() < 20, "{}", server.requests());
}

#[tokio::test]
async fn its_functions_count_as_calls_into_the_host() {
    let server = Server::start(Behaviour::Answers).await;
    let session = session(&server, |_| {}, CallLimits { host_calls: 20, ..CallLimits::default() }).await;
    // One request after the other takes more calls than this; the rest of them are not sent.
    let ended = search(&session, "many").await;
    let refused = ended.is_err() || observed(&ended.unwrap(), "answered").parse::<usize>().unwrap() < 20;
    assert!(refused && server.requests() < 20);
}
