//! Entries as objects.

use crate::account_control;
use crate::attribute::{self, CONTAINER, Described};
use crate::config::{Config, Disabling};
use crate::dn;
use crate::members::Memberships;
use purser_sdk::ldap::{Attribute, Entry};
use purser_sdk::serde_json::Value;
use purser_sdk::{Attributes, Error, Object};

/// The attribute of accounts that lists their groups.
pub const GROUPS: &str = "memberOf";
/// The attribute of groups that lists their members.
pub const MEMBERS: &str = "member";
/// Where the password policy overlay says since when an account is locked.
pub const LOCKED_TIME: &str = "pwdAccountLockedTime";

/// A class of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Accounts.
    User,
    /// Groups.
    Group,
}

impl Class {
    /// The class of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn parse(name: &str) -> Result<Self, Error> {
        match name {
            "user" => Ok(Self::User),
            "group" => Ok(Self::Group),
            _ => Err(Error::unsupported(format!("there is no class `{name}`; there are `user` and `group`"))),
        }
    }

    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }

    /// Its attributes.
    pub fn attributes(self, config: &Config) -> Vec<Described> {
        match self {
            Self::User => attribute::of_users(config),
            Self::Group => attribute::of_groups(config),
        }
    }

    /// The attribute that names an object within its container.
    pub fn rdn(self, config: &Config) -> &str {
        match self {
            Self::User => config.rdn(),
            Self::Group => "cn",
        }
    }
}

/// What is read of an entry to make an object of it.
pub fn wanted(config: &Config, class: Class) -> Vec<String> {
    let described = class.attributes(config);
    let mut wanted: Vec<String> = described.iter().map(|described| described.wire_name().to_owned()).collect();
    wanted.push(config.profile().id.to_owned());
    match class {
        Class::User => {
            wanted.push(GROUPS.to_owned());
            match &config.disabling {
                Disabling::None => {}
                Disabling::Ppolicy => wanted.push(LOCKED_TIME.to_owned()),
                Disabling::Attribute { attribute, .. } => wanted.push(attribute.clone()),
            }
            if config.is_active_directory() {
                wanted.push(account_control::ATTRIBUTE.to_owned());
            }
        }
        Class::Group => wanted.push(config.member().to_owned()),
    }
    wanted.sort();
    wanted.dedup();
    wanted
}

/// An object from an entry.
///
/// # Errors
/// `defect` where the entry does not show its id.
pub fn to_object(config: &Config, class: Class, entry: &Entry, memberships: &Memberships) -> Result<Object, Error> {
    let Some(id) = id_of(config, entry) else {
        let id = config.profile().id;
        return Err(Error::permission_denied(format!(
            "the entry {} does not show its `{id}`: let the directory show it to the account that is bound",
            entry.dn
        ))
        .naming_permission(format!("read {id}")));
    };
    let mut attributes = Attributes::new();
    for described in class.attributes(config) {
        if let Some(value) = described.read(entry.values(described.wire_name())) {
            attributes.insert(described.name, value);
        }
    }
    attributes.insert(CONTAINER.to_owned(), dn::split(&entry.dn).1.into());
    memberships.show(config, class, entry, &mut attributes);
    let mut object = Object::new(id, attributes).with_secondary_id("dn", &entry.dn);
    if class == Class::User {
        for name in config.profile().user_names {
            if let Some(value) = entry.text(name) {
                object = object.with_secondary_id(*name, value);
            }
        }
        object.active = is_active(config, entry);
    }
    Ok(object)
}

/// Whether an account can be used; none where that cannot be told.
pub fn is_active(config: &Config, entry: &Entry) -> Option<bool> {
    if config.is_active_directory() {
        return account_control::of(entry).map(|control| control & account_control::DISABLED == 0);
    }
    match &config.disabling {
        Disabling::None => None,
        Disabling::Ppolicy => Some(entry.text(LOCKED_TIME) != Some(LOCKED_FOR_GOOD)),
        Disabling::Attribute { attribute, disabled, .. } => {
            Some(!entry.text(attribute).is_some_and(|value| value.eq_ignore_ascii_case(disabled)))
        }
    }
}

