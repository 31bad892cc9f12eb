//! Who is in which group: reading it from either side, and grants and revokes, put together by group.

use crate::config::{Config, Membership};
use crate::directory::Directory;
use crate::entry::{Class, GROUPS, MEMBERS, id_of};
use crate::failure::code_of;
use crate::{dn, filter};
use purser_sdk::edit::entitlement_run;
use purser_sdk::ldap::{Change, Entry, Modification, Scope, Search};
use purser_sdk::serde_json::Value;
use purser_sdk::{Attributes, EntitlementEdit, Error, ErrorClass, Outcome, Request};
use std::collections::{BTreeMap, BTreeSet};

/// Up to so many names are looked up one by one; for more all of a class are listed.
const ONE_BY_ONE: usize = 25;
/// Values in one modification: far below the 10 MiB that Active Directory takes at once.
const SLICE: usize = 500;

type Answer = Result<Outcome, Error>;

/// The ids of what some entries name: their groups, or their members.
#[derive(Debug, Default)]
pub struct Memberships(BTreeMap<String, String>);

impl Memberships {
    /// Looks up what these entries name.
    ///
    /// # Errors
    /// As the directory gives them.
    pub fn of(directory: &Directory, class: Class, entries: &[Entry]) -> Result<Self, Error> {
        let config = &directory.config;
        let Some((attribute, other)) = listing_side(config, class) else { return Ok(Self::default()) };
        let base = dn::normal(directory.base(other)?);
        let named =
            entries.iter().flat_map(|entry| entry.values(attribute)).filter_map(|name| std::str::from_utf8(name).ok());
        let names: BTreeSet<String> = named.map(dn::normal).filter(|name| name.ends_with(&base)).collect();
        if names.len() > ONE_BY_ONE {
            return directory.ids_by_name(other).map(Self);
        }
        let mut ids = BTreeMap::new();
        for name in names {
            let search =
                Search::new(&name, Scope::Base, directory.class_filter(other)).attributes([config.profile().id]);
            let found = directory.search_if_there(&search, "read a membership")?;
            if let Some(id) = found.first().and_then(|entry| id_of(config, entry)) {
                ids.insert(name, id);
            }
        }
        Ok(Self(ids))
    }

    /// Writes the ids that an entry names into the attributes of its object.
    pub fn show(&self, config: &Config, class: Class, entry: &Entry, attributes: &mut Attributes) {
        let Some((attribute, _)) = listing_side(config, class) else { return };
        let named = entry.values(attribute).iter().filter_map(|name| std::str::from_utf8(name).ok());
        let ids: BTreeSet<&String> = named.filter_map(|name| self.0.get(&dn::normal(name))).collect();
        if !ids.is_empty() {
            let list = ids.into_iter().map(|id| Value::from(id.as_str())).collect();
            attributes.insert(shown_as(class).to_owned(), Value::Array(list));
        }
    }
}

/// The attribute of a class that lists memberships, and the class that it names.
fn listing_side(config: &Config, class: Class) -> Option<(&str, Class)> {
    match (config.membership()?, class) {
        (Membership::MemberOf, Class::User) => Some((GROUPS, Class::Group)),
        (Membership::Member, Class::Group) => Some((config.member(), Class::User)),
        _ => None,
    }
}

/// The attribute of objects of a class that lists memberships.
fn shown_as(class: Class) -> &'static str {
    match class {
        Class::User => GROUPS,
        Class::Group => MEMBERS,
    }
}

/// How many requests from the first on are grants and revokes that can be carried out together.
pub fn run_length(requests: &[Request]) -> usize {
    entitlement_run(requests, Class::User.name(), Class::Group.name())
}

fn membership(request: &Request) -> Option<(&EntitlementEdit, bool)> {
    request.entitlement_edit(Class::User.name(), Class::Group.name())
}

/// One member that is to come or to go.
struct MemberChange<'a> {
    index: usize,
    user: &'a str,
    user_dn: String,
    joins: bool,
}

