//! What the runtime makes of hostile files and hostile guests: one failed load or one failed call, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod attacks;
mod calls;
mod canary;
mod catalogue;
mod environment;
mod grants;
mod lies;
mod limits;
mod loading;
mod memory;
mod server;
mod upgrades;
mod wasi_http;