/// What the password policy overlay takes for locked by an administrator (draft-behera-ldap-password-policy 5.3.3).
pub const LOCKED_FOR_GOOD: &str = "000001010000Z";

/// The id of an entry.
pub fn id_of(config: &Config, entry: &Entry) -> Option<String> {
    let profile = config.profile();
    let value = entry.values(profile.id).first()?;
    if !profile.id_is_guid {
        return std::str::from_utf8(value).ok().map(str::to_lowercase);
    }
    guid_text(value)
}

/// 16 bytes as Microsoft writes them: the first three parts with the least byte first.
pub fn guid_text(bytes: &[u8]) -> Option<String> {
    let bytes: &[u8; 16] = bytes.try_into().ok()?;
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let mut text = String::with_capacity(36);
    for (place, byte) in order.into_iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{:02x}", bytes[byte]));
    }
    Some(text)
}

/// An id as a filter compares it.
///
/// # Errors
/// `invalid-value` for what is no id.
pub fn id_bytes(config: &Config, id: &str) -> Result<Vec<u8>, Error> {
    if !config.profile().id_is_guid {
        return Ok(id.as_bytes().to_vec());
    }
    let digits: Vec<u8> = id.bytes().filter(|byte| *byte != b'-').collect();
    let no_id = || Error::new(purser_sdk::ErrorClass::InvalidValue(None), format!("`{id}` is no id of this directory"));
    if digits.len() != 32 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(no_id());
    }
    let pairs =
        digits.chunks(2).map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()));
    let written: Vec<u8> = pairs.collect::<Option<_>>().ok_or_else(no_id)?;
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    Ok(order.into_iter().map(|place| written[place]).collect())
}

/// Puts the parts of an attribute's values together under its own name.
pub fn join_ranges(entry: &mut Entry) {
    let (parts, mut whole): (Vec<_>, Vec<_>) =
        std::mem::take(&mut entry.attributes).into_iter().partition(|attribute| attribute.name.contains(";range="));
    for part in parts {
        let name = part.name.split(';').next().unwrap_or_default().to_owned();
        match whole.iter_mut().find(|attribute: &&mut Attribute| attribute.name.eq_ignore_ascii_case(&name)) {
            Some(attribute) => attribute.values.extend(part.values),
            None => whole.push(Attribute { name, values: part.values }),
        }
    }
    entry.attributes = whole;
}

/// The text of an attribute in JSON.
pub fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    found.and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::serde_json::{from_value, json};

    fn active_directory() -> Config {
        from_value(json!({"profile": "active-directory", "people": {"base": "dc=x"}})).unwrap()
    }

    #[test]
    fn a_guid_is_written_in_microsoft_s_order_and_back() {
        // The example of the facts about objectGUID.
        let bytes = [0x9d, 0x8f, 0xdd, 0x11, 0xf1, 0x19, 0xbb, 0x4a, 0xa0, 0x6e, 0xdb, 0x64, 0x2b, 0x43, 0x69, 0xea];
        let text = guid_text(&bytes).unwrap();
        assert_eq!(text, "11dd8f9d-19f1-4abb-a06e-db642b4369ea");
        assert_eq!(id_bytes(&active_directory(), &text).unwrap(), bytes);
        assert!(id_bytes(&active_directory(), "anna").is_err());
    }

    #[test]
    fn parts_of_values_are_put_together() {
        let attribute = |name: &str, value: &str| Attribute { name: name.into(), values: vec![value.into()] };
        let parts =
            vec![attribute("member;range=0-1499", "a"), attribute("cn", "x"), attribute("member;range=1500-*", "b")];
        let mut entry = Entry { dn: "cn=x".into(), attributes: parts };
        join_ranges(&mut entry);
        assert_eq!(entry.values("member"), [b"a".to_vec(), b"b".to_vec()]);
    }
}
