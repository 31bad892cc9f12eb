//! Tokens: fetched once for all, renewed in time, dropped when refused, kept over a start.

use super::issuer::{Seen, Server, token};
use super::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::sync::atomic::{AtomicU32, Ordering};

/// An issuer whose tokens are `token-1`, `token-2` and so on, valid for an hour.
async fn counting_issuer() -> Server {
    let count = AtomicU32::new(0);
    Server::start(move |_| token(&format!("token-{}", count.fetch_add(1, Ordering::SeqCst) + 1), 3600)).await
}

/// A target that takes one token and repeats what it was sent.
async fn target(takes: &'static str) -> Server {
    Server::start(move |seen: &Seen| {
        let status = if seen.authorization() == format!("Bearer {takes}") { 200 } else { 401 };
        (status, format!("{{\"you sent\":\"{}\"}}", seen.authorization()))
    })
    .await
}

#[tokio::test]
async fn a_client_shows_its_secret_in_the_header_or_in_the_body() {
    let issuer = counting_issuer().await;
    let declared = by_secret(&issuer.url);
    Arc::new(tokens_of(&declared, &[])).get().await.unwrap();
    let client = TokenClient::SecretPost { id: "the client".into(), secret: sealed("client") };
    Arc::new(tokens_of(&OAuth2 { client, ..declared }, &[])).get().await.unwrap();

    let seen = issuer.seen();
    let basic = seen[0].authorization().strip_prefix("Basic ").unwrap();
    assert_eq!(STANDARD.decode(basic).unwrap(), b"the+client:client+secret+%26+more", "RFC 6749 section 2.3.1");
    let common = [
        ("grant_type", "client_credentials"),
        ("scope", "users:read users:write"),
        ("audience", "https://api.example"),
    ];
    let common: BTreeMap<String, String> = common.map(|(name, value)| (name.into(), value.into())).into();
    assert_eq!(seen[0].form(), common);
    let mut in_body = common;
    in_body.extend([("client_id".into(), "the client".into()), ("client_secret".into(), SECRET.into())]);
    assert_eq!((seen[1].form(), seen[1].authorization()), (in_body, ""));
}

#[tokio::test]
async fn a_hundred_that_need_a_token_at_once_fetch_one() {
    let issuer = counting_issuer().await;
    let tokens = Arc::new(tokens_of(&by_secret(&issuer.url), &[]));
    let all = (0..100).map(|_| {
        tokio::spawn({
            let tokens = tokens.clone();
            async move { tokens.get().await }
        })
    });
    for got in all.collect::<Vec<_>>() {
        assert_eq!(got.await.unwrap().unwrap().reveal(), "token-1");
    }
    assert_eq!(issuer.seen().len(), 1);
    // The same when the target refuses it to all of them.
    let refused = secret("token-1");
    let all = (0..100).map(|_| {
        let (tokens, refused) = (tokens.clone(), refused.clone());
        tokio::spawn(async move {
            tokens.refused(&refused).await;
            tokens.get().await
        })
    });
    for got in all.collect::<Vec<_>>() {
        assert_eq!(got.await.unwrap().unwrap().reveal(), "token-2");
    }
    assert_eq!(issuer.seen().len(), 2);
}

#[tokio::test(flavor = "current_thread")]
async fn a_hundred_that_wait_for_a_token_that_is_refused_ask_once() {
    let issuer = Server::start(|_| {
        (401, format!("{{\"error\":\"invalid_client\",\"error_description\":\"{SECRET} has expired\"}}"))
    })
    .await;
    let tokens = Arc::new(tokens_of(&by_secret(&issuer.url), &[]));
    let all = (0..100).map(|_| {
        tokio::spawn({
            let tokens = tokens.clone();
            async move { tokens.get().await }
        })
    });
    for got in all.collect::<Vec<_>>() {
        let error = got.await.unwrap().unwrap_err();
        let text = error.to_string();
        assert!(error.is_refused() && text.contains("`api`") && text.contains("401, invalid_client"), "{text}");
        assert!(!text.contains("client secret"), "{text}");
    }
    assert_eq!(issuer.seen().len(), 1);
    tokens.get().await.unwrap_err();
    assert_eq!(issuer.seen().len(), 2, "who comes later asks again");
}

#[tokio::test]
async fn a_token_is_renewed_a_minute_before_it_expires_and_sooner_where_it_is_short() {
    for (seconds, still, renewed) in [(3600, 3539, 3540), (40, 29, 30)] {
        let count = AtomicU32::new(0);
        let issuer =
            Server::start(move |_| token(&format!("token-{}", count.fetch_add(1, Ordering::SeqCst) + 1), seconds))
                .await;
        let clock = Hand::at(1_800_000_000);
        let tokens = Arc::new(tokens_of(&by_secret(&issuer.url), &[]).by_clock(clock.clone()));
        tokens.get().await.unwrap();
        clock.move_by(still);
        assert_eq!(tokens.get().await.unwrap().reveal(), "token-1");
        clock.move_by(renewed - still);
        assert_eq!(tokens.get().await.unwrap().reveal(), "token-2");
    }
}

#[tokio::test]
async fn a_token_that_the_target_refuses_is_renewed_once_and_never_shown() {
    let (issuer, target) = (counting_issuer().await, target("token-2").await);
    let authentication = authentication(tokens_of(&by_secret(&issuer.url), &[]));
    let endpoint = Endpoint { authentication, ..Endpoint::new(target.url.parse().unwrap()) };
    let answer = get(&endpoint).await.unwrap();
    assert_eq!((answer.status, issuer.seen().len(), target.seen().len()), (200, 2, 2));
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.contains("you sent") && !text.contains("token-2"), "{text}");
}

