//! The same story with every kind of target, each asked with its own tools.

use purser_e2e::google_peer::GooglePeer;
use purser_e2e::salesforce_peer::Org;
use purser_e2e::samba::Samba;
use purser_e2e::scenario::{Sizes, tell};
use purser_e2e::scim_cli::{Asked, ScimCli};
use purser_e2e::scim_server::{ScimServer, TOKEN};
use purser_e2e::slapd::Slapd;
use purser_e2e::through::Through;
use purser_peers::graph::Graph;

#[test]
fn a_company_in_openldap() {
    let slapd = Through::slapd(Slapd::start());
    tell(&slapd, Sizes::USUAL);
    let counted = slapd.proxy.counted();
    assert!(counted.turned_away > 100 && counted.lost > 20, "{counted:?}");
}

#[test]
fn a_company_in_active_directory() {
    let samba = Through::samba(Samba::start().with_units());
    tell(&samba, Sizes::USUAL);
    let counted = samba.proxy.counted();
    assert!(counted.turned_away > 100 && counted.lost > 20, "{counted:?}");
}

#[test]
fn a_company_in_a_scim_application() {
    let server = ScimServer::start();
    let client = ScimCli { url: server.tenant("story").url(), token: TOKEN };
    let scim = Asked::new(Through::scim(&server, "story"), client);
    tell(&scim, Sizes::USUAL);
    let traffic = scim.peer.proxy.traffic();
    assert!(traffic.lost_writes > 0, "{traffic:?}");
}

#[test]
fn a_company_in_salesforce() {
    let org = Org::start();
    tell(&org, Sizes::USUAL);
    let given = org.salesforce.faults().counted();
    assert!(given.throttled > 0 && given.lost > 0, "{given:?}");
}

#[test]
fn a_company_in_google_workspace() {
    let google = GooglePeer::start();
    tell(&google, Sizes::USUAL);
    assert_eq!(google.workspace.violations(), [""; 0], "requests and answers that Google's description does not know");
}

#[test]
fn a_company_in_microsoft_entra() {
    let graph = Graph::start();
    tell(&graph, Sizes::USUAL);
    assert_eq!(graph.violations(), [""; 0], "requests and answers that Microsoft's description does not know");
}
