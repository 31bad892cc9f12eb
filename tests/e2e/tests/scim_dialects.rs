//! The connector `scim` with each of its profiles, against a strict application in the vendor's dialect.

use purser_e2e::dialect_peer::DialectPeer;
use purser_e2e::scenario::{Sizes, tell};

/// More people than fit into a page or a PATCH of any dialect.
const SIZES: Sizes = Sizes { joiners: 120, movers: 12, leavers: 8, rehires: 4, drifted: 4, adopted: 4 };

/// Tells the story with an application in this dialect, and demands that it understood everything.
fn tell_in(dialect: &str) {
    let peer = DialectPeer::start(dialect);
    tell(&peer, SIZES);
    assert_eq!(peer.application.violations(), [""; 0], "requests that {dialect} does not know");
    let given = peer.application.faults.counted();
    assert!(given.throttled > 0 && given.lost > 0, "{given:?}");
}

#[test]
fn a_company_in_an_application_that_keeps_to_the_rfcs() {
    tell_in("rfc");
}

#[test]
fn a_company_in_aws_iam_identity_center() {
    tell_in("aws-identity-center");
}

#[test]
fn a_company_in_an_application_made_for_entra() {
    tell_in("entra");
}

#[test]
fn a_company_in_github() {
    tell_in("github");
}

#[test]
fn a_company_in_an_application_made_for_okta() {
    tell_in("okta");
}

#[test]
fn a_company_in_pagerduty() {
    tell_in("pagerduty");
}

#[test]
fn a_company_in_salesforce_by_scim() {
    tell_in("salesforce");
}

#[test]
fn a_company_in_slack() {
    tell_in("slack");
}
