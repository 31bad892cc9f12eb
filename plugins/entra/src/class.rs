//! The classes: users, and what they can hold.

use crate::config::Config;
use purser_sdk::{
    Attribute, AttributeKind, Cardinality, DeleteSemantics, Error, Holding, HoldingSide, ObjectClass, Operation,
};

/// A class of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// `/users`.
    User,
    /// `/groups`.
    Group,
    /// `/subscribedSkus`, each also with some plans left out where the configuration says so.
    Licence,
    /// `/roleManagement/directory/roleDefinitions`, held for the whole tenant.
    DirectoryRole,
    /// The roles of enterprise applications.
    AppRole,
}

/// What a user has, as Graph names it, and the longest text where Graph says so.
const USER_TEXTS: [(&str, u32); 13] = [
    ("givenName", 64),
    ("surname", 64),
    ("jobTitle", 128),
    ("department", 64),
    ("companyName", 64),
    ("employeeId", 16),
    ("mobilePhone", 64),
    ("city", 128),
    ("country", 128),
    ("postalCode", 40),
    ("state", 128),
    ("streetAddress", 1024),
    ("usageLocation", 2),
];

impl Class {
    /// The class of this name.
    ///
    /// # Errors
    /// `unsupported`: there is no such class.
    pub fn parse(name: &str) -> Result<Self, Error> {
        match name {
            "user" => Ok(Self::User),
            "group" => Ok(Self::Group),
            "licence" => Ok(Self::Licence),
            "directory-role" => Ok(Self::DirectoryRole),
            "app-role" => Ok(Self::AppRole),
            other => {
                let known = "`user`, `group`, `licence`, `directory-role` and `app-role`";
                Err(Error::unsupported(format!("there is no class `{other}`: there are {known}")))
            }
        }
    }

    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Licence => "licence",
            Self::DirectoryRole => "directory-role",
            Self::AppRole => "app-role",
        }
    }

    /// The path of all its objects.
    pub fn path(self) -> &'static str {
        match self {
            Self::User => "/users",
            Self::Group => "/groups",
            Self::Licence => "/subscribedSkus",
            Self::DirectoryRole => "/roleManagement/directory/roleDefinitions",
            Self::AppRole => "/servicePrincipals",
        }
    }

    /// The names to ask Graph for: it shows few of them on its own.
    pub fn select(self, config: &Config) -> String {
        match self {
            Self::User => {
                let texts = USER_TEXTS.iter().map(|(name, _)| *name);
                let names = ["id", "accountEnabled", "userPrincipalName", "displayName", "mailNickname", "mail"];
                let rest = ["businessPhones", "onPremisesSyncEnabled", "userType"];
                let licences = config.licences.then_some("licenseAssignmentStates");
                names.into_iter().chain(texts).chain(rest).chain(licences).collect::<Vec<_>>().join(",")
            }
            Self::Group => "id,displayName,description,mailNickname,mailEnabled,securityEnabled,groupTypes,\
                            onPremisesSyncEnabled"
                .to_owned(),
            Self::Licence | Self::DirectoryRole | Self::AppRole => "id,displayName".to_owned(),
        }
    }

    /// The names whose changes are wanted in the feed. Members are part of a group there, the states of licences are not
    /// part of a user.
    pub fn watched(self, config: &Config) -> String {
        match self {
            Self::User => self.select(config).replace("licenseAssignmentStates", "assignedLicenses"),
            _ => format!("{},members", self.select(config)),
        }
    }
}

/// All classes that there can be.
pub fn all_classes(config: &Config) -> Vec<ObjectClass> {
    let classes = [user(), group(), licence(), directory_role(), app_role()];
    classes.map(|class| class.consistency_lag_ms(config.consistency_lag_ms)).into()
}

/// The classes, as a configuration has them: what is switched off is not there, and is not read.
pub fn classes(config: &Config) -> Vec<ObjectClass> {
    let wanted = |class: &ObjectClass| match class.name.as_str() {
        "licence" => config.licences,
        "directory-role" => config.directory_roles,
        "app-role" => !config.app_roles.is_empty(),
        _ => true,
    };
    all_classes(config).into_iter().filter(wanted).collect()
}

