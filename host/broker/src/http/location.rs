//! Where a request goes: inside the endpoint of the grant, and nowhere else.
//!
//! All of this happens before a name is resolved.

use crate::endpoint::Endpoint;
use purser_model::egress::OriginPattern;
use url::Url;
use url::form_urlencoded::byte_serialize;

/// The longest URL that is sent: what servers take at least, and no room for a body in disguise.
const LONGEST_URL: usize = 16 << 10;

/// Query fields by which frameworks take another method than the request's for it.
const METHOD_FIELDS: [&str; 5] =
    ["_method", "_httpmethod", "x-http-method", "x-http-method-override", "x-method-override"];

/// The address of a request, and its path relative to the endpoint, which the phase's policy is written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) url: Url,
    pub(super) relative_path: String,
    /// Whether the endpoint's credential goes there.
    pub(super) credential: bool,
}

/// Joins a path to the endpoint as text and adds the query.
///
/// # Errors
/// The path is not plain and escaped; the text says what is wrong with it.
pub(super) fn join<'a>(
    endpoint: &Url,
    path: &str,
    query: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Location, String> {
    check_path(path)?;
    let base = base_path(endpoint);
    let mut url = endpoint.clone();
    url.set_path(&format!("{base}{path}"));
    // Whatever the URL parser rewrites was not escaped, or means something else than it says.
    if url.path().strip_prefix(base) != Some(path) {
        return Err(format!("the path `{path}` is not escaped as RFC 3986 asks"));
    }
    let query: Vec<String> = query.map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    if !query.is_empty() {
        url.set_query(Some(&query.join("&")));
    }
    check_length_and_query(&url)?;
    Ok(Location { url, relative_path: path.to_owned(), credential: true })
}

/// Accepts a URL that the target gave, if it lies inside the endpoint or one of its further origins.
///
/// # Errors
/// It does not; the text says why. The URL itself may hold a cursor and is not repeated beyond its origin.
pub(super) fn follow(endpoint: &Endpoint, given: &str) -> Result<Location, String> {
    if let Some(character) = given.chars().find(|character| character.is_control() || "\\ ".contains(*character)) {
        return Err(format!("the URL to follow holds the character {character:?}"));
    }
    let url = Url::parse(given).map_err(|error| format!("the URL to follow is not absolute: {error}"))?;
    inside(endpoint, url)
}

/// Where a redirect of this URL leads; none where that lies outside. The credential stays at the endpoint's own origin.
pub(super) fn redirect(endpoint: &Endpoint, from: &Url, given: &str) -> Option<Location> {
    let located = inside(endpoint, from.join(given).ok()?).ok()?;
    let credential = located.credential && located.url.origin() == endpoint.url.origin();
    Some(Location { credential, ..located })
}

/// The same place at the host that the token endpoint names. A pattern under `also` is enough here, and nowhere else, for
/// the credential to go there: who gave the token says to whom it belongs.
///
/// # Errors
/// That lies outside the grant, or the credential would travel in clear; the text names the origin.
pub(super) fn rebase(endpoint: &Endpoint, url: &Url, base: &str) -> Result<Url, String> {
    let mut rebased = Url::parse(base).map_err(|error| format!("the base in the token's answer is no URL: {error}"))?;
    let plain = rebased.username().is_empty()
        && rebased.password().is_none()
        && rebased.path().trim_end_matches('/').is_empty()
        && rebased.query().is_none()
        && rebased.fragment().is_none();
    if !plain {
        return Err("the base in the token's answer is more than scheme, host and port".to_owned());
    }
    rebased.set_path(url.path());
    rebased.set_query(url.query());
    let origin = rebased.origin().ascii_serialization();
    let granted = rebased.origin() == endpoint.url.origin()
        || endpoint.egress.also.iter().any(|also| also.origin.below(&rebased).is_some());
    if !granted {
        return Err(format!(
            "the token's answer leads to {origin}, which is neither `url` nor under `also` of the endpoint"
        ));
    }
    if !endpoint.keeps_secrets(&rebased) {
        return Err(format!("the token's answer leads to {origin}, where the token would travel in clear"));
    }
    check_length_and_query(&rebased)?;
    Ok(rebased)
}

fn inside(endpoint: &Endpoint, mut url: Url) -> Result<Location, String> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL to follow carries a credential".to_owned());
    }
    let (relative_path, credential) = below(endpoint, &url)?;
    check_escaped(&relative_path)?;
    check_length_and_query(&url)?;
    url.set_fragment(None);
    Ok(Location { url, relative_path, credential })
}

