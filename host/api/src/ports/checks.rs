//! Checking what is declared against what is there, as the API asks for it.

use async_trait::async_trait;
use purser_model::manifest::Finding;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A finding, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// A source, target or webhook such as `target crm`, or a file in the folder of connectors.
    pub subject: String,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

/// It cannot be checked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CheckFailed(pub String);

/// Checks connectors, sources, targets and webhooks.
#[async_trait]
pub trait Checks: Send + Sync {
    /// Connects to everything that is declared and looks whether it would work. Nothing is changed.
    ///
    /// # Errors
    /// The folder of connectors or the store cannot be read.
    async fn check(&self) -> Result<Vec<Checked>, CheckFailed>;
}
