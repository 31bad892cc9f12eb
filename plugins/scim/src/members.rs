//! Members of groups: grants and revokes of a batch are put together, so that a group is written once and not once per
//! member, in slices as large as the server takes.

use crate::class::Class;
use crate::config::Config;
use crate::delta::{apply_changes, replacement_body};
use crate::document::{field, take_member, values_of};
use crate::name::AttributeName;
use crate::patch::Patch;
use crate::resource::{referenced_id, version_of};
use crate::server::Server;
use purser_sdk::edit::entitlement_run;
use purser_sdk::http::Method;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{AttributeAction, AttributeChange, Attributes, EntitlementEdit, Error, ErrorClass, Outcome, Request};
use std::collections::{BTreeMap, HashSet};

type Answer = Result<Outcome, Error>;

/// One member that is to come or to go.
#[derive(Debug, Clone, PartialEq, Eq)]
struct MemberChange {
    /// Its place in the batch.
    index: usize,
    user: String,
    joins: bool,
}

/// How many requests from the first on are grants and revokes that can be carried out together.
pub fn run_length(requests: &[Request]) -> usize {
    entitlement_run(requests, Class::User.name(), Class::Group.name())
}

/// The grant or revoke of a group for a user, and whether it is a grant.
fn membership(request: &Request) -> Option<(&EntitlementEdit, bool)> {
    request.entitlement_edit(Class::User.name(), Class::Group.name())
}

/// Carries out the requests of one run, each of which gets its own answer.
pub fn carry_out(server: &Server, run: &[Request]) -> Vec<Answer> {
    let mut groups: BTreeMap<&str, Vec<MemberChange>> = BTreeMap::new();
    for (index, request) in run.iter().enumerate() {
        if let Some((edit, joins)) = membership(request) {
            let change = MemberChange { index, user: edit.id.clone(), joins };
            groups.entry(&edit.entitlement).or_default().push(change);
        }
    }
    let mut answers: Vec<Answer> = run.iter().map(|request| Err(unfit(request))).collect();
    let mut stop = None;
    for (group, changes) in groups {
        let group_answers = match &stop {
            None => change_group(server, group, &changes),
            Some(error) => repeated(error, changes.len()),
        };
        stop = stop.or_else(|| reason_to_stop(&group_answers));
        for (change, answer) in changes.iter().zip(group_answers) {
            answers[change.index] = answer;
        }
    }
    answers
}

/// What a grant or revoke of anything else than a group for a user is answered with.
pub fn unfit(request: &Request) -> Error {
    let edit = request.edit.name();
    Error::unsupported(format!(
        "`{edit}` is possible for a `Group` held by a `User`, and this is for a `{}`",
        request.class
    ))
}

/// The error that makes further requests pointless or harmful: the server asked for patience, or refuses the credential.
pub fn reason_to_stop(answers: &[Answer]) -> Option<Error> {
    let errors = answers.iter().filter_map(|answer| answer.as_ref().err());
    let stops =
        |error: &&Error| matches!(error.class, ErrorClass::RateLimited { .. } | ErrorClass::AuthenticationFailed);
    errors.into_iter().find(stops).cloned()
}

fn repeated(error: &Error, times: usize) -> Vec<Answer> {
    (0..times).map(|_| Err(error.clone())).collect()
}

fn change_group(server: &Server, group: &str, changes: &[MemberChange]) -> Vec<Answer> {
    match server.patches(Class::Group, &[]) {
        Ok(true) => patch_group(server, group, changes),
        Ok(false) => put_group(server, group, changes),
        Err(error) => repeated(&error, changes.len()),
    }
}

fn patch_group(server: &Server, group: &str, changes: &[MemberChange]) -> Vec<Answer> {
    let mut answers = Vec::with_capacity(changes.len());
    for slice in changes.chunks(server.config.members_slice) {
        let slice_answers = match reason_to_stop(&answers) {
            Some(error) => repeated(&error, slice.len()),
            None => patch_slice(server, group, slice),
        };
        let no_patch = slice_answers
            .iter()
            .any(|answer| answer.as_ref().is_err_and(|error| server.learns_that_it_cannot_patch(error)));
        if no_patch {
            answers.extend(put_group(server, group, &changes[answers.len()..]));
            return answers;
        }
        answers.extend(slice_answers);
    }
    answers
}

/// One PATCH for a slice. It is atomic, so that one bad member refuses all: then each is tried alone.
fn patch_slice(server: &Server, group: &str, slice: &[MemberChange]) -> Vec<Answer> {
    let error = match send_slice(server, group, slice) {
        Ok(()) => return slice.iter().map(|_| Ok(Outcome::Done(None))).collect(),
        Err(error) => error,
    };
    match slice {
        [only] => vec![answer_alone(group, only, error)],
        _ if matches!(error.class, ErrorClass::InvalidValue(_) | ErrorClass::NotFound) => {
            let mut answers = Vec::with_capacity(slice.len());
            for change in slice {
                match reason_to_stop(&answers) {
                    Some(error) => answers.push(Err(error)),
                    None => answers.extend(patch_slice(server, group, std::slice::from_ref(change))),
                }
            }
            answers
        }
        _ => repeated(&error, slice.len()),
    }
}

/// A member that leaves a group that is gone, or that it is not in, has nothing to leave.
fn answer_alone(group: &str, change: &MemberChange, error: Error) -> Answer {
    let not_there = error.is_not_found() || error.native_code.as_deref() == Some("noTarget");
    match (change.joins, not_there) {
        (false, true) => Ok(Outcome::Unchanged(None)),
        (true, true) => Err(Error {
            message: format!("the group `{group}` or the user `{}` is not there: {}", change.user, error.message),
            ..error
        }),
        _ => Err(error),
    }
}

