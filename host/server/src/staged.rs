//! A source or target whose newer build is tried beside the one in use.
//!
//! What counts is always the answer of the one in use, but for the share of accounts that the newer build writes. What
//! both read is compared; of a difference only ids and the names of attributes are kept, never a value.

use crate::registry::{Registry, Tried};
use async_trait::async_trait;
use purser_connector::{Fault, Session};
use purser_model::edit::{ConnectorError, Edit, EditOutcome, ErrorClass, Request};
use purser_model::manifest::{CheckLevel, Finding, Manifest, ObjectClass};
use purser_model::object::{ChangePage, Digest, Object, Page, SearchRequest, Tail};
use purser_model::secret::Slots;
use purser_model::upgrade::{Stage, Trial};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use tracing::warn;

/// Pages whose cursors of the newer build are remembered.
const MOST_CURSORS: usize = 1_000;
/// Objects of a page that are read again before they count as different: they may have changed between the two reads.
const READ_AGAIN: usize = 20;

/// Two builds behind one session.
pub struct Staged {
    /// The one in use.
    pub current: Arc<dyn Session>,
    /// The newer one.
    pub newer: Arc<dyn Session>,
    /// How it is tried.
    pub tried: Tried,
    /// The source or target.
    pub subject: String,
    /// Where its trial is counted.
    pub registry: Arc<Registry>,
    /// The newer build's cursors by those of the one in use: neither understands the other's.
    pub cursors: Mutex<BTreeMap<String, String>>,
}

type Answers = Vec<Result<EditOutcome, ConnectorError>>;

impl Staged {
    async fn count(&self, trial: Trial) {
        let digest = self.tried.connector.digest().to_string();
        if let Err(error) = self.registry.count(&self.subject, &digest, &self.tried.rules, &trial).await {
            warn!(subject = self.subject, %error, "the trial of a newer connector cannot be counted");
        }
    }

    /// The same page as the newer build reads it; none where it does not know where that begins.
    async fn newer_page(&self, request: &SearchRequest) -> Option<Result<Page, Fault>> {
        let cursor = match &request.cursor {
            None => None,
            Some(cursor) => Some(self.cursors.lock().unwrap_or_else(PoisonError::into_inner).remove(cursor)?),
        };
        Some(self.newer.search(SearchRequest { cursor, ..request.clone() }).await)
    }

    fn remember(&self, page: &Page, newer: &Page) {
        if let (Tail::More(ours), Tail::More(theirs)) = (&page.tail, &newer.tail) {
            let mut cursors = self.cursors.lock().unwrap_or_else(PoisonError::into_inner);
            if cursors.len() < MOST_CURSORS {
                cursors.insert(ours.clone(), theirs.clone());
            }
        }
    }

    /// What both builds read differently, after a second look.
    async fn compare(&self, class: &str, page: &Page, newer: &Page) -> Trial {
        let ours: BTreeMap<_, _> = page.objects.iter().map(|object| (object.id.as_str(), object)).collect();
        let theirs: BTreeMap<_, _> = newer.objects.iter().map(|object| (object.id.as_str(), object)).collect();
        let ids: BTreeSet<_> = ours.keys().chain(theirs.keys()).copied().collect();
        let differs = |id: &&str| match (ours.get(*id), theirs.get(*id)) {
            (Some(ours), Some(theirs)) => difference(ours, theirs).is_some(),
            _ => true,
        };
        let mut trial = Trial { calls: 1, compared: ids.len() as u64, ..Trial::default() };
        for id in ids.into_iter().filter(differs).take(READ_AGAIN) {
            trial.differences.extend(self.look_again(class, id).await);
        }
        trial
    }

    async fn look_again(&self, class: &str, id: &str) -> Option<String> {
        match (self.current.get(class, id).await, self.newer.get(class, id).await) {
            (Ok(ours), Ok(theirs)) => difference(&ours, &theirs).map(|what| format!("{id}: {what}")),
            (Ok(_), Err(error)) if is_builds_own(&error) || error.is_not_found() => {
                Some(format!("{id}: only the one in use reads it"))
            }
            (Err(error), Ok(_)) if error.is_not_found() => Some(format!("{id}: only the newer one reads it")),
            _ => None,
        }
    }

    /// Whether the newer build writes this account. The same account is always written by the same build.
    fn is_newers(&self, request: &Request) -> bool {
        let id = match &request.edit {
            Edit::Create { .. } => request.operation_id.to_string(),
            Edit::Update { id, .. }
            | Edit::SetActive { id, .. }
            | Edit::Delete { id, .. }
            | Edit::SetPassword { id, .. } => id.clone(),
            Edit::Grant(edit) | Edit::Revoke(edit) => edit.id.clone(),
        };
        self.tried.stage == Stage::Canary && percent(&id) < self.tried.rules.share
    }

    /// The newer build's share. A call of it that fails is told for each request, so that none is lost and what the other
    /// build did is not doubted.
    async fn apply_newer(&self, requests: Vec<Request>, slots: Slots) -> Result<Answers, Fault> {
        let asked = requests.len() as u64;
        let counted = |failures| Trial { operations: asked, failures, ..Trial::default() };
        match self.newer.apply(requests.clone(), slots.clone()).await {
            Ok(answers) => {
                let failures = answers.iter().filter(|answer| answer.as_ref().is_err_and(is_builds_own_error));
                self.count(counted(failures.count() as u64)).await;
                Ok(answers)
            }
            Err(fault) if fault.nothing_was_done() => {
                self.count(counted(asked)).await;
                self.current.apply(requests, slots).await
            }
            Err(fault) => {
                self.count(counted(asked)).await;
                let unknown = || ConnectorError {
                    class: ErrorClass::OutcomeUnknown,
                    message: format!("the newer build of the connector: {fault}"),
                    native_code: None,
                };
                Ok(requests.iter().map(|_| Err(unknown())).collect())
            }
        }
    }
}

