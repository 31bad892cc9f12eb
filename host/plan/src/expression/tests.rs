//! What expressions accept, what they give, and what they cost at most.

use super::*;
use serde_json::json;

fn compile(text: &str) -> Result<Expression, CompileError> {
    Dialect::new().compile(text, &["identity"])
}

fn identity() -> purser_model::Attributes {
    let Value::Object(identity) = json!({
        "userName": "anna", "city": "Köln", "level": 7, "ratio": 0.5, "big": u64::MAX, "manager": {"email": "b@x.de"},
        "emails": [{"value": "a@x.de", "type": "work"}, {"value": "a@y.de", "type": "home"}], "nothing": null
    }) else {
        unreachable!("an object was written")
    };
    identity
}

fn evaluate(text: &str) -> Result<Option<Value>, EvaluationError> {
    let (dialect, attributes) = (Dialect::new(), identity());
    let mut scope = dialect.scope();
    scope.add_variable_as_val("identity", object_value(&attributes, [("state", "active".into())]));
    dialect.compile(text, &["identity"]).expect(text).evaluate(&scope)
}

fn value(text: &str) -> Option<Value> {
    evaluate(text).expect(text)
}

#[test]
fn values_cross_from_json_to_cel_and_back() {
    for name in ["userName", "city", "level", "ratio", "big", "manager", "emails"] {
        assert_eq!(value(&format!("identity.{name}")), Some(identity()[name].clone()), "{name}");
    }
    assert_eq!(value("identity.state"), Some(json!("active")));
}

#[test]
fn a_missing_field_is_null_at_any_depth() {
    for text in
        ["identity.phone", "identity.phone.work", "identity.nothing", "identity.userName.x", "null", "''", "[]", "{}"]
    {
        assert_eq!(value(text), None, "{text}");
    }
    assert_eq!(value("identity.phone == null"), Some(json!(true)));
    assert_eq!(value("identity.manager.email"), Some(json!("b@x.de")));
    assert_eq!(value("{'a': {'email': 'x'}}.a.email"), Some(json!("x")));
}

#[test]
fn has_is_false_for_missing_and_null() {
    assert_eq!(value("has(identity.city)"), Some(json!(true)));
    for text in ["has(identity.phone)", "has(identity.nothing)", "has(identity.phone.work)"] {
        assert_eq!(value(text), Some(json!(false)), "{text}");
    }
}

#[test]
fn parts_without_a_value_are_left_out() {
    assert_eq!(value("{'a': identity.phone, 'b': 1, 'c': {'d': ''}}"), Some(json!({"b": 1})));
    assert_eq!(value("[identity.phone, 'x', '']"), Some(json!(["x"])));
    assert_eq!(value("{'a': identity.phone}"), None);
}

#[test]
fn the_functions_that_mappings_need_are_there() {
    for (text, expected) in [
        ("identity.city.lower()", json!("köln")),
        ("identity.city.upper()", json!("KÖLN")),
        ("identity.userName.upperAscii()", json!("ANNA")),
        ("' x '.trim()", json!("x")),
        ("'a.b'.split('.')", json!(["a", "b"])),
        ("['a', 'b'].join('-')", json!("a-b")),
        ("identity.city.replace('ö', 'oe')", json!("Koeln")),
        ("'Straße'.substring(0, 5)", json!("Straß")),
        ("identity.emails.filter(e, e.type == 'work').map(e, e.value)[0]", json!("a@x.de")),
        ("identity.userName.matches('^a.*a$')", json!(true)),
        ("string(identity.level)", json!("7")),
        ("timestamp('2026-01-02T03:04:05Z') + duration('1h')", json!("2026-01-02T04:04:05+00:00")),
        ("identity.?phone.orValue('none')", json!("none")),
        ("optional.of(1).value()", json!(1)),
        ("strings.quote('a')", json!("\"a\"")),
    ] {
        assert_eq!(value(text), Some(expected), "{text}");
    }
}

#[test]
fn names_and_dates_are_made_by_functions() {
    for (text, expected) in [
        ("identity.city.transliterate()", json!("Koeln")),
        ("transliterate(identity.city)", json!("Koeln")),
        ("identity.city.slug()", json!("koeln")),
        ("slug(identity.userName) + '.' + slug(identity.city)", json!("anna.koeln")),
        ("'anna BERG'.title()", json!("Anna Berg")),
        ("title('ÖRTEL')", json!("Örtel")),
        ("identity.city.left(2)", json!("Kö")),
        ("'Anna-Maria Berg'.initials().lower()", json!("amb")),
        ("initials('Anna Berg')", json!("AB")),
        ("addDays('2026-12-31', identity.level)", json!("2027-01-07")),
        ("addMonths('2026-01-31', 1)", json!("2026-02-28")),
        ("daysBetween('2026-11-25', '2026-12-25')", json!(30)),
        ("dateOf('2026-11-25T23:30:00Z', 'Europe/Berlin')", json!("2026-11-26")),
        ("formatDate('2026-01-05', '%d.%m.%Y')", json!("05.01.2026")),
    ] {
        assert_eq!(value(text), Some(expected), "{text}");
    }
    assert_eq!(value("identity.city.left(0)"), None, "an empty text is no value");
}

