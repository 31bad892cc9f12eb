//! What lies in the folder of connectors: copies by digest, who signed them, what an upgrade asks for, and which build a
//! source or target takes.
//!
//! Nothing here runs a connector or opens a socket. [`Copies`] is the one part that touches files; the others are pure.

mod choice;
mod copies;
mod difference;
mod pruning;
mod signature;

pub use choice::{Choice, Offer, choose};
pub use copies::{Copies, CopyError};
pub use difference::{Difference, REQUIRED, Side, asks, differences};
pub use pruning::{Kept, superfluous};
pub use signature::{Signature, SignatureRefused, judge};
