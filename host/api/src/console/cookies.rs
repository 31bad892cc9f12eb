//! The cookies: one names the session, one belongs to the form with which a person signs in, and one to a sign-in with an issuer.

use axum::http::{HeaderMap, HeaderValue, header};

/// Names the session.
pub(super) const SESSION: &str = "purser_session";
/// What the form of the sign-in page must bring along.
pub(super) const FORM: &str = "purser_form";
/// Names the sign-in with an issuer that is under way.
pub(super) const UNDER_WAY: &str = "purser_sign_in";

/// A cookie that came with a request.
pub(super) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|text| text.split(';')).find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
}

/// A cookie that no script reads and that comes back from pages of this host alone; over TLS it never goes out without it.
pub(super) fn set(headers: &HeaderMap, name: &str, value: &str, seconds: u64) -> HeaderValue {
    made(headers, name, value, seconds, "Path=/; HttpOnly; SameSite=Strict")
}

/// One that comes back from another site too, where that leads to the pages where people sign in and nowhere else.
pub(super) fn set_for_coming_back(headers: &HeaderMap, name: &str, value: &str, seconds: u64) -> HeaderValue {
    made(headers, name, value, seconds, "Path=/sign-in; HttpOnly; SameSite=Lax")
}

fn made(headers: &HeaderMap, name: &str, value: &str, seconds: u64, rules: &str) -> HeaderValue {
    let secure = if is_tls(headers) { "; Secure" } else { "" };
    let text = format!("{name}={value}; {rules}; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).expect("names and values are letters and digits")
}

/// Whether the browser speaks TLS: with the proxy that stands before this host. Who claims it falsely loses a cookie.
fn is_tls(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"https"))
}
