//! SOQL: there are no bind variables, so that every value is written by these functions.

use purser_sdk::serde_json::Value;

/// A text as a literal.
pub fn text(value: &str) -> String {
    let mut literal = String::with_capacity(value.len() + 2);
    literal.push('\'');
    for character in value.chars() {
        match character {
            '\\' => literal.push_str("\\\\"),
            '\'' => literal.push_str("\\'"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            other => literal.push(other),
        }
    }
    literal.push('\'');
    literal
}

/// The beginning of a text, for `LIKE`.
pub fn beginning(value: &str) -> String {
    let escaped = text(value).replace('%', "\\%").replace('_', "\\_");
    format!("{}%'", &escaped[..escaped.len() - 1])
}

/// A scalar as a literal; none for a value that is no scalar.
pub fn literal(value: &Value) -> Option<String> {
    match value {
        Value::String(value) => Some(text(value)),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `('a', 'b')`.
pub fn list<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let values: Vec<String> = values.map(text).collect();
    format!("({})", values.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_does_not_leave_its_literal() {
        assert_eq!(text("O'Brien\\"), "'O\\'Brien\\\\'");
        assert_eq!(text("\\' OR Id != '"), "'\\\\\\' OR Id != \\''");
        assert_eq!(beginning("100%_"), "'100\\%\\_%'");
        assert_eq!(list(["a", "b'"].into_iter()), "('a','b\\'')");
    }
}
