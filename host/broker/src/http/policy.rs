//! Which requests a phase lets through.

use super::message::Method;
use purser_model::phase::Phase;

/// Whether the phase allows this method on this path (relative to the endpoint).
///
/// # Errors
/// It does not; the text says which phase and what it allows.
pub(super) fn check(phase: Phase, method: Method, path: &str, reading_posts: &[String]) -> Result<(), String> {
    match (phase, method) {
        (Phase::Describe, _) => Err(Phase::NOTHING_IN_DESCRIBE.to_owned()),
        (Phase::Write, _) | (Phase::Read, Method::Get | Method::Head) => Ok(()),
        (Phase::Read, Method::Post) if reading_posts.iter().any(|reading| reading == path) => Ok(()),
        (Phase::Read, Method::Post | Method::Put | Method::Patch | Method::Delete) => Err(format!(
            "{method} `{path}` could change something, and this call only reads; a POST that only reads is listed under \
             `reading-posts` of the endpoint's grant"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METHODS: [Method; 6] = [Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch, Method::Delete];

    #[test]
    fn describing_reaches_nothing_and_writing_everything() {
        for method in METHODS {
            assert!(check(Phase::Describe, method, "/x", &["/x".into()]).is_err());
            assert!(check(Phase::Write, method, "/x", &[]).is_ok());
        }
    }

    #[test]
    fn reading_takes_get_head_and_granted_posts() {
        let posts = ["/.search".to_owned()];
        let allowed = |path| METHODS.map(|method| check(Phase::Read, method, path, &posts).is_ok());
        assert_eq!(allowed("/Users"), [true, true, false, false, false, false]);
        assert_eq!(allowed("/.search"), [true, true, true, false, false, false]);
        assert_eq!(allowed("/.search/"), [true, true, false, false, false, false]);
    }
}
