//! People sign in with an issuer: they go there, come back with a code, and are given a session.

use super::asking::{Asked, Named, Pairs};
use super::opener::{Opener, Person};
use super::sessions::LIFE;
use super::sign_in::form;
use super::{ConsoleState, cookies, under_way};
use crate::auth::Caller;
use crate::quota::network;
use crate::serving::Peer;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, Html, IntoResponse, Redirect, Response};
use purser_issuer::{NotSignedIn, NotVerified};
use purser_model::id::IssuerName;
use tracing::{info, warn};

/// `GET /sign-in/{issuer}`: goes to an issuer.
pub(super) async fn go(
    State(state): State<ConsoleState>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Named(issuer): Named,
) -> Response {
    let now = (state.now)();
    let from = peer.map(|Extension(Peer(address))| network(address));
    let (id, proofs) = state.under_way.go(&issuer, from, now);
    match state.issuers.way_in(&issuer, &proofs, now).await {
        Ok(url) => {
            let life = under_way::LIFE.as_secs().unsigned_abs();
            let cookie = cookies::set_for_coming_back(&headers, cookies::UNDER_WAY, &id, life);
            (AppendHeaders([(header::SET_COOKIE, cookie)]), Redirect::to(url.as_str())).into_response()
        }
        Err(why) => refused(&state, &headers, &why),
    }
}

/// `GET /sign-in/{issuer}/answer`: comes back from there.
pub(super) async fn come_back(
    State(state): State<ConsoleState>,
    headers: HeaderMap,
    Named(issuer): Named,
    Asked(asked): Asked,
) -> Response {
    let now = (state.now)();
    let id = cookies::read(&headers, cookies::UNDER_WAY).unwrap_or_default();
    let proofs = state.under_way.come_back(id, &issuer, asked.get("state").unwrap_or_default(), now);
    let Some(proofs) = proofs else {
        let text = "This sign-in was not begun in this browser, or too long ago, or is used up. Please try again.";
        return form(&state, &headers, StatusCode::FORBIDDEN, Some(text));
    };
    let code = match code(&state, &issuer, &asked) {
        Ok(code) => code,
        Err(text) => return form(&state, &headers, StatusCode::FORBIDDEN, Some(&text)),
    };
    let signed_in = state.issuers.sign_in(&issuer, &code, &proofs, now).await.map(Caller::from);
    match (signed_in, issuer.parse::<IssuerName>()) {
        (Ok(caller), Ok(issuer)) => begin(&state, &headers, caller, issuer),
        (Ok(_), Err(_)) => StatusCode::NOT_FOUND.into_response(),
        (Err(why), _) => refused(&state, &headers, &why),
    }
}

/// The code that the issuer answered with, or why there is none.
fn code(state: &ConsoleState, issuer: &str, asked: &Pairs) -> Result<String, String> {
    let declared = issuer.parse().ok().and_then(|name| state.issuers.declared(&name));
    // An issuer says who it is (RFC 9207), so that the answer of another one is not taken for its own.
    if asked.get("iss").is_some_and(|said| declared.is_none_or(|declared| declared.url != said)) {
        return Err("The answer is of another issuer.".to_owned());
    }
    if let Some(code) = asked.get("code") {
        return Ok(code.to_owned());
    }
    let word = asked.get("error").filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
    let word = word.map(|word| format!(" ({word})")).unwrap_or_default();
    Err(format!("The issuer {issuer} did not sign you in{word}."))
}

fn begin(state: &ConsoleState, headers: &HeaderMap, caller: Caller, issuer: IssuerName) -> Response {
    let Some(declared) = state.issuers.declared(&issuer).cloned() else { return StatusCode::NOT_FOUND.into_response() };
    info!(%issuer, role = %caller.role, "somebody signed in");
    let opener = Opener::Person(Box::new(Person { caller, issuer, declared }));
    let id = state.sessions.begin(opener, (state.now)());
    let set = [
        (header::SET_COOKIE, cookies::set(headers, cookies::SESSION, &id, LIFE.as_secs().unsigned_abs())),
        (header::SET_COOKIE, cookies::set_for_coming_back(headers, cookies::UNDER_WAY, "", 0)),
    ];
    // A redirect would still be one of the issuer's, and the browser would keep the session's cookie back.
    let on = [(header::REFRESH, "0;url=/")];
    (AppendHeaders(set), on, Html(purser_console::signed_in())).into_response()
}

fn refused(state: &ConsoleState, headers: &HeaderMap, why: &NotSignedIn) -> Response {
    warn!(%why, "nobody was signed in");
    let status = match why {
        NotSignedIn::NotDeclared(_) => StatusCode::NOT_FOUND,
        NotSignedIn::NotVerified(NotVerified::NotFetched { .. })
        | NotSignedIn::NotFetched { .. }
        | NotSignedIn::NoPlace { .. } => StatusCode::BAD_GATEWAY,
        NotSignedIn::NotVerified(_) | NotSignedIn::Refused { .. } => StatusCode::FORBIDDEN,
        NotSignedIn::NotReachable(_)
        | NotSignedIn::NoSecret
        | NotSignedIn::Secret(_)
        | NotSignedIn::SecretsClosed(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let text = match why {
        NotSignedIn::NotVerified(NotVerified::NoRole { issuer }) => format!(
            "{issuer} knows you, but you have no role here. Ask an admin of this host, who gives you one with a rule \
             [[issuer.{issuer}.role]]."
        ),
        why => format!("You are not signed in: {why}."),
    };
    form(state, headers, status, Some(&text))
}
