//! Ends in every way in which a guest can trap: the class that is searched says which.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::log;
use purser_guests::contract::purser::connector::types::{Error, Page, SearchRequest};
use purser_guests::{Program, page, program};
use std::hint::black_box;

struct Panics;

impl Program for Panics {
    fn search(request: SearchRequest) -> Result<Page, Error> {
        match request.class.as_str() {
            "message" => {
                std::panic::set_hook(Box::new(|panic| log::panicked(&panic.to_string())));
                panic!("the target speaks Klingon");
            }
            "silent" => std::process::abort(),
            "stack" => Ok(page(Vec::with_capacity(descend(1)))),
            other => panic!("no way to end is called {other}"),
        }
    }
}

/// Goes deeper than any stack; the work after the call keeps it from becoming a loop.
fn descend(depth: usize) -> usize {
    if black_box(depth) == usize::MAX {
        return 0;
    }
    let frame = black_box([depth; 64]);
    black_box(descend(frame[depth % 64] + 1)) + frame[0]
}

program!(Panics);
