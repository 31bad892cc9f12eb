//! What somebody who is signed in opens the API with: a token, or the word of an issuer, which this host has checked.

use crate::auth::Caller;
use crate::first;
use axum::http::{HeaderValue, Request, header};
use purser_issuer::Issuers;
use purser_model::id::IssuerName;
use purser_model::issuer::Issuer;
use purser_model::secret::Secret;

/// Somebody for whom the console vouches to the API. No request from outside can bring this along.
#[derive(Clone)]
pub(crate) struct Vouched(pub(crate) Caller);

/// What opens the API.
#[derive(Clone)]
pub(super) enum Opener {
    /// A token of the API.
    Token(Secret),
    /// Somebody signed in with an issuer.
    Person(Box<Person>),
    /// Somebody signed in with the token of the first start.
    First,
}

/// Somebody who signed in with an issuer.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) caller: Caller,
    pub(super) issuer: IssuerName,
    /// What was declared of the issuer then.
    pub(super) declared: Issuer,
}

impl Opener {
    /// Whether it opens anything still: who signed in by other declarations signs in again.
    pub(super) fn holds(&self, issuers: &Issuers) -> bool {
        match self {
            Self::Token(_) | Self::First => true,
            Self::Person(person) => issuers.declared(&person.issuer) == Some(&person.declared),
        }
    }

    /// Makes a request one of who is signed in.
    pub(super) fn open<B>(&self, request: &mut Request<B>) {
        match self {
            Self::Token(token) => {
                if let Ok(value) = HeaderValue::from_str(&format!("Bearer {}", token.reveal())) {
                    request.headers_mut().insert(header::AUTHORIZATION, value);
                }
            }
            Self::Person(person) => {
                request.extensions_mut().insert(Vouched(person.caller.clone()));
            }
            Self::First => {
                request.extensions_mut().insert(Vouched(first::caller()));
            }
        }
    }
}
