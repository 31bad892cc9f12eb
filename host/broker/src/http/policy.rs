//! Which requests the phase and the grant let through.

use super::error::Denial;
use super::location::Location;
use super::message::{Method, Request};
use crate::endpoint::Endpoint;
use purser_model::phase::Phase;

/// Whether the grant and the phase allow this method there.
///
/// # Errors
/// They do not; the text says which of the two, and what it allows.
pub(super) fn check(phase: Phase, method: Method, location: &Location, endpoint: &Endpoint) -> Result<(), Denial> {
    check_phase(phase, method, &location.relative_path, endpoint).map_err(Denial::Phase)?;
    if !endpoint.egress.methods.contains(&method) {
        return Err(Denial::Method(method));
    }
    Ok(())
}

fn check_phase(phase: Phase, method: Method, path: &str, endpoint: &Endpoint) -> Result<(), String> {
    match (phase, method) {
        (Phase::Describe, _) => Err(Phase::NOTHING_IN_DESCRIBE.to_owned()),
        (Phase::Write, _) | (Phase::Read, Method::Get | Method::Head) => Ok(()),
        (Phase::Read, Method::Post) => check_reading_post(path, endpoint),
        (Phase::Read, Method::Put | Method::Patch | Method::Delete) => {
            Err(format!("{method} `{path}` could change something, and this call only reads"))
        }
    }
}

/// A POST only reads where the connector says so and the operator believes it.
fn check_reading_post(path: &str, endpoint: &Endpoint) -> Result<(), String> {
    let names = |paths: &[String]| paths.iter().any(|reading| reading == path);
    let missing = match (names(&endpoint.declared_reading_posts), names(&endpoint.reading_posts)) {
        (true, true) => return Ok(()),
        (true, false) => "the operator has not listed it under `reading_posts` of the endpoint",
        (false, true) => "the connector's manifest does not declare it under `reading-posts`",
        (false, false) => {
            "neither the connector's manifest (`reading-posts`) nor the endpoint (`reading_posts`) lists it"
        }
    };
    Err(format!("POST `{path}` could change something, and this call only reads: {missing}"))
}

/// Whether a secret may travel to where a request goes.
///
/// # Errors
/// It would travel in clear to another machine.
pub(super) fn check_secrecy(request: &Request, location: &Location, endpoint: &Endpoint) -> Result<(), Denial> {
    let carries = (location.credential && endpoint.has_credential()) || !request.secrets.is_empty();
    if carries && !endpoint.keeps_secrets(&location.url) {
        return Err(Denial::Cleartext);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_model::egress::EgressRules;
    use url::Url;

    fn endpoint(granted: &[&str], declared: &[&str]) -> Endpoint {
        let paths = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect();
        Endpoint {
            reading_posts: paths(granted),
            declared_reading_posts: paths(declared),
            ..Endpoint::new(Url::parse("https://a.example/").unwrap())
        }
    }

    fn checked(phase: Phase, method: Method, path: &str, endpoint: &Endpoint) -> Result<(), Denial> {
        let location = Location { url: endpoint.url.clone(), relative_path: path.to_owned(), credential: true };
        check(phase, method, &location, endpoint)
    }

    #[test]
    fn describing_reaches_nothing_and_writing_everything() {
        for method in Method::ALL {
            assert!(checked(Phase::Describe, method, "/x", &endpoint(&["/x"], &["/x"])).is_err());
            assert!(checked(Phase::Write, method, "/x", &endpoint(&[], &[])).is_ok());
        }
    }

    #[test]
    fn reading_takes_get_head_and_granted_posts() {
        let endpoint = endpoint(&["/.search"], &["/.search"]);
        let allowed = |path| Method::ALL.map(|method| checked(Phase::Read, method, path, &endpoint).is_ok());
        assert_eq!(allowed("/Users"), [true, true, false, false, false, false]);
        assert_eq!(allowed("/.search"), [true, true, true, false, false, false]);
        assert_eq!(allowed("/.search/"), [true, true, false, false, false, false]);
        assert_eq!(allowed("/.%73earch"), [true, true, false, false, false, false]);
    }

    #[test]
    fn a_post_reads_where_both_say_so_and_the_reason_names_who_does_not() {
        for (granted, declared, expected) in [
            (vec![], vec!["/q"], "the operator has not"),
            (vec!["/q"], vec![], "the connector's manifest does not"),
            (vec![], vec![], "neither"),
        ] {
            let denial = checked(Phase::Read, Method::Post, "/q", &endpoint(&granted, &declared)).unwrap_err();
            assert!(matches!(&denial, Denial::Phase(reason) if reason.contains(expected)), "{denial}");
        }
    }

    #[test]
    fn a_method_that_is_not_granted_is_refused_while_writing_too() {
        let egress = EgressRules { methods: [Method::Get, Method::Patch].into(), ..EgressRules::default() };
        let endpoint = Endpoint { egress, ..endpoint(&[], &[]) };
        let allowed = Method::ALL.map(|method| checked(Phase::Write, method, "/x", &endpoint).is_ok());
        assert_eq!(allowed, [true, false, false, false, true, false]);
    }
}