#[test]
fn functions_say_what_they_were_given() {
    for (text, expected) in [
        ("addDays(identity.city, 1)", "Error executing function 'addDays': `Köln` is no date such as `2026-11-25`"),
        ("daysBetween('2026-11-25', '')", "Error executing function 'daysBetween': `` is no date such as `2026-11-25`"),
        ("identity.city.left(-1)", "Error executing function 'left': the count is negative: give 0 or more"),
    ] {
        assert_eq!(evaluate(text).expect_err(text).to_string(), expected);
    }
    for text in ["slug(identity.phone)", "identity.phone.title()", "addDays(identity.phone, 1)"] {
        assert!(matches!(evaluate(text), Err(EvaluationError::MissingValue(_))), "{text}");
    }
    for text in ["identity.level.slug()", "addDays('2026-11-25', '1')", "slug(identity.city, identity.city)"] {
        assert!(evaluate(text).is_err(), "{text}");
    }
}

#[test]
fn an_expression_knows_which_variables_it_uses() {
    let compile = |text: &str| Dialect::new().compile(text, &["identity", "today"]).expect(text);
    assert!(compile("identity.lastDay < today").uses("today"));
    for text in ["identity.today", "'today'", "[1].map(today, today)", "{'today': 1}"] {
        assert!(!compile(text).uses("today"), "{text}");
    }
}

#[test]
fn a_rule_gives_true_or_false_and_null_is_false() {
    let (dialect, attributes) = (Dialect::new(), identity());
    let mut scope = dialect.scope();
    scope.add_variable_as_val("identity", object_value(&attributes, []));
    let holds = |text: &str| dialect.compile(text, &["identity"]).expect(text).holds(&scope);
    assert!(holds("identity.city == 'Köln'").expect("decided"));
    assert!(!holds("identity.flag").expect("null is false"));
    assert_eq!(
        holds("identity.level").expect_err("a number").to_string(),
        "the rule gives a number, not true or false"
    );
    let failed = holds("identity.phone.startsWith('+')").expect_err("null has no startsWith").to_string();
    assert!(failed.contains("startsWith"), "{failed}");
}

#[test]
fn what_cannot_work_is_refused_before_it_runs() {
    for (text, expected) in [
        (" ", "the expression is empty"),
        ("identity.", "no CEL expression: "),
        ("person.city", "unknown variable `person`: here an expression can use `identity`"),
        ("identity.emails.map(e, f.value)", "unknown variable `f`"),
        ("lowercase(identity.city)", "unknown function `lowercase`"),
        ("identity.city.lowercase()", "unknown function `lowercase`"),
        ("strings.shout('a')", "unknown function `shout`"),
    ] {
        let message = compile(text).expect_err(text).to_string();
        assert!(message.starts_with(expected), "{text}: {message}");
    }
    for text in ["string(identity.level)", "type(identity.city) == string", "[1].map(x, x)", "size(identity.emails)"] {
        assert!(compile(text).is_ok(), "{text}");
    }
}

fn too_costly(text: &str) -> TooCostly {
    match compile(text) {
        Err(CompileError::TooCostly(limit)) => limit,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_cost_is_limited_before_anything_runs() {
    let long = format!("'{}'", "x".repeat(limits::MAX_LENGTH));
    assert_eq!(too_costly(&long), TooCostly::Length(limits::MAX_LENGTH + 2));
    let wide = format!("[{}1]", "1,".repeat(limits::MAX_NODES));
    assert_eq!(too_costly(&wide), TooCostly::Nodes(limits::MAX_NODES + 2));
    let builders = format!("'a'{}", ".replace('a', 'aa')".repeat(limits::MAX_TEXT_BUILDERS + 1));
    assert_eq!(too_costly(&builders), TooCostly::TextBuilders(limits::MAX_TEXT_BUILDERS + 1));
    let slugs = format!("'a'{}", ".slug()".repeat(limits::MAX_TEXT_BUILDERS + 1));
    assert_eq!(too_costly(&slugs), TooCostly::TextBuilders(limits::MAX_TEXT_BUILDERS + 1));
    let three = "identity.emails.all(a, identity.emails.all(b, identity.emails.all(c, a == b && b == c)))";
    assert_eq!(too_costly(three), TooCostly::Comprehensions);
    let chained = "identity.emails.map(a, a).map(a, a).map(a, a)";
    assert_eq!(too_costly(chained), TooCostly::Comprehensions);
    assert!(
        compile("identity.emails.all(a, identity.emails.all(b, a == b)) && identity.emails.exists(c, true)").is_ok()
    );
}

#[test]
fn deep_nesting_is_refused_by_parser_or_limit() {
    let deep = format!("identity{}", ".a".repeat(limits::MAX_DEPTH + 10));
    assert_eq!(too_costly(&deep), TooCostly::Depth);
    let brackets = format!("{}1{}", "[".repeat(1000), "]".repeat(1000));
    assert!(compile(&brackets).is_err());
}
