//! Search filters (RFC 4515).

use crate::attribute::Described;
use crate::profile::Kind;
use purser_sdk::ldap::escape_filter_value;
use purser_sdk::{Condition, Operator};

/// All of these.
pub fn all(parts: &[String]) -> String {
    match parts {
        [only] => only.clone(),
        _ => format!("(&{})", parts.concat()),
    }
}

/// Any of these values of one attribute.
pub fn any_of<'a>(attribute: &str, values: impl IntoIterator<Item = &'a [u8]>) -> String {
    let parts: Vec<String> = values.into_iter().map(|value| equals(attribute, value)).collect();
    match parts.as_slice() {
        [only] => only.clone(),
        _ => format!("(|{})", parts.concat()),
    }
}

/// An attribute has this value.
pub fn equals(attribute: &str, value: &[u8]) -> String {
    format!("({attribute}={})", escape_filter_value(value))
}

/// A condition, where the directory can check it; the connector checks it again itself.
pub fn of_condition(condition: &Condition, attributes: &[Described]) -> Option<String> {
    let described = attributes.iter().find(|described| described.name.eq_ignore_ascii_case(&condition.attribute))?;
    if !matches!(described.kind, Kind::Text | Kind::Integer | Kind::Boolean) {
        return None;
    }
    let value = described.write(&condition.value).ok()?.into_iter().next()?;
    match condition.operator {
        Operator::Equals => Some(equals(&described.name, &value)),
        Operator::StartsWith => Some(format!("({}={}*)", described.name, escape_filter_value(&value))),
        Operator::AtOrAfter => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped() {
        assert_eq!(any_of("uid", [b"a*".as_slice(), b"b".as_slice()]), "(|(uid=a\\2a)(uid=b))");
        assert_eq!(all(&["(a=1)".into(), "(b=2)".into()]), "(&(a=1)(b=2))");
    }
}
