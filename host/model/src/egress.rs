//! How far an HTTP endpoint of a grant reaches: methods, further origins, private addresses, limits.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use url::{Host, Url};

/// A request method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Get, Self::Head, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whether redirects of an endpoint are followed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Redirects {
    /// They are answers like any other.
    #[default]
    None,
    /// Those of GET and HEAD, where they lead inside the same endpoint of the grant.
    SameGrant,
}

/// How far an endpoint reaches beyond its URL, and how much may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressRules {
    /// The methods that may be used in the write phase; reading takes what remains of GET, HEAD and reading posts.
    pub methods: BTreeSet<Method>,
    /// Where URLs that the target gives may lead beside the endpoint's own URL.
    pub also: Vec<FurtherOrigin>,
    /// Addresses that are not public and may be reached nevertheless.
    pub addresses: Vec<AddressGrant>,
    /// The certificates (PEM) that the server's must lead to, in place of the operating system's.
    pub ca: Option<PathBuf>,
    /// Largest body of a request in bytes, with its secrets in place.
    pub max_request_bytes: u64,
    /// Most requests to this endpoint in one call of the connector.
    pub max_calls: u32,
    /// How many requests it takes, in all calls together; none takes what comes.
    pub rate: Option<RequestRate>,
    /// Whether redirects are followed.
    pub redirects: Redirects,
    /// Whether credentials and other secrets may travel over `http` to other machines.
    pub insecure_http: bool,
    /// Whether requests say to which trace they belong (W3C `traceparent`).
    pub traceparent: bool,
}

impl Default for EgressRules {
    fn default() -> Self {
        Self {
            methods: Method::ALL.into(),
            also: Vec::new(),
            addresses: Vec::new(),
            ca: None,
            max_request_bytes: 16 << 20,
            max_calls: 10_000,
            rate: None,
            redirects: Redirects::None,
            insecure_http: false,
            traceparent: false,
        }
    }
}

/// How many requests an endpoint takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestRate {
    /// So many requests, retries and redirects counted ...
    pub requests: u32,
    /// ... in any stretch of time of this length.
    pub per: Duration,
}

/// A further place where URLs that the target gives may lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FurtherOrigin {
    /// Which.
    pub origin: OriginPattern,
    /// Whether it is sent the endpoint's credential where a URL is followed there.
    pub credential: bool,
}

impl FurtherOrigin {
    /// Whether the credential goes there: only to a host that is named, since anybody may have a name below a pattern.
    pub fn takes_credential(&self) -> bool {
        self.credential && matches!(self.origin.host, HostPattern::Exact(_))
    }
}

/// A scheme, host, port and beginning of the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginPattern {
    /// `https` or `http`.
    pub scheme: String,
    /// Which hosts.
    pub host: HostPattern,
    /// The port, the scheme's own where none was written.
    pub port: u16,
    /// What paths begin with, without `/` at the end; a path continues with `/` or not at all.
    pub path: String,
}

/// One host or all below a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostPattern {
    /// This host: a name in ASCII or an address.
    Exact(Host<String>),
    /// Every host whose name ends in a dot and this name, such as `my.salesforce.com`; written `*.my.salesforce.com`.
    Below(String),
}

/// A text is no origin that a URL may lead to. A URL is not repeated: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnOrigin {
    /// It is no URL.
    #[error("this is no URL ({0}): write https://host/path, or https://*.example.com/path for all hosts below a name")]
    Syntax(#[from] url::ParseError),
    /// The scheme cannot be reached.
    #[error("the scheme `{0}` cannot be reached: write https:// or http://")]
    Scheme(String),
    /// It holds more than scheme, host, port and path.
    #[error("write scheme, host, port and path only: no user, `?` or `#`")]
    Parts,
    /// The pattern is too wide or has its asterisk elsewhere.
    #[error("`{0}` is no host pattern: write a host, or `*.` and a name of two parts at least, such as *.example.com")]
    Pattern(String),
}

