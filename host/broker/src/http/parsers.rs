//! What decides where a request goes, on its own, so that it can be tried with anything (`tests/fuzz`).

use super::{absolute, location};
use crate::endpoint::Endpoint;
use url::Url;

/// Where a path and a query below an endpoint lead; none where they are refused.
pub fn joined(endpoint: &Endpoint, path: &str, query: &[(&str, &str)]) -> Option<Url> {
    location::join(&endpoint.url, path, query.iter().copied()).ok().map(|location| location.url)
}

/// Which of these endpoints, by its place, a whole URL belongs to; none where no one covers it best.
pub fn covering(endpoints: &[Endpoint], url: &Url) -> Option<usize> {
    let named: Vec<_> = endpoints.iter().enumerate().map(|(place, endpoint)| (place.to_string(), endpoint)).collect();
    let covering = absolute::covering(named.iter().map(|(name, endpoint)| (name.as_str(), *endpoint)), url);
    covering.ok().and_then(|(name, _)| name.parse().ok())
}

/// Where a URL that the target gave leads, and whether the credential goes there; none where it is refused.
pub fn followed(endpoint: &Endpoint, given: &str) -> Option<(Url, bool)> {
    location::follow(endpoint, given).ok().map(|location| (location.url, location.credential))
}

/// Where a redirect leads, and whether the credential goes there; none where it is not followed.
pub fn redirected(endpoint: &Endpoint, from: &Url, given: &str) -> Option<(Url, bool)> {
    location::redirect(endpoint, from, given).map(|location| (location.url, location.credential))
}
