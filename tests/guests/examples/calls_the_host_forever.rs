//! Keeps the host busy with a cheap call.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::clock;
use purser_guests::contract::purser::connector::types::{Error, Page, SearchRequest};
use purser_guests::{Program, program};

struct CallsTheHostForever;

impl Program for CallsTheHostForever {
    fn search(_request: SearchRequest) -> Result<Page, Error> {
        loop {
            clock::now_ms();
        }
    }
}

program!(CallsTheHostForever);
