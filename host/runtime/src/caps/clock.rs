//! The capability `clock`: the host's clock. In `describe` it stands still at zero, so that the answer cannot depend on it.

use crate::bindings::purser::connector::clock as contract;
use crate::clock::HostClock;
use crate::meter::Meter;
use purser_model::phase::Phase;
use std::sync::Arc;
use wasmtime::component::{HasData, Linker};

/// The clock of a call.
#[derive(Clone)]
pub(crate) struct ClockContext {
    clock: Arc<dyn HostClock>,
}

impl ClockContext {
    pub(crate) fn new(clock: Arc<dyn HostClock>) -> Self {
        Self { clock }
    }

    /// The host's clock.
    pub(crate) fn host(&self) -> &Arc<dyn HostClock> {
        &self.clock
    }
}

/// The context while the guest is inside a host function.
pub(crate) struct ClockView<'a> {
    pub(crate) context: &'a ClockContext,
    pub(crate) meter: &'a mut Meter,
    pub(crate) phase: Phase,
}

impl contract::Host for ClockView<'_> {
    async fn now_ms(&mut self) -> wasmtime::Result<u64> {
        self.meter.host_call()?;
        Ok(match self.phase {
            Phase::Describe => 0,
            // A clock before 1970 is broken; zero is what the guest can make most of.
            Phase::Read | Phase::Write => u64::try_from(self.context.clock.now().as_millisecond()).unwrap_or(0),
        })
    }

    async fn monotonic_ns(&mut self) -> wasmtime::Result<u64> {
        self.meter.host_call()?;
        Ok(match self.phase {
            Phase::Describe => 0,
            Phase::Read | Phase::Write => u64::try_from(self.context.clock.monotonic().as_nanos()).unwrap_or(u64::MAX),
        })
    }
}

struct HasClock;

impl HasData for HasClock {
    type Data<'a> = ClockView<'a>;
}

/// Provides the capability to guests.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> ClockView<'_>,
) -> wasmtime::Result<()> {
    contract::add_to_linker::<T, HasClock>(linker, view)
}
