//! `GET /v1/audit/verification`: whether the audit log holds together, a piece of it after the other.

use crate::ApiState;
use crate::problem::Problem;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use purser_model::audit::{Anchor, AuditHead, ChainCheck};
use purser_reconcile::{AuditPiece, check_audit};
use serde::{Deserialize, Serialize};
use std::fmt;
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};

const USUAL: u32 = 10_000;
const MOST: u32 = 50_000;
/// Rows are read and hashed: whoever verifies waits for those who came before, and nobody else does.
static AT_A_TIME: Semaphore = Semaphore::const_new(2);

/// A row of the audit log and its hash: `ROW:HASH`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = AuditAnchor, value_type = String, pattern = "^[1-9][0-9]{0,17}:[0-9a-fA-F]{64}$")]
#[serde(try_from = "String")]
pub(crate) struct RowAnchor(Anchor);

/// A text names no row.
pub(crate) struct NoRow(String);

impl fmt::Display for NoRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no row of an audit log with its hash: give it as it was answered, ROW:HASH", self.0)
    }
}

impl TryFrom<String> for RowAnchor {
    type Error = NoRow;

    fn try_from(text: String) -> Result<Self, NoRow> {
        let digits = text.split(':').next().unwrap_or_default();
        let is_plain =
            digits.len() <= 18 && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse().ok().filter(|_| is_plain) {
            Some(anchor) => Ok(Self(anchor)),
            None => Err(NoRow(text.chars().take(100).collect())),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// `next` of the former piece; from the first row on where it is not given.
    #[param(inline)]
    after: Option<RowAnchor>,
    /// A `head` that was kept elsewhere: the log must still hold it. Give it with every piece.
    #[param(inline)]
    expect: Option<RowAnchor>,
    /// How many rows are looked at; 10,000 where it is not given.
    #[param(minimum = 1, maximum = 50_000)]
    limit: Option<u32>,
}

/// What was found.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditVerification)]
pub(crate) struct Verified {
    /// Whether the log holds together up to its end, which this host signed; null as long as there is more to look at.
    whole: Option<bool>,
    /// Rows that hold together, counted from the first of the log.
    rows: i64,
    /// The end of the log as the host signed it: keep it elsewhere, and give it back as `expect`.
    head: Option<String>,
    /// Where the log does not hold together.
    broken: Option<Broken>,
    /// What to give as `after` to go on; null where nothing is left to look at.
    next: Option<String>,
}

/// Where the log does not hold together.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditBreak)]
pub(crate) struct Broken {
    /// The first row that is wrong, or the one that is not there.
    sequence: i64,
    /// What is wrong.
    reason: String,
}

impl From<AuditPiece> for Verified {
    fn from(piece: AuditPiece) -> Self {
        let AuditPiece { rows, head, broken, next } = piece;
        Self {
            whole: next.is_none().then_some(broken.is_none()),
            rows,
            head: head.as_ref().map(AuditHead::anchor),
            broken: broken.map(|broken| Broken { sequence: broken.sequence, reason: broken.reason }),
            next: next.map(|next| next.anchor().to_string()),
        }
    }
}

/// Verifies the audit log, a piece after the other: that each row is as it was written and follows from the one before, and
/// that the last one is the end that this host signed. Nothing is changed.
#[utoipa::path(
    get,
    path = "/audit/verification",
    operation_id = "verifyAudit",
    tag = "events",
    params(Parameters),
    responses(
        (status = 200, description = "What was found in this piece", body = Verified),
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Result<Json<Verified>, Problem> {
    let Query(Parameters { after, expect, limit }) = parameters?;
    let most = match limit.unwrap_or(USUAL) {
        limit @ 1..=MOST => limit,
        other => return Err(Problem::bad_parameter(format!("`limit` is {other}: it must be from 1 to {MOST}"))),
    };
    let after = after.map_or_else(ChainCheck::default, |RowAnchor(row)| ChainCheck::after(&row));
    let expected = expect.map(|RowAnchor(row)| row);
    // It is never closed.
    let _turn = AT_A_TIME.acquire().await.map_err(|_| Problem::internal())?;
    let piece = check_audit(state.store.as_ref(), Some(&state.audit_key), after, expected.as_ref(), most).await?;
    Ok(Json(piece.into()))
}
