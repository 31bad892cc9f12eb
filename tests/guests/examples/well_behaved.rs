//! Does everything right, and calls the host as a connector does.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::types::{Error, Page, SearchRequest};
use purser_guests::contract::purser::connector::{clock, config, log, random, state};
use purser_guests::{Program, observations, page, program};

struct WellBehaved;

impl Program for WellBehaved {
    fn search(_request: SearchRequest) -> Result<Page, Error> {
        log::write(log::Level::Info, "searching");
        let former = state::get("visits").map_or(0, |visits| visits[0]);
        state::set("visits", &[former + 1]).expect("a byte has room");
        Ok(page(vec![observations(vec![
            ("config", config::get()),
            ("visits", former.to_string()),
            ("random", random::bytes(8).len().to_string()),
            ("now-ms", clock::now_ms().to_string()),
        ])]))
    }
}

program!(WellBehaved);
