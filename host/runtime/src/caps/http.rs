//! The capability `http`: requests to the named endpoints of the grant.
//!
//! The contract's types are translated here; what is allowed, authenticated and sent is the broker's.

use crate::bindings::purser::connector::http as contract;
use crate::meter::Meter;
use purser_broker::Endpoint;
use purser_broker::http::{
    Broker, Call, EndpointError, Error, Field, Method, Request, RequestCounts, Response, SecretEncoding, SecretUse,
};
use purser_model::id::OperationId;
use purser_model::phase::Phase;
use purser_model::secret::Slots;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::{HasData, Linker};

/// The endpoints that a session may reach, with the connections that are kept between its calls.
#[derive(Debug, Default)]
pub(crate) struct HttpContext {
    pub(crate) broker: Arc<Broker>,
    /// What this call has sent.
    pub(crate) counts: RequestCounts,
}

impl HttpContext {
    /// Reaches these endpoints.
    ///
    /// # Errors
    /// An endpoint cannot be used.
    pub(crate) fn new(endpoints: &BTreeMap<String, Endpoint>) -> Result<Self, EndpointError> {
        Ok(Self { broker: Arc::new(Broker::new(endpoints)?), counts: RequestCounts::default() })
    }

    /// The same endpoints for a call, which has sent nothing yet.
    pub(crate) fn of_a_call(&self) -> Self {
        Self { broker: Arc::clone(&self.broker), counts: RequestCounts::default() }
    }
}

/// The context while the guest is inside a host function.
pub(crate) struct HttpView<'a> {
    pub(crate) context: &'a HttpContext,
    pub(crate) slots: &'a Slots,
    pub(crate) operations: &'a [OperationId],
    pub(crate) meter: &'a mut Meter,
    pub(crate) phase: Phase,
}

impl HttpView<'_> {
    fn call(&self) -> (&Broker, Call<'_>) {
        let Self { context, slots, operations, phase, .. } = self;
        let call = Call { phase: *phase, slots, operations, counts: &context.counts };
        (&context.broker, call)
    }
}

impl contract::Host for HttpView<'_> {
    async fn send(
        &mut self,
        request: contract::Request,
    ) -> wasmtime::Result<Result<contract::Response, contract::Error>> {
        self.meter.host_call()?;
        let (broker, call) = self.call();
        let answer = broker.send(&call, request.into()).await;
        self.meter.check_traffic()?;
        Ok(answer.map(Into::into).map_err(Into::into))
    }

    async fn follow(
        &mut self,
        url: String,
        request: contract::Request,
    ) -> wasmtime::Result<Result<contract::Response, contract::Error>> {
        self.meter.host_call()?;
        let (broker, call) = self.call();
        let answer = broker.follow(&call, &url, request.into()).await;
        self.meter.check_traffic()?;
        Ok(answer.map(Into::into).map_err(Into::into))
    }
}

impl From<contract::Request> for Request {
    fn from(request: contract::Request) -> Self {
        Self {
            endpoint: request.endpoint,
            method: request.method.into(),
            path: request.path,
            query: request.query.into_iter().map(Into::into).collect(),
            headers: request.headers.into_iter().map(Into::into).collect(),
            body: request.body,
            secrets: request.secrets.into_iter().map(Into::into).collect(),
            timeout: request.timeout_ms.map(|limit| Duration::from_millis(limit.into())),
        }
    }
}

impl From<contract::Method> for Method {
    fn from(method: contract::Method) -> Self {
        match method {
            contract::Method::Get => Self::Get,
            contract::Method::Head => Self::Head,
            contract::Method::Post => Self::Post,
            contract::Method::Put => Self::Put,
            contract::Method::Patch => Self::Patch,
            contract::Method::Delete => Self::Delete,
        }
    }
}

impl From<contract::Field> for Field {
    fn from(field: contract::Field) -> Self {
        Self { name: field.name, value: field.value }
    }
}

impl From<contract::SecretUse> for SecretUse {
    fn from(used: contract::SecretUse) -> Self {
        let encoding = match used.encoding {
            contract::SecretEncoding::Raw => SecretEncoding::Raw,
            contract::SecretEncoding::JsonString => SecretEncoding::JsonString,
            contract::SecretEncoding::Form => SecretEncoding::Form,
        };
        Self { slot: used.slot, placeholder: used.placeholder, encoding }
    }
}

impl From<Response> for contract::Response {
    fn from(response: Response) -> Self {
        let field = |Field { name, value }| contract::Field { name, value };
        Self {
            status: response.status,
            headers: response.headers.into_iter().map(field).collect(),
            body: response.body,
        }
    }
}

impl From<Error> for contract::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Denied(denial) => Self::Denied(denial.to_string()),
            Error::Unreachable(reason) => Self::Unreachable(reason),
            Error::Interrupted(reason) => Self::Interrupted(reason),
            Error::TooLarge(reason) => Self::TooLarge(reason),
        }
    }
}

struct HasHttp;

impl HasData for HasHttp {
    type Data<'a> = HttpView<'a>;
}

/// Provides the capability to guests.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> HttpView<'_>,
) -> wasmtime::Result<()> {
    contract::add_to_linker::<T, HasHttp>(linker, view)
}
