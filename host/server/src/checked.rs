//! Checks connectors, sources, targets and webhooks, for the command and for the API.

use crate::registry::Registry;
use crate::secrets::SealedStore;
use crate::sessions::OpenSessions;
use async_trait::async_trait;
use purser_api::{CheckFailed, Checked, Checks};
use purser_connector::Fault;
use purser_model::manifest::{CheckLevel, Finding, Severity};
use purser_plan::Rules;
use purser_reconcile::Sessions;
use purser_webhook::Webhooks;
use std::sync::Arc;

/// What is declared, and what is there for it.
pub struct DeclaredChecks {
    /// What is declared.
    pub rules: Arc<Rules>,
    /// The folder of connectors.
    pub registry: Arc<Registry>,
    /// The sealed secrets.
    pub secrets: SealedStore,
    /// The receivers of events.
    pub webhooks: Arc<Webhooks>,
}

impl DeclaredChecks {
    /// Everything that was found, sources before targets before webhooks.
    ///
    /// # Errors
    /// The folder of connectors or the store cannot be read.
    pub async fn all(&self) -> anyhow::Result<Vec<Checked>> {
        let sessions = OpenSessions::new(self.rules.clone(), self.registry.clone(), self.secrets.clone());
        let mut checked = Vec::new();
        for (path, loaded) in self.registry.all().await? {
            if let Err(reason) = loaded {
                checked.push(Checked { subject: path.display().to_string(), finding: wrong("refused-file", reason) });
            }
        }
        let configuration = self.rules.configuration();
        for name in configuration.sources.keys() {
            let findings = match sessions.source(name).await {
                Ok(session) => session.check(CheckLevel::Permissions).await,
                Err(fault) => Err(fault),
            };
            push(&mut checked, &format!("source {name}"), findings);
        }
        for name in configuration.targets.keys() {
            let findings = match sessions.target(name).await {
                Ok(session) => session.check(CheckLevel::Permissions).await,
                Err(fault) => Err(fault),
            };
            push(&mut checked, &format!("target {name}"), findings);
        }
        for name in self.webhooks.names() {
            if let Some(trouble) = self.webhooks.trouble(name).await? {
                let finding = wrong("unusable", trouble.to_string());
                checked.push(Checked { subject: format!("webhook {name}"), finding });
            }
        }
        Ok(checked)
    }
}

#[async_trait]
impl Checks for DeclaredChecks {
    async fn check(&self) -> Result<Vec<Checked>, CheckFailed> {
        self.all().await.map_err(|error| CheckFailed(format!("{error:#}")))
    }
}

fn wrong(code: &str, message: String) -> Finding {
    Finding { severity: Severity::Error, code: code.to_owned(), message, remedy: None }
}

fn push(checked: &mut Vec<Checked>, subject: &str, findings: Result<Vec<Finding>, Fault>) {
    let findings = findings.unwrap_or_else(|fault| vec![wrong("unusable", fault.to_string())]);
    checked.extend(findings.into_iter().map(|finding| Checked { subject: subject.to_owned(), finding }));
}
