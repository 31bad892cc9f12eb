//! When values are the same, kind by kind.

use super::*;
use purser_model::manifest::AttributeTraits;
use serde_json::json;

fn described(kind: AttributeKind, multi_valued: bool) -> Described {
    Described { kind: Some(kind), traits: AttributeTraits { multi_valued, ..AttributeTraits::default() } }
}

#[expect(clippy::needless_pass_by_value, reason = "values are written where they are compared")]
fn exact(kind: AttributeKind, desired: Value, actual: Value) -> bool {
    let multi_valued = desired.is_array();
    same(&desired, &actual, &described(kind, multi_valued), Case::Exact)
}

#[test]
fn lists_of_scalars_are_sets() {
    assert!(exact(AttributeKind::Text, json!(["a", "b"]), json!(["b", "a", "b"])));
    assert!(!exact(AttributeKind::Text, json!(["a", "b"]), json!(["a"])));
    assert!(!exact(AttributeKind::Text, json!(["a"]), json!(["a", "b"])));
    assert!(exact(AttributeKind::Text, json!(["a"]), json!("a")));
}

#[test]
fn a_complex_value_may_have_further_members() {
    assert!(exact(AttributeKind::Complex, json!({"value": "x"}), json!({"Value": "x", "display": "X"})));
    assert!(!exact(AttributeKind::Complex, json!({"value": "x", "type": "work"}), json!({"value": "x"})));
}

#[test]
fn every_complex_element_has_a_match_of_its_own() {
    let twice = json!([{"value": "x"}, {"value": "x"}]);
    assert!(!exact(AttributeKind::Complex, twice.clone(), json!([{"value": "x"}, {"value": "y"}])));
    assert!(!exact(AttributeKind::Complex, twice, json!([{"value": "x"}])));
    // A greedy choice would give the first element the only match of the second.
    let desired = json!([{"value": "x"}, {"value": "x", "type": "work"}]);
    assert!(exact(
        AttributeKind::Complex,
        desired,
        json!([{"value": "x", "type": "work"}, {"value": "x", "type": "home"}])
    ));
}

#[test]
fn timestamps_compare_by_instant() {
    assert!(exact(AttributeKind::Timestamp, json!("2026-01-02T03:00:00Z"), json!("2026-01-02T04:00:00.000+01:00")));
    assert!(!exact(AttributeKind::Timestamp, json!("2026-01-02T03:00:00Z"), json!("2026-01-02T03:00:01Z")));
    assert!(exact(AttributeKind::Timestamp, json!("soon"), json!("soon")));
}

#[test]
fn numbers_compare_by_value() {
    assert!(exact(AttributeKind::Integer, json!(7), json!("7")));
    assert!(exact(AttributeKind::Integer, json!(7), json!(7.0)));
    assert!(!exact(AttributeKind::Integer, json!(7), json!(7.5)));
    assert!(exact(AttributeKind::Decimal, json!("1.50"), json!("01.5")));
    assert!(exact(AttributeKind::Decimal, json!("-0.0"), json!("0")));
    assert!(!exact(AttributeKind::Decimal, json!("1.5"), json!("-1.5")));
}

#[test]
fn case_counts_unless_it_is_folded() {
    let text = described(AttributeKind::Text, false);
    assert!(!same(&json!("Ärger"), &json!("ärger"), &text, Case::Exact));
    assert!(same(&json!("Ärger"), &json!("ärger"), &text, Case::Folded));
    let reference = described(AttributeKind::Reference, false);
    assert!(!same(&json!("A"), &json!("a"), &reference, Case::Folded));
}

#[test]
fn derived_values_take_the_form_of_the_contract() {
    let form = |kind, multi_valued, value| in_contract_form(value, &described(kind, multi_valued));
    assert_eq!(form(AttributeKind::Integer, false, json!("42")), json!(42));
    assert_eq!(form(AttributeKind::Integer, false, json!(9_007_199_254_740_993_u64)), json!("9007199254740993"));
    assert_eq!(form(AttributeKind::Integer, false, json!("many")), json!("many"));
    assert_eq!(form(AttributeKind::Decimal, false, json!(1.5)), json!("1.5"));
    assert_eq!(form(AttributeKind::Text, true, json!("a")), json!(["a"]));
    assert_eq!(form(AttributeKind::Text, false, json!("a")), json!("a"));
}
