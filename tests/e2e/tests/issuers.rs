//! Tokens of a real issuer open the API, each with the role that its claims give; what is forged, stale or for somebody else opens nothing.

use purser_e2e::home::Home;
use purser_e2e::issuer::Issuer;
use purser_e2e::people::staffed;
use purser_e2e::served::{QUIET, Served, eventually};
use purser_e2e::tls::Authority;
use serde_json::{Value, json};

/// A host with a company that trusts this issuer.
fn home(issuer: &Issuer, lines: &str) -> Home {
    let (home, _people) = staffed(1);
    home.declare("issuer", &issuer.declaration("corp", lines));
    // Wrong tokens are tried here as fast as they are made.
    home.declare("api", "[api.limits]\nwrong_tokens = { calls = 100000, per = \"1s\" }\n");
    home
}

fn ask(served: &Served<'_>, token: &str) -> (u16, Value) {
    served.get("/v1/caller", Some(token))
}

/// That a token opens nothing, with this status, code and word.
#[track_caller]
fn assert_refused(served: &Served<'_>, token: &str, status: u16, code: &str, word: &str) {
    let (got, problem) = ask(served, token);
    assert_eq!((got, problem["code"].as_str()), (status, Some(code)), "{problem}");
    let detail = problem["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(word), "{detail}");
    assert!(!detail.contains(token), "the token is repeated");
}

#[test]
fn a_service_opens_the_api_with_a_token_of_its_issuer() {
    let issuer = Issuer::start();
    let home = home(&issuer, "");
    let served = Served::start(&home, &QUIET);
    for algorithm in ["RS256", "ES256"] {
        let (status, caller) = ask(&served, &issuer.token(algorithm));
        assert_eq!(status, 200, "{caller}");
        assert_eq!(caller, json!({"name": format!("corp/svc-{algorithm}"), "role": "viewer", "may": ["read"]}));
    }
    let viewer = issuer.token("RS256");
    assert_eq!(served.get("/v1/identities", Some(&viewer)).0, 200);
    assert_eq!(served.ask("POST", "/v1/plans", Some(&viewer), Some(&json!({}))).0, 403);

    // An owner sees and works with its own target and nothing else; what it does is audited under its name.
    let owner = issuer.token("EdDSA");
    let (_, caller) = ask(&served, &owner);
    assert_eq!((&caller["role"], &caller["targets"]), (&json!("owner"), &json!(["crm"])));
    assert_eq!(served.get("/v1/targets/crm", Some(&owner)).0, 200);
    assert_eq!(served.get("/v1/targets/directory", Some(&owner)).0, 404);
    let admin = served.own_token();
    assert_eq!(served.get("/v1/targets/directory", Some(&admin)).0, 200);
    let run = json!({"kind": "reconciliation", "target": "crm"});
    assert!(served.ask("POST", "/v1/runs", Some(&owner), Some(&run)).0 < 300);
    eventually("the run is audited under the name of who asked", || {
        !served.list("/v1/audit?actor=api:corp/svc-EdDSA&").is_empty()
    });
    served.stop();
}

#[test]
fn what_is_forged_or_for_somebody_else_opens_nothing() {
    let (issuer, other) = (Issuer::start(), Issuer::start());
    let home = home(&issuer, "");
    home.declare("other", &other.declaration("other", ""));
    let served = Served::start(&home, &QUIET);
    let forge = |kind: &str, algorithm: &str, claims: Value, header: Value| {
        issuer.forge(kind, algorithm, &issuer.claims(&claims), &header)
    };
    let none = || json!({});
    assert_eq!(
        ask(&served, &forge("signed", "ES256", none(), none())).1["name"],
        "corp/forger",
        "what is changed below was good"
    );

    for algorithm in ["RS256", "ES256", "EdDSA"] {
        let confused = forge("confused", algorithm, none(), none());
        assert_refused(&served, &confused, 401, "unauthorized", "another algorithm than the key has");
        let unsigned = forge("none", algorithm, none(), none());
        assert_refused(&served, &unsigned, 401, "unauthorized", "another algorithm than the key has");
        // The stranger's own key stands in the header, under the id of the issuer's.
        let stranger = forge("stranger", algorithm, none(), none());
        assert_refused(&served, &stranger, 401, "unauthorized", "the signature is wrong");
    }
    let elsewhere = json!({"jku": format!("{}/jwks", other.url), "x5u": "https://keys.example"});
    let led_away = other.forge("signed", "ES256", &issuer.claims(&none()), &elsewhere);
    assert_refused(&served, &led_away, 401, "unauthorized", "the signature is wrong");
    let of_another = forge("signed", "ES256", json!({"iss": other.url}), none());
    assert_refused(&served, &of_another, 401, "unauthorized", "the signature is wrong");
    for id in ["ES256-99", "RS256-1"] {
        let unknown = forge("signed", "ES256", none(), json!({"kid": id}));
        assert_eq!(ask(&served, &unknown).0, 401, "{id}");
    }
    for (claims, code, word) in [
        (json!({"aud": "another"}), "unauthorized", "another audience"),
        (json!({"aud": null}), "unauthorized", "another audience"),
        (json!({"iss": "https://evil.example"}), "unauthorized", "none that this host trusts"),
        (json!({"iss": format!("{}/", issuer.url)}), "unauthorized", "none that this host trusts"),
        (json!({"exp": 1_700_000_000}), "token-expired", "expired"),
        (json!({"exp": null}), "unauthorized", "when it ends"),
        (json!({"nbf": 4_000_000_000_u64}), "unauthorized", "not hold yet"),
        (json!({"sub": null}), "unauthorized", "names nobody"),
        (json!({"sub": "a\nb"}), "unauthorized", "names nobody"),
    ] {
        assert_refused(&served, &forge("signed", "RS256", claims, none()), 401, code, word);
    }
    assert_refused(
        &served,
        &forge("signed", "RS256", none(), json!({"typ": "logout+jwt"})),
        401,
        "unauthorized",
        "`typ`",
    );
    assert_refused(
        &served,
        &forge("signed", "RS256", none(), json!({"crit": ["b64"], "b64": true})),
        401,
        "unauthorized",
        "`crit`",
    );
    assert_refused(&served, "a.b.c", 401, "unauthorized", "no JWT");
    for groups in [json!(null), json!([]), json!(["VIEWERS"]), json!("viewers admins"), json!({"viewers": true})] {
        let roleless = forge("signed", "RS256", json!({"groups": groups}), none());
        assert_refused(&served, &roleless, 403, "forbidden", "[[issuer.corp.role]]");
    }
    served.stop();
}

#[test]
fn keys_that_change_are_found_and_an_issuer_that_is_gone_keeps_nobody_else_out() {
    let issuer = Issuer::start();
    let home = home(&issuer, "");
    let served = Served::start(&home, &QUIET);
    let before = issuer.token("ES256");
    assert_eq!(ask(&served, &before).0, 200);
    issuer.renew_keys();
    let after = issuer.token("ES256");
    eventually("the new key is known", || ask(&served, &after).0 == 200);
    assert_refused(&served, &before, 401, "unauthorized", "no key that the token could be signed with");

    // A host that knows no keys yet says so, and its own tokens go on.
    served.stop();
    let claims = issuer.claims(&json!({}));
    let good = issuer.forge("signed", "ES256", &claims, &json!({}));
    issuer.stop();
    let served = Served::start(&home, &QUIET);
    for _ in 0..2 {
        assert_refused(&served, &good, 503, "issuer-unavailable", "the keys of issuer corp are not known");
    }
    assert_eq!(ask(&served, &served.own_token()).0, 200);
    served.stop();
}

#[test]
fn an_issuer_is_believed_only_with_a_certificate_of_the_authority_that_is_declared() {
    let (authority, home) = (Authority::new(), Home::new());
    let (certificate, key) = authority.certify();
    for (name, text) in [("issuer.pem", certificate), ("issuer-key.pem", key), ("ca.pem", authority.pem())] {
        home.write(name, text);
    }
    let issuer = Issuer::secured(&home.path("issuer.pem"), &home.path("issuer-key.pem"), &home.path("ca.pem"));
    let (company, _people) = staffed(1);
    company.write("ca.pem", home.read("ca.pem"));
    company.declare("issuer", &issuer.declaration("corp", ""));
    let token = issuer.token("RS256");
    let served = Served::start(&company, &QUIET);
    assert_refused(&served, &token, 503, "issuer-unavailable", "certificate");
    served.stop();
    company.declare("issuer", &issuer.declaration("corp", "ca = \"../ca.pem\""));
    let served = Served::start(&company, &QUIET);
    assert_eq!(ask(&served, &token).0, 200);
    served.stop();
}

#[test]
fn each_whom_an_issuer_means_has_a_quota_of_its_own() {
    let issuer = Issuer::start();
    let home = home(&issuer, "");
    home.declare("api", "[api.limits]\nrequests = { calls = 3, per = \"1h\" }\n");
    let served = Served::start(&home, &QUIET);
    let of = |subject: &str| issuer.forge("signed", "ES256", &issuer.claims(&json!({"sub": subject})), &json!({}));
    let statuses: Vec<u16> = (0..5).map(|_| ask(&served, &of("one")).0).collect();
    assert_eq!(statuses, [200, 200, 200, 429, 429], "another token of the same subject is no other caller");
    assert_eq!(ask(&served, &of("two")).0, 200);
    served.stop();
}
