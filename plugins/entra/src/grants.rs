//! Grants and revokes: the write that each becomes, and how it ended.

use crate::batch::{Ended, Item};
use crate::class::Class;
use crate::failure::is_member_already;
use crate::graph::Graph;
use crate::{app_roles, licences, refusal, roles};
use purser_sdk::http::escape_segment;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{EntitlementEdit, Error, Outcome};

/// The write that gives an entitlement.
///
/// # Errors
/// `unsupported` for what is none, and as the class says.
pub fn grant(graph: &Graph, edit: &EntitlementEdit) -> Result<Item, Error> {
    match Class::parse(&edit.entitlement_class)? {
        Class::Group => {
            let body = json!({"@odata.id": reference("directoryObjects", &edit.id)});
            Ok(Item { method: "POST", path: format!("{}/members/$ref", group_path(edit)), body })
        }
        Class::Licence => licences::grant(graph, edit),
        Class::DirectoryRole => Ok(roles::grant(edit)),
        Class::AppRole => app_roles::grant(edit),
        Class::User => Err(no_entitlement()),
    }
}

/// The write that takes an entitlement away; none where it is known not to be held.
///
/// # Errors
/// `unsupported` for what is none, and as the class says.
pub fn revoke(graph: &Graph, edit: &EntitlementEdit) -> Result<Option<Item>, Error> {
    match Class::parse(&edit.entitlement_class)? {
        Class::Group => {
            let path = format!("{}/members/{}/$ref", group_path(edit), escape_segment(&edit.id));
            Ok(Some(Item { method: "DELETE", path, body: Value::Null }))
        }
        Class::Licence => licences::revoke(graph, edit),
        Class::DirectoryRole => roles::revoke(graph, edit),
        Class::AppRole => app_roles::revoke(graph, edit),
        Class::User => Err(no_entitlement()),
    }
}

fn no_entitlement() -> Error {
    Error::unsupported("an account cannot hold another account")
}

fn group_path(edit: &EntitlementEdit) -> String {
    format!("/groups/{}", escape_segment(&edit.entitlement))
}

/// Graph takes the references of its own world in every cloud.
pub fn reference(folder: &str, id: &str) -> String {
    format!("https://graph.microsoft.com/v1.0/{folder}/{}", escape_segment(id))
}

/// The end of a grant.
///
/// # Errors
/// As Graph says; what it does not say is read.
pub fn grant_ended(graph: &Graph, edit: &EntitlementEdit, item: &Item, ended: &Ended) -> Result<Outcome, Error> {
    let Some(error) = ended.failure(item) else { return Ok(Outcome::Done(None)) };
    let held = match Class::parse(&edit.entitlement_class)? {
        Class::Group => is_member_already(&ended.body),
        Class::DirectoryRole => ended.body["error"]["code"] == "RoleAssignmentExists",
        Class::AppRole => ended.status == 400 && app_roles::assignment(graph, edit)?.is_some(),
        Class::Licence | Class::User => false,
    };
    if held {
        return Ok(Outcome::Unchanged(None));
    }
    if error.is_not_found() && is_gone(graph, edit) {
        return Err(error);
    }
    Err(refusal::of_account(graph, &edit.id, of_group(graph, edit, error)))
}

/// Whether it is the entitlement that is no longer there.
fn is_gone(graph: &Graph, edit: &EntitlementEdit) -> bool {
    let absent = |path: String| graph.read(&path, &[]).is_err_and(|error| error.is_not_found());
    let id = escape_segment(&edit.entitlement);
    match Class::parse(&edit.entitlement_class) {
        Ok(Class::Group) => refusal::is_deleted(graph, &edit.entitlement),
        Ok(Class::DirectoryRole) => absent(format!("{}/{id}", Class::DirectoryRole.path())),
        Ok(Class::AppRole) => {
            let application = edit.entitlement.split('/').next().unwrap_or_default();
            absent(format!("/servicePrincipals/{}", escape_segment(application)))
        }
        _ => false,
    }
}

/// The end of a revoke: who is not there holds nothing.
///
/// # Errors
/// As [`grant_ended`].
pub fn revoke_ended(graph: &Graph, edit: &EntitlementEdit, item: &Item, ended: &Ended) -> Result<Outcome, Error> {
    match ended.failure(item) {
        None => Ok(Outcome::Done(None)),
        Some(error) if error.is_not_found() => Ok(Outcome::Unchanged(None)),
        Some(error) => Err(of_group(graph, edit, error)),
    }
}

fn of_group(graph: &Graph, edit: &EntitlementEdit, error: Error) -> Error {
    if edit.entitlement_class == Class::Group.name() {
        refusal::of_group(graph, &edit.entitlement, error)
    } else {
        error
    }
}
