//! Active Directory as a target of the story.

use crate::home::Home;
use crate::ldap_tools::{Entry, Tools, first};
use crate::samba::{ADMINISTRATOR, DOMAIN, PASSWORD, Samba};
use crate::scenario::{Peer, Person, Seen};
use crate::slapd_peer::groups;
use std::collections::BTreeMap;

const TARGET: &str = r#"
[target.app]
connector = "ldap"
class = "user"
unlinked = "adopt"
guard = { share = 100, count = 100_000, revoke = { share = 100, count = 100_000 } }
password = { length = 24 }

[target.app.ldap]
url = "ldaps://ADDRESS"
bind_dn = "Administrator@corp.example.test"
password = { file = "../samba-password" }
ca = "../samba-ca.pem"

[target.app.config]
profile = "active-directory"
people = { base = "OU=Staff,DC=corp,DC=example,DC=test" }
groups = { base = "OU=Groups,DC=corp,DC=example,DC=test" }

[[target.app.correlation]]
attribute = "employeeNumber"
value = "identity.number"

[target.app.mapping]
sAMAccountName = { value = "identity.login", strength = "strong" }
userPrincipalName = { value = "identity.login + '@corp.example.test'", strength = "strong" }
cn = { value = "identity.given + ' ' + identity.family + ' ' + identity.number", strength = "strong" }
displayName = { value = "identity.given + ' ' + identity.family", strength = "strong" }
givenName = { value = "identity.given", strength = "strong" }
sn = { value = "identity.family", strength = "strong" }
mail = { value = "identity.email", strength = "strong" }
title = { value = "identity.title", strength = "strong" }
department = { value = "identity.department", strength = "strong" }
employeeNumber = { value = "identity.number", strength = "strong" }
container = { value = "'OU=' + identity.department + ',OU=Staff,DC=corp,DC=example,DC=test'", strength = "strong" }
manager = { value = "identity.manager", refers_by = "dn", strength = "strong" }

[target.app.entitlement]
everyone = { class = "group", attribute = "cn", value = "everyone", create = true }
engineers = { class = "group", attribute = "cn", value = "engineers", create = true }
"#;

impl Samba {
    /// The command line tools, bound as the administrator.
    pub fn tools(&self) -> Tools {
        self.tools_of(ADMINISTRATOR, PASSWORD)
    }

    /// The command line tools, bound as somebody.
    pub fn tools_of(&self, user: &str, password: &str) -> Tools {
        let url = format!("ldaps://{}", self.address);
        Tools { url, authority: self.authority(), user: user.to_owned(), password: password.to_owned() }
    }

    /// Makes the organizational units of the story.
    pub fn with_units(self) -> Self {
        let below = |parent: &str, name: &str| {
            format!("dn: OU={name},{parent}\nchangetype: add\nobjectClass: organizationalUnit\nou: {name}\n\n")
        };
        let staff = format!("OU=Staff,{DOMAIN}");
        let units =
            [below(DOMAIN, "Staff"), below(DOMAIN, "Groups"), below(&staff, "Engineering"), below(&staff, "Sales")];
        self.tools().modify(&units.concat());
        self
    }

    fn entries(&self) -> Vec<Entry> {
        let base = format!("OU=Staff,{DOMAIN}");
        self.tools().search(&base, "(&(objectCategory=person)(objectClass=user))", &["*"])
    }
}

impl Peer for Samba {
    fn connector(&self) -> &'static str {
        "ldap"
    }

    fn put_secrets(&self, home: &Home) {
        home.write("samba-password", PASSWORD);
        home.write("samba-ca.pem", std::fs::read(self.authority()).expect("the authority's certificate is there"));
    }

    fn declaration(&self) -> String {
        TARGET.replace("ADDRESS", &self.address)
    }

    fn has_managers(&self) -> bool {
        true
    }

    fn accounts(&self) -> BTreeMap<String, Seen> {
        let entries = self.entries();
        let numbers: BTreeMap<String, String> =
            entries.iter().map(|entry| (first(entry, "dn").to_lowercase(), first(entry, "employeenumber"))).collect();
        let seen = |entry: &Entry| {
            let control: i64 = first(entry, "useraccountcontrol").parse().expect("every account has control bits");
            let unit = first(entry, "dn").split(",OU=").nth(1).unwrap_or_default().to_owned();
            assert_eq!(
                first(entry, "userprincipalname"),
                format!("{}@corp.example.test", first(entry, "samaccountname"))
            );
            Seen {
                id: first(entry, "objectguid"),
                login: first(entry, "samaccountname"),
                given: first(entry, "givenname"),
                family: first(entry, "sn"),
                email: first(entry, "mail"),
                title: first(entry, "title"),
                // The department says where the account lies, too.
                department: if unit == first(entry, "department") {
                    unit
                } else {
                    format!("{unit} in the wrong place")
                },
                manager: numbers.get(&first(entry, "manager").to_lowercase()).cloned(),
                active: control & 2 == 0,
                groups: groups(entry),
            }
        };
        entries.iter().map(|entry| (first(entry, "employeenumber"), seen(entry))).collect()
    }

    fn make_by_hand(&self, person: &Person) {
        let Person { number, login, .. } = person;
        self.tools().modify(&format!(
            "dn: CN=By hand {number},OU=Staff,{DOMAIN}\nchangetype: add\nobjectClass: user\nsAMAccountName: {login}\n\
             userPrincipalName: {login}@corp.example.test\nsn: Old\nemployeeNumber: {number}\n"
        ));
    }

    fn change_family_by_hand(&self, number: &str, family: &str) {
        let found = self.tools().search(&format!("OU=Staff,{DOMAIN}"), &format!("(employeeNumber={number})"), &["sn"]);
        let dn = first(found.first().unwrap_or_else(|| panic!("{number} is not there")), "dn");
        self.tools().modify(&format!("dn: {dn}\nchangetype: modify\nreplace: sn\nsn: {family}\n"));
    }
}
