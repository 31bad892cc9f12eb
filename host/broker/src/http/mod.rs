//! HTTP requests to the named endpoints of a grant.

mod absolute;
mod attribution;
mod broker;
mod clients;
mod error;
mod headers;
mod location;
mod message;
mod operators_client;
mod pace;
pub mod parsers;
mod policy;
mod redaction;
mod slots;
mod transport;

pub use absolute::Covering;
pub use broker::{Broker, Call, RequestCounts};
pub use clients::client_for;
pub use error::{Denial, EndpointError, Error};
pub use headers::is_of_the_host;
pub use message::{Field, Method, Request, Response, SecretEncoding, SecretUse};
pub use operators_client::{AnswerBody, NoAnswer, OperatorsClient};

#[cfg(test)]
mod tests;
