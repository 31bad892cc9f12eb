//! The capability `state`: small values kept from call to call, per source or target.
//!
//! A connector works without them, so a store that fails reads as empty; only a write says why it was not kept.

use crate::bindings::purser::connector::state as contract;
use crate::meter::Meter;
use crate::state::{GuestState, MAX_KEY_BYTES, MAX_VALUE_BYTES};
use purser_model::phase::Phase;
use std::sync::Arc;
use wasmtime::component::{HasData, Linker};

/// The values of one subject.
#[derive(Clone)]
pub(crate) struct StateContext {
    state: Arc<dyn GuestState>,
    subject: Arc<str>,
}

impl StateContext {
    pub(crate) fn new(state: Arc<dyn GuestState>, subject: &str) -> Self {
        Self { state, subject: subject.into() }
    }
}

/// The context while the guest is inside a host function.
pub(crate) struct StateView<'a> {
    pub(crate) context: &'a StateContext,
    pub(crate) meter: &'a mut Meter,
    pub(crate) phase: Phase,
}

impl contract::Host for StateView<'_> {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<Vec<u8>>> {
        self.meter.host_call()?;
        if self.phase == Phase::Describe {
            return Ok(None);
        }
        let StateContext { state, subject } = self.context;
        Ok(state.get(subject, &key).await.unwrap_or_else(|error| {
            tracing::warn!(%subject, %error, "a connector's state could not be read; it goes on without");
            None
        }))
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> wasmtime::Result<Result<(), String>> {
        self.meter.host_call()?;
        if self.phase == Phase::Describe {
            return Ok(Err(Phase::NOTHING_IN_DESCRIBE.to_owned()));
        }
        if key.len() > MAX_KEY_BYTES {
            return Ok(Err(format!("a key has at most {MAX_KEY_BYTES} bytes")));
        }
        if value.len() > MAX_VALUE_BYTES {
            return Ok(Err(format!("a value has at most {MAX_VALUE_BYTES} bytes")));
        }
        let StateContext { state, subject } = self.context;
        Ok(state.set(subject, &key, value).await.map_err(|error| error.to_string()))
    }

    async fn delete(&mut self, key: String) -> wasmtime::Result<()> {
        self.meter.host_call()?;
        if self.phase == Phase::Describe {
            return Ok(());
        }
        let StateContext { state, subject } = self.context;
        if let Err(error) = state.delete(subject, &key).await {
            tracing::warn!(%subject, %error, "a value of a connector's state could not be removed");
        }
        Ok(())
    }
}

struct HasState;

impl HasData for HasState {
    type Data<'a> = StateView<'a>;
}

/// Provides the capability to guests.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> StateView<'_>,
) -> wasmtime::Result<()> {
    contract::add_to_linker::<T, HasState>(linker, view)
}
