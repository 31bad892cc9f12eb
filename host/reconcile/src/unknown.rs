//! Observing: a call whose end is not known (crash, time-out, lost answer) is looked at before anything is tried again.

use crate::engine::{Engine, EngineError, in_target};
use crate::environment::Progress;
use crate::execute::{Bench, DrainReport, ended, recording};
use crate::lag::hides_until;
use crate::observe::{same_text, texts, values_at};
use crate::resolve::entitlement_key;
use crate::verdict;
use purser_connector::{Fault, Session};
use purser_model::Attributes;
use purser_model::account::{Account, EntitlementKey};
use purser_model::edit::{AttributeAction, AttributeChange, ErrorClass};
use purser_model::id::TargetName;
use purser_model::manifest::{HoldingSide, ObjectClass};
use purser_model::object::{Condition, Object, Operator, SearchRequest, Tail};
use purser_model::operation::{EntitlementReference, Intent, Operation, OperationState};
use purser_model::password::without_passwords;
use purser_store::{Leased, OperationObject, Recording, Seen};
use serde_json::Value;
use tracing::{info, warn};

const AT_A_TIME: u32 = 100;

impl Engine {
    /// Observes what was left with an unknown end in a target, and records what was found. What cannot be observed now
    /// stays unknown.
    pub(crate) async fn observe_unknown(
        &self,
        name: &TargetName,
        progress: &dyn Progress,
    ) -> Result<DrainReport, EngineError> {
        let mut report = DrainReport::default();
        loop {
            let unknown = self.store.unknown(name, AT_A_TIME, self.clock.now()).await?;
            if unknown.is_empty() {
                report.unknown = 0;
                return Ok(report);
            }
            let bench = self.bench(name).await?;
            let mut recordings = Vec::with_capacity(unknown.len());
            let mut blind = false;
            for one in &unknown {
                match self.observe_one(&bench, one).await {
                    Ok(recording) => {
                        self.turn(name).answered();
                        recordings.push(recording);
                    }
                    Err(EngineError::Store(error)) => return Err(error.into()),
                    Err(error) => {
                        warn!(target = %name, operation = %one.operation.id, %error, "cannot be observed yet");
                        if let EngineError::Connector { fault, .. } = &error {
                            self.note_fault(name, fault).await?;
                        }
                        self.come_back_after(name, &error);
                        blind = true;
                        break;
                    }
                }
            }
            progress.advance("operations observed", recordings.len() as u64);
            info!(target = %name, observed = recordings.len(), "observed operations whose end was not known");
            recordings.iter().for_each(|recording| report.count(recording));
            let stuck = recordings.is_empty() || recordings.iter().all(|one| one.state == OperationState::Unknown);
            bench.store.record(recordings, self.clock.now()).await?;
            if blind || stuck {
                let queue = self.store.queue(name, self.clock.now()).await?;
                // What is not shown yet holds nothing else back.
                report.unknown = queue.unknown.saturating_sub(queue.unknown_later);
                return Ok(report);
            }
        }
    }

    async fn observe_one(&self, bench: &Bench, one: &Leased) -> Result<Recording, EngineError> {
        let operation = &one.operation;
        let account = match &one.object {
            OperationObject::Account(account) => account.as_ref(),
            OperationObject::Entitlement(_) => {
                return self
                    .observe_created_entitlement(bench, operation)
                    .await
                    .map_err(|fault| in_target(&bench.name, fault));
            }
        };
        let observed = match &operation.intent {
            Intent::Create { attributes, .. } => return self.observe_created(bench, operation, attributes).await,
            Intent::Grant { entitlement } => self.observe_holding(bench, operation, account, entitlement, true).await,
            Intent::Revoke { entitlement } => self.observe_holding(bench, operation, account, entitlement, false).await,
            _ => self.observe_account(bench, operation, account).await,
        };
        observed.map_err(|fault| in_target(&bench.name, fault))
    }

