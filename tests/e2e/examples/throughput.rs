//! How fast each connector provisions its peer, and with how many requests: `cargo xtask throughput [PEOPLE]`.
//!
//! The emulator of Graph takes 20 requests a second, as Graph takes writes of one application (3,000 in 150 seconds), in windows
//! of five seconds; how much of that is used is printed too. The others take what comes.

use purser_e2e::fault_proxy::FaultProxy;
use purser_e2e::google_peer::GooglePeer;
use purser_e2e::ldap_proxy::LdapProxy;
use purser_e2e::salesforce_peer::Org;
use purser_e2e::samba::Samba;
use purser_e2e::scenario::{Company, Peer};
use purser_e2e::scim_server::{ScimServer, Tenant};
use purser_e2e::slapd::Slapd;
use purser_e2e::through::Through;
use purser_peers::graph::Graph;
use std::time::{Duration, Instant};

const ALLOWED: u64 = 100;
const WINDOW: Duration = Duration::from_secs(5);

/// A peer that counts its requests.
trait Counting: Peer {
    fn requests(&self) -> u64;

    /// Limits it as the vendor does.
    fn limit(&self) {}

    /// The share of the allowed rate that was used.
    fn share(&self) -> Option<f64> {
        None
    }
}

impl Counting for Through<Slapd, LdapProxy> {
    fn requests(&self) -> u64 {
        self.proxy.counted().requests
    }
}

impl Counting for Through<Samba, LdapProxy> {
    fn requests(&self) -> u64 {
        self.proxy.counted().requests
    }
}

impl Counting for Through<Tenant, FaultProxy> {
    fn requests(&self) -> u64 {
        self.proxy.traffic().carried_out.values().sum()
    }
}

impl Counting for GooglePeer {
    fn requests(&self) -> u64 {
        self.workspace.faults.counted().requests
    }
}

impl Counting for Org {
    fn requests(&self) -> u64 {
        self.salesforce.faults().counted().requests
    }
}

impl Counting for Graph {
    fn requests(&self) -> u64 {
        let used = self.used();
        used.passed + used.refused
    }

    fn limit(&self) {
        self.allow(ALLOWED, WINDOW);
    }

    fn share(&self) -> Option<f64> {
        self.used().share
    }
}

fn main() {
    let people = std::env::args().nth(1).and_then(|people| people.parse().ok()).unwrap_or(300);
    let scim = ScimServer::start();
    println!("{people} people with an account and up to two groups each\n");
    println!(
        "{:<28} {:>9} {:>11} {:>18} {:>18}",
        "PEER", "SECONDS", "ACCOUNTS/S", "REQUESTS/ACCOUNT", "OF ALLOWED RATE"
    );
    measure("OpenLDAP", people, &Through::slapd(Slapd::start()));
    measure("Active Directory (Samba)", people, &Through::samba(Samba::start().with_units()));
    measure("SCIM (scim2-server)", people, &Through::scim(&scim, "throughput"));
    measure("Google Workspace", people, &GooglePeer::start());
    measure("Salesforce", people, &Org::start());
    measure("Microsoft Graph", people, &Graph::start());
}

fn measure(name: &str, people: usize, peer: &dyn Counting) {
    let company = Company::found(people, peer.connector(), &peer.declaration());
    peer.put_secrets(&company.home);
    company.export();
    company.home.purser(&["import", "hr"]).done();
    peer.limit();
    let before = peer.requests();
    let began = now();
    company.home.purser(&["apply", "--patience", "600"]).done();
    let seconds = began.elapsed().as_secs_f64();
    let requests = peer.requests() - before;
    assert_eq!(peer.accounts().len(), people, "everybody has an account");
    let share = peer.share().map_or("-".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let (rate, each) = (people as f64 / seconds, requests as f64 / people as f64);
    println!("{name:<28} {seconds:>9.1} {rate:>11.1} {each:>18.2} {share:>18}");
}

#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn now() -> Instant {
    Instant::now()
}
