//! The first start of a host says with what one comes in: a token that is good for one thing.

use purser_e2e::home::Home;
use purser_e2e::people::{Policy, company};
use purser_e2e::served::{QUIET, Served};
use purser_e2e::visitor::Visitor;
use serde_json::{Value, json};

/// The token that this host has said, where it has.
fn said(served: &Served<'_>) -> Option<String> {
    let said = served.process.output();
    said.lines().map(str::trim).find(|line| line.starts_with("purser_")).map(str::to_owned)
}

fn tokens(home: &Home) -> Vec<Value> {
    home.purser(&["token", "list"]).done().as_array().expect("a list").clone()
}

/// Signs in to the console with this token; the status of the answer.
fn sign_in(visitor: &mut Visitor, served: &Served<'_>, token: &str) -> Option<u16> {
    let place = format!("http://{}/sign-in", served.address);
    let form = String::from_utf8_lossy(&visitor.get(&place).body).into_owned();
    let form_token = form.split("name=\"form_token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form_token = form_token.unwrap_or_else(|| panic!("no form in {form}"));
    visitor.post(&place, &format!("form_token={form_token}&token={token}")).status()
}

#[test]
fn the_token_of_the_first_start_makes_one_token_and_opens_nothing_else() {
    let home = company(Policy::default());
    let served = Served::start(&home, &QUIET);
    let token = said(&served).expect("the first start says a token");
    assert_ne!(token, served.own_token());
    let (status, problem) = served.get("/v1/identities", Some(&token));
    assert_eq!((status, problem["code"].as_str()), (403, Some("forbidden")), "{problem}");
    let make =
        |name: &str| served.ask("POST", "/v1/tokens", Some(&token), Some(&json!({"name": name, "role": "admin"})));
    assert_eq!(make("host").0, 409, "this name is taken, and nothing was made");

    // As the host says it.
    home.set_variable("PURSER_TOKEN", &token);
    let url = format!("http://{}", served.address);
    let made = home.purser(&["--server", &url, "token", "create", "ada", "--role", "admin"]).done();
    assert_eq!(served.get("/v1/identities", made["token"].as_str()).0, 200);
    assert_eq!(make("eve").0, 401, "it is used up");
    let audited = served.list("/v1/audit?action=api-token-made&");
    assert_eq!(audited[0]["actor"], "api:first-start", "{audited:?}");
    served.stop();

    let served = Served::start(&home, &QUIET);
    assert_eq!(said(&served), None, "this is not the first start");
    assert_eq!(served.get("/v1/identities", made["token"].as_str()).0, 200);
    served.stop();
    assert_eq!(tokens(&home).len(), 1);
}

#[test]
fn the_token_of_the_first_start_signs_in_once_and_makes_tokens_in_the_console() {
    let home = company(Policy::default());
    let served = Served::start(&home, &QUIET);
    let token = said(&served).expect("the first start says a token");
    let (mut ada, mut eve) = (Visitor::default(), Visitor::default());
    assert_eq!(sign_in(&mut ada, &served, &token), Some(303));
    assert_eq!(sign_in(&mut eve, &served, &token), Some(401), "it is used up");
    assert_eq!(served.get("/v1/caller", Some(&token)).0, 401);
    for path in ["/", "/tokens", "/declarations"] {
        let page = ada.get(&format!("http://{}{path}", served.address));
        assert_eq!(page.status(), Some(200), "{path}: {}", String::from_utf8_lossy(&page.body));
    }
    served.stop();
    assert!(tokens(&home).is_empty(), "it was never in the store");
}
