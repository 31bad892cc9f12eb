//! The classes and their attributes. The customer's own user attributes are discovered.

use crate::access::Part;
use crate::api::{Api, PASSWORD};
use crate::config::LAG_MS;
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{
    Attribute, AttributeKind, Cardinality, ClassKind, DeleteSemantics, Error, Holding, HoldingSide, ObjectClass,
    Operation,
};

/// The class of users.
pub const USER: &str = "User";
/// The class of groups.
pub const GROUP: &str = "Group";
/// The class of licences.
pub const LICENCE: &str = "Licence";
/// The class of admin roles.
pub const ADMIN_ROLE: &str = "AdminRole";
/// The class of org units.
pub const ORG_UNIT: &str = "OrgUnit";

/// The classes of every customer.
pub fn built_in_classes() -> Vec<ObjectClass> {
    vec![user(), group(), licence(), admin_role(), org_unit()]
}

/// The classes with the customer's own user attributes.
///
/// # Errors
/// As [`Api::read`].
pub fn classes(api: &Api) -> Result<Vec<ObjectClass>, Error> {
    let schemas = api.all(Part::Schemas, &api.customer_path("schemas"), "schemas", &[])?;
    let mut classes = built_in_classes();
    classes[0].attributes.extend(schemas.iter().flat_map(custom_attributes));
    for class in classes.iter_mut().filter(|class| class.consistency_lag_ms > 0) {
        class.consistency_lag_ms = api.config.consistency_lag_ms;
    }
    Ok(classes)
}

fn custom_attributes(schema: &Value) -> Vec<Attribute> {
    let name = schema["schemaName"].as_str().unwrap_or_default();
    let fields = schema["fields"].as_array().into_iter().flatten();
    fields.filter_map(|field| custom_attribute(name, field)).collect()
}

fn custom_attribute(schema: &str, field: &Value) -> Option<Attribute> {
    let name = format!("customSchemas.{schema}.{}", field["fieldName"].as_str()?);
    let described = field["displayName"].as_str().unwrap_or_default();
    if field["multiValued"] == true {
        let shape = json!({"type": "object", "properties": {"value": {}, "type": {"type": "string"}}});
        return Some(Attribute::complex(name, shape).multi_valued().describe(described));
    }
    let kind = match field["fieldType"].as_str()? {
        "BOOL" => AttributeKind::Boolean,
        "INT64" => AttributeKind::Integer,
        _ => AttributeKind::Text,
    };
    Some(Attribute::new(name, kind).case_exact().describe(described))
}

fn user() -> ObjectClass {
    use Operation::{Create, Delete, Get, Grant, Revoke, Search, SetActive, SetPassword, Update};
    ObjectClass::account(USER)
        .title("User")
        .attributes(user_attributes())
        .open()
        .operations(&[Search, Get, Create, Update, SetActive, Delete, SetPassword, Grant, Revoke])
        .delete_semantics(DeleteSemantics::Soft)
        .consistency_lag_ms(LAG_MS)
}

