//! Sources that push.

use purser_declare::{DeclarationErrors, Declarations, load};
use purser_model::object::Object;
use purser_model::scim::{ExtensionAttribute, ExtensionAttributeKind};

const URI: &str = "urn:ietf:params:scim:schemas:extension:acme:2.0:User";

fn declared(text: &str) -> Result<Declarations, DeclarationErrors> {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("a.toml"), text).expect("written");
    load(directory.path())
}

#[test]
fn a_source_pushes_and_its_users_become_identities() {
    let text = format!(
        r#"
[source.okta]
kind = "scim"
lifecycle = "active == false ? 'departed' : 'active'"
[source.okta.attributes]
login = "record.userName"
badge = "record['{URI}'].badge"
[source.okta.extension."{URI}".attributes]
badge = {{}}
floors = {{ type = "integer", multi_valued = true }}

[role.staff]
members = ["okta/some-id"]
"#
    );
    let declarations = declared(&text).expect("it is right");
    let name = "okta".parse().expect("a name");
    let source = &declarations.configuration.pushed[&name];
    let floors = ExtensionAttribute { kind: ExtensionAttributeKind::Integer, multi_valued: true, case_exact: false };
    assert_eq!(source.extensions[URI].attributes["floors"], floors);
    assert!(declarations.configuration.sources.is_empty());
    let user = Object {
        id: "7".into(),
        secondary_ids: Vec::new(),
        version: None,
        active: Some(false),
        attributes: serde_json::json!({"userName": "anna", URI: {"badge": "B"}}).to_string(),
    };
    let record = declarations.rules.identity_record(&name, &user).expect("the expressions fit");
    assert_eq!(record.state.as_str(), "departed");
    assert_eq!(serde_json::Value::Object(record.attributes), serde_json::json!({"login": "anna", "badge": "B"}));
}

#[test]
fn what_does_not_belong_to_one_that_pushes_is_named() {
    for (text, words) in [
        ("[source.okta]\nkind = \"scim\"\nconnector = \"flatfile\"\n", "unknown key"),
        ("[source.okta]\nkind = \"scimm\"\n", "did you mean `scim`"),
        ("[source.okta]\nkind = \"scim\"\nattributes = { groups = \"record.x\" }\n", "the client pushes"),
        ("[source.okta]\nkind = \"scim\"\nextension = { x = { attributes = { a = {} } } }\n", "no URI of a schema"),
        ("[source.okta]\nkind = \"scim\"\n[source.okta.extension.\"urn:a:b\"]\n", "no attributes"),
        (
            "[source.okta]\nkind = \"scim\"\n[source.okta.extension.\"urn:a:b\".attributes]\n\"a.b\" = {}\n",
            "no name of an attribute",
        ),
        (
            "[source.okta]\nkind = \"scim\"\n[source.okta.extension.\"urn:a:b\".attributes]\na = { type = \"text\" }\n",
            "unknown value `text`",
        ),
    ] {
        let errors = declared(text).expect_err(text).to_string();
        assert!(errors.contains(words), "{text}: {errors}");
    }
}
