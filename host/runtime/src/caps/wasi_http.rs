//! `wasi:http/outgoing-handler`, as `fetch` of JavaScript imports it: a second door to what the capability `http` reaches.
//!
//! Each request goes to the endpoint of the grant whose URL covers it, through [`Broker::follow`]: phase, egress policy,
//! credential, caps and the scan of answers are those of `http`. The types of `wasi:http` are wasmtime's; no request is sent
//! by them. Since `wasi:http` refuses without a reason, the reason becomes a line of what the connector prints.

use crate::caps::http::HttpContext;
use crate::caps::wasi::Output;
use crate::settings::CallLimits;
use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use purser_broker::http::{
    Broker, Call, Denial, Error as NoAnswer, Field, Method, Request, RequestCounts, Response, is_of_the_host,
};
use purser_model::id::OperationId;
use purser_model::phase::Phase;
use purser_model::secret::Slots;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi_http::p2::bindings::LinkOptions;
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types};
use wasmtime_wasi_http::{
    Error, ForbiddenHeaderFilter, RequestOptions, Result, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
};

/// The package, and its interfaces that are linked.
pub(crate) const PACKAGE: &str = "http";
pub(crate) const TYPES: &str = "types";
pub(crate) const HANDLER: &str = "outgoing-handler";

/// Most requests of a call that wait for an answer; one more is refused.
const MOST_OUTSTANDING: usize = 64;
/// Most requests of a call that are on the wire at once; the others wait for their turn.
const MOST_AT_ONCE: usize = 8;

/// The `wasi:http` of one call; it comes into being when the guest asks for it.
#[derive(Default)]
pub(crate) struct WasiHttp {
    made: Option<(WasiHttpCtx, Outgoing)>,
}

/// What a request of the call needs, shared with the requests that are under way.
pub(crate) struct CallParts<'a> {
    pub(crate) http: &'a HttpContext,
    pub(crate) slots: &'a Arc<Slots>,
    pub(crate) operations: &'a Arc<[OperationId]>,
    pub(crate) limits: &'a CallLimits,
    pub(crate) phase: Phase,
    /// Whether the call has used up its calls into the host: then nothing is sent any more.
    pub(crate) used_up: bool,
}

impl WasiHttp {
    /// The context while the guest is inside a host function.
    pub(crate) fn view<'a>(
        &'a mut self,
        call: &CallParts<'_>,
        table: &'a mut ResourceTable,
        output: &Output,
    ) -> WasiHttpCtxView<'a> {
        let make = || (WasiHttpCtx::new(), Outgoing::new(call, output.clone()));
        let (ctx, outgoing) = self.made.get_or_insert_with(make);
        outgoing.sender.phase = call.phase;
        outgoing.used_up = call.used_up;
        WasiHttpCtxView { hooks: outgoing, table, ctx }
    }
}

/// Takes the requests of one call.
struct Outgoing {
    sender: Sender,
    used_up: bool,
    outstanding: Arc<Semaphore>,
}

impl Outgoing {
    fn new(call: &CallParts<'_>, output: Output) -> Self {
        let sender = Sender {
            broker: Arc::clone(&call.http.broker),
            phase: call.phase,
            slots: Arc::clone(call.slots),
            operations: Arc::clone(call.operations),
            counts: call.http.counts.clone(),
            most_bytes: call.limits.traffic_bytes,
            at_once: Arc::new(Semaphore::new(MOST_AT_ONCE)),
            held: Arc::new(Semaphore::new(call.limits.output_bytes.min(Semaphore::MAX_PERMITS))),
            output,
        };
        Self { sender, used_up: false, outstanding: Arc::new(Semaphore::new(MOST_OUTSTANDING)) }
    }

    /// A place among the requests that wait for an answer.
    fn place(&self) -> Result<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.outstanding).try_acquire_owned().ok().filter(|_| !self.used_up);
        place.ok_or_else(|| {
            let reason = format!("more than {MOST_OUTSTANDING} requests wait for an answer, or the calls are used up");
            self.sender.say(&reason);
            Error::ConnectionLimitReached
        })
    }
}

/// Nothing is left to be done for a response once it is there.
type Rest = Box<dyn Future<Output = Result<()>> + Send>;

impl WasiHttpHooks for Outgoing {
    /// The guest cannot set the headers that belong to the host. Two that `fetch` and its like set by themselves are taken,
    /// and not sent: the host says itself how long the body is, and asks for no compression.
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name| is_of_the_host(name.as_str()) && !is_dropped(name))
    }

    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Rest,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Rest)>> + Send> {
        let (place, sender) = (self.place(), self.sender.clone());
        Box::new(async move {
            let _place = place?;
            let response = sender.send(request, options.unwrap_or_default()).await?;
            Ok((response, Box::new(async { Ok(()) }) as Rest))
        })
    }
}

fn is_dropped(name: &HeaderName) -> bool {
    *name == CONTENT_LENGTH || *name == ACCEPT_ENCODING
}

/// Sends what a call asks for. A request owns one, since it goes on while the guest does something else; it ends with its
/// call, since it lies among the resources of the call.
#[derive(Clone)]
struct Sender {
    broker: Arc<Broker>,
    phase: Phase,
    slots: Arc<Slots>,
    operations: Arc<[OperationId]>,
    counts: RequestCounts,
    /// Nothing is sent once more bytes than this went over the network; the call ends soon after.
    most_bytes: u64,
    at_once: Arc<Semaphore>,
    /// A permit for each byte of answers that may still be kept for the guest.
    held: Arc<Semaphore>,
    output: Output,
}

