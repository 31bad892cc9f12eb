//! How fast each connector provisions its peer, and with how many requests: `cargo xtask throughput [PEOPLE]`.
//!
//! The emulators take 20 requests a second, as Graph takes writes of one application (3,000 in 150 seconds), in windows of five
//! seconds; how much of that is used is printed too, and how many were too many. Graph says how long to wait; Google, Salesforce
//! and the SCIM application do not, and their targets declare the rate. The others take what comes.

use purser_e2e::dialect_peer::DialectPeer;
use purser_e2e::fault_proxy::FaultProxy;
use purser_e2e::google_peer::GooglePeer;
use purser_e2e::ldap_proxy::LdapProxy;
use purser_e2e::salesforce_peer::Org;
use purser_e2e::samba::Samba;
use purser_e2e::scenario::{Company, Peer};
use purser_e2e::scim_server::{ScimServer, Tenant};
use purser_e2e::slapd::Slapd;
use purser_e2e::through::Through;
use purser_peers::Used;
use purser_peers::graph::Graph;
use std::time::{Duration, Instant};

const ALLOWED: u64 = 100;
const WINDOW: Duration = Duration::from_secs(5);

/// A peer that counts its requests.
trait Counting: Peer {
    fn requests(&self) -> u64;

    /// Limits it as the vendor does.
    fn limit(&self) {}

    /// The endpoint whose rate is declared.
    fn paced(&self) -> Option<&'static str> {
        None
    }

    /// How far the limit was used.
    fn used(&self) -> Option<Used> {
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

    fn limit(&self) {
        self.workspace.allow(ALLOWED, WINDOW);
    }

    fn paced(&self) -> Option<&'static str> {
        Some("directory")
    }

    fn used(&self) -> Option<Used> {
        Some(self.workspace.used())
    }
}

impl Counting for DialectPeer {
    fn requests(&self) -> u64 {
        self.application.faults.counted().requests
    }

    fn limit(&self) {
        self.application.allow(ALLOWED, WINDOW, 429, false);
    }

    fn paced(&self) -> Option<&'static str> {
        Some("scim")
    }

    fn used(&self) -> Option<Used> {
        self.application.used()
    }
}

impl Counting for Org {
    fn requests(&self) -> u64 {
        self.salesforce.faults().counted().requests
    }

    fn limit(&self) {
        self.salesforce.allow(ALLOWED, WINDOW);
    }

    fn paced(&self) -> Option<&'static str> {
        Some("salesforce")
    }

    fn used(&self) -> Option<Used> {
        Some(self.salesforce.used())
    }
}

impl Counting for Graph {
    fn requests(&self) -> u64 {
        let used = Self::used(self);
        used.passed + used.refused
    }

    fn limit(&self) {
        self.allow(ALLOWED, WINDOW);
    }

    fn used(&self) -> Option<Used> {
        Some(Self::used(self))
    }
}

fn main() {
    let people = std::env::args().nth(1).and_then(|people| people.parse().ok()).unwrap_or(300);
    let scim = ScimServer::start();
    println!("{people} people with an account and up to two groups each\n");
    println!(
        "{:<28} {:>9} {:>11} {:>18} {:>18} {:>10}",
        "PEER", "SECONDS", "ACCOUNTS/S", "REQUESTS/ACCOUNT", "OF ALLOWED RATE", "TOO MANY"
    );
    measure("OpenLDAP", people, &Through::slapd(Slapd::start()));
    measure("Active Directory (Samba)", people, &Through::samba(Samba::start().with_units()));
    measure("SCIM (scim2-server)", people, &Through::scim(&scim, "throughput"));
    measure("SCIM (Slack's dialect)", people, &DialectPeer::start("slack"));
    measure("Google Workspace", people, &GooglePeer::start());
    measure("Salesforce", people, &Org::start());
    measure("Microsoft Graph", people, &Graph::start());
}

fn measure(name: &str, people: usize, peer: &dyn Counting) {
    let mut declaration = peer.declaration();
    if let Some(endpoint) = peer.paced() {
        let table = format!("[target.app.endpoint.{endpoint}]\n");
        let rate = format!("{table}rate = {{ requests = {ALLOWED}, per = \"{}s\" }}\n", WINDOW.as_secs());
        declaration = declaration.replace(&table, &rate);
    }
    let company = Company::found(people, peer.connector(), &declaration);
    peer.put_secrets(&company.home);
    company.export();
    company.home.purser(&["import", "hr"]).done();
    peer.limit();
    let before = peer.requests();
    let began = now();
    company.home.purser(&["apply", "--patience", "600"]).done();
    let seconds = began.elapsed().as_secs_f64();
    let (requests, used) = (peer.requests() - before, peer.used());
    assert_eq!(peer.accounts().len(), people, "everybody has an account");
    let share = used.and_then(|used| used.share).map_or("-".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let too_many = used.map_or("-".to_owned(), |used| used.refused.to_string());
    let (rate, each) = (people as f64 / seconds, requests as f64 / people as f64);
    println!("{name:<28} {seconds:>9.1} {rate:>11.1} {each:>18.2} {share:>18} {too_many:>10}");
}

#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn now() -> Instant {
    Instant::now()
}
