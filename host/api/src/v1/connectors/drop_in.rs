//! `POST /v1/connectors`: a file is validated as one that is dropped into the folder, and put there.

use crate::ApiState;
use crate::auth::Acting;
use crate::description::problems::{BadValues, Conflicting};
use crate::ports::{ConnectorDetail, FileName, Upload};
use crate::problem::{Code, Problem};
use axum::Json;
use axum::extract::multipart::{Field, MultipartError, MultipartRejection};
use axum::extract::{Multipart, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::sync::Semaphore;
use utoipa::ToSchema;

/// The largest component is as large as the largest that a host loads, and the form around it is small.
pub(crate) const LARGEST_UPLOAD: usize = (64 << 20) + (64 << 10);
/// Longest signature and longest name that are read.
const LONGEST_TEXT: usize = 4 << 10;
/// A file that takes longer is not waited for: others would wait for their turn.
const PATIENCE: Duration = Duration::from_mins(5);
/// Each has its whole file in memory.
static AT_A_TIME: Semaphore = Semaphore::const_new(2);

/// A connector to drop in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DropInConnector)]
#[expect(dead_code, reason = "it says what is in the form, which is read part by part")]
pub(crate) struct Form {
    /// The component.
    #[schema(value_type = String, format = Binary, content_media_type = "application/wasm")]
    component: Vec<u8>,
    /// Its signature in the form of minisign.
    #[schema(max_length = 4096)]
    signature: Option<String>,
    /// The name of the file. Where it is left out, that of the part `component` counts, as browsers send it.
    #[schema(required = true, nullable = false, max_length = 100, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*\\.wasm$")]
    file: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DroppedInConnector)]
pub(crate) struct DroppedIn {
    /// The name of the file.
    file: String,
    /// What it is.
    connector: ConnectorDetail,
}

/// Puts a connector into the folder, after it was validated as one that is dropped in.
///
/// A file of the same name is replaced. Sources and targets take a newer build as they are declared.
#[utoipa::path(
    post,
    path = "/connectors",
    operation_id = "dropInConnector",
    tag = "connectors",
    request_body(content = Form, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "It lies in the folder", body = DroppedIn),
        Conflicting,
        BadValues,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    acting: Acting,
    form: Result<Multipart, MultipartRejection>,
) -> Result<(StatusCode, Json<DroppedIn>), Problem> {
    let form = form.map_err(|error| Problem::bad_body(error.status(), error.body_text()))?;
    // It is never closed.
    let _turn = AT_A_TIME.acquire().await.map_err(|_| Problem::internal())?;
    let upload = tokio::time::timeout(PATIENCE, read(form)).await.map_err(|_| {
        Problem::new(Code::TooSlow, "the file did not arrive within 5 minutes; send it without a break")
    })??;
    let connector = state.connectors.check(&upload).await?;
    let (file, manifest) = (upload.file.to_string(), &connector.manifest);
    let what = format!("{}: {file}, {} {} ({})", acting.request, manifest.name, manifest.version, connector.digest);
    acting.store.note_request(&what, (state.now)()).await?;
    state.connectors.drop_in(upload).await?;
    Ok((StatusCode::CREATED, Json(DroppedIn { file, connector })))
}

async fn read(mut form: Multipart) -> Result<Upload, Problem> {
    let (mut component, mut signature, mut name, mut named) = (None, None, None, None);
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name().unwrap_or_default() {
            "component" => {
                named = field.file_name().map(str::to_owned);
                component = Some(field.bytes().await.map_err(unreadable)?.to_vec());
            }
            "signature" => signature = text(field).await?,
            "file" => name = text(field).await?,
            other => {
                let other: String = other.chars().take(64).collect();
                return Err(bad(format!("the form has a part `{other}`: it has `component`, `signature` and `file`")));
            }
        }
    }
    let component = component.ok_or_else(|| bad("the form has no part `component` with the file".to_owned()))?;
    let name = name.or(named).unwrap_or_default();
    let file: FileName = name.parse().map_err(|error| Problem::bad_parameter(format!("{error}")))?;
    Ok(Upload { file, component, signature })
}

/// A short text; one that is empty counts as none, since that is what browsers send for what nobody chose.
async fn text(mut field: Field<'_>) -> Result<Option<String>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(unreadable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LONGEST_TEXT {
            return Err(bad(format!("a text in the form is longer than {LONGEST_TEXT} bytes")));
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| bad("a text in the form is not UTF-8".to_owned()))?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn bad(detail: String) -> Problem {
    Problem::bad_body(StatusCode::BAD_REQUEST, detail)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn unreadable(error: MultipartError) -> Problem {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::bad_body(error.status(), "the file is larger than any connector that a host loads (64 MiB)")
        }
        _ => Problem::bad_body(StatusCode::BAD_REQUEST, error.body_text()),
    }
}
