//! A newer build that crashes in the middle of every batch, after it has done some of it.
#![cfg(target_arch = "wasm32")]

use purser_guests::keeper::{Build, Keeper};
use purser_guests::program;

struct Newest;

impl Build for Newest {
    const VERSION: &'static str = "1.2.0";

    fn edited(_place: usize) {
        panic!("the newer build gives up");
    }
}

type Program = Keeper<Newest>;
program!(Program);
