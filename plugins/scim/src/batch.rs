//! Edits of a batch that go out together in a bulk request.
//!
//! Together go edits of one kind (creates, changes or deletes) of one class whose objects and names all differ, so that
//! nothing depends on their order: a server may carry a bulk request out in any order. Changes of unique names go alone:
//! one may free the name that the other takes.

use crate::bulk::{self, Operation};
use crate::class::Class;
use crate::config::DisableMode;
use crate::edits::{about_change, active_change, made, password_change, patched, removed, resource_of};
use crate::members;
use crate::name::AttributeName;
use crate::patch::Patch;
use crate::resource::to_object;
use crate::server::Server;
use purser_sdk::http::Method;
use purser_sdk::serde_json::Value;
use purser_sdk::{AttributeChange, Attributes, Edit, Error, Outcome, Request};
use std::collections::HashSet;

type Answer = Result<Outcome, Error>;

/// What an edit does, as far as it matters for what it can go together with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Create,
    Change,
    Delete,
}

/// An edit that is ready to be sent.
struct Prepared {
    operation: Operation,
    after: After,
}

/// What is needed to understand the answer.
enum After {
    Created(Attributes),
    Changed { id: String, version: Option<String>, changes: Vec<AttributeChange> },
    Deleted,
}

/// How many requests from the first on can go together; 0 or 1 where there is nothing to be gained.
pub fn run_length(server: &Server, requests: &[Request]) -> usize {
    if requests.len() < 2 || !server.has_bulk() {
        return 0;
    }
    let Some((class, kind, _)) = requests.first().and_then(|request| place(server, request)) else { return 0 };
    let mut keys = HashSet::new();
    let together = |request: &&Request| {
        place(server, request).is_some_and(|(of, does, key)| of == class && does == kind && keys.insert(key))
    };
    requests.iter().take_while(together).count()
}

/// The class, the kind and the object or name of an edit; none where it goes alone.
fn place(server: &Server, request: &Request) -> Option<(Class<'static>, Kind, String)> {
    let class = match request.class.as_str() {
        "User" => Class::User,
        "Group" => Class::Group,
        _ => return None,
    };
    let place = match &request.edit {
        Edit::Create(edit) => {
            let name = edit.attributes.get(class.unique_name())?.as_str()?;
            (Kind::Create, name.to_lowercase())
        }
        Edit::Update(edit) if edit.changes.iter().all(|change| goes_together(class, change)) => {
            (Kind::Change, edit.id.clone())
        }
        Edit::SetActive(edit) if class == Class::User && server.config.disable_mode == DisableMode::Active => {
            (Kind::Change, edit.id.clone())
        }
        Edit::SetPassword(edit) if class == Class::User && !edit.must_change => (Kind::Change, edit.id.clone()),
        Edit::Delete(edit) => (Kind::Delete, edit.id.clone()),
        _ => return None,
    };
    Some((class, place.0, place.1))
}

fn goes_together(class: Class<'_>, change: &AttributeChange) -> bool {
    let name = AttributeName::parse(&change.attribute);
    ![class.unique_name(), "externalId", "members"].iter().any(|alone| name.is_core(alone))
}

/// Carries out the requests of one run. `alone` carries out one that cannot go together with others after all.
pub fn carry_out(server: &Server, run: &[Request], alone: impl Fn(&Request) -> Answer) -> Vec<Answer> {
    let prepared: Vec<Option<Prepared>> = run.iter().map(|request| prepare(server, request)).collect();
    let operations: Vec<Operation> = prepared.iter().flatten().map(|prepared| prepared.operation.clone()).collect();
    let mut sent = bulk::send_all(server, &operations, server.bulk_limits()).into_iter();
    let mut answers: Vec<Answer> = Vec::with_capacity(run.len());
    for (request, prepared) in run.iter().zip(prepared) {
        let answer = prepared.as_ref().and_then(|_| sent.next().flatten());
        let stop = members::reason_to_stop(&answers);
        answers.push(match (prepared, answer, stop) {
            (Some(prepared), Some(answer), _) => match answer {
                Err(error) if prepared.is_patch() && server.learns_that_it_cannot_patch(&error) => alone(request),
                answer => finish(server, request, prepared, answer),
            },
            (_, _, Some(error)) => Err(error),
            _ => alone(request),
        });
    }
    answers
}

