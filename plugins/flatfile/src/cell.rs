//! Values of CSV cells: text in the file, JSON towards the host.

use purser_sdk::AttributeKind;
use serde::Deserialize;
use serde_json::Value;

/// The type of a column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CellKind {
    /// Any text.
    #[default]
    Text,
    /// `true` or `false`, in any case.
    Boolean,
    /// A whole number.
    Integer,
    /// A decimal number, kept as text so that no digit is lost.
    Decimal,
    /// RFC 3339 with offset.
    Timestamp,
}

/// Integers up to here are JSON numbers, larger ones strings of digits (the contract's `attribute-kind`).
const LARGEST_EXACT: u64 = (1 << 53) - 1;

impl CellKind {
    /// The contract's kind.
    pub fn attribute_kind(self) -> AttributeKind {
        match self {
            Self::Text => AttributeKind::Text,
            Self::Boolean => AttributeKind::Boolean,
            Self::Integer => AttributeKind::Integer,
            Self::Decimal => AttributeKind::Decimal,
            Self::Timestamp => AttributeKind::Timestamp,
        }
    }

    /// What a value of this type looks like, for messages.
    pub fn expectation(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Boolean => "true or false",
            Self::Integer => "a whole number",
            Self::Decimal => "a decimal number such as 12.50",
            Self::Timestamp => "a time stamp such as 2026-01-31T08:00:00Z",
        }
    }

    /// The value that a cell's text stands for; none where it is of another type.
    pub fn parse(self, text: &str) -> Option<Value> {
        if self == Self::Text {
            return Some(Value::from(text));
        }
        let text = text.trim();
        match self {
            Self::Boolean => parse_boolean(text).map(Value::from),
            Self::Integer => parse_integer(text),
            Self::Decimal => is_decimal(text).then(|| Value::from(text)),
            Self::Text | Self::Timestamp => is_timestamp(text).then(|| Value::from(text)),
        }
    }

    /// The text of a value; none where the value is of another type.
    pub fn render(self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::Text, Value::String(text)) => Some(text.clone()),
            (Self::Boolean, Value::Bool(value)) => Some(value.to_string()),
            (Self::Integer, Value::Number(number)) if number.is_i64() || number.is_u64() => Some(number.to_string()),
            (Self::Integer | Self::Decimal | Self::Timestamp, Value::String(text)) => {
                self.parse(text).map(|_| text.clone())
            }
            _ => None,
        }
    }

    /// Whether a JSON value is of this type.
    pub fn accepts(self, value: &Value) -> bool {
        self.render(value).is_some()
    }
}

/// `true` or `false` in any case.
pub fn parse_boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn parse_integer(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match text.parse::<i64>() {
        Ok(number) if number.unsigned_abs() <= LARGEST_EXACT => Some(Value::from(number)),
        _ => Some(Value::from(text)),
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a text is a time stamp of RFC 3339 section 5.6, as far as form and ranges go.
fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let fixed = b"0000-00-00T00:00:00";
    if bytes.len() <= fixed.len() || !text.is_ascii() {
        return false;
    }
    let formed = fixed.iter().zip(bytes).all(|(form, byte)| match form {
        b'0' => byte.is_ascii_digit(),
        separator => separator.eq_ignore_ascii_case(byte),
    });
    let within = |from: usize, low: u8, high: u8| {
        text.get(from..from + 2).and_then(|part| part.parse().ok()).is_some_and(|part: u8| (low..=high).contains(&part))
    };
    let rest = &text[fixed.len()..];
    let rest =
        rest.strip_prefix('.').map_or(rest, |fraction| fraction.trim_start_matches(|c: char| c.is_ascii_digit()));
    formed
        && within(5, 1, 12)
        && within(8, 1, 31)
        && within(11, 0, 23)
        && within(14, 0, 59)
        && within(17, 0, 60)
        && is_offset(rest)
}

fn is_offset(text: &str) -> bool {
    let below = |part: &[u8], limit: &[u8]| part.iter().all(u8::is_ascii_digit) && part < limit;
    match text.as_bytes() {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => below(&[*h1, *h2], b"24") && below(&[*m1, *m2], b"60"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn integers_beyond_53_bits_are_digits() {
        assert_eq!(CellKind::Integer.parse(" 42 "), Some(json!(42)));
        assert_eq!(CellKind::Integer.parse("-9007199254740993"), Some(json!("-9007199254740993")));
        assert_eq!(CellKind::Integer.parse("4.0"), None);
        assert_eq!(CellKind::Integer.render(&json!("9007199254740993")), Some("9007199254740993".into()));
        assert_eq!(CellKind::Integer.render(&json!(4.5)), None);
    }

    #[test]
    fn decimals_keep_their_digits() {
        assert_eq!(CellKind::Decimal.parse("12.50"), Some(json!("12.50")));
        assert_eq!(CellKind::Decimal.parse("12."), None);
        assert_eq!(CellKind::Decimal.render(&json!(12.5)), None);
    }

    #[test]
    fn time_stamps_have_an_offset_and_real_fields() {
        for good in ["2026-01-31T08:00:00Z", "2026-01-31t08:00:00.125+02:00"] {
            assert!(CellKind::Timestamp.parse(good).is_some(), "{good}");
        }
        for bad in ["2026-01-31", "2026-13-31T08:00:00Z", "2026-01-31T08:00:00", "2026-01-31T08:00:00+2:00", "ü"] {
            assert!(CellKind::Timestamp.parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn booleans_are_written_small_and_read_in_any_case() {
        assert_eq!(CellKind::Boolean.parse("TRUE"), Some(json!(true)));
        assert_eq!(CellKind::Boolean.render(&json!(false)), Some("false".into()));
        assert_eq!(CellKind::Boolean.parse("yes"), None);
    }
}
