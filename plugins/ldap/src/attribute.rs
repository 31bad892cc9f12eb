//! Attributes of one configured directory, and how their values are written in JSON.

use crate::config::{Config, ExtraKind};
use crate::profile::{Kind, Spec};
use crate::time;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use purser_sdk::serde_json::Value;
use purser_sdk::{Attribute, AttributeKind, Error};

/// The attribute that says in which container an object lies.
pub const CONTAINER: &str = "container";

/// An attribute of accounts or groups as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// How it is written.
    pub kind: Kind,
    /// Whether it holds a list.
    pub many: bool,
    required: bool,
    unique: bool,
    read_only: bool,
}

impl From<&Spec> for Described {
    fn from(spec: &Spec) -> Self {
        let Spec { name, kind, many, required, unique, read_only } = *spec;
        Self { name: name.to_owned(), kind, many, required, unique, read_only }
    }
}

/// The attributes of accounts.
pub fn of_users(config: &Config) -> Vec<Described> {
    let extra = config.attributes.iter().map(|(name, extra)| Described {
        name: name.clone(),
        kind: match extra.kind {
            ExtraKind::Text => Kind::Text,
            ExtraKind::Boolean => Kind::Boolean,
            ExtraKind::Integer => Kind::Integer,
            ExtraKind::Timestamp => Kind::Time,
            ExtraKind::Bytes => Kind::Bytes,
        },
        many: extra.multi_valued,
        required: false,
        unique: false,
        read_only: false,
    });
    let is_extra = |spec: &&Spec| !config.attributes.keys().any(|name| name.eq_ignore_ascii_case(spec.name));
    config.profile().user.iter().filter(is_extra).map(Described::from).chain(extra).collect()
}

/// The attributes of groups.
pub fn of_groups(config: &Config) -> Vec<Described> {
    config.profile().group.iter().map(Described::from).collect()
}

impl Described {
    /// The attribute as the class declares it.
    pub fn declared(&self) -> Attribute {
        let kind = match self.kind {
            Kind::Text | Kind::Name => AttributeKind::Text,
            Kind::Boolean | Kind::ControlBit(_) | Kind::Locked => AttributeKind::Boolean,
            Kind::Integer => AttributeKind::Integer,
            Kind::Time | Kind::FileTime => AttributeKind::Timestamp,
            Kind::Bytes => AttributeKind::Bytes,
        };
        let mut declared = Attribute::new(self.name.as_str(), kind);
        declared.traits.multi_valued = self.many;
        declared.traits.required = self.required;
        declared.traits.unique = self.unique;
        declared.traits.read_only = self.read_only;
        match self.kind {
            Kind::Name => {
                declared.describe("The distinguished name of another entry: map it with `refers_by = \"dn\"`")
            }
            Kind::Locked => declared.describe("Locked after wrong passwords; false unlocks"),
            _ => declared,
        }
    }

    /// The attribute of the directory that holds it.
    pub fn wire_name(&self) -> &str {
        match self.kind {
            Kind::ControlBit(_) => "userAccountControl",
            Kind::Locked => "lockoutTime",
            _ => &self.name,
        }
    }

    /// What its values say in JSON; none where it has none.
    pub fn read(&self, values: &[Vec<u8>]) -> Option<Value> {
        let mut read: Vec<Value> = values.iter().filter_map(|value| self.read_one(value)).collect();
        if !self.many {
            // Of several the first in order, so that the same state gives the same text.
            read.sort_by_key(ToString::to_string);
            return read.into_iter().next();
        }
        read.sort_by_key(ToString::to_string);
        (!read.is_empty()).then_some(Value::Array(read))
    }

    fn read_one(&self, value: &[u8]) -> Option<Value> {
        if self.kind == Kind::Bytes {
            return Some(STANDARD.encode(value).into());
        }
        let text = std::str::from_utf8(value).ok()?;
        match self.kind {
            Kind::Text | Kind::Name | Kind::Bytes => Some(text.into()),
            Kind::Boolean => Some((text == "TRUE").into()),
            Kind::Integer => text.parse::<i64>().ok().map(Value::from),
            Kind::Time => time::from_generalized(text).map(Value::from),
            Kind::FileTime => time::from_file_time(text).map(Value::from),
            Kind::ControlBit(bit) => Some((text.parse::<i64>().ok()? & i64::from(bit) != 0).into()),
            Kind::Locked => Some((text != "0").into()),
        }
    }

