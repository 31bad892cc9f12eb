//! One person in many applications: what changes in HR arrives everywhere in the same accounts, and who leaves has nothing left.

use crate::google_peer::GooglePeer;
use crate::salesforce_peer::Org;
use crate::samba::Samba;
use crate::scenario::{Company, Peer, Person, Seen};
use crate::scim_server::{ScimServer, Tenant};
use crate::slapd::Slapd;
use purser_peers::graph::Graph;
use std::collections::BTreeMap;

/// Six applications, each served on this machine.
pub struct Applications {
    samba: Samba,
    slapd: Slapd,
    graph: Graph,
    google: GooglePeer,
    salesforce: Org,
    tenant: Tenant,
    _scim: ScimServer,
}

impl Applications {
    /// Starts them all, empty.
    pub fn start() -> Self {
        let scim = ScimServer::start();
        Self {
            samba: Samba::start().with_units(),
            slapd: Slapd::start(),
            graph: Graph::start(),
            google: GooglePeer::start(),
            salesforce: Org::start(),
            tenant: scim.tenant("everywhere"),
            _scim: scim,
        }
    }

    /// The name of the target, what it is, and how it is asked.
    pub fn all(&self) -> [(&'static str, &'static str, &dyn Peer); 6] {
        [
            ("ad", "Active Directory (Samba), asked by ldapsearch", &self.samba),
            ("directory", "OpenLDAP, asked by ldapsearch", &self.slapd),
            ("entra", "Microsoft Entra ID (emulated)", &self.graph),
            ("google", "Google Workspace (emulated), asked by Google's client", &self.google),
            ("salesforce", "Salesforce (emulated)", &self.salesforce),
            ("scim", "a SCIM application (scim2-server), asked over HTTP", &self.tenant),
        ]
    }
}

/// A company whose people are in all of them.
pub struct Everywhere<'a> {
    /// HR, and the home in which its people are provisioned.
    pub company: Company,
    applications: &'a Applications,
}

impl<'a> Everywhere<'a> {
    /// So many people.
    pub fn found(people: usize, applications: &'a Applications) -> Self {
        let all = applications.all();
        let declarations: Vec<_> = all.iter().map(|(.., peer)| peer.declaration()).collect();
        let targets: Vec<_> = all
            .iter()
            .zip(&declarations)
            .map(|((name, _, peer), declaration)| (*name, peer.connector(), declaration.as_str()))
            .collect();
        let company = Company::found_with(people, &targets);
        all.iter().for_each(|(.., peer)| peer.put_secrets(&company.home));
        Self { company, applications }
    }

    /// Brings every application into step with HR, asks each of them, and gives all accounts by application and number.
    ///
    /// # Panics
    /// An account is not as HR says.
    #[track_caller]
    pub fn provision(&self) -> BTreeMap<(&'static str, String), Seen> {
        self.company.export();
        self.company.home.purser(&["import", "hr"]).done();
        let applied = self.company.home.purser(&["apply", "--patience", "120"]).done();
        assert_eq!(applied["refused"], 0, "{applied}");
        self.company.home.assert_in_step();
        let mut found = BTreeMap::new();
        for (name, _, peer) in self.applications.all() {
            let accounts = peer.accounts();
            assert_eq!(accounts.len(), self.company.people.len(), "one account for each person in {name}");
            for person in &self.company.people {
                let account = &accounts[&person.number];
                let wanted = person.account(&account.id, peer.has_managers());
                assert_eq!(account, &wanted, "{} in {name}", person.number);
            }
            found.extend(accounts.into_iter().map(|(number, account)| ((name, number), account)));
        }
        found
    }
}

/// The ids of the accounts: an account that is deleted and made again has another one.
pub fn ids(accounts: &BTreeMap<(&'static str, String), Seen>) -> BTreeMap<(&'static str, String), String> {
    accounts.iter().map(|(key, account)| (key.clone(), account.id.clone())).collect()
}

/// Gives a person another surname, and what goes with it.
pub fn marry(person: &mut Person) {
    person.family = "Verheiratet".to_owned();
    person.login = "verheiratet".to_owned();
    person.email = "verheiratet@corp.example.test".to_owned();
}
