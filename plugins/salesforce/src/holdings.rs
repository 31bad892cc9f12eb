//! What users hold: rows that join a user and an entitlement, each with an id of its own.

use crate::class::Class;
use crate::org::{IDS_AT_ONCE, Org};
use crate::{ids, soql};
use purser_sdk::Error;
use purser_sdk::serde_json::{Value, json};
use std::collections::BTreeSet;

/// One thing that a user holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The user.
    pub user: String,
    /// Of which class it is.
    pub class: Class,
    /// The entitlement.
    pub entitlement: String,
    /// The row that says so.
    pub row: String,
}

/// What some users hold, and who of them is frozen.
#[derive(Debug, Default)]
pub struct Holdings {
    rows: Vec<Held>,
    frozen: BTreeSet<String>,
}

impl Holdings {
    /// Reads what these users hold.
    ///
    /// # Errors
    /// As [`Org::query`].
    pub fn read(org: &Org, users: &[String]) -> Result<Self, Error> {
        let mut holdings = Self::default();
        for users in users.chunks(IDS_AT_ONCE) {
            let users = soql::list(users.iter().map(String::as_str));
            let sets = org.query(&format!(
                "SELECT Id, AssigneeId, PermissionSetId, PermissionSetGroupId, PermissionSet.IsOwnedByProfile FROM \
                 PermissionSetAssignment WHERE AssigneeId IN {users}"
            ))?;
            holdings.rows.extend(sets.iter().filter_map(assignment));
            let licences = org.query(&format!(
                "SELECT Id, AssigneeId, PermissionSetLicenseId FROM PermissionSetLicenseAssign WHERE AssigneeId IN {users}"
            ))?;
            let licence = |row: &Value| held(row, "AssigneeId", Class::PermissionSetLicense, "PermissionSetLicenseId");
            holdings.rows.extend(licences.iter().filter_map(licence));
            let members = org.query(&format!(
                "SELECT Id, UserOrGroupId, GroupId, Group.Type FROM GroupMember WHERE UserOrGroupId IN {users}"
            ))?;
            holdings.rows.extend(members.iter().filter_map(membership));
            let frozen =
                org.query(&format!("SELECT UserId FROM UserLogin WHERE IsFrozen = true AND UserId IN {users}"))?;
            holdings.frozen.extend(frozen.iter().filter_map(|row| row["UserId"].as_str().map(ids::widen)));
        }
        Ok(holdings)
    }

    /// The ids of what a user holds of a class, sorted.
    pub fn of(&self, user: &str, class: Class) -> BTreeSet<&str> {
        let rows = self.rows.iter().filter(|held| held.user == user && held.class == class);
        rows.map(|held| held.entitlement.as_str()).collect()
    }

    /// The row by which a user holds an entitlement.
    pub fn row(&self, user: &str, class: Class, entitlement: &str) -> Option<&str> {
        let found =
            self.rows.iter().find(|held| held.user == user && held.class == class && held.entitlement == entitlement);
        found.map(|held| held.row.as_str())
    }

    /// Whether the log-in of a user is frozen.
    pub fn is_frozen(&self, user: &str) -> bool {
        self.frozen.contains(user)
    }
}

/// Each profile owns a hidden permission set that its users hold: that is no holding of ours. The assignment of a group
/// names the set that the platform made of the group as well.
fn assignment(row: &Value) -> Option<Held> {
    if row["PermissionSet"]["IsOwnedByProfile"] == true {
        return None;
    }
    held(row, "AssigneeId", Class::PermissionSetGroup, "PermissionSetGroupId")
        .or_else(|| held(row, "AssigneeId", Class::PermissionSet, "PermissionSetId"))
}

fn membership(row: &Value) -> Option<Held> {
    let class = match row["Group"]["Type"].as_str()? {
        "Regular" => Class::Group,
        "Queue" => Class::Queue,
        _ => return None,
    };
    held(row, "UserOrGroupId", class, "GroupId")
}

fn held(row: &Value, user: &str, class: Class, entitlement: &str) -> Option<Held> {
    let id = |field: &str| row[field].as_str().map(ids::widen);
    Some(Held { user: id(user)?, class, entitlement: id(entitlement)?, row: id("Id")? })
}

/// The object whose rows join users and entitlements of a class, and a new row of it; none where a field of the user says it.
pub fn joining(class: Class, user: &str, entitlement: &str) -> Option<Value> {
    let (object, holder, field) = match class {
        Class::PermissionSetLicense => ("PermissionSetLicenseAssign", "AssigneeId", "PermissionSetLicenseId"),
        Class::PermissionSet => ("PermissionSetAssignment", "AssigneeId", "PermissionSetId"),
        Class::PermissionSetGroup => ("PermissionSetAssignment", "AssigneeId", "PermissionSetGroupId"),
        Class::Group | Class::Queue => ("GroupMember", "UserOrGroupId", "GroupId"),
        Class::User | Class::Profile | Class::UserRole => return None,
    };
    Some(json!({"attributes": {"type": object}, holder: user, field: entitlement}))
}
