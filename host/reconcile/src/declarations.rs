//! New declarations are taken up: exactly the identities that they touch are woken.

use crate::engine::{Engine, EngineError};
use crate::environment::Progress;
use purser_model::id::{IdentityId, TargetName};
use purser_plan::{Change, Rules, TargetView};
use purser_store::{IdentityFilter, KeptDeclarations, PageRequest};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What taking declarations up did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TakenUp {
    /// Identities that were looked at.
    pub identities: u64,
    /// Identities that were woken.
    pub woken: u64,
}

impl Engine {
    /// Wakes the identities for which these rules do not give the plan that the former rules gave, and keeps `text` as the
    /// declarations that are in force. Without former rules everybody is woken.
    ///
    /// Reads the store page by page and looks at no target. A crash before the end begins anew: the former declarations
    /// stay kept until everybody who is touched was woken, and waking twice does no harm.
    ///
    /// # Errors
    /// The store fails.
    pub async fn take_up(
        &self,
        former: Option<Arc<Rules>>,
        text: String,
        progress: &dyn Progress,
    ) -> Result<TakenUp, EngineError> {
        let taken_up = match former {
            Some(former) => self.wake_touched(former, progress).await?,
            None => {
                let woken = self.store.wake_everyone().await?;
                TakenUp { identities: woken, woken }
            }
        };
        let kept = KeptDeclarations { digest: self.rules.configuration().digest(), text };
        self.store.keep_declarations(kept, taken_up.woken, self.clock.now()).await?;
        self.tell_worker();
        Ok(taken_up)
    }

    async fn wake_touched(&self, former: Arc<Rules>, progress: &dyn Progress) -> Result<TakenUp, EngineError> {
        let former = self.trying(former, self.sessions.clone());
        let views = self.views().await?;
        let mut taken_up = TakenUp::default();
        let mut page = PageRequest::first(self.settings.plan_batch);
        loop {
            let identities = self.store.identities(IdentityFilter::default(), page).await?;
            let Some(last) = identities.last().map(|identity| identity.id) else { return Ok(taken_up) };
            let ids: Vec<IdentityId> = identities.iter().map(|identity| identity.id).collect();
            let touched = self.touched(&former, ids, &views).await?;
            taken_up.identities += identities.len() as u64;
            taken_up.woken += touched.len() as u64;
            if !touched.is_empty() {
                self.store.wake_these(touched).await?;
            }
            progress.advance("identities compared", identities.len() as u64);
            page.after = Some(last);
        }
    }

    async fn touched(
        &self,
        former: &Engine,
        ids: Vec<IdentityId>,
        views: &BTreeMap<TargetName, TargetView>,
    ) -> Result<Vec<IdentityId>, EngineError> {
        let now = self.clock.now();
        let snapshots = self.store.snapshots(ids).await?;
        let (before, _) = former.completed(snapshots.clone(), now).await?;
        let (after, _) = self.completed(snapshots, now).await?;
        let change = Change::new(&former.rules, &self.rules);
        let pairs = before.iter().zip(&after);
        let touched = pairs.filter(|(before, after)| change.touches(before, after, views, now));
        Ok(touched.map(|(_, after)| after.identity.id).collect())
    }
}
