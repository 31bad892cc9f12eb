//! Texts with a unit: `30s`, `16MiB`; and TOML values as JSON.

use crate::problems::Problems;
use crate::section::Node;
use jiff::tz::TimeZone;
use serde_json::{Number, Value};
use std::time::Duration;
use toml::de::{DeFloat, DeInteger, DeValue};

/// A text is no amount with a unit, or the amount is zero or too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: write a whole number above 0 with a unit, such as {example}")]
pub struct NotAnAmount {
    text: String,
    what: &'static str,
    example: &'static str,
}

/// A duration in `ms`, `s`, `m`, `h` or `d` (24 hours).
///
/// # Errors
/// The text is none.
pub fn duration(text: &str) -> Result<Duration, NotAnAmount> {
    amount(text, &[("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)])
        .map(Duration::from_millis)
        .ok_or_else(|| NotAnAmount {
            text: text.to_owned(),
            what: "duration",
            example: "`500ms`, `30s`, `2m` or `30d`",
        })
}

/// A text names no time zone.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no time zone: write a name of the IANA database, such as \"Europe/Berlin\" or \"UTC\"")]
pub(crate) struct NotATimeZone(String);

/// A time zone by its IANA name.
pub(crate) fn time_zone(text: &str) -> Result<TimeZone, NotATimeZone> {
    TimeZone::get(text).map_err(|_| NotATimeZone(text.to_owned()))
}

/// A number of bytes in `B`, `KiB`, `MiB` or `GiB`.
pub(crate) fn size(text: &str) -> Result<u64, NotAnAmount> {
    amount(text, &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]).ok_or_else(|| NotAnAmount {
        text: text.to_owned(),
        what: "size",
        example: "`512KiB` or `16MiB`",
    })
}

fn amount(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<u64>().ok()?.checked_mul(*factor).filter(|amount| *amount > 0)
}

/// A TOML value as JSON; dates and times become texts (RFC 3339).
pub(crate) fn json(node: &Node<'_>, problems: &mut Problems) -> Value {
    match node.value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(time) => Value::String(time.to_string()),
        DeValue::Integer(number) => number_or_report(integer(number), node, problems),
        DeValue::Float(number) => number_or_report(float(number), node, problems),
        DeValue::Array(_) => Value::Array(node.list(problems).iter().map(|item| json(item, problems)).collect()),
        DeValue::Table(_) => {
            let entries = node.section(problems).into_iter().flat_map(|section| section.entries());
            Value::Object(entries.map(|(name, value)| (name.to_owned(), json(&value, problems))).collect())
        }
    }
}

fn integer(number: &DeInteger<'_>) -> Option<Number> {
    i64::from_str_radix(number.as_str(), number.radix()).ok().map(Number::from)
}

fn float(number: &DeFloat<'_>) -> Option<Number> {
    number.as_str().parse().ok().and_then(Number::from_f64)
}

fn number_or_report(number: Option<Number>, node: &Node<'_>, problems: &mut Problems) -> Value {
    if number.is_none() {
        problems.report(&node.place, "JSON has no such number: write a finite number of at most 64 bits");
    }
    number.map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_a_unit() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("250 ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("30d"), Ok(Duration::from_hours(720)));
        assert_eq!(size("16MiB"), Ok(16 << 20));
        for bad in ["30", "s", "0s", "-1s", "1.5s", "99999999999999999999s", "18446744073709551615h"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert!(size("16MB").is_err());
    }
}
