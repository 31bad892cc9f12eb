//! Reconciling one account, or all accounts of one identity.

use crate::engine::{Engine, EngineError};
use crate::environment::Progress;
use crate::execute::DrainReport;
use crate::planning::PlanReport;
use crate::reconcile::ReconcileMode;
use purser_model::account::{Account, Situation};
use purser_model::id::{IdentityId, SourceName, TargetName};
use purser_model::manifest::ClassKind;
use purser_store::{AccountFilter, ClassOfTarget, IdentityFilter, PageRequest};
use serde::Serialize;

/// More accounts than an identity has in one target.
const MOST_ACCOUNTS: u32 = 1_000;

/// One account that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LookedAt {
    /// Its primary id.
    pub remote_id: String,
    /// Whether it is there.
    pub there: bool,
    /// What the comparison found; none where nothing is left of it.
    pub situation: Option<Situation>,
    /// Whose it is.
    pub identity: Option<IdentityId>,
}

/// What reconciling single accounts found and did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SingleReport {
    /// The accounts that were looked at.
    pub accounts: Vec<LookedAt>,
    /// What was done about it.
    pub operations: DrainReport,
    /// For a dry run: what would be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanReport>,
}

impl Engine {
    /// Reads one account, records what is there, plans the identity that it belongs to, and carries that out.
    ///
    /// # Errors
    /// Nobody knows the account, neither Purser nor the target; or the connector or the store fails.
    pub async fn reconcile_account(
        &self,
        name: &TargetName,
        remote_id: &str,
        mode: ReconcileMode,
        progress: &dyn Progress,
    ) -> Result<SingleReport, EngineError> {
        let looked_at = self.look_at_account(name, remote_id, mode).await?;
        let identity = looked_at.identity;
        self.conclude_single(name, vec![looked_at], identity, mode, progress).await
    }

    /// Reads the accounts that an identity has in a target, records what is there, plans the identity, and carries that out.
    ///
    /// # Errors
    /// There is no such identity; or the connector or the store fails.
    pub async fn reconcile_identity(
        &self,
        name: &TargetName,
        source: &SourceName,
        key: &str,
        mode: ReconcileMode,
        progress: &dyn Progress,
    ) -> Result<SingleReport, EngineError> {
        self.target(name)?;
        let filter =
            IdentityFilter { source: Some(source.clone()), key: Some(key.to_owned()), ..IdentityFilter::default() };
        let found = self.store.identities(filter, PageRequest::first(1)).await?;
        let identity = found.first().map(|identity| identity.id).ok_or_else(|| EngineError::Nobody {
            what: "identity",
            id: format!("{source}/{key}"),
            place: String::new(),
            advice: "write it as SOURCE/KEY, and import the source where it is new",
        })?;
        let filter = AccountFilter { target: Some(name.clone()), identity: Some(identity), ..AccountFilter::default() };
        let mut looked_at = Vec::new();
        for account in self.store.accounts(filter, PageRequest::first(MOST_ACCOUNTS)).await? {
            if let Some(remote_id) = &account.remote_id {
                looked_at.push(self.look_at_account(name, remote_id, mode).await?);
            }
        }
        self.conclude_single(name, looked_at, Some(identity), mode, progress).await
    }

    async fn look_at_account(
        &self,
        name: &TargetName,
        remote_id: &str,
        mode: ReconcileMode,
    ) -> Result<LookedAt, EngineError> {
        let class = self.target(name)?.class.clone();
        let key = ClassOfTarget { target: name.clone(), class: class.clone(), kind: ClassKind::Account };
        let before = self.store.account_by_remote_id(&key, remote_id).await?;
        let session = self.reading_session(name, mode).await?;
        self.read_object(self.store_of(name, mode).as_ref(), name, session.as_ref(), &class, remote_id).await?;
        let after = self.store.account_by_remote_id(&key, remote_id).await?;
        if before.is_none() && after.is_none() {
            return Err(EngineError::Nobody {
                what: "account",
                id: remote_id.to_owned(),
                place: format!(" in target {name}"),
                advice: "give its primary id, as the target knows it",
            });
        }
        let of = |account: &Option<Account>| account.as_ref().and_then(|account| account.identity);
        Ok(LookedAt {
            remote_id: remote_id.to_owned(),
            there: after.is_some(),
            situation: match (&after, of(&before)) {
                (Some(account), _) => Some(account.situation),
                (None, Some(_)) => Some(Situation::Missing),
                (None, None) => None,
            },
            identity: of(&after).or(of(&before)),
        })
    }

    async fn conclude_single(
        &self,
        name: &TargetName,
        accounts: Vec<LookedAt>,
        identity: Option<IdentityId>,
        mode: ReconcileMode,
        progress: &dyn Progress,
    ) -> Result<SingleReport, EngineError> {
        let mut report = SingleReport { accounts, ..SingleReport::default() };
        match mode {
            ReconcileMode::Repair => {
                self.store.wake_these(identity.into_iter().collect()).await?;
                report.operations = self.work_off(progress).await?.operations;
            }
            ReconcileMode::DryRun => {
                let views = self.views().await?;
                let mut plan = PlanReport::default();
                for planned in self.plan_batch(identity.into_iter().collect(), &views).await? {
                    plan.items.extend(planned.plan.items);
                    plan.notices.extend(planned.plan.notices);
                }
                plan.items.retain(|item| &item.target == name);
                plan.notices.retain(|notice| notice.target.as_ref().is_none_or(|target| target == name));
                report.plan = Some(plan);
            }
        }
        Ok(report)
    }
}
