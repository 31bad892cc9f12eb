//! What only directories have: passwords, control bits, deleted accounts, change feeds, groups that need a member, and what they
//! refuse. Each is judged by OpenLDAP's own tools.

use purser_e2e::ldap_tools::{Tools, first};
use purser_e2e::samba::{DOMAIN, Samba};
use purser_e2e::scenario::{Company, Peer};
use purser_e2e::slapd::{SUFFIX, Slapd};
use serde_json::Value;

/// A company with so many people, whose target was declared with these changes of its text.
fn company(peer: &impl Peer, people: usize, changes: &[(&str, &str)]) -> Company {
    let mut declared = peer.declaration();
    for (from, to) in changes {
        assert!(declared.contains(from), "{from} is in the declaration");
        declared = declared.replace(from, to);
    }
    let company = Company::found(people, peer.connector(), &declared);
    peer.put_secrets(&company.home);
    company.export();
    company
}

fn provision(company: &Company) -> Value {
    company.export();
    company.home.purser(&["import", "hr"]).done();
    company.home.purser(&["apply", "--patience", "120"]).done()
}

fn base_of_ad() -> String {
    format!("OU=Staff,{DOMAIN}")
}

fn one(tools: &Tools, base: &str, filter: &str, attributes: &[&str]) -> purser_e2e::ldap_tools::Entry {
    let mut found = tools.search(base, filter, attributes);
    assert_eq!(found.len(), 1, "one entry for {filter}: {found:?}");
    found.remove(0)
}

#[test]
fn a_last_member_leaves_a_group_that_needs_one_and_a_clean_check() {
    let server = Slapd::start();
    let mut company = company(&server, 2, &[]);
    let checked = company.home.purser(&["check"]).done();
    assert!(!checked.to_string().contains("\"error\""), "{checked}");
    provision(&company);
    let group =
        |name: &str| one(&server.tools(), SUFFIX, &format!("(&(objectClass=groupOfNames)(cn={name}))"), &["member"]);
    assert_eq!(group("engineers")["member"].len(), 2, "the placeholder and one engineer");

    company.people[1].department = "Sales".to_owned();
    provision(&company);
    let left = group("engineers")["member"].clone();
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].starts_with("cn=no member,"), "{left:?}");
    company.home.purser(&["reconcile", "app"]).done();
    company.home.assert_in_step();
}

#[test]
fn what_slapd_refuses_is_said_with_code_and_attribute_and_nothing_is_lost() {
    let server = Slapd::start();
    let mut company = company(&server, 3, &[("identity.email", "'ü@example.org'")]);
    company.people.truncate(1);
    company.export();
    company.home.purser(&["import", "hr"]).done();
    let refused = company.home.purser(&["apply"]).ended_with(1);
    assert_ne!(refused["refused"], 0, "{refused}");
    let shown = company.home.purser(&["explain", "hr/E0001"]).done();
    let operations = shown["last_operations"].as_array().expect("a list");
    let created = operations.iter().find(|operation| operation["intent"]["kind"] == "create").expect("a create");
    assert_eq!(created["error_class"], "invalid-value", "{created}");
    assert!(created["detail"].as_str().is_some_and(|detail| detail.contains("21")), "{created}");
}

#[test]
fn what_lies_on_another_server_is_not_taken_for_gone() {
    let server = Slapd::start();
    let mut company = company(&server, 4, &[]);
    provision(&company);
    let dn = first(&one(&server.tools(), SUFFIX, "(employeeNumber=E0002)", &["1.1"]), "dn");
    // The directory is divided: a part of the base comes to lie elsewhere, and one of the people with it.
    server.tools().modify(&format!(
        "dn: {dn}\nchangetype: delete\n\n\
         dn: ou=elsewhere,ou=people,{SUFFIX}\nchangetype: add\nobjectClass: referral\nobjectClass: extensibleObject\n\
         ou: elsewhere\nref: ldaps://other.example.test/ou=elsewhere,ou=people,{SUFFIX}\n"
    ));
    let complaint = company.home.purser(&["reconcile", "app"]).complaint(1);
    assert!(complaint.contains("other.example.test") && complaint.contains("ignore_referrals"), "{complaint}");
    let situations = |company: &Company| {
        let listed = company.home.purser(&["account", "list", "--target", "app"]).done();
        let all = listed.as_array().expect("a list").clone();
        all.iter().filter(|account| account["situation"] == "linked").count()
    };
    assert_eq!(situations(&company), 4, "nobody is gone");
    company.people[0].title = "Chief".to_owned();
    provision(&company);
    assert_eq!(server.tools().search(SUFFIX, "(employeeNumber=E0002)", &["1.1"]).len(), 0, "nobody is made twice");

    let declared = company.home.read("declarations/app.toml");
    company.home.declare(
        "app",
        &declared.replacen("[target.app.config]\n", "[target.app.config]\nignore_referrals = true\n", 1),
    );
    company.home.purser(&["reconcile", "app"]).done();
    company.home.purser(&["apply", "--patience", "120"]).done();
    one(&server.tools(), SUFFIX, "(employeeNumber=E0002)", &["1.1"]);
    company.home.assert_in_step();
}

