//! Sources that push: what identity follows from a user, and what becomes of those that are there when that is declared differently.

use crate::engine::{Engine, EngineError};
use purser_model::Attributes;
use purser_model::id::{ScimResourceId, SourceName};
use purser_model::identity::IdentityRecord;
use purser_model::object::{Digest, Object};
use purser_model::scim::{PushedSource, ResourceKind};
use purser_plan::RecordError;
use purser_store::Relations;
use tracing::{info, warn};

/// Users that are looked at in one go.
const AT_ONCE: u32 = 500;

impl Engine {
    /// The identity that a pushed user stands for. One that does not say whether it is active is.
    ///
    /// # Errors
    /// The source's expressions give none.
    pub fn identity_of_user(
        &self,
        source: &SourceName,
        id: ScimResourceId,
        user: &Attributes,
    ) -> Result<IdentityRecord, RecordError> {
        let active = user.get("active").and_then(serde_json::Value::as_bool).unwrap_or(true);
        let object = Object {
            id: id.to_string(),
            secondary_ids: Vec::new(),
            version: None,
            active: Some(active),
            attributes: serde_json::Value::Object(user.clone()).to_string(),
        };
        self.rules.identity_record(source, &object)
    }

    /// Accepts the identities of pushed users anew where their source is declared otherwise than it was. An identity that
    /// the new declaration does not give stays as it is, which is logged.
    ///
    /// # Errors
    /// The store fails.
    pub async fn take_up_pushed(&self) -> Result<(), EngineError> {
        for (name, source) in &self.rules.configuration().pushed {
            let (key, digest) = (format!("declaration of pushed source {name}"), digest(source));
            if self.store.setting(&key).await?.as_ref() == Some(&digest) {
                continue;
            }
            let users = self.accept_anew(name).await?;
            self.store.keep_setting(&key, &digest, self.clock.now()).await?;
            info!(source = %name, users, "what follows from pushed users is declared anew");
        }
        Ok(())
    }

    async fn accept_anew(&self, name: &SourceName) -> Result<u64, EngineError> {
        let store = self.store.during(&format!("new declaration of {name}"));
        let (mut after, mut users) = (0, 0);
        loop {
            let page = store.scim_page(name, ResourceKind::User, after, AT_ONCE, Relations::LeftOut).await?;
            let Some(last) = page.last().map(|user| user.number) else { return Ok(users) };
            let mut records = Vec::with_capacity(page.len());
            for user in page {
                match self.identity_of_user(name, user.id, &user.attributes) {
                    Ok(record) => records.push(record),
                    Err(_) => {
                        warn!(source = %name, user = %user.id, "no identity follows from this user now; it stays as it was");
                    }
                }
            }
            users += records.len() as u64;
            store.accept_scim_records(name, records, self.clock.now()).await?;
            after = last;
        }
    }
}

/// A digest of what is declared of a source.
fn digest(source: &PushedSource) -> String {
    Digest::of(&format!("{source:?}")).to_string()
}
