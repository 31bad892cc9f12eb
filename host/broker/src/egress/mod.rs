//! Which machines a connector may reach: the origin is checked before a name is resolved, and the address before it is
//! dialled.

mod address;
mod dialling;
mod names;

pub use address::Special;
pub use dialling::{AddressRefused, Dialling};
pub use names::{Names, SystemNames};

use purser_model::egress::{AddressGrant, EgressRules, HostPattern, OriginPattern, addresses_of};
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
    let addresses = addresses_of(&host).into_iter();
    addresses.map(|address| AddressGrant::exact(address, origin.port)).collect()
}
