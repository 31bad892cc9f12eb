//! One call into a connector: a fresh store and instance, two deadlines, and an end that says what happened.

use crate::bindings::GuestPre;
use crate::bindings::exports::purser::connector::provisioning::Guest as Provisioning;
use crate::caps::{clock, config, files, http, ldap, log, random, state, wasi, wasi_http};
use crate::meter::{LimitReached, Meter, ProcessorTimeUsedUp};
use crate::observer::EndedCall;
use crate::runtime::Shared;
use purser_broker::http::RequestCounts;
use purser_connector::{Fault, Limit, Trap};
use purser_model::id::OperationId;
use purser_model::phase::Phase;
use purser_model::secret::Slots;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use wasmtime::component::Linker;
use wasmtime::{Engine, PoolConcurrencyLimitError, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtxView, WasiView};
use wasmtime_wasi_http::WasiHttpCtxView;

/// What wasmtime says when a guest hands over more than the store's allowance. It has no public type; a hostile guest in
/// the tests would notice another wording.
const TOO_MUCH_OUTPUT: &str = "too much data is being copied between the host and the guest";

/// What wasmtime says when a component has more instances, memories or tables than the store's limit. It has no public
/// type either.
const TOO_MANY_INSTANCES: &str = "resource limit exceeded:";

/// All that one call owns. It is dropped with its store.
pub(crate) struct CallState {
    pub(crate) phase: Phase,
    pub(crate) meter: Meter,
    pub(crate) slots: Arc<Slots>,
    /// The operations that it carries out; none in other phases than writing.
    pub(crate) operations: Arc<[OperationId]>,
    pub(crate) config: config::ConfigContext,
    pub(crate) http: http::HttpContext,
    pub(crate) ldap: ldap::LdapContext,
    pub(crate) files: files::FilesContext,
    pub(crate) log: log::LogContext,
    pub(crate) clock: clock::ClockContext,
    pub(crate) random: random::RandomContext,
    pub(crate) state: state::StateContext,
    pub(crate) wasi: wasi::Wasi,
    pub(crate) wasi_http: wasi_http::WasiHttp,
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        // Every function of WASI begins with this.
        self.meter.wasi_call();
        self.wasi.view(&self.clock, &self.log, self.meter.limits())
    }
}

/// What `wasi:http` works with; it counts as WASI does.
fn wasi_http_of(call: &mut CallState) -> WasiHttpCtxView<'_> {
    call.meter.wasi_call();
    let parts = wasi_http::CallParts {
        http: &call.http,
        slots: &call.slots,
        operations: &call.operations,
        limits: call.meter.limits(),
        phase: call.phase,
        used_up: call.meter.used_up().is_some(),
    };
    let (table, output) = call.wasi.resources(&call.clock, &call.log, parts.limits);
    call.wasi_http.view(&parts, table, output)
}

/// A call of one exported function.
pub(crate) type Invocation<'a, R> = Pin<Box<dyn Future<Output = wasmtime::Result<R>> + Send + 'a>>;

/// Gives guests everything this host provides.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    config::add_to_linker(&mut linker, |call: &mut CallState| config::ConfigView {
        context: &call.config,
        meter: &mut call.meter,
    })?;
    http::add_to_linker(&mut linker, |call: &mut CallState| http::HttpView {
        context: &call.http,
        slots: &call.slots,
        operations: &call.operations,
        meter: &mut call.meter,
        phase: call.phase,
    })?;
    ldap::add_to_linker(&mut linker, |call: &mut CallState| ldap::LdapView {
        context: &call.ldap,
        slots: &call.slots,
        meter: &mut call.meter,
        phase: call.phase,
    })?;
    files::add_to_linker(&mut linker, |call: &mut CallState| files::FilesView {
        context: &mut call.files,
        meter: &mut call.meter,
        phase: call.phase,
    })?;
    log::add_to_linker(&mut linker, |call: &mut CallState| log::LogView {
        context: &call.log,
        meter: &mut call.meter,
    })?;
    clock::add_to_linker(&mut linker, |call: &mut CallState| clock::ClockView {
        context: &call.clock,
        meter: &mut call.meter,
        phase: call.phase,
    })?;
    random::add_to_linker(&mut linker, |call: &mut CallState| random::RandomView {
        context: &call.random,
        meter: &mut call.meter,
        phase: call.phase,
    })?;
    state::add_to_linker(&mut linker, |call: &mut CallState| state::StateView {
        context: &call.state,
        meter: &mut call.meter,
        phase: call.phase,
    })?;
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasi_http::add_to_linker(&mut linker, wasi_http_of)?;
    Ok(linker)
}

