//! Accounts that may belong to somebody: a person decides, with the real program.

use purser_e2e::doubt::home;
use purser_e2e::home::Home;
use purser_e2e::served::{QUIET, Served, eventually};
use serde_json::{Value, json};

fn accounts(home: &Home) -> Vec<String> {
    home.read("directory/accounts.csv").lines().skip(1).map(str::to_owned).collect()
}

fn only(list: &Value) -> &Value {
    let [one] = list.as_array().expect("a list").as_slice() else { panic!("one was expected: {list}") };
    one
}

#[test]
fn two_accounts_that_match_are_a_case_and_the_one_that_is_chosen_is_brought_into_shape() {
    let home = home("a.berg,anna@example.org,,true\nberg.a,Anna@example.org,,true\n");
    let before = accounts(&home);
    assert_eq!(before.len(), 2, "nothing was created and nothing taken over: {before:?}");
    let listed = home.purser(&["case", "list"]).done();
    let case = only(&listed);
    assert_eq!((&case["state"], &case["reference"]), (&Value::from("open"), &Value::from("hr/1")));
    let id = case["id"].as_str().expect("an id");
    let shown = home.purser(&["case", "show", id]).done();
    assert_eq!(shown["accounts"].as_array().map(Vec::len), Some(2), "{shown}");
    let explained = home.purser(&["explain", "hr/1"]).done();
    assert_eq!(only(&explained["cases"])["id"], case["id"], "{explained}");
    home.purser(&["case", "link", id, "berg.a"]).done();
    assert_eq!(home.purser(&["explain", "hr/1"]).done()["cases"], Value::Array(Vec::new()), "the case is closed");
    home.purser(&["apply"]).done();
    assert_eq!(accounts(&home), ["a.berg,anna@example.org,,true", "berg.a,anna@example.org,Dr,true"]);
    assert_eq!(home.purser(&["case", "list"]).done(), Value::Array(Vec::new()));
    let linked = home.purser(&["account", "list", "--situation", "linked"]).done();
    assert_eq!(only(&linked)["remote_id"], "berg.a");
}

#[test]
fn none_of_them_makes_a_new_account() {
    let home = home("a.berg,anna@example.org,,true\nberg.a,anna@example.org,,true\n");
    let listed = home.purser(&["case", "list"]).done();
    let id = only(&listed)["id"].as_str().expect("an id").to_owned();
    home.purser(&["case", "create", &id]).done();
    home.purser(&["apply"]).done();
    assert!(accounts(&home).contains(&"anna,anna@example.org,Dr,true".to_owned()), "{:?}", accounts(&home));
    assert_eq!(accounts(&home).len(), 3);
}

#[test]
fn a_protected_account_is_not_touched_and_not_given_to_anybody() {
    let home = home("svc-mail,anna@example.org,,true\n");
    assert_eq!(accounts(&home), ["svc-mail,anna@example.org,,true"]);
    let protected = home.purser(&["account", "list", "--situation", "protected"]).done();
    assert_eq!(only(&protected)["remote_id"], "svc-mail");
    let said = home.purser(&["account", "link", "directory/svc-mail", "hr/1"]).complaint(1);
    assert!(said.contains("protected"), "{said}");
    home.purser(&["apply"]).done();
    assert_eq!(accounts(&home), ["svc-mail,anna@example.org,,true"]);
}

#[test]
fn over_the_api_a_person_decides_and_an_account_is_given_and_taken() {
    let home = home("a.berg,anna@example.org,,true\nberg.a,anna@example.org,,true\n");
    let served = Served::start(&home, &QUIET);
    let token = served.own_token();
    let open = served.list("/v1/cases?state=open&");
    let case = format!("/v1/cases/{}", open[0]["id"].as_str().expect("an id"));
    let read = served.get(&case, Some(&token)).1;
    assert_eq!((read["decision"].is_null(), read["accounts"].as_array().map(Vec::len)), (true, Some(2)), "{read}");
    let account = read["accounts"][0]["id"].as_str().expect("an id").to_owned();
    let decided = served.post(&format!("{case}/decision"), &token, &json!({"decision": "link", "account": account}));
    assert_eq!((&decided["decision"], &decided["account"]), (&json!("link"), &json!(account)), "{decided}");
    let link = format!("/v1/accounts/{account}/link");
    // The host brings the account into shape at once: until that has ended nobody takes it away.
    eventually("the account can be taken away", || match served.ask("DELETE", &link, Some(&token), None) {
        (204, _) => true,
        (409, problem) if problem["detail"].as_str().is_some_and(|detail| detail.contains("under way")) => false,
        (status, answer) => panic!("{status} {answer}"),
    });
    let linked = served.post(&link, &token, &json!({"identity": read["identity"]}));
    assert_eq!((&linked["identity"], &linked["situation"]), (&read["identity"], &json!("linked")), "{linked}");
    served.stop();
}
