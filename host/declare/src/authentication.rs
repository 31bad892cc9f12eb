//! How the host authenticates to an endpoint: exactly one way.

use crate::oauth2;
use crate::problems::Problems;
use crate::secret::secret;
use crate::section::{Node, Section};
use purser_model::configuration::EndpointAuthentication;
use std::path::Path;

/// Headers that frame a message or lead it somewhere: none of them is a credential.
const NO_CREDENTIALS: [&str; 15] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

type Reader = fn(&Node<'_>, &Path, &mut Problems) -> Option<EndpointAuthentication>;

/// The ways, by the key that declares them.
const WAYS: [(&str, Reader); 5] = [
    ("bearer", |node, base, problems| secret(node, base, problems).map(EndpointAuthentication::Bearer)),
    ("header", header),
    ("basic", basic),
    ("oauth2", |node, base, problems| {
        oauth2::read(node, base, problems).map(|tokens| EndpointAuthentication::OAuth2(Box::new(tokens)))
    }),
    ("client_certificate", client_certificate),
];

/// Reads how the host authenticates; not at all where nothing is said.
pub(crate) fn read(section: &mut Section<'_>, base: &Path, problems: &mut Problems) -> EndpointAuthentication {
    let mut chosen: Option<(&str, EndpointAuthentication)> = None;
    for (key, read) in WAYS {
        let Some(node) = section.optional(key) else { continue };
        let way = read(&node, base, problems);
        match &chosen {
            Some((first, _)) => {
                let said = format!("an endpoint has one way to authenticate: remove `{key}` or `{first}`");
                problems.report(&node.place, said);
            }
            None => chosen = Some((key, way.unwrap_or(EndpointAuthentication::None))),
        }
    }
    chosen.map_or(EndpointAuthentication::None, |(_, way)| way)
}

fn basic(node: &Node<'_>, base: &Path, problems: &mut Problems) -> Option<EndpointAuthentication> {
    let mut section = node.section(problems)?;
    let user = section.required("user", "\"purser\"", problems);
    let user = user.and_then(|node| node.parsed(user_name, problems));
    let password = section.required("password", "{ env = \"CRM_PASSWORD\" }", problems);
    let password = password.and_then(|node| secret(&node, base, problems));
    section.finish(problems);
    Some(EndpointAuthentication::Basic { user: user?, password: password? })
}

/// A text is no user name of HTTP (RFC 7617 section 2).
#[derive(Debug, thiserror::Error)]
enum NotAUser {
    #[error("the text is empty: write a value or leave the key out")]
    Empty,
    #[error("a user name of `basic` holds no colon: what follows would be read as the password")]
    Colon,
}

fn user_name(text: &str) -> Result<String, NotAUser> {
    match text {
        _ if text.trim().is_empty() => Err(NotAUser::Empty),
        _ if text.contains(':') => Err(NotAUser::Colon),
        _ => Ok(text.to_owned()),
    }
}

fn header(node: &Node<'_>, base: &Path, problems: &mut Problems) -> Option<EndpointAuthentication> {
    let mut section = node.section(problems)?;
    let name = section.required("name", "\"X-Api-Key\"", problems);
    let name = name.and_then(|node| node.parsed(header_name, problems));
    let value = section.required("value", "{ secret = \"crm-key\" }", problems);
    let value = value.and_then(|node| secret(&node, base, problems));
    section.finish(problems);
    Some(EndpointAuthentication::Header { name: name?, value: value? })
}

/// A text names no header that a credential may travel in.
#[derive(Debug, thiserror::Error)]
enum NotAHeader {
    #[error("`{0}` cannot be the name of a header: use letters, digits and `-`")]
    Form(String),
    #[error("the header `{0}` frames the request and carries no credential")]
    Framing(String),
}

fn header_name(text: &str) -> Result<String, NotAHeader> {
    let lower = text.to_ascii_lowercase();
    let well_formed = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if !well_formed {
        Err(NotAHeader::Form(text.to_owned()))
    } else if NO_CREDENTIALS.contains(&lower.as_str()) || lower.starts_with("proxy-") {
        Err(NotAHeader::Framing(text.to_owned()))
    } else {
        Ok(text.to_owned())
    }
}

fn client_certificate(node: &Node<'_>, base: &Path, problems: &mut Problems) -> Option<EndpointAuthentication> {
    let mut section = node.section(problems)?;
    let certificate = section.required_text("certificate", "\"../client.pem\"", problems);
    let key = section.required("key", "{ secret = \"crm-client-key\" }", problems);
    let key = key.and_then(|node| secret(&node, base, problems));
    section.finish(problems);
    Some(EndpointAuthentication::ClientCertificate { certificate: base.join(certificate), key: key? })
}
