//! Which machines a connector may reach: the origin is checked before a name is resolved, and the address before it is
//! dialled.

mod address;
mod dialling;

pub use address::Special;
pub use dialling::{AddressRefused, Dialling};

use purser_model::egress::{AddressGrant, EgressRules, HostPattern, OriginPattern};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// The addresses that are granted for an endpoint: those under `addresses`, and those that the operator wrote into its
/// URLs as addresses.
///
/// Who writes `http://127.0.0.1:8080/scim` means this address and port, and no answer of a name server can change where it
/// leads. A name grants nothing, since whoever answers for it could let it lead anywhere; `localhost` is no such name: it
/// is never asked for, and means 127.0.0.1 and ::1 (RFC 6761 section 6.3).
pub(crate) fn granted(url: &Url, rules: &EgressRules) -> Vec<AddressGrant> {
    let own = OriginPattern::of(url).ok();
    let written = own.iter().chain(rules.also.iter().map(|also| &also.origin)).flat_map(written_addresses);
    rules.addresses.iter().copied().chain(written).collect()
}

fn written_addresses(origin: &OriginPattern) -> Vec<AddressGrant> {
    let HostPattern::Exact(host) = &origin.host else { return Vec::new() };
    let host = match host {
        Host::Domain(name) => Host::Domain(name.as_str()),
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => Host::Ipv6(*address),
    };
    let addresses = addresses_of(host).into_iter();
    addresses.map(|address| AddressGrant::exact(address, origin.port)).collect()
}

/// The addresses that a host means without asking anybody; none for a name.
pub(crate) fn addresses_of(host: Host<&str>) -> Vec<IpAddr> {
    match host {
        Host::Ipv4(address) => vec![address.into()],
        Host::Ipv6(address) => vec![address.into()],
        Host::Domain(name) if is_localhost(name) => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        Host::Domain(_) => Vec::new(),
    }
}

fn is_localhost(name: &str) -> bool {
    name.trim_end_matches('.') == "localhost"
}

/// Whether a URL leads to this machine, whoever answers for names.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let addresses = url.host().map(addresses_of).unwrap_or_default();
    !addresses.is_empty() && addresses.iter().all(|address| address.to_canonical().is_loopback())
}
