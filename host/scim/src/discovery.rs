//! What the server says of itself (RFC 7643 5 to 7, RFC 9865 3).

use crate::schema::{ResourceType, Schema, discovery_schemas};
use serde_json::{Value, json};

/// Numbers that the server announces and holds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// The most operations in a bulk request.
    pub bulk_operations: usize,
    /// The most bytes in a request.
    pub payload_bytes: usize,
    /// The size of a page where none is asked for.
    pub page: u64,
    /// The largest page.
    pub largest_page: u64,
    /// The seconds for which a cursor holds.
    pub cursor_seconds: i64,
    /// The most members that a new group brings along or one change names.
    pub members: usize,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            bulk_operations: 1000,
            payload_bytes: 4 << 20,
            page: 100,
            largest_page: 1000,
            cursor_seconds: 3600,
            members: 50_000,
        }
    }
}

/// The service provider configuration, below this base.
pub fn service_provider_config(base: &str, limits: &ServerLimits) -> Value {
    let supported = json!({"supported": true});
    json!({
        "schemas": [discovery_schemas()[0].id],
        "patch": supported,
        "bulk": {"supported": true, "maxOperations": limits.bulk_operations, "maxPayloadSize": limits.payload_bytes},
        "filter": {"supported": true, "maxResults": limits.largest_page},
        "changePassword": {"supported": false},
        "sort": supported,
        "etag": supported,
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": limits.page,
            "maxPageSize": limits.largest_page,
            "cursorTimeout": limits.cursor_seconds,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Bearer token",
            "description": "Send the client's token as `Authorization: Bearer TOKEN`",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {"resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig")},
    })
}

/// A resource type, below this base.
pub fn resource_type_document(base: &str, resource_type: &ResourceType) -> Value {
    let name = resource_type.kind.as_str();
    let extensions = resource_type.extensions.iter();
    let extensions: Vec<_> = extensions.map(|one| json!({"schema": one.schema.id, "required": one.required})).collect();
    let mut document = json!({
        "schemas": [discovery_schemas()[1].id],
        "id": name,
        "name": name,
        "description": resource_type.schema.description,
        "endpoint": resource_type.kind.endpoint(),
        "schema": resource_type.schema.id,
        "meta": {"resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{name}")},
    });
    if !extensions.is_empty() {
        document["schemaExtensions"] = extensions.into();
    }
    document
}

/// A schema, below this base.
pub fn schema_document(base: &str, schema: &Schema) -> Value {
    let mut document = json!({
        "schemas": [discovery_schemas()[2].id],
        "id": schema.id,
        "name": schema.name,
        "description": schema.description,
        "meta": {"resourceType": "Schema", "location": format!("{base}/Schemas/{}", schema.id)},
    });
    document["attributes"] = json!(schema.attributes);
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResourceKind;
    use crate::schema::ServedTypes;

    #[test]
    fn a_schema_is_answered_as_the_rfc_has_it() {
        let types = ServedTypes::default();
        let document = schema_document("https://h/scim/v2", &types.of(ResourceKind::User).schema);
        assert_eq!(document["attributes"][0]["type"], "string");
        assert_eq!(document["attributes"][0]["uniqueness"], "server");
        assert_eq!(document["attributes"][0]["multiValued"], false);
        let user = resource_type_document("https://h/scim/v2", types.of(ResourceKind::User));
        assert_eq!(user["meta"]["location"], "https://h/scim/v2/ResourceTypes/User");
        assert_eq!(user["schemaExtensions"][0]["required"], false);
        assert_eq!(service_provider_config("b", &ServerLimits::default())["pagination"]["cursor"], true);
    }
}
