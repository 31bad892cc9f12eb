//! A host in memory, so that connectors are tested natively, without wasm.
//!
//! ```
//! use purser_sdk::http::Answer;
//! use purser_sdk::testing::Stub;
//!
//! let stub = Stub::new();
//! stub.serve("api", |request| Ok(Answer::new(if request.path == "/ping" { 200 } else { 404 })));
//! let response = stub.host().endpoint("api").get("/ping").send().unwrap();
//! assert_eq!(response.status(), 200);
//! assert_eq!(stub.requests().len(), 1);
//! ```

mod files;
mod ldap;
mod stub;

pub use stub::{Phase, Stub};

use crate::config;
use crate::connector::Connector;
use crate::edit::{Edit, Request};
use crate::error::Error;
use crate::object::{Attributes, Object, SearchRequest, Tail};
use serde_json::Value;

/// Makes a connector as the host does: the configuration is read by its type, then the connector sees it.
///
/// # Errors
/// As the configuration's type and [`Connector::new`] give them.
pub fn connect<C: Connector>(stub: &Stub, config: Value) -> Result<C, Error> {
    C::new(config::from_value(config)?, stub.host())
}

/// A request with a fixed operation id.
pub fn request(class: impl Into<String>, edit: Edit) -> Request {
    Request { operation_id: "operation-1".into(), class: class.into(), edit }
}

/// Lists all objects that the request asks for, page by page.
///
/// # Errors
/// As `search` gives them; a truncated listing is `unavailable` with the reason.
///
/// # Panics
/// A page is larger than asked, or a cursor comes back as it went in.
pub fn list_all<C: Connector>(connector: &C, mut request: SearchRequest) -> Result<Vec<Object>, Error> {
    let mut objects = Vec::new();
    loop {
        let page = connector.search(&request)?;
        assert!(page.objects.len() <= request.page_size as usize, "a page of {} objects", page.objects.len());
        objects.extend(page.objects);
        match page.tail {
            Tail::Complete => return Ok(objects),
            Tail::Truncated(reason) => return Err(Error::unavailable(None, reason)),
            Tail::More(cursor) => {
                assert_ne!(request.cursor.as_ref(), Some(&cursor), "the listing does not go on");
                request.cursor = Some(cursor);
            }
        }
    }
}

/// The attributes in a JSON object.
///
/// # Panics
/// The value is no object.
pub fn attributes(value: Value) -> Attributes {
    match value {
        Value::Object(attributes) => attributes,
        other => panic!("attributes are a JSON object, and this is {other}"),
    }
}