#[test]
fn a_change_feed_by_time_shows_what_was_changed_by_hand() {
    let server = Slapd::start();
    let company = company(&server, 5, &[]);
    provision(&company);
    company.home.purser(&["reconcile", "app"]).done();
    server.change_family_by_hand("E0003", "Changed by hand");
    let followed = company.home.purser(&["reconcile", "app", "--delta"]).done();
    assert_eq!(followed["kind"], "changes", "{followed}");
    assert_eq!(server.accounts()["E0003"].family, "Füßli-3");
    company.home.assert_in_step();
}

#[test]
fn a_source_of_people_is_a_directory() {
    let server = Slapd::start();
    let filled = company(&server, 4, &[]);
    provision(&filled);
    let source = server
        .declaration()
        .split("[[target.app.correlation]]")
        .next()
        .unwrap_or_default()
        .replace("target.app", "source.people")
        .replace("unlinked = \"adopt\"\n", "");
    let source: Vec<&str> = source.lines().filter(|line| !line.starts_with("guard")).collect();
    let reading = Company::found(0, "ldap", "");
    for name in ["hr", "roles", "app"] {
        std::fs::remove_file(reading.home.path(&format!("declarations/{name}.toml"))).expect("it was declared");
    }
    reading.home.declare("people", &source.join("\n"));
    server.put_secrets(&reading.home);
    let imported = reading.home.purser(&["import", "people"]).done();
    assert_eq!(imported["new"], 4, "{imported}");
}

#[test]
fn an_account_of_active_directory_is_enabled_with_a_password_and_locked_ones_are_let_in_again() {
    let server = Samba::start().with_units();
    let mut company =
        company(&server, 1, &[("title = {", "locked = { value = \"false\", strength = \"strong\" }\ntitle = {")]);
    provision(&company);
    let entry = one(&server.tools(), &base_of_ad(), "(employeeNumber=E0001)", &["userAccountControl", "pwdLastSet"]);
    assert_eq!(first(&entry, "useraccountcontrol"), "512", "an ordinary account that can be used");
    assert_ne!(first(&entry, "pwdlastset"), "0", "it has a password, and need not change it");
    assert!(!server.tools_of("person0001@corp.example.test", "").lets_in());

    // Somebody sets another password, and the account can be used with it until it is disabled.
    let dn = first(&entry, "dn");
    let quoted: Vec<u8> = "\"Another!Pass9\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let encoded = base64(&quoted);
    server.tools().modify(&format!("dn: {dn}\nchangetype: modify\nreplace: unicodePwd\nunicodePwd:: {encoded}\n"));
    let person = server.tools_of("person0001@corp.example.test", "Another!Pass9");
    assert!(person.lets_in());
    company.people[0].employed = false;
    provision(&company);
    assert!(!person.lets_in(), "the account is disabled");
    company.people[0].employed = true;
    provision(&company);
    assert!(person.lets_in(), "and enabled again, with the password that it had");
}

#[test]
fn dir_sync_shows_changes_deletions_and_memberships() {
    let server = Samba::start().with_units();
    let company = company(&server, 6, &[("unlinked", "missing = \"create\"\nunlinked")]);
    provision(&company);
    company.home.purser(&["reconcile", "app"]).done();
    let tools = server.tools();
    let dn = |number: &str| first(&one(&tools, &base_of_ad(), &format!("(employeeNumber={number})"), &["cn"]), "dn");
    server.change_family_by_hand("E0003", "Changed by hand");
    let (deleted, left) = (dn("E0005"), dn("E0002"));
    tools.modify(&format!("dn: {deleted}\nchangetype: delete\n"));
    let group = format!("CN=engineers,OU=Groups,{DOMAIN}");
    tools.modify(&format!("dn: {group}\nchangetype: modify\ndelete: member\nmember: {left}\n"));

    let followed = company.home.purser(&["reconcile", "app", "--delta"]).done();
    assert_eq!(followed["kind"], "changes", "{followed}");
    assert_eq!(followed["gone"], 1, "{followed}");
    let accounts = server.accounts();
    assert_eq!(accounts["E0003"].family, "Füßli-3");
    assert!(accounts.contains_key("E0005"), "it was made again");
    assert!(accounts["E0002"].groups.contains("engineers"), "the membership was given back");
    company.home.assert_in_step();
}