impl Sender {
    async fn send(self, request: http::Request<WasiBody>, options: RequestOptions) -> Result<http::Response<WasiBody>> {
        let (parts, body) = request.into_parts();
        let method = method(&parts.method).ok_or_else(|| {
            self.say("only GET, HEAD, POST, PUT, PATCH and DELETE are sent");
            Error::HttpRequestMethodInvalid
        })?;
        let url = parts.uri.to_string();
        let covering = self.broker.covering(&url).map_err(|denial| self.denied(&denial))?;
        let _turn = self.at_once.acquire().await.map_err(|_| Error::ConnectionLimitReached)?;
        if self.counts.bytes() > self.most_bytes {
            self.say("the bytes that a call may send and receive are used up");
            return Err(Error::ConnectionLimitReached);
        }
        let request = Request {
            endpoint: covering.name.to_owned(),
            method,
            path: String::new(),
            query: Vec::new(),
            headers: self.fields(&parts.headers)?,
            body: self.collect(body, covering.max_request_bytes).await?,
            secrets: Vec::new(),
            timeout: options.first_byte_timeout,
        };
        let Self { phase, slots, operations, counts, .. } = &self;
        let call = Call { phase: *phase, slots, operations, counts };
        match self.broker.follow(&call, &url, request).await {
            Ok(response) => self.response(response),
            Err(error) => Err(self.no_answer(error)),
        }
    }

    /// The whole body, once the guest has finished it.
    async fn collect(&self, body: WasiBody, most: u64) -> Result<Option<Vec<u8>>> {
        let limit = usize::try_from(most).unwrap_or(usize::MAX);
        let collected = Limited::new(body, limit).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                return self.denied(&Denial::RequestSize(most));
            }
            self.say("the body of a request was not finished, so it was not sent");
            Error::HttpProtocolError
        })?;
        if collected.trailers().is_some_and(|trailers| !trailers.is_empty()) {
            self.say("a request cannot have trailers");
            return Err(Error::HttpRequestTrailerSectionSize(Some(0)));
        }
        let bytes = collected.to_bytes();
        Ok((!bytes.is_empty()).then(|| bytes.into()))
    }

    fn fields(&self, headers: &HeaderMap) -> Result<Vec<Field>> {
        let sent = headers.iter().filter(|(name, _)| !is_dropped(name));
        let fields = sent.map(|(name, value)| {
            let value = value.to_str().map_err(|_| {
                self.say(&format!("the value of the header `{name}` holds a character beyond ASCII"));
                Error::HttpRequestDenied
            })?;
            Ok(Field { name: name.as_str().to_owned(), value: value.to_owned() })
        });
        fields.collect()
    }

    /// The answer, as long as the guest does not let too many of them lie.
    fn response(&self, answer: Response) -> Result<http::Response<WasiBody>> {
        let bytes = u32::try_from(answer.body.len()).ok();
        let held = bytes.and_then(|bytes| Arc::clone(&self.held).try_acquire_many_owned(bytes).ok());
        let Some(held) = held else {
            self.say("the answers that the guest has not read yet are too large together");
            return Err(Error::HttpResponseBodySize(Some(answer.body.len() as u64)));
        };
        let body = Full::new(Bytes::from_owner(Held { bytes: answer.body, _held: held }));
        let mut response = http::Response::new(body.map_err(|never| match never {}).boxed_unsync());
        *response.status_mut() = http::StatusCode::from_u16(answer.status).map_err(|_| Error::HttpProtocolError)?;
        for Field { name, value } in answer.headers {
            let (name, value) = (HeaderName::try_from(name), HeaderValue::try_from(value));
            if let (Ok(name), Ok(value)) = (name, value) {
                response.headers_mut().append(name, value);
            }
        }
        Ok(response)
    }

    fn no_answer(&self, error: NoAnswer) -> Error {
        match error {
            NoAnswer::Denied(denial) => self.denied(&denial),
            NoAnswer::Unreachable(reason) => {
                self.say(&reason);
                Error::DestinationUnavailable
            }
            NoAnswer::Interrupted(reason) => {
                self.say(&reason);
                Error::HttpResponseIncomplete
            }
            NoAnswer::TooLarge(reason) => {
                self.say(&reason);
                Error::HttpResponseBodySize(None)
            }
        }
    }

    fn denied(&self, denial: &Denial) -> Error {
        match denial {
            // Its text holds the path, and so perhaps whom the request is about.
            Denial::Phase(_) => self.say("the phase of the call, or what its endpoint lists as reading, forbids it"),
            other => self.say(&other.to_string()),
        }
        match denial {
            Denial::Address(_) => Error::DestinationIpProhibited,
            Denial::RequestSize(most) => Error::HttpRequestBodySize(Some(*most)),
            Denial::Requests(_) => Error::ConnectionLimitReached,
            _ => Error::HttpRequestDenied,
        }
    }

    fn say(&self, reason: &str) {
        self.output.print(&format!("wasi:http: {reason}"));
    }
}

fn method(method: &http::Method) -> Option<Method> {
    Method::ALL.into_iter().find(|known| known.name() == method.as_str())
}

/// An answer that is kept for the guest; its bytes are given back once the last of it is gone.
struct Held {
    bytes: Vec<u8>,
    _held: OwnedSemaphorePermit,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

struct HasWasiHttp;

impl HasData for HasWasiHttp {
    type Data<'a> = WasiHttpCtxView<'a>;
}

/// Provides the capability to guests.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> WasiHttpCtxView<'_>,
) -> wasmtime::Result<()> {
    outgoing_handler::add_to_linker::<T, HasWasiHttp>(linker, view)?;
    types::add_to_linker::<T, HasWasiHttp>(linker, &LinkOptions::default().into(), view)
}
