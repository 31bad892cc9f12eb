//! Building and sending requests.

use crate::error::Error;
use crate::host::Host;
use crate::http::{Failure, Method, Request, Response, SecretEncoding, SecretUse};
use serde::Serialize;

/// A named endpoint of the grant.
#[derive(Clone)]
pub struct Endpoint {
    host: Host,
    name: String,
}

impl Host {
    /// The endpoint of this name in the grant.
    pub fn endpoint(&self, name: impl Into<String>) -> Endpoint {
        Endpoint { host: self.clone(), name: name.into() }
    }
}

impl Endpoint {
    /// A request. The path is joined to the endpoint's URL as text; it starts with `/` and its parts are escaped, see
    /// [`escape_segment`].
    pub fn request(&self, method: Method, path: impl Into<String>) -> RequestBuilder {
        RequestBuilder {
            host: self.host.clone(),
            url: None,
            reading: matches!(method, Method::Get | Method::Head),
            unusable_body: None,
            request: Request {
                endpoint: self.name.clone(),
                method,
                path: path.into(),
                query: Vec::new(),
                headers: Vec::new(),
                body: None,
                secrets: Vec::new(),
                timeout_ms: None,
            },
        }
    }

    /// A GET request.
    pub fn get(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::Get, path)
    }

    /// A POST request.
    pub fn post(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::Post, path)
    }

    /// A PUT request.
    pub fn put(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::Put, path)
    }

    /// A PATCH request.
    pub fn patch(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::Patch, path)
    }

    /// A DELETE request.
    pub fn delete(&self, path: impl Into<String>) -> RequestBuilder {
        self.request(Method::Delete, path)
    }

    /// A GET request to an absolute URL that the target itself gave (`nextLink`, `Location`).
    pub fn follow(&self, url: impl Into<String>) -> RequestBuilder {
        RequestBuilder { url: Some(url.into()), ..self.request(Method::Get, "/") }
    }
}

/// A request in the making.
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    host: Host,
    url: Option<String>,
    reading: bool,
    unusable_body: Option<serde_json::Error>,
    request: Request,
}

impl RequestBuilder {
    /// Adds a query field; the host escapes it.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.query.push((name.into(), value.into()));
        self
    }

    /// Adds a header. Those that belong to the host (`authorization`, `host` ...) are refused by it.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.request.headers.push((name.into(), value.into()));
        self
    }

    /// Sets a JSON body and, where none was given, the content type `application/json`.
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => self.request.body = Some(body),
            Err(error) => self.unusable_body = Some(error),
        }
        if self.request.header("content-type").is_some() {
            return self;
        }
        self.header("content-type", "application/json")
    }

    /// Sets a body of any kind.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request.body = Some(body.into());
        self
    }

    /// Has the host put the secret of a slot in the place of `placeholder` in the body, in headers and in the path.
    pub fn secret(mut self, slot: u32, placeholder: impl Into<String>, encoding: SecretEncoding) -> Self {
        self.request.secrets.push(SecretUse { slot, placeholder: placeholder.into(), encoding });
        self
    }

    /// Gives up after this many milliseconds; the grant's own limit holds as well.
    pub fn timeout_ms(mut self, milliseconds: u32) -> Self {
        self.request.timeout_ms = Some(milliseconds);
        self
    }

    /// Marks a POST that only reads: a lost answer is then `unavailable` and not `outcome-unknown`.
    pub fn reading(mut self) -> Self {
        self.reading = true;
        self
    }

    /// Sends the request and waits for the answer, whatever its status.
    ///
    /// # Errors
    /// There is no answer: `permission-denied` when the grant forbids the request, `unavailable` when nothing was sent
    /// or the request only reads, else `outcome-unknown`.
    pub fn send(self) -> Result<Response, Error> {
        if let Some(error) = self.unusable_body {
            return Err(Error::defect(format!("the body of {} cannot be written: {error}", self.request.path)));
        }
        let what = match &self.url {
            Some(_) => format!("{} of the next page at `{}`", self.request.method, self.request.endpoint),
            None => format!("{} {} at `{}`", self.request.method, self.request.path, self.request.endpoint),
        };
        let answer = match &self.url {
            Some(url) => self.host.http_follow(url, &self.request),
            None => self.host.http_send(&self.request),
        };
        match answer {
            Ok(answer) => Ok(Response::new(answer, what, self.reading, self.host)),
            Err(failure) => Err(no_answer(&failure, &what, self.reading)),
        }
    }

    /// Sends the request; a status other than 2xx is an error, see [`Response::error`].
    ///
    /// # Errors
    /// As [`RequestBuilder::send`] and [`Response::error`].
    pub fn send_ok(self) -> Result<Response, Error> {
        let response = self.send()?;
        if response.is_success() { Ok(response) } else { Err(response.error()) }
    }
}

