//! Filters: the text that is sent (RFC 7644 section 3.4.2.2), and the same conditions checked here.
//!
//! Every object is checked again, whatever the server filtered: some servers ignore a filter and answer with everything.

use crate::config::FilterSupport;
use crate::document::{boolean, field, values_of};
use crate::name::AttributeName;
use purser_sdk::serde_json::Value;
use purser_sdk::{Attributes, Condition, Operator};

/// The filter that narrows a list as far as the server can, or none.
pub fn filter_text(conditions: &[Condition], support: FilterSupport) -> Option<String> {
    let equals = |condition: &&Condition| condition.operator == Operator::Equals;
    let sent: Vec<String> = match support {
        FilterSupport::None => Vec::new(),
        FilterSupport::SingleEq => conditions.iter().find(equals).map(comparison).into_iter().collect(),
        FilterSupport::Eq => conditions.iter().filter(equals).map(comparison).collect(),
        FilterSupport::All | FilterSupport::Auto => conditions.iter().map(comparison).collect(),
    };
    (!sent.is_empty()).then(|| sent.join(" and "))
}

fn comparison(condition: &Condition) -> String {
    let operator = match condition.operator {
        Operator::Equals => "eq",
        Operator::StartsWith => "sw",
        Operator::AtOrAfter => "ge",
    };
    format!("{} {operator} {}", AttributeName::parse(&condition.attribute), condition.value)
}

/// `attribute[sub-attribute eq "value"]`, the path that selects values of a list.
pub fn selection(attribute: &AttributeName, parts: &[(&str, &Value)]) -> String {
    let parts: Vec<String> = parts.iter().map(|(name, value)| format!("{name} eq {value}")).collect();
    format!("{attribute}[{}]", parts.join(" and "))
}

/// Whether a resource satisfies all conditions. Case is regarded for `id`, `externalId` and ids of members alone.
pub fn all_match(resource: &Attributes, conditions: &[Condition]) -> bool {
    conditions.iter().all(|condition| matches(resource, condition))
}

fn matches(resource: &Attributes, condition: &Condition) -> bool {
    let name = AttributeName::parse(&condition.attribute);
    let case_exact = is_case_exact(&name);
    values_of(resource, &name).into_iter().any(|value| {
        // A complex value is compared by its `value`, as RFC 7644 section 3.4.2.2 has it.
        let scalar = field(value, "value").unwrap_or(value);
        value_matches(scalar, condition, case_exact)
    })
}

fn is_case_exact(name: &AttributeName) -> bool {
    let whole = AttributeName { sub_attribute: None, ..name.clone() };
    ["id", "externalId", "members", "groups"].iter().any(|exact| whole.is_core(exact))
}

fn value_matches(found: &Value, condition: &Condition, case_exact: bool) -> bool {
    match (found, &condition.value) {
        (Value::String(found), Value::String(wanted)) if case_exact => compare(found, wanted, condition.operator),
        (Value::String(found), Value::String(wanted)) => {
            compare(&found.to_lowercase(), &wanted.to_lowercase(), condition.operator)
        }
        (found, Value::Bool(wanted)) => condition.operator == Operator::Equals && boolean(found) == Some(*wanted),
        (found, wanted) => condition.operator == Operator::Equals && found == wanted,
    }
}

fn compare(found: &str, wanted: &str, operator: Operator) -> bool {
    match operator {
        Operator::Equals => found == wanted,
        Operator::StartsWith => found.starts_with(wanted),
        Operator::AtOrAfter => found >= wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::serde_json::json;
    use purser_sdk::testing::attributes;

    fn condition(attribute: &str, operator: Operator, value: Value) -> Condition {
        Condition { attribute: attribute.into(), operator, value }
    }

    #[test]
    fn strings_are_quoted_as_json() {
        let tricky = [condition("userName", Operator::Equals, json!("a\"b\\c"))];
        assert_eq!(filter_text(&tricky, FilterSupport::All).unwrap(), r#"userName eq "a\"b\\c""#);
    }

    #[test]
    fn only_what_the_server_understands_is_sent() {
        let three = [
            condition("displayName", Operator::StartsWith, json!("A")),
            condition("userName", Operator::Equals, json!("anna")),
            condition("active", Operator::Equals, json!(true)),
        ];
        let sent = |support| filter_text(&three, support);
        assert_eq!(
            sent(FilterSupport::All).unwrap(),
            r#"displayName sw "A" and userName eq "anna" and active eq true"#
        );
        assert_eq!(sent(FilterSupport::Eq).unwrap(), r#"userName eq "anna" and active eq true"#);
        assert_eq!(sent(FilterSupport::SingleEq).unwrap(), r#"userName eq "anna""#);
        assert_eq!(sent(FilterSupport::None), None);
        assert_eq!(filter_text(&[], FilterSupport::All), None);
    }

    #[test]
    fn what_comes_back_is_checked_here() {
        let anna = attributes(json!({
            "USERNAME": "Anna", "externalId": "E1", "active": "True", "emails": [{"value": "a@x"}],
            "meta": {"lastModified": "2026-05-01T00:00:00Z"},
        }));
        let holds = |attribute, operator, value| all_match(&anna, &[condition(attribute, operator, value)]);
        assert!(holds("userName", Operator::Equals, json!("anna")));
        assert!(!holds("userName", Operator::Equals, json!("ann")));
        assert!(!holds("externalId", Operator::Equals, json!("e1")), "externalId regards case");
        assert!(
            holds("emails", Operator::Equals, json!("A@X")) && holds("emails.value", Operator::Equals, json!("a@x"))
        );
        assert!(holds("active", Operator::Equals, json!(true)));
        assert!(holds("meta.lastModified", Operator::AtOrAfter, json!("2026-01-01T00:00:00Z")));
        assert!(!holds("title", Operator::Equals, json!("x")));
    }

    #[test]
    fn a_selection_joins_its_parts() {
        let path = selection(&AttributeName::parse("emails"), &[("value", &json!("a@x")), ("type", &json!("work"))]);
        assert_eq!(path, r#"emails[value eq "a@x" and type eq "work"]"#);
    }
}
