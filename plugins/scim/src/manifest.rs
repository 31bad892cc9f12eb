//! What the connector says about itself.

use crate::config::Config;
use crate::config_schema::config_schema;
use crate::schema::built_in_classes;
use crate::server::ENDPOINT;
use purser_sdk::Manifest;

/// Largest page. The server's own limit is kept to as well.
const PAGE_SIZE: u32 = 200;
/// Most requests in one batch: enough to put the members of a group together.
const BATCH_SIZE: u32 = 100;

/// The manifest. Its classes are those of RFC 7643 for a server without peculiarities.
pub fn manifest() -> Manifest {
    let manifest = Manifest::new("scim", env!("CARGO_PKG_VERSION"))
        .vendor("Purser")
        .description("Users and groups of any application that speaks SCIM 2.0 (RFC 7643, RFC 7644)")
        .config_schema(config_schema())
        .limits(PAGE_SIZE, BATCH_SIZE)
        .endpoint(ENDPOINT, "The SCIM base URL: /Users and /Groups lie below it", "https://example.org/scim/v2")
        .permission("read and write users and groups by SCIM", "accounts and memberships are listed and changed");
    built_in_classes(&Config::default()).into_iter().fold(manifest, Manifest::class)
}
