//! `cargo xtask bench [NAME] [--json]`: every figure with a baseline that is measured in the same run.
//!
//! Each case runs in a process of its own, so that its peak memory is its own.

#[cfg(not(target_arch = "wasm32"))]
mod cases;

#[cfg(not(target_arch = "wasm32"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> anyhow::Result<std::process::ExitCode> {
    cases::main()
}

#[cfg(target_arch = "wasm32")]
fn main() {}
