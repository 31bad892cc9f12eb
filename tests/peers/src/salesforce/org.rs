//! What the emulated organisation holds.

use super::{ids, moment};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A row of an object.
pub(super) type Row = Map<String, Value>;

/// The organisation.
#[derive(Debug, Default)]
pub(super) struct Org {
    pub(super) tables: BTreeMap<String, BTreeMap<String, Row>>,
    pub(super) deleted: Vec<(String, String, DateTime<Utc>)>,
    pub(super) sessions: BTreeSet<String>,
    /// The DER of the public key of the connected app.
    pub(super) app_key: Option<Vec<u8>>,
    pub(super) refresh_token: Option<String>,
    pub(super) client_secret: Option<String>,
    pub(super) sessions_end_after: Option<u64>,
    pub(super) tokens_given: u64,
    pub(super) tokens_refused: u64,
    /// Rows of a query that were not answered yet, by locator.
    pub(super) locators: BTreeMap<String, (String, Vec<Value>, usize)>,
    /// Most rows of one answer.
    pub(super) page: usize,
    /// Requests that are still allowed today.
    pub(super) requests_left: u64,
    /// Seats of the user licence.
    pub(super) seats: usize,
    /// User names of other organisations.
    pub(super) taken_elsewhere: BTreeSet<String>,
    /// Users that cannot be deactivated, since a rule names them.
    pub(super) needed: BTreeSet<String>,
    /// Rows on which others work just now: how many more writes are refused.
    pub(super) locked: u32,
    /// A rule of validation: users of this department are refused.
    pub(super) refused_department: Option<String>,
    /// Permissions that the integration user lacks.
    pub(super) lacking: BTreeSet<String>,
    /// What did not keep to the vendor's description.
    pub(super) violations: Vec<String>,
    /// Passwords that were set, by user.
    pub(super) passwords: BTreeMap<String, String>,
    sequence: u64,
}

/// The requests of a day.
pub(super) const DAILY: u64 = 1_000_000;

impl Org {
    /// An organisation as it is delivered, with one administrator and the system's own users.
    pub(super) fn new() -> Self {
        let mut org = Self { page: 2000, requests_left: DAILY, seats: 100_000, ..Self::default() };
        org.insert(
            "Organization",
            json!({"Name": "Acme", "DefaultLocaleSidKey": "en_US",
            "LanguageLocaleKey": "en_US", "TimeZoneSidKey": "America/Los_Angeles", "IsSandbox": false}),
        );
        let admin =
            org.insert("Profile", json!({"Name": "System Administrator", "UserLicenseId": "100Ax0000000001AAA"}));
        let standard = org.insert("Profile", json!({"Name": "Standard User", "UserLicenseId": "100Ax0000000001AAA"}));
        org.insert("Profile", json!({"Name": "Minimum Access - Salesforce", "UserLicenseId": "100Ax0000000001AAA"}));
        for (profile, name) in [(&admin, "X00eAdmin"), (&standard, "X00eStandard")] {
            org.insert(
                "PermissionSet",
                json!({"Name": name, "Label": name, "ProfileId": profile,
                "IsOwnedByProfile": true, "IsCustom": false}),
            );
        }
        let licence = org.insert(
            "PermissionSetLicense",
            json!({"DeveloperName": "SalesConsoleUser", "MasterLabel":
            "Sales Console User", "TotalLicenses": 10_000, "UsedLicenses": 0, "Status": "Active", "Language": "en_US",
            "PermissionSetLicenseKey": "SalesConsoleUser", "IsDeleted": false, "ExpirationDate": null}),
        );
        for (name, licence) in
            [("Everyone_Set", Value::Null), ("Engineers_Set", Value::Null), ("Console_Set", licence.into())]
        {
            org.insert(
                "PermissionSet",
                json!({"Name": name, "Label": name.replace('_', " "), "LicenseId": licence,
                "ProfileId": null, "IsOwnedByProfile": false, "IsCustom": true}),
            );
        }
        org.insert(
            "PermissionSetGroup",
            json!({"DeveloperName": "Sales_Bundle", "MasterLabel": "Sales Bundle",
            "Status": "Updated", "Description": null}),
        );
        for name in ["CEO", "Sales"] {
            org.insert("UserRole", json!({"Name": name, "DeveloperName": name, "ParentRoleId": null}));
        }
        for (name, kind) in [("All Staff", "Regular"), ("Support Queue", "Queue")] {
            org.insert(
                "Group",
                json!({"Name": name, "DeveloperName": name.replace(' ', "_"), "Type": kind,
                "RelatedId": null, "Email": null, "OwnerId": "00DAx0000000001AAA", "DoesSendEmailToMembers": false,
                "DoesIncludeBosses": false}),
            );
        }
        org.insert_user(
            &json!({"Username": "integration@acme.example", "LastName": "Integration", "ProfileId": admin}),
        );
        let automated = org.insert_user(&json!({"Username": "autoproc@acme.example", "LastName": "Automated Process"}));
        org.change("User", &automated, "UserType", "AutomatedProcess".into());
        org
    }

