//! Lets connections go to granted and public addresses only.

use super::address::{Special, special};
use super::granted;
use super::names::Names;
use purser_model::egress::{AddressGrant, EgressRules, addresses_of};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use url::{Host, Url};

/// Which addresses may be dialled for an endpoint at one port. As a resolver it answers with nothing else, so that a name
/// leads nowhere that it should not, however its answers change.
#[derive(Debug, Clone)]
pub struct Dialling {
    port: u16,
    grants: Arc<[AddressGrant]>,
    names: Arc<dyn Names>,
}

/// An address was not dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the host leads to a {0} address; if that is meant, list the address with its port under `addresses` of the endpoint"
)]
pub struct AddressRefused(pub Special);

impl Dialling {
    /// What may be dialled at this port for an endpoint with this URL and these rules.
    pub fn new(url: &Url, rules: &EgressRules, port: u16, names: Arc<dyn Names>) -> Self {
        Self { port, grants: granted(url, rules).into(), names }
    }

    /// Whether an address may be dialled: it is public, or granted with the port. A metadata service is granted only as
    /// exactly this address, never with the network around it.
    ///
    /// # Errors
    /// It may not.
    pub fn check(&self, address: IpAddr) -> Result<(), AddressRefused> {
        let Some(special) = special(address) else { return Ok(()) };
        // The operating system dials the mapped address as the one of version 4 inside.
        let forms = [address, address.to_canonical()];
        let suffices = |grant: &&AddressGrant| special != Special::Metadata || grant.is_exact();
        let covers = |grant: &AddressGrant| forms.iter().any(|form| grant.covers(*form, self.port));
        match self.grants.iter().filter(suffices).any(covers) {
            true => Ok(()),
            false => Err(AddressRefused(special)),
        }
    }

    /// Checks a URL whose host is an address: such a host is dialled without asking the resolver.
    ///
    /// # Errors
    /// The address may not be dialled.
    pub fn check_url(&self, url: &Url) -> Result<(), AddressRefused> {
        match url.host() {
            Some(Host::Ipv4(address)) => self.check(address.into()),
            Some(Host::Ipv6(address)) => self.check(address.into()),
            Some(Host::Domain(_)) | None => Ok(()),
        }
    }

    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let known = addresses_of(&Host::Domain(name));
        if known.is_empty() { self.names.lookup(name).await } else { Ok(known) }
    }

    /// Those of a name's addresses that may be dialled.
    ///
    /// # Errors
    /// The name has addresses, and none of them may.
    fn choose(&self, name: &str, addresses: &[IpAddr]) -> Result<Vec<IpAddr>, AddressRefused> {
        let mut first_refused = None;
        let mut allowed = Vec::new();
        for address in addresses {
            match self.check(*address) {
                Ok(()) => allowed.push(*address),
                Err(refused) => {
                    tracing::debug!(host = name, %address, port = self.port, "an address is not dialled: {}", refused.0);
                    first_refused.get_or_insert(refused);
                }
            }
        }
        match first_refused {
            Some(refused) if allowed.is_empty() => Err(refused),
            _ => Ok(allowed),
        }
    }
}

impl Resolve for Dialling {
    fn resolve(&self, name: Name) -> Resolving {
        let dialling = self.clone();
        Box::pin(async move {
            let addresses = dialling.lookup(name.as_str()).await?;
            let allowed = dialling.choose(name.as_str(), &addresses)?;
            let addresses: Addrs = Box::new(allowed.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Must not be asked.
    #[derive(Debug)]
    struct Nobody;

    #[async_trait::async_trait]
    impl Names for Nobody {
        async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
            panic!("{name} was asked for")
        }
    }

    fn dialling(url: &str, addresses: &[&str], port: u16) -> Dialling {
        let addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let rules = EgressRules { addresses, ..EgressRules::default() };
        Dialling::new(&Url::parse(url).unwrap(), &rules, port, Arc::new(Nobody))
    }

    fn may(dialling: &Dialling, address: &str) -> bool {
        dialling.check(address.parse().unwrap()).is_ok()
    }

    #[test]
    fn a_name_grants_no_address() {
        let dialling = dialling("https://intranet.example/", &[], 443);
        for address in ["127.0.0.1", "10.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "fd00:ec2::254", "0.0.0.0"] {
            assert!(!may(&dialling, address), "{address}");
        }
        assert!(may(&dialling, "8.8.8.8"));
    }

    #[test]
    fn an_address_that_the_operator_wrote_is_granted_with_its_port() {
        let written = dialling("http://127.0.0.1:8080/scim", &[], 8080);
        assert!(may(&written, "127.0.0.1") && may(&written, "::ffff:127.0.0.1"));
        assert!(!may(&written, "127.0.0.2") && !may(&written, "::1") && !may(&written, "64:ff9b::127.0.0.1"));
        assert!(!may(&dialling("http://127.0.0.1:8080/scim", &[], 80), "127.0.0.1"));
        assert!(may(&dialling("http://[::1]:8080/", &[], 8080), "::1"));
        let localhost = dialling("http://localhost:8080/", &[], 8080);
        assert!(may(&localhost, "127.0.0.1") && may(&localhost, "::1") && !may(&localhost, "127.0.0.2"));
    }

    #[test]
    fn networks_are_granted_without_the_metadata_services_in_them() {
        let wide = dialling("https://a.example/", &["10.0.0.0/8:443", "169.254.0.0/16:443", "0.0.0.0/0:443"], 443);
        assert!(may(&wide, "10.9.8.7") && may(&wide, "169.254.1.1"));
        assert!(!may(&wide, "169.254.169.254"));
        assert!(may(&dialling("https://a.example/", &["169.254.169.254:80"], 80), "169.254.169.254"));
    }

    #[test]
    fn of_several_addresses_those_remain_that_may_be_dialled() {
        let dialling = dialling("https://a.example/", &[], 443);
        let addresses = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
        let mixed = dialling.choose("a.example", &addresses(&["127.0.0.1", "8.8.8.8", "10.0.0.1"]));
        assert_eq!(mixed, Ok(addresses(&["8.8.8.8"])));
        let inside = dialling.choose("a.example", &addresses(&["10.0.0.1"]));
        assert_eq!(inside, Err(AddressRefused(Special::Private)));
    }

    #[test]
    fn written_forms_of_an_address_are_that_address() {
        let dialling = dialling("http://a.example/", &[], 80);
        for url in [
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://0x7f.1/",
            "http://%31%32%37.0.0.1/",
            "http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
            "http://[::ffff:7f00:1]/",
            "http://[0:0:0:0:0:0:0:1]/",
            "http://[::127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
        ] {
            let refused = dialling.check_url(&Url::parse(url).unwrap());
            assert_eq!(refused, Err(AddressRefused(Special::Loopback)), "{url}");
        }
    }

    #[tokio::test]
    async fn localhost_is_not_asked_for() {
        for name in ["localhost", "localhost."] {
            let found = dialling("http://localhost/", &[], 80).lookup(name).await.unwrap();
            assert_eq!(found, ["127.0.0.1".parse::<IpAddr>().unwrap(), "::1".parse().unwrap()]);
        }
    }
}
