//! Which addresses a directory's name may lead to: the same rule as for HTTP endpoints.

use purser_broker::egress::{Dialling, SystemNames};
use purser_ldap::{AddressPolicy, AddressRefused};
use purser_model::egress::{AddressGrant, EgressRules};
use std::net::IpAddr;
use std::sync::Arc;
use url::Url;

/// The address that is written in the grant, public ones, and those that the grant lists.
#[derive(Debug)]
pub(crate) struct GrantedAddresses(Option<Dialling>);

impl GrantedAddresses {
    pub(crate) fn new(host: &str, port: u16, addresses: &[AddressGrant]) -> Self {
        let rules = EgressRules { addresses: addresses.to_vec(), ..EgressRules::default() };
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        // Only schemes of the web have addresses as hosts for a URL; the rule looks at nothing but the host.
        let url = Url::parse(&format!("https://{host}:{port}")).ok();
        Self(url.map(|url| Dialling::new(&url, &rules, port, Arc::new(SystemNames))))
    }
}

impl AddressPolicy for GrantedAddresses {
    fn check(&self, host: &str, address: IpAddr, _port: u16) -> Result<(), AddressRefused> {
        let Some(dialling) = &self.0 else { return Err(AddressRefused(format!("`{host}` is no host"))) };
        dialling.check(address).map_err(|refused| AddressRefused(format!("`{host}` is {address}: {refused}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_special_addresses_only_where_they_are_granted() {
        let check = |host: &str, grants: &[&str], address: &str| {
            let grants: Vec<AddressGrant> = grants.iter().map(|grant| grant.parse().unwrap()).collect();
            GrantedAddresses::new(host, 636, &grants).check(host, address.parse().unwrap(), 636).is_ok()
        };
        for address in ["127.0.0.1", "::1", "169.254.169.254", "10.1.2.3", "::ffff:127.0.0.1", "fe80::1"] {
            assert!(!check("dc1.corp.example", &[], address), "{address}");
        }
        assert!(check("dc1.corp.example", &[], "8.8.8.8"));
        assert!(check("dc1.corp.example", &["10.0.0.0/8:636"], "10.1.2.3"));
        assert!(!check("dc1.corp.example", &["10.0.0.0/8:389"], "10.1.2.3"));
        assert!(check("127.0.0.11", &[], "127.0.0.11") && !check("127.0.0.11", &[], "127.0.0.12"));
    }
}