    /// The values that a JSON value stands for.
    ///
    /// # Errors
    /// `invalid-value` naming the attribute.
    pub fn write(&self, value: &Value) -> Result<Vec<Vec<u8>>, Error> {
        let single = std::slice::from_ref(value);
        let values = match value {
            Value::Array(values) => values.as_slice(),
            Value::Null => &[],
            _ => single,
        };
        if values.len() > 1 && !self.many {
            return Err(Error::invalid_value(&self.name, format!("`{}` holds one value", self.name)));
        }
        values.iter().map(|value| self.write_one(value)).collect()
    }

    fn write_one(&self, value: &Value) -> Result<Vec<u8>, Error> {
        let text = || value.as_str().map(str::to_owned);
        let written = match self.kind {
            Kind::Text | Kind::Name => text().or_else(|| scalar(value)),
            Kind::Boolean => value.as_bool().map(|truth| if truth { "TRUE" } else { "FALSE" }.to_owned()),
            Kind::Integer => scalar(value).filter(|text| text.parse::<i64>().is_ok()),
            Kind::Time => value.as_str().and_then(time::to_generalized),
            Kind::FileTime => value.as_str().and_then(time::to_file_time),
            Kind::Bytes => {
                let bytes = value.as_str().and_then(|text| STANDARD.decode(text).ok());
                return bytes.ok_or_else(|| self.unfit(value));
            }
            // Written by what knows the other bits.
            Kind::ControlBit(_) | Kind::Locked => None,
        };
        match written {
            Some(text) if text.is_empty() => Err(Error::invalid_value(
                &self.name,
                format!("`{}` cannot be an empty text; clear it instead", self.name),
            )),
            Some(text) => Ok(text.into_bytes()),
            None => Err(self.unfit(value)),
        }
    }

    fn unfit(&self, _value: &Value) -> Error {
        let kind = format!("{:?}", self.declared().kind).to_lowercase();
        Error::invalid_value(&self.name, format!("`{}` takes a value of the kind {kind}", self.name))
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::serde_json::json;

    fn described(kind: Kind, many: bool) -> Described {
        Described { name: "x".into(), kind, many, required: false, unique: false, read_only: false }
    }

    fn bytes(texts: &[&str]) -> Vec<Vec<u8>> {
        texts.iter().map(|text| text.as_bytes().to_vec()).collect()
    }

    #[test]
    fn values_are_read_in_an_order_of_their_own() {
        assert_eq!(described(Kind::Text, true).read(&bytes(&["b", "a"])), Some(json!(["a", "b"])));
        assert_eq!(described(Kind::Text, false).read(&bytes(&["b", "a"])), Some(json!("a")));
        assert_eq!(described(Kind::Text, true).read(&[]), None);
        assert_eq!(described(Kind::ControlBit(2), false).read(&bytes(&["514"])), Some(json!(true)));
        assert_eq!(described(Kind::Integer, false).read(&bytes(&["-2147483646"])), Some(json!(-2147483646)));
        assert_eq!(described(Kind::Bytes, false).read(&[vec![0xff]]), Some(json!("/w==")));
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let boolean = described(Kind::Boolean, false);
        assert_eq!(boolean.write(&json!(true)).unwrap(), bytes(&["TRUE"]));
        for (unfit, value) in [
            (boolean, json!("yes")),
            (described(Kind::Text, false), json!(["a", "b"])),
            (described(Kind::Text, false), json!("")),
            (described(Kind::FileTime, false), json!("tomorrow")),
        ] {
            let error = unfit.write(&value).unwrap_err();
            assert_eq!(error.class, purser_sdk::ErrorClass::InvalidValue(Some("x".into())), "{value}");
        }
    }
}
