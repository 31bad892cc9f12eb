//! Issuers of tokens: whose signature is believed, what it is good for, and who may sign in there.

use crate::access::{ApiRole, Reach};
use crate::configuration::SecretReference;
use crate::egress::{AddressGrant, FurtherOrigin};
use crate::id::{IssuerName, SecretName, TargetName};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// Somebody whose tokens open the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// How it calls itself, to the letter (`iss`).
    pub url: String,
    /// The same as a place.
    pub location: Url,
    /// Where its keys are; none: where it says itself.
    pub jwks: Option<Url>,
    /// For whom the tokens of services must be (`aud`).
    pub audience: String,
    /// Clocks may differ by so much.
    pub clock_skew: Duration,
    /// Who gets which role; the first rule that fits counts.
    pub rules: Vec<RoleRule>,
    /// How people sign in there; none: they do not.
    pub sign_in: Option<SignIn>,
    /// Where it may lead beside its own URL.
    pub also: Vec<FurtherOrigin>,
    /// Addresses that are not public and may be reached nevertheless.
    pub addresses: Vec<AddressGrant>,
    /// The certificates (PEM) that the issuer's must lead to, in place of the operating system's.
    pub ca: Option<PathBuf>,
}

impl Issuer {
    /// The secret of the sealed store that the console shows it.
    pub fn sealed_secret(&self) -> Option<&SecretName> {
        match self.sign_in.as_ref()?.client_secret.as_ref()? {
            SecretReference::Sealed(secret) => Some(secret),
            SecretReference::Environment(_) | SecretReference::File(_) => None,
        }
    }
}

/// Gives a role to the holders of some tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRule {
    /// The role.
    pub role: ApiRole,
    /// The targets of an owner.
    pub targets: BTreeSet<TargetName>,
    /// The claim that is looked at.
    pub claim: String,
    /// What it must be, or have among its values.
    pub values: BTreeSet<String>,
}

impl RoleRule {
    /// Where the role holds.
    pub fn reach(&self) -> Reach {
        if self.role == ApiRole::Owner { Reach::Targets(self.targets.clone()) } else { Reach::Everything }
    }
}

/// How people sign in to the console with an issuer (OpenID Connect Core 1.0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// What the issuer calls the console.
    pub client_id: String,
    /// What the console shows the issuer; none: it has nothing to show.
    pub client_secret: Option<SecretReference>,
    /// Where browsers find the console, without a path.
    pub console: Url,
    /// What stands on the button.
    pub title: String,
    /// What is asked for beside `openid`.
    pub scopes: Vec<String>,
}

impl SignIn {
    /// Where the issuer sends people back to.
    pub fn redirect(&self, issuer: &IssuerName) -> Url {
        let mut url = self.console.clone();
        url.set_path(&format!("/sign-in/{issuer}/answer"));
        url
    }
}
