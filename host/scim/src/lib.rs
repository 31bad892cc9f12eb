//! SCIM 2.0 (RFC 7643, 7644, 9865) as a server speaks it: pure functions over JSON.
//!
//! No IO, no async, no clock. Schemas are data ([`schema`]); a resource is a JSON object in its normal form ([`resource`]),
//! changed by PATCH ([`patch`]), selected by filters ([`filter`]), ordered ([`sort`]) and shown ([`projection`]). What a
//! client sends is read generously where Okta and Entra are known to deviate from the RFC, and what it means is decided in
//! one place; what is answered follows the RFC.

mod bulk;
mod discovery;
mod error;
pub mod filter;
mod list;
mod members;
pub mod patch;
mod path;
mod projection;
mod query;
mod resource;
mod schema;
mod sort;
mod value;

pub use purser_model::scim::ResourceKind;

pub use bulk::{BulkMethod, BulkOperation, BulkRequest, References, bulk_response};
pub use discovery::{ServerLimits, resource_type_document, schema_document, service_provider_config};
pub use error::{ErrorKind, ScimError};
pub use list::{Cursor, Page, list_response};
pub use members::{MemberEdit, member_edits};
pub use path::{AttributePath, Resolved};
pub use projection::Projection;
pub use query::{Paging, Query};
pub use resource::{Previous, Resource, normalise};
pub use schema::{
    AttributeDefinition, AttributeType, ExtensionOfType, Mutability, NotASchema, ResourceType, Returned, Schema,
    ServedTypes, Uniqueness, common_attributes, discovery_schemas,
};
pub use sort::{SortKey, Sorting};

/// The media type of SCIM.
pub const MEDIA_TYPE: &str = "application/scim+json";
/// The schema of an error.
pub const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
/// The schema of a list.
pub const LIST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The schema of a search.
pub const SEARCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// The schema of a change.
pub const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// The schema of a bulk request.
pub const BULK_REQUEST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";
/// The schema of its answer.
pub const BULK_RESPONSE_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
