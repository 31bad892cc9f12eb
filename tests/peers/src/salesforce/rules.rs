//! What the platform refuses when rows are written, and what it does by itself.

use super::org::{Org, Row, text};
use super::refusal::Refusal;
use super::{ids, schema};
use serde_json::{Map, Value, json};

/// Fields that the platform writes.
pub(super) const READ_ONLY: &[&str] = &[
    "Id",
    "Name",
    "CreatedDate",
    "CreatedById",
    "LastModifiedDate",
    "LastModifiedById",
    "SystemModstamp",
    "UserType",
    "LastLoginDate",
    "IsDeleted",
    "TotalLicenses",
    "UsedLicenses",
    "IsOwnedByProfile",
];
/// Fields of a user that may be empty.
pub(super) const OPTIONAL_USER_FIELDS: &[&str] = &[
    "FirstName",
    "Title",
    "Department",
    "Division",
    "CompanyName",
    "Phone",
    "MobilePhone",
    "Fax",
    "EmployeeNumber",
    "FederationIdentifier",
    "Street",
    "City",
    "State",
    "PostalCode",
    "Country",
    "ManagerId",
    "UserRoleId",
    "DelegatedApproverId",
    "AboutMe",
    "Extension",
];
const REQUIRED: &[&str] = &[
    "Username",
    "LastName",
    "Email",
    "Alias",
    "TimeZoneSidKey",
    "LocaleSidKey",
    "EmailEncodingKey",
    "ProfileId",
    "LanguageLocaleKey",
];
const LENGTHS: &[(&str, usize)] = &[
    ("Username", 80),
    ("LastName", 80),
    ("FirstName", 40),
    ("Alias", 8),
    ("CommunityNickname", 40),
    ("Title", 80),
    ("Department", 80),
    ("Division", 80),
    ("CompanyName", 80),
    ("Phone", 40),
    ("EmployeeNumber", 20),
    ("FederationIdentifier", 512),
];
const PICKLISTS: &[(&str, &[&str])] = &[
    ("TimeZoneSidKey", &["America/Los_Angeles", "Europe/Prague", "Europe/Berlin", "Europe/Zurich", "GMT"]),
    ("LocaleSidKey", &["en_US", "en_GB", "de_DE", "de_CH", "cs_CZ"]),
    ("LanguageLocaleKey", &["en_US", "de", "cs", "fr"]),
    ("EmailEncodingKey", &["UTF-8", "ISO-8859-1", "Shift_JIS"]),
];
const REFERENCES: &[(&str, &str)] = &[
    ("ProfileId", "Profile"),
    ("ManagerId", "User"),
    ("UserRoleId", "UserRole"),
    ("AssigneeId", "User"),
    ("PermissionSetId", "PermissionSet"),
    ("PermissionSetGroupId", "PermissionSetGroup"),
    ("PermissionSetLicenseId", "PermissionSetLicense"),
    ("GroupId", "Group"),
];

/// Whether rows of this object can be deleted. Users never can.
pub(super) fn is_deletable(object: &str) -> bool {
    matches!(object, "PermissionSetAssignment" | "PermissionSetLicenseAssign" | "GroupMember" | "Group")
}

/// Creates a row; answers its id.
///
/// # Errors
/// As the platform refuses it.
pub(super) fn create(org: &mut Org, object: &str, given: &Map<String, Value>) -> Result<String, Refusal> {
    let row = fields(org, object, given)?;
    unlocked(org)?;
    match object {
        "User" => create_user(org, row),
        "PermissionSetAssignment" => assign_set(org, &row),
        "PermissionSetLicenseAssign" => assign_licence(org, &row),
        "GroupMember" => add_member(org, &row),
        "Group" => create_group(org, row),
        _ => Err(Refusal::bad("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", format!("{object} cannot be created here"))),
    }
}

/// Changes a row.
///
/// # Errors
/// As the platform refuses it.
pub(super) fn update(org: &mut Org, object: &str, id: &str, given: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(before) = org.row(object, id).cloned() else { return Err(gone(org, id)) };
    let given: Map<String, Value> = given
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("id"))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let changes = fields(org, object, &given)?;
    unlocked(org)?;
    match object {
        "User" => check_user(org, &changes, Some(&before))?,
        "UserLogin" | "Group" => {}
        _ => return Err(Refusal::bad("INVALID_FIELD_FOR_INSERT_UPDATE", format!("{object} cannot be updated"))),
    }
    for (name, value) in changes {
        org.change(object, id, &name, value);
    }
    if object == "User" {
        name_user(org, id);
    }
    Ok(())
}

