//! People sign in with an issuer: the authorization code flow (OpenID Connect Core 1.0 section 3.1) with PKCE (RFC 7636).

use crate::fetching::{NotFetched, NotReachable, Way, is_safe, parsed};
use crate::published::Metadata;
use crate::token::{Presented, Use};
use crate::{Issuers, Known, Malformed, NotVerified, Verified};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use purser_broker::http::Response;
use purser_broker::{Authentication, SecretError};
use purser_model::configuration::{EndpointAuthentication, SecretReference};
use purser_model::egress::EgressRules;
use purser_model::id::{IssuerName, SecretName};
use purser_model::issuer::SignIn;
use purser_model::secret::{NamedSecrets, Secret};
use ring::digest::{SHA256, digest};
use serde::Deserialize;
use std::sync::Arc;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

/// Longer codes are none.
const LONGEST_CODE: usize = 4 << 10;
/// How a client shows who it is where the issuer does not say otherwise (OpenID Connect Discovery 1.0 section 3).
const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";

/// Where the secrets of clients come from.
#[async_trait]
pub trait ClientSecrets: Send + Sync {
    /// These secrets, opened; those that are not set are left out.
    ///
    /// # Errors
    /// They cannot be opened; the text says why.
    async fn open(&self, names: &[&SecretName]) -> Result<NamedSecrets, ClientSecretsClosed>;
}

/// The secrets cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the secrets of clients cannot be opened: {0}")]
pub struct ClientSecretsClosed(pub String);

/// Where no client has a secret.
pub(crate) struct NoSecrets;

#[async_trait]
impl ClientSecrets for NoSecrets {
    async fn open(&self, _: &[&SecretName]) -> Result<NamedSecrets, ClientSecretsClosed> {
        Ok(NamedSecrets::new())
    }
}

/// What ties the answer of an issuer to the browser that asked: each of 43 to 128 letters and digits that nobody can guess.
#[derive(Clone)]
pub struct Proofs {
    /// Comes back with the answer.
    pub state: String,
    /// Comes back in the token.
    pub nonce: String,
    /// Shows that who has the code also asked for it.
    pub verifier: Secret,
}

