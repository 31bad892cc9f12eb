//! Mappings with options: what is read, and which options contradict each other.

use purser_declare::load;
use purser_model::configuration::{Mapping, NullPolicy, OwnedValues, Strength};
use std::fs;

const CORRELATION: &str = "[[target.crm.correlation]]\nattribute = \"externalId\"\nvalue = \"identity.key\"\n";

fn loaded(text: &str) -> Result<Mapping, String> {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("a.toml"), text).expect("written");
    let declarations = load(directory.path());
    let place = format!("{}/", directory.path().display());
    let declarations = declarations.map_err(|errors| errors.to_string().replace(&place, ""))?;
    let target = declarations.rules.configuration().targets.values().next().expect("one target");
    Ok(target.mappings[0].clone())
}

/// A target with a mapping of `x` at the end.
fn target(correlation: &str, mapping: &str) -> String {
    format!("[target.crm]\nconnector = \"scim\"\nclass = \"User\"\n{correlation}[target.crm.mapping]\nx = {mapping}\n")
}

#[test]
fn options_are_read_and_have_their_defaults() {
    let plain = Mapping::new("x".into(), "identity.a".into());
    assert_eq!(loaded(&target("", "\"identity.a\"")), Ok(plain.clone()));
    assert_eq!(loaded(&target("", "{ value = \"identity.a\" }")), Ok(plain.clone()));
    assert_eq!(plain.owned_values(), OwnedValues::Own);
    assert_eq!(Mapping { strength: Strength::Strong, ..plain.clone() }.owned_values(), OwnedValues::All);
    let all = "{ value = \"identity.a + iteration\", strength = \"weak\", create_only = true, unique = true }";
    let expected = Mapping {
        expression: "identity.a + iteration".into(),
        strength: Strength::Weak,
        create_only: true,
        unique: true,
        ..plain.clone()
    };
    assert_eq!(loaded(&target(CORRELATION, all)), Ok(expected));
    let lists = "{ value = \"identity.a\", strength = \"strong\", null = \"keep\", values = \"own\" }";
    let expected =
        Mapping { strength: Strength::Strong, null: NullPolicy::Keep, values: Some(OwnedValues::Own), ..plain.clone() };
    assert_eq!(loaded(&target("", lists)), Ok(expected));
    let off = "{ value = \"identity.a\", strength = \"strong\", create_only = false, unique = false }";
    assert_eq!(loaded(&target("", off)), Ok(Mapping { strength: Strength::Strong, ..plain }));
}

/// `key` is the option that is refused, with a dot; a value is pointed at by itself, an unknown key by its name.
#[track_caller]
fn assert_refused(correlation: &str, mapping: &str, key: &str, said: &str) {
    let line = if correlation.is_empty() { 5 } else { 8 };
    let option = key.trim_start_matches('.');
    let begins = mapping.find(&format!(" {option} = ")).map_or(0, |space| space + 1);
    let is_value = !key.is_empty() && !said.starts_with("unknown key");
    let column = "x = ".len() + 1 + begins + if is_value { option.len() + " = ".len() } else { 0 };
    let expected = format!("a.toml:{line}:{column}: target.crm.mapping.x{key}: {said}");
    assert_eq!(loaded(&target(correlation, mapping)), Err(expected), "{mapping}");
}

#[test]
fn options_that_contradict_each_other_are_refused_where_they_stand() {
    assert_refused(
        "",
        "{ value = \"identity.a\", strength = \"strong\", create_only = true }",
        ".create_only",
        "a strong mapping repairs every difference, and this one would never write again: leave one of the two out",
    );
    assert_refused(
        "",
        "{ value = \"identity.a\", create_only = true, null = \"keep\" }",
        ".null",
        "a mapping with `create_only` never takes a value away: leave `null` out",
    );
    assert_refused(
        "",
        "{ value = \"identity.a\", create_only = true, values = \"own\" }",
        ".values",
        "a mapping with `create_only` never writes again: leave `values` out",
    );
    assert_refused(
        "",
        "{ value = \"identity.a\", strength = \"weak\", null = \"clear\" }",
        ".null",
        "a weak mapping never takes a value away: leave `null` out",
    );
    assert_refused(
        "",
        "{ value = \"identity.a\", strength = \"weak\", values = \"all\" }",
        ".values",
        "a weak mapping never replaces what is there: leave `values` out",
    );
    assert_refused(
        CORRELATION,
        "{ value = \"identity.a\", unique = true, values = \"all\" }",
        ".values",
        "a unique mapping gives one value and no list: leave `values` out",
    );
}

#[test]
fn references_are_written_late_and_by_many() {
    let refers = |option: &str| format!("{{ value = \"identity.a\", {option} = true, refers_by = \"id\" }}");
    let late = "a reference may be written after the account is created: leave `create_only` out";
    assert_refused(CORRELATION, &refers("create_only"), ".refers_by", late);
    let many = "several accounts may refer to the same one: leave `unique` out";
    assert_refused(CORRELATION, &refers("unique"), ".refers_by", many);
}

#[test]
fn unique_values_need_a_text_and_an_account_that_is_recognised() {
    assert_refused(
        "",
        "{ value = \"identity.a + iteration\", unique = true }",
        ".unique",
        "where names are unique an account must be recognised by something else, or one person could get two: declare a \
         correlation by what never changes, such as the employee number",
    );
    assert_refused(
        CORRELATION,
        "{ value = \"[identity.a, 'b']\", unique = true }",
        ".value",
        "a unique mapping gives one text: this is a list or an object",
    );
    assert_refused(
        CORRELATION,
        "\"identity.a + iteration\"",
        "",
        "`iteration` is there only where a mapping says `unique = true`",
    );
}

#[test]
fn words_and_flags_are_checked() {
    assert_refused(
        "",
        "{ value = \"identity.a\", null = \"drop\" }",
        ".null",
        "unknown value `drop`; known here: `clear`, `keep`",
    );
    assert_refused(
        "",
        "{ value = \"identity.a\", unique = \"yes\" }",
        ".unique",
        "this is a text; write true or false",
    );
    assert_refused("", "{ value = \"identity.a\", uniqe = true }", ".uniqe", "unknown key; did you mean `unique`?");
}