/// Deletes a row.
///
/// # Errors
/// As the platform refuses it.
pub(super) fn delete(org: &mut Org, object: &str, id: &str) -> Result<(), Refusal> {
    if !is_deletable(object) {
        return Err(Refusal::new(405, "METHOD_NOT_ALLOWED", format!("HTTP Method 'DELETE' not allowed for {object}")));
    }
    let Some(row) = org.row(object, id).cloned() else { return Err(gone(org, id)) };
    unlocked(org)?;
    if object == "PermissionSetLicenseAssign" && needs_licence(org, &row) {
        let said = "the licence is needed by a permission set that the user holds";
        return Err(Refusal::bad("DELETE_FAILED", said));
    }
    org.remove(object, id);
    Ok(())
}

fn gone(org: &Org, id: &str) -> Refusal {
    let id = ids::widen(id);
    if org.deleted.iter().any(|(_, deleted, _)| *deleted == id) {
        return Refusal::new(404, "ENTITY_IS_DELETED", "entity is deleted");
    }
    if id.len() != 18 {
        return Refusal::bad("MALFORMED_ID", "id value of incorrect type");
    }
    Refusal::new(404, "NOT_FOUND", "The requested resource does not exist")
}

fn unlocked(org: &mut Org) -> Result<(), Refusal> {
    if org.locked == 0 {
        return Ok(());
    }
    org.locked -= 1;
    Err(Refusal::bad("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record"))
}

/// The fields under their described names, with references widened.
fn fields(org: &mut Org, object: &str, given: &Map<String, Value>) -> Result<Row, Refusal> {
    let mut row = Map::new();
    for (name, value) in given.iter().filter(|(name, _)| *name != "attributes") {
        let known = match schema::field_name(object, name) {
            Ok(known) => known,
            Err(refusal) => {
                org.violations.push(format!("a request names {object}.{name}, which there is not"));
                return Err(refusal);
            }
        };
        let written_by_platform = READ_ONLY.contains(&known) && !(object == "Group" && known == "Name");
        if written_by_platform {
            let said =
                format!("Unable to create/update fields: {known}. Please check the security settings of this field");
            return Err(Refusal::bad("INVALID_FIELD_FOR_INSERT_UPDATE", said).of(&[known]));
        }
        let mut value = value.clone();
        if let (Some((_, other)), Some(id)) = (REFERENCES.iter().find(|(field, _)| *field == known), value.as_str()) {
            let id = ids::widen(id);
            if org.row(other, &id).is_none() {
                let said = format!("{known}: id value of incorrect type: {id}");
                return Err(Refusal::bad("INVALID_CROSS_REFERENCE_KEY", said).of(&[known]));
            }
            value = id.into();
        }
        row.insert(known.to_owned(), value);
    }
    let nullable: Row =
        row.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), value.clone())).collect();
    let wrong = schema::violations(object, &nullable);
    if let Some(first) = wrong.first() {
        let refusal = Refusal::bad("JSON_PARSER_ERROR", first.clone());
        org.violations.extend(wrong);
        return Err(refusal);
    }
    Ok(row)
}

fn create_user(org: &mut Org, mut row: Row) -> Result<String, Refusal> {
    let missing: Vec<&str> = REQUIRED.iter().copied().filter(|name| text(&row, name).is_empty()).collect();
    if !missing.is_empty() {
        let said = format!("Required fields are missing: [{}]", missing.join(", "));
        return Err(Refusal::bad("REQUIRED_FIELD_MISSING", said).of(&missing));
    }
    let nickname = text(&row, "Username").split('@').next().unwrap_or_default().chars().take(40).collect::<String>();
    row.entry("CommunityNickname").or_insert(nickname.into());
    row.entry("IsActive").or_insert(true.into());
    row.insert("UserType".into(), "Standard".into());
    for optional in OPTIONAL_USER_FIELDS {
        row.entry(*optional).or_insert(Value::Null);
    }
    check_user(org, &row, None)?;
    let profile = text(&row, "ProfileId").to_owned();
    let id = org.insert("User", Value::Object(row));
    name_user(org, &id);
    org.insert("UserLogin", json!({"UserId": id, "IsFrozen": false, "IsPasswordLocked": false}));
    let own = org.find("PermissionSet", "ProfileId", &profile).map(|set| text(set, "Id").to_owned());
    if let Some(set) = own {
        insert_assignment(org, &id, Some(&set), None);
    }
    Ok(id)
}

fn name_user(org: &mut Org, id: &str) {
    let Some(row) = org.row("User", id) else { return };
    let name = format!("{} {}", text(row, "FirstName"), text(row, "LastName")).trim().to_owned();
    if text(row, "Name") != name {
        org.change("User", id, "Name", name.into());
    }
}

