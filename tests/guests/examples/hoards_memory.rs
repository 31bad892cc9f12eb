//! Wants more memory than there is: 8 GiB in one step, or a mebibyte again and again.
#![cfg(target_arch = "wasm32")]

use purser_guests::contract::purser::connector::types::{Error, Page, SearchRequest};
use purser_guests::{Program, program};
use std::hint::black_box;

/// 8 GiB in pages of 64 KiB.
const EIGHT_GIB: usize = (8 << 30_u64 >> 16) as usize;

struct HoardsMemory;

impl Program for HoardsMemory {
    fn search(request: SearchRequest) -> Result<Page, Error> {
        if request.class == "at-once" {
            let grown = core::arch::wasm32::memory_grow::<0>(EIGHT_GIB);
            assert_ne!(grown, usize::MAX, "8 GiB were refused");
        }
        loop {
            black_box(vec![1_u8; 1 << 20].leak());
        }
    }
}

program!(HoardsMemory);
