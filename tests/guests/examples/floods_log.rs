//! Logs without end: many lines, or lines without end.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::log;
use purser_guests::contract::purser::connector::types::{Error, Page, SearchRequest};
use purser_guests::{Program, program};

struct FloodsLog;

impl Program for FloodsLog {
    fn search(request: SearchRequest) -> Result<Page, Error> {
        let line = if request.class == "long" { "x".repeat(1 << 20) } else { "x".to_owned() };
        loop {
            log::write(log::Level::Debug, &line);
        }
    }
}

program!(FloodsLog);
