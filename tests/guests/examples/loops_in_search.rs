//! Never answers a search.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::types::{Error, Page, SearchRequest};
use purser_guests::{Program, program};

struct LoopsInSearch;

impl Program for LoopsInSearch {
    fn search(_request: SearchRequest) -> Result<Page, Error> {
        loop {
            std::hint::black_box(());
        }
    }
}

program!(LoopsInSearch);
