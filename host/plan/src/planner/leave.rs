//! The identity should not have this account any more.

use super::{Planner, called, operation};
use jiff::Timestamp;
use purser_model::account::Account;
use purser_model::configuration::Deprovisioning;
use purser_model::identity::LifecycleState;
use purser_model::later;
use purser_model::manifest::{DeleteSemantics, ObjectClass};
use purser_model::operation::Intent;
use purser_model::plan::{Link, PlannedOperation};

impl Planner<'_> {
    /// The identity should not have this account any more.
    pub(super) fn leave(&mut self, account: &Account) {
        self.plan.leaving.insert(account.id);
        let Some(class) = self.class(&account.class) else { return };
        let why = self.why_it_leaves();
        let policy = &self.target.leaving;
        let since = account.leaving_since.unwrap_or(self.subject.now);
        let acts_at = later(since, policy.grace);
        if self.subject.now < acts_at {
            self.plan.look_again_at(acts_at);
            return self.notice(format!("{why}; account {} is left as it is until {acts_at:.0}", called(account)));
        }
        let operations = match policy.action {
            Deprovisioning::Keep => {
                let revocations = self.declared.revocations(None, &account.held, &why);
                self.allowed(class.operations.revoke, class, "revoke entitlements", revocations)
            }
            Deprovisioning::Disable => self.disable_then_delete(class, account, since, &why),
            Deprovisioning::Delete if account.deletion_cancelled => self.disable(class, account, &why),
            Deprovisioning::Delete => self.delete(class, account, why),
        };
        if !operations.is_empty() {
            self.item(Some(account), &class.name, Link::Keep, operations, account.pushed.clone());
        }
    }

    /// Disables now, and deletes when the account has been leaving long enough.
    fn disable_then_delete(
        &mut self,
        class: &ObjectClass,
        account: &Account,
        since: Timestamp,
        why: &str,
    ) -> Vec<PlannedOperation> {
        let Some(delete_after) = self.target.leaving.delete_after else { return self.disable(class, account, why) };
        if account.deletion_cancelled {
            return self.disable(class, account, why);
        }
        let deletes_at = later(since, delete_after);
        if self.subject.now < deletes_at {
            self.plan.look_again_at(deletes_at);
            return self.disable(class, account, why);
        }
        self.delete(class, account, format!("{why} since {since:.0}"))
    }

    fn disable(&mut self, class: &ObjectClass, account: &Account, why: &str) -> Vec<PlannedOperation> {
        let revocations = self.declared.revoke_all(&account.held, why);
        let mut operations = self.allowed(class.operations.revoke, class, "revoke entitlements", revocations);
        if account.active != Some(false) {
            let disable = vec![operation(Intent::Disable, why.to_owned())];
            operations.extend(self.allowed(class.operations.set_active, class, "disable accounts", disable));
        }
        operations
    }

    fn delete(&mut self, class: &ObjectClass, account: &Account, why: String) -> Vec<PlannedOperation> {
        let can = class.operations.delete && class.delete_semantics != DeleteSemantics::None;
        // Where deleting only disables, a disabled account is as far as it goes.
        if class.delete_semantics == DeleteSemantics::Deactivates && account.active == Some(false) {
            return Vec::new();
        }
        self.allowed(can, class, "delete accounts", vec![operation(Intent::Delete, why)])
    }

    fn why_it_leaves(&self) -> String {
        match self.subject.state {
            LifecycleState::Departed => "the identity has departed".to_owned(),
            LifecycleState::Staged => "the identity is staged".to_owned(),
            LifecycleState::Active | LifecycleState::Suspended => format!("no role grants an account in {}", self.name),
        }
    }
}
