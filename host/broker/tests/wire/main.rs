//! The broker against real servers on the loopback interface: what arrives there, and what does not.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod attribution;
mod destinations;
mod limits;
mod peer;
mod phases;
mod proxy;
mod redirects;
mod request_forms;
mod tls;
