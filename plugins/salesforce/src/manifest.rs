//! What the connector says about itself.

use crate::class::Class;
use crate::config::Config;
use crate::config_schema::config_schema;
use crate::org::ENDPOINT;
use purser_sdk::Manifest;

/// Largest page: so many ids still fit into the URL of a query.
const PAGE_SIZE: u32 = 400;
/// The records of one collection.
const BATCH_SIZE: u32 = 200;

/// The permissions that the integration user needs: the field of `UserPermissionAccess`, its name in Setup, and why.
pub const PERMISSIONS: [(&str, &str, &str); 6] = [
    ("PermissionsApiEnabled", "API Enabled", "everything goes through the REST API"),
    ("PermissionsViewSetup", "View Setup and Configuration", "profiles, permission sets and groups are read"),
    ("PermissionsManageUsers", "Manage Users", "users, groups and queues are changed"),
    (
        "PermissionsAssignPermissionSets",
        "Assign Permission Sets",
        "permission sets and licences are granted and revoked",
    ),
    ("PermissionsResetPasswords", "Reset User Passwords and Unlock Users", "passwords are set"),
    ("PermissionsFreezeUsers", "Freeze Users", "users that cannot be deactivated are frozen"),
];

/// The manifest.
pub fn manifest() -> Manifest {
    let manifest = Manifest::new("salesforce", env!("CARGO_PKG_VERSION"))
        .vendor("Purser")
        .description(
            "Users of a Salesforce organisation with profile, role, permission sets, licences, groups and queues",
        )
        .config_schema(config_schema())
        .limits(PAGE_SIZE, BATCH_SIZE)
        .endpoint(ENDPOINT, "The organisation's My Domain", "https://MyDomain.my.salesforce.com");
    let manifest = PERMISSIONS.iter().fold(manifest, |manifest, (_, name, why)| manifest.permission(*name, *why));
    let config = Config::default();
    Class::ALL.into_iter().map(|class| class.declared(&config)).fold(manifest, Manifest::class)
}
