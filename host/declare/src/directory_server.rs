//! `ldap`: the directory that a connector may reach.

use crate::problems::Problems;
use crate::secret::secret;
use crate::section::Section;
use crate::units;
use purser_model::directory_server::{DirectoryBind, DirectorySecurity, DirectoryServerGrant};
use purser_model::egress::AddressGrant;
use std::path::Path;
use std::time::Duration;
use url::Url;

const TIMEOUT: Duration = Duration::from_secs(30);
const MAX_ANSWER_BYTES: u64 = 16 << 20;
const SESSIONS: u32 = 4;
const MOST_SESSIONS: i64 = 64;

/// A text is no URL of a directory. The URL is not repeated: it may hold a password.
#[derive(Debug, thiserror::Error)]
enum NotADirectory {
    #[error("this is no URL ({0}): write ldaps://host or ldap://host:port")]
    Syntax(#[from] url::ParseError),
    #[error("the scheme `{0}` is none of a directory: write ldaps:// or ldap://")]
    Scheme(String),
    #[error("the URL has no host: write ldaps://dc1.corp.example")]
    NoHost,
    #[error(
        "write scheme, host and port only: as whom to bind is said by `bind_dn` and `password`, where to search by the connector's `config`"
    )]
    Parts,
}

/// Where a directory is.
struct Location {
    host: String,
    port: u16,
    tls: bool,
}

fn location(text: &str) -> Result<Location, NotADirectory> {
    let url = Url::parse(text)?;
    let tls = match url.scheme() {
        "ldaps" => true,
        "ldap" => false,
        other => return Err(NotADirectory::Scheme(other.to_owned())),
    };
    let only = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    if !only || url.fragment().is_some() || !matches!(url.path(), "" | "/") {
        return Err(NotADirectory::Parts);
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(NotADirectory::NoHost)?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Location { host, port: url.port().unwrap_or(if tls { 636 } else { 389 }), tls })
}

/// Reads the section `ldap`.
pub(crate) fn read(mut section: Section<'_>, base: &Path, problems: &mut Problems) -> Option<DirectoryServerGrant> {
    let url = section.required("url", "\"ldaps://dc1.corp.example\"", problems);
    let location = url.and_then(|node| node.parsed(location, problems));
    let start_tls = section.optional("start_tls");
    let wants_start_tls = start_tls.as_ref().and_then(|node| node.flag(problems)).unwrap_or(false);
    if let (Some(node), Some(true)) = (&start_tls, location.as_ref().map(|location| location.tls && wants_start_tls)) {
        problems.report(&node.place, "ldaps:// has TLS from the first byte: remove `start_tls` or write ldap://");
    }
    let security = match (location.as_ref().is_some_and(|location| location.tls), wants_start_tls) {
        (true, _) => DirectorySecurity::Tls,
        (false, true) => DirectorySecurity::StartTls,
        (false, false) => DirectorySecurity::Plain,
    };
    let bind = bind(&mut section, base, problems);
    if location.is_some() && security == DirectorySecurity::Plain && bind != DirectoryBind::Anonymous {
        let advice = "a bind needs TLS: write ldaps:// or `start_tls = true`";
        problems.report(&section.place, advice);
    }
    let authorities = section.optional("ca").and_then(|node| node.filled_text(problems)).map(|path| base.join(path));
    let addresses = section.optional("addresses").map(|node| node.list(problems)).unwrap_or_default();
    let addresses =
        addresses.iter().filter_map(|node| node.parsed(str::parse::<AddressGrant>, problems)).collect::<Vec<_>>();
    let timeout = section.optional("timeout").and_then(|node| node.parsed(units::duration, problems));
    let max_answer = section.optional("max_answer").and_then(|node| node.parsed(units::size, problems));
    let sessions = section.optional("sessions").and_then(|node| {
        let number = node.integer(problems)?;
        let fits = (1..=MOST_SESSIONS).contains(&number);
        if !fits {
            problems.report(&node.place, format!("write a number from 1 to {MOST_SESSIONS}"));
        }
        u32::try_from(number).ok().filter(|_| fits)
    });
    section.finish(problems);
    let Location { host, port, .. } = location?;
    Some(DirectoryServerGrant {
        host,
        port,
        security,
        bind,
        authorities,
        addresses,
        timeout: timeout.unwrap_or(TIMEOUT),
        max_answer_bytes: max_answer.unwrap_or(MAX_ANSWER_BYTES),
        sessions: sessions.unwrap_or(SESSIONS),
    })
}

fn bind(section: &mut Section<'_>, base: &Path, problems: &mut Problems) -> DirectoryBind {
    let name = section.optional("bind_dn");
    let password = section.optional("password");
    let certificate = section.optional("certificate");
    let key = section.optional("key");
    let place = section.place.clone();
    match (name, password, certificate, key) {
        (None, None, None, None) => DirectoryBind::Anonymous,
        (Some(name), Some(password), None, None) => {
            let (name, password) = (name.filled_text(problems), secret(&password, base, problems));
            match (name, password) {
                (Some(name), Some(password)) => DirectoryBind::Simple { name, password },
                _ => DirectoryBind::Anonymous,
            }
        }
        (None, None, Some(certificate), Some(key)) => {
            let (certificate, key) = (certificate.filled_text(problems), secret(&key, base, problems));
            match (certificate, key) {
                (Some(certificate), Some(key)) => DirectoryBind::External { certificate: base.join(certificate), key },
                _ => DirectoryBind::Anonymous,
            }
        }
        _ => {
            let advice =
                "write either `bind_dn` and `password`, or `certificate` and `key` for SASL EXTERNAL, or none of them";
            problems.report(&place, advice);
            DirectoryBind::Anonymous
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_whether_with_tls() {
        let of = |text: &str| location(text).map(|location| (location.host, location.port, location.tls)).ok();
        assert_eq!(of("ldaps://dc1.corp.example"), Some(("dc1.corp.example".to_owned(), 636, true)));
        assert_eq!(of("ldap://127.0.0.1:1389/"), Some(("127.0.0.1".to_owned(), 1389, false)));
        assert_eq!(of("ldaps://[::1]"), Some(("::1".to_owned(), 636, true)));
        for wrong in ["https://a", "ldaps://", "ldaps://u:p@a", "ldaps://a/dc=x", "ldaps://a?cn", "dc1"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