#[tokio::test]
async fn a_target_that_refuses_every_token_is_asked_twice() {
    let (issuer, target) = (counting_issuer().await, target("none").await);
    let authentication = authentication(tokens_of(&by_secret(&issuer.url), &[]));
    let endpoint = Endpoint { authentication, ..Endpoint::new(target.url.parse().unwrap()) };
    assert_eq!(get(&endpoint).await.unwrap().status, 401);
    assert_eq!((issuer.seen().len(), target.seen().len()), (2, 2));
}

#[tokio::test]
async fn a_refused_client_is_a_401_to_the_connector_and_nothing_reaches_the_target() {
    let issuer = Server::start(|_| (400, "{\"error\":\"invalid_grant\"}".to_owned())).await;
    let target = target("any").await;
    let authentication = authentication(tokens_of(&by_secret(&issuer.url), &[]));
    let endpoint = Endpoint { authentication, ..Endpoint::new(target.url.parse().unwrap()) };
    let answer = get(&endpoint).await.unwrap();
    let text = String::from_utf8(answer.body).unwrap();
    assert!(answer.status == 401 && text.contains("400, invalid_grant"), "{text}");
    assert!(target.seen().is_empty());
}

#[tokio::test]
async fn a_token_endpoint_that_is_down_slow_or_strange_is_an_outage() {
    let too_large = "x".repeat(70 << 10);
    for (status, body, said) in [
        (500, "", "answers 500"),
        (429, "{\"error\":\"slow_down\"}", "answers 429"),
        (400, "{\"error\":\"temporarily_unavailable\"}", "answers 400"),
        (302, "", "a redirect"),
        (200, "<html>hunter2</html>", "answers no JSON"),
        (200, &too_large, "answers more than 65536 bytes"),
        (0, "", "did not answer in time"),
    ] {
        let body = body.to_owned();
        let issuer = Server::start(move |_| (status, body.clone())).await;
        let tokens = tokens_of(&by_secret(&format!("{}/token?tenant=hunter2", issuer.url)), &[]);
        // Only the last of them waits for it.
        let wait = if status == 0 { Duration::from_millis(200) } else { Duration::from_secs(30) };
        let error = Arc::new(tokens.waiting(wait)).get().await.unwrap_err();
        let text = error.to_string();
        assert!(!error.is_refused() && text.contains(said) && text.contains("/token "), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

/// An issuer of refresh tokens that takes each one once: `r1` first, then what it answered last.
async fn rotating_issuer() -> Server {
    let next = AtomicU32::new(1);
    Server::start(move |seen| {
        let present = next.load(Ordering::SeqCst);
        if seen.form()["refresh_token"] != format!("r{present}") {
            return (400, "{\"error\":\"invalid_grant\"}".to_owned());
        }
        next.store(present + 1, Ordering::SeqCst);
        let refresh = format!("r{}", present + 1);
        (200, format!("{{\"access_token\":\"a{present}\",\"refresh_token\":\"{refresh}\"}}"))
    })
    .await
}

fn by_refresh_token(url: &str, memory: &Arc<Memory>) -> Tokens {
    let grant = TokenGrant::RefreshToken("refresh".parse().unwrap());
    let client = TokenClient::Public { id: "c".into() };
    let declared = OAuth2 { grant, client, scope: None, ..by_secret(url) };
    let tokens = tokens_of(&declared, &[("refresh", "r1")]);
    tokens.keep_with(&KeptTokens::new(memory.clone()));
    tokens
}

#[tokio::test]
async fn a_new_refresh_token_is_kept_and_shown_after_a_start() {
    let (issuer, memory) = (rotating_issuer().await, Memory::with("refresh", "r1"));
    assert_eq!(Arc::new(by_refresh_token(&issuer.url, &memory)).get().await.unwrap().reveal(), "a1");
    assert_eq!(memory.token("refresh"), "r2");
    assert_eq!(Arc::new(by_refresh_token(&issuer.url, &memory)).get().await.unwrap().reveal(), "a2");
    assert_eq!(memory.token("refresh"), "r3");
}

#[tokio::test]
async fn a_refresh_token_that_cannot_be_kept_is_kept_before_the_next_one_is_shown() {
    let (issuer, memory) = (rotating_issuer().await, Memory::with("refresh", "r1"));
    let tokens = Arc::new(by_refresh_token(&issuer.url, &memory));
    *memory.fails.lock().unwrap() = true;
    for _ in 0..2 {
        let error = tokens.get().await.unwrap_err();
        assert!(matches!(&error, CredentialError::NotKept { reason, .. } if reason == "the disk is full"), "{error}");
    }
    assert_eq!(issuer.seen().len(), 1, "none is shown while the last one is not kept");
    *memory.fails.lock().unwrap() = false;
    assert_eq!(tokens.get().await.unwrap().reveal(), "a2");
    assert_eq!(memory.token("refresh"), "r3");
}

#[tokio::test]
async fn a_caller_that_gives_up_loses_no_refresh_token() {
    let (issuer, memory) = (rotating_issuer().await, Memory::with("refresh", "r1"));
    let tokens = Arc::new(by_refresh_token(&issuer.url, &memory));
    {
        let mut caller = Box::pin(tokens.get());
        // One step: the request is on its way in a task of its own.
        let step = std::future::poll_fn(|context| std::task::Poll::Ready(caller.as_mut().poll(context).is_ready()));
        assert!(!step.await);
    }
    assert_eq!(tokens.get().await.unwrap().reveal(), "a1", "the next caller waits for it");
    assert_eq!((memory.token("refresh").as_str(), issuer.seen().len()), ("r2", 1));
}
