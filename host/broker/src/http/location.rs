//! Where a request goes: inside the endpoint of the grant, and nowhere else.

use std::borrow::Cow;
use url::Url;
use url::form_urlencoded::byte_serialize;

/// The address of a request, and its path relative to the endpoint, which the phase's policy is written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) url: Url,
    pub(super) relative_path: String,
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
    Ok(Location { url, relative_path: path.to_owned() })
}

/// Accepts a URL that the target gave, if it lies inside the endpoint.
///
/// # Errors
/// It does not; the text says why. The URL itself may hold a cursor and is not repeated beyond its origin.
pub(super) fn follow(endpoint: &Url, given: &str) -> Result<Location, String> {
    let mut url = Url::parse(given).map_err(|error| format!("the URL to follow is not absolute: {error}"))?;
    if url.origin() != endpoint.origin() {
        return Err(format!(
            "the URL to follow leads to {}, and the endpoint is at {}",
            url.origin().ascii_serialization(),
            endpoint.origin().ascii_serialization()
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL to follow carries a credential".to_owned());
    }
    let base = base_path(endpoint);
    let outside = || format!("the URL to follow lies outside the endpoint's path `{base}/`");
    let relative_path = url.path().strip_prefix(base).ok_or_else(outside)?.to_owned();
    if !relative_path.is_empty() && !relative_path.starts_with('/') {
        return Err(outside());
    }
    check_dot_segments(&relative_path)?;
    url.set_fragment(None);
    Ok(Location { url, relative_path })
}

fn base_path(endpoint: &Url) -> &str {
    endpoint.path().trim_end_matches('/')
}

fn check_path(path: &str) -> Result<(), String> {
    if !path.is_empty() && !path.starts_with('/') {
        return Err(format!("the path `{path}` does not begin with `/`"));
    }
    if let Some(character) = path.chars().find(|character| !character.is_ascii_graphic() || "?#\\".contains(*character))
    {
        return Err(format!("the path holds the character {character:?}: escape it, and put a query into `query`"));
    }
    check_dot_segments(path)
}

/// Looks through escapes as servers and the proxies before them may: `%2e%2e%2f` climbs where it is decoded before it is
/// split, and `%252e` where it is decoded twice.
fn check_dot_segments(path: &str) -> Result<(), String> {
    let mut seen = Cow::Borrowed(path);
    loop {
        if seen.split(['/', '\\']).any(|segment| matches!(segment, "." | "..")) {
            return Err("the path holds a dot segment".to_owned());
        }
        let decoded = decode(&seen).into_owned();
        if decoded == *seen {
            return Ok(());
        }
        seen = Cow::Owned(decoded);
    }
}

fn decode(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    // A query parser decodes percent escapes; the separators that it knows are protected from it.
    let protected = path.replace('&', "%26").replace('=', "%3D").replace('+', "%2B");
    url::form_urlencoded::parse(protected.as_bytes()).map(|(text, _)| text.into_owned()).collect::<String>().into()
}

/// A space becomes `%20`: not every server reads `+` in a query as a space.
fn escape(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint() -> Url {
        Url::parse("https://api.example.org/scim/v2/").unwrap()
    }

    fn joined(path: &str) -> Result<String, String> {
        join(&endpoint(), path, std::iter::empty()).map(|location| location.url.to_string())
    }

    #[test]
    fn a_path_is_joined_as_text() {
        assert_eq!(joined("/Users/a%20b").unwrap(), "https://api.example.org/scim/v2/Users/a%20b");
        assert_eq!(joined("/Users/50%25").unwrap(), "https://api.example.org/scim/v2/Users/50%25");
        assert_eq!(joined("").unwrap(), "https://api.example.org/scim/v2");
        assert_eq!(joined("//evil.example/x").unwrap(), "https://api.example.org/scim/v2//evil.example/x");
    }

    #[test]
    fn a_query_is_escaped_by_the_host() {
        let query = [("filter", "userName eq \"a&b+c\""), ("empty", "")];
        let location = join(&endpoint(), "/Users", query.into_iter()).unwrap();
        assert_eq!(location.url.query(), Some("filter=userName%20eq%20%22a%26b%2Bc%22&empty="));
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
            "/%5c..%5cb",
            "/%252e%252E/x",
            "/%25252e%2e/x",
            "/a\\..\\b",
            "/a?b",
            "/a#b",
            "/a b",
            "/a\r\nb",
            "/a\tb",
            "/\u{fc}",
            "@evil.example/",
            "/<a>",
        ] {
            assert!(joined(path).is_err(), "{path}");
        }
    }

    #[test]
    fn a_url_inside_the_endpoint_is_followed() {
        let location = follow(&endpoint(), "https://api.example.org:443/scim/v2/Users?cursor=a%2Bb#x").unwrap();
        assert_eq!(location.url.as_str(), "https://api.example.org/scim/v2/Users?cursor=a%2Bb");
        assert_eq!(location.relative_path, "/Users");
    }

    #[test]
    fn a_url_outside_is_not() {
        for url in [
            "http://api.example.org/scim/v2/Users",
            "https://api.example.org:8443/scim/v2/Users",
            "https://evil.example/scim/v2/Users",
            "https://api.example.org/scim/v2x/Users",
            "https://api.example.org/scim/v2/../admin",
            "https://api.example.org/scim/v2/%2e%2e/admin",
            "https://api.example.org/scim/v2/a%2f..%2f..%2fadmin",
            "https://user:secret@api.example.org/scim/v2/Users",
            "/scim/v2/Users",
        ] {
            assert!(follow(&endpoint(), url).is_err(), "{url}");
        }
    }
}