impl OriginPattern {
    /// Exactly the origin of a URL, and its path.
    ///
    /// # Errors
    /// See [`NotAnOrigin`].
    pub fn of(url: &Url) -> Result<Self, NotAnOrigin> {
        let parts =
            url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") {
            return Err(NotAnOrigin::Scheme(url.scheme().to_owned()));
        }
        if !parts {
            return Err(NotAnOrigin::Parts);
        }
        let host = url.host().ok_or(url::ParseError::EmptyHost)?;
        Ok(Self {
            scheme: url.scheme().to_owned(),
            host: HostPattern::of(&host)?,
            port: url.port_or_known_default().unwrap_or_default(),
            path: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The part of a URL's path that follows this origin's; none where the URL lies outside.
    pub fn below<'u>(&self, url: &'u Url) -> Option<&'u str> {
        let same = url.scheme() == self.scheme && url.port_or_known_default() == Some(self.port);
        if !same || !self.host.matches(&url.host()?) {
            return None;
        }
        let rest = url.path().strip_prefix(self.path.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }
}

impl FromStr for OriginPattern {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        Self::of(&Url::parse(text)?)
    }
}

impl HostPattern {
    fn of(host: &Host<&str>) -> Result<Self, NotAnOrigin> {
        let name = match host {
            Host::Domain(name) => *name,
            Host::Ipv4(address) => return Ok(Self::Exact(Host::Ipv4(*address))),
            Host::Ipv6(address) => return Ok(Self::Exact(Host::Ipv6(*address))),
        };
        match name.strip_prefix("*.") {
            None if name.contains('*') => Err(NotAnOrigin::Pattern(name.to_owned())),
            None => Ok(Self::Exact(Host::Domain(name.to_owned()))),
            Some(below) => {
                let labels: Vec<_> = below.trim_end_matches('.').split('.').collect();
                if labels.len() < 2 || labels.iter().any(|label| label.is_empty() || label.contains('*')) {
                    return Err(NotAnOrigin::Pattern(name.to_owned()));
                }
                Ok(Self::Below(below.to_owned()))
            }
        }
    }

    /// Whether this host is meant.
    pub fn matches(&self, host: &Host<&str>) -> bool {
        match (self, host) {
            (Self::Exact(Host::Domain(exact)), Host::Domain(name)) => exact == name,
            (Self::Exact(Host::Ipv4(exact)), Host::Ipv4(address)) => exact == address,
            (Self::Exact(Host::Ipv6(exact)), Host::Ipv6(address)) => exact == address,
            (Self::Below(below), Host::Domain(name)) => {
                let labels = name.strip_suffix(below.as_str()).and_then(|labels| labels.strip_suffix('.'));
                labels.is_some_and(|labels| !labels.is_empty())
            }
            _ => false,
        }
    }
}

/// Addresses that may be reached at one port although they are not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressGrant {
    /// Which.
    pub network: IpNet,
    /// At which port.
    pub port: u16,
}

/// A text grants no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no address with its port: write 127.0.0.1:8080, 10.0.0.0/8:443, [::1]:8080 or [fd12::/16]:443; a name \
     cannot be granted"
)]
pub struct NotAnAddress(String);

impl AddressGrant {
    /// One address at one port.
    pub fn exact(address: IpAddr, port: u16) -> Self {
        Self { network: address.into(), port }
    }

    /// Whether the network is this one address.
    pub fn is_exact(&self) -> bool {
        self.network.prefix_len() == self.network.max_prefix_len()
    }

    /// Whether it is granted.
    pub fn covers(&self, address: IpAddr, port: u16) -> bool {
        self.port == port && self.network.contains(&address)
    }
}

impl FromStr for AddressGrant {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let parsed = || {
            let (network, port) = text.rsplit_once(':')?;
            let in_brackets = network.strip_prefix('[').and_then(|network| network.strip_suffix(']'));
            let network: IpNet = match in_brackets {
                Some(network) => network_of(network).filter(|network| network.addr().is_ipv6())?,
                None => network_of(network).filter(|network| network.addr().is_ipv4())?,
            };
            let port = port.parse().ok().filter(|port| *port > 0)?;
            Some(Self { network, port })
        };
        parsed().ok_or_else(|| NotAnAddress(text.to_owned()))
    }
}

