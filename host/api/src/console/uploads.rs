//! Connectors that a browser sends: the form is passed on to the API as it is meant there.

use super::ConsoleState;
use super::asking::{is_from_elsewhere, is_same, not_ours};
use super::changes::done;
use super::signed_in::SignedIn;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, FromRequestParts, Multipart, Request};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use purser_console::Said;

/// A form with the largest file that the API takes.
pub(super) const LARGEST_UPLOAD: usize = crate::v1::LARGEST_UPLOAD;
const BOUNDARY: &str = "purser-console-form";
/// Longest text in the form; the API refuses longer ones too.
const LONGEST_TEXT: usize = 8 << 10;

/// A connector out of a form of the present session.
pub(super) struct Uploaded {
    who: SignedIn,
    body: Vec<u8>,
}

impl FromRequest<ConsoleState> for Uploaded {
    type Rejection = Response;

    async fn from_request(request: Request, state: &ConsoleState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let who = SignedIn::from_request_parts(&mut parts, state).await.map_err(IntoResponse::into_response)?;
        let elsewhere = is_from_elsewhere(&parts.headers);
        let form = Multipart::from_request(Request::from_parts(parts, body), state).await;
        let form = form.map_err(IntoResponse::into_response)?;
        match read(form, &who.form_token).await {
            Ok(Some(body)) if !elsewhere => Ok(Self { who, body }),
            Ok(_) => Err(not_ours(&who)),
            Err(error) => Err(who.go("/connectors", Said::NotDone(format!("The form cannot be read: {error}")))),
        }
    }
}

/// The form for the API; none where it does not begin with the session's own token: nothing is read then.
async fn read(mut form: Multipart, form_token: &str) -> Result<Option<Vec<u8>>, MultipartError> {
    let first = match form.next_field().await? {
        Some(first) if first.name() == Some("form_token") => short(first).await?,
        _ => return Ok(None),
    };
    if !is_same(&first, form_token) {
        return Ok(None);
    }
    let mut body = Vec::new();
    while let Some(field) = form.next_field().await? {
        let name = field.name().unwrap_or_default().to_owned();
        let (more, content) = match name.as_str() {
            "component" => {
                // What the API would not take as a name cannot break out of the quotes either.
                let file = field.file_name().unwrap_or_default().replace(['"', '\r', '\n'], "_");
                (format!("; filename=\"{file}\""), field.bytes().await?.to_vec())
            }
            "signature" => (String::new(), short(field).await?.into_bytes()),
            _ => continue,
        };
        body.extend(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n").bytes());
        body.extend(content);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    Ok(Some(body))
}

/// The text of a field, as far as it is short.
async fn short(mut field: Field<'_>) -> Result<String, MultipartError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await? {
        let room = LONGEST_TEXT.saturating_sub(bytes.len());
        bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub(super) async fn drop_in(Uploaded { who, body }: Uploaded) -> Response {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let answer = who.send_form(Method::POST, "/v1/connectors", &kind, body).await;
    let manifest = &answer.body["connector"]["manifest"];
    let text = |name: &str| manifest[name].as_str().unwrap_or_default().to_owned();
    done(&who, &answer, "/connectors", &format!("{} {} lies in the folder.", text("name"), text("version")))
}
