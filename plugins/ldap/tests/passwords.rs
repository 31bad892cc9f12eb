//! Passwords of accounts in directories that have the Password Modify operation (RFC 3062), and in those that do not, when answers get lost
//! and when the directory refuses.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use purser_ldap_connector::LdapDirectory;
use purser_sdk::ldap::{Attribute, Change, Entry, Failure, Found, Modification, Search, Value as Written, Write};
use purser_sdk::serde_json::{Value, json};
use purser_sdk::testing::{Stub, attributes, connect, request};
use purser_sdk::{
    CheckLevel, Condition, Connector, CreateEdit, Edit, Error, ErrorClass, Object, Operator, Outcome, SearchRequest,
    SetPasswordEdit, Severity,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

const ANNA: &str = "uid=anna,ou=people,dc=x";
const PASSWORD_MODIFY: &str = "1.3.6.1.4.1.4203.1.11.1";
const LOCK: &str = "pwdAccountLockedTime";

/// What a write comes to: nothing, an answer that is lost, or a refusal.
#[derive(Clone, Copy)]
enum Fate {
    Done,
    Lost,
    Refused(u32),
}

/// A directory with a password policy: a new password takes a lock away.
#[derive(Default)]
struct Tree {
    entries: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    offers: bool,
    /// The fates of the next additions and passwords; afterwards all is done.
    additions: Vec<Fate>,
    passwords: Vec<Fate>,
}

type Shared = Rc<RefCell<Tree>>;

fn server(offers: bool) -> (Stub, Shared) {
    let tree = Rc::new(RefCell::new(Tree { offers, ..Tree::default() }));
    let stub = Stub::new();
    let (searched, written) = (tree.clone(), tree.clone());
    stub.serve_ldap(
        move |search| Ok(searched.borrow().find(search)),
        move |write, _| written.borrow_mut().carry_out(write).map(|()| Vec::new()),
    );
    (stub, tree)
}

impl Tree {
    fn find(&self, search: &Search) -> Found {
        if search.base.is_empty() {
            let offered = if self.offers { vec![PASSWORD_MODIFY.as_bytes().to_vec()] } else { Vec::new() };
            let root = Attribute { name: "supportedExtension".to_owned(), values: offered };
            return Found { entries: vec![Entry { dn: String::new(), attributes: vec![root] }], ..Found::default() };
        }
        // What else the filter asks for, the connector checks by itself.
        let entries = self.entries.iter().filter(|(dn, _)| dn.ends_with(&search.base));
        let attributes = |attributes: &BTreeMap<String, Vec<u8>>| {
            let one =
                |(name, value): (&String, &Vec<u8>)| Attribute { name: name.clone(), values: vec![value.clone()] };
            attributes.iter().map(one).collect()
        };
        let entries = entries.map(|(dn, values)| Entry { dn: dn.clone(), attributes: attributes(values) }).collect();
        Found { entries, ..Found::default() }
    }

    fn carry_out(&mut self, write: &Write) -> Result<(), Failure> {
        let fates = match write {
            Write::Add { .. } => &mut self.additions,
            Write::Password { .. } => &mut self.passwords,
            _ => &mut Vec::new(),
        };
        let fate = if fates.is_empty() { Fate::Done } else { fates.remove(0) };
        if let Fate::Refused(code) = fate {
            return Err(Failure::Server { code, text: "no".to_owned() });
        }
        match write {
            Write::Add { dn, .. } if self.entries.contains_key(dn) => {
                return Err(Failure::Server { code: 68, text: "entry exists".to_owned() });
            }
            Write::Add { dn, attributes } => {
                let id = format!("id-{}", self.entries.len());
                self.entries.insert(dn.clone(), [("entryUUID".to_owned(), id.into_bytes())].into());
                self.change(dn, attributes);
            }
            Write::Modify { dn, changes } => self.change(dn, changes),
            Write::Delete { dn } => drop(self.entries.remove(dn)),
            Write::Password { dn, slot } => {
                let entry = self.entries.get_mut(dn).unwrap();
                entry.insert("userPassword".to_owned(), format!("{{SSHA}}{slot}").into_bytes());
                entry.remove(LOCK);
            }
            other => panic!("{other:?}"),
        }
        if matches!(fate, Fate::Lost) { Err(Failure::Interrupted("lost".to_owned())) } else { Ok(()) }
    }

    fn change(&mut self, dn: &str, changes: &[Change]) {
        let entry = self.entries.get_mut(dn).unwrap();
        for change in changes {
            match change.values.first() {
                None => drop(entry.remove(&change.name)),
                Some(Written::Bytes(bytes)) => drop(entry.insert(change.name.clone(), bytes.clone())),
                Some(secret) => drop(entry.insert(change.name.clone(), format!("{secret:?}").into_bytes())),
            }
        }
    }

    fn value(&self, dn: &str, name: &str) -> Option<String> {
        let value = self.entries.get(dn)?.get(name)?;
        Some(String::from_utf8(value.clone()).unwrap())
    }
}

fn config() -> Value {
    json!({
        "people": {"base": "ou=people,dc=x"},
        "attributes": {"employeeType": {}},
        "disabling": {"by": "attribute", "attribute": "shadowExpire", "disabled": "1"},
    })
}

fn create(stub: &Stub, config: &Value) -> Result<Outcome, Error> {
    let sent = json!({"uid": "anna", "cn": "Anna", "sn": "Berg", "userPassword": {"$slot": 0}});
    let edit = Edit::Create(CreateEdit { attributes: attributes(sent), active: Some(true) });
    let mut answers = connect::<LdapDirectory>(stub, config.clone()).unwrap().apply(vec![request("user", edit)]);
    answers.remove(0)
}

/// The accounts that whoever looks for this one finds.
fn found(stub: &Stub) -> Vec<Object> {
    let condition = Condition { attribute: "uid".into(), operator: Operator::Equals, value: "anna".into() };
    let request = SearchRequest {
        class: "user".into(),
        conditions: vec![condition],
        extra_attributes: Vec::new(),
        page_size: 10,
        cursor: None,
    };
    connect::<LdapDirectory>(stub, config()).unwrap().search(&request).unwrap().objects
}

/// What was written, in few words.
fn written(stub: &Stub) -> Vec<&'static str> {
    let word = |write: &Write| match write {
        Write::Add { .. } => "add",
        Write::Modify { .. } => "modify",
        Write::Delete { .. } => "delete",
        Write::Password { dn, slot: 0 } if dn == ANNA => "password",
        other => panic!("{other:?}"),
    };
    stub.ldap_writes().iter().map(word).collect()
}

