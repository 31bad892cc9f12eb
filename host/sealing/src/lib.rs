//! Seals secrets for the store and opens them again.
//!
//! Each secret is sealed with a data key of its own, and the data key with the host's key (ChaCha20-Poly1305 for both).
//! Name and version of the secret are authenticated with each, so that neither half of one row can stand in another. No IO
//! is done here, and randomness is a parameter.

mod envelope;
mod key;

pub use envelope::{OpenError, open, reseal, seal};
pub use key::{NotAKey, SealingKey};

/// Fills bytes that nobody can guess.
pub type Randomness<'r> = &'r mut dyn FnMut(&mut [u8]);
