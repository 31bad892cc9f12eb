//! What the connector says about itself.

use crate::class::all_classes;
use crate::config::{Config, config_schema};
use crate::graph::ENDPOINT;
use purser_sdk::Manifest;

/// Largest page: Graph gives at most 999 users.
const PAGE_SIZE: u32 = 500;
/// Most requests in one call: five batches of Graph.
const BATCH_SIZE: u32 = 100;

/// The manifest.
pub fn manifest() -> Manifest {
    let manifest = Manifest::new("entra", env!("CARGO_PKG_VERSION"))
        .vendor("Purser")
        .description("Users, groups, licences and roles of Microsoft Entra ID and Microsoft 365, by Microsoft Graph")
        .config_schema(config_schema())
        .limits(PAGE_SIZE, BATCH_SIZE)
        .endpoint(ENDPOINT, "Microsoft Graph v1.0", "https://graph.microsoft.com/v1.0")
        .permission("User.ReadWrite.All", "accounts are listed, made, changed and deleted")
        .permission("Group.ReadWrite.All", "groups and their members are listed and changed")
        .permission("User.EnableDisableAccount.All", "accounts are enabled and disabled")
        .permission("User.RevokeSessions.All", "the sessions of a disabled account are revoked")
        .permission(
            "User-PasswordProfile.ReadWrite.All",
            "the password of an existing account is set; needs the role User Administrator as well",
        )
        .permission("User.DeleteRestore.All", "deleted accounts are restored (`restore_deleted`) and purged (`purge`)")
        .permission("LicenseAssignment.ReadWrite.All", "licences are assigned; with `licences` only")
        .permission("Organization.Read.All", "the licences that the organisation has are read; with `licences` only")
        .permission("RoleManagement.ReadWrite.Directory", "directory roles are assigned; with `directory_roles` only")
        .permission("AppRoleAssignment.ReadWrite.All", "app roles are assigned; with `app_roles` only")
        .permission(
            "Application.Read.All",
            "enterprise applications are read; with `app_roles`, and with `application_id` for `check`",
        );
    all_classes(&Config::default()).into_iter().fold(manifest, Manifest::class)
}