#[test]
fn an_account_is_disabled_until_it_has_its_password() {
    let (stub, tree) = server(true);
    let made = create(&stub, &config()).unwrap();
    assert!(matches!(&made, Outcome::Done(Some(object)) if object.active == Some(true)), "{made:?}");
    assert_eq!(written(&stub), ["add", "password", "modify"]);
    let writes = stub.ldap_writes();
    let Write::Add { attributes, .. } = &writes[0] else { panic!("{writes:?}") };
    let disabled = Change::new(Modification::Add, "shadowExpire", ["1"]);
    assert!(attributes.contains(&disabled), "{attributes:?}");
    assert!(!attributes.iter().any(|change| change.name == "userPassword"), "{attributes:?}");
    assert_eq!(tree.borrow().value(ANNA, "userPassword").as_deref(), Some("{SSHA}0"));
    assert_eq!(found(&stub).len(), 1);
}

#[test]
fn where_the_server_does_not_offer_the_operation_or_the_operator_says_so_the_attribute_is_written() {
    let said = |way: &str| {
        let mut config = config();
        config["passwords"] = way.into();
        config
    };
    for (offers, config) in [(false, config()), (true, said("attribute"))] {
        let (stub, tree) = server(offers);
        create(&stub, &config).unwrap();
        assert_eq!(written(&stub), ["add"], "with its password, at once");
        assert_eq!(tree.borrow().value(ANNA, "userPassword").as_deref(), Some("Secret(0)"));
    }
    let (stub, _) = server(false);
    create(&stub, &said("operation")).unwrap();
    assert_eq!(written(&stub), ["add", "password", "modify"]);
}

#[test]
fn whichever_answer_is_lost_the_next_try_finishes_the_account_and_until_then_nobody_finds_it() {
    for (additions, passwords, class) in [
        (vec![Fate::Lost], vec![], ErrorClass::OutcomeUnknown),
        (vec![], vec![Fate::Lost], ErrorClass::PartiallyApplied(String::new())),
    ] {
        let (stub, tree) = server(true);
        (tree.borrow_mut().additions, tree.borrow_mut().passwords) = (additions, passwords);
        let error = create(&stub, &config()).unwrap_err();
        assert_eq!(std::mem::discriminant(&error.class), std::mem::discriminant(&class), "{error:?}");
        assert_eq!(tree.borrow().value(ANNA, "shadowExpire").as_deref(), Some("1"), "it cannot be used");
        assert_eq!(found(&stub), [], "it would be taken for one that is as it should be");
        // The next try is turned away first, and what was begun is not forgotten for that.
        tree.borrow_mut().additions = vec![Fate::Refused(51)];
        create(&stub, &config()).unwrap_err();
        create(&stub, &config()).unwrap();
        assert_eq!(tree.borrow().value(ANNA, "userPassword").as_deref(), Some("{SSHA}0"));
        assert_eq!(found(&stub)[0].active, Some(true));
    }
}

