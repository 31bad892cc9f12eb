//! `Idempotency-Key`: a caller who does not know whether a POST arrived sends it again under the same name, and nothing is done twice
//! (draft-ietf-httpapi-idempotency-key-header).
//!
//! The name belongs to its caller. What is done under a name goes on when the caller goes away. A host that was killed while it did it knows
//! whether anything was changed: what changed nothing is done when it is asked again, and of the rest the caller is told that the end is not known.

use crate::ApiState;
use crate::auth::Caller;
use crate::problem::{Code, Problem};
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use purser_model::object::Digest;
use purser_store::{KeptAnswer, RequestBegun, RequestKey};
use tracing::{Instrument, error};

/// The header.
pub(crate) const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest name.
pub(crate) const LONGEST_KEY: usize = 255;
/// Larger bodies are not taken under a name.
const LARGEST_REQUEST: usize = 64 << 20;
/// Larger answers are not kept.
const LARGEST_ANSWER: usize = 512 << 10;
/// What belongs to an answer beside its body.
const HEADERS: [HeaderName; 3] = [header::CONTENT_TYPE, header::LOCATION, header::ETAG];

/// An answer that holds a secret: its body is never kept.
#[derive(Clone, Copy)]
pub(crate) struct NotKept;

/// Does a POST with a name once, and answers it again as it was answered.
pub(crate) async fn repeatable(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    match request.headers().get(KEY).filter(|_| request.method() == Method::POST).cloned() {
        Some(key) => named(state, &key, request, next).await.unwrap_or_else(IntoResponse::into_response),
        None => next.run(request).await,
    }
}

async fn named(state: ApiState, key: &HeaderValue, request: Request, next: Next) -> Result<Response, Problem> {
    let caller = request.extensions().get::<Caller>().ok_or_else(Problem::unauthorized)?.name.clone();
    let name = RequestKey { caller, key: read(key)? };
    let (mut parts, body) = request.into_parts();
    let read = tokio::time::timeout(crate::body::PATIENCE, axum::body::to_bytes(body, LARGEST_REQUEST)).await;
    let body = read
        .map_err(|_| Problem::too_slow())?
        .map_err(|error| Problem::bad_body(StatusCode::PAYLOAD_TOO_LARGE, error.to_string()))?;
    let path = parts.uri.path_and_query().map_or("", |path| path.as_str());
    let fingerprint = state.token.fingerprint(&[path.as_bytes(), &body]);
    match state.store.begin_request(&name, Digest(fingerprint), (state.now)()).await? {
        RequestBegun::New => {}
        RequestBegun::Answered(answer) => return again(answer),
        RequestBegun::UnderWay => {
            return Err(Problem::new(Code::UnderWay, "the same request is being done; ask again for its answer"));
        }
        RequestBegun::EndUnknown => {
            let detail = "the host stopped while it did this, and had changed something: look at what is there, and \
                          ask for what is missing under another key";
            return Err(Problem::new(Code::EndUnknown, detail));
        }
        RequestBegun::AnotherRequest => {
            let detail = "another request was made under this `Idempotency-Key` within a day; take a new key for each";
            return Err(Problem::new(Code::KeyReused, detail));
        }
    }
    parts.extensions.insert(name.clone());
    let request = Request::from_parts(parts, Body::from(body));
    // A caller who goes away stops nothing, so that the end is known when the request is made again.
    let doing = async move {
        let response = next.run(request).await;
        keep(&state, &name, response).await
    };
    let done = tokio::spawn(doing.in_current_span());
    done.await.map_err(|failure| {
        error!(%failure, "a request broke off");
        Problem::internal()
    })?
}

/// The name: visible ASCII, in quotes as the draft writes it or without.
fn read(key: &HeaderValue) -> Result<String, Problem> {
    let text = key.to_str().unwrap_or_default();
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if !visible || !(1..=LONGEST_KEY).contains(&text.len()) {
        let detail = format!("`Idempotency-Key` must have from 1 to {LONGEST_KEY} visible ASCII characters");
        return Err(Problem::bad_parameter(detail));
    }
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).filter(|bare| !bare.is_empty());
    Ok(bare.unwrap_or(text).to_owned())
}

/// Keeps an answer before it is given.
async fn keep(state: &ApiState, name: &RequestKey, response: Response) -> Result<Response, Problem> {
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| Problem::internal())?;
    let may_be_kept = parts.extensions.get::<NotKept>().is_none() && body.len() <= LARGEST_ANSWER;
    let answer = KeptAnswer {
        status: parts.status.as_u16(),
        headers: kept_headers(&parts.headers),
        body: may_be_kept.then(|| body.to_vec()),
    };
    let failed = parts.status.is_client_error() || parts.status.is_server_error();
    state.store.end_request(name, answer, failed).await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

fn kept_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let found = HEADERS.iter().filter_map(|name| Some((name, headers.get(name)?.to_str().ok()?)));
    found.map(|(name, value)| (name.to_string(), value.to_owned())).collect()
}

fn again(answer: KeptAnswer) -> Result<Response, Problem> {
    let Some(body) = answer.body else {
        let detail =
            "this was done; its answer was not kept, because it holds a secret or is large: look at what is there";
        return Err(Problem::new(Code::AnswerNotKept, detail));
    };
    let status = StatusCode::from_u16(answer.status).map_err(|_| Problem::internal())?;
    let mut response = (status, Bytes::from(body)).into_response();
    response.headers_mut().remove(header::CONTENT_TYPE);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().insert(name, value);
        }
    }
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}