impl Prepared {
    fn is_patch(&self) -> bool {
        matches!(self.after, After::Changed { .. })
    }
}

/// None where the edit goes alone; what is wrong with it is said there.
fn prepare(server: &Server, request: &Request) -> Option<Prepared> {
    let (class, _, _) = place(server, request)?;
    match &request.edit {
        Edit::Create(edit) => {
            let plain = server.config.disable_mode == DisableMode::Active && !server.config.fixed_groups;
            let mut resource = resource_of(server, class, edit).ok().filter(|_| plain)?;
            if !members::to_add_later(server, class, &mut resource).is_empty() {
                return None;
            }
            let data = Some(Value::Object(resource.clone()));
            let operation = Operation { method: Method::Post, path: class.path().to_owned(), data, version: None };
            Some(Prepared { operation, after: After::Created(resource) })
        }
        Edit::Update(edit) => prepare_change(server, class, &edit.id, edit.version.as_deref(), edit.changes.clone()),
        Edit::SetActive(edit) => {
            prepare_change(server, class, &edit.id, edit.version.as_deref(), vec![active_change(edit)])
        }
        Edit::SetPassword(edit) if server.provider().is_ok_and(|provider| provider.change_password) => {
            prepare_change(server, class, &edit.id, None, vec![password_change(edit)])
        }
        Edit::Delete(edit) => {
            let path = class.object_path(&edit.id);
            let version = checked_version(server, &path, edit.version.as_deref());
            let operation = Operation { method: Method::Delete, path, data: None, version };
            Some(Prepared { operation, after: After::Deleted })
        }
        _ => None,
    }
}

fn prepare_change(
    server: &Server,
    class: Class<'_>,
    id: &str,
    version: Option<&str>,
    changes: Vec<AttributeChange>,
) -> Option<Prepared> {
    let patch = Patch::of_changes(&server.config, &changes).ok()?;
    if patch.is_empty() || !server.patches(class, &changes).unwrap_or(false) {
        return None;
    }
    let path = class.object_path(id);
    let checked = checked_version(server, &path, version);
    let data = Some(patch.into_document());
    let operation = Operation { method: Method::Patch, path, data, version: checked };
    let after = After::Changed { id: id.to_owned(), version: version.map(str::to_owned), changes };
    Some(Prepared { operation, after })
}

/// The version as the server is to check it.
fn checked_version(server: &Server, path: &str, version: Option<&str>) -> Option<String> {
    let checks = server.checks_versions().unwrap_or(false);
    version.filter(|_| checks).map(|version| server.version_now(path, version))
}

/// A change is not read back: where the server does not show the new state, the next reading of the list does.
fn finish(server: &Server, request: &Request, prepared: Prepared, answer: bulk::Answer) -> Answer {
    let class = if request.class == Class::User.name() { Class::User } else { Class::Group };
    let path = prepared.operation.path;
    match prepared.after {
        After::Created(sent) => made(server, class, &sent, answer),
        After::Deleted => removed(answer),
        After::Changed { id, version, changes } => match answer {
            Ok(written) => {
                let version = version.as_deref();
                let planned = version.map(|version| server.version_now(&path, version));
                let etag = written.etag;
                let object = written
                    .resource
                    .and_then(|resource| to_object(&server.config, class, resource, etag.as_deref()).ok());
                if object.is_none() {
                    server.note_version(&path, version, etag.as_deref());
                }
                Ok(patched(server, &path, version, planned.as_deref(), object))
            }
            Err(error) => Err(about_change(class, &id, &changes, error)),
        },
    }
}
