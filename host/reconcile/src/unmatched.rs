//! Accounts that belong to nobody: shown, or disabled or deleted where that is declared, and then only after a complete
//! listing and after every identity was looked at.

use crate::engine::{Engine, EngineError};
use purser_model::account::Situation;
use purser_model::configuration::UnmatchedReaction;
use purser_model::guard::Taking;
use purser_model::id::{AccountId, SourceName, TargetName};
use purser_model::manifest::ClassKind;
use purser_model::run::Run;
use purser_model::scim::ResourceKind;
use purser_store::{ClassOfTarget, PageRequest, TakingQuestion, UnmatchedOperation};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tracing::warn;

/// What was done about accounts that belong to nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UnmatchedReport {
    /// Operations written.
    pub operations: u64,
    /// Why others, or all, were not.
    pub left_alone: Vec<String>,
}

impl Engine {
    /// Whether anything is to be done about accounts that belong to nobody.
    pub(crate) fn reacts_to_unmatched(&self, name: &TargetName) -> Result<bool, EngineError> {
        Ok(self.target(name)?.unmatched != UnmatchedReaction::Show)
    }

    /// Writes the operations on accounts that a completed run has seen and that belong to nobody. Where that cannot be
    /// said for certain, or they are too many, nothing is written and the report says why.
    pub(crate) async fn react_to_unmatched(
        &self,
        name: &TargetName,
        run: &Run,
    ) -> Result<UnmatchedReport, EngineError> {
        let sources: Vec<SourceName> = self.rules.configuration().sources.keys().cloned().collect();
        let mut doubts = self.store.unmatched_doubts(name, sources).await?;
        for source in self.rules.configuration().pushed.keys() {
            if self.store.count_scim(source, ResourceKind::User).await? == 0 {
                doubts.push(format!("source {source} has pushed nobody yet"));
            }
        }
        if !doubts.is_empty() {
            let reason = format!("accounts that seem to belong to nobody are left alone: {}", doubts.join("; "));
            return Ok(left_alone(name, [reason]));
        }
        // Two that count at the same time would each see only half.
        let _counting = self.guarding.lock().await;
        let view = self.view(name).await?;
        let class =
            ClassOfTarget { target: name.clone(), class: self.target(name)?.class.clone(), kind: ClassKind::Account };
        let mut wanted = Vec::new();
        let mut reasons = BTreeSet::new();
        let mut page = PageRequest::first(self.settings.plan_batch);
        loop {
            let accounts = self.store.unmatched(&class, run.number, page).await?;
            let Some(last) = accounts.last().map(|account| account.id) else { break };
            for account in accounts {
                match self.rules.plan_unmatched(name, &account, &view) {
                    Ok(Some(operation)) => {
                        wanted.push(UnmatchedOperation { account: account.id, digest: account.digest, operation });
                    }
                    Ok(None) => {}
                    Err(cannot) => {
                        reasons.insert(cannot.to_string());
                    }
                }
            }
            page.after = Some(last);
        }
        if let Some(reason) = self.too_many(name, wanted.iter().map(|one| one.account).collect()).await? {
            return Ok(left_alone(name, [reason]));
        }
        let operations = self.store.enqueue_unmatched(name, wanted, self.clock.now()).await?;
        Ok(UnmatchedReport { operations, ..left_alone(name, reasons) })
    }

    /// Why so many are not touched at once: the guard of the target counts them with all else that is taken away.
    async fn too_many(&self, name: &TargetName, accounts: Vec<AccountId>) -> Result<Option<String>, EngineError> {
        let limit = self.target(name)?.guard.accounts;
        let counts = self.store.situations().await?;
        let there = counts.iter().filter(|count| count.target == *name && count.situation != Situation::Missing);
        let there = there.map(|count| count.accounts).sum();
        let question = TakingQuestion { target: name.clone(), taking: Taking::Account, accounts, since: self.window() };
        let weight = self.store.weigh_takings(question).await?;
        let taken = weight.before + weight.added;
        Ok((weight.added > 0 && limit.is_exceeded(taken, there)).then(|| {
            format!(
                "with accounts that belong to nobody {taken} of {there} would be disabled or deleted within 24 hours; the \
                 guard lets {} % of at least {} pass, and no more than {}; look at them with `purser account list --target \
                 {name} --situation unmatched`",
                limit.share, limit.floor, limit.count
            )
        }))
    }
}

fn left_alone(name: &TargetName, reasons: impl IntoIterator<Item = String>) -> UnmatchedReport {
    let left_alone: Vec<String> = reasons.into_iter().collect();
    for reason in &left_alone {
        warn!(target = %name, "{reason}");
    }
    UnmatchedReport { operations: 0, left_alone }
}