/// A number from 0 to 99 that is always the same for the same id.
fn percent(id: &str) -> u8 {
    let [first, second, ..] = Digest::of(id).0;
    (u16::from_be_bytes([first, second]) % 100) as u8
}

/// Names of what differs between two readings of one object.
fn difference(ours: &Object, theirs: &Object) -> Option<String> {
    let mut names = Vec::new();
    if ours.active != theirs.active {
        names.push("active".to_owned());
    }
    if ours.secondary_ids != theirs.secondary_ids {
        names.push("secondary ids".to_owned());
    }
    match (ours.parse_attributes(), theirs.parse_attributes()) {
        (Ok(ours), Ok(theirs)) => {
            let all: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
            names.extend(all.into_iter().filter(|name| ours.get(*name) != theirs.get(*name)).cloned());
        }
        _ => names.push("attributes".to_owned()),
    }
    (!names.is_empty()).then(|| names.join(", "))
}

/// Whether a fault says something about the build, rather than about the target.
fn is_builds_own(fault: &Fault) -> bool {
    match fault {
        Fault::Connector(error) => is_builds_own_error(error),
        _ => true,
    }
}

fn is_builds_own_error(error: &ConnectorError) -> bool {
    !matches!(
        error.class,
        ErrorClass::NotFound
            | ErrorClass::AlreadyExists(_)
            | ErrorClass::VersionConflict
            | ErrorClass::RateLimited { .. }
            | ErrorClass::Unavailable { .. }
            | ErrorClass::QuotaOrLicenceExhausted
    )
}

#[async_trait]
impl Session for Staged {
    fn manifest(&self) -> &Manifest {
        self.current.manifest()
    }

    fn digest(&self) -> Option<String> {
        self.current.digest()
    }

    async fn check(&self, level: CheckLevel) -> Result<Vec<Finding>, Fault> {
        self.current.check(level).await
    }

    async fn schema(&self) -> Result<Vec<ObjectClass>, Fault> {
        self.current.schema().await
    }

    async fn search(&self, request: SearchRequest) -> Result<Page, Fault> {
        let page = self.current.search(request.clone()).await?;
        match self.newer_page(&request).await {
            None => {}
            Some(Ok(newer)) => {
                self.remember(&page, &newer);
                self.count(self.compare(&request.class, &page, &newer).await).await;
            }
            Some(Err(fault)) => {
                self.count(Trial { calls: 1, failures: u64::from(is_builds_own(&fault)), ..Trial::default() }).await;
            }
        }
        Ok(page)
    }

    async fn get(&self, class: &str, id: &str) -> Result<Object, Fault> {
        let object = self.current.get(class, id).await?;
        let mut trial = Trial { calls: 1, ..Trial::default() };
        match self.newer.get(class, id).await {
            Ok(newer) => {
                trial.compared = 1;
                if difference(&object, &newer).is_some() {
                    trial.differences.extend(self.look_again(class, id).await);
                }
            }
            Err(fault) => trial.failures = u64::from(is_builds_own(&fault)),
        }
        self.count(trial).await;
        Ok(object)
    }

    async fn changes(&self, class: &str, cursor: Option<&str>) -> Result<ChangePage, Fault> {
        self.current.changes(class, cursor).await
    }

    async fn apply(&self, requests: Vec<Request>, slots: Slots) -> Result<Answers, Fault> {
        let newers: Vec<bool> = requests.iter().map(|request| self.is_newers(request)).collect();
        let (mut theirs, mut ours) = (Vec::new(), Vec::new());
        for (request, is_newers) in requests.into_iter().zip(&newers) {
            if *is_newers { theirs.push(request) } else { ours.push(request) }
        }
        // First the one in use: where its call fails as a whole, nothing else was sent.
        let mut ours = match ours.is_empty() {
            true => Vec::new(),
            false => self.current.apply(ours, slots.clone()).await?,
        }
        .into_iter();
        let mut theirs = match theirs.is_empty() {
            true => Vec::new(),
            false => self.apply_newer(theirs, slots).await?,
        }
        .into_iter();
        Ok(newers.iter().filter_map(|is_newers| if *is_newers { theirs.next() } else { ours.next() }).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(attributes: &str, active: Option<bool>) -> Object {
        Object { id: "1".into(), secondary_ids: Vec::new(), version: None, active, attributes: attributes.into() }
    }

    #[test]
    fn a_difference_is_told_by_names_and_never_by_values() {
        let ours = object(r#"{"a": 1, "b": "secret", "c": [1]}"#, Some(true));
        assert_eq!(difference(&ours, &ours), None);
        assert_eq!(difference(&ours, &object(r#"{"c": [1], "b": "secret", "a": 1}"#, Some(true))), None);
        let theirs = object(r#"{"a": 2, "c": [1], "d": null}"#, Some(false));
        assert_eq!(difference(&ours, &theirs).as_deref(), Some("active, a, b, d"));
        assert_eq!(difference(&ours, &object("no JSON", Some(true))).as_deref(), Some("attributes"));
    }

    #[test]
    fn about_the_share_of_all_ids_belongs_to_the_newer_build() {
        let below = |share| (0..10_000).filter(|number| percent(&format!("id-{number}")) < share).count();
        assert!((800..1_200).contains(&below(10)), "{}", below(10));
        assert_eq!(below(100), 10_000);
        assert_eq!(percent("anna"), percent("anna"));
    }
}
