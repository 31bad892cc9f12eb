//! Which addresses are public, and what the others are.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Special {
    /// This machine.
    Loopback,
    /// The network of an organisation (RFC 1918, RFC 4193).
    Private,
    /// The cable (RFC 3927, RFC 4291).
    LinkLocal,
    /// Where a cloud tells its machines who they are, and with which keys.
    Metadata,
    /// No address: it means this machine where it is dialled.
    Unspecified,
    /// Many machines.
    Multicast,
    /// Every machine of a network.
    Broadcast,
    /// For examples (RFC 5737, RFC 3849, RFC 9637).
    Documentation,
    /// Behind a carrier's translation (RFC 6598).
    CarrierGrade,
    /// Given to nobody, or to a protocol.
    Reserved,
}

impl fmt::Display for Special {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "loopback",
            Self::Private => "private",
            Self::LinkLocal => "link-local",
            Self::Metadata => "metadata",
            Self::Unspecified => "unspecified",
            Self::Multicast => "multicast",
            Self::Broadcast => "broadcast",
            Self::Documentation => "documentation",
            Self::CarrierGrade => "carrier-grade",
            Self::Reserved => "reserved",
        })
    }
}

/// The metadata services that are known by their address. Two of these look public or shared.
const METADATA_V4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
];
const METADATA_V6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];

/// What an address is; none for a public one. An address of version 6 that stands for one of version 4 is what that is.
pub(super) fn special(address: IpAddr) -> Option<Special> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<Special> {
    let [first, second, third, _] = address.octets();
    Some(match (first, second, third) {
        _ if METADATA_V4.contains(&address) => Special::Metadata,
        _ if address.is_unspecified() => Special::Unspecified,
        _ if address.is_loopback() => Special::Loopback,
        _ if address.is_private() => Special::Private,
        _ if address.is_link_local() => Special::LinkLocal,
        _ if address.is_broadcast() => Special::Broadcast,
        _ if address.is_multicast() => Special::Multicast,
        _ if address.is_documentation() => Special::Documentation,
        (100, 64..=127, _) => Special::CarrierGrade,
        // "This network", protocol assignments, the former 6to4 anycast, benchmarks, and what was kept for the future.
        (0 | 240..=255, _, _) | (192, 0, 0) | (192, 88, 99) | (198, 18 | 19, _) => Special::Reserved,
        _ => return None,
    })
}

fn special_v6(address: Ipv6Addr) -> Option<Special> {
    if let Some(embedded) = embedded_v4(address) {
        return special_v4(embedded);
    }
    let segments = address.segments();
    Some(match (segments[0], segments[1]) {
        _ if METADATA_V6.contains(&address) => Special::Metadata,
        _ if address.is_multicast() => Special::Multicast,
        (0xfc00..=0xfdff, _) => Special::Private,
        // Site-local addresses have been out of use since RFC 3879, and mean the same where they are still.
        (0xfec0..=0xfeff, _) => Special::Private,
        (0xfe80..=0xfebf, _) => Special::LinkLocal,
        (0x2001, 0xdb8) | (0x3fff, 0..=0xfff) => Special::Documentation,
        // Protocol assignments, among them Teredo, which hides an address of version 4 inside.
        (0x2001, 0..=0x1ff) => Special::Reserved,
        (0x2000..=0x3fff, _) => return None,
        _ => Special::Reserved,
    })
}

/// The address of version 4 that a router or the operating system makes of it: mapped and compatible (RFC 4291), NAT64
/// (RFC 6052) and 6to4 (RFC 3056).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    if address == Ipv6Addr::LOCALHOST {
        return Some(Ipv4Addr::LOCALHOST);
    }
    let four = |high: u16, low: u16| Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)));
    match address.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => four(high, low),
        // Translated addresses of RFC 2765.
        [0, 0, 0, 0, 0xffff, 0, high, low] => four(high, low),
        [0x2002, high, low, ..] => four(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(text: &str) -> Option<Special> {
        special(text.parse().unwrap())
    }

    #[test]
    fn what_is_not_public_is_known() {
        for (text, expected) in [
            ("127.0.0.1", Special::Loopback),
            ("127.255.255.254", Special::Loopback),
            ("::1", Special::Loopback),
            ("::ffff:127.0.0.1", Special::Loopback),
            ("::127.0.0.1", Special::Loopback),
            ("64:ff9b::127.0.0.1", Special::Loopback),
            ("2002:7f00:1::", Special::Loopback),
            ("10.0.0.1", Special::Private),
            ("172.16.0.1", Special::Private),
            ("172.31.255.255", Special::Private),
            ("192.168.1.1", Special::Private),
            ("fc00::1", Special::Private),
            ("fd12:3456::1", Special::Private),
            ("fec0::1", Special::Private),
            ("::ffff:10.0.0.1", Special::Private),
            ("64:ff9b::192.168.0.1", Special::Private),
            ("169.254.0.1", Special::LinkLocal),
            ("fe80::1", Special::LinkLocal),
            ("169.254.169.254", Special::Metadata),
            ("::ffff:169.254.169.254", Special::Metadata),
            ("64:ff9b::169.254.169.254", Special::Metadata),
            ("fd00:ec2::254", Special::Metadata),
            ("168.63.129.16", Special::Metadata),
            ("100.100.100.200", Special::Metadata),
            ("0.0.0.0", Special::Unspecified),
            ("::", Special::Unspecified),
            ("::ffff:0.0.0.0", Special::Unspecified),
            ("0.1.2.3", Special::Reserved),
            ("224.0.0.1", Special::Multicast),
            ("ff02::1", Special::Multicast),
            ("255.255.255.255", Special::Broadcast),
            ("192.0.2.1", Special::Documentation),
            ("198.51.100.1", Special::Documentation),
            ("203.0.113.1", Special::Documentation),
            ("2001:db8::1", Special::Documentation),
            ("3fff::1", Special::Documentation),
            ("100.64.0.1", Special::CarrierGrade),
            ("100.127.255.255", Special::CarrierGrade),
            ("198.18.0.1", Special::Reserved),
            ("192.0.0.1", Special::Reserved),
            ("240.0.0.1", Special::Reserved),
            ("2001::1", Special::Reserved),
            ("64:ff9b:1::1", Special::Reserved),
            ("100::1", Special::Reserved),
            ("4000::1", Special::Reserved),
        ] {
            assert_eq!(is(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_public_is_not_special() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "169.253.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ] {
            assert_eq!(is(text), None, "{text}");
        }
    }
}