fn user_attributes() -> Vec<Attribute> {
    let list = |name: &str, description: &str| {
        Attribute::complex(name, json!({"type": "object"})).multi_valued().describe(description)
    };
    vec![
        Attribute::text("primaryEmail")
            .required()
            .unique()
            .describe("The address to sign in with; the former one becomes an alias"),
        Attribute::text("name.givenName").required().case_exact().max_length(60).describe("First name"),
        Attribute::text("name.familyName").required().case_exact().max_length(60).describe("Last name"),
        Attribute::text("name.displayName").case_exact().max_length(256).describe("Display name"),
        Attribute::text("name.fullName").read_only().case_exact(),
        Attribute::new(PASSWORD, AttributeKind::SecretSlot).write_only().describe("8 to 100 characters of ASCII"),
        Attribute::text("orgUnitPath").describe("The org unit; begins with /"),
        Attribute::text("aliases").multi_valued().describe("Further addresses of this user"),
        Attribute::text("employeeNumber")
            .case_exact()
            .describe("Employee ID: the external id of the type organization"),
        Attribute::text("organization.title").case_exact().describe("Job title"),
        Attribute::text("organization.department").case_exact().describe("Department"),
        Attribute::text("organization.costCenter").case_exact().describe("Cost centre"),
        Attribute::text("organization.name").case_exact().describe("Company"),
        Attribute::text("organization.description").case_exact().describe("Type of employee"),
        Attribute::text("manager").describe("The manager's primary address"),
        list("phones", "Phone numbers, as [{type, value}]"),
        list("addresses", "Postal addresses"),
        list("locations", "Desks and buildings"),
        list("languages", "Languages, as [{languageCode, preference}]"),
        list("websites", "Web sites"),
        Attribute::text("recoveryEmail").describe("Where a lost password is recovered"),
        Attribute::text("recoveryPhone").describe("In E.164: +41..."),
        Attribute::new("archived", AttributeKind::Boolean).describe("Takes an Archived User licence"),
        Attribute::new("changePasswordAtNextLogin", AttributeKind::Boolean),
        Attribute::new("includeInGlobalAddressList", AttributeKind::Boolean),
        Attribute::new("isAdmin", AttributeKind::Boolean).read_only().describe("A super admin"),
        Attribute::text("suspensionReason").read_only(),
        Attribute::new("creationTime", AttributeKind::Timestamp).read_only(),
        Attribute::new("lastLoginTime", AttributeKind::Timestamp).read_only().on_request(),
    ]
}

fn holding(attribute: &str, cardinality: Cardinality) -> Holding {
    Holding { account_class: USER.into(), side: HoldingSide::Entitlement, attribute: attribute.into(), cardinality }
}

fn members(description: &str) -> Attribute {
    Attribute::reference("members", USER).multi_valued().read_only().describe(description)
}

fn group() -> ObjectClass {
    use Operation::{Create, Delete, Get, Search, Update};
    ObjectClass::entitlement(GROUP, holding("members", Cardinality::Many))
        .title("Group")
        .attribute(Attribute::text("email").required().unique().describe("The group's address"))
        .attribute(Attribute::text("name").case_exact().describe("Name"))
        .attribute(Attribute::text("description").case_exact().max_length(4096))
        .attribute(Attribute::text("aliases").multi_valued().read_only())
        .attribute(members("Users that are members, of any role"))
        .attribute(Attribute::reference("managers", USER).multi_valued().read_only())
        .attribute(Attribute::reference("owners", USER).multi_valued().read_only())
        .attribute(Attribute::reference("memberGroups", GROUP).multi_valued().read_only())
        .operations(&[Search, Get, Create, Update, Delete])
        .delete_semantics(DeleteSemantics::Hard)
        .consistency_lag_ms(LAG_MS)
}

fn licence() -> ObjectClass {
    ObjectClass::entitlement(LICENCE, holding("members", Cardinality::Many))
        .title("Licence")
        .attribute(Attribute::text("product").read_only().case_exact())
        .attribute(Attribute::text("sku").unique().read_only().case_exact().describe("PRODUCT/SKU"))
        .attribute(members("Users that have this licence; one SKU of each product"))
        .operations(&[Operation::Search, Operation::Get])
        .consistency_lag_ms(LAG_MS)
}

fn admin_role() -> ObjectClass {
    ObjectClass::entitlement(ADMIN_ROLE, holding("members", Cardinality::Many))
        .title("Admin role")
        .attribute(Attribute::text("roleName").unique().read_only())
        .attribute(Attribute::text("roleDescription").read_only().case_exact())
        .attribute(Attribute::new("isSuperAdminRole", AttributeKind::Boolean).read_only())
        .attribute(members("Users that have the role in the whole organisation"))
        .operations(&[Operation::Search, Operation::Get])
        .consistency_lag_ms(LAG_MS)
}

fn org_unit() -> ObjectClass {
    ObjectClass::new(ORG_UNIT, ClassKind::Other)
        .title("Org unit")
        .attribute(Attribute::text("orgUnitPath").unique().read_only())
        .attribute(Attribute::text("name").required().immutable().case_exact())
        .attribute(Attribute::text("parentOrgUnitPath").required().immutable())
        .attribute(Attribute::text("description").case_exact())
        .operations(&[Operation::Search, Operation::Get, Operation::Create])
}
