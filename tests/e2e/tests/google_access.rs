//! Google Workspace: what an operator is told when a scope, an API, a privilege or the service account itself is wrong.

use purser_e2e::google_peer::GooglePeer;
use purser_e2e::scenario::Peer;
use purser_e2e::scim_company::ScimCompany;
use purser_peers::google::{Behaviour, token};

/// What the check of a company says; nothing may be wrong before the change.
fn said(change: impl FnOnce(&mut Behaviour)) -> String {
    let peer = GooglePeer::start();
    let company = peer.company(1, |declared| declared);
    company.home.purser(&["check"]).done();
    peer.workspace.behave(change);
    let said = company.home.purser(&["check"]).ended_with(1).to_string();
    assert_eq!(peer.workspace.violations(), [""; 0]);
    said
}

#[track_caller]
fn assert_says(said: &str, parts: &[&str]) {
    for part in parts {
        assert!(said.contains(part), "`{part}` is missing in {said}");
    }
}

#[test]
fn a_privilege_that_the_administrator_lacks_is_named_as_the_console_names_it() {
    let privileges = [
        ("directory.users", "Admin API privileges > Users"),
        ("directory.groups", "Admin API privileges > Groups"),
        ("directory.orgunits", "Admin API privileges > Organizational Units"),
        ("directory.roles", "Super Admin"),
        ("directory.schemas", "Admin API privileges > Schema Management"),
        ("licensing.licenseAssignments", "Admin API privileges > License Management"),
    ];
    for (resource, privilege) in privileges {
        let said = said(|behaviour| behaviour.withheld = vec![resource.to_owned()]);
        assert_says(&said, &["missing-privilege", "Account > Admin roles", privilege]);
        assert_eq!(said.matches("missing-privilege").count(), 1, "{resource}: only this is missing: {said}");
    }
}

#[test]
fn an_api_that_is_switched_off_is_named_as_the_library_names_it() {
    let licensing = said(|behaviour| behaviour.disabled_apis = vec!["licensing".to_owned()]);
    assert_says(&licensing, &["api-disabled", "APIs & Services > Library", "Enterprise License Manager API"]);
    assert!(!licensing.contains("enable the Admin SDK API"), "{licensing}");
    let directory = said(|behaviour| behaviour.disabled_apis = vec!["directory".to_owned()]);
    assert_says(&directory, &["api-disabled", "APIs & Services > Library", "enable the Admin SDK API"]);
}

#[test]
fn a_scope_that_is_not_delegated_is_said_with_the_scopes_that_are_needed() {
    let said = said(|behaviour| behaviour.delegated.retain(|scope| scope != "admin.directory.group"));
    assert_says(
        &said,
        &["unauthorized_client", "Domain-wide delegation", "https://www.googleapis.com/auth/admin.directory.group"],
    );
    assert_eq!(said.matches("\"authentication-failed\"").count(), 1, "it is said once: {said}");
}

#[test]
fn a_scope_that_the_declaration_lacks_is_named_alone() {
    for name in ["group", "orgunit", "rolemanagement", "userschema"] {
        let peer = GooglePeer::start();
        let scope = format!("{}admin.directory.{name}", token::SCOPES);
        let company = peer.company(1, |declared| declared.replace(&format!(" {scope}"), ""));
        let said = company.home.purser(&["check"]).ended_with(1).to_string();
        assert_says(&said, &["missing-scope", &format!("the scope {scope} is missing"), "Domain-wide delegation"]);
        assert_eq!(said.matches("missing-scope").count(), 1, "{said}");
        assert_eq!(peer.workspace.violations(), [""; 0]);
    }
}

/// Checks, and demands that no call of the API was made: the token endpoint refuses the service account.
fn refused(peer: &GooglePeer, company: &ScimCompany) -> String {
    let said = company.home.purser(&["check"]).ended_with(1).to_string();
    assert!(peer.workspace.calls("token") > 0, "the token endpoint was asked");
    assert_eq!(peer.workspace.calls("directory.users.list"), 0, "nothing was listed: {said}");
    assert_says(&said, &["authentication-failed", "invalid_grant"]);
    said
}

#[test]
fn the_token_endpoint_refuses_every_claim_that_is_wrong() {
    let claims = [
        (token::CLIENT_EMAIL, "somebody@else.iam.gserviceaccount.com"),
        (token::ADMINISTRATOR, "nobody@example.com"),
        ("jwt_bearer = { ", "jwt_bearer = { audience = \"https://elsewhere.example/token\", "),
    ];
    for (right, wrong) in claims {
        let peer = GooglePeer::start();
        let company = peer.company(1, |declared| declared.replace(right, wrong));
        refused(&peer, &company);
    }
}

#[test]
fn an_assertion_that_another_key_signed_is_refused() {
    let peer = GooglePeer::start();
    let company = peer.company(1, |declared| declared);
    let other = include_str!("../../../host/broker/src/credential/tests/rsa-of-the-tests.pem");
    company.home.write("google-key.json", other);
    let said = refused(&peer, &company);
    assert!(!said.contains("PRIVATE KEY"), "no key is shown");
    peer.put_secrets(&company.home);
    company.home.purser(&["check"]).done();
}
