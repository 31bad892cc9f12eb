//! Passwords of new accounts in OpenLDAP: set by the Password Modify operation (RFC 3062), hashed by the server, held against its
//! policy; and by the attribute where the operation is not there.

use purser_e2e::ldap_tools::{Entry, Tools, first};
use purser_e2e::program::Answer;
use purser_e2e::samba::{DOMAIN, Samba};
use purser_e2e::scenario::{Company, Peer};
use purser_e2e::secrecy::assert_nowhere;
use purser_e2e::slapd::{ADMINISTRATOR, PASSWORD, SUFFIX, Slapd};
use purser_e2e::through::Through;

/// Who may write everything, and is held to the policy: the administrator is not.
const SERVICE: &str = "cn=purser,dc=example,dc=test";
const SERVICE_ENTRY: &str = "dn: cn=purser,dc=example,dc=test
objectClass: person
cn: purser
sn: purser
userPassword: the-password-of-the-administrator
";
const POLICY: &str = "
dn: cn=policy,dc=example,dc=test
objectClass: device
objectClass: pwdPolicy
cn: policy
pwdAttribute: userPassword
pwdMinLength: 16
pwdCheckQuality: 2
";
const BY_SELF: &str = "to attrs=userPassword by self write";
const BY_ALL: &str = "to * by users read";

/// A company with so many people, whose accounts get passwords of this length.
fn company(peer: &impl Peer, people: usize, length: u32, changes: &[(&str, &str)]) -> Company {
    let mut declared = peer.declaration();
    let password = format!("password = {{ length = {length} }}\nguard =");
    for (from, to) in changes.iter().copied().chain([("guard =", password.as_str())]) {
        assert!(declared.contains(from), "{from} is in the declaration");
        declared = declared.replacen(from, to, 1);
    }
    let company = Company::found(people, peer.connector(), &declared);
    peer.put_secrets(&company.home);
    company.export();
    company.home.purser(&["import", "hr"]).done();
    company
}

/// What the administrator sees of the people.
fn people(server: &Tools) -> Vec<Entry> {
    server.search(&format!("ou=people,{SUFFIX}"), "(objectClass=inetOrgPerson)", &["*", "+"])
}

fn as_somebody(server: &Tools, dn: &str, password: &str) -> Tools {
    Tools { user: dn.to_owned(), password: password.to_owned(), ..server.clone() }
}

/// Whether the service may write passwords, beside everything else.
fn service(passwords: bool) -> Vec<(&'static str, String)> {
    let by_service = if passwords { "write" } else { "none" };
    vec![
        (BY_SELF, format!("to attrs=userPassword by dn.base=\"{SERVICE}\" {by_service} by self write")),
        (BY_ALL, format!("to * by dn.base=\"{SERVICE}\" write by users read")),
        (
            "olcOverlay: {2}ppolicy\n",
            "olcOverlay: {2}ppolicy\nolcPPolicyDefault: cn=policy,dc=example,dc=test\n".into(),
        ),
    ]
}

fn start(changes: &[(&str, String)]) -> Slapd {
    let changes: Vec<_> = changes.iter().map(|(from, to)| (*from, to.as_str())).collect();
    Slapd::start_with(&changes, &format!("{SERVICE_ENTRY}{POLICY}"))
}

/// What is known of the last operation of the first person.
fn refused(company: &Company) -> String {
    company.home.purser(&["apply"]).ended_with(1);
    let log = company.home.purser(&["log", "--identity", "hr/E0001"]);
    log.output
}

#[test]
fn every_account_gets_a_password_that_is_hashed_and_lets_in_whichever_answers_are_lost() {
    let server = Slapd::start();
    let tools = server.tools();
    let peer = Through::slapd(server);
    let company = company(&peer, 40, 24, &[]);
    peer.disturb(0.1, 0.15);
    let mut said: Vec<Answer> = vec![company.home.purser(&["-v", "-v", "apply", "--patience", "300"])];
    peer.disturb(0.0, 0.0);
    said.push(company.home.purser(&["-v", "-v", "apply", "--patience", "120"]));
    said.push(company.home.purser(&["reconcile", "app"]));
    company.home.assert_in_step();
    let counted = peer.proxy.counted();
    assert!(counted.lost > 5, "{counted:?}");

    let passwords = peer.proxy.passwords();
    let entries = people(&tools);
    assert_eq!(entries.len(), 40);
    for entry in &entries {
        let dn = first(entry, "dn");
        let stored = first(entry, "userpassword");
        assert!(stored.starts_with("{SSHA}"), "{dn}: {stored}");
        let password = passwords.get(&dn).unwrap_or_else(|| panic!("{dn} got a password"));
        assert!(as_somebody(&tools, &dn, password).lets_in(), "{dn} is let in");
        assert!(!as_somebody(&tools, &dn, "another password").lets_in());
    }
    let said: Vec<&Answer> = said.iter().collect();
    for password in passwords.values().take(5) {
        assert_nowhere(&company.home, password, &said);
    }
}

