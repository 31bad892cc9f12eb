//! How the host speaks LDAP, against a real slapd.
#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

use purser_e2e::slapd::{ADMINISTRATOR, PASSWORD, SUFFIX, Slapd};
use purser_ldap::{
    AddressPolicy, AddressRefused, Bind, Change, Directory, DirectorySettings, Entry, LdapError, Modification, Scope,
    Search, Security, Value, Write,
};
use purser_model::secret::{Secret, Slots};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

struct Anywhere;

impl AddressPolicy for Anywhere {
    fn check(&self, _: &str, _: IpAddr, _: u16) -> Result<(), AddressRefused> {
        Ok(())
    }
}

fn secret(text: &str) -> Secret {
    Secret::new(text).unwrap()
}

fn administrator() -> Bind {
    Bind::Simple { name: ADMINISTRATOR.to_owned(), password: secret(PASSWORD) }
}

fn settings(server: &Slapd, bind: Bind) -> DirectorySettings {
    let authorities = Some(server.authority());
    DirectorySettings { bind, authorities, ..DirectorySettings::new("127.0.0.1", server.tls_port) }
}

fn directory(settings: DirectorySettings) -> Directory {
    Directory::new(settings, Arc::new(Anywhere)).unwrap()
}

fn change(modification: Modification, name: &str, values: &[&str]) -> Change {
    let values = values.iter().map(|value| Value::Bytes(value.as_bytes().to_vec())).collect();
    Change { modification, name: name.to_owned(), values }
}

fn person(uid: &str) -> Write {
    let attribute = |name: &str, values: &[&str]| change(Modification::Add, name, values);
    Write::Add {
        dn: format!("uid={uid},ou=people,{SUFFIX}"),
        attributes: vec![
            attribute("objectClass", &["inetOrgPerson"]),
            attribute("uid", &[uid]),
            attribute("cn", &["Anna Berg"]),
            attribute("sn", &["Berg"]),
        ],
    }
}

async fn write(directory: &Directory, write: &Write) -> Result<(), LdapError> {
    directory.write(write, &[], &Slots::default()).await.map(|_| ())
}

async fn found(directory: &Directory, filter: &str) -> Vec<Entry> {
    let search = Search::new(SUFFIX, Scope::Subtree, filter);
    directory.search(&search, &Slots::default()).await.unwrap().entries
}

fn values<'a>(entry: &'a Entry, name: &str) -> Vec<&'a str> {
    let attribute = entry.attributes.iter().find(|attribute| attribute.name == name);
    attribute.iter().flat_map(|attribute| &attribute.values).map(|value| std::str::from_utf8(value).unwrap()).collect()
}

async fn an_entry_s_life(directory: &Directory) {
    write(directory, &person("anna")).await.unwrap();
    assert!(matches!(write(directory, &person("anna")).await, Err(LdapError::Server { code: 68, .. })));
    let dn = format!("uid=anna,ou=people,{SUFFIX}");
    let changes = vec![
        change(Modification::Replace, "sn", &["Tal"]),
        change(Modification::Add, "mail", &["anna@example.org", "a@example.org"]),
        change(Modification::Delete, "mail", &["a@example.org"]),
    ];
    write(directory, &Write::Modify { dn: dn.clone(), changes }).await.unwrap();
    let entry = found(directory, "(&(objectClass=inetOrgPerson)(mail=anna@*))").await.remove(0);
    assert_eq!((values(&entry, "sn"), values(&entry, "mail")), (vec!["Tal"], vec!["anna@example.org"]));
    let rename =
        Write::Rename { dn, new_rdn: "uid=anna.tal".to_owned(), new_superior: Some(format!("ou=groups,{SUFFIX}")) };
    write(directory, &rename).await.unwrap();
    let entry = found(directory, "(uid=anna.tal)").await.remove(0);
    assert_eq!(entry.dn, format!("uid=anna.tal,ou=groups,{SUFFIX}"));
    write(directory, &Write::Delete { dn: entry.dn.clone() }).await.unwrap();
    let gone = write(directory, &Write::Delete { dn: entry.dn }).await;
    assert!(matches!(gone, Err(LdapError::Server { code: 32, .. })), "{gone:?}");
}

#[tokio::test]
async fn an_entry_lives_over_tls_start_tls_and_with_a_client_certificate() {
    let server = Slapd::start();
    let start_tls =
        DirectorySettings { security: Security::StartTls, port: server.port, ..settings(&server, administrator()) };
    let external = Bind::External { certificate: server.client_certificate(), key: secret(&server.client_key()) };
    for settings in [settings(&server, administrator()), start_tls, settings(&server, external)] {
        an_entry_s_life(&directory(settings)).await;
    }
}

