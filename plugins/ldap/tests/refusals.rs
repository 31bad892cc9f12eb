//! What a strict directory does and the real ones at hand do not: lists in parts, accounts changed between reading and
//! writing, a bind that is refused in the middle of a batch, groups that do not take one of many.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use purser_ldap_connector::LdapDirectory;
use purser_sdk::ldap::{Attribute, Entry, Failure, Found, Modification, Scope, Search, Value as Written, Write};
use purser_sdk::serde_json::{Value, json};
use purser_sdk::testing::{Stub, connect, request};
use purser_sdk::{
    Connector, Edit, EntitlementEdit, Error, ErrorClass, Outcome, Request, SetActiveEdit, SetPasswordEdit,
};

const GROUP: &str = "CN=staff,OU=Groups,DC=x";

fn config() -> Value {
    json!({"profile": "active-directory", "people": {"base": "OU=Staff,DC=x"}, "groups": {"base": "OU=Groups,DC=x"}})
}

/// The id of the person or group with this number, as text and as bytes.
fn id(number: u8) -> (String, Vec<u8>) {
    let mut bytes = vec![0; 16];
    // A byte that a filter writes in digits.
    bytes[15] = number | 0x80;
    (format!("00000000-0000-0000-0000-0000000000{:02x}", number | 0x80), bytes)
}

fn entry(dn: &str, attributes: &[(&str, Vec<Vec<u8>>)]) -> Entry {
    let attributes = attributes
        .iter()
        .map(|(name, values)| Attribute { name: (*name).to_owned(), values: values.clone() })
        .collect();
    Entry { dn: dn.to_owned(), attributes }
}

fn person(number: u8, control: &str) -> Entry {
    let text = |text: &str| vec![text.as_bytes().to_vec()];
    let dn = format!("CN=person {number},OU=Staff,DC=x");
    let name = format!("person {number}");
    entry(&dn, &[("objectGUID", vec![id(number).1]), ("cn", text(&name)), ("userAccountControl", text(control))])
}

/// Persons 1 to 9 and one group, whose id is 20.
fn answer(search: &Search) -> Found {
    let group = entry(GROUP, &[("objectGUID", vec![id(20).1]), ("cn", vec![b"staff".to_vec()])]);
    let entries = match search.base.as_str() {
        "OU=Staff,DC=x" => (1..10)
            .filter(|number| search.filter.contains(&format!("\\{:02x})", number | 0x80)))
            .map(|number| person(number, "512"))
            .collect(),
        "OU=Groups,DC=x" => vec![group],
        base if base.starts_with("CN=person") => vec![person(1, "512")],
        _ => Vec::new(),
    };
    Found { entries, ..Found::default() }
}

fn refused(code: u32, text: &str) -> Failure {
    Failure::Server { code, text: text.to_owned() }
}

fn apply(stub: &Stub, requests: Vec<Request>) -> Vec<Result<Outcome, Error>> {
    connect::<LdapDirectory>(stub, config()).unwrap().apply(requests)
}

fn grant(person: u8) -> Request {
    let edit = EntitlementEdit {
        id: id(person).0,
        entitlement_class: "group".into(),
        entitlement: id(20).0,
        parameters: purser_sdk::Attributes::new(),
    };
    request("user", Edit::Grant(edit))
}

fn classes(answers: &[Result<Outcome, Error>]) -> Vec<Option<ErrorClass>> {
    answers.iter().map(|answer| answer.as_ref().err().map(|error| error.class.clone())).collect()
}

#[test]
fn a_list_in_parts_is_read_to_its_end() {
    let stub = Stub::new();
    let group_of = |number: usize| format!("CN=group {number},OU=Groups,DC=x").into_bytes();
    stub.serve_ldap(
        move |search| {
            let part =
                |name: &str, range: std::ops::Range<usize>| (name.to_owned(), range.map(group_of).collect::<Vec<_>>());
            let (name, values) = match search.attributes.first().map(String::as_str) {
                Some("memberOf;range=2-*") => part("memberOf;range=2-3", 2..4),
                Some("memberOf;range=4-*") => part("memberOf;range=4-*", 4..5),
                _ if search.base == "OU=Staff,DC=x" => part("memberOf;range=0-1", 0..2),
                _ => {
                    let number =
                        search.base.trim_start_matches("cn=group ").split(',').next().unwrap().parse::<u8>().unwrap();
                    let found = entry(&search.base, &[("objectGUID", vec![id(30 + number).1])]);
                    return Ok(Found { entries: vec![found], ..Found::default() });
                }
            };
            let person = entry("CN=person 1,OU=Staff,DC=x", &[("objectGUID", vec![id(1).1]), (&name, values)]);
            Ok(Found { entries: vec![person], ..Found::default() })
        },
        |_, _| Ok(Vec::new()),
    );
    let person = connect::<LdapDirectory>(&stub, config()).unwrap().get("user", &id(1).0).unwrap();
    let groups: Vec<Value> = (30..35).map(|number| id(number).0.into()).collect();
    assert_eq!(person.attributes["memberOf"], Value::Array(groups), "all five, from three parts");
}

