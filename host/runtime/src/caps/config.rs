//! The capability `config`: the configuration of the source or target, without its secrets.

use crate::bindings::purser::connector::config as contract;
use crate::meter::Meter;
use std::sync::Arc;
use wasmtime::component::{HasData, Linker};

/// The configuration that a call sees.
#[derive(Debug, Clone)]
pub(crate) struct ConfigContext {
    json: Arc<str>,
}

impl ConfigContext {
    /// What `describe` sees: `{}`.
    pub(crate) fn nothing() -> Self {
        Self { json: "{}".into() }
    }

    /// A configuration; a JSON object.
    pub(crate) fn new(config: &serde_json::Value) -> Self {
        Self { json: config.to_string().into() }
    }
}

/// The context while the guest is inside a host function.
pub(crate) struct ConfigView<'a> {
    pub(crate) context: &'a ConfigContext,
    pub(crate) meter: &'a mut Meter,
}

impl contract::Host for ConfigView<'_> {
    async fn get(&mut self) -> wasmtime::Result<String> {
        self.meter.host_call()?;
        Ok(self.context.json.to_string())
    }
}

struct HasConfig;

impl HasData for HasConfig {
    type Data<'a> = ConfigView<'a>;
}

/// Provides the capability to guests.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> ConfigView<'_>,
) -> wasmtime::Result<()> {
    contract::add_to_linker::<T, HasConfig>(linker, view)
}
