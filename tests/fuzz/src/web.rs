//! What applications and connectors say about addresses, and what answers hold.

use purser_broker::Endpoint;
use purser_broker::http::parsers;
use purser_broker::scan::{Forms, SHORTEST, remove};
use purser_model::egress::AddressGrant;
use purser_model::secret::Secret;
use url::Url;

const BASE: &str = "https://api.example.com/base";

fn endpoint() -> Option<Endpoint> {
    Url::parse(BASE).ok().map(Endpoint::new)
}

/// Demands that a URL lies in the endpoint, judged by its text alone.
fn assert_inside(url: &Url) {
    let text = url.as_str();
    let rest = text.strip_prefix(BASE).unwrap_or_else(|| panic!("{text} is not in {BASE}"));
    assert!(rest.is_empty() || rest.starts_with(['/', '?']), "{text}");
    let path = rest.split('?').next().unwrap_or_default().to_ascii_lowercase().replace("%2e", ".");
    assert!(!path.split('/').any(|segment| segment == "." || segment == ".."), "{text}");
    assert!(!text.contains(['#', '\r', '\n', ' ']) && !path.contains('\\'), "{text:?}");
}

/// A URL that a target gave leads into the endpoint, or nowhere; so does a redirect.
pub(crate) fn url(bytes: &[u8]) {
    let (Ok(text), Some(endpoint)) = (std::str::from_utf8(bytes), endpoint()) else { return };
    let redirected = parsers::redirected(&endpoint, &endpoint.url, text);
    for (url, _) in parsers::followed(&endpoint, text).into_iter().chain(redirected) {
        assert_inside(&url);
    }
    assert_belongs(text);
}

/// Demands that a whole URL belongs to the deepest of these endpoints that its text lies below, and to none otherwise.
fn assert_belongs(text: &str) {
    const BASES: [&str; 3] =
        ["https://api.example.com/", "https://api.example.com/base", "https://api.example.com/base/deep"];
    let Ok(url) = Url::parse(text) else { return };
    let endpoints: Vec<_> = BASES.iter().filter_map(|base| Url::parse(base).ok()).map(Endpoint::new).collect();
    // A user name does not change the place; what carries one is refused afterwards.
    let place = format!("{}{}/", url.origin().ascii_serialization(), url.path());
    let lies_below = |base: &&str| place.starts_with(&format!("{}/", base.trim_end_matches('/')));
    assert_eq!(parsers::covering(&endpoints, &url), BASES.iter().rposition(lies_below), "{text}");
}

/// A path and a query of a connector lead into the endpoint, or nowhere. A line break divides them.
pub(crate) fn request_path(bytes: &[u8]) {
    let (Ok(text), Some(endpoint)) = (std::str::from_utf8(bytes), endpoint()) else { return };
    let (path, query) = text.split_once('\n').unwrap_or((text, ""));
    if let Some(url) = parsers::joined(&endpoint, path, &[(query, query)]) {
        assert_inside(&url);
    }
}

/// An address with its port, or a reason.
pub(crate) fn address_grant(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match text.parse::<AddressGrant>() {
        Ok(grant) => assert_eq!(text.parse().ok(), Some(grant)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// After the first line, the secret, an answer follows: nothing of the secret is left in it.
pub(crate) fn scan(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (secret, answer) = text.split_once('\n').unwrap_or((text, text));
    let Ok(kept) = Secret::new(secret) else { return };
    let forms = Forms::of([&kept]);
    let clean = remove(&[&forms], answer.as_bytes());
    let holds = |clean: &[u8]| clean.windows(secret.len()).any(|window| window == secret.as_bytes());
    // What stands in the place of a secret begins and ends with a bracket, so that no other secret comes to be around it.
    if secret.len() >= SHORTEST && !secret.contains(['[', ']']) {
        assert!(!holds(&clean), "{secret:?} is left in {answer:?}");
    }
    if secret.len() >= SHORTEST && answer.contains(secret) {
        assert_ne!(clean.as_ref(), answer.as_bytes());
    }
}
