//! Webhooks: a real host tells a receiver of what happens, and the library of the Standard Webhooks specification verifies it.

use purser_e2e::home::Home;
use purser_e2e::receiver::{Receiver, Reply, verified};
use purser_e2e::secrecy::set;
use purser_e2e::served::{Served, eventually};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const FORMER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A home with a webhook that is told of tokens, which are quick to make.
fn home(receiver: &Receiver, further: &str) -> Home {
    let home = Home::new();
    home.declare("hooks", &webhook("siem", &receiver.url(), further));
    assert_eq!(set(&home, "signing", SECRET).0, 0);
    home
}

fn webhook(name: &str, url: &str, further: &str) -> String {
    let what = format!("url = \"{url}\"\nsecret = \"signing\"\nevents = [\"api-token-*\"]");
    format!("[webhook.{name}]\n{what}\n{further}\n")
}

/// Makes tokens; each is an event about its name.
fn make_tokens(served: &Served<'_>, names: &[&str]) {
    for name in names {
        served.post("/v1/tokens", &served.own_token(), &json!({"name": name, "role": "viewer"}));
    }
}

fn of_the_api(served: &Served<'_>, webhook: &str) -> Value {
    let (status, answer) = served.get("/v1/webhooks", Some(&served.own_token()));
    assert_eq!(status, 200, "{answer}");
    let items = answer["items"].as_array().expect("a list has items");
    items.iter().find(|one| one["name"] == webhook).cloned().unwrap_or_else(|| panic!("no {webhook} in {answer}"))
}

#[test]
fn events_come_in_order_signed_and_as_the_api_shows_them() {
    let receiver = Receiver::start(|_| Reply::ok());
    let home = home(&receiver, "");
    let served = Served::start(&home, &[]);
    make_tokens(&served, &["a", "b", "c", "d"]);
    eventually("all were told", || receiver.came().len() == 4);
    assert_eq!(receiver.subjects(), ["a", "b", "c", "d"]);

    let came = receiver.came();
    let bodies = verified(SECRET, &came);
    assert!(verified(FORMER, &came).iter().all(Value::is_null), "no other secret verifies");
    let events: Vec<Value> =
        served.list("/v1/events?").into_iter().filter(|event| event["kind"] == "api-token-made").collect();
    for ((body, event), delivery) in bodies.iter().zip(&events).zip(&came) {
        assert_eq!(body, &json!({"type": "api-token-made", "timestamp": event["at"], "data": event}));
        assert_eq!(delivery.target, "/hooks/in?tenant=7%2F1");
    }
    let mut forged = came[0].clone();
    forged.body = forged.body.replace("\"a\"", "\"z\"");
    assert_eq!(verified(SECRET, &[forged]), [Value::Null]);
    eventually("it is counted", || of_the_api(&served, "siem")["kept"]["delivered"] == 4);
    assert!(!of_the_api(&served, "siem").to_string().contains("tenant"), "a receiver's path and query are not shown");
    served.stop();
}

