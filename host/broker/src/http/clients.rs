//! The clients of one endpoint: their connections go where the egress policy lets them, and carry no credential elsewhere.

use super::error::EndpointError;
use crate::egress::{Dialling, Names, SystemNames};
use crate::endpoint::Endpoint;
use purser_model::egress::{EgressRules, FurtherOrigin};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Once};
use std::time::Duration;
use url::Url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

/// One client for each port, since a resolver is asked for a name only; and one without the endpoint's client certificate
/// for the origins that get no credential.
#[derive(Debug)]
pub(super) struct Clients(BTreeMap<(u16, bool), Client>);

/// A client and what it may dial.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) client: reqwest::Client,
    pub(super) dialling: Dialling,
}

impl Clients {
    pub(super) fn new(name: &str, endpoint: &Endpoint, names: &Arc<dyn Names>) -> Result<Self, EndpointError> {
        let roots = Roots::new(name, endpoint)?;
        let own = (endpoint.url.port_or_known_default().unwrap_or_default(), true);
        let mut clients = BTreeMap::new();
        let takes_credential =
            |also: &FurtherOrigin| also.takes_credential() || endpoint.authentication.says_the_base();
        let further = endpoint.egress.also.iter().flat_map(|also| {
            // A redirect there goes without the credential, whatever is declared for URLs that are followed.
            [Some((also.origin.port, false)), takes_credential(also).then_some((also.origin.port, true))]
        });
        for (port, credential) in further.flatten().chain([own]) {
            clients.insert((port, credential), client(name, endpoint, &roots, (port, credential), Arc::clone(names))?);
        }
        Ok(Self(clients))
    }

    /// The client for a port, with the credential or without.
    pub(super) fn get(&self, port: u16, credential: bool) -> Option<&Client> {
        self.0.get(&(port, credential))
    }
}

fn client(
    name: &str,
    endpoint: &Endpoint,
    roots: &Roots,
    (port, credential): (u16, bool),
    names: Arc<dyn Names>,
) -> Result<Client, EndpointError> {
    let dialling = Dialling::new(&endpoint.url, &endpoint.egress, port, names);
    let mut builder = roots.builder().dns_resolver(dialling.clone());
    if credential {
        let connected = endpoint.authentication.connect(builder);
        builder = connected.map_err(|source| EndpointError::Credential { name: name.to_owned(), source })?;
    }
    let client = builder.build().map_err(|source| EndpointError::Tls { name: name.to_owned(), source })?;
    Ok(Client { client, dialling })
}

/// A client for a URL of the operator's own, such as the one that tokens come from: it dials what it may dial for an
/// endpoint with these rules, and trusts whom that trusts.
///
/// # Errors
/// The file with certificates cannot be used, or TLS cannot be set up.
pub fn client_for(name: &str, url: &Url, rules: &EgressRules) -> Result<reqwest::Client, EndpointError> {
    let endpoint = Endpoint { egress: rules.clone(), ..Endpoint::new(url.clone()) };
    let port = url.port_or_known_default().unwrap_or_default();
    let roots = Roots::new(name, &endpoint)?;
    client(name, &endpoint, &roots, (port, false), Arc::new(SystemNames)).map(|client| client.client)
}

/// Whose certificates are trusted.
enum Roots {
    /// The operating system's.
    System,
    /// These and no others.
    Only(Vec<reqwest::Certificate>),
}

impl Roots {
    /// Where nothing of an endpoint uses TLS, the system's store is not touched, so that a machine without one can still
    /// talk to a test server.
    fn new(name: &str, endpoint: &Endpoint) -> Result<Self, EndpointError> {
        if let Some(path) = &endpoint.egress.ca {
            return certificates(path).map(Self::Only).map_err(|reason| EndpointError::Ca {
                name: name.to_owned(),
                path: path.clone(),
                reason,
            });
        }
        let schemes = endpoint.egress.also.iter().map(|also| also.origin.scheme.as_str());
        let uses_tls = schemes.chain([endpoint.url.scheme()]).any(|scheme| scheme == "https");
        Ok(if uses_tls { Self::System } else { Self::Only(Vec::new()) })
    }

    /// A client that follows no redirect, knows no proxy and keeps no cookie.
    fn builder(&self) -> reqwest::ClientBuilder {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Where the process has chosen a provider already, that one is used.
            let _already_chosen = rustls::crypto::ring::default_provider().install_default();
        });
        let builder = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .user_agent(concat!("purser/", env!("CARGO_PKG_VERSION")));
        match self {
            Self::System => builder,
            Self::Only(certificates) => builder.tls_certs_only(certificates.iter().cloned()),
        }
    }
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let certificates = reqwest::Certificate::from_pem_bundle(&text).map_err(|error| error.to_string())?;
    if certificates.is_empty() {
        return Err("it holds no certificate in PEM".to_owned());
    }
    Ok(certificates)
}
