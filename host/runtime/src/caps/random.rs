//! The capability `random`: randomness from the host. In `describe` all bytes are zero, so that the answer cannot depend on
//! them.

use crate::bindings::purser::connector::random as contract;
use crate::clock::Randomness;
use crate::meter::{LimitReached, Meter};
use purser_connector::Limit;
use purser_model::phase::Phase;
use std::sync::Arc;
use wasmtime::component::{HasData, Linker};

const MAX_BYTES: u32 = 64 << 10;

/// The randomness of a call.
#[derive(Clone)]
pub(crate) struct RandomContext {
    randomness: Arc<dyn Randomness>,
}

impl RandomContext {
    pub(crate) fn new(randomness: Arc<dyn Randomness>) -> Self {
        Self { randomness }
    }
}

/// The context while the guest is inside a host function.
pub(crate) struct RandomView<'a> {
    pub(crate) context: &'a RandomContext,
    pub(crate) meter: &'a mut Meter,
    pub(crate) phase: Phase,
}

impl contract::Host for RandomView<'_> {
    async fn bytes(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        self.meter.host_call()?;
        if length > MAX_BYTES {
            let detail = format!("asked for {length} random bytes at once, of which {MAX_BYTES} are allowed");
            return Err(LimitReached { limit: Limit::Output, detail }.into());
        }
        let mut bytes = vec![0; length as usize];
        if self.phase != Phase::Describe {
            self.context.randomness.fill(&mut bytes);
        }
        Ok(bytes)
    }
}

struct HasRandom;

impl HasData for HasRandom {
    type Data<'a> = RandomView<'a>;
}

/// Provides the capability to guests.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> RandomView<'_>,
) -> wasmtime::Result<()> {
    contract::add_to_linker::<T, HasRandom>(linker, view)
}
