//! What the connector says about itself.

use crate::config::Config;
use crate::config_schema::config_schema;
use crate::schema;
use purser_sdk::Manifest;
use purser_sdk::serde_json::{from_value, json};

/// The most that Active Directory gives at once.
const PAGE_SIZE: u32 = 1000;
/// Most requests in one batch: enough to put the members of a group together.
const BATCH_SIZE: u32 = 100;

/// The manifest. Its classes are those of the generic profile with groups; `schema` says what a configured directory has.
pub fn manifest() -> Manifest {
    let manifest = Manifest::new("ldap", env!("CARGO_PKG_VERSION"))
        .vendor("Purser")
        .description("Accounts and groups of Active Directory, OpenLDAP and other LDAP directories (RFC 4511)")
        .config_schema(config_schema())
        .limits(PAGE_SIZE, BATCH_SIZE)
        .permission("List Contents and Read All Properties on the bases", "accounts and groups are listed")
        .permission("Create, Delete, Write All Properties of user objects", "accounts follow the people")
        .permission("Reset Password", "new accounts get a password")
        .permission("Write Members of group objects", "memberships follow the roles")
        .permission("Replicating Directory Changes", "only for the change feed of Active Directory (DirSync)");
    let base = "ou=people,dc=example,dc=org";
    let groups = "ou=groups,dc=example,dc=org";
    let config = from_value::<Config>(json!({"people": {"base": base}, "groups": {"base": groups}}));
    config.iter().flat_map(schema::classes).fold(manifest, Manifest::class)
}