/// Nobody signed in.
#[derive(Debug, thiserror::Error)]
pub enum NotSignedIn {
    /// People do not sign in there.
    #[error("nobody signs in with issuer `{0}`: an operator of this host declares [issuer.{0}.sign_in]")]
    NotDeclared(String),
    /// The issuer did not answer.
    #[error("issuer {issuer}: {reason}")]
    NotFetched {
        /// Which issuer.
        issuer: IssuerName,
        /// Why.
        reason: NotFetched,
    },
    /// It does not say where people sign in, or leads them to an unsafe place.
    #[error("issuer {issuer} does not say `{what}`, or it is no https:// URL")]
    NoPlace {
        /// Which issuer.
        issuer: IssuerName,
        /// What it does not say.
        what: &'static str,
    },
    /// It does not take what it answered with.
    #[error("issuer {issuer} does not take the code: it answered {status}{}", .code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default())]
    Refused {
        /// Which issuer.
        issuer: IssuerName,
        /// What it answered.
        status: u16,
        /// Its word for why.
        code: Option<String>,
    },
    /// It cannot be reached for this.
    #[error(transparent)]
    NotReachable(#[from] NotReachable),
    /// The client's secret is empty.
    #[error("the secret of the client is empty")]
    NoSecret,
    /// The client's secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The sealed store is closed.
    #[error(transparent)]
    SecretsClosed(#[from] ClientSecretsClosed),
    /// What says who signed in is not good.
    #[error(transparent)]
    NotVerified(#[from] NotVerified),
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

impl Issuers {
    /// The issuers that people sign in with, each with what its button says.
    pub fn doors(&self) -> impl Iterator<Item = (&IssuerName, &str)> {
        self.known.iter().filter_map(|(name, known)| Some((name, known.declared.sign_in.as_ref()?.title.as_str())))
    }

    /// Where a browser goes to sign in.
    ///
    /// # Errors
    /// [`NotSignedIn`]: the issuer does not say.
    pub async fn way_in(&self, name: &str, proofs: &Proofs, now: Timestamp) -> Result<Url, NotSignedIn> {
        let (known, sign_in) = self.door(name)?;
        let metadata = known.metadata(now).await?;
        let mut url = known.place("authorization_endpoint", metadata.authorization_endpoint.clone())?;
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, proofs.verifier.reveal().as_bytes()));
        let scopes = std::iter::once("openid").chain(sign_in.scopes.iter().map(String::as_str)).collect::<Vec<_>>();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &sign_in.client_id)
            .append_pair("redirect_uri", sign_in.redirect(&known.name).as_str())
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &proofs.state)
            .append_pair("nonce", &proofs.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Who signed in, by the code that the issuer answered with.
    ///
    /// # Errors
    /// [`NotSignedIn`].
    pub async fn sign_in(
        &self,
        name: &str,
        code: &str,
        proofs: &Proofs,
        now: Timestamp,
    ) -> Result<Verified, NotSignedIn> {
        let (known, sign_in) = self.door(name)?;
        let text = known.turn_in(sign_in, code, proofs, self.secrets.as_ref(), now).await?;
        let presented = Presented::parse(&text, Use::SignIn).map_err(NotVerified::from)?;
        if presented.issuer() != Some(known.declared.url.as_str()) {
            return Err(NotVerified::UnknownIssuer.into());
        }
        Ok(known.verify(&presented, &sign_in.client_id, Some(&proofs.nonce), now).await?)
    }

    fn door(&self, name: &str) -> Result<(&Known, &SignIn), NotSignedIn> {
        let known = self.known.values().find(|known| known.name.as_str() == name);
        let door = known.and_then(|known| Some((known, known.declared.sign_in.as_ref()?)));
        door.ok_or_else(|| NotSignedIn::NotDeclared(name.to_owned()))
    }
}

impl Known {
    async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, NotSignedIn> {
        self.published.metadata(now).await.map_err(|reason| self.not_fetched(reason))
    }

    fn not_fetched(&self, reason: NotFetched) -> NotSignedIn {
        NotSignedIn::NotFetched { issuer: self.name.clone(), reason }
    }

    fn place(&self, what: &'static str, said: Option<Url>) -> Result<Url, NotSignedIn> {
        said.filter(is_safe).ok_or_else(|| NotSignedIn::NoPlace { issuer: self.name.clone(), what })
    }

    /// Turns a code into what says who signed in. That comes straight from the issuer and is checked all the same.
    async fn turn_in(
        &self,
        sign_in: &SignIn,
        code: &str,
        proofs: &Proofs,
        secrets: &dyn ClientSecrets,
        now: Timestamp,
    ) -> Result<String, NotSignedIn> {
        if code.len() > LONGEST_CODE {
            return Err(NotVerified::from(Malformed::TooLong).into());
        }
        let metadata = self.metadata(now).await?;
        let url = self.place("token_endpoint", metadata.token_endpoint.clone())?;
        let secret = self.secret(sign_in, secrets).await?;
        let in_form = wants_form(&metadata.token_endpoint_auth_methods_supported);
        let authentication = match &secret {
            Some(secret) if !in_form => basic(&sign_in.client_id, secret)?,
            _ => Authentication::None,
        };
        let shown = matches!(authentication, Authentication::None).then_some((sign_in, secret.as_ref()));
        let form = form(code, sign_in.redirect(&self.name).as_str(), &proofs.verifier, shown);
        let way = Way::authenticated(&self.name, &self.declared, authentication)?;
        let answer = way.post(url.as_str(), form).await.map_err(|reason| self.not_fetched(reason))?;
        if answer.status != 200 {
            return Err(self.refused(&answer));
        }
        Ok(parsed::<Tokens>(url.as_str(), &answer).map_err(|reason| self.not_fetched(reason))?.id_token)
    }

    /// Of a refusal only the word is taken.
    fn refused(&self, answer: &Response) -> NotSignedIn {
        let is_word =
            |word: &String| word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let told = serde_json::from_slice::<Refusal>(&answer.body).ok().map(|refusal| refusal.error);
        NotSignedIn::Refused { issuer: self.name.clone(), status: answer.status, code: told.filter(is_word) }
    }

    async fn secret(&self, sign_in: &SignIn, secrets: &dyn ClientSecrets) -> Result<Option<Secret>, NotSignedIn> {
        let Some(reference) = &sign_in.client_secret else { return Ok(None) };
        let sealed = match reference {
            SecretReference::Sealed(name) => secrets.open(&[name]).await?,
            SecretReference::Environment(_) | SecretReference::File(_) => NamedSecrets::new(),
        };
        let declared = EndpointAuthentication::Bearer(reference.clone());
        let endpoint = format!("issuer {}", self.name);
        match Authentication::resolve(&endpoint, &declared, &EgressRules::default(), &sealed)? {
            Authentication::Bearer(secret) => Ok(Some(secret)),
            _ => Ok(None),
        }
    }
}

/// Whether an issuer takes the secret of a client in the form only.
fn wants_form(methods: &[String]) -> bool {
    let has = |wanted: &str| methods.iter().any(|method| method == wanted);
    has(POST) && !has(BASIC)
}

/// A client's name and secret as RFC 6749 section 2.3.1 has them: each encoded as in a form.
fn basic(client: &str, secret: &Secret) -> Result<Authentication, NotSignedIn> {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let password = Secret::new(encoded(secret.reveal())).map_err(|_| NotSignedIn::NoSecret)?;
    Ok(Authentication::Basic { user: encoded(client), password })
}

/// What a code is turned in with; `client` is there where the form says who the client is.
fn form(code: &str, redirect: &str, verifier: &Secret, client: Option<(&SignIn, Option<&Secret>)>) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", redirect)
        .append_pair("code_verifier", verifier.reveal());
    if let Some((sign_in, secret)) = client {
        form.append_pair("client_id", &sign_in.client_id);
        if let Some(secret) = secret {
            form.append_pair("client_secret", secret.reveal());
        }
    }
    form.finish()
}