#[test]
fn what_failed_is_tried_again_with_the_same_id_and_holds_back_nobody() {
    let mut failures = 2;
    let receiver = Receiver::start(move |delivery| {
        if delivery.subject() == "b" && failures > 0 {
            failures -= 1;
            return Reply::of(500);
        }
        Reply::ok()
    });
    // It never answers.
    let dumb = Receiver::start(|_| Reply::Silence(Duration::from_secs(60)));
    let home = home(&receiver, "retry = [\"1s\", \"1s\"]");
    home.declare("dumb", &webhook("dumb", &dumb.url(), "timeout = \"60s\""));
    let served = Served::start(&home, &[]);
    make_tokens(&served, &["a", "b", "c"]);
    eventually("b was told at last", || receiver.came().len() == 5);
    let subjects = receiver.subjects();
    assert_eq!((subjects[..2].join(" "), subjects[2..].contains(&"c".to_owned())), ("a b".to_owned(), true));
    let ids: Vec<_> = receiver.came().into_iter().filter(|one| one.subject() == "b").map(|one| one.id).collect();
    assert!(ids.len() == 3 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    eventually("nothing waits", || {
        let kept = of_the_api(&served, "siem")["kept"].clone();
        kept["delivered"] == 3 && kept["failed"] == 2 && kept["waiting"] == 0
    });
    assert_eq!(dumb.came().len(), 1, "the other one is still waited for");
}

#[test]
fn a_receiver_that_asks_for_patience_is_left_alone() {
    let mut busy = true;
    let receiver =
        Receiver::start(
            move |_| {
                if std::mem::take(&mut busy) { Reply::with(429, "Retry-After", "2") } else { Reply::ok() }
            },
        );
    let home = home(&receiver, "retry = [\"10ms\"]");
    let served = Served::start(&home, &[]);
    make_tokens(&served, &["a"]);
    eventually("it was told once", || receiver.came().len() == 1);
    make_tokens(&served, &["b"]);
    eventually("all were told", || receiver.came().len() == 3);
    let came = receiver.came();
    assert!(came[1].after - came[0].after >= Duration::from_secs(2), "{came:?}");
    let mut told = receiver.subjects()[1..].to_vec();
    told.sort();
    assert_eq!(told, ["a", "b"]);
}

#[test]
fn a_receiver_that_is_gone_is_told_nothing_until_somebody_enables_it() {
    let receiver = Receiver::start(|_| Reply::of(410));
    let home = home(&receiver, "");
    let served = Served::start(&home, &[]);
    make_tokens(&served, &["a"]);
    eventually("it is disabled", || of_the_api(&served, "siem")["kept"]["disabled_at"].is_string());
    make_tokens(&served, &["b"]);
    let listed = home.purser(&["webhook", "list"]).done();
    assert!(listed[0]["kept"]["disabled_because"].as_str().is_some_and(|reason| reason.contains("410")), "{listed}");
    assert_eq!(receiver.subjects(), ["a"]);
    receiver.answers(|_| Reply::ok());
    assert_eq!(home.purser(&["webhook", "enable", "siem"]).done()["was_disabled"], true);
    eventually("it goes on where it was", || receiver.subjects() == ["a", "a", "b"]);
    assert_eq!(receiver.came()[0].id, receiver.came()[1].id);
}

#[test]
fn what_is_given_up_is_kept_and_delivered_when_somebody_says_so() {
    let receiver = Receiver::start(|_| Reply::of(503));
    let home = home(&receiver, "retry = [\"10ms\"]");
    let served = Served::start(&home, &[]);
    make_tokens(&served, &["a", "b"]);
    eventually("both are dead letters", || of_the_api(&served, "siem")["kept"]["dead_letters"] == 2);
    assert_eq!(receiver.came().len(), 4, "each was tried twice");
    let dead = home.purser(&["webhook", "dead", "siem"]).done();
    assert_eq!((&dead[0]["event"]["subject"], &dead[0]["attempts"]), (&json!("a"), &json!(2)), "{dead}");
    assert_eq!(dead[1]["reason"], "the receiver answered 503");
    let events = served.list("/v1/events?");
    assert_eq!(events.iter().filter(|event| event["kind"] == "webhook-dead-letter").count(), 2, "{events:?}");

    receiver.answers(|_| Reply::ok());
    let first = dead[0]["event"]["sequence"].to_string();
    assert_eq!(home.purser(&["webhook", "redeliver", "siem", &first]).done()["redelivered"], 1);
    eventually("the first is told", || receiver.came().len() == 5);
    let again = served.post("/v1/webhooks/siem/redelivery", &served.own_token(), &json!({}));
    assert_eq!(again["redelivered"], 1);
    eventually("the second is told", || receiver.came().len() == 6);
    eventually("none is left", || of_the_api(&served, "siem")["kept"]["dead_letters"] == 0);
    let ids: BTreeMap<String, String> = receiver.came().iter().map(|one| (one.id.clone(), one.subject())).collect();
    assert_eq!(ids.len(), 2, "each event has one id: {ids:?}");
    assert!(verified(SECRET, &receiver.came()).iter().all(Value::is_object), "an old event is signed anew");
    let audit = home.purser(&["audit", "list"]);
    assert_eq!(audit.output.matches("webhook-redelivered").count(), 2, "{}", audit.output);
}

#[test]
fn a_host_that_is_killed_loses_nothing() {
    let receiver = Receiver::start(|_| {
        std::thread::sleep(Duration::from_millis(3));
        Reply::ok()
    });
    let home = home(&receiver, "");
    let mut expected = Vec::new();
    for kill in 0..5 {
        let served = Served::start(&home, &[]);
        let names: Vec<String> = (0..12).map(|number| format!("token-{kill}-{number}")).collect();
        make_tokens(&served, &names.iter().map(String::as_str).collect::<Vec<_>>());
        expected.extend(names);
        assert!(served.process.kill_after(Duration::from_millis(30 * kill)), "it was killed while it served");
    }
    let served = Served::start(&home, &[]);
    eventually("everything was told", || {
        let told = receiver.subjects();
        expected.iter().all(|name| told.contains(name))
    });
    let mut first_seen = receiver.subjects();
    let mut seen = std::collections::BTreeSet::new();
    first_seen.retain(|subject| seen.insert(subject.clone()));
    assert_eq!(first_seen, expected, "in order, each at least once");
    let ids: BTreeMap<String, String> = receiver.came().iter().map(|one| (one.id.clone(), one.subject())).collect();
    assert_eq!(ids.len(), expected.len(), "what is told twice has one id");
    served.stop();
}

#[test]
fn while_the_secret_changes_both_sign() {
    let receiver = Receiver::start(|_| Reply::ok());
    let home = home(&receiver, "previous_secret = \"former\"");
    assert_eq!(set(&home, "former", FORMER).0, 0);
    let listed = home.purser(&["secret", "list"]).done();
    assert!(listed.as_array().is_some_and(|all| all.iter().all(|one| one["used_by"] == json!(["webhook siem"]))));
    let served = Served::start(&home, &[]);
    make_tokens(&served, &["a"]);
    eventually("it was told", || receiver.came().len() == 1);
    for secret in [SECRET, FORMER] {
        assert_eq!(verified(secret, &receiver.came())[0]["data"]["subject"], "a");
    }
    served.stop();
    // The receiver knows the new one by now.
    assert_eq!(home.purser(&["secret", "remove", "former", "--force"]).done()["name"], "former");
    let served = Served::start(&home, &[]);
    make_tokens(&served, &["b"]);
    eventually("it was told", || receiver.came().len() == 2);
    let last = &receiver.came()[1..];
    assert!(verified(SECRET, last)[0].is_object() && verified(FORMER, last)[0].is_null());
}

#[test]
fn a_test_says_what_the_receiver_makes_of_it() {
    let receiver = Receiver::start(|_| Reply::ok());
    let elsewhere = Receiver::start(|_| Reply::ok());
    let home = home(&receiver, "");
    home.declare("unset", &webhook("unset", &receiver.url(), "").replace("\"signing\"", "\"unset\""));
    let tested = home.purser(&["webhook", "test", "siem"]).done();
    assert_eq!((&tested["delivered"], &tested["id"]), (&json!(true), &json!(receiver.came()[0].id)));
    assert_eq!(verified(SECRET, &receiver.came())[0]["type"], "webhook-test");

    let url = elsewhere.url();
    receiver.answers(move |_| Reply::with(302, "Location", &url));
    let redirected = home.purser(&["webhook", "test", "siem"]).ended_with(1);
    let reason = redirected["reason"].as_str().unwrap_or_default();
    assert!(reason.contains("redirects are not followed"), "{redirected}");
    assert_eq!(elsewhere.came().len(), 0);
    let refused = home.purser(&["webhook", "test", "unset"]).complaint(1);
    assert!(refused.contains("`unset` is not set"), "{refused}");
    let checked = home.purser(&["check"]).ended_with(1);
    assert_eq!((checked.as_array().map(Vec::len), &checked[0]["subject"]), (Some(1), &json!("webhook unset")));

    let served = Served::start(&home, &[]);
    receiver.answers(|_| Reply::of(500));
    let tested = served.post("/v1/webhooks/siem/test", &served.own_token(), &json!({}));
    assert_eq!((&tested["delivered"], &tested["reason"]), (&json!(false), &json!("the receiver answered 500")));
    served.stop();
    let audit = home.purser(&["audit", "list"]).output;
    assert_eq!(audit.matches("webhook-tested").count(), 3, "{audit}");
}