fn network_of(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// The addresses that a host means without asking anybody; none for a name.
pub fn addresses_of(host: &Host<&str>) -> Vec<IpAddr> {
    match host {
        Host::Ipv4(address) => vec![(*address).into()],
        Host::Ipv6(address) => vec![(*address).into()],
        Host::Domain(name) if is_localhost(name) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        Host::Domain(_) => Vec::new(),
    }
}

fn is_localhost(name: &str) -> bool {
    name.trim_end_matches('.') == "localhost"
}

/// Whether a URL leads to this machine, whoever answers for names.
pub fn is_loopback(url: &Url) -> bool {
    let addresses = url.host().as_ref().map(addresses_of).unwrap_or_default();
    !addresses.is_empty() && addresses.iter().all(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(origin: &str, url: &str) -> Option<String> {
        origin.parse::<OriginPattern>().unwrap().below(&Url::parse(url).unwrap()).map(str::to_owned)
    }

    #[test]
    fn an_origin_holds_what_lies_below_it() {
        assert_eq!(below("https://a.example/x/", "https://a.example:443/x/y?z=1").as_deref(), Some("/y"));
        assert_eq!(below("https://a.example/x", "https://A.example/x").as_deref(), Some(""));
        assert_eq!(below("https://*.b.example", "https://eu.na1.b.example/q").as_deref(), Some("/q"));
        assert_eq!(below("https://b\u{fc}cher.example", "https://xn--bcher-kva.example/").as_deref(), Some("/"));
        for (origin, outside) in [
            ("https://a.example/x", "http://a.example/x"),
            ("https://a.example/x", "https://a.example:8443/x"),
            ("https://a.example/x", "https://a.example/xy"),
            ("https://a.example/x", "https://a.example.evil.example/x"),
            ("https://*.b.example", "https://b.example/"),
            ("https://*.b.example", "https://evilb.example/"),
            ("https://*.b.example", "https://.b.example/"),
            ("https://127.0.0.1", "https://localhost/"),
        ] {
            assert_eq!(below(origin, outside), None, "{outside}");
        }
    }

    #[test]
    fn a_pattern_that_is_too_wide_is_refused() {
        for text in [
            "https://*/",
            "https://*.com/",
            "https://*.com./",
            "https://a.*.example/",
            "https://*a.example.com/",
            "https://*.*.example.com/",
            "ftp://a.example/",
            "https://u:p@a.example/",
            "https://a.example/?x",
            "a.example",
        ] {
            assert!(text.parse::<OriginPattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_is_granted_with_its_port() {
        let covers = |grant: &str, address: &str, port| {
            grant.parse::<AddressGrant>().unwrap().covers(address.parse().unwrap(), port)
        };
        assert!(covers("127.0.0.1:8080", "127.0.0.1", 8080));
        assert!(covers("10.0.0.0/8:443", "10.1.2.3", 443));
        assert!(covers("[fd00::/8]:443", "fd00::1", 443));
        assert!(!covers("127.0.0.1:8080", "127.0.0.1", 80));
        assert!(!covers("127.0.0.1:8080", "127.0.0.2", 8080));
        assert!(!covers("[::1]:80", "127.0.0.1", 80));
        for text in ["127.0.0.1", "localhost:80", "127.0.0.1:0", "::1:80", "[127.0.0.1]:80", "10.0.0.0/33:1", ":80", ""]
        {
            assert!(text.parse::<AddressGrant>().is_err(), "{text}");
        }
    }
    #[test]
    fn this_machine_is_known_without_asking() {
        let is_loopback = |url: &str| is_loopback(&Url::parse(url).unwrap());
        for url in [
            "http://127.0.0.1:8080/x",
            "http://127.9.9.9/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://localhost/",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in
            ["http://a.localhost/", "http://localhost.example/", "http://10.0.0.1/", "http://[::]/", "http://0.0.0.0/"]
        {
            assert!(!is_loopback(url), "{url}");
        }
    }
}
