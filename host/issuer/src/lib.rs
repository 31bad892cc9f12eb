//! Tokens that declared issuers sign: JWTs (RFC 7519) for services, as RFC 9068 has them, and those that say which person signed in.
//!
//! Who signed is found by the issuer that a token names, what with by the key of that issuer. The algorithm is the key's: RS256, ES256 or
//! EdDSA; what a token says of it must agree and decides nothing. Keys are fetched through the broker, kept, and fetched again when a
//! token names one that is not known. The time is a parameter.

mod claims;
mod fetching;
mod kept;
mod keys;
mod published;
mod sign_in;
mod token;

pub use claims::ClaimError;
pub use fetching::{NotFetched, NotReachable};
pub use keys::KeyError;
pub use sign_in::{ClientSecrets, ClientSecretsClosed, NotSignedIn, Proofs};
pub use token::Malformed;

use claims::{Claims, Expected};
use jiff::Timestamp;
use published::Published;
use purser_model::access::{ApiRole, Reach};
use purser_model::caller::CallerName;
use purser_model::id::IssuerName;
use purser_model::issuer::Issuer;
use std::collections::BTreeMap;
use std::sync::Arc;
use token::{Presented, Use};

/// Who a token is about, and what it is good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Whom the issuer means.
    pub name: CallerName,
    /// What this one may do.
    pub role: ApiRole,
    /// Where.
    pub reach: Reach,
}

/// Why a token opens nothing. No error holds anything of the token but the name of its algorithm.
#[derive(Debug, thiserror::Error)]
pub enum NotVerified {
    /// It is no token.
    #[error("this is no JWT: {0}")]
    Malformed(#[from] Malformed),
    /// Nobody declared who signed it.
    #[error("its issuer is none that this host trusts: an operator declares it as [issuer.NAME]")]
    UnknownIssuer,
    /// Its signature is not good.
    #[error("issuer {issuer}: {reason}")]
    Key {
        /// Which issuer.
        issuer: IssuerName,
        /// Why.
        reason: KeyError,
    },
    /// It is not for this host, or not for now.
    #[error("issuer {issuer}: {reason}")]
    Claim {
        /// Which issuer.
        issuer: IssuerName,
        /// Why.
        reason: ClaimError,
    },
    /// The issuer gave no keys.
    #[error("the keys of issuer {issuer} are not known, so that its tokens cannot be checked: {reason}")]
    NotFetched {
        /// Which issuer.
        issuer: IssuerName,
        /// Why.
        reason: NotFetched,
    },
    /// It is good, and its holder has no role here.
    #[error(
        "the token is good, and no [[issuer.{issuer}.role]] gives its holder a role: an operator of this host adds one"
    )]
    NoRole {
        /// Which issuer.
        issuer: IssuerName,
    },
}

/// The declared issuers, each with its keys as far as they are known.
pub struct Issuers {
    known: BTreeMap<IssuerName, Known>,
    secrets: Arc<dyn ClientSecrets>,
}

impl Default for Issuers {
    /// None.
    fn default() -> Self {
        Self { known: BTreeMap::new(), secrets: Arc::new(sign_in::NoSecrets) }
    }
}

#[derive(Debug)]
struct Known {
    name: IssuerName,
    declared: Issuer,
    published: Published,
}

impl Issuers {
    /// These issuers, whose clients have these secrets; nothing is fetched yet.
    ///
    /// # Errors
    /// One cannot be reached as it is declared.
    pub fn new(declared: &BTreeMap<IssuerName, Issuer>, secrets: Arc<dyn ClientSecrets>) -> Result<Self, NotReachable> {
        let known = declared.iter().map(|(name, issuer)| Ok((name.clone(), Known::new(name, issuer)?)));
        Ok(Self { known: known.collect::<Result<_, NotReachable>>()?, secrets })
    }

    /// What is declared of an issuer.
    pub fn declared(&self, name: &IssuerName) -> Option<&Issuer> {
        self.known.get(name).map(|known| &known.declared)
    }

    /// Whether a text could be a token of an issuer: tokens of the host's own have no dots.
    pub fn looks_like_one(text: &str) -> bool {
        text.bytes().filter(|byte| *byte == b'.').count() == 2
    }

    /// Who holds this token, and what it is good for. Keys are fetched where they are needed.
    ///
    /// # Errors
    /// [`NotVerified`]: it opens nothing.
    pub async fn verify(&self, text: &str, now: Timestamp) -> Result<Verified, NotVerified> {
        let presented = Presented::parse(text, Use::Access)?;
        let of_issuer = |known: &&Known| presented.issuer() == Some(known.declared.url.as_str());
        let known = self.known.values().find(of_issuer).ok_or(NotVerified::UnknownIssuer)?;
        known.verify(&presented, &known.declared.audience, None, now).await
    }
}

impl Known {
    fn new(name: &IssuerName, issuer: &Issuer) -> Result<Self, NotReachable> {
        Ok(Self { name: name.clone(), declared: issuer.clone(), published: Published::new(name, issuer)? })
    }

    /// Checks a token of this issuer: its signature first, so that nothing else of what is forged is looked at.
    async fn verify(
        &self,
        presented: &Presented<'_>,
        audience: &str,
        nonce: Option<&str>,
        now: Timestamp,
    ) -> Result<Verified, NotVerified> {
        let issuer = || self.name.clone();
        let keys = self.published.keys_with(presented.key_id(), now).await;
        let keys = keys.map_err(|reason| NotVerified::NotFetched { issuer: issuer(), reason })?;
        keys.verify(presented).map_err(|reason| NotVerified::Key { issuer: issuer(), reason })?;
        let expected = Expected { audience, nonce, now, skew: self.declared.clock_skew };
        let subject = expected.check(presented.claims());
        let subject = subject.map_err(|reason| NotVerified::Claim { issuer: issuer(), reason })?;
        let (role, reach) = self.role(presented.claims()).ok_or_else(|| NotVerified::NoRole { issuer: issuer() })?;
        Ok(Verified { name: CallerName::subject(&self.name, &subject), role, reach })
    }

    fn role(&self, claims: &Claims) -> Option<(ApiRole, Reach)> {
        let rule = self.declared.rules.iter().find(|rule| claims::fits(claims, rule))?;
        Some((rule.role, rule.reach()))
    }
}
