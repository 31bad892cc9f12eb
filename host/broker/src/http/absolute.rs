//! Requests to whole URLs, as `wasi:http` has them: which endpoint of the grant they belong to.

use super::broker::Broker;
use super::error::Denial;
use crate::endpoint::Endpoint;
use purser_model::egress::OriginPattern;
use url::Url;

/// The endpoint that a URL belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covering<'a> {
    /// Its name in the grant.
    pub name: &'a str,
    /// The largest body of a request in bytes.
    pub max_request_bytes: u64,
}

impl Broker {
    /// The endpoint whose URL covers this one: same scheme, host and port, and the longest path of those that it lies below.
    /// Where no endpoint's own URL does, a further origin under `also` counts. [`Broker::follow`] with this endpoint then
    /// decides about the request.
    ///
    /// # Errors
    /// No endpoint covers it, or two do alike, so that it is not said whose credential is meant.
    pub fn covering(&self, url: &str) -> Result<Covering<'_>, Denial> {
        let url = Url::parse(url).map_err(|error| Denial::Location(format!("the URL is not absolute: {error}")))?;
        let endpoints = self.reached.iter().map(|(name, reached)| (name.as_str(), &reached.endpoint));
        let (name, endpoint) = covering(endpoints, &url)?;
        Ok(Covering { name, max_request_bytes: endpoint.egress.max_request_bytes })
    }
}

/// How well an endpoint covers a URL: by its own URL before a further origin, by a longer path before a shorter one.
type Fit = (bool, usize);

/// As [`Broker::covering`], among these.
pub(super) fn covering<'a>(
    endpoints: impl Iterator<Item = (&'a str, &'a Endpoint)>,
    url: &Url,
) -> Result<(&'a str, &'a Endpoint), Denial> {
    let mut best: Option<(Fit, &str, &Endpoint)> = None;
    let mut alike = None;
    for (name, endpoint) in endpoints {
        let Some(fit) = fit(endpoint, url) else { continue };
        match &best {
            Some((former, ..)) if *former > fit => {}
            Some((former, other, _)) if *former == fit => alike = Some((*other, name)),
            _ => (best, alike) = (Some((fit, name, endpoint)), None),
        }
    }
    let origin = || url.origin().ascii_serialization();
    if let Some((one, other)) = alike {
        return Err(Denial::Location(format!(
            "the endpoints `{one}` and `{other}` cover this URL at {} alike: send by the name of one of them, with `http` of the \
             contract",
            origin()
        )));
    }
    best.map(|(_, name, endpoint)| (name, endpoint))
        .ok_or_else(|| Denial::Location(format!("no endpoint of the grant covers this URL at {}", origin())))
}

fn fit(endpoint: &Endpoint, url: &Url) -> Option<Fit> {
    let length = |below: &str| url.path().len() - below.len();
    let own = OriginPattern::of(&endpoint.url).ok()?;
    if let Some(below) = own.below(url) {
        return Some((true, length(below)));
    }
    let further = endpoint.egress.also.iter().filter_map(|also| also.origin.below(url));
    further.map(|below| (false, length(below))).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_model::egress::{EgressRules, FurtherOrigin};
    use std::collections::BTreeMap;

    fn endpoint(url: &str, also: &[&str]) -> Endpoint {
        let further = |origin: &&str| FurtherOrigin { origin: origin.parse().unwrap(), credential: false };
        let egress = EgressRules { also: also.iter().map(further).collect(), ..EgressRules::default() };
        Endpoint { egress, ..Endpoint::new(Url::parse(url).unwrap()) }
    }

    fn found(endpoints: &[(&str, Endpoint)], url: &str) -> Option<String> {
        let endpoints: BTreeMap<_, _> = endpoints.iter().map(|(name, endpoint)| (*name, endpoint)).collect();
        let url = Url::parse(url).unwrap();
        covering(endpoints.into_iter(), &url).ok().map(|(name, _)| name.to_owned())
    }

    fn several() -> Vec<(&'static str, Endpoint)> {
        vec![
            ("all", endpoint("https://app.example", &[])),
            (
                "api",
                endpoint("https://app.example/api/", &["https://*.pods.example/v1", "https://app.example/api/v2/x"]),
            ),
            ("new", endpoint("https://app.example/api/v2", &["https://*.pods.example"])),
            ("other port", endpoint("https://app.example:8443/", &[])),
            ("plain", endpoint("http://app.example/", &[])),
        ]
    }

    #[test]
    fn the_longest_path_that_covers_wins_and_an_own_url_before_a_further_origin() {
        for (url, expected) in [
            ("https://app.example", "all"),
            ("https://app.example/apix", "all"),
            ("https://app.example:443/api", "api"),
            ("https://APP.example/api/v1?a=b", "api"),
            ("https://app.example/api/v2/x/y", "new"),
            ("https://app.example/api/v2/../v1", "api"),
            ("https://app.example:8443/api/v2", "other port"),
            ("http://app.example/api/v2", "plain"),
            ("https://eu.pods.example/v1/x", "api"),
            ("https://eu.pods.example/v10", "new"),
        ] {
            assert_eq!(found(&several(), url).as_deref(), Some(expected), "{url}");
        }
    }

    #[test]
    fn what_no_endpoint_covers_belongs_to_none() {
        for url in [
            "https://evil.example/api",
            "https://app.example.evil.example/api",
            "https://app.example.:443/api",
            "https://app.example@evil.example/api",
            "https://pods.example/v1",
            "ftp://app.example/api",
            "file:///api",
            "http://169.254.169.254/latest/meta-data/",
        ] {
            assert_eq!(found(&several(), url), None, "{url}");
        }
        let deep = [("api", endpoint("https://app.example/api", &[]))];
        for url in [
            "https://app.example/",
            "https://app.example/api/../x",
            "https://app.example/apis",
            "http://app.example/api",
        ] {
            assert_eq!(found(&deep, url), None, "{url}");
        }
    }

    #[test]
    fn two_that_cover_alike_are_named_and_neither_is_taken() {
        let same = endpoint("https://app.example/api", &[]);
        let endpoints = [("one", same.clone()), ("two", same)];
        let endpoints = endpoints.iter().map(|(name, endpoint)| (*name, endpoint));
        let denial = covering(endpoints, &Url::parse("https://app.example/api/x").unwrap()).unwrap_err();
        assert!(denial.to_string().contains("`one` and `two`"), "{denial}");
        let mut more = several();
        more.push(("api again", endpoint("https://app.example/api", &[])));
        assert_eq!(found(&more, "https://app.example/api/v2").as_deref(), Some("new"), "a better one decides");
    }

    #[test]
    fn the_order_of_the_grant_does_not_matter() {
        let forward = several();
        let urls = ["https://app.example/api/v2/x", "https://app.example/", "https://eu.pods.example/v1"];
        for url in urls.map(|url| Url::parse(url).unwrap()) {
            let names = |order: &mut dyn Iterator<Item = &(&'static str, Endpoint)>| {
                covering(order.map(|(name, endpoint)| (*name, endpoint)), &url).map(|(name, _)| name.to_owned())
            };
            assert_eq!(names(&mut forward.iter()), names(&mut forward.iter().rev()));
        }
    }
}
