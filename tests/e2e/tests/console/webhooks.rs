//! Receivers of events are seen, tried and delivered to again in a browser.

use crate::person::Person;
use purser_e2e::home::Home;
use purser_e2e::receiver::{Receiver, Reply};
use purser_e2e::secrecy::set;
use purser_e2e::served::{QUIET, Served, eventually};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn a_webhook_is_tried_and_what_was_given_up_is_delivered_again_in_a_browser() {
    let takes = Arc::new(AtomicBool::new(false));
    let taking = takes.clone();
    let receiver = Receiver::start(move |_| if taking.load(Ordering::SeqCst) { Reply::ok() } else { Reply::of(500) });
    let home = Home::new();
    let declared = format!(
        "[webhook.siem]\nurl = \"{}\"\nsecret = \"signing\"\nevents = [\"api-token-*\"]\nretry = [\"1s\"]\n",
        receiver.url()
    );
    home.declare("hooks", &declared);
    assert_eq!(set(&home, "signing", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").0, 0);
    let served = Served::start(&home, &QUIET);
    let operator = Person::signed_in(&served, &home.api_token("otto", "operator"));
    let browser = &operator.browser;
    eventually("the news of the token is given up", || {
        operator.go("/webhooks/siem");
        browser.text("main").contains("api-token-made")
    });
    operator.inspect("webhooks", "/webhooks");
    operator.inspect("webhook", "/webhooks/siem");
    browser.follow("button[value=test]");
    assert!(browser.text(".said").contains("not taken"), "{}", browser.text("main"));
    takes.store(true, Ordering::SeqCst);
    browser.follow("button[value=test]");
    assert!(browser.text(".said").contains("took the test"), "{}", browser.text("main"));
    browser.follow("button[value=redeliver]");
    assert!(browser.text(".said").contains("1 delivery is tried again"), "{}", browser.text("main"));
    eventually("it is delivered", || {
        let (_, shown) = served.get("/v1/webhooks/siem", Some(&served.own_token()));
        shown["kept"]["delivered"] == 1 && shown["kept"]["dead_letters"] == 0
    });
    assert!(receiver.subjects().contains(&"otto".to_owned()), "{:?}", receiver.subjects());
    drop(operator);
    served.stop();
}
