//! Reading from Graph.

use crate::config::Config;
use crate::failure::failure;
use purser_sdk::http::{Endpoint, RequestBuilder};
use purser_sdk::serde_json::{Value, from_slice};
use purser_sdk::{Error, Host};

/// The endpoint's name in the grant.
pub const ENDPOINT: &str = "graph";

/// Graph, as one call sees it.
pub struct Graph {
    /// The configuration.
    pub config: Config,
    /// The host.
    pub host: Host,
    /// The endpoint.
    pub endpoint: Endpoint,
}

impl Graph {
    /// Graph behind the endpoint [`ENDPOINT`].
    pub fn new(config: Config, host: Host) -> Self {
        let endpoint = host.endpoint(ENDPOINT);
        Self { config, host, endpoint }
    }

    /// Reads a path.
    ///
    /// # Errors
    /// As [`failure`].
    pub fn read(&self, path: &str, query: &[(&str, String)]) -> Result<Value, Error> {
        let request = self.endpoint.get(path);
        let request = query.iter().fold(request, |request, (name, value)| request.query(*name, value));
        answered(request, &format!("GET {path}"))
    }

    /// Reads a list, all pages of it.
    ///
    /// # Errors
    /// As [`failure`].
    pub fn read_all(&self, path: &str, query: &[(&str, String)]) -> Result<Vec<Value>, Error> {
        let mut body = self.read(path, query)?;
        let mut found = Vec::new();
        loop {
            if let Value::Array(values) = body["value"].take() {
                found.extend(values);
            }
            let Some(link) = body["@odata.nextLink"].as_str().map(str::to_owned) else { return Ok(found) };
            body = self.follow(&link)?;
        }
    }

    /// Reads behind a link that Graph gave.
    ///
    /// # Errors
    /// As [`failure`].
    pub fn follow(&self, link: &str) -> Result<Value, Error> {
        answered(self.endpoint.follow(link), "GET of the next page")
    }
}

/// A text as filters have it.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn answered(request: RequestBuilder, what: &str) -> Result<Value, Error> {
    let response = request.send()?;
    if response.is_success() {
        return response.json();
    }
    let body: Value = from_slice(response.body()).unwrap_or_default();
    Err(failure(what, response.status(), &body, response.retry_after_ms(), true))
}
