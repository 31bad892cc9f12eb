//! Tokens that the host fetches: a whole company is provisioned with them, and nothing secret stays anywhere.

use purser_e2e::scim_company::{CAREFUL, ScimCompany};
use purser_e2e::scim_server::{ScimServer, TOKEN};
use purser_e2e::secrecy::{assert_nowhere, set};
use purser_e2e::token_server::TokenServer;
use std::fs;

/// It is planted, and looked for afterwards.
const CANARY: &str = "canary-5f0c7b1e9d";

/// A company whose application takes tokens of this server; `shown` says what is shown for them.
fn company(url: &str, tokens: &TokenServer, shown: &str) -> ScimCompany {
    let company = ScimCompany::found(6, url, CAREFUL);
    fs::remove_file(company.home.path("token")).expect("the token's file is there");
    let declared = company.home.read("declarations/app.toml");
    let oauth2 = format!("oauth2 = {{ token_url = \"{}\", client_id = \"purser\", {shown} }}", tokens.url());
    let by_token = declared.replace("bearer = { file = \"../token\" }", &oauth2);
    assert_ne!(declared, by_token);
    company.home.declare("app", &by_token);
    company
}

const BY_SECRET: &str = "client_secret = { secret = \"app-client\" }, client_authentication = \"post\"";

#[test]
fn a_company_is_provisioned_with_tokens_and_a_planted_secret_is_found_nowhere() {
    let (server, tokens) = (ScimServer::start(), TokenServer::start(CANARY, TOKEN));
    let app = server.tenant("tokens");
    let mut company = company(&app.url(), &tokens, BY_SECRET);
    let home = &company.home;
    assert_eq!(set(home, "app-client", CANARY).0, 0);

    let said = [
        home.purser(&["check"]),
        home.purser(&["-v", "-v", "import", "hr"]),
        home.purser(&["plan"]),
        home.purser(&["-v", "-v", "apply"]),
        home.purser(&["-v", "-v", "reconcile", "app"]),
    ];
    for (answer, code) in said.iter().zip([0, 0, 3, 0, 0]) {
        answer.ended_with(code);
    }
    company.assert_mirrored_in(&app);
    assert_eq!(tokens.requests(), 4, "one for each process that reached the target");

    company.change(0, |person| person.status = "left".to_owned());
    company.import_and_apply();
    company.assert_mirrored_in(&app);
    let home = &company.home;
    let looked = [
        home.purser(&["explain", "hr/E0001"]),
        home.purser(&["audit", "list"]),
        home.purser(&["events"]),
        home.purser(&["log"]),
        home.purser(&["insight", "accounts"]),
        home.purser(&["secret", "list"]),
        home.purser(&["status"]),
    ];
    for answer in &looked {
        assert_eq!(answer.code, Some(0), "{answer:?}");
    }
    let all: Vec<_> = said.iter().chain(&looked).collect();
    assert_nowhere(home, CANARY, &all);
    assert_nowhere(home, TOKEN, &all);
}

#[test]
fn a_client_that_is_refused_is_said_with_endpoint_and_code_and_rests() {
    let (server, tokens) = (ScimServer::start(), TokenServer::start("another", TOKEN));
    let company = company(&server.tenant("refused").url(), &tokens, BY_SECRET);
    let home = &company.home;
    assert_eq!(set(home, "app-client", CANARY).0, 0);
    let checked = home.purser(&["check"]);
    let finding = checked.ended_with(1).to_string();
    assert!(finding.contains("authentication-failed"), "{finding}");
    assert!(finding.contains("endpoint `scim`") && finding.contains("invalid_client"), "{finding}");

    home.purser(&["import", "hr"]).done();
    let applied = home.purser(&["apply"]);
    let resting = home.purser(&["quarantine", "list"]).done();
    assert_eq!(resting["targets"][0]["target"], "app", "{resting}");
    assert_nowhere(home, CANARY, &[&checked, &applied]);
}

#[test]
fn a_refresh_token_that_the_server_replaces_survives_every_start() {
    let (server, tokens) = (ScimServer::start(), TokenServer::start("none", TOKEN));
    let app = server.tenant("refreshed");
    let company = company(&app.url(), &tokens, "refresh_token = { secret = \"app-refresh\" }");
    let home = &company.home;
    let missing = home.purser(&["check"]).ended_with(1).to_string();
    assert!(missing.contains("purser secret set app-refresh"), "{missing}");

    assert_eq!(set(home, "app-refresh", "refresh-1").0, 0);
    home.purser(&["check"]).done();
    company.import_and_apply();
    company.assert_mirrored_in(&app);
    home.purser(&["check"]).done();
    assert_eq!(tokens.refresh_token(), "refresh-4", "each start shows one");
    let listed = home.purser(&["secret", "list"]).done();
    assert_eq!(listed[0]["version"], 4, "{listed}");
    home.purser(&["audit", "verify"]).done();
    for kept in ["refresh-1", "refresh-2", "refresh-3", "refresh-4"] {
        assert_nowhere(home, kept, &[]);
    }
}
