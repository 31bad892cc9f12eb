//! An operation met an account that has its unique value already.

use crate::engine::{Engine, EngineError};
use crate::execute::Bench;
use purser_model::Attributes;
use purser_model::configuration::UnlinkedReaction;
use purser_model::edit::AttributeAction;
use purser_model::operation::{Intent, Operation};
use purser_store::FoundAccount;
use std::borrow::Cow;
use std::collections::BTreeSet;
use tracing::warn;

impl Engine {
    /// Another account has the unique value, and is recorded. Where the identity would recognise it as its own, it is planned
    /// again if the declared policy adopts; where it is somebody else's, if there is another value to try. So nothing is
    /// tried over and over.
    pub(crate) async fn meet_other(
        &self,
        bench: &Bench,
        operation: &Operation,
        attributes: &Attributes,
        other: Option<String>,
    ) -> Result<bool, EngineError> {
        let other = match other {
            Some(id) => Some(id),
            None => self
                .find_by_correlation(bench, &operation.class, attributes)
                .await
                .unwrap_or_default()
                .map(|found| found.id),
        };
        let Some(other) = other else { return Ok(false) };
        if let Err(error) =
            self.read_object(self.store.as_ref(), &bench.name, bench.session.as_ref(), &operation.class, &other).await
        {
            warn!(target = %bench.name, %error, "the account that has the unique value cannot be read");
            return Ok(false);
        }
        let creates = matches!(operation.intent, Intent::Create { .. });
        let recognised = if creates { self.would_recognise(bench, operation, &other).await? } else { None };
        if let Some(definite) = recognised {
            return Ok(definite && self.target(&bench.name)?.unlinked == UnlinkedReaction::Adopt);
        }
        self.lost_a_name(bench, operation, attributes).await
    }

    /// Whether the identity would recognise this account as its own, and then whether planning would take it: it is the
    /// only one that definitely is. None where it is somebody else's.
    async fn would_recognise(
        &self,
        bench: &Bench,
        operation: &Operation,
        other: &str,
    ) -> Result<Option<bool>, EngineError> {
        let Some(identity) = operation.identity else { return Ok(None) };
        let identity = self.store.identity(identity).await?;
        let questions = self.candidate_questions(&identity, &bench.name, self.clock.now())?;
        let (rules, questions): (Vec<usize>, Vec<_>) = questions.into_iter().unzip();
        let found = self.store.candidates(vec![questions]).await?;
        let matched = |found: &FoundAccount| -> BTreeSet<usize> {
            found.answers.iter().filter_map(|place| rules.get(*place)).copied().collect()
        };
        let is_other = |found: &FoundAccount| found.account.remote_id.as_deref() == Some(other);
        let found: Vec<FoundAccount> = found.into_iter().flatten().collect();
        if !found.iter().any(|one| is_other(one) && self.rules.is_possible(&bench.name, &matched(one))) {
            return Ok(None);
        }
        let mut definite = found.iter().filter(|one| self.rules.is_definite(&bench.name, &matched(one)));
        let (Some(only), None) = (definite.next(), definite.next()) else { return Ok(Some(false)) };
        let claimed = only.claimed_by.iter().any(|claimant| *claimant != identity.id);
        Ok(Some(!claimed && only.taken_from.is_none() && is_other(only)))
    }
}

/// The values that an operation writes, where it writes any.
pub(crate) fn sent(intent: &Intent) -> Option<Cow<'_, Attributes>> {
    match intent {
        Intent::Create { attributes, .. } => Some(Cow::Borrowed(attributes)),
        Intent::Update { changes } => {
            let replaced = changes.iter().filter_map(|change| match &change.action {
                AttributeAction::Replace(value) => Some((change.attribute.clone(), value.clone())),
                _ => None,
            });
            Some(Cow::Owned(replaced.collect()))
        }
        _ => None,
    }
}