#[test]
fn control_bits_that_somebody_changed_meanwhile_are_a_conflict() {
    let stub = Stub::new();
    stub.serve_ldap(|search| Ok(answer(search)), |_, _| Err(refused(16, "00000057: LdapErr: no such value")));
    let edit = Edit::SetActive(SetActiveEdit { id: id(1).0, version: None, active: false });
    assert_eq!(classes(&apply(&stub, vec![request("user", edit)])), [Some(ErrorClass::VersionConflict)]);
    let writes = stub.ldap_writes();
    let [Write::Modify { changes, .. }] = writes.as_slice() else { panic!("one modification: {writes:?}") };
    let written: Vec<_> = changes.iter().map(|change| (change.modification, change.values.clone())).collect();
    let value = |text: &str| vec![Written::Bytes(text.as_bytes().to_vec())];
    assert_eq!(written, [(Modification::Delete, value("512")), (Modification::Add, value("514"))]);
}

#[test]
fn after_a_refused_bind_the_rest_of_a_batch_is_not_sent() {
    let stub = Stub::new();
    stub.serve_ldap(
        |search| match search.scope {
            Scope::Base => Ok(answer(search)),
            _ => Err(Failure::BindRefused { code: 49, text: "AcceptSecurityContext error, data 775, v1".into() }),
        },
        |_, _| Ok(Vec::new()),
    );
    let password =
        |number| request("user", Edit::SetPassword(SetPasswordEdit { id: id(number).0, slot: 0, must_change: true }));
    let answers = apply(&stub, vec![password(1), password(2), grant(3)]);
    assert_eq!(classes(&answers), vec![Some(ErrorClass::AuthenticationFailed); 3]);
    assert!(answers[0].as_ref().is_err_and(|error| error.message.ends_with("the account is locked")));
    assert_eq!(stub.ldap_writes(), []);
}

#[test]
fn one_member_that_is_refused_does_not_keep_the_others_out() {
    let stub = Stub::new();
    stub.serve_ldap(
        |search| match search.base.as_str() {
            // Person 2 is a member already.
            GROUP if search.filter.contains("person 2,") => {
                Ok(answer(&Search { base: "OU=Groups,DC=x".into(), ..search.clone() }))
            }
            _ => Ok(answer(search)),
        },
        |write, _| {
            let Write::Modify { changes, .. } = write else { panic!("{write:?}") };
            let names: Vec<String> =
                changes.iter().flat_map(|change| &change.values).map(|value| format!("{value:?}")).collect();
            match names.as_slice() {
                [one] if *one == format!("{:?}", Written::from("CN=person 2,OU=Staff,DC=x")) => {
                    Err(refused(68, "00000562: UpdErr: DSID-031A11E2"))
                }
                [one] if *one == format!("{:?}", Written::from("CN=person 3,OU=Staff,DC=x")) => {
                    Err(refused(53, "0000054F: SvcErr: another rule"))
                }
                [_] => Ok(Vec::new()),
                _ => Err(refused(68, "00000562: UpdErr: DSID-031A11E2")),
            }
        },
    );
    let answers = apply(&stub, vec![grant(1), grant(2), grant(3)]);
    assert_eq!(answers[0], Ok(Outcome::Done(None)));
    assert_eq!(answers[1], Ok(Outcome::Unchanged(None)), "it was so already");
    let third = answers[2].as_ref().unwrap_err();
    assert_eq!(third.native_code.as_deref(), Some("53/0000054F"));
    assert!(third.message.contains(&id(3).0), "{}", third.message);
    assert_eq!(stub.ldap_writes().len(), 4, "all together, then each alone");
}

#[test]
fn a_configuration_that_cannot_work_is_refused_by_key() {
    for (config, key) in [
        (json!({"people": {"base": "staff"}}), "people.base"),
        (json!({"people": {"base": "dc=x"}, "page_size": 5000}), "page_size"),
        (
            json!({"profile": "active-directory", "people": {"base": "dc=x"}, "disabling": {"by": "ppolicy"}}),
            "disabling",
        ),
        (json!({"people": {"base": "dc=x"}, "restore_deleted": true}), "restore_deleted"),
        (json!({"profile": "active-directory", "people": {"base": "dc=x"}, "passwords": "operation"}), "passwords"),
    ] {
        let error = connect::<LdapDirectory>(&Stub::new(), config).err().unwrap();
        assert_eq!(error.class, ErrorClass::InvalidConfig);
        assert!(error.message.contains(key), "{}", error.message);
    }
}
