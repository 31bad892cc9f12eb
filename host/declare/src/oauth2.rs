//! `oauth2` of an endpoint: where its tokens come from.

use crate::problems::Problems;
use crate::secret::{SECRET_ADVICE, secret};
use crate::section::{Node, Section};
use crate::units;
use purser_model::configuration::SecretReference;
use purser_model::oauth2::{Assertion, OAuth2, SigningAlgorithm, TokenClient, TokenGrant};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use url::Url;

const EXAMPLE_KEY: &str = "{ secret = \"graph-key\" }";
/// Short enough for every vendor: Salesforce takes at most five minutes.
const LIFETIME: Duration = Duration::from_mins(3);
/// Google takes no longer ones.
const LONGEST_LIFETIME: Duration = Duration::from_hours(1);
/// What the host itself puts into a request.
const OWN_PARAMETERS: [&str; 9] = [
    "grant_type",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "assertion",
    "refresh_token",
    "scope",
    "password",
];

/// Reads the table.
pub(crate) fn read(node: &Node<'_>, base: &Path, problems: &mut Problems) -> Option<OAuth2> {
    let mut section = node.section(problems)?;
    let token_url = section.required("token_url", "\"https://login.example/oauth2/token\"", problems);
    let token_url = token_url.and_then(|node| node.parsed(token_endpoint, problems));
    let audience = token_url.as_ref().map_or_else(String::new, ToString::to_string);
    let grant = grant(&mut section, base, &audience, problems);
    let client = client(&mut section, grant.as_ref(), base, &audience, problems);
    let scope = section.optional("scope").and_then(|node| node.filled_text(problems));
    let parameters = section.optional("parameters").map(|node| parameters(&node, problems)).unwrap_or_default();
    let base_from_token = section.optional("base_from_token").and_then(|node| node.filled_text(problems));
    section.finish(problems);
    Some(OAuth2 { token_url: token_url?, grant: grant?, client: client?, scope, parameters, base_from_token })
}