    fn insert_user(&mut self, given: &Value) -> String {
        let name = given["Username"].as_str().unwrap_or_default();
        let mut row = json!({"Username": name, "LastName": given["LastName"], "Email": name, "Alias": "sys",
            "TimeZoneSidKey": "America/Los_Angeles", "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8",
            "LanguageLocaleKey": "en_US", "ProfileId": given["ProfileId"], "CommunityNickname": name,
            "UserType": "Standard", "IsActive": true});
        for optional in super::rules::OPTIONAL_USER_FIELDS {
            row[*optional] = Value::Null;
        }
        row["Name"] = given["LastName"].clone();
        let id = self.insert("User", row);
        self.insert("UserLogin", json!({"UserId": id, "IsFrozen": false, "IsPasswordLocked": false}));
        id
    }

    /// Adds a row and gives it what every row has.
    pub(super) fn insert(&mut self, object: &str, row: Value) -> String {
        self.sequence += 1;
        let id = ids::make(object, self.sequence);
        let Value::Object(mut row) = row else { panic!("a row is an object") };
        row.insert("Id".into(), id.clone().into());
        let now = moment::now();
        for stamp in ["CreatedDate", "LastModifiedDate", "SystemModstamp"] {
            row.insert(stamp.into(), now.clone().into());
        }
        self.tables.entry(object.to_owned()).or_default().insert(id.clone(), row);
        id
    }

    /// A row by its id of 15 or 18 characters.
    pub(super) fn row(&self, object: &str, id: &str) -> Option<&Row> {
        self.tables.get(object)?.get(&ids::widen(id))
    }

    /// Changes one field, and says when.
    pub(super) fn change(&mut self, object: &str, id: &str, field: &str, value: Value) {
        let row = self.tables.get_mut(object).and_then(|rows| rows.get_mut(&ids::widen(id)));
        if let Some(row) = row {
            row.insert(field.to_owned(), value);
            for stamp in ["LastModifiedDate", "SystemModstamp"] {
                row.insert(stamp.to_owned(), moment::now().into());
            }
        }
    }

    /// Removes a row.
    pub(super) fn remove(&mut self, object: &str, id: &str) -> bool {
        let id = ids::widen(id);
        let gone = self.tables.get_mut(object).is_some_and(|rows| rows.remove(&id).is_some());
        if gone {
            self.deleted.push((object.to_owned(), id, Utc::now()));
        }
        gone
    }

    /// All rows of an object.
    pub(super) fn rows(&self, object: &str) -> impl Iterator<Item = &Row> {
        self.tables.get(object).into_iter().flat_map(BTreeMap::values)
    }

    /// The first row in which this field has this value.
    pub(super) fn find(&self, object: &str, field: &str, value: &str) -> Option<&Row> {
        self.rows(object)
            .find(|row| row.get(field).and_then(Value::as_str).is_some_and(|text| text.eq_ignore_ascii_case(value)))
    }

    /// A number that was not used yet.
    pub(super) fn next_number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }
}

/// A text of a row; empty where there is none.
pub(super) fn text<'r>(row: &'r Row, field: &str) -> &'r str {
    row.get(field).and_then(Value::as_str).unwrap_or_default()
}