#[test]
fn no_account_of_active_directory_is_left_without_its_password_whichever_answers_are_lost() {
    let server = Samba::start().with_units();
    let tools = server.tools();
    let peer = Through::samba(server);
    let company = Company::found(25, peer.connector(), &peer.declaration());
    peer.put_secrets(&company.home);
    company.export();
    company.home.purser(&["import", "hr"]).done();
    peer.disturb(0.1, 0.15);
    company.home.purser(&["apply", "--patience", "300"]);
    peer.disturb(0.0, 0.0);
    company.home.purser(&["apply", "--patience", "120"]);
    company.home.purser(&["reconcile", "app"]).done();
    company.home.assert_in_step();
    let counted = peer.proxy.counted();
    assert!(counted.lost > 5, "{counted:?}");
    let entries =
        tools.search(&format!("OU=Staff,{DOMAIN}"), "(employeeNumber=*)", &["userAccountControl", "pwdLastSet"]);
    assert_eq!(entries.len(), 25);
    for entry in &entries {
        assert_eq!(first(entry, "useraccountcontrol"), "512", "{entry:?}");
        assert_ne!(first(entry, "pwdlastset"), "0", "{entry:?}");
    }
}

#[test]
fn what_the_policy_refuses_is_a_weak_password_and_leaves_no_account() {
    let server = start(&service(true));
    let changes = [(ADMINISTRATOR, SERVICE)];
    let weak = company(&server, 1, 12, &changes);
    let said = refused(&weak);
    assert!(said.contains("invalid-value") && said.contains("quality checking policy"), "{said}");
    assert_eq!(people(&server.tools()).len(), 0, "no account is left that has no password");

    let strong = company(&server, 1, 24, &changes);
    strong.home.purser(&["apply"]).done();
    let entries = people(&server.tools());
    assert!(first(&entries[0], "userpassword").starts_with("{SSHA}"), "{entries:?}");
}

#[test]
fn a_right_that_is_missing_is_named() {
    let server = start(&service(false));
    let company = company(&server, 1, 24, &[(ADMINISTRATOR, SERVICE)]);
    let said = refused(&company);
    assert!(said.contains("permission-denied") && said.contains("write userPassword"), "{said}");
    assert_eq!(people(&server.tools()).len(), 0);
}

#[test]
fn a_server_that_does_not_show_the_operation_gets_the_attribute() {
    let hidden = "olcAccess: to dn.base=\"\" attrs=supportedExtension by * none\nolcAccess: to dn.base=\"\" by * read";
    let server = Slapd::start_with(&[("olcAccess: to dn.base=\"\" by * read", hidden)], "");
    let company = company(&server, 1, 24, &[]);
    let checked = company.home.purser(&["check"]).done().to_string();
    assert!(checked.contains("Passwords are written to userPassword"), "{checked}");
    company.home.purser(&["apply"]).done();
    let entries = people(&server.tools());
    let (dn, stored) = (first(&entries[0], "dn"), first(&entries[0], "userpassword"));
    assert_eq!(stored.len(), 24, "this server keeps what it was sent");
    assert!(as_somebody(&server.tools(), &dn, &stored).lets_in());
}

#[test]
fn where_the_operation_is_forbidden_the_operator_is_told_what_to_choose() {
    let suffix = format!("olcSuffix: {SUFFIX}\n");
    let forbidden = format!("{suffix}olcRestrict: extended=1.3.6.1.4.1.4203.1.11.1\n");
    let server = Slapd::start_with(&[(&suffix, &forbidden)], "");
    let by_operation = company(&server, 1, 24, &[]);
    let checked = by_operation.home.purser(&["check"]).done().to_string();
    assert!(checked.contains("Passwords are set by the Password Modify operation"), "{checked}");
    let said = refused(&by_operation);
    assert!(said.contains("unsupported") && said.contains("passwords = "), "{said}");
    assert_eq!(people(&server.tools()).len(), 0);

    let config = "[target.app.config]\npasswords = \"attribute\"";
    let by_attribute = company(&server, 1, 24, &[("[target.app.config]", config)]);
    by_attribute.home.purser(&["apply"]).done();
    assert_eq!(first(&people(&server.tools())[0], "userpassword").len(), 24);
    assert_ne!(PASSWORD.len(), 24, "what was found is nobody else's");
}
