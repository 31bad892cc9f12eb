//! What the connector says about itself.

use crate::access::Part;
use crate::api::{DIRECTORY, LICENSING};
use crate::config::config_schema;
use crate::schema::built_in_classes;
use purser_sdk::Manifest;

/// Largest page: that of users.
const PAGE_SIZE: u32 = 500;
/// Most requests in one call.
const BATCH_SIZE: u32 = 20;

/// The manifest.
pub fn manifest() -> Manifest {
    let manifest = Manifest::new("google-workspace", env!("CARGO_PKG_VERSION"))
        .vendor("Purser")
        .description("Users, groups, licences and admin roles of Google Workspace and Cloud Identity")
        .config_schema(config_schema())
        .limits(PAGE_SIZE, BATCH_SIZE)
        .endpoint(DIRECTORY, "The Directory API of the Admin SDK", "https://admin.googleapis.com")
        .endpoint(
            LICENSING,
            "The Enterprise License Manager API; only with `licences`",
            "https://licensing.googleapis.com",
        );
    let manifest = Part::ALL.into_iter().fold(manifest, |manifest, part| {
        manifest.permission(part.scope(), format!("{}; the administrator has {}", part.purpose(), part.privilege()))
    });
    built_in_classes().into_iter().fold(manifest, Manifest::class)
}