/// Carries out the requests of one run, each of which gets its own answer.
pub fn carry_out(directory: &Directory, run: &[Request]) -> Vec<Answer> {
    let edits: Vec<(&EntitlementEdit, bool)> = run.iter().filter_map(membership).collect();
    let names = names_of(directory, &edits);
    let (users, groups) = match names {
        Ok(names) if edits.len() == run.len() => names,
        Ok(_) => return run.iter().map(|request| Err(unfit(request))).collect(),
        Err(error) => return run.iter().map(|_| Err(error.clone())).collect(),
    };
    let mut answers: Vec<Answer> = Vec::new();
    let mut by_group: BTreeMap<&str, Vec<MemberChange<'_>>> = BTreeMap::new();
    for (index, (edit, joins)) in edits.iter().enumerate() {
        match (users.get(&edit.id), groups.contains_key(&edit.entitlement), joins) {
            (Some(user_dn), true, _) => {
                let change = MemberChange { index, user: &edit.id, user_dn: user_dn.clone(), joins: *joins };
                by_group.entry(&edit.entitlement).or_default().push(change);
                // Overwritten below.
                answers.push(Ok(Outcome::Unchanged(None)));
            }
            // Who is gone, or whose group is gone, is in no group any more.
            (_, _, false) => answers.push(Ok(Outcome::Unchanged(None))),
            (None, _, true) => answers.push(Err(Error::not_found(Class::User.name(), &edit.id))),
            (Some(_), false, true) => answers.push(Err(Error::not_found(Class::Group.name(), &edit.entitlement))),
        }
    }
    for (group, changes) in by_group {
        let Some(group_dn) = groups.get(group) else { continue };
        for slice in changes.chunks(SLICE) {
            for (change, answer) in slice.iter().zip(change_group(directory, group_dn, slice)) {
                answers[change.index] = answer;
            }
        }
    }
    answers
}

type Names = BTreeMap<String, String>;

fn names_of(directory: &Directory, edits: &[(&EntitlementEdit, bool)]) -> Result<(Names, Names), Error> {
    let distinct =
        |of: fn(&EntitlementEdit) -> &str| edits.iter().map(|(edit, _)| of(edit)).collect::<BTreeSet<&str>>();
    let users: Vec<&str> = distinct(|edit| &edit.id).into_iter().collect();
    let groups: Vec<&str> = distinct(|edit| &edit.entitlement).into_iter().collect();
    Ok((directory.dns_of(Class::User, &users)?, directory.dns_of(Class::Group, &groups)?))
}

/// What a grant or revoke of anything else than a group for a user is answered with.
pub fn unfit(request: &Request) -> Error {
    let edit = request.edit.name();
    Error::unsupported(format!(
        "`{edit}` is possible for a `group` held by a `user`, and this is for a `{}`",
        request.class
    ))
}

/// One modification for all; it is atomic, so that one bad member refuses all: then each is tried alone.
fn change_group(directory: &Directory, group: &str, changes: &[MemberChange<'_>]) -> Vec<Answer> {
    match send(directory, group, changes, false) {
        Ok(()) => changes.iter().map(|_| Ok(Outcome::Done(None))).collect(),
        Err(error) if stops(&error) => changes.iter().map(|_| Err(error.clone())).collect(),
        Err(error) => match changes {
            [only] => vec![answer_alone(directory, group, only, error)],
            _ => {
                changes.iter().flat_map(|change| change_group(directory, group, std::slice::from_ref(change))).collect()
            }
        },
    }
}

/// Whether trying each alone would only repeat what happened.
fn stops(error: &Error) -> bool {
    matches!(
        error.class,
        ErrorClass::AuthenticationFailed
            | ErrorClass::Unavailable { .. }
            | ErrorClass::RateLimited { .. }
            | ErrorClass::OutcomeUnknown
            | ErrorClass::PermissionDenied(_)
            | ErrorClass::InvalidConfig
    )
}

fn send(directory: &Directory, group: &str, changes: &[MemberChange<'_>], with_placeholder: bool) -> Result<(), Error> {
    let member = directory.config.member();
    let values = |joins: bool| {
        let those = changes.iter().filter(move |change| change.joins == joins);
        those.map(|change| change.user_dn.as_str()).collect::<Vec<_>>()
    };
    let mut joining = values(true);
    let placeholder = directory.config.placeholder().filter(|_| with_placeholder);
    joining.extend(placeholder.as_deref());
    let leaving = values(false);
    let mut modifications = Vec::new();
    if !joining.is_empty() {
        modifications.push(Change::new(Modification::Add, member, joining));
    }
    if !leaving.is_empty() {
        modifications.push(Change::new(Modification::Delete, member, leaving));
    }
    directory.modify(group, modifications, "change the members of a group")
}

fn answer_alone(directory: &Directory, group: &str, change: &MemberChange<'_>, error: Error) -> Answer {
    let change_alone = std::slice::from_ref(change);
    // The class wants one member (objectClassViolation), and this is the last.
    if !change.joins && code_of(&error) == Some(65) && directory.config.placeholder().is_some() {
        return send(directory, group, change_alone, true).map(|()| Outcome::Done(None));
    }
    // Servers differ in how they say that it is so already; the group itself says it best.
    match is_member(directory, group, &change.user_dn) {
        Ok(is) if is == change.joins => Ok(Outcome::Unchanged(None)),
        _ => Err(Error { message: format!("the account {}: {}", change.user, error.message), ..error }),
    }
}

fn is_member(directory: &Directory, group: &str, user: &str) -> Result<bool, Error> {
    let is = filter::equals(directory.config.member(), user.as_bytes());
    let search = Search::new(group, Scope::Base, is).attributes([directory.config.profile().id]);
    Ok(!directory.search_if_there(&search, "read a membership")?.is_empty())
}
