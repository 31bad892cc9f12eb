//! The rate that is declared for an endpoint: the target is never asked more, also where it would not say how long to wait.

use purser_e2e::dialect_peer::DialectPeer;
use purser_e2e::google_peer::GooglePeer;
use purser_e2e::scenario::{Company, Peer};
use purser_peers::Used;
use std::time::Duration;

const PEOPLE: usize = 20;
/// What is declared, in one second ...
const REQUESTS: u64 = 10;
/// ... and what the emulators take: a little more, since a loaded machine may hold a request back on its way.
const TAKEN: u64 = 12;
const PER: Duration = Duration::from_secs(1);

/// A company whose accounts are made within the rate.
fn provision(peer: &impl Peer, endpoint: &str) {
    let table = format!("[target.app.endpoint.{endpoint}]\n");
    let rate = format!("{table}rate = {{ requests = {REQUESTS}, per = \"1s\" }}\n");
    let declaration = peer.declaration().replace(&table, &rate);
    let company = Company::found(PEOPLE, peer.connector(), &declaration);
    peer.put_secrets(&company.home);
    company.export();
    company.home.purser(&["import", "hr"]).done();
    let applied = company.home.purser(&["apply", "--patience", "120"]).done();
    assert_eq!((&applied["refused"], &applied["unknown"]), (&0.into(), &0.into()), "{applied}");
}

/// A machine that stands still for a moment lets requests arrive closer to each other than they were sent: of twenty one may be too many.
fn assert_within(used: Used) {
    assert!(used.passed > PEOPLE as u64 && used.refused * 20 <= used.passed, "{used:?}");
}

#[test]
fn google_is_not_asked_more_than_its_quota() {
    let peer = GooglePeer::start();
    peer.workspace.allow(TAKEN, PER);
    provision(&peer, "directory");
    let used = peer.workspace.used();
    assert_within(used);
    assert_eq!(peer.workspace.users().len(), PEOPLE);
}

#[test]
fn a_scim_application_is_not_asked_more_than_it_takes() {
    let peer = DialectPeer::start("aws-identity-center");
    peer.application.allow(TAKEN, PER, 429, false);
    provision(&peer, "scim");
    let used = peer.application.used().unwrap();
    assert_within(used);
    assert_eq!(peer.accounts().len(), PEOPLE);
}
