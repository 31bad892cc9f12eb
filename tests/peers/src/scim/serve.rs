//! From HTTP to requests and back.

use super::answer::{Answer, Outcome, Refusal};
use super::application::{Application, TOKEN};
use super::dialect::Rate;
use super::routes::{Asked, route};
use super::state::State;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use std::collections::BTreeMap;

const MEDIA_TYPE: &str = "application/scim+json";
/// The largest body that is read.
const LARGEST: usize = 4 << 20;

/// The routes of an application, whose faults disturb all of them.
pub fn router(application: Application) -> Router {
    let disturbed = application.clone();
    let disturb = move |request: Request, next: Next| {
        let application = disturbed.clone();
        async move {
            let throttled = || respond(throttled(&application.lock(), None));
            application.faults.pass(request, next, throttled).await
        }
    };
    Router::new()
        .fallback(any(move |request: Request| {
            let application = application.clone();
            async move {
                let (head, body) = request.into_parts();
                match to_bytes(body, LARGEST).await {
                    Ok(body) => respond(receive(&application, &head, &body)),
                    Err(_) => respond(Answer::empty(413)),
                }
            }
        }))
        .layer(from_fn(disturb))
}

/// The vendor's answer to one request too many.
fn throttled(state: &State, rate: Option<(&Rate, std::time::Duration)>) -> Answer {
    let first = state.dialect.rate.first();
    let (status, says) = match (rate, first) {
        (Some((rate, _)), _) | (None, Some(rate)) => (rate.status, rate.retry_after),
        (None, None) => (429, true),
    };
    let wait = rate.map_or(0, |(_, wait)| wait.as_millis().div_ceil(1000));
    let refusal = Refusal::now(status, None, "too many requests");
    Answer { retry_after: says.then(|| wait.to_string()), ..refusal.answer(&state.dialect) }
}

fn receive(application: &Application, head: &Parts, body: &[u8]) -> Answer {
    let mut state = application.lock();
    if let Some(answer) = limited(&mut state, head.method.as_str()) {
        return answer;
    }
    let outcome = admitted(&state, head).and_then(|()| asked(&state, head, body));
    let answer = match outcome {
        Ok(asked) => {
            let answer = carry_out(&mut state, &asked);
            let found = application.description.as_ref().map(|known| known.violations(&asked, &answer));
            state.violations.extend(found.into_iter().flatten());
            answer
        }
        Err(refusal) => finish(&mut state, &format!("{} {}", head.method, head.uri.path()), Err(refusal)),
    };
    if answer.status >= 400 {
        *state.refused.entry(answer.status).or_default() += 1;
    }
    answer
}

/// Carries a request out and notes what does not fit.
pub fn carry_out(state: &mut State, asked: &Asked) -> Answer {
    *state.calls.entry(format!("{} /{}", asked.method, without_ids(&asked.path))).or_default() += 1;
    let outcome = route(state, asked);
    finish(state, &format!("{} /{}", asked.method, asked.path.join("/")), outcome)
}

fn finish(state: &mut State, what: &str, outcome: Outcome) -> Answer {
    outcome.unwrap_or_else(|refusal| {
        if refusal.unfit {
            state.violations.push(format!("{what}: {} {}", refusal.status, refusal.detail));
        }
        refusal.answer(&state.dialect)
    })
}

fn limited(state: &mut State, method: &str) -> Option<Answer> {
    let now = state.now;
    let rates: Vec<Rate> = state.dialect.rate.clone();
    for (rate, limit) in rates.iter().zip(&mut state.limits) {
        let counts = rate.methods.is_empty() || rate.methods.iter().any(|known| known == method);
        if let Some(wait) = counts.then(|| limit.pass(now)).flatten() {
            return Some(throttled(state, Some((rate, wait))));
        }
    }
    None
}

/// Whether the request comes from somebody who is let in.
fn admitted(state: &State, head: &Parts) -> Result<(), Refusal> {
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    let token = header(header::AUTHORIZATION).and_then(|value| value.strip_prefix("Bearer "));
    if token != Some(TOKEN) {
        return Err(Refusal::now(401, None, "the token is not valid"));
    }
    if state.dialect.user_agent && header(header::USER_AGENT).is_none_or(str::is_empty) {
        return Err(Refusal::unfit(403, None, "a request needs a User-Agent"));
    }
    Ok(())
}

fn asked(state: &State, head: &Parts, body: &[u8]) -> Result<Asked, Refusal> {
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let path = head.uri.path().strip_prefix(&state.dialect.base);
    let path = path.ok_or_else(|| Refusal::unfit(404, None, "this is not the SCIM base URL"))?;
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let body = match body {
        [] => Value::Null,
        body => {
            let kind = header(header::CONTENT_TYPE).unwrap_or_default();
            if ![MEDIA_TYPE, "application/json"].contains(&kind.split(';').next().unwrap_or_default().trim()) {
                return Err(Refusal::unfit(415, None, format!("a body of the type `{kind}`")));
            }
            serde_json::from_slice(body).map_err(|_| Refusal::syntax("the body is no JSON"))?
        }
    };
    let accepts = header(header::ACCEPT).unwrap_or_else(|| "*/*".into());
    if !["*/*", "application/json", MEDIA_TYPE].iter().any(|known| accepts.contains(known)) {
        return Err(Refusal::unfit(406, None, format!("no answer is of the type `{accepts}`")));
    }
    let query = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes());
    Ok(Asked {
        method: head.method.to_string(),
        path: path.split('/').filter(|part| !part.is_empty()).map(decoded).collect(),
        query: query.into_owned().collect::<BTreeMap<_, _>>(),
        body,
        if_match: header(header::IF_MATCH),
        if_none_match: header(header::IF_NONE_MATCH),
    })
}

fn without_ids(path: &[String]) -> String {
    match path {
        [first] => first.clone(),
        [first, rest @ ..] => format!("{first}{}", "/{id}".repeat(rest.len())),
        [] => String::new(),
    }
}

fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match answer.body {
        Value::Null => (status, Body::empty()).into_response(),
        body => {
            let typed = [(header::CONTENT_TYPE, MEDIA_TYPE)];
            (status, typed, Body::from(Bytes::from(body.to_string()))).into_response()
        }
    };
    let headers = [
        (header::LOCATION, answer.location),
        (header::ETAG, answer.version),
        (header::RETRY_AFTER, answer.retry_after),
    ];
    for (name, value) in headers {
        if let Some(value) = value.and_then(|value| value.parse().ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