#[tokio::test]
async fn a_server_whose_certificate_is_not_known_is_not_spoken_to() {
    let (server, other) = (Slapd::start(), Slapd::start());
    let unknown = DirectorySettings { authorities: Some(other.authority()), ..settings(&server, administrator()) };
    let error = write(&directory(unknown), &person("anna")).await.unwrap_err();
    assert!(matches!(&error, LdapError::Unreachable(text) if text.contains("certificate")), "{error}");
    assert_eq!(server.binds(), 0, "the password was not sent");
}

#[tokio::test]
async fn pages_hold_everything_once() {
    let server = Slapd::start();
    let directory = directory(settings(&server, administrator()));
    for number in 0..25 {
        write(&directory, &person(&format!("person{number:02}"))).await.unwrap();
    }
    let base = format!("ou=people,{SUFFIX}");
    let mut search = Search::new(base, Scope::OneLevel, "(objectClass=inetOrgPerson)");
    search.page_size = Some(10);
    let (mut names, mut sizes) = (BTreeSet::new(), Vec::new());
    loop {
        let page = directory.search(&search, &Slots::default()).await.unwrap();
        sizes.push(page.entries.len());
        names.extend(page.entries.into_iter().map(|entry| entry.dn));
        // Meanwhile others use the directory.
        assert_eq!(found(&directory, "(uid=person07)").await.len(), 1);
        if page.cookie.is_empty() {
            break;
        }
        search.cookie = page.cookie;
    }
    assert_eq!((names.len(), sizes), (25, vec![10, 10, 5]));
}

#[tokio::test]
async fn a_password_of_a_slot_is_set_and_does_not_come_back() {
    let server = Slapd::start();
    let admin = directory(settings(&server, administrator()));
    write(&admin, &person("anna")).await.unwrap();
    let dn = format!("uid=anna,ou=people,{SUFFIX}");
    let mut slots = Slots::default();
    let slot = slots.attach(secret("anna's new password"));
    let password = Change {
        modification: Modification::Replace,
        name: "userPassword".to_owned(),
        values: vec![Value::Secret(slot)],
    };
    admin.write(&Write::Modify { dn: dn.clone(), changes: vec![password] }, &[], &slots).await.unwrap();

    let anna = Bind::Simple { name: dn, password: secret("anna's new password") };
    assert_eq!(found(&directory(settings(&server, anna)), "(uid=anna)").await.len(), 1, "she can sign in with it");
    let search = Search::new(SUFFIX, Scope::Subtree, "(uid=anna)");
    let entry = admin.search(&search, &slots).await.unwrap().entries.remove(0);
    assert_eq!(
        values(&entry, "userPassword"),
        ["***"],
        "slapd keeps it as it was sent and shows it to the administrator"
    );
}

#[tokio::test]
async fn a_password_is_set_by_the_operation_and_the_server_hashes_it() {
    let server = Slapd::start();
    let start_tls =
        DirectorySettings { security: Security::StartTls, port: server.port, ..settings(&server, administrator()) };
    let admin = directory(settings(&server, administrator()));
    write(&admin, &person("anna")).await.unwrap();
    let dn = format!("uid=anna,ou=people,{SUFFIX}");
    for (bound, text) in [(&admin, "anna's new password"), (&directory(start_tls), "another; ü \"quoted\"")] {
        let mut slots = Slots::default();
        let slot = slots.attach(secret(text));
        bound.write(&Write::Password { dn: dn.clone(), slot }, &[], &slots).await.unwrap();
        let anna = Bind::Simple { name: dn.clone(), password: secret(text) };
        assert_eq!(found(&directory(settings(&server, anna)), "(uid=anna)").await.len(), 1, "she is let in");
        let stored = found(&admin, "(uid=anna)").await.remove(0);
        let [hashed] = values(&stored, "userPassword")[..] else { panic!("one password: {stored:?}") };
        assert!(hashed.starts_with("{SSHA}"), "{hashed}");

        for (dn, code) in [("uid=nobody,dc=example,dc=test", 32), ("uid=anna,,=", 21)] {
            let refused = bound.write(&Write::Password { dn: dn.to_owned(), slot }, &[], &slots).await;
            assert!(matches!(&refused, Err(LdapError::Server { code: is, .. }) if *is == code), "{dn}: {refused:?}");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_sent_once() {
    let server = Slapd::start();
    let wrong = Bind::Simple { name: ADMINISTRATOR.to_owned(), password: secret("a wrong password") };
    let directory = directory(settings(&server, wrong));
    for _ in 0..5 {
        let error = write(&directory, &person("anna")).await.unwrap_err();
        assert!(matches!(&error, LdapError::BindRefused { code: 49, .. }), "{error}");
    }
    assert_eq!(server.binds(), 1);
}

#[tokio::test]
async fn a_server_that_is_gone_is_unreachable() {
    let server = Slapd::start();
    let directory = directory(settings(&server, administrator()));
    assert_eq!(found(&directory, "(ou=people)").await.len(), 1);
    drop(server);
    let error = write(&directory, &person("anna")).await.unwrap_err();
    assert!(matches!(error, LdapError::Unreachable(_)), "the idle session is seen to be over: {error}");
}
