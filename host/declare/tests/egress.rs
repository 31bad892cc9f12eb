//! What an endpoint may reach, as declared.

use purser_declare::{DeclarationErrors, Declarations, load};
use purser_model::configuration::EndpointGrant;
use purser_model::egress::{EgressRules, Method, Redirects, RequestRate};
use std::path::Path;
use std::time::Duration;

fn loaded(text: &str) -> Result<Declarations, DeclarationErrors> {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("a.toml"), text).expect("written");
    load(directory.path())
}

fn endpoint(url: &str, further: &str) -> String {
    format!(
        "[target.crm]\nconnector = \"scim\"\nclass = \"User\"\n[target.crm.endpoint.scim]\nurl = \"{url}\"\n{further}"
    )
}

fn read(text: &str) -> EndpointGrant {
    let declarations = loaded(text).expect("no mistake");
    let target = declarations.configuration.targets.into_values().next().expect("a target");
    target.instance.grant.endpoints.into_values().next().expect("an endpoint")
}

fn mistakes_of(text: &str) -> Vec<String> {
    loaded(text).err().map(|error| error.to_string().lines().map(str::to_owned).collect()).unwrap_or_default()
}

#[test]
fn an_endpoint_says_how_far_it_reaches() {
    let grant = read(&endpoint(
        "https://crm.example",
        "methods = [\"GET\", \"PATCH\"]\n\
         also = [\"https://*.crm.example/x/\", { url = \"https://eu.crm.example:8443\", credential = true }]\n\
         addresses = [\"10.0.0.0/8:443\", \"[::1]:8080\"]\nca = \"ca.pem\"\nmax_request = \"1KiB\"\nmax_calls = 7\nrate = { requests = 600, per = \"1m\" }\n\
         redirects = \"same-grant\"\ninsecure_http = true\ntraceparent = true\n",
    ));
    let rules = &grant.egress;
    assert_eq!(rules.methods, [Method::Get, Method::Patch].into());
    assert_eq!(rules.also.iter().map(|also| also.credential).collect::<Vec<_>>(), [false, true]);
    assert_eq!((rules.also[0].origin.path.as_str(), rules.also[1].origin.port), ("/x", 8443));
    assert_eq!(rules.addresses, ["10.0.0.0/8:443", "[::1]:8080"].map(|text| text.parse().unwrap()));
    assert!(
        rules.ca.as_deref().is_some_and(|path| path.ends_with(Path::new("ca.pem")) && path.components().count() > 1)
    );
    assert_eq!((rules.max_request_bytes, rules.max_calls), (1024, 7));
    assert_eq!(rules.rate, Some(RequestRate { requests: 600, per: Duration::from_mins(1) }));
    assert_eq!((rules.redirects, rules.insecure_http, rules.traceparent), (Redirects::SameGrant, true, true));
}

#[test]
fn an_endpoint_that_says_nothing_has_the_usual_rules() {
    assert_eq!(read(&endpoint("https://crm.example", "")).egress, EgressRules::default());
}

#[test]
fn what_reaches_too_far_or_nowhere_is_refused() {
    for (further, expected) in [
        ("methods = []", "an endpoint without a method cannot be used"),
        ("methods = [\"GETT\"]", "unknown value `GETT`"),
        ("also = [\"https://*.com/\"]", "`*.com` is no host pattern"),
        ("also = [\"https://u:hunter2@crm.example\"]", "write scheme, host, port and path only"),
        ("also = [{ url = \"https://*.crm.example\", credential = true }]", "list each host without `*`"),
        ("addresses = [\"localhost:80\"]", "`localhost:80` is no address with its port"),
        ("max_calls = 0", "write a whole number from 1"),
        ("rate = { requests = 0, per = \"1m\" }", "write a whole number from 1"),
        ("rate = { requests = 600 }", "`per` is missing"),
        ("max_request = \"0B\"", "is no size"),
        ("redirects = \"all\"", "unknown value `all`"),
        ("redirect = \"none\"", "unknown key"),
    ] {
        let said = mistakes_of(&endpoint("https://crm.example", further));
        assert!(said.len() == 1 && said[0].contains(expected), "{further}: {said:?}");
        assert!(!said[0].contains("hunter2"), "{said:?}");
    }
}

#[test]
fn a_credential_over_http_to_another_machine_is_refused() {
    let bearer = "bearer = { env = \"TOKEN\" }\n";
    let said = mistakes_of(&endpoint("http://crm.example", bearer));
    assert!(said.len() == 1 && said[0].contains("insecure_http = true"), "{said:?}");
    for (url, further) in [
        ("http://crm.example", ""),
        ("http://crm.example", "bearer = { env = \"TOKEN\" }\ninsecure_http = true\n"),
        ("http://127.0.0.1:8080/scim", bearer),
        ("http://localhost:8080/scim", bearer),
        ("https://crm.example", bearer),
    ] {
        assert_eq!(mistakes_of(&endpoint(url, further)), [""; 0], "{url} {further}");
    }
}
