//! The classes: which object of Salesforce each is, and how users hold it.

use crate::config::Config;
use purser_sdk::{
    Attribute, AttributeKind, Cardinality, DeleteSemantics, Error, Holding, HoldingSide, ObjectClass, Operation,
};

/// A class of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Users, the accounts.
    User,
    /// Profiles: a user has exactly one.
    Profile,
    /// Roles in the hierarchy: a user has one or none.
    UserRole,
    /// Permission sets.
    PermissionSet,
    /// Permission set groups.
    PermissionSetGroup,
    /// Permission set licences.
    PermissionSetLicense,
    /// Public groups.
    Group,
    /// Queues.
    Queue,
}

/// The fields of a user that are always read, with their greatest lengths.
pub const USER_TEXTS: [(&str, u32); 24] = [
    ("Alias", 8),
    ("City", 40),
    ("CommunityNickname", 40),
    ("CompanyName", 80),
    ("Country", 80),
    ("Department", 80),
    ("Division", 80),
    ("Email", 128),
    ("EmailEncodingKey", 40),
    ("EmployeeNumber", 20),
    ("Extension", 40),
    ("Fax", 40),
    ("FederationIdentifier", 512),
    ("FirstName", 40),
    ("LanguageLocaleKey", 40),
    ("LastName", 80),
    ("LocaleSidKey", 40),
    ("MobilePhone", 40),
    ("Phone", 40),
    ("PostalCode", 20),
    ("State", 80),
    ("Street", 255),
    ("TimeZoneSidKey", 40),
    ("Title", 80),
];
/// The references of a user, and the class that each leads to.
pub const USER_REFERENCES: [(&str, Class); 3] =
    [("ManagerId", Class::User), ("ProfileId", Class::Profile), ("UserRoleId", Class::UserRole)];

impl Class {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::User,
        Self::Profile,
        Self::UserRole,
        Self::PermissionSet,
        Self::PermissionSetGroup,
        Self::PermissionSetLicense,
        Self::Group,
        Self::Queue,
    ];

    /// The class of this name.
    ///
    /// # Errors
    /// `unsupported`: there is none.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|class| class.name() == name);
        found.ok_or_else(|| Error::unsupported(format!("there is no class `{name}`")))
    }

    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queue => "Queue",
            other => other.object(),
        }
    }

    /// The object in Salesforce.
    pub fn object(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Profile => "Profile",
            Self::UserRole => "UserRole",
            Self::PermissionSet => "PermissionSet",
            Self::PermissionSetGroup => "PermissionSetGroup",
            Self::PermissionSetLicense => "PermissionSetLicense",
            Self::Group | Self::Queue => "Group",
        }
    }

    /// What every object of the class satisfies, in SOQL.
    pub fn scope(self, config: &Config) -> Option<String> {
        match self {
            Self::User => {
                let types = config.user_types.iter().map(String::as_str);
                Some(format!("UserType IN {}", crate::soql::list(types)))
            }
            Self::PermissionSet => Some("IsOwnedByProfile = false".to_owned()),
            Self::Group => Some("Type = 'Regular'".to_owned()),
            Self::Queue => Some("Type = 'Queue'".to_owned()),
            _ => None,
        }
    }

    /// The attributes of an entitlement; those of users are elsewhere.
    pub fn names(self) -> &'static [&'static str] {
        match self {
            Self::User => &[],
            Self::Profile => &["Name"],
            Self::UserRole => &["DeveloperName", "Name"],
            Self::PermissionSet => &["Label", "Name"],
            Self::PermissionSetGroup | Self::PermissionSetLicense => &["DeveloperName", "MasterLabel"],
            Self::Group | Self::Queue => &["DeveloperName", "Name"],
        }
    }

    /// The attribute of a user that lists what the user holds of this class.
    pub fn held_as(self) -> &'static str {
        match self {
            Self::User => "",
            Self::Profile => "Profiles",
            Self::UserRole => "UserRoles",
            Self::PermissionSet => "PermissionSets",
            Self::PermissionSetGroup => "PermissionSetGroups",
            Self::PermissionSetLicense => "PermissionSetLicenses",
            Self::Group => "PublicGroups",
            Self::Queue => "Queues",
        }
    }

    /// The class as the manifest shows it.
    pub fn declared(self, config: &Config) -> ObjectClass {
        match self {
            Self::User => users(config),
            other => other.entitlement(),
        }
    }

    fn entitlement(self) -> ObjectClass {
        let cardinality = match self {
            Self::Profile => Cardinality::ExactlyOne,
            Self::UserRole => Cardinality::AtMostOne,
            _ => Cardinality::Many,
        };
        let holding = Holding {
            account_class: "User".to_owned(),
            side: HoldingSide::Account,
            attribute: self.held_as().to_owned(),
            cardinality,
        };
        let creatable = matches!(self, Self::Group | Self::Queue);
        let attributes = self.names().iter().map(|name| {
            let attribute = Attribute::text(*name);
            match (creatable, *name) {
                (false, _) => attribute.read_only(),
                (true, "DeveloperName") => attribute.unique(),
                (true, _) => attribute.required().max_length(40),
            }
        });
        let mut operations = vec![Operation::Search, Operation::Get];
        if creatable {
            operations.extend([Operation::Create, Operation::Delete, Operation::Changes]);
        }
        let deletes = if creatable { DeleteSemantics::Hard } else { DeleteSemantics::None };
        ObjectClass::entitlement(self.name(), holding)
            .title(self.title())
            .attributes(attributes)
            .operations(&operations)
            .delete_semantics(deletes)
    }

    fn title(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Profile => "Profile",
            Self::UserRole => "Role",
            Self::PermissionSet => "Permission set",
            Self::PermissionSetGroup => "Permission set group",
            Self::PermissionSetLicense => "Permission set license",
            Self::Group => "Public group",
            Self::Queue => "Queue",
        }
    }
}

fn users(config: &Config) -> ObjectClass {
    let texts = USER_TEXTS.iter().map(|(name, length)| {
        let attribute = Attribute::text(*name).max_length(*length);
        match *name {
            "FederationIdentifier" => attribute.unique().case_exact(),
            "LastName" | "Email" => attribute.required(),
            _ => attribute,
        }
    });
    let references = USER_REFERENCES.iter().map(|(name, class)| Attribute::reference(*name, class.name()));
    let held = Class::ALL
        .into_iter()
        .filter(|class| *class != Class::User)
        .map(|class| Attribute::reference(class.held_as(), class.name()).multi_valued().read_only());
    let further = config.extra_fields.iter().map(Attribute::text);
    ObjectClass::account("User")
        .title("User")
        .attribute(Attribute::text("Username").required().unique().max_length(80))
        .attribute(Attribute::new("Name", AttributeKind::Text).read_only())
        .attributes(texts.chain(references).chain(held).chain(further))
        .operations(&[
            Operation::Search,
            Operation::Get,
            Operation::Changes,
            Operation::Create,
            Operation::Update,
            Operation::SetActive,
            Operation::SetPassword,
            Operation::Grant,
            Operation::Revoke,
        ])
        .delete_semantics(DeleteSemantics::None)
}
