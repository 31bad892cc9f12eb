//! The same story with every kind of target, each asked with its own tools.

use purser_e2e::salesforce_peer::Org;
use purser_e2e::samba::Samba;
use purser_e2e::scenario::{Sizes, tell};
use purser_e2e::scim_server::ScimServer;
use purser_e2e::slapd::Slapd;
use purser_peers::graph::Graph;

#[test]
fn a_company_in_openldap() {
    tell(&Slapd::start(), Sizes::USUAL);
}

#[test]
fn a_company_in_active_directory() {
    tell(&Samba::start().with_units(), Sizes::USUAL);
}

#[test]
fn a_company_in_a_scim_application() {
    tell(&ScimServer::start().tenant("story"), Sizes::USUAL);
}

#[test]
fn a_company_in_salesforce() {
    tell(&Org::start(), Sizes::USUAL);
}

#[test]
fn a_company_in_microsoft_entra() {
    let graph = Graph::start();
    tell(&graph, Sizes::USUAL);
    assert_eq!(graph.violations(), [""; 0], "requests and answers that Microsoft's description does not know");
}