#[test]
fn an_account_that_somebody_else_made_is_not_finished() {
    let (stub, tree) = server(true);
    let by_hand = Write::Add { dn: ANNA.to_owned(), attributes: vec![Change::new(Modification::Add, "uid", ["anna"])] };
    tree.borrow_mut().carry_out(&by_hand).unwrap();
    for _ in 0..2 {
        let error = create(&stub, &config()).unwrap_err();
        assert_eq!(error.class, ErrorClass::AlreadyExists(Some("id-0".to_owned())), "{error:?}");
    }
    assert_eq!((written(&stub), found(&stub).len()), (Vec::new(), 1));
}

#[test]
fn what_was_begun_is_not_believed_for_ever() {
    let (stub, tree) = server(true);
    tree.borrow_mut().additions = vec![Fate::Lost];
    create(&stub, &config()).unwrap_err();
    stub.set_clock_ms(stub.host().now_ms() + 25 * 60 * 60 * 1000);
    assert_eq!(found(&stub).len(), 1);
    assert!(matches!(create(&stub, &config()).unwrap_err().class, ErrorClass::AlreadyExists(_)));
}

#[test]
fn a_refused_password_leaves_no_account_and_says_what_it_is() {
    for (code, class) in [
        (19, ErrorClass::InvalidValue(Some("userPassword".to_owned()))),
        (50, ErrorClass::PermissionDenied(Some("write userPassword".to_owned()))),
        (53, ErrorClass::Unsupported),
        (2, ErrorClass::Unsupported),
    ] {
        let (stub, tree) = server(true);
        tree.borrow_mut().passwords = vec![Fate::Refused(code)];
        let error = create(&stub, &config()).unwrap_err();
        assert_eq!((&error.class, error.native_code.clone()), (&class, Some(code.to_string())));
        assert_eq!(error.message.contains("passwords = \"attribute\""), class == ErrorClass::Unsupported, "{error:?}");
        assert_eq!(written(&stub), ["add", "password", "delete"]);
        assert!(tree.borrow().entries.is_empty());
    }
}

#[test]
fn a_new_password_does_not_enable_a_disabled_account() {
    let mut config = config();
    config["disabling"] = json!({"by": "ppolicy"});
    for (offers, writes) in [(true, vec!["add", "password", "modify"]), (false, vec!["add", "modify"])] {
        let (stub, tree) = server(offers);
        let locked = [("uid", "anna"), (LOCK, "000001010000Z")];
        let attributes = locked.map(|(name, value)| Change::new(Modification::Add, name, [value])).to_vec();
        stub.host().ldap().execute(&Write::Add { dn: ANNA.to_owned(), attributes }, &[]).unwrap();
        let edit = Edit::SetPassword(SetPasswordEdit { id: "id-0".into(), slot: 0, must_change: true });
        let answers = connect::<LdapDirectory>(&stub, config.clone()).unwrap().apply(vec![request("user", edit)]);
        assert_eq!(answers, [Ok(Outcome::Done(None))]);
        assert_eq!(written(&stub), writes);
        assert_eq!(tree.borrow().value(ANNA, LOCK).as_deref(), Some("000001010000Z"), "it is still disabled");
        assert_eq!(tree.borrow().value(ANNA, "pwdReset").as_deref(), Some("TRUE"));
    }
}

#[test]
fn a_check_says_how_passwords_are_set() {
    for (offers, way, severity, text) in [
        (true, None, Severity::Info, "by the Password Modify operation"),
        (false, None, Severity::Info, "written to userPassword, since"),
        (true, Some("attribute"), Severity::Info, "written to userPassword, although"),
        (false, Some("operation"), Severity::Warning, "does not say that it has"),
    ] {
        let mut config = config();
        if let Some(way) = way {
            config["passwords"] = way.into();
        }
        let (stub, _) = server(offers);
        let findings = connect::<LdapDirectory>(&stub, config).unwrap().check(CheckLevel::Permissions);
        let found = findings.iter().find(|finding| finding.code == "passwords").unwrap();
        assert!(found.severity == severity && found.message.contains(text), "{found:?}");
    }
}
