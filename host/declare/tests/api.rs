//! How the API is served.

use purser_declare::{DeclarationErrors, Declarations, load};
use purser_model::api::{ApiLimits, ApiRules, Quota};
use std::time::Duration;

fn declared(text: &str) -> Result<Declarations, DeclarationErrors> {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("a.toml"), text).expect("written");
    load(directory.path())
}

fn rules(text: &str) -> ApiRules {
    declared(text).expect("it is right").configuration.api
}

/// The mistakes, without the file.
fn mistakes(text: &str) -> Vec<String> {
    let errors = declared(text).expect_err("there are mistakes").to_string();
    errors.lines().map(|line| line.split_once("a.toml:").expect("the file is named").1.to_owned()).collect()
}

#[test]
fn what_is_not_said_is_as_usual() {
    assert_eq!(rules(""), ApiRules::default());
    let rules = rules(
        r#"
[api]
certificate = "tls/chain.pem"
key = "tls/key.pem"
[api.limits]
requests = { calls = 100, per = "1s" }
wrong_tokens = { calls = 5, per = "1m" }
concurrent_requests = 10
concurrent_requests_per_token = 2
streams_per_token = 3
"#,
    );
    let tls = rules.tls.expect("both files are named");
    assert!(tls.certificate.is_absolute() && tls.certificate.ends_with("tls/chain.pem"), "{tls:?}");
    assert!(tls.key.ends_with("tls/key.pem"), "{tls:?}");
    let usual = ApiLimits::default();
    let expected = ApiLimits {
        requests: Quota { calls: 100, per: Duration::from_secs(1) },
        wrong_tokens: Quota { calls: 5, per: Duration::from_secs(60) },
        concurrent_requests: 10,
        concurrent_requests_per_token: 2,
        streams_per_token: 3,
        ..usual
    };
    assert_eq!(rules.limits, expected);
}

#[test]
fn every_mistake_is_named_with_its_place() {
    assert_eq!(
        mistakes("[api]\nkey = \"key.pem\"\n"),
        ["1:2: api: `certificate` is missing: TLS needs both `certificate` and `key`"]
    );
    assert_eq!(
        mistakes("[api.limits]\nrequests = { calls = 0, per = \"2h\" }\nstreams = -1\nstream = 1\n"),
        [
            "2:22: api.limits.requests.calls: write a whole number from 1 to 1000000",
            "2:31: api.limits.requests.per: write a time of more than nothing and at most 3600s",
            "3:11: api.limits.streams: write a whole number from 1 to 100000",
            "4:1: api.limits.stream: unknown key; did you mean `streams`?",
        ]
    );
}
