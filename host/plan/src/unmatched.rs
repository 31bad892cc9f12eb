//! What is done about an account that belongs to nobody.

use crate::outcome::TargetView;
use crate::planner::called;
use crate::rules::Rules;
use purser_model::Attributes;
use purser_model::account::{Account, Situation};
use purser_model::configuration::UnmatchedReaction;
use purser_model::id::TargetName;
use purser_model::manifest::{DeleteSemantics, ObjectClass};
use purser_model::operation::Intent;
use purser_model::plan::PlannedOperation;

/// The targets in which something is done about accounts that belong to nobody.
pub(crate) fn acted_on(rules: &Rules) -> impl Iterator<Item = &TargetName> {
    let targets = rules.configuration().targets.iter();
    targets.filter(|(_, target)| target.unmatched != UnmatchedReaction::Show).map(|(name, _)| name)
}

impl Rules {
    /// The operation on an account that belongs to nobody; none where nothing is to be done.
    ///
    /// The caller answers for it that the listing which showed the account was complete, and that every identity was
    /// looked at since. An account in another situation than `unmatched`, and one that was not read since it was changed,
    /// has no operation.
    ///
    /// # Errors
    /// The class cannot do what is declared; the message says so for people.
    pub fn plan_unmatched(
        &self,
        target: &TargetName,
        account: &Account,
        view: &TargetView,
    ) -> Result<Option<PlannedOperation>, CannotReact> {
        let Some(declared) = self.configuration().targets.get(target) else { return Ok(None) };
        let concerned = account.situation == Situation::Unmatched
            && account.identity.is_none()
            && account.protected_because.is_none()
            && account.remote_id.is_some()
            && account.digest.is_some();
        let Some(class) = view.class(&account.class).filter(|_| concerned) else { return Ok(None) };
        let intent = match declared.unmatched {
            UnmatchedReaction::Show => return Ok(None),
            UnmatchedReaction::Disable => disable(class, account)?,
            UnmatchedReaction::Delete => delete(class, account)?,
        };
        let reason = "it belongs to nobody".to_owned();
        Ok(intent.map(|intent| PlannedOperation { intent, reason, before: Attributes::new() }))
    }
}

/// A class cannot do what is declared for its accounts that belong to nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("account {account} belongs to nobody, and class `{class}` cannot {what} accounts; nothing is done")]
pub struct CannotReact {
    account: String,
    class: String,
    what: &'static str,
}

fn cannot(class: &ObjectClass, account: &Account, what: &'static str) -> CannotReact {
    CannotReact { account: called(account), class: class.name.clone(), what }
}

fn disable(class: &ObjectClass, account: &Account) -> Result<Option<Intent>, CannotReact> {
    match account.active {
        Some(false) => Ok(None),
        _ if !class.operations.set_active => Err(cannot(class, account, "disable")),
        _ => Ok(Some(Intent::Disable)),
    }
}

fn delete(class: &ObjectClass, account: &Account) -> Result<Option<Intent>, CannotReact> {
    if !class.operations.delete || class.delete_semantics == DeleteSemantics::None {
        return Err(cannot(class, account, "delete"));
    }
    // Where deleting only disables, a disabled account is as far as it goes.
    let is_done = class.delete_semantics == DeleteSemantics::Deactivates && account.active == Some(false);
    Ok((!is_done).then_some(Intent::Delete))
}