fn check_user(org: &Org, changes: &Row, before: Option<&Row>) -> Result<(), Refusal> {
    let own = before.map_or("", |row| text(row, "Id"));
    let given = |field: &str| changes.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    for field in REQUIRED.iter().filter(|field| changes.contains_key(**field)) {
        if given(field).is_none() {
            let said = format!("Required fields are missing: [{field}]");
            return Err(Refusal::bad("REQUIRED_FIELD_MISSING", said).of(&[field]));
        }
    }
    for (field, most) in LENGTHS {
        if given(field).is_some_and(|text| text.chars().count() > *most) {
            let said = format!("{field}: data value too large (max length={most})");
            return Err(Refusal::bad("STRING_TOO_LONG", said).of(&[field]));
        }
    }
    for (field, allowed) in PICKLISTS {
        if given(field).is_some_and(|text| !allowed.contains(&text)) {
            let said = format!("{field}: bad value for restricted picklist field");
            return Err(Refusal::bad("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", said).of(&[field]));
        }
    }
    for field in ["Username", "Email"] {
        if given(field).is_some_and(|text| !is_address(text)) {
            return Err(Refusal::bad("INVALID_EMAIL_ADDRESS", format!("{field}: invalid email address")).of(&[field]));
        }
    }
    let taken = |field: &str| {
        given(field)
            .is_some_and(|text| org.find("User", field, text).is_some_and(|row| super::org::text(row, "Id") != own))
    };
    if taken("Username") || given("Username").is_some_and(|name| org.taken_elsewhere.contains(&name.to_lowercase())) {
        let said = "Duplicate Username.The username already exists in this or another Salesforce organization.";
        return Err(Refusal::bad("DUPLICATE_USERNAME", said).of(&["Username"]));
    }
    if taken("CommunityNickname") {
        return Err(Refusal::bad("DUPLICATE_COMM_NICKNAME", "Duplicate Nickname.").of(&["CommunityNickname"]));
    }
    if taken("FederationIdentifier") {
        return Err(Refusal::bad("DUPLICATE_VALUE", "duplicate value found: FederationIdentifier")
            .of(&["FederationIdentifier"]));
    }
    if given("Department").is_some() && given("Department") == org.refused_department.as_deref() {
        return Err(Refusal::bad("FIELD_CUSTOM_VALIDATION_EXCEPTION", "This department is closed").of(&["Department"]));
    }
    let was_active = before.is_some_and(|row| row["IsActive"] == true);
    let active = changes.get("IsActive").map_or(was_active, |active| *active == true);
    if active && !was_active && org.rows("User").filter(|row| row["IsActive"] == true).count() >= org.seats {
        return Err(Refusal::bad("LICENSE_LIMIT_EXCEEDED", "License Limit Exceeded"));
    }
    if was_active && !active && org.needed.contains(own) {
        let said = "This user is the default owner of leads and cannot be deactivated";
        return Err(Refusal::bad("FIELD_INTEGRITY_EXCEPTION", said).of(&["IsActive"]));
    }
    if before.is_some() && given("ManagerId") == Some(own) {
        return Err(Refusal::bad("FIELD_INTEGRITY_EXCEPTION", "A user cannot be their own manager").of(&["ManagerId"]));
    }
    Ok(())
}

fn is_address(text: &str) -> bool {
    let parts: Vec<&str> = text.split('@').collect();
    matches!(parts.as_slice(), [local, domain] if !local.is_empty() && domain.contains('.') && text.is_ascii() && !text.contains(' '))
}

fn holds<'o>(org: &'o Org, object: &str, user: &str, field: &str, value: &str) -> Option<&'o Row> {
    org.rows(object).find(|row| text(row, "AssigneeId") == user && text(row, field) == value)
}

fn duplicate(row: &Row) -> Refusal {
    let said = format!("duplicate value found: AssigneeId duplicates value on record with id: {}", text(row, "Id"));
    Refusal::bad("DUPLICATE_VALUE", said)
}

