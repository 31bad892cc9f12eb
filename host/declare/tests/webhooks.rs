//! Webhooks.

use purser_declare::{DeclarationErrors, Declarations, load};
use std::time::Duration;

fn declared(text: &str) -> Result<Declarations, DeclarationErrors> {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("a.toml"), text).expect("written");
    load(directory.path())
}

/// The mistakes of a webhook, without the file.
fn mistakes(further: &str) -> Vec<String> {
    let text = format!("[webhook.siem]\n{further}\n");
    let errors = declared(&text).expect_err("there are mistakes").to_string();
    errors.lines().map(|line| line.split_once("a.toml:").expect("the file is named").1.to_owned()).collect()
}

#[test]
fn a_webhook_is_read_with_all_its_keys() {
    let declarations = declared(
        r#"
[webhook.siem]
url = "https://siem.example/in?tenant=7"
events = ["operation-applied", "identity-*"]
secret = "siem-signing"
previous_secret = "siem-signing-2025"
retry = ["5s", "1h"]
rate = { calls = 10, per = "1s", concurrency = 2 }
timeout = "3s"
from_start = true
addresses = ["10.0.0.7:443"]
ca = "siem.pem"
[webhook.bare]
url = "http://127.0.0.1:8080/"
secret = "bare"
"#,
    )
    .expect("it is right");
    let webhooks = &declarations.configuration.webhooks;
    let siem = &webhooks[&"siem".parse().expect("a name")];
    assert_eq!(siem.url.as_str(), "https://siem.example/in?tenant=7");
    assert!(siem.wants("identity-changed") && !siem.wants("run-started"));
    assert_eq!(siem.secret.as_str(), "siem-signing");
    assert_eq!(siem.previous_secret.as_ref().map(purser_model::id::SecretName::as_str), Some("siem-signing-2025"));
    assert_eq!(siem.retry, [Duration::from_secs(5), Duration::from_hours(1)]);
    assert_eq!(siem.rate.map(|rate| (rate.calls, rate.concurrency)), Some((10, 2)));
    assert_eq!((siem.timeout, siem.from_start, siem.addresses.len()), (Duration::from_secs(3), true, 1));
    assert!(siem.ca.as_ref().is_some_and(|path| path.is_absolute() && path.ends_with("siem.pem")));
    let bare = &webhooks[&"bare".parse().expect("a name")];
    assert_eq!((bare.retry.len(), bare.timeout, bare.from_start), (9, Duration::from_secs(15), false));
    assert!(bare.wants("anything"));
}

#[test]
fn every_mistake_is_named_with_its_place() {
    assert_eq!(
        mistakes(""),
        [
            "1:10: webhook.siem: `url` is missing: write for example `url = \"https://hooks.example/purser\"`",
            "1:10: webhook.siem: `secret` is missing: write for example `secret = \"name of a secret\"`",
        ]
    );
    let here = |further: &str| mistakes(&format!("secret = \"s\"\nurl = \"https://a.example/\"\n{further}"));
    for (further, expected) in [
        ("events = []", "4:10: webhook.siem.events: a webhook without events is never told anything"),
        ("events = [\"Run\"]", "4:11: webhook.siem.events[0]: `Run` names no events"),
        ("retry = [\"5\"]", "4:10: webhook.siem.retry[0]: `5` is no duration"),
        ("retry = [\"8d\"]", "4:10: webhook.siem.retry[0]: this is too long: write at most 604800s"),
        ("timeout = \"6m\"", "4:11: webhook.siem.timeout: this is too long: write at most 300s"),
        ("rate = { calls = 0, per = \"1s\" }", "4:18: webhook.siem.rate.calls: write a whole number from 1"),
        ("from_start = 1", "4:14: webhook.siem.from_start: this is a number; write true or false"),
        ("addresses = [\"10.0.0.7\"]", "4:14: webhook.siem.addresses[0]: "),
        ("event = [\"*\"]", "4:1: webhook.siem.event: unknown key; did you mean `events`?"),
    ] {
        let said = here(further);
        assert!(said.len() == 1 && said[0].starts_with(expected), "{further}: {said:?}");
    }
    let waits = vec!["\"1s\""; 51].join(", ");
    assert_eq!(here(&format!("retry = [{waits}]")), ["4:9: webhook.siem.retry: write at most 50 waits"]);
}

#[test]
fn a_url_in_clear_or_with_a_credential_is_refused_and_not_repeated() {
    for url in ["http://hooks.example/", "ftp://hooks.example/", "http://localhost.example/"] {
        let said = mistakes(&format!("secret = \"s\"\nurl = \"{url}\""));
        assert!(said[0].starts_with("3:7: webhook.siem.url: events go to https:// URLs"), "{said:?}");
    }
    let said = mistakes("secret = \"s\"\nurl = \"https://user:hunter2@hooks.example/\"");
    assert!(said[0].contains("leave user name") && !said[0].contains("hunter2"), "{said:?}");
    let said = mistakes("secret = \"whsec_c2VjcmV0+/=\"\nurl = \"https://hooks.example/\"");
    assert!(said[0].contains("no name of a secret") && !said[0].contains("c2VjcmV0"), "{said:?}");
}

#[test]
fn a_webhook_has_a_name() {
    let one = "url = \"https://a.example/\"\nsecret = \"s\"\n";
    let errors = declared(&format!("[webhook.\"a b\"]\n{one}")).expect_err("no name").to_string();
    assert!(errors.contains("`a b` is not a name"), "{errors}");
}
