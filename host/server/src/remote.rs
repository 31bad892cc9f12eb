//! Commands that a running host answers over its API: the same answers as in its home.

mod dispatch;
mod error;
mod lookup;
mod requests;
mod sign_in;

pub use dispatch::run;
pub use error::RemoteError;
pub use lookup::{decision_word, find_account, find_identity, identities};
pub use requests::{Done, Remote};
pub use sign_in::{ready, sign_in, sign_out};
