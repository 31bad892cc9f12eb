//! Who comes in.

use crate::person::Person;
use purser_e2e::http::{Message, exchange};
use purser_e2e::people::staffed;
use purser_e2e::served::{QUIET, Served};

/// An answer to a request without a browser.
fn plain(served: &Served<'_>, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Message {
    let mut all = vec![("Host".to_owned(), served.address.to_string())];
    all.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let first_line = format!("{method} {path} HTTP/1.1");
    exchange(served.address, &Message { first_line, headers: all, body: body.as_bytes().to_vec() }).expect("an answer")
}

#[test]
fn without_a_session_there_is_nothing_but_the_form_to_sign_in() {
    let (home, _people) = staffed(1);
    let served = Served::start(&home, &QUIET);
    let answer = plain(&served, "GET", "/", &[], "");
    assert_eq!((answer.status(), answer.header("location")), (Some(303), Some("/sign-in")));
    let form = plain(&served, "GET", "/sign-in", &[], "");
    assert_eq!(form.status(), Some(200));
    let policy = form.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let cookie = form.header("set-cookie").unwrap_or_default();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    // The token of the API itself is no way in: pages know sessions alone.
    let bearer = format!("Bearer {}", served.own_token());
    assert_eq!(plain(&served, "GET", "/", &[("Authorization", &bearer)], "").status(), Some(303));
    assert_eq!(plain(&served, "POST", "/plans", &[("Authorization", &bearer)], "targets=").status(), Some(303));
    assert_eq!(served.list("/v1/plans?").len(), 0);
    served.stop();
}

#[test]
fn who_signs_in_first_does_so_with_the_hosts_own_token_and_makes_tokens_that_can_be_revoked() {
    let (home, _people) = staffed(1);
    let served = Served::start(&home, &QUIET);
    let first = Person::signed_in(&served, &served.own_token());
    first.go("/tokens");
    first.browser.type_into("input[name=name]", "otto");
    first.browser.choose("select[name=role]", "operator");
    first.browser.follow("form[action='/tokens'] button");
    let token = first.browser.text("code.secret");
    first.browser.picture(&purser_e2e::browser::pictures().join("token-made.png"));

    let otto = Person::signed_in(&served, &token);
    assert!(otto.browser.text(".who").contains("operator"), "{}", otto.browser.text(".who"));
    first.go("/tokens");
    assert!(!first.browser.text("main").contains(&token), "it is shown once");
    first.browser.follow("form[action='/tokens/otto/revocation'] button");
    assert!(first.browser.text(".said").contains("opens nothing any more"), "{}", first.browser.text("main"));
    otto.go("/targets");
    assert!(otto.browser.url().ends_with("/sign-in"), "who is signed in with it is out: {}", otto.browser.url());
    assert_eq!(served.get("/v1/targets", Some(&token)).0, 401);
    drop((first, otto));
    served.stop();
}
