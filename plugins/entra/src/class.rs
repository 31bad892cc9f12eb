//! The classes: users, and groups that they are members of.

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
            other => Err(Error::unsupported(format!("there is no class `{other}`: there are `user` and `group`"))),
        }
    }

    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }

    /// The path of all its objects.
    pub fn path(self) -> &'static str {
        match self {
            Self::User => "/users",
            Self::Group => "/groups",
        }
    }

    /// The names to ask Graph for: it shows few of them on its own.
    pub fn select(self) -> String {
        match self {
            Self::User => {
                let texts = USER_TEXTS.iter().map(|(name, _)| *name);
                let names = ["id", "accountEnabled", "userPrincipalName", "displayName", "mailNickname", "mail"];
                let rest = ["businessPhones", "onPremisesSyncEnabled", "userType"];
                names.into_iter().chain(texts).chain(rest).collect::<Vec<_>>().join(",")
            }
            Self::Group => "id,displayName,description,mailNickname,mailEnabled,securityEnabled,groupTypes".to_owned(),
        }
    }
}

/// The classes, as a configuration has them.
pub fn classes(config: &Config) -> [ObjectClass; 2] {
    [user(), group()].map(|class| class.consistency_lag_ms(config.consistency_lag_ms))
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
        .attribute(Attribute::new("password", AttributeKind::SecretSlot).required().write_only())
}

fn group() -> ObjectClass {
    let holding = Holding {
        account_class: "user".to_owned(),
        side: HoldingSide::Entitlement,
        attribute: "members".to_owned(),
        cardinality: Cardinality::Many,
    };
    ObjectClass::entitlement("group", holding)
        .title("Group")
        .operations(&[Operation::Search, Operation::Get, Operation::Create, Operation::Update, Operation::Delete])
        .delete_semantics(DeleteSemantics::Soft)
        .attribute(Attribute::text("displayName").required().max_length(256))
        .attribute(Attribute::text("description"))
        .attribute(Attribute::text("mailNickname").max_length(64))
        .attribute(Attribute::new("mailEnabled", AttributeKind::Boolean))
        .attribute(Attribute::new("securityEnabled", AttributeKind::Boolean))
        .attribute(Attribute::text("groupTypes").multi_valued().immutable())
        .attribute(Attribute::reference("members", "user").multi_valued().read_only())
}