    /// A create: the account is looked for by what recognises it. One that looks as it was sent is the one that was asked
    /// for; any other belongs to somebody else, and is never taken over silently.
    async fn observe_created(
        &self,
        bench: &Bench,
        operation: &Operation,
        attributes: &Attributes,
    ) -> Result<Recording, EngineError> {
        if self.searchable(bench, &operation.class, attributes).is_empty() {
            let detail = "its end is not known, and no correlation rule or unique attribute can find the account: declare \
                          one, or reconcile the target";
            let recording = ended(operation, OperationState::Refused, detail.to_owned(), Seen::Nothing);
            return Ok(Recording { error_class: Some("not-observable"), ..recording });
        }
        let in_target = |fault| in_target(&bench.name, fault);
        let found = self.find_by_correlation(bench, &operation.class, attributes).await.map_err(in_target)?;
        let Some(object) = found else { return Ok(self.not_there(bench, operation)) };
        if !self.looks_as_sent(bench, &operation.class, attributes, &object) {
            let detail =
                format!("account `{}` is there and does not look as it was sent: it was there before", object.id);
            let wake = self.meet_other(bench, operation, attributes, Some(object.id)).await?;
            let recording = ended(operation, OperationState::Refused, detail, Seen::Nothing);
            return Ok(Recording { wake, error_class: Some("already-exists"), ..recording });
        }
        let observation = self.observation(bench, &operation.class, object).map_err(in_target)?;
        let seen = Seen::Object(Box::new(observation));
        let recording = ended(operation, OperationState::Applied, "found after an unknown end".into(), seen);
        // The identity may have changed, or left, while nobody knew that it has this account.
        Ok(Recording { wake: true, ..recording })
    }

    /// Whether an object has every value that was sent. What the target never shows cannot be asked for.
    pub(crate) fn looks_as_sent(&self, bench: &Bench, class: &str, sent: &Attributes, object: &Object) -> bool {
        let class = bench.class(class);
        let is_shown = |name: &str| {
            let attribute = class.and_then(|class| class.attribute(name));
            attribute.is_none_or(|attribute| !attribute.traits.write_only)
        };
        let Ok(found) = object.parse_attributes().map(Value::Object) else { return false };
        let asked: Attributes = without_passwords(sent).into_iter().filter(|(name, _)| is_shown(name)).collect();
        covers(&found, &Value::Object(asked))
    }

    async fn observe_created_entitlement(&self, bench: &Bench, operation: &Operation) -> Result<Recording, Fault> {
        let Intent::CreateEntitlement { name, .. } = &operation.intent else {
            return Err(Fault::BrokenContract(format!("operation {} is about no entitlement", operation.id)));
        };
        let declared =
            self.rules.configuration().targets.get(&bench.name).and_then(|target| target.entitlements.get(name));
        let Some(declared) = declared else {
            let detail = "it is not declared any more".to_owned();
            let recording = ended(operation, OperationState::Refused, detail, Seen::Nothing);
            return Ok(Recording { error_class: Some("unresolved"), ..recording });
        };
        let found = find(bench.session.as_ref(), &declared.class, &declared.attribute, &declared.value).await?;
        match found {
            Some(object) => {
                let observation = self.observation(bench, &declared.class, object)?;
                Ok(ended(
                    operation,
                    OperationState::Applied,
                    "found after an unknown end".into(),
                    Seen::Object(Box::new(observation)),
                ))
            }
            None => Ok(self.not_there(bench, operation)),
        }
    }

    /// What was to be made is not there: it was not done, or the target does not show it yet.
    fn not_there(&self, bench: &Bench, operation: &Operation) -> Recording {
        self.not_shown_yet(bench, operation).unwrap_or_else(|| self.not_done(operation, Seen::Nothing))
    }

    /// Where a target shows late what was written, its end stays unknown until then.
    fn not_shown_yet(&self, bench: &Bench, operation: &Operation) -> Option<Recording> {
        let class = bench.class(&operation.class)?;
        let until = hides_until(class, operation, self.clock.now())?;
        let detail = format!("not there, which proves nothing before {until}: the target shows late what was written");
        let recording = ended(operation, OperationState::Unknown, detail, Seen::Nothing);
        Some(Recording { not_before: Some(until), ..recording })
    }

