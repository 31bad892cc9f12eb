//! Requests to the organisation.

use crate::config::Config;
use crate::failure::failure_of;
use purser_sdk::http::{Endpoint, Method, Response, SecretEncoding};
use purser_sdk::serde_json::Value;
use purser_sdk::{Error, Host};

/// The endpoint's name in the grant.
pub const ENDPOINT: &str = "salesforce";
/// So many ids stand in one query: with 21 characters each they stay below the 16 KiB of a URL.
pub const IDS_AT_ONCE: usize = 400;
/// Pages of one query that are read before it is taken for endless.
const MOST_PAGES: usize = 500;

/// The organisation, as one call sees it.
pub struct Org {
    /// The configuration.
    pub config: Config,
    /// The host.
    pub host: Host,
    endpoint: Endpoint,
}

impl Org {
    /// The organisation behind the endpoint [`ENDPOINT`].
    pub fn new(config: Config, host: Host) -> Self {
        let endpoint = host.endpoint(ENDPOINT);
        Self { config, host, endpoint }
    }

    /// A path below the version of the API.
    pub fn path(&self, rest: &str) -> String {
        format!("/services/data/v{}{rest}", self.config.api_version)
    }

    /// Reads a JSON document.
    ///
    /// # Errors
    /// As [`failure_of`]; `unavailable` for a body that is no JSON.
    pub fn read(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
        let request = query.iter().fold(self.endpoint.get(path), |request, (name, value)| request.query(*name, *value));
        let response = request.header("accept", "application/json").send()?;
        match failure_of(&response) {
            Some(error) => Err(error),
            None => response.json(),
        }
    }

    /// All records that a query finds. The platform may answer them in pieces, whatever the query's limit.
    ///
    /// # Errors
    /// As [`Org::read`]; `unavailable` where the platform says that there is more and not where.
    pub fn query(&self, soql: &str) -> Result<Vec<Value>, Error> {
        let mut answer = self.read(&self.path("/query"), &[("q", soql)])?;
        let mut records = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(Value::Array(found)) = answer.get_mut("records").map(Value::take) else {
                return Err(Error::unavailable(None, "Salesforce answered a query without records"));
            };
            records.extend(found);
            if answer["done"] != false {
                return Ok(records);
            }
            let Some(next) = answer["nextRecordsUrl"].as_str().map(str::to_owned) else { break };
            answer = self.read(&next, &[])?;
        }
        Err(Error::unavailable(None, "Salesforce says that a query has more records and does not answer them"))
    }

    /// Sends a write.
    ///
    /// # Errors
    /// As [`failure_of`]; `outcome-unknown` where it is open what was done.
    pub fn write(&self, method: Method, path: &str, body: &Value) -> Result<Response, Error> {
        let response = self.endpoint.request(method, path).json(body).send()?;
        failure_of(&response).map_or(Ok(response), Err)
    }

    /// Deletes these rows; the answer holds a result for each.
    ///
    /// # Errors
    /// As [`Org::write`].
    pub fn delete(&self, ids: &[String]) -> Result<Value, Error> {
        let path = self.path("/composite/sobjects");
        let request = self.endpoint.delete(path).query("ids", ids.join(",")).query("allOrNone", "false");
        let response = request.send()?;
        failure_of(&response).map_or_else(|| response.json(), Err)
    }

    /// Sends a body in which the secret of a slot stands.
    ///
    /// # Errors
    /// As [`Org::write`].
    pub fn write_secret(&self, path: &str, field: &str, slot: u32) -> Result<(), Error> {
        let random: String = self.host.random_bytes(16).iter().map(|byte| format!("{byte:02x}")).collect();
        let placeholder = format!("secret-{random}");
        let body = purser_sdk::serde_json::json!({field: placeholder});
        let request = self.endpoint.post(path).json(&body).secret(slot, placeholder, SecretEncoding::JsonString);
        failure_of(&request.send()?).map_or(Ok(()), Err)
    }
}