fn user() -> ObjectClass {
    let texts = USER_TEXTS.iter().map(|(name, most)| Attribute::text(*name).max_length(*most));
    ObjectClass::account("user")
        .title("User")
        .operations(&[
            Operation::Search,
            Operation::Get,
            Operation::Changes,
            Operation::Create,
            Operation::Update,
            Operation::SetActive,
            Operation::Delete,
            Operation::SetPassword,
            Operation::Grant,
            Operation::Revoke,
        ])
        .delete_semantics(DeleteSemantics::Soft)
        .attribute(Attribute::text("userPrincipalName").required().unique().max_length(113))
        .attribute(Attribute::text("displayName").required().max_length(256))
        .attribute(Attribute::text("mailNickname").required().max_length(64))
        .attribute(Attribute::text("mail").unique())
        .attributes(texts)
        .attribute(Attribute::text("businessPhones").multi_valued())
        .attribute(Attribute::text("userType").allow(["Member", "Guest"]))
        .attribute(Attribute::reference("manager", "user"))
        .attribute(Attribute::new("onPremisesSyncEnabled", AttributeKind::Boolean).read_only())
        .attribute(Attribute::text("licences").multi_valued().read_only())
        .attribute(Attribute::text("inheritedLicences").multi_valued().read_only())
        .attribute(Attribute::new("password", AttributeKind::SecretSlot).required().write_only())
}

fn held(side: HoldingSide, attribute: &str) -> Holding {
    let (account_class, cardinality) = ("user".to_owned(), Cardinality::Many);
    Holding { account_class, side, attribute: attribute.to_owned(), cardinality }
}

/// Entitlements that are there and that Purser neither makes nor changes.
fn looked_at(name: &str, holding: Holding) -> ObjectClass {
    ObjectClass::entitlement(name, holding)
        .operations(&[Operation::Search, Operation::Get])
        .delete_semantics(DeleteSemantics::None)
}

fn licence() -> ObjectClass {
    looked_at("licence", held(HoldingSide::Account, "licences"))
        .title("Licence")
        .attribute(Attribute::text("name").unique().read_only())
        .attribute(Attribute::text("sku").read_only())
        .attribute(Attribute::text("plans").multi_valued().read_only())
        .attribute(Attribute::new("seats", AttributeKind::Integer).read_only())
}

fn directory_role() -> ObjectClass {
    looked_at("directory-role", held(HoldingSide::Entitlement, "members"))
        .title("Directory role")
        .attribute(Attribute::text("displayName").unique().read_only())
        .attribute(Attribute::reference("members", "user").multi_valued().read_only())
}

fn app_role() -> ObjectClass {
    looked_at("app-role", held(HoldingSide::Entitlement, "members"))
        .title("App role")
        .attribute(Attribute::text("name").unique().read_only())
        .attribute(Attribute::text("application").read_only())
        .attribute(Attribute::text("displayName").read_only())
        .attribute(Attribute::reference("members", "user").multi_valued().read_only())
}

fn group() -> ObjectClass {
    ObjectClass::entitlement("group", held(HoldingSide::Entitlement, "members"))
        .title("Group")
        .operations(&[
            Operation::Search,
            Operation::Get,
            Operation::Changes,
            Operation::Create,
            Operation::Update,
            Operation::Delete,
        ])
        .delete_semantics(DeleteSemantics::Soft)
        .attribute(Attribute::text("displayName").required().max_length(256))
        .attribute(Attribute::text("description"))
        .attribute(Attribute::text("mailNickname").max_length(64))
        .attribute(Attribute::new("mailEnabled", AttributeKind::Boolean))
        .attribute(Attribute::new("securityEnabled", AttributeKind::Boolean))
        .attribute(Attribute::text("groupTypes").multi_valued().immutable())
        .attribute(Attribute::new("onPremisesSyncEnabled", AttributeKind::Boolean).read_only())
        .attribute(Attribute::reference("members", "user").multi_valued().read_only())
}
