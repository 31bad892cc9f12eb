//! Where the application is, as the answer with a token says: inside the grant, and nowhere else.

use super::issuer::{Seen, Server};
use super::*;
use purser_model::egress::FurtherOrigin;
use std::sync::atomic::{AtomicBool, Ordering};

/// An issuer whose answers say that the application is there.
async fn issuer(base: impl Fn() -> Option<String> + Send + Sync + 'static) -> Server {
    Server::start(move |_| {
        let base = base().map_or_else(String::new, |base| format!(",\"instance_url\":\"{base}\""));
        (200, format!("{{\"access_token\":\"token-1\"{base}}}"))
    })
    .await
}

async fn application() -> Server {
    Server::start(|seen: &Seen| (200, format!("{}", seen.authorization() == "Bearer token-1"))).await
}

/// An endpoint at this URL that also reaches there.
fn endpoint(url: &str, also: &[&str], issuer: &Server) -> Endpoint {
    let declared = OAuth2 { base_from_token: Some("instance_url".to_owned()), ..by_secret(&issuer.url) };
    let also = also.iter().map(|origin| FurtherOrigin { origin: origin.parse().unwrap(), credential: false });
    let egress = EgressRules { also: also.collect(), ..EgressRules::default() };
    let authentication = authentication(tokens_of(&declared, &[]));
    Endpoint { authentication, egress, ..Endpoint::new(url.parse().unwrap()) }
}

#[tokio::test]
async fn requests_go_with_the_token_to_the_host_that_its_answer_names() {
    let (login, application) = (application().await, application().await);
    let named = application.url.clone();
    let issuer = issuer(move || Some(named.clone())).await;
    let answer = get(&endpoint(&login.url, &[&application.url], &issuer)).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, b"true".as_slice()));
    assert_eq!((login.seen().len(), application.seen().len()), (0, 1));
}

#[tokio::test]
async fn a_base_outside_the_grant_is_sent_nothing() {
    let (login, elsewhere) = (application().await, application().await);
    for base in [elsewhere.url.clone(), "http://user@127.0.0.1/".into(), format!("{}/x", login.url), "no URL".into()] {
        let said = base.clone();
        let issuer = issuer(move || Some(said.clone())).await;
        let error = get(&endpoint(&login.url, &["https://*.my.example.com"], &issuer)).await.unwrap_err();
        assert!(matches!(error, Error::Denied(_)), "{base}: {error}");
    }
    assert_eq!((login.seen().len(), elsewhere.seen().len()), (0, 0));
}

#[tokio::test]
async fn an_answer_without_the_base_is_said_and_nothing_is_sent() {
    let login = application().await;
    let says = Arc::new(AtomicBool::new(false));
    let (asked, own) = (says.clone(), login.url.clone());
    let issuer = issuer(move || asked.load(Ordering::SeqCst).then(|| own.clone())).await;
    let error = get(&endpoint(&login.url, &[], &issuer)).await.unwrap_err();
    assert!(error.to_string().contains("base_from_token"), "{error}");
    assert_eq!(login.seen().len(), 0);
    says.store(true, Ordering::SeqCst);
    assert_eq!(
        get(&endpoint(&login.url, &[], &issuer)).await.unwrap().status,
        200,
        "the endpoint's own URL may be named"
    );
}
