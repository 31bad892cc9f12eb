//! Commands that a running host answers over its API: the same answers as in its home.

mod dispatch;
mod error;
mod form;
mod lookup;
mod progress;
mod requests;
mod sign_in;

pub use dispatch::run;
pub use error::RemoteError;
pub use form::FormPart;
pub use lookup::{decision_word, find_account, find_identity, identities};
pub use requests::{Done, Remote};
pub use sign_in::{ready, sign_in, sign_out};
