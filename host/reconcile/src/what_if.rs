//! What other declarations would lead to: planned beside the present ones, and nothing is touched.

use crate::engine::{Engine, EngineError, Sessions};
use crate::environment::Progress;
use purser_model::id::TargetName;
use purser_model::plan::{Notice, PlanItem, PlanSummary};
use purser_model::seal::PlanKey;
use purser_plan::{IdentityPlan, Rules};
use purser_store::{IdentityFilter, PageRequest};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What a change of the declarations would lead to.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WhatIfReport {
    /// What would be done because of the change.
    pub items: Vec<PlanItem>,
    /// What would be done with the change and without it.
    pub same: Vec<PlanItem>,
    /// What would be done without the change, and not with it.
    pub withdrawn: Vec<PlanItem>,
    /// What would be found and left alone, and is not found without the change.
    pub notices: Vec<Notice>,
    /// Targets that cannot be planned, and why.
    pub left_out: BTreeMap<TargetName, String>,
}

/// Other declarations that are tried.
pub struct WhatIf {
    present: Engine,
    tried: Engine,
}

impl Engine {
    /// Tries other rules against what this engine's store knows. Nothing is recorded, woken or written.
    pub fn what_if(&self, rules: Arc<Rules>, sessions: Arc<dyn Sessions>) -> WhatIf {
        let present = self.trying(self.rules.clone(), self.sessions.clone());
        WhatIf { present, tried: self.trying(rules, sessions) }
    }
}

impl WhatIf {
    /// Plans every identity under both declarations and says what differs.
    ///
    /// # Errors
    /// The store fails.
    pub async fn plan(&self, progress: &dyn Progress) -> Result<WhatIfReport, EngineError> {
        let (present_views, _) = self.present.views_and_left_out().await?;
        let (views, left_out) = self.tried.views_and_left_out().await?;
        let mut report = WhatIfReport { left_out, ..WhatIfReport::default() };
        let mut page = PageRequest::first(self.tried.settings.plan_batch);
        loop {
            let identities = self.tried.store.identities(IdentityFilter::default(), page).await?;
            let Some(last) = identities.last().map(|identity| identity.id) else { return Ok(report) };
            let ids: Vec<_> = identities.iter().map(|identity| identity.id).collect();
            let without = self.present.plan_batch(ids.clone(), &present_views).await?;
            let with = self.tried.plan_batch(ids, &views).await?;
            let mut without: BTreeMap<_, _> = without.into_iter().map(|one| (one.identity, one.plan)).collect();
            for planned in with {
                report.add(&without.remove(&planned.identity).unwrap_or_default(), planned.plan);
            }
            progress.advance("identities planned", identities.len() as u64);
            page.after = Some(last);
        }
    }

    /// Keeps items of the tried declarations as a plan, which can be applied once they are in place.
    ///
    /// # Errors
    /// The store fails.
    pub async fn keep_plan(
        &self,
        items: &[PlanItem],
        key: &PlanKey,
        life: Duration,
    ) -> Result<PlanSummary, EngineError> {
        self.tried.keep_plan(items, key, life).await
    }
}

impl WhatIfReport {
    fn add(&mut self, without: &IdentityPlan, with: IdentityPlan) {
        self.withdrawn.extend(without.items.iter().filter(|item| !with.items.contains(item)).cloned());
        for item in with.items {
            let same = without.items.contains(&item);
            if same { &mut self.same } else { &mut self.items }.push(item);
        }
        // A target that is left out is named once, and not for everybody.
        let is_new = |notice: &Notice| {
            let known = notice.target.as_ref().is_some_and(|target| self.left_out.contains_key(target));
            !known && !without.notices.contains(notice)
        };
        self.notices.extend(with.notices.into_iter().filter(is_new));
    }
}
