//! The application permissions of Microsoft Graph: which a configuration needs, and which a request does.

use crate::config::Config;

/// A permission, and the wider ones that contain it.
type Permission = (&'static str, &'static [&'static str]);

const USERS: Permission = ("User.ReadWrite.All", &["Directory.ReadWrite.All"]);
const GROUPS: Permission = ("Group.ReadWrite.All", &["Directory.ReadWrite.All"]);
const ENABLING: Permission = ("User.EnableDisableAccount.All", &[]);
const SESSIONS: Permission = ("User.RevokeSessions.All", &[]);
const PASSWORDS: Permission = ("User-PasswordProfile.ReadWrite.All", &[]);
const DELETED: Permission = ("User.DeleteRestore.All", &[]);
const LICENCES: Permission = ("LicenseAssignment.ReadWrite.All", &[]);
const SKUS: Permission =
    ("Organization.Read.All", &["Organization.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]);
const ROLES: Permission = ("RoleManagement.ReadWrite.Directory", &[]);
const APP_ROLES: Permission = ("AppRoleAssignment.ReadWrite.All", &[]);
const APPLICATIONS: Permission =
    ("Application.Read.All", &["Application.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"]);

/// What a configuration needs.
pub fn wanted(config: &Config) -> Vec<Permission> {
    let mut wanted = vec![USERS, GROUPS, ENABLING, PASSWORDS];
    let also = [
        (config.revoke_sessions, SESSIONS),
        (config.restore_deleted || config.purge, DELETED),
        (config.licences, LICENCES),
        (config.licences, SKUS),
        (config.directory_roles, ROLES),
        (!config.app_roles.is_empty(), APP_ROLES),
        (!config.app_roles.is_empty() || config.application_id.is_some(), APPLICATIONS),
    ];
    wanted.extend(also.into_iter().filter(|(needed, _)| *needed).map(|(_, permission)| permission));
    wanted
}

/// The permission that a request needs, which is written as method and path.
pub fn needed(request: &str) -> Option<&'static str> {
    let (method, path) = request.split_once(' ')?;
    let reading = method == "GET";
    let starts = |start: &str| path.starts_with(start);
    let (name, _) = match () {
        () if path.ends_with("/assignLicense") => LICENCES,
        () if path.ends_with("/revokeSignInSessions") => SESSIONS,
        () if path.ends_with("/appRoleAssignments") || (starts("/servicePrincipals") && reading) => APPLICATIONS,
        () if starts("/servicePrincipals") => APP_ROLES,
        () if starts("/directory/deletedItems") && !reading => DELETED,
        () if starts("/users") || starts("/directory/deletedItems") => USERS,
        () if starts("/groups") => GROUPS,
        () if starts("/subscribedSkus") => SKUS,
        () if starts("/roleManagement") => ROLES,
        () => return None,
    };
    Some(name)
}

/// How a missing permission is granted, in the words of the Entra admin center.
pub fn remedy(name: &str) -> String {
    format!(
        "in the Entra admin center, App registrations, API permissions, Add a permission, Microsoft Graph, Application \
         permissions: add {name}, then Grant admin consent; it works with the next token"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_tells_its_permission() {
        assert_eq!(needed("POST /users/1/assignLicense"), Some("LicenseAssignment.ReadWrite.All"));
        assert_eq!(needed("POST /directory/deletedItems/1/restore"), Some("User.DeleteRestore.All"));
        assert_eq!(needed("DELETE /servicePrincipals/1/appRoleAssignedTo/2"), Some("AppRoleAssignment.ReadWrite.All"));
        assert_eq!(needed("GET of the next page"), None);
    }
}
