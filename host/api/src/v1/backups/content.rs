//! `GET /v1/backups/{name}/content`: a backup itself. Whoever has it has everything that the host knows of people.

use crate::ApiState;
use crate::auth::{Acting, Caller};
use crate::description::problems::NotFound;
use crate::problem::Problem;
use crate::quota::{Holder, Place};
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};
use futures::stream::{self, Stream};
use purser_backup::{BackupName, OpenedBackup};
use std::fs::File;
use std::io::{self, Read};
use tokio::sync::Semaphore;
use utoipa::ToSchema;

/// Bytes read at a time.
const PIECE: u64 = 256 << 10;
/// A whole file is read for its digest.
static AT_A_TIME: Semaphore = Semaphore::const_new(2);

/// The file as it is.
#[derive(ToSchema)]
#[schema(as = BackupFile, value_type = String, format = Binary)]
pub(crate) struct Content(());

/// Sends a backup: a tar file with a manifest and the store. It holds personal data, and secrets as they are sealed; the keys
/// are not in it. Who took it stands in the audit log.
#[utoipa::path(
    get,
    path = "/backups/{name}/content",
    operation_id = "downloadBackup",
    tag = "backups",
    params(("name" = inline(BackupName), Path, description = "The backup")),
    responses(
        (
            status = 200,
            description = "The file",
            body = inline(Content),
            content_type = "application/x-tar",
            headers(
                ("Repr-Digest" = String, description = "SHA-256 of the file (RFC 9530)"),
                ("ETag" = String, description = "The same in hexadecimal"),
                ("Content-Disposition" = String, description = "The name to keep it under"),
            )
        ),
        NotFound,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    acting: Acting,
    name: Result<Path<BackupName>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(name) = name?;
    let seat = state.quotas.stream(&Holder::Caller(caller.name))?;
    // It is never closed.
    let turn = AT_A_TIME.acquire().await.map_err(|_| Problem::internal())?;
    let (backups, wanted) = (state.backups.clone(), name.clone());
    let opened =
        tokio::task::spawn_blocking(move || backups.open(&wanted)).await.map_err(|_| Problem::internal())??;
    drop(turn);
    // Before the first byte: who took it is known, whatever becomes of the connection.
    acting.store.note_request(&acting.request, (state.now)()).await?;
    let OpenedBackup { file, size, digest } = opened;
    let headers: [(HeaderName, String); 5] = [
        (header::CONTENT_TYPE, "application/x-tar".to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::ETAG, format!("\"{}\"", digest.hexadecimal())),
        (HeaderName::from_static("repr-digest"), digest.to_string()),
    ];
    Ok((headers, Body::from_stream(pieces(file, size, seat))).into_response())
}

/// The first `size` bytes of a file, piece by piece, as fast as they are taken. The seat is given back at the end.
fn pieces(file: File, size: u64, seat: Place<Holder>) -> impl Stream<Item = io::Result<Bytes>> {
    stream::try_unfold((file, size, seat), |(mut file, left, seat)| async move {
        if left == 0 {
            return Ok(None);
        }
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::new();
            (&mut file).take(left.min(PIECE)).read_to_end(&mut piece)?;
            Ok::<_, io::Error>((file, piece))
        });
        let (file, piece) = read.await.map_err(io::Error::other)??;
        if piece.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let left = left.saturating_sub(piece.len() as u64);
        Ok(Some((Bytes::from(piece), (file, left, seat))))
    })
}
