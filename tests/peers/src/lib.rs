//! Emulators of cloud applications, in memory, each behind its vendor's own HTTP interface.
//!
//! An emulator is judged by the vendor's official client and by the vendor's machine-readable description, never by our
//! connector. Each is a [`Serving`] that a test starts in its own process, and can be run alone: `cargo run -p purser-peers`.

pub mod faults;
pub mod google;
pub mod graph;
mod limit;
pub mod salesforce;
pub mod scim;
mod serving;

pub use limit::Used;
pub use serving::Serving;
