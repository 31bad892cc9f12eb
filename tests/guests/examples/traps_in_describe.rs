//! Cannot even say what it is.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::log;
use purser_guests::contract::purser::connector::types::Manifest;
use purser_guests::{Program, program};

struct TrapsInDescribe;

impl Program for TrapsInDescribe {
    fn describe() -> Manifest {
        log::panicked("no idea who I am");
        std::process::abort()
    }
}

program!(TrapsInDescribe);