fn send_slice(server: &Server, group: &str, slice: &[MemberChange]) -> Result<(), Error> {
    let document = slice_document(&server.config, slice)?;
    server.write(Method::Patch, &Class::Group.object_path(group), Some(document), None).map(|_| ())
}

fn slice_document(config: &Config, slice: &[MemberChange]) -> Result<Value, Error> {
    let members = AttributeName::parse("members");
    let (joining, leaving): (Vec<_>, Vec<_>) = slice.iter().partition(|change| change.joins);
    let mut patch = Patch::new(config);
    if !joining.is_empty() {
        patch.add(&members, &member_values(&joining));
    }
    patch.remove_values(&members, &member_values(&leaving))?;
    Ok(patch.into_document())
}

fn member_values(changes: &[&MemberChange]) -> Vec<Value> {
    changes.iter().map(|change| json!({"value": change.user})).collect()
}

/// GET, then PUT of the whole group, which also tells what was so already.
fn put_group(server: &Server, group: &str, changes: &[MemberChange]) -> Vec<Answer> {
    match try_put_group(server, group, changes) {
        Ok(answers) => answers.into_iter().map(Ok).collect(),
        Err(error) if error.is_not_found() => {
            changes.iter().map(|change| answer_alone(group, change, error.clone())).collect()
        }
        Err(error) => repeated(&error, changes.len()),
    }
}

fn try_put_group(server: &Server, group: &str, changes: &[MemberChange]) -> Result<Vec<Outcome>, Error> {
    let (mut resource, etag) = server.read_resource(Class::Group, group)?;
    let version = version_of(&resource).map(str::to_owned).or(etag);
    let mut outcomes = Vec::with_capacity(changes.len());
    let mut anything = false;
    for change in changes {
        let values = vec![json!({"value": change.user})];
        let action = if change.joins { AttributeAction::Add(values) } else { AttributeAction::Remove(values) };
        let changed = apply_changes(&mut resource, &[AttributeChange { attribute: "members".into(), action }])?;
        anything |= changed;
        outcomes.push(if changed { Outcome::Done(None) } else { Outcome::Unchanged(None) });
    }
    if anything {
        let body = replacement_body(resource, Class::Group.schema());
        server.write(Method::Put, &Class::Group.object_path(group), Some(body), version.as_deref())?;
    }
    Ok(outcomes)
}

/// Takes the members out of a create that the server wants without them, or that holds more than it takes at once.
pub fn to_add_later(server: &Server, class: Class<'_>, resource: &mut Attributes) -> Vec<String> {
    if class != Class::Group {
        return Vec::new();
    }
    let ids = member_ids(resource);
    if ids.is_empty() || (!server.config.group_create_empty && ids.len() <= server.config.members_slice) {
        return Vec::new();
    }
    take_member(resource, "members");
    ids
}

fn member_ids(group: &Attributes) -> Vec<String> {
    let members = values_of(group, &AttributeName::parse("members"));
    members.into_iter().filter_map(referenced_id).map(str::to_owned).collect()
}

/// Adds members to a group.
///
/// # Errors
/// That of the first member that could not be added.
pub fn add_all(server: &Server, group: &str, users: &[String]) -> Result<(), Error> {
    change_members(server, group, users, &[]).map(|_| ())
}

/// Carries out a change of the attribute `members`, and says whether anything changed as far as that is known.
///
/// # Errors
/// That of the first member that could not be changed.
pub fn update(server: &Server, group: &str, action: &AttributeAction) -> Result<bool, Error> {
    match action {
        AttributeAction::Add(values) => change_members(server, group, &ids_of(values), &[]),
        AttributeAction::Remove(values) => change_members(server, group, &[], &ids_of(values)),
        AttributeAction::Replace(value) => {
            let wanted = match value {
                Value::Array(values) => ids_of(values),
                Value::Null => Vec::new(),
                single => ids_of(std::slice::from_ref(single)),
            };
            replace_members(server, group, &wanted)
        }
        AttributeAction::Clear => replace_members(server, group, &[]),
    }
}

fn ids_of(values: &[Value]) -> Vec<String> {
    values.iter().filter_map(referenced_id).map(str::to_owned).collect()
}

/// Members are replaced by what is missing and what is too many: servers refuse to replace all at once, and a large
/// group need not travel. Nested groups stay.
fn replace_members(server: &Server, group: &str, wanted: &[String]) -> Result<bool, Error> {
    let (resource, _) = server.read_resource(Class::Group, group)?;
    let members = values_of(&resource, &AttributeName::parse("members"));
    let users = members.into_iter().filter(|member| !crate::resource::is_group_member(member));
    let there: HashSet<&str> = users.filter_map(|member| field(member, "value")?.as_str()).collect();
    let joining: Vec<String> = wanted.iter().filter(|id| !there.contains(id.as_str())).cloned().collect();
    let mut leaving: Vec<String> =
        there.into_iter().filter(|id| !wanted.iter().any(|wanted| wanted == id)).map(str::to_owned).collect();
    leaving.sort_unstable();
    change_members(server, group, &joining, &leaving)
}

fn change_members(server: &Server, group: &str, joining: &[String], leaving: &[String]) -> Result<bool, Error> {
    let joining = joining.iter().map(|user| (user, true));
    let all = joining.chain(leaving.iter().map(|user| (user, false))).enumerate();
    let changes: Vec<MemberChange> =
        all.map(|(index, (user, joins))| MemberChange { index, user: user.clone(), joins }).collect();
    let mut changed = false;
    for answer in change_group(server, group, &changes) {
        changed |= matches!(answer?, Outcome::Done(_));
    }
    Ok(changed)
}
