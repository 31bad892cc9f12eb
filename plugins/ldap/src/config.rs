//! The configuration.

use crate::profile::{ACTIVE_DIRECTORY, GENERIC, Profile};
use purser_sdk::Error;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The configuration; `config_schema.rs` says what each key means.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Which kind of directory it is.
    #[serde(default)]
    pub profile: ProfileName,
    /// Where accounts are.
    pub people: People,
    /// Where groups are, where they are provisioned.
    pub groups: Option<Groups>,
    /// Further attributes of accounts.
    #[serde(default)]
    pub attributes: BTreeMap<String, ExtraAttribute>,
    /// How a disabled account looks; for the generic profile only.
    #[serde(default)]
    pub disabling: Disabling,
    /// How passwords are set; none goes by what the server offers. For the generic profile only.
    pub passwords: Option<Passwords>,
    /// Entries in one page of a search.
    #[serde(default = "default_page_size")]
    pub page_size: u32,
    /// Whether nothing that is looked for lies on the servers that this one refers to.
    #[serde(default)]
    pub ignore_referrals: bool,
    /// Whether an account that was deleted is restored when it is to be created again; for Active Directory only.
    #[serde(default)]
    pub restore_deleted: bool,
}

/// Which kind of directory it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProfileName {
    /// Any directory after RFC 4511 with `inetOrgPerson` and `groupOfNames`.
    #[default]
    Generic,
    /// Active Directory, or Samba in its place.
    ActiveDirectory,
}

/// Where accounts are, and how their names are made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// Below this entry.
    pub base: String,
    /// What else must hold for an entry to be an account; an RFC 4515 filter.
    pub filter: Option<String>,
    /// Object classes of new accounts.
    pub object_classes: Option<Vec<String>>,
    /// The attribute that names an account within its container.
    pub rdn: Option<String>,
}

/// Where groups are, and how members are told.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Groups {
    /// Below this entry.
    pub base: String,
    /// What else must hold for an entry to be a group.
    pub filter: Option<String>,
    /// The object class of groups.
    pub object_class: Option<String>,
    /// The attribute that lists the members.
    pub member: Option<String>,
    /// On which side membership is read.
    #[serde(default)]
    pub membership: Membership,
    /// The member of a group that has none, where the class demands one. No entry of this name is needed.
    pub placeholder: Option<String>,
}

/// On which side membership is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Membership {
    /// From `memberOf` of the account, which the directory keeps.
    #[default]
    MemberOf,
    /// From the members of the group.
    Member,
}

/// How a disabled account looks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by", deny_unknown_fields)]
pub enum Disabling {
    /// There are no disabled accounts.
    #[default]
    None,
    /// The password policy overlay locks it for good (`pwdAccountLockedTime`).
    Ppolicy,
    /// An attribute has a certain value.
    Attribute {
        /// The attribute.
        attribute: String,
        /// Its value of a disabled account.
        disabled: String,
        /// Its value of an enabled one; none where it is then absent.
        enabled: Option<String>,
    },
}

/// How passwords are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Passwords {
    /// By the Password Modify operation (RFC 3062).
    Operation,
    /// As a value of the attribute.
    Attribute,
}

/// A further attribute of accounts.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraAttribute {
    /// How it is written.
    #[serde(default)]
    pub kind: ExtraKind,
    /// Whether it holds a list.
    #[serde(default)]
    pub multi_valued: bool,
}

/// How a further attribute is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExtraKind {
    /// Text.
    #[default]
    Text,
    /// `TRUE` or `FALSE`.
    Boolean,
    /// A number without fraction.
    Integer,
    /// Generalized time.
    Timestamp,
    /// Base64.
    Bytes,
}

fn default_page_size() -> u32 {
    500
}

impl Config {
    /// Looks for what fits the types and still cannot work.
    ///
    /// # Errors
    /// `invalid-config` naming the key.
    pub fn validate(&self) -> Result<(), Error> {
        let bases = [
            ("people.base", Some(&self.people.base)),
            ("groups.base", self.groups.as_ref().map(|groups| &groups.base)),
        ];
        for (key, base) in bases {
            if base.is_some_and(|base| !base.contains('=')) {
                return Err(Error::invalid_config(format!(
                    "`{key}` is no distinguished name, such as ou=people,dc=example,dc=org"
                )));
            }
        }
        if !(1..=1000).contains(&self.page_size) {
            return Err(Error::invalid_config("`page_size` is from 1 to 1000, the most that Active Directory gives"));
        }
        match self.profile {
            ProfileName::ActiveDirectory if self.disabling != Disabling::None => {
                Err(Error::invalid_config("`disabling` is not for Active Directory: it has its own account control"))
            }
            ProfileName::ActiveDirectory if self.passwords.is_some() => {
                Err(Error::invalid_config("`passwords` is not for Active Directory: it takes them as `unicodePwd`"))
            }
            ProfileName::Generic if self.restore_deleted => {
                Err(Error::invalid_config("`restore_deleted` is for Active Directory only"))
            }
            _ => Ok(()),
        }
    }

    /// The table of its profile.
    pub fn profile(&self) -> &'static Profile {
        match self.profile {
            ProfileName::Generic => &GENERIC,
            ProfileName::ActiveDirectory => &ACTIVE_DIRECTORY,
        }
    }

    /// Whether it is Active Directory.
    pub fn is_active_directory(&self) -> bool {
        self.profile == ProfileName::ActiveDirectory
    }

    /// The attribute that names an account within its container.
    pub fn rdn(&self) -> &str {
        self.people.rdn.as_deref().unwrap_or(self.profile().user_rdn)
    }

    /// The object classes of a new account.
    pub fn user_classes(&self) -> Vec<String> {
        let usual = || self.profile().user_classes.iter().map(ToString::to_string).collect();
        self.people.object_classes.clone().unwrap_or_else(usual)
    }

    /// The object class of groups.
    pub fn group_class(&self) -> &str {
        let set = self.groups.as_ref().and_then(|groups| groups.object_class.as_deref());
        set.unwrap_or(self.profile().group_class)
    }

    /// The attribute that lists the members of a group.
    pub fn member(&self) -> &str {
        let set = self.groups.as_ref().and_then(|groups| groups.member.as_deref());
        set.unwrap_or("member")
    }

    /// On which side membership is read; none where groups are not provisioned.
    pub fn membership(&self) -> Option<Membership> {
        self.groups.as_ref().map(|groups| groups.membership)
    }

    /// The member of a group that has none; none where groups may be empty.
    pub fn placeholder(&self) -> Option<String> {
        let groups = self.groups.as_ref()?;
        let usual = || self.profile().groups_need_a_member.then(|| format!("cn=no member,{}", groups.base));
        groups.placeholder.clone().or_else(usual)
    }
}
