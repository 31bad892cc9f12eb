//! Never says what it is.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::types::Manifest;
use purser_guests::{Program, program};

struct LoopsInDescribe;

impl Program for LoopsInDescribe {
    fn describe() -> Manifest {
        loop {
            std::hint::black_box(());
        }
    }
}

program!(LoopsInDescribe);