/// Makes an instance, calls one function, and drops both.
///
/// A guest that computes yields to the asynchronous runtime at every tick, so that its worker thread serves others and
/// the wall time-out can end it; the processor time limit ends it even where it calls the host now and then. A host
/// function that waits is ended by the wall time-out, which drops the call wherever it stands.
///
/// # Errors
/// The [`Fault`] that ended the call.
pub(crate) async fn run<R, F>(
    pre: &GuestPre<CallState>,
    shared: &Shared,
    call: CallState,
    invoke: F,
) -> Result<R, Fault>
where
    F: for<'a> FnOnce(&'a Provisioning, &'a mut Store<CallState>) -> Invocation<'a, R>,
{
    // The pool has as many places as this; waiting for one is not the connector's time.
    let _place =
        shared.places.acquire().await.map_err(|_| Fault::Unusable("the runtime is shutting down".to_owned()))?;
    let wall_time = call.meter.limits().wall_time;
    let mut store = store(pre.engine(), call);
    let counts = store.data().http.counts.clone();
    let ended = within(wall_time, &counts, invoke_in_fresh_instance(pre, &mut store, invoke)).await;
    let ended = match ended {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(error)) => Err(fault(&error, store.data())),
        None => Err(Fault::TimedOut { limit: Limit::Wall, after: wall_time }),
    };
    if let Some(observer) = &shared.settings.observer {
        let call = store.data();
        observer.ended(&EndedCall { subject: call.log.subject(), phase: call.phase, fault: ended.as_ref().err() });
    }
    ended
}

/// What the call answers within its wall time; the time in which requests waited for their turn is not the call's.
async fn within<T>(wall_time: Duration, counts: &RequestCounts, call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    let began = Instant::now();
    let end = || began + wall_time + counts.waited();
    loop {
        let at = end();
        match tokio::time::timeout_at(at, call.as_mut()).await {
            Ok(answer) => return Some(answer),
            Err(_elapsed) if end() > at => {}
            Err(_elapsed) => return None,
        }
    }
}

async fn invoke_in_fresh_instance<R, F>(
    pre: &GuestPre<CallState>,
    store: &mut Store<CallState>,
    invoke: F,
) -> wasmtime::Result<R>
where
    F: for<'a> FnOnce(&'a Provisioning, &'a mut Store<CallState>) -> Invocation<'a, R>,
{
    // A start function runs before anything was asked of the guest, so it may do nothing.
    let phase = std::mem::replace(&mut store.data_mut().phase, Phase::Describe);
    let instance = pre.instantiate_async(&mut *store).await?;
    store.data_mut().phase = phase;
    invoke(instance.purser_connector_provisioning(), store).await
}

fn store(engine: &Engine, call: CallState) -> Store<CallState> {
    let output_bytes = call.meter.limits().output_bytes;
    let mut store = Store::new(engine, call);
    store.limiter(|call| &mut call.meter);
    store.set_hostcall_fuel(output_bytes);
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|mut store| {
        store.data_mut().meter.tick()?;
        Ok(UpdateDeadline::Yield(1))
    });
    store
}

/// What an error of wasmtime means to the engine of Purser.
fn fault(error: &wasmtime::Error, call: &CallState) -> Fault {
    let meter = &call.meter;
    if let Some(reached) = error.downcast_ref::<LimitReached>() {
        return limit_exceeded(reached);
    }
    if let Some(ProcessorTimeUsedUp(time)) = error.downcast_ref() {
        return Fault::TimedOut { limit: Limit::Cpu, after: *time };
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return Fault::Unusable("the runtime has no place left for another instance; try again later".to_owned());
    }
    // A guest that was refused memory rarely copes: it traps where it would have used it.
    if let Some(refused) = meter.refused_growth() {
        return limit_exceeded(refused);
    }
    let reason = format!("{error:#}");
    if reason.contains(TOO_MUCH_OUTPUT) {
        let detail = format!("more than {} bytes were handed over at once", meter.limits().output_bytes);
        return Fault::LimitExceeded { limit: Limit::Output, detail };
    }
    if reason.contains(TOO_MANY_INSTANCES) {
        return Fault::LimitExceeded { limit: Limit::Instances, detail: reason };
    }
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(trap @ wasmtime::Trap::StackOverflow) => {
            Fault::LimitExceeded { limit: Limit::Stack, detail: trap.to_string() }
        }
        Some(trap) => {
            let guest_message = meter.panic_message().map(str::to_owned).or_else(|| call.wasi.last_line());
            Fault::Trapped(Trap { guest_message, reason: trap.to_string() })
        }
        // Everything else is an answer that cannot be read: a pointer out of bounds, a text that is no UTF-8.
        None => Fault::BrokenContract(reason),
    }
}

fn limit_exceeded(reached: &LimitReached) -> Fault {
    Fault::LimitExceeded { limit: reached.limit, detail: reached.detail.clone() }
}
