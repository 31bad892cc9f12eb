//! OpenLDAP as a target of the story.

use crate::home::Home;
use crate::ldap_tools::{Entry, Tools, first};
use crate::scenario::{Peer, Person, Seen};
use crate::slapd::{ADMINISTRATOR, PASSWORD, SUFFIX, Slapd};
use std::collections::{BTreeMap, BTreeSet};

const TARGET: &str = r#"
[target.app]
connector = "ldap"
class = "user"
unlinked = "adopt"
guard = { share = 100, count = 100_000, revoke = { share = 100, count = 100_000 } }

[target.app.ldap]
url = "URL"
bind_dn = "cn=admin,dc=example,dc=test"
password = { file = "../slapd-password" }
ca = "../slapd-ca.pem"

[target.app.config]
people = { base = "ou=people,dc=example,dc=test" }
groups = { base = "ou=groups,dc=example,dc=test" }
disabling = { by = "ppolicy" }

[[target.app.correlation]]
attribute = "employeeNumber"
value = "identity.number"

[target.app.mapping]
uid = { value = "identity.login", strength = "strong" }
cn = { value = "identity.given + ' ' + identity.family", strength = "strong" }
givenName = { value = "identity.given", strength = "strong" }
sn = { value = "identity.family", strength = "strong" }
mail = { value = "identity.email", strength = "strong" }
title = { value = "identity.title", strength = "strong" }
departmentNumber = { value = "identity.department", strength = "strong" }
employeeNumber = { value = "identity.number", strength = "strong" }
manager = { value = "identity.manager", refers_by = "dn", strength = "strong" }

[target.app.entitlement]
everyone = { class = "group", attribute = "cn", value = "everyone", create = true }
engineers = { class = "group", attribute = "cn", value = "engineers", create = true }
"#;

impl Slapd {
    /// The command line tools, bound as the administrator.
    pub fn tools(&self) -> Tools {
        Tools {
            url: format!("ldaps://127.0.0.1:{}", self.tls_port),
            authority: self.authority(),
            user: ADMINISTRATOR.to_owned(),
            password: PASSWORD.to_owned(),
        }
    }

    fn entries(&self) -> Vec<Entry> {
        self.tools().search(&format!("ou=people,{SUFFIX}"), "(objectClass=inetOrgPerson)", &["*", "+"])
    }

    fn dn(&self, number: &str) -> String {
        let found = self.tools().search(SUFFIX, &format!("(employeeNumber={number})"), &["uid"]);
        first(found.first().unwrap_or_else(|| panic!("{number} is not there")), "dn")
    }
}

impl Peer for Slapd {
    fn connector(&self) -> &'static str {
        "ldap"
    }

    fn put_secrets(&self, home: &Home) {
        home.write("slapd-password", PASSWORD);
        home.write("slapd-ca.pem", std::fs::read(self.authority()).expect("the authority's certificate is there"));
    }

    fn declaration(&self) -> String {
        TARGET.replace("URL", &format!("ldaps://127.0.0.1:{}", self.tls_port))
    }

    fn has_managers(&self) -> bool {
        true
    }

    fn accounts(&self) -> BTreeMap<String, Seen> {
        let entries = self.entries();
        let numbers: BTreeMap<String, String> =
            entries.iter().map(|entry| (first(entry, "dn").to_lowercase(), first(entry, "employeenumber"))).collect();
        let seen = |entry: &Entry| Seen {
            id: first(entry, "entryuuid"),
            login: first(entry, "uid"),
            given: first(entry, "givenname"),
            family: first(entry, "sn"),
            email: first(entry, "mail"),
            title: first(entry, "title"),
            department: first(entry, "departmentnumber"),
            manager: numbers.get(&first(entry, "manager").to_lowercase()).cloned(),
            active: !entry.contains_key("pwdaccountlockedtime"),
            groups: groups(entry),
        };
        entries.iter().map(|entry| (first(entry, "employeenumber"), seen(entry))).collect()
    }

    fn make_by_hand(&self, person: &Person) {
        let Person { number, login, .. } = person;
        self.tools().modify(&format!(
            "dn: uid={login},ou=people,{SUFFIX}\nchangetype: add\nobjectClass: inetOrgPerson\nuid: {login}\ncn: By hand\nsn: Old\n\
             employeeNumber: {number}\n"
        ));
    }

    fn change_family_by_hand(&self, number: &str, family: &str) {
        let dn = self.dn(number);
        self.tools().modify(&format!("dn: {dn}\nchangetype: modify\nreplace: sn\nsn: {family}\n"));
    }
}

/// The names of the groups that an entry is in.
pub fn groups(entry: &Entry) -> BTreeSet<String> {
    let names = entry.get("memberof").into_iter().flatten();
    names.filter_map(|dn| Some(dn.split_once(',')?.0.split_once('=')?.1.to_owned())).collect()
}
