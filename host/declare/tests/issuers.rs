//! Issuers of tokens.

use purser_declare::{DeclarationErrors, Declarations, load};
use purser_model::access::ApiRole;

fn declared(text: &str) -> Result<Declarations, DeclarationErrors> {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("a.toml"), text).expect("written");
    load(directory.path())
}

/// The mistakes, without the file.
fn mistakes(text: &str) -> Vec<String> {
    let errors = declared(text).expect_err("there are mistakes").to_string();
    errors.lines().map(|line| line.split_once("a.toml:").expect("the file is named").1.to_owned()).collect()
}

#[test]
fn an_issuer_is_read_with_all_its_keys() {
    let declarations = declared(
        r#"
[target.crm]
connector = "scim"
class = "User"
[issuer.corp]
url = "https://login.example/tenant/"
jwks = "https://keys.example/jwks.json"
audience = "purser"
addresses = ["10.0.0.7:443"]
ca = "corp.pem"
also = ["https://keys.example"]
clock_skew = "30s"
[issuer.corp.sign_in]
client_id = "console"
client_secret = { secret = "console-client" }
console = "https://purser.example:8443"
scopes = ["groups"]
[[issuer.corp.role]]
role = "operator"
claim = "groups"
values = ["ops", "sre"]
[[issuer.corp.role]]
role = "owner"
targets = ["crm"]
claim = "sub"
values = ["svc-crm"]
"#,
    )
    .expect("it is right");
    let issuer = &declarations.configuration.issuers[&"corp".parse().expect("a name")];
    assert_eq!((issuer.url.as_str(), issuer.audience.as_str()), ("https://login.example/tenant/", "purser"));
    assert_eq!(issuer.jwks.as_ref().map(url::Url::as_str), Some("https://keys.example/jwks.json"));
    assert_eq!((issuer.rules.len(), issuer.addresses.len(), issuer.also.len()), (2, 1, 1));
    assert_eq!(issuer.clock_skew.as_secs(), 30);
    let users = declarations.configuration.users_of_secret(&"console-client".parse().expect("a name"));
    assert_eq!(users, ["issuer corp"]);
    let sign_in = issuer.sign_in.as_ref().expect("people sign in");
    assert_eq!((sign_in.client_id.as_str(), sign_in.title.as_str()), ("console", "Sign in with corp"));
    let redirect = sign_in.redirect(&"corp".parse().expect("a name"));
    assert_eq!(redirect.as_str(), "https://purser.example:8443/sign-in/corp/answer");
    assert_eq!((issuer.rules[0].role, issuer.rules[0].values.len()), (ApiRole::Operator, 2));
    assert_eq!((issuer.rules[1].role, issuer.rules[1].targets.len()), (ApiRole::Owner, 1));
}

#[test]
fn every_mistake_is_named_with_its_place() {
    assert_eq!(
        mistakes("[issuer.corp]\nurl = \"http://login.example\"\n"),
        [
            "1:9: issuer.corp: `audience` is missing: write for example `audience = \"https://purser.example\"`",
            "1:9: issuer.corp: nobody gets a role: write [[issuer.NAME.role]] with `role`, `claim` and `values`",
            "2:7: issuer.corp.url: what is trusted is reached over https://, and over http:// only on this machine",
        ]
    );
    let rules = "[issuer.a]\nurl = \"https://a.example\"\naudience = \"a\"\n[[issuer.a.role]]\nrole = \"boss\"\nclaim = \"sub\"\n\
                 values = [\"x\"]\n[[issuer.a.role]]\nrole = \"owner\"\nclaim = \"sub\"\nvalues = [\"x\"]\n[[issuer.a.role]]\n\
                 role = \"owner\"\ntargets = [\"nowhere\"]\nclaim = \"sub\"\nvalues = [\"x\"]\n";
    let rules = format!(
        "{rules}[issuer.b]\nurl = \"https://a.example\"\naudience = \"c\"\nclock_skew = \"1h\"\n[issuer.b.sign_in]\nclient_id = \"c\"\n\
         console = \"https://p.example/x\"\nclient_secret = \"hunter2\"\n"
    );
    let found = mistakes(&rules).join("\n");
    assert!(!found.contains("hunter2"), "{found}");
    for words in [
        "`boss` is no role of the API",
        "an owner owns targets",
        "[target.nowhere] is not declared",
        "[issuer.a] has this URL already",
        "at most 300s",
        "would open the API",
        "scheme, host and port of the console only",
        "a secret never stands in a declaration",
    ] {
        assert!(found.contains(words), "{words} is not in {found}");
    }
}
