//! `/Me`: clients are programs, and no user stands for one.

use super::client::Client;
use super::problem::ScimProblem;
use purser_scim_server::{ErrorKind, ScimError};

/// `/Me`
pub(super) async fn handle(_client: Client) -> ScimProblem {
    ScimError::new(ErrorKind::NotImplemented, "no user stands for this client: use /Users").into()
}
