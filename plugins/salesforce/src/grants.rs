//! What users are given and what is taken from them, where rows say it.

use crate::batches::{Answer, Placed};
use crate::class::Class;
use crate::holdings::{self, Holdings};
use crate::ids;
use crate::org::Org;
use crate::records::{self, code};
use purser_sdk::http::Method;
use purser_sdk::serde_json::Value;
use purser_sdk::{EntitlementEdit, Error, Outcome};

/// Whether it is given or taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Given.
    Grant,
    /// Taken.
    Revoke,
}

/// Grants or revokes; one answer for each. What is so already is `unchanged`: the platform says nothing of a member of a group
/// who is one already.
pub fn change(org: &Org, direction: Direction, edits: &[Placed<(Class, &EntitlementEdit)>]) -> Vec<Answer> {
    let mut users: Vec<String> = edits.iter().map(|edit| ids::widen(&edit.work.1.id)).collect();
    users.retain(|id| ids::is_id(id));
    let holdings = match Holdings::read(org, &users) {
        Ok(holdings) => holdings,
        Err(error) => return edits.iter().map(|_| Err(error.clone())).collect(),
    };
    let mut answers: Vec<Answer> = edits.iter().map(|_| Ok(Outcome::Unchanged(None))).collect();
    match direction {
        Direction::Grant => give(org, edits, &holdings, &mut answers),
        Direction::Revoke => take(org, edits, &holdings, &mut answers),
    }
    answers
}

/// Licences first, since sets may need them; records of one object stand together.
fn give(org: &Org, edits: &[Placed<(Class, &EntitlementEdit)>], holdings: &Holdings, answers: &mut [Answer]) {
    let mut missing: Vec<(Class, usize, Value)> = Vec::new();
    for (place, Placed { work: (class, edit), .. }) in edits.iter().enumerate() {
        let (user, entitlement) = (ids::widen(&edit.id), ids::widen(&edit.entitlement));
        if holdings.row(&user, *class, &entitlement).is_some() {
            continue;
        }
        match holdings::joining(*class, &user, &entitlement) {
            Some(mut row) => {
                if let Some(expires) = edit.parameters.get("ExpirationDate") {
                    row["ExpirationDate"] = expires.clone();
                }
                missing.push((*class, place, row));
            }
            None => answers[place] = Err(Error::unsupported(format!("`{}` cannot be granted", class.name()))),
        }
    }
    missing.sort_by_key(|(class, place, _)| (*class != Class::PermissionSetLicense, *class, *place));
    let rows: Vec<Value> = missing.iter().map(|(_, _, row)| row.clone()).collect();
    for ((_, place, _), written) in missing.into_iter().zip(records::write(org, Method::Post, &rows)) {
        answers[place] = match written {
            Ok(_) => Ok(Outcome::Done(None)),
            Err(refused) if code(&refused) == "DUPLICATE_VALUE" => Ok(Outcome::Unchanged(None)),
            Err(refused) => Err(needing(refused)),
        };
    }
}

fn take(org: &Org, edits: &[Placed<(Class, &EntitlementEdit)>], holdings: &Holdings, answers: &mut [Answer]) {
    let mut held: Vec<(Class, usize, String)> = edits
        .iter()
        .enumerate()
        .filter_map(|(place, Placed { work: (class, edit), .. })| {
            let row = holdings.row(&ids::widen(&edit.id), *class, &ids::widen(&edit.entitlement))?;
            Some((*class, place, row.to_owned()))
        })
        .collect();
    held.sort_by_key(|(class, place, _)| (*class == Class::PermissionSetLicense, *class, *place));
    let rows: Vec<String> = held.iter().map(|(_, _, row)| row.clone()).collect();
    for ((_, place, _), written) in held.into_iter().zip(records::delete(org, &rows)) {
        answers[place] = match written {
            Ok(_) => Ok(Outcome::Done(None)),
            Err(refused) if refused.is_not_found() => Ok(Outcome::Unchanged(None)),
            Err(refused) => Err(needing(refused)),
        };
    }
}

fn needing(refused: Error) -> Error {
    match code(&refused) {
        "INSUFFICIENT_ACCESS" | "INSUFFICIENT_ACCESS_OR_READONLY" | "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY" => {
            refused.naming_permission("Assign Permission Sets")
        }
        _ => refused,
    }
}