fn assign_set(org: &mut Org, row: &Row) -> Result<String, Refusal> {
    let user = text(row, "AssigneeId").to_owned();
    let (set, group) = (text(row, "PermissionSetId").to_owned(), text(row, "PermissionSetGroupId").to_owned());
    if user.is_empty() || set.is_empty() == group.is_empty() {
        let said = "Required fields are missing: [AssigneeId, PermissionSetId or PermissionSetGroupId]";
        return Err(Refusal::bad("REQUIRED_FIELD_MISSING", said));
    }
    let (field, value) = if group.is_empty() { ("PermissionSetId", &set) } else { ("PermissionSetGroupId", &group) };
    if let Some(held) = holds(org, "PermissionSetAssignment", &user, field, value) {
        return Err(duplicate(held));
    }
    let licence = org.row("PermissionSet", &set).map(|row| text(row, "LicenseId").to_owned()).unwrap_or_default();
    if !licence.is_empty()
        && holds(org, "PermissionSetLicenseAssign", &user, "PermissionSetLicenseId", &licence).is_none()
    {
        let said = "The user license doesn't allow the permission: the permission set needs its permission set license";
        return Err(Refusal::bad("FIELD_INTEGRITY_EXCEPTION", said).of(&["PermissionSetId"]));
    }
    let filled = |id: &'_ str| (!id.is_empty()).then(|| id.to_owned());
    Ok(insert_assignment(org, &user, filled(&set).as_deref(), filled(&group).as_deref()))
}

fn insert_assignment(org: &mut Org, user: &str, set: Option<&str>, group: Option<&str>) -> String {
    let row = json!({"AssigneeId": user, "PermissionSetId": set, "PermissionSetGroupId": group, "ExpirationDate": null, "IsActive": true});
    org.insert("PermissionSetAssignment", row)
}

fn assign_licence(org: &mut Org, row: &Row) -> Result<String, Refusal> {
    let (user, licence) = (text(row, "AssigneeId").to_owned(), text(row, "PermissionSetLicenseId").to_owned());
    if let Some(held) = holds(org, "PermissionSetLicenseAssign", &user, "PermissionSetLicenseId", &licence) {
        return Err(duplicate(held));
    }
    let used =
        org.rows("PermissionSetLicenseAssign").filter(|row| text(row, "PermissionSetLicenseId") == licence).count();
    let total = org.row("PermissionSetLicense", &licence).and_then(|row| row["TotalLicenses"].as_u64()).unwrap_or(0);
    if used as u64 >= total {
        return Err(Refusal::bad("LICENSE_LIMIT_EXCEEDED", "You can't assign more of this permission set license"));
    }
    Ok(org.insert(
        "PermissionSetLicenseAssign",
        json!({"AssigneeId": user, "PermissionSetLicenseId": licence, "IsDeleted": false}),
    ))
}

fn needs_licence(org: &Org, row: &Row) -> bool {
    let (user, licence) = (text(row, "AssigneeId"), text(row, "PermissionSetLicenseId"));
    let needing = org.rows("PermissionSet").filter(|set| text(set, "LicenseId") == licence);
    needing
        .into_iter()
        .any(|set| holds(org, "PermissionSetAssignment", user, "PermissionSetId", text(set, "Id")).is_some())
}

/// A member that is one already is answered as if it were new.
fn add_member(org: &mut Org, row: &Row) -> Result<String, Refusal> {
    let (group, member) = (text(row, "GroupId").to_owned(), ids::widen(text(row, "UserOrGroupId")));
    if org.row("User", &member).is_none() && org.row("Group", &member).is_none() {
        return Err(Refusal::bad("INVALID_CROSS_REFERENCE_KEY", "UserOrGroupId: invalid cross reference id")
            .of(&["UserOrGroupId"]));
    }
    let there =
        org.rows("GroupMember").find(|row| text(row, "GroupId") == group && text(row, "UserOrGroupId") == member);
    if let Some(there) = there {
        return Ok(text(there, "Id").to_owned());
    }
    Ok(org.insert("GroupMember", json!({"GroupId": group, "UserOrGroupId": member})))
}

fn create_group(org: &mut Org, mut row: Row) -> Result<String, Refusal> {
    let name = text(&row, "Name").to_owned();
    if name.is_empty() || name.chars().count() > 40 {
        return Err(Refusal::bad("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]").of(&["Name"]));
    }
    let made: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    row.entry("DeveloperName").or_insert(made.into());
    row.entry("Type").or_insert("Regular".into());
    let same = |other: &&Row| {
        text(other, "DeveloperName") == text(&row, "DeveloperName") && text(other, "Type") == text(&row, "Type")
    };
    if let Some(there) = org.rows("Group").find(same) {
        let said =
            format!("duplicate value found: DeveloperName duplicates value on record with id: {}", text(there, "Id"));
        return Err(Refusal::bad("DUPLICATE_DEVELOPER_NAME", said).of(&["DeveloperName"]));
    }
    for (field, value) in [
        ("RelatedId", Value::Null),
        ("Email", Value::Null),
        ("OwnerId", "00DAx0000000001AAA".into()),
        ("DoesSendEmailToMembers", false.into()),
        ("DoesIncludeBosses", false.into()),
    ] {
        row.entry(field).or_insert(value);
    }
    Ok(org.insert("Group", Value::Object(row)))
}
