//! One person in many applications: what changes in HR arrives everywhere in the same accounts, and who leaves has nothing left.

use purser_e2e::google_peer::GooglePeer;
use purser_e2e::salesforce_peer::Org;
use purser_e2e::samba::Samba;
use purser_e2e::scenario::{Company, Peer};
use purser_e2e::scim_server::ScimServer;
use purser_e2e::slapd::Slapd;
use purser_peers::graph::Graph;
use std::collections::BTreeMap;

const PEOPLE: usize = 12;

struct Everywhere<'a> {
    company: Company,
    peers: Vec<(&'a str, &'a dyn Peer)>,
}

impl<'a> Everywhere<'a> {
    fn found(peers: Vec<(&'a str, &'a dyn Peer)>) -> Self {
        let declarations: Vec<_> = peers.iter().map(|(_, peer)| peer.declaration()).collect();
        let targets: Vec<_> = peers
            .iter()
            .zip(&declarations)
            .map(|((name, peer), declaration)| (*name, peer.connector(), declaration.as_str()))
            .collect();
        let company = Company::found_with(PEOPLE, &targets);
        peers.iter().for_each(|(_, peer)| peer.put_secrets(&company.home));
        Self { company, peers }
    }

    /// Brings every application into step with HR, asks each of them, and gives the ids of all accounts.
    fn provision(&self) -> BTreeMap<(&'a str, String), String> {
        self.company.export();
        self.company.home.purser(&["import", "hr"]).done();
        let applied = self.company.home.purser(&["apply", "--patience", "120"]).done();
        assert_eq!(applied["refused"], 0, "{applied}");
        self.company.home.assert_in_step();
        let mut ids = BTreeMap::new();
        for (name, peer) in &self.peers {
            let accounts = peer.accounts();
            assert_eq!(accounts.len(), PEOPLE, "one account for each person in {name}");
            for person in &self.company.people {
                let account = &accounts[&person.number];
                let wanted = person.account(&account.id, peer.has_managers());
                assert_eq!(account, &wanted, "{} in {name}", person.number);
                ids.insert((*name, person.number.clone()), account.id.clone());
            }
        }
        ids
    }
}

#[test]
fn a_new_name_arrives_in_all_and_who_leaves_has_nothing_left() {
    let (samba, slapd, scim) = (Samba::start().with_units(), Slapd::start(), ScimServer::start());
    let (tenant, graph, google, salesforce) =
        (scim.tenant("everywhere"), Graph::start(), GooglePeer::start(), Org::start());
    let peers: Vec<(&str, &dyn Peer)> = vec![
        ("ad", &samba),
        ("directory", &slapd),
        ("entra", &graph),
        ("google", &google),
        ("salesforce", &salesforce),
        ("scim", &tenant),
    ];
    let mut everywhere = Everywhere::found(peers);
    let ids = everywhere.provision();

    let person = &mut everywhere.company.people[3];
    person.family = "Verheiratet".to_owned();
    person.login = "verheiratet".to_owned();
    person.email = "verheiratet@corp.example.test".to_owned();
    assert_eq!(everywhere.provision(), ids, "the same accounts, none deleted and none made");

    everywhere.company.people[3].employed = false;
    assert_eq!(everywhere.provision(), ids, "disabled everywhere, in no group anywhere");
}