    async fn observe_account(
        &self,
        bench: &Bench,
        operation: &Operation,
        account: &Account,
    ) -> Result<Recording, Fault> {
        let Some(remote_id) = &account.remote_id else {
            let detail = "the account is not in the target".to_owned();
            let recording = ended(operation, OperationState::Refused, detail, Seen::Nothing);
            return Ok(Recording { error_class: Some("not-found"), ..recording });
        };
        let object = match bench.session.get(&operation.class, remote_id).await {
            Ok(object) => object,
            Err(fault) if fault.is_not_found() => {
                let deleted = matches!(operation.intent, Intent::Delete);
                if !deleted && let Some(not_shown) = self.not_shown_yet(bench, operation) {
                    return Ok(not_shown);
                }
                let state = if deleted { OperationState::Applied } else { OperationState::Refused };
                let recording = ended(operation, state, "the account is gone".into(), Seen::Gone);
                return Ok(Recording { wake: !deleted, error_class: (!deleted).then_some("not-found"), ..recording });
            }
            Err(fault) => return Err(fault),
        };
        let active = object.active;
        let seen = Seen::Object(Box::new(self.observation(bench, &operation.class, object)?));
        Ok(match operation.intent {
            Intent::Enable if active == Some(true) => found_done(operation, seen),
            Intent::Disable if active == Some(false) => found_done(operation, seen),
            // It is planned again all the same, but what was written is known to be Purser's.
            Intent::Update { ref changes } if changes.iter().all(|change| shows(&seen, change)) => {
                Recording { wake: true, ..found_done(operation, seen) }
            }
            Intent::Update { .. } => {
                // Planning compares better than this could: what is still different is planned again, and not sent sooner
                // for that. What keeps failing is not planned over and over.
                let not_done = self.not_done(operation, seen);
                Recording { wake: !not_done.quarantined, ..not_done }
            }
            _ => self.not_done(operation, seen),
        })
    }

    async fn observe_holding(
        &self,
        bench: &Bench,
        operation: &Operation,
        account: &Account,
        reference: &EntitlementReference,
        wanted: bool,
    ) -> Result<Recording, Fault> {
        let (Some(remote_id), Ok(key)) = (&account.remote_id, entitlement_key(bench, reference)) else {
            return Ok(self.not_done(operation, Seen::Nothing));
        };
        let (held, seen) = self.holds(bench, &operation.class, remote_id, &key).await?;
        Ok(if held == wanted { found_done(operation, seen) } else { self.not_done(operation, seen) })
    }

    /// Asks the target whether an account holds an entitlement. Where the account itself lists what it holds, it was read
    /// for that, and is recorded as it was found: what is kept of it is from before the grant or revoke.
    async fn holds(
        &self,
        bench: &Bench,
        class: &str,
        remote_id: &str,
        key: &EntitlementKey,
    ) -> Result<(bool, Seen), Fault> {
        let entitlement_class = bench.class(&key.class);
        let Some(holding) = entitlement_class.and_then(|class| class.holding.as_ref()) else {
            return Err(Fault::BrokenContract(format!("the class `{}` does not say how it is held", key.class)));
        };
        let (asked_class, asked_id, wanted) = match holding.side {
            HoldingSide::Account => (class, remote_id, &key.id),
            HoldingSide::Entitlement => (key.class.as_str(), key.id.as_str(), &remote_id.to_owned()),
        };
        let object = match bench.session.get(asked_class, asked_id).await {
            Ok(object) => object,
            Err(fault) if fault.is_not_found() => return Ok((false, Seen::Nothing)),
            Err(fault) => return Err(fault),
        };
        let attributes = object
            .parse_attributes()
            .map_err(|error| Fault::BrokenContract(format!("the attributes of {asked_class} `{asked_id}`: {error}")))?;
        let held = values_at(&attributes, &holding.attribute).contains(wanted);
        let seen = match holding.side {
            HoldingSide::Account => Seen::Object(Box::new(self.observation(bench, class, object)?)),
            HoldingSide::Entitlement => Seen::Nothing,
        };
        Ok((held, seen))
    }

    fn not_done(&self, operation: &Operation, seen: Seen) -> Recording {
        let verdict = verdict::after_not_done(&self.tried(operation, self.clock.now()));
        let recording = recording(operation, &verdict, Some("observed: it was not done".into()), seen);
        Recording { error_class: Some("not-done"), ..recording }
    }

    /// The account that the target recognises by what an account would be created with.
    pub(crate) async fn find_by_correlation(
        &self,
        bench: &Bench,
        class: &str,
        attributes: &Attributes,
    ) -> Result<Option<Object>, Fault> {
        for (attribute, value) in self.searchable(bench, class, attributes) {
            if let Some(object) = find(bench.session.as_ref(), class, &attribute, &value).await? {
                return Ok(Some(object));
            }
        }
        Ok(None)
    }

    /// Attributes and values by which the account can be found: those that the declaration correlates by, else those that
    /// the class says are unique, and those whose values the declaration keeps unique.
    fn searchable(&self, bench: &Bench, class: &str, attributes: &Attributes) -> Vec<(String, String)> {
        let correlated = self.rules.correlation_attributes(&bench.name);
        let unique = bench.class(class).map(unique_attributes).unwrap_or_default();
        let mut names = if correlated.is_empty() { unique } else { correlated };
        names.extend(self.rules.unique_attributes(&bench.name));
        names
            .into_iter()
            .filter_map(|name| values_at(attributes, &name).into_iter().next().map(|value| (name, value)))
            .collect()
    }
}

