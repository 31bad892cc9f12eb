//! The connector `scim` with each of its profiles, against a strict application in the vendor's dialect.

use purser_e2e::dialect_peer::DialectPeer;
use purser_e2e::scenario::{Company, Peer, Sizes, tell};
use purser_e2e::scim_cli::{Asked, ScimCli};
use purser_peers::scim::{Dialect, TOKEN};

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
fn a_company_in_an_application_that_keeps_to_the_rfcs_and_a_client_by_somebody_else_sees_it() {
    let peer = DialectPeer::start("rfc");
    let client = ScimCli { url: peer.url(), token: TOKEN };
    let asked = Asked::new(peer, client);
    tell(&asked, SIZES);
    assert_eq!(asked.peer.application.violations(), [""; 0], "requests that the RFCs do not know");
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

/// A company of fifty in an application that pages by cursor alone or, in pages of twenty, by index too.
fn paged(index: bool) -> (DialectPeer, Company) {
    let mut dialect = Dialect::named("rfc").expect("the standard is one of the dialects");
    (dialect.page.most, dialect.page.index) = (20, index);
    let peer = DialectPeer::start_with("rfc", dialect, String::new());
    let company = Company::found(50, peer.connector(), &peer.declaration());
    peer.put_secrets(&company.home);
    company.export();
    company.home.purser(&["import", "hr"]).done();
    company.home.purser(&["apply"]).done();
    (peer, company)
}

#[test]
fn a_class_is_listed_anew_when_its_cursor_expires_and_nobody_is_gone_for_it() {
    for index in [true, false] {
        let (peer, company) = paged(index);
        let pages = || peer.application.calls("GET /Users");
        let before = pages();
        let report = company.home.purser(&["reconcile", "app"]).done();
        assert_eq!((&report["gone"], pages() - before), (&0.into(), 3), "{report}");

        // The second page is refused: the first one comes again.
        peer.application.expire_cursors(1);
        let before = pages();
        let report = company.home.purser(&["reconcile", "app"]).done();
        assert_eq!((&report["gone"], pages() - before), (&0.into(), 5), "{report}");

        // A server whose cursors never last is not asked for ever.
        peer.application.expire_cursors(2);
        let failed = company.home.purser(&["reconcile", "app"]);
        assert_eq!(failed.code, Some(1), "{failed:?}");
        assert!(format!("{failed:?}").contains("cursor"), "{failed:?}");
        assert_eq!(peer.accounts().len(), 50);
        let report = company.home.purser(&["reconcile", "app"]).done();
        assert_eq!((&report["gone"], &report["changed"]), (&0.into(), &0.into()), "{report}");
        company.home.assert_in_step();
        assert_eq!(peer.application.violations(), [""; 0]);
    }
}

#[test]
fn a_list_that_shows_its_first_page_alone_makes_nobody_gone() {
    let peer = DialectPeer::start("aws-identity-center");
    peer.application.change(|dialect| dialect.page.first_only = true);
    let company = Company::found(60, peer.connector(), &peer.declaration());
    peer.put_secrets(&company.home);
    company.export();
    company.home.purser(&["import", "hr"]).done();
    let applied = company.home.purser(&["apply"]).done();
    assert_eq!(applied["refused"], 0, "{applied}");
    let made = peer.application.calls("POST /Users");
    let failed = company.home.purser(&["reconcile", "app"]);
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(format!("{failed:?}").contains("cut short"), "{failed:?}");
    company.home.purser(&["apply"]).done();
    assert_eq!((peer.accounts().len(), peer.application.calls("POST /Users")), (60, made));
    company.home.assert_in_step();
    assert_eq!(peer.application.violations(), [""; 0]);
}
