//! `connector`, `config`, `endpoint`, `directory`, `ldap`, `upgrade` and `limits`: what a source and a target have in common.

use crate::authentication;
use crate::connectors;
use crate::directory_server;
use crate::egress;
use crate::problems::Problems;
use crate::secret::SECRET_ADVICE;
use crate::section::Section;
use crate::units;
use purser_model::configuration::{
    ConnectorReference, DirectoryGrant, EndpointAuthentication, EndpointGrant, GrantDeclaration, Instance,
};
use std::path::Path;
use std::time::Duration;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(30);
const MAX_RESPONSE_BYTES: u64 = 16 << 20;

/// Reads the connector, its configuration and its grant.
pub(crate) fn read(section: &mut Section<'_>, base: &Path, problems: &mut Problems) -> Instance {
    let connector = section.required("connector", "\"scim@^1\"", problems);
    let connector = connector.and_then(|node| node.parsed(connectors::reference, problems));
    let config = section.optional("config").and_then(|node| {
        node.section(problems)?;
        Some(units::json(&node, problems))
    });
    let endpoints = section.sections("endpoint", problems).into_iter();
    let endpoints =
        endpoints.filter_map(|(name, inner)| Some((name.to_owned(), endpoint(inner, base, problems)?))).collect();
    let directories = section.sections("directory", problems).into_iter();
    let directories = directories.map(|(name, inner)| (name.to_owned(), directory(inner, base, problems))).collect();
    let ldap = section.optional("ldap").and_then(|node| node.section(problems));
    let ldap = ldap.and_then(|inner| directory_server::read(inner, base, problems));
    Instance {
        connector: connector.unwrap_or(ConnectorReference::any("")),
        config: config.unwrap_or_else(|| serde_json::Value::Object(serde_json::Map::new())),
        grant: GrantDeclaration { endpoints, directories, ldap },
        upgrade: connectors::upgrade(section, problems),
        limits: connectors::limits(section, problems),
    }
}

fn endpoint(mut section: Section<'_>, base: &Path, problems: &mut Problems) -> Option<EndpointGrant> {
    let url = section.required("url", "\"https://crm.example/scim/v2\"", problems);
    let parsed = url.as_ref().and_then(|node| node.parsed(endpoint_url, problems));
    let authentication = authentication::read(&mut section, base, problems);
    let timeout = section.optional("timeout").and_then(|node| node.parsed(units::duration, problems));
    let max_response = section.optional("max_response").and_then(|node| node.parsed(units::size, problems));
    let reading_posts = section.texts("reading_posts", problems);
    for (path, place) in reading_posts.iter().filter(|(path, _)| !path.starts_with('/')) {
        problems.report(place, format!("`{path}` is no path below the endpoint: begin it with `/`"));
    }
    let egress = egress::read(&mut section, base, problems);
    section.finish(problems);
    let (node, url) = (url?, parsed?);
    if authentication != EndpointAuthentication::None {
        egress::check_secrecy(&node, &url, &egress, problems);
    }
    Some(EndpointGrant {
        url,
        authentication,
        timeout: timeout.unwrap_or(TIMEOUT),
        max_response_bytes: max_response.unwrap_or(MAX_RESPONSE_BYTES),
        reading_posts: reading_posts.into_iter().map(|(path, _)| path).collect(),
        egress,
    })
}

/// A text is no endpoint's URL. The URL is not repeated: it may hold a password.
#[derive(Debug, thiserror::Error)]
enum NotAnEndpoint {
    #[error("this is no URL ({0}): write https://host/path")]
    Syntax(#[from] url::ParseError),
    #[error("the scheme `{0}` cannot be reached: write https:// or http://")]
    Scheme(String),
    #[error("the URL holds a user or password: use `basic` or `bearer`; {SECRET_ADVICE}")]
    Credential,
    #[error("the URL has a `?` or `#` part: an endpoint is a base that requests are added to")]
    NotABase,
}

fn endpoint_url(text: &str) -> Result<Url, NotAnEndpoint> {
    let url = Url::parse(text)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(NotAnEndpoint::Scheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(NotAnEndpoint::Credential);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(NotAnEndpoint::NotABase);
    }
    Ok(url)
}

fn directory(mut section: Section<'_>, base: &Path, problems: &mut Problems) -> DirectoryGrant {
    let path = section.required_text("path", "\"../hr\"", problems);
    let access = section.optional("access");
    let writes = access.and_then(|node| node.choice(&[("read", false), ("read-write", true)], problems));
    section.finish(problems);
    DirectoryGrant { path: base.join(path), writes: writes.unwrap_or(false) }
}