#[test]
fn a_deleted_account_is_restored_with_its_id() {
    let server = Samba::start().with_units();
    let changes = [("profile =", "restore_deleted = true\nprofile ="), ("unlinked", "leaving = \"delete\"\nunlinked")];
    let mut company = company(&server, 2, &changes);
    provision(&company);
    let before = server.accounts()["E0002"].clone();
    company.people[1].employed = false;
    provision(&company);
    assert_eq!(server.accounts().keys().collect::<Vec<_>>(), ["E0001"], "the account is deleted");
    company.people[1].employed = true;
    provision(&company);
    assert_eq!(server.accounts()["E0002"], before, "it is the account that was there, as it was");
    company.home.assert_in_step();
}

#[test]
fn what_active_directory_refuses_is_said_in_its_own_words() {
    let server = Samba::start().with_units();
    // The domain wants longer passwords than the policy of the target makes.
    let policy = format!("dn: {DOMAIN}\nchangetype: modify\nreplace: minPwdLength\nminPwdLength: 14\n");
    server.tools().modify(&policy);
    let company = company(&server, 1, &[("length = 24", "length = 12")]);
    company.home.purser(&["import", "hr"]).done();
    company.home.purser(&["apply"]).ended_with(1);
    assert!(server.accounts().is_empty(), "no account is left that has no password");
    let shown = company.home.purser(&["log", "--identity", "hr/E0001"]).output;
    assert!(
        shown.contains("0000052D") && shown.contains("password is too short"),
        "what Active Directory says: {shown}"
    );

    let wrong = server.declaration().replace("profile = \"active-directory\"", "profile = \"generic\"");
    company.home.declare("app", &wrong);
    let checked = company.home.purser(&["check"]).ended_with(1).to_string();
    assert!(checked.contains("wrong-profile") && checked.contains("active-directory"), "{checked}");
}

/// A user who reads and may change nothing.
const READER: &str = "Reader!Pass9x";

fn make_reader(server: &Samba) {
    let quoted: Vec<u8> = format!("\"{READER}\"").encode_utf16().flat_map(u16::to_le_bytes).collect();
    server.tools().modify(&format!(
        "dn: CN=Reader,CN=Users,{DOMAIN}\nchangetype: add\nobjectClass: user\nsAMAccountName: reader\n\
         userPrincipalName: reader@corp.example.test\nuserAccountControl: 512\nunicodePwd:: {}\n",
        base64(&quoted)
    ));
}

fn bind_as_reader(server: &Samba, company: &Company) {
    company.home.declare("app", &server.declaration().replace("Administrator@", "reader@"));
    company.home.write("samba-password", READER);
}

#[test]
fn without_the_right_to_dir_sync_changes_are_followed_by_their_numbers() {
    let server = Samba::start().with_units();
    let company = company(&server, 4, &[]);
    provision(&company);
    make_reader(&server);
    bind_as_reader(&server, &company);
    company.home.purser(&["reconcile", "app"]).done();
    server.change_family_by_hand("E0003", "Changed by hand");
    let followed = company.home.purser(&["reconcile", "app", "--delta", "--dry-run"]).ended_with(3);
    assert_eq!((&followed["kind"], &followed["changed"]), (&"changes".into(), &1.into()), "{followed}");
    assert_eq!(followed["plan"]["items"].as_array().map(Vec::len), Some(1), "{followed}");
}

#[test]
fn check_names_the_right_that_is_missing_and_a_refused_bind_says_why() {
    let server = Samba::start().with_units();
    let company = company(&server, 1, &[]);
    provision(&company);
    make_reader(&server);
    bind_as_reader(&server, &company);
    let checked = company.home.purser(&["check"]).ended_with(1).to_string();
    assert!(checked.contains("missing-permission") && checked.contains("Create user objects"), "{checked}");

    company.home.write("samba-password", "wrong");
    let refused = company.home.purser(&["check"]).ended_with(1).to_string();
    assert!(refused.contains("authentication-failed") && refused.contains("52e"), "{refused}");
    assert!(refused.contains("user name or password are wrong"), "{refused}");
}

#[test]
fn the_examples_of_the_readme_are_read() {
    let readme = include_str!("../../../plugins/ldap/README.md");
    let blocks: Vec<&str> = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let server = Slapd::start();
        let company = company(&server, 1, &[]);
        let name = if block.contains("target.ad") { "ad" } else { "directory" };
        company.home.declare("app", block);
        let roles = company.home.read("declarations/roles.toml");
        let granted = roles.replace("\"app\"", &format!("\"{name}\"")).replace("\"engineers\"", "\"staff\"");
        company.home.declare("roles", &granted.replace("\"everyone\"", "\"staff\""));
        for secret in ["ad-password", "ldap-password"] {
            assert_eq!(purser_e2e::secrecy::set(&company.home, secret, "a secret of six").0, 0);
        }
        company.home.purser(&["import", "hr"]).done();
        let status = company.home.purser(&["status"]).done();
        assert!(status.to_string().contains(name), "{status}");
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
