//! Protection follows the declarations: what is observed is weighed when it is read, and everything known is weighed again
//! when the declarations of a target have changed.

use crate::engine::{Engine, EngineError};
use purser_model::account::Account;
use purser_model::id::TargetName;
use purser_model::object::Object;
use purser_store::{AccountFilter, PageRequest, ProtectionChange};
use tracing::info;

const PAGE: u32 = 1_000;

impl Engine {
    /// Brings the protection of every known account in line with the declarations. A target whose declaration of what is
    /// protected has not changed since the last time costs one look.
    ///
    /// # Errors
    /// The store fails. What was not weighed is weighed the next time.
    pub async fn settle_protection(&self) -> Result<(), EngineError> {
        for name in self.target_names() {
            let declared = &self.target(&name)?.protected;
            let key = format!("protection of target {name}");
            let wanted = format!("{declared:?}");
            match self.store.setting(&key).await? {
                None if declared.is_empty() => {}
                Some(known) if known == wanted => {}
                _ => {
                    self.weigh_protection(&name).await?;
                    self.store.keep_setting(&key, &wanted, self.clock.now()).await?;
                }
            }
        }
        Ok(())
    }

    async fn weigh_protection(&self, name: &TargetName) -> Result<(), EngineError> {
        let filter = AccountFilter { target: Some(name.clone()), ..AccountFilter::default() };
        let mut page = PageRequest::first(PAGE);
        let mut changed = 0;
        loop {
            let accounts = self.store.accounts(filter.clone(), page).await?;
            let Some(last) = accounts.last().map(|account| account.id) else { break };
            let changes: Vec<_> = accounts.into_iter().filter_map(|account| self.protection_change(account)).collect();
            changed += changes.len();
            if !changes.is_empty() {
                self.store.change_protection(changes, self.clock.now()).await?;
            }
            page.after = Some(last);
        }
        info!(target = %name, changed, "what is protected was declared anew");
        Ok(())
    }

    /// What changes for an account; none where it stays as it is. One that is not in the target keeps its protection as
    /// long as anything is protected there: what it was cannot be read any more.
    fn protection_change(&self, account: Account) -> Option<ProtectionChange> {
        let Some(remote_id) = account.remote_id else {
            let declared = self.rules.configuration().targets.get(&account.target);
            let none_left = declared.is_none_or(|target| target.protected.is_empty());
            return (none_left && account.protected_because.is_some())
                .then_some(ProtectionChange { account: account.id, because: None });
        };
        let object = Object {
            id: remote_id,
            secondary_ids: account.secondary_ids,
            version: None,
            active: account.active,
            attributes: account.attributes,
        };
        let because = self.rules.protected_because(&account.target, &object);
        (because != account.protected_because).then_some(ProtectionChange { account: account.id, because })
    }
}
