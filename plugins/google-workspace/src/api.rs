//! Requests to the vendor: endpoints, errors, pages, secrets in bodies.

use crate::access::Part;
use crate::config::Config;
use crate::failure::{FIRST_WAIT_MS, failure_of};
use purser_sdk::http::{Method, RequestBuilder, SecretEncoding, escape_segment};
use purser_sdk::serde_json::{Value, json};
use purser_sdk::{Error, ErrorClass, Host};
use std::cell::RefCell;

/// The endpoint of the Directory API.
pub const DIRECTORY: &str = "directory";
/// The endpoint of the Licence Manager API.
pub const LICENSING: &str = "licensing";
/// The attribute that takes a secret.
pub const PASSWORD: &str = "password";

/// The API, as one call sees it.
pub struct Api {
    /// The configuration.
    pub config: Config,
    /// The host.
    pub host: Host,
    /// Users deleted within 20 days, once they were looked for.
    pub deleted: RefCell<Option<Vec<Value>>>,
}

/// One page of a list.
pub struct Batch {
    /// The items.
    pub items: Vec<Value>,
    /// The token of the next page.
    pub next: Option<String>,
}

impl Api {
    /// The API behind the endpoints of the grant.
    pub fn new(config: Config, host: Host) -> Self {
        Self { config, host, deleted: RefCell::default() }
    }

    fn request(&self, part: Part, method: Method, path: &str) -> RequestBuilder {
        let (endpoint, base) = match part {
            Part::Licences => (LICENSING, "/apps/licensing/v1"),
            _ => (DIRECTORY, "/admin/directory/v1"),
        };
        self.host.endpoint(endpoint).request(method, format!("{base}{path}"))
    }

    /// Reads a document.
    ///
    /// # Errors
    /// As [`failure_of`]; `unavailable` for a body that is no JSON.
    pub fn read(&self, part: Part, path: &str, query: &[(&str, String)]) -> Result<Value, Error> {
        let request = self.request(part, Method::Get, path);
        let request = query.iter().fold(request, |request, (name, value)| request.query(*name, value));
        let answer = request.send().and_then(|response| match failure_of(&response, true, part.scope()) {
            Some(error) => Err(error),
            None => response.json(),
        });
        answer.map_err(again_soon)
    }

    /// Reads one page of a list whose items stand under `key`; the key is absent where there are none.
    ///
    /// # Errors
    /// As [`Api::read`]; `cursor-expired` for a token that the vendor no longer takes.
    pub fn page(
        &self,
        part: Part,
        path: &str,
        key: &str,
        query: &[(&str, String)],
        token: Option<&str>,
    ) -> Result<Batch, Error> {
        let mut query = query.to_vec();
        query.extend(token.map(|token| ("pageToken", token.to_owned())));
        let answer = self.read(part, path, &query);
        let mut answer = answer.map_err(|error| match (&error.native_code, token) {
            (Some(code), Some(_)) if code == "invalid" => Error::cursor_expired(error.message),
            _ => error,
        })?;
        let items = match answer[key].take() {
            Value::Array(items) => items,
            _ => Vec::new(),
        };
        Ok(Batch { items, next: answer["nextPageToken"].as_str().map(str::to_owned) })
    }

    /// Reads a list to its end.
    ///
    /// # Errors
    /// As [`Api::page`].
    pub fn all(&self, part: Part, path: &str, key: &str, query: &[(&str, String)]) -> Result<Vec<Value>, Error> {
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let batch = self.page(part, path, key, query, token.as_deref())?;
            found.extend(batch.items);
            match batch.next {
                Some(next) => token = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Sends a write; the answer's document, or null where the vendor sends none. A `{"$slot": n}` under `password` goes out as
    /// the secret of that slot.
    ///
    /// # Errors
    /// As [`failure_of`]; `outcome-unknown` for a successful status whose body is no JSON.
    pub fn write(&self, part: Part, method: Method, path: &str, body: Option<Value>) -> Result<Value, Error> {
        let mut request = self.request(part, method, path);
        if let Some(mut body) = body {
            let slot = body[PASSWORD]["$slot"].as_u64().and_then(|slot| u32::try_from(slot).ok());
            if let Some(slot) = slot {
                let random: String = self.host.random_bytes(16).iter().map(|byte| format!("{byte:02x}")).collect();
                let placeholder = format!("secret-{random}");
                body[PASSWORD] = json!(placeholder);
                request = request.secret(slot, placeholder, SecretEncoding::JsonString);
            }
            request = request.json(&body);
        }
        let response = request.send()?;
        match failure_of(&response, false, part.scope()) {
            Some(error) => Err(error),
            None if response.body().is_empty() => Ok(Value::Null),
            None => response.json(),
        }
    }

    /// The path of the customer's part of this name.
    pub fn customer_path(&self, name: &str) -> String {
        format!("/customer/{}/{name}", escape_segment(&self.config.customer))
    }
}

/// Reading changes nothing: what broke off is read again as soon as after a throttle.
fn again_soon(error: Error) -> Error {
    match error.class {
        ErrorClass::Unavailable { after_ms: None } => {
            Error { class: ErrorClass::Unavailable { after_ms: Some(FIRST_WAIT_MS) }, ..error }
        }
        _ => error,
    }
}

/// A path below `/users`.
pub fn user_path(key: &str) -> String {
    format!("/users/{}", escape_segment(key))
}

/// A path below `/groups`.
pub fn group_path(key: &str) -> String {
    format!("/groups/{}", escape_segment(key))
}
