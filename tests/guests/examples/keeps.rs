//! Keeps accounts, as the build that is in use.
#![cfg(target_arch = "wasm32")]

use purser_guests::keeper::{Build, Keeper};
use purser_guests::program;

struct Newest;

impl Build for Newest {
    const VERSION: &'static str = "1.0.0";
}

type Program = Keeper<Newest>;
program!(Program);