/// A text is no URL of a token endpoint. It is not repeated: it may hold a secret.
#[derive(Debug, thiserror::Error)]
enum NotATokenEndpoint {
    #[error("this is no URL ({0}): write https://host/path")]
    Syntax(#[from] url::ParseError),
    #[error("the scheme `{0}` cannot be reached: write https:// or http://")]
    Scheme(String),
    #[error("the URL holds a user or password: use `client_id` and `client_secret`; {SECRET_ADVICE}")]
    Credential,
    #[error("tokens travel over TLS: write https://; http:// is for 127.0.0.1, ::1 and localhost")]
    InClear,
    #[error("the URL has a `#` part, which is not sent")]
    Fragment,
}

fn token_endpoint(text: &str) -> Result<Url, NotATokenEndpoint> {
    let url = Url::parse(text)?;
    match url.scheme() {
        "https" => {}
        "http" if is_this_machine(&url) => {}
        "http" => return Err(NotATokenEndpoint::InClear),
        scheme => return Err(NotATokenEndpoint::Scheme(scheme.to_owned())),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(NotATokenEndpoint::Credential);
    }
    if url.fragment().is_some() { Err(NotATokenEndpoint::Fragment) } else { Ok(url) }
}

fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn grant(section: &mut Section<'_>, base: &Path, audience: &str, problems: &mut Problems) -> Option<TokenGrant> {
    let (refresh, bearer) = (section.optional("refresh_token"), section.optional("jwt_bearer"));
    match (refresh, bearer) {
        (None, None) => Some(TokenGrant::ClientCredentials),
        (Some(_), Some(bearer)) => {
            problems.report(&bearer.place, "a token is got in one way: remove `jwt_bearer` or `refresh_token`");
            None
        }
        (Some(refresh), None) => match secret(&refresh, base, problems)? {
            SecretReference::Sealed(name) => Some(TokenGrant::RefreshToken(name)),
            SecretReference::Environment(_) | SecretReference::File(_) => {
                let said = "a server may answer a new refresh token, which must be kept: write { secret = \"name\" }";
                problems.report(&refresh.place, said);
                None
            }
        },
        (None, Some(bearer)) => {
            let inner = bearer.section(problems)?;
            assertion(inner, Issuer::Declared, base, audience, problems).map(TokenGrant::JwtBearer)
        }
    }
}

fn client(
    section: &mut Section<'_>,
    grant: Option<&TokenGrant>,
    base: &Path,
    audience: &str,
    problems: &mut Problems,
) -> Option<TokenClient> {
    let id = section.optional("client_id").and_then(|node| node.filled_text(problems));
    let (shown, signed) = (section.optional("client_secret"), section.optional("client_assertion"));
    let by = section.optional("client_authentication");
    let in_body = by.as_ref().and_then(|node| node.choice(&[("basic", false), ("post", true)], problems));
    if let (Some(by), None) = (&by, &shown) {
        problems.report(&by.place, "it says how `client_secret` is sent, and there is none");
    }
    match (id, shown, signed) {
        (_, Some(_), Some(signed)) => {
            let said = "a client shows one thing: remove `client_assertion` or `client_secret`";
            problems.report(&signed.place, said);
            None
        }
        (None, None, None) if matches!(grant, None | Some(TokenGrant::JwtBearer(_))) => Some(TokenClient::None),
        (None, ..) => {
            problems.report(&section.place, "`client_id` is missing: write for example `client_id = \"purser\"`");
            None
        }
        (Some(_), None, None) if matches!(grant, Some(TokenGrant::ClientCredentials)) => {
            let said = "`client_secret` or `client_assertion` is missing: the client must show who it is";
            problems.report(&section.place, said);
            None
        }
        (Some(id), None, None) => Some(TokenClient::Public { id }),
        (Some(id), Some(shown), None) => {
            let secret = secret(&shown, base, problems)?;
            Some(match in_body.unwrap_or(false) {
                true => TokenClient::SecretPost { id, secret },
                false => TokenClient::SecretBasic { id, secret },
            })
        }
        (Some(id), None, Some(signed)) => {
            let inner = signed.section(problems)?;
            let assertion = assertion(inner, Issuer::Client(&id), base, audience, problems)?;
            Some(TokenClient::Assertion { id, assertion })
        }
    }
}

/// Who signs an assertion.
#[derive(Clone, Copy)]
enum Issuer<'a> {
    /// It is declared.
    Declared,
    /// The client, which is its subject too.
    Client(&'a str),
}

fn assertion(
    mut section: Section<'_>,
    issuer: Issuer<'_>,
    base: &Path,
    audience: &str,
    problems: &mut Problems,
) -> Option<Assertion> {
    let (issuer, subject) = match issuer {
        Issuer::Client(id) => (id.to_owned(), Some(id.to_owned())),
        Issuer::Declared => {
            let issuer = section.required_text("issuer", "\"purser@project.iam.example\"", problems);
            (issuer, section.optional("subject").and_then(|node| node.filled_text(problems)))
        }
    };
    let key = section.required("key", EXAMPLE_KEY, problems).and_then(|node| secret(&node, base, problems));
    let algorithms = [("RS256", SigningAlgorithm::Rs256), ("ES256", SigningAlgorithm::Es256)];
    let algorithm = section.optional("algorithm").and_then(|node| node.choice(&algorithms, problems));
    let key_id = section.optional("key_id").and_then(|node| node.filled_text(problems));
    let certificate = section.optional("certificate").and_then(|node| node.filled_text(problems));
    let declared_audience = section.optional("audience").and_then(|node| node.filled_text(problems));
    let lifetime = section.optional("lifetime").and_then(|node| node.parsed(lifetime, problems));
    section.finish(problems);
    Some(Assertion {
        algorithm: algorithm.unwrap_or(SigningAlgorithm::Rs256),
        key: key?,
        key_id,
        certificate: certificate.map(|path| base.join(path)),
        issuer,
        subject,
        audience: declared_audience.unwrap_or_else(|| audience.to_owned()),
        lifetime: lifetime.unwrap_or(LIFETIME),
    })
}

/// A text says no time for which an assertion may be valid.
#[derive(Debug, thiserror::Error)]
enum NotALifetime {
    #[error(transparent)]
    Amount(#[from] units::NotAnAmount),
    #[error("an assertion is valid for 10s to 1h: it is made anew for each token")]
    Range,
}

fn lifetime(text: &str) -> Result<Duration, NotALifetime> {
    let lifetime = units::duration(text)?;
    let in_range = (Duration::from_secs(10)..=LONGEST_LIFETIME).contains(&lifetime);
    if in_range { Ok(lifetime) } else { Err(NotALifetime::Range) }
}

fn parameters(node: &Node<'_>, problems: &mut Problems) -> BTreeMap<String, String> {
    let Some(section) = node.section(problems) else { return BTreeMap::new() };
    let mut parameters = BTreeMap::new();
    for (name, node) in section.entries() {
        if OWN_PARAMETERS.contains(&name) {
            problems.report(&node.place, format!("`{name}` is written by the host: it has a key of its own, or none"));
        } else if let Some(value) = node.filled_text(problems) {
            parameters.insert(name.to_owned(), value);
        }
    }
    parameters
}
