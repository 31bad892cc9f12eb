//! Edits put together: what is the same goes in one collection, and the users that changed are read once afterwards.

use crate::class::Class;
use crate::creates;
use crate::grants::{self, Direction};
use crate::groups;
use crate::ids;
use crate::org::Org;
use crate::passwords;
use crate::updates::{self, Update};
use crate::users;
use purser_sdk::{Edit, EntitlementEdit, Error, ErrorClass, Outcome, Request, ThrottleScope};
use std::collections::BTreeSet;

/// What became of a request.
pub type Answer = Result<Outcome, Error>;

/// Where an answer goes, with what it answers.
pub struct Placed<T> {
    /// The place of the request.
    pub place: usize,
    /// What is to be done.
    pub work: T,
}

#[derive(Default)]
struct Sorted<'r> {
    creates: Vec<Placed<&'r purser_sdk::CreateEdit>>,
    updates: Vec<Placed<Update>>,
    grants: Vec<Placed<(Class, &'r EntitlementEdit)>>,
    revokes: Vec<Placed<(Class, &'r EntitlementEdit)>>,
    others: Vec<Placed<&'r Request>>,
}

/// Carries out requests and answers each, in their order. Requests for the same object keep their order; those for different
/// objects do not touch each other and are put together.
pub fn apply(org: &Org, requests: &[Request]) -> Vec<Answer> {
    let mut answers = Vec::with_capacity(requests.len());
    let mut rest = requests;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(independent(rest));
        match reason_to_stop(&answers) {
            Some(error) => answers.extend(now.iter().map(|_| Err(error.clone()))),
            None => answers.extend(carry_out(org, now)),
        }
        rest = later;
    }
    answers
}

/// How many requests from the first on are for different objects.
fn independent(requests: &[Request]) -> usize {
    let mut seen = BTreeSet::new();
    let same =
        requests.iter().position(|request| request.edit.object_id().is_some_and(|id| !seen.insert(ids::widen(id))));
    same.unwrap_or(requests.len()).max(1)
}

/// The error that every later request would get as well: the whole organisation asks for patience, or refuses.
pub fn reason_to_stop(answers: &[Answer]) -> Option<Error> {
    let stops = |error: &&Error| match &error.class {
        ErrorClass::AuthenticationFailed | ErrorClass::RateLimited { scope: ThrottleScope::Target, .. } => true,
        ErrorClass::QuotaOrLicenceExhausted => error.native_code.as_deref() == Some("REQUEST_LIMIT_EXCEEDED"),
        _ => false,
    };
    answers.iter().filter_map(|answer| answer.as_ref().err()).find(stops).cloned()
}

fn carry_out(org: &Org, requests: &[Request]) -> Vec<Answer> {
    let mut answers: Vec<Option<Answer>> = vec![None; requests.len()];
    let sorted = sort(requests, &mut answers);
    let mut changed = BTreeSet::new();
    let Sorted { creates, updates, grants, revokes, others } = sorted;
    let mut step = |places: Vec<usize>, work: &dyn Fn() -> Vec<Answer>| {
        if places.is_empty() {
            return;
        }
        let done: Vec<Answer> = answers.iter().flatten().cloned().collect();
        let answered = match reason_to_stop(&done) {
            Some(error) => places.iter().map(|_| Err(error.clone())).collect(),
            None => work(),
        };
        for (place, answer) in places.into_iter().zip(answered) {
            if let (Ok(Outcome::Done(None)), Some(id)) = (&answer, user_of(&requests[place])) {
                changed.insert((ids::widen(id), place));
            }
            answers[place] = Some(answer);
        }
    };
    step(places(&creates), &|| creates::create(org, &creates));
    step(places(&updates), &|| updates::update(org, &updates));
    step(places(&revokes), &|| grants::change(org, Direction::Revoke, &revokes));
    step(places(&grants), &|| grants::change(org, Direction::Grant, &grants));
    for other in &others {
        step(vec![other.place], &|| vec![alone(org, other.work)]);
    }
    show_states(org, &changed, &mut answers);
    let unanswered = || Err(Error::new(ErrorClass::Defect, "a request was not answered"));
    answers.into_iter().map(|answer| answer.unwrap_or_else(unanswered)).collect()
}

fn places<T>(placed: &[Placed<T>]) -> Vec<usize> {
    placed.iter().map(|placed| placed.place).collect()
}

/// The user whose state an edit changes.
fn user_of(request: &Request) -> Option<&str> {
    let shown = !matches!(request.edit, Edit::SetPassword(_) | Edit::Delete(_));
    if request.class == "User" && shown { request.edit.object_id() } else { None }
}

/// Reads the users that were changed. The writes are done, so that a failing read does not undo them.
fn show_states(org: &Org, changed: &BTreeSet<(String, usize)>, answers: &mut [Option<Answer>]) {
    if changed.is_empty() {
        return;
    }
    let all: Vec<String> = changed.iter().map(|(id, _)| id.clone()).collect();
    match users::objects(org, &all) {
        Ok(objects) => {
            for (id, place) in changed {
                answers[*place] = Some(Ok(Outcome::Done(objects.get(id).cloned())));
            }
        }
        Err(error) => org.host.warn(format!("users were changed and could not be read afterwards: {error}")),
    }
}

/// Sorts requests by what they do; those that cannot be done are answered.
fn sort<'r>(requests: &'r [Request], answers: &mut [Option<Answer>]) -> Sorted<'r> {
    let mut sorted = Sorted::default();
    for (place, request) in requests.iter().enumerate() {
        let is_user = request.class == "User";
        match &request.edit {
            Edit::Create(work) if is_user => sorted.creates.push(Placed { place, work }),
            Edit::Update(edit) if is_user => match Update::of_changes(edit) {
                Ok(work) => sorted.updates.push(Placed { place, work }),
                Err(error) => answers[place] = Some(Err(error)),
            },
            Edit::SetActive(edit) if is_user => {
                sorted.updates.push(Placed { place, work: Update::of_active(edit) });
            }
            Edit::Grant(edit) | Edit::Revoke(edit) if is_user => {
                let grants = matches!(request.edit, Edit::Grant(_));
                match Class::parse(&edit.entitlement_class) {
                    Err(error) => answers[place] = Some(Err(error)),
                    Ok(class) => match Update::of_entitlement(class, edit, grants) {
                        Some(Ok(work)) => sorted.updates.push(Placed { place, work }),
                        Some(Err(error)) => answers[place] = Some(Err(error)),
                        None if grants => sorted.grants.push(Placed { place, work: (class, edit) }),
                        None => sorted.revokes.push(Placed { place, work: (class, edit) }),
                    },
                }
            }
            _ => sorted.others.push(Placed { place, work: request }),
        }
    }
    sorted
}

fn alone(org: &Org, request: &Request) -> Answer {
    let class = Class::parse(&request.class)?;
    match &request.edit {
        Edit::SetPassword(edit) if class == Class::User => passwords::set(org, edit),
        Edit::Create(edit) if matches!(class, Class::Group | Class::Queue) => groups::create(org, class, edit),
        Edit::Delete(edit) if matches!(class, Class::Group | Class::Queue) => groups::delete(org, edit),
        Edit::Delete(_) if class == Class::User => {
            Err(Error::unsupported("Salesforce deletes no users: set `leaving` of the target to `disable`"))
        }
        edit => Err(Error::unsupported(format!("`{}` is not possible for `{}`", edit.name(), request.class))),
    }
}
