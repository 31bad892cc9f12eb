//! Headers that every answer carries, so that no browser makes more of it than it is.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

/// What holds where a handler says nothing else. Answers hold personal data: nobody between keeps a copy, nobody guesses what
/// they are, and no page of another host frames, embeds or learns of them.
const USUAL: [(HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds to an answer those that it does not have.
pub(crate) async fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in USUAL {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