/// The path below the origin that a URL lies in, and whether the credential goes there.
fn below(endpoint: &Endpoint, url: &Url) -> Result<(String, bool), String> {
    let own = OriginPattern::of(&endpoint.url).map_err(|error| error.to_string())?;
    if let Some(path) = own.below(url) {
        return Ok((path.to_owned(), true));
    }
    let further = endpoint.egress.also.iter();
    let found = further.filter_map(|also| Some((also.origin.below(url)?.to_owned(), also.takes_credential())));
    found.max_by_key(|(_, credential)| *credential).ok_or_else(|| {
        format!(
            "the URL to follow leads to {} or there outside the path, and the endpoint is at {}{}/; further origins are \
             listed under `also` of the endpoint",
            url.origin().ascii_serialization(),
            endpoint.url.origin().ascii_serialization(),
            base_path(&endpoint.url)
        )
    })
}

fn base_path(endpoint: &Url) -> &str {
    endpoint.path().trim_end_matches('/')
}

fn check_path(path: &str) -> Result<(), String> {
    if !path.is_empty() && !path.starts_with('/') {
        return Err(format!("the path `{path}` does not begin with `/`"));
    }
    if path.starts_with("//") {
        return Err("the path begins with `//`, which some servers take for a host".to_owned());
    }
    if let Some(character) = path.chars().find(|character| !character.is_ascii_graphic() || "?#\\".contains(*character))
    {
        return Err(format!("the path holds the character {character:?}: escape it, and put a query into `query`"));
    }
    check_escaped(path)
}

/// Looks through escapes as servers and the proxies before them may: `%2e%2e%2f` climbs where it is decoded before it is
/// split, `%252e` where it is decoded twice, `..;x` where parameters are cut off, and `%0d%0a` ends a line.
fn check_escaped(path: &str) -> Result<(), String> {
    let mut seen = path.as_bytes().to_vec();
    loop {
        if seen.iter().any(u8::is_ascii_control) {
            return Err("the path holds an escaped control character".to_owned());
        }
        if seen.split(|byte| matches!(byte, b'/' | b'\\')).any(is_dot_segment) {
            return Err("the path holds a dot segment".to_owned());
        }
        let decoded: Vec<u8> = percent_encoding::percent_decode(&seen).collect();
        if decoded == seen {
            return Ok(());
        }
        seen = decoded;
    }
}

fn is_dot_segment(segment: &[u8]) -> bool {
    let without_parameters = segment.split(|byte| *byte == b';').next().unwrap_or_default();
    matches!(without_parameters, b"." | b"..")
}

fn check_length_and_query(url: &Url) -> Result<(), String> {
    if url.as_str().len() > LONGEST_URL {
        return Err(format!("the URL is longer than {LONGEST_URL} bytes; put what is long into the body"));
    }
    let named = url.query_pairs().find(|(name, _)| METHOD_FIELDS.contains(&name.to_ascii_lowercase().as_str()));
    match named {
        Some((name, _)) => Err(format!("the query field `{name}` would replace the request's method")),
        None => Ok(()),
    }
}