/// Whether everything of `sent` is in `found`. Names and texts are compared without case, as targets may fold it.
fn covers(found: &Value, sent: &Value) -> bool {
    match (found, sent) {
        (Value::Object(found), Value::Object(sent)) => sent.iter().all(|(name, value)| {
            let there = found.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, there)| there);
            there.is_some_and(|there| covers(there, value))
        }),
        (Value::Array(found), Value::Array(sent)) => {
            sent.iter().all(|value| found.iter().any(|there| covers(there, value)))
        }
        (Value::String(found), Value::String(sent)) => same_text(found, sent),
        (found, sent) => found == sent,
    }
}

/// Whether what was seen is as a change of it would have left it. In doubt it is not.
fn shows(seen: &Seen, change: &AttributeChange) -> bool {
    let Seen::Object(observation) = seen else { return false };
    let Ok(attributes) = observation.object.parse_attributes() else { return false };
    let there = values_at(&attributes, &change.attribute);
    let has = |value: &Value| {
        let written = texts(value);
        !written.is_empty() && written.iter().all(|one| there.iter().any(|other| same_text(one, other)))
    };
    match &change.action {
        AttributeAction::Add(values) => values.iter().all(has),
        AttributeAction::Remove(values) => values.iter().all(|value| !texts(value).is_empty() && !has(value)),
        AttributeAction::Replace(value) => has(value) && texts(value).len() == there.len(),
        AttributeAction::Clear => false,
    }
}

fn unique_attributes(class: &ObjectClass) -> Vec<String> {
    class
        .attributes
        .iter()
        .filter(|attribute| attribute.traits.unique)
        .map(|attribute| attribute.name.clone())
        .collect()
}

fn found_done(operation: &Operation, seen: Seen) -> Recording {
    ended(operation, OperationState::Applied, "observed: it was done".into(), seen)
}

/// The one object of a class with this value. The answer is checked here too: a target may ignore a filter.
pub(crate) async fn find(
    session: &dyn Session,
    class: &str,
    attribute: &str,
    value: &str,
) -> Result<Option<Object>, Fault> {
    let mut request = SearchRequest {
        class: class.to_owned(),
        conditions: vec![Condition {
            attribute: attribute.to_owned(),
            operator: Operator::Equals,
            value: Value::String(value.to_owned()),
        }],
        extra_attributes: Vec::new(),
        page_size: session.manifest().limits.page_size.min(100),
        cursor: None,
    };
    loop {
        let page = match session.search(request.clone()).await {
            Ok(page) => page,
            Err(Fault::Connector(error)) if error.class == ErrorClass::NotFound => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let found = page.objects.into_iter().find(|object| has(object, attribute, value));
        match (found, page.tail) {
            (Some(object), _) => return Ok(Some(object)),
            (None, Tail::More(cursor)) => request.cursor = Some(cursor),
            (None, Tail::Complete) => return Ok(None),
            (None, Tail::Truncated(reason)) => {
                return Err(Fault::BrokenContract(format!("the search for one {class} was cut short: {reason}")));
            }
        }
    }
}

fn has(object: &Object, attribute: &str, value: &str) -> bool {
    let secondary =
        object.secondary_ids.iter().any(|id| id.name.eq_ignore_ascii_case(attribute) && same_text(&id.value, value));
    secondary
        || object
            .parse_attributes()
            .is_ok_and(|attributes| values_at(&attributes, attribute).iter().any(|found| same_text(found, value)))
}

#[cfg(test)]
mod tests {
    use super::covers;
    use serde_json::json;

    #[test]
    fn an_object_looks_as_it_was_sent_when_nothing_of_that_is_missing_or_different() {
        let found = json!({"userName": "ANNA", "name": {"familyName": "Berg", "givenName": "A"}, "emails": [{"value": "a@x", "type": "work"}]});
        assert!(covers(
            &found,
            &json!({"username": "anna", "name": {"familyName": "Berg"}, "emails": [{"value": "a@x"}]})
        ));
        assert!(!covers(&found, &json!({"userName": "anna", "title": "Dr"})));
        assert!(!covers(&found, &json!({"emails": [{"value": "b@x"}]})));
    }
}