fn no_answer(failure: &Failure, what: &str, reading: bool) -> Error {
    let message = format!("{what}: {failure}");
    match failure {
        Failure::Denied(_) => Error::permission_denied(message),
        Failure::Unreachable(_) => Error::unavailable(None, message),
        Failure::Interrupted(_) if reading => Error::unavailable(None, message),
        Failure::TooLarge(_) if reading => {
            Error::invalid_config(format!("{message}; ask for smaller pages or raise the endpoint's limit"))
        }
        Failure::Interrupted(_) | Failure::TooLarge(_) => Error::outcome_unknown(message),
    }
}

/// Escapes one part of a path: all but the unreserved characters of RFC 3986 are percent-encoded, so that an id with
/// a slash stays one part.
pub fn escape_segment(segment: &str) -> String {
    let mut escaped = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => escaped.push(char::from(byte)),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorClass;
    use crate::http::Answer;
    use crate::testing::Stub;
    use serde_json::json;

    #[test]
    fn a_slash_in_an_id_stays_in_its_part() {
        assert_eq!(escape_segment("a/b c~ü"), "a%2Fb%20c~%C3%BC");
    }

    #[test]
    fn a_lost_answer_is_unknown_for_writes_only() {
        let stub = Stub::new();
        stub.serve("api", |_| Err(Failure::Interrupted("reset".into())));
        let api = stub.host().endpoint("api");
        let class = |request: RequestBuilder| request.send().unwrap_err().class;
        assert_eq!(class(api.get("/x")), ErrorClass::Unavailable { after_ms: None });
        assert_eq!(class(api.post("/x")), ErrorClass::OutcomeUnknown);
        assert_eq!(class(api.post("/x").reading()), ErrorClass::Unavailable { after_ms: None });
    }

    #[test]
    fn nothing_sent_is_never_unknown() {
        let stub = Stub::new();
        stub.serve("api", |_| Err(Failure::Unreachable("refused".into())));
        let error = stub.host().endpoint("api").post("/x").send().unwrap_err();
        assert_eq!(error.class, ErrorClass::Unavailable { after_ms: None });
        let denied = stub.host().endpoint("other").post("/x").send().unwrap_err();
        assert_eq!(denied.class, ErrorClass::PermissionDenied(None));
    }

    #[test]
    fn a_request_arrives_as_it_was_built() {
        let stub = Stub::new();
        stub.serve("api", |_| Ok(Answer::new(204)));
        let request = stub.host().endpoint("api").patch("/Users/7").query("a", "b c").header("if-match", "W/\"1\"");
        request.json(&json!({"x": 1})).secret(3, "@@", SecretEncoding::JsonString).send().unwrap();
        let sent = stub.requests().remove(0);
        assert_eq!((sent.method, sent.path.as_str()), (Method::Patch, "/Users/7"));
        assert_eq!(sent.query_field("a"), Some("b c"));
        assert_eq!(sent.header("If-Match"), Some("W/\"1\""));
        assert_eq!(sent.header("content-type"), Some("application/json"));
        assert_eq!(sent.json_body(), json!({"x": 1}));
        assert_eq!(sent.secrets.len(), 1);
    }
}
