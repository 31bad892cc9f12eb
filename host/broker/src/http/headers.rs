//! Which headers cross the border between guest and target.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// Headers that belong to the host: they carry its credential, name the peer, frame the message, or make a request
/// something else than its method says.
const REFUSED_IN_REQUESTS: [&str; 20] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-real-ip",
    "x-rewrite-url",
];

/// Headers that carry a credential, which does not cross into guest memory.
const REMOVED_FROM_RESPONSES: [&str; 6] = [
    "authentication-info",
    "authorization",
    "proxy-authenticate",
    "proxy-authentication-info",
    "set-cookie",
    "set-cookie2",
];

/// Most bytes in names and values of a guest's headers; servers take 8 to 64 KiB.
const MAX_BYTES: usize = 32 << 10;

/// Whether a header of a request, named in lower case, is one that guests may not set.
pub fn is_of_the_host(name: &str) -> bool {
    let prefixes = ["proxy-", "x-forwarded-"];
    prefixes.iter().any(|prefix| name.starts_with(prefix)) || REFUSED_IN_REQUESTS.contains(&name)
}

/// Checks the guest's headers.
///
/// # Errors
/// The text names the header that is refused, and why.
pub(super) fn for_request<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let mut bytes = 0_usize;
    for (name, value) in fields {
        bytes = bytes.saturating_add(name.len()).saturating_add(value.len());
        if bytes > MAX_BYTES {
            return Err(format!("the headers have more than {MAX_BYTES} bytes"));
        }
        let name =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| format!("{name:?} cannot be the name of a header"))?;
        if is_of_the_host(name.as_str()) {
            return Err(format!("the header `{name}` belongs to the host"));
        }
        let value = HeaderValue::from_str(value)
            .map_err(|_| format!("the value of the header `{name}` holds a line break or a character beyond ASCII"))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// What the guest sees of a response's headers: names in lower case, credentials and cookies removed.
pub(super) fn for_guest(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    headers
        .iter()
        .filter(|(name, _)| !REMOVED_FROM_RESPONSES.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_headers_pass() {
        let headers = for_request([("If-Match", "W/\"1\""), ("Content-Type", "application/scim+json")].into_iter());
        assert_eq!(headers.unwrap()["if-match"], "W/\"1\"");
    }

    #[test]
    fn headers_without_end_are_refused() {
        let value = "x".repeat(MAX_BYTES - 1);
        assert!(for_request([("a", value.as_str())].into_iter()).is_ok());
        let error = for_request([("a", value.as_str()), ("b", "")].into_iter()).unwrap_err();
        assert!(error.contains("32768 bytes"), "{error}");
    }

    #[test]
    fn the_hosts_own_headers_are_refused_in_any_case() {
        for name in [
            "Authorization",
            "HOST",
            "cookie",
            "Transfer-Encoding",
            "Proxy-Authorization",
            "X-Forwarded-For",
            "X-HTTP-Method-Override",
        ] {
            let reason = for_request([(name, "x")].into_iter()).unwrap_err();
            assert!(reason.contains(&name.to_lowercase()), "{reason}");
        }
    }

    #[test]
    fn a_line_break_smuggles_no_header() {
        assert!(for_request([("x-a", "1\r\nauthorization: x")].into_iter()).is_err());
        assert!(for_request([("x-a: 1\r\nauthorization", "x")].into_iter()).is_err());
        assert!(for_request([("", "x")].into_iter()).is_err());
    }

    #[test]
    fn cookies_do_not_reach_the_guest() {
        let mut headers = HeaderMap::new();
        headers.insert("ETag", HeaderValue::from_static("1"));
        headers.insert("Set-Cookie", HeaderValue::from_static("session=1"));
        assert_eq!(for_guest(&headers).collect::<Vec<_>>(), [("etag".to_owned(), "1".to_owned())]);
    }
}