/// A space becomes `%20`: not every server reads `+` in a query as a space.
fn escape(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    use purser_model::egress::{EgressRules, FurtherOrigin};

    fn endpoint() -> Endpoint {
        Endpoint::new(Url::parse("https://api.example.org/scim/v2/").unwrap())
    }

    fn with_also() -> Endpoint {
        let also = [("https://*.pods.example.org/services", false), ("https://api.example.org:8443/", true)];
        let also = also.map(|(origin, credential)| FurtherOrigin { origin: origin.parse().unwrap(), credential });
        Endpoint { egress: EgressRules { also: also.into(), ..EgressRules::default() }, ..endpoint() }
    }

    fn joined(path: &str) -> Result<String, String> {
        join(&endpoint().url, path, std::iter::empty()).map(|location| location.url.to_string())
    }

    #[test]
    fn a_path_is_joined_as_text() {
        assert_eq!(joined("/Users/a%20b").unwrap(), "https://api.example.org/scim/v2/Users/a%20b");
        assert_eq!(joined("/Users/50%25").unwrap(), "https://api.example.org/scim/v2/Users/50%25");
        assert_eq!(joined("/a/...;v=1/b;v=..").unwrap(), "https://api.example.org/scim/v2/a/...;v=1/b;v=..");
        assert_eq!(joined("/a/http://b@c:1/").unwrap(), "https://api.example.org/scim/v2/a/http://b@c:1/");
        assert_eq!(joined("").unwrap(), "https://api.example.org/scim/v2");
    }

    #[test]
    fn a_query_is_escaped_by_the_host() {
        let query = [("filter", "userName eq \"a&b+c\"\r\nx: y"), ("empty", "")];
        let location = join(&endpoint().url, "/Users", query.into_iter()).unwrap();
        assert_eq!(location.url.query(), Some("filter=userName%20eq%20%22a%26b%2Bc%22%0D%0Ax%3A%20y&empty="));
        assert_eq!(location.relative_path, "/Users");
    }

    #[test]
    fn what_could_leave_the_endpoint_is_refused() {
        for path in [
            "Users",
            "/../x",
            "/a/..",
            "/./a",
            "/%2e%2e/x",
            "/.%2E/x",
            "/a%2f..%2fb",
            "/..%2fb",
            "/%5c..%5cb",
            "/%252e%252E/x",
            "/%25252e%2e/x",
            "/..;/x",
            "/a/..;v=1/x",
            "/%2e%2e%3bx/y",
            "/a\\..\\b",
            "/a?b",
            "/a#b",
            "/a b",
            "/a\r\nb",
            "/a%0d%0aHost:%20evil",
            "/a%0A",
            "/a%250d%250a",
            "/a%00b",
            "/a\tb",
            "/a\0b",
            "/\u{fc}",
            "//evil.example/x",
            "//",
            "@evil.example/",
            ":8443/",
            ".evil.example/",
            "http://evil.example/",
            "/<a>",
        ] {
            assert!(joined(path).is_err(), "{path}");
        }
        assert!(joined(&format!("/{}", "a".repeat(LONGEST_URL))).unwrap_err().contains("longer"));
    }

    #[test]
    fn a_query_does_not_replace_the_method() {
        for name in ["_method", "_HttpMethod", "X-HTTP-Method-Override"] {
            assert!(join(&endpoint().url, "/x", [(name, "DELETE")].into_iter()).is_err(), "{name}");
        }
        assert!(follow(&endpoint(), "https://api.example.org/scim/v2/x?a=b&%5fmethod=DELETE").is_err());
    }

    #[test]
    fn a_url_inside_the_endpoint_is_followed() {
        let location = follow(&endpoint(), "https://API.example.org:443/scim/v2/Users?cursor=a%2Bb#x").unwrap();
        assert_eq!(location.url.as_str(), "https://api.example.org/scim/v2/Users?cursor=a%2Bb");
        assert_eq!((location.relative_path.as_str(), location.credential), ("/Users", true));
    }

    #[test]
    fn a_further_origin_is_followed_without_the_credential_unless_it_is_declared() {
        let followed = |url| follow(&with_also(), url).map(|located| (located.relative_path, located.credential));
        assert_eq!(followed("https://eu1.pods.example.org/services/q?x=1"), Ok(("/q".to_owned(), false)));
        assert_eq!(followed("https://api.example.org:8443/q"), Ok(("/q".to_owned(), true)));
        for outside in [
            "https://pods.example.org/services/q",
            "http://eu1.pods.example.org/services/q",
            "https://eu1.pods.example.org/admin",
            "https://eu1.pods.example.org/services/%2e%2e/admin",
            "https://eu1.pods.example.org.evil.example/services/q",
        ] {
            assert!(followed(outside).is_err(), "{outside}");
        }
    }

    #[test]
    fn a_redirect_takes_the_credential_along_to_the_endpoints_own_origin_only() {
        let from = Url::parse("https://api.example.org/scim/v2/Users/").unwrap();
        let redirected = |given| redirect(&with_also(), &from, given).map(|located| located.credential);
        assert_eq!(redirected("../Groups"), Some(true));
        assert_eq!(redirected("https://api.example.org:8443/q"), Some(false));
        assert_eq!(redirected("https://eu1.pods.example.org/services/q"), Some(false));
        for outside in
            ["//evil.example/scim/v2/x", "http://api.example.org/scim/v2/x", "../../admin", "/\\evil.example/"]
        {
            assert_eq!(redirected(outside), None, "{outside}");
        }
    }

    #[test]
    fn a_url_outside_is_not() {
        for url in [
            "http://api.example.org/scim/v2/Users",
            "https://api.example.org:8443/scim/v2/Users",
            "https://evil.example/scim/v2/Users",
            "https://api.example.org.evil.example/scim/v2/Users",
            "https://api.example.org./scim/v2/Users",
            "https://api\u{2024}example.org.evil.example/scim/v2/Users",
            "https://api.example.org@evil.example/scim/v2/Users",
            "https://api.example.org%2f@evil.example/scim/v2/Users",
            "https://api.example.org\\@evil.example/scim/v2/Users",
            "https://evil.example#@api.example.org/scim/v2/Users",
            "https://api.example.org/scim/v2x/Users",
            "https://api.example.org/scim/v2/../admin",
            "https://api.example.org/scim/v2/%2e%2e/admin",
            "https://api.example.org/scim/v2/a%2f..%2f..%2fadmin",
            "https://api.example.org/scim/v2/a%0d%0ab",
            "https://api.example.org/scim/v2/a\r\nb",
            "https://user:secret@api.example.org/scim/v2/Users",
            "https://user@api.example.org/scim/v2/Users",
            "https:api.example.org/scim/v2x",
            "file:///etc/passwd",
            "//api.example.org/scim/v2/Users",
            "/scim/v2/Users",
        ] {
            assert!(follow(&endpoint(), url).is_err(), "{url}");
        }
    }
}
