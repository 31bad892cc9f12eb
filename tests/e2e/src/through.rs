//! A peer of the story that is reached through something that disturbs it.

use crate::fault_proxy::FaultProxy;
use crate::home::Home;
use crate::ldap_proxy::LdapProxy;
use crate::samba::{Samba, TLS_PORT};
use crate::scenario::{Peer, Person, Seen};
use crate::scim_server::{ScimServer, Tenant};
use crate::slapd::Slapd;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

const SEED: u64 = 20_261_126;

/// What can stand between the host and a target.
pub trait Disturber {
    /// From now on these shares (0.0 to 1.0) of the requests are throttled, and of the answers lost.
    fn disturb(&self, throttled: f64, lost: f64);
}

impl Disturber for FaultProxy {
    fn disturb(&self, throttled: f64, lost: f64) {
        self.disturb(throttled, lost);
    }
}

impl Disturber for LdapProxy {
    fn disturb(&self, throttled: f64, lost: f64) {
        self.disturb(throttled, lost);
    }
}

/// A peer behind a proxy. Its own tools reach it directly.
pub struct Through<P, D> {
    peer: P,
    /// What disturbs it.
    pub proxy: D,
    /// What stands in the declaration for the peer, and what for the proxy.
    address: (String, String),
    /// A file of the home, and what stands in it instead of what the peer needs.
    authority: Option<(&'static str, String)>,
}

impl Through<Tenant, FaultProxy> {
    /// A tenant of a SCIM server.
    pub fn scim(server: &ScimServer, tenant: &str) -> Self {
        Self::tenant(server.tenant(tenant))
    }

    /// An application that speaks SCIM.
    pub fn tenant(peer: Tenant) -> Self {
        let proxy = FaultProxy::start(peer.address(), 0.0, Duration::ZERO, SEED);
        let address = (peer.address().to_string(), proxy.address().to_string());
        Self { peer, proxy, address, authority: None }
    }
}

impl Through<Slapd, LdapProxy> {
    /// An OpenLDAP.
    pub fn slapd(peer: Slapd) -> Self {
        let server = format!("127.0.0.1:{}", peer.tls_port);
        let proxy = before(&server, &peer.authority());
        Self::ldap(peer, proxy, server, "slapd-ca.pem")
    }
}

impl Through<Samba, LdapProxy> {
    /// An Active Directory.
    pub fn samba(peer: Samba) -> Self {
        let proxy = before(&format!("{}:{TLS_PORT}", peer.address), &peer.authority());
        let address = peer.address.clone();
        Self::ldap(peer, proxy, address, "samba-ca.pem")
    }
}

impl<P> Through<P, LdapProxy> {
    /// A directory that stands under `address` in its declaration, and whose authority in the file `authority`.
    fn ldap(peer: P, proxy: LdapProxy, address: String, authority: &'static str) -> Self {
        let address = (address, proxy.address().to_string());
        let authority = Some((authority, proxy.authority().to_owned()));
        Self { peer, proxy, address, authority }
    }
}

fn before(server: &str, authority: &Path) -> LdapProxy {
    LdapProxy::start(server.parse().expect("a directory of the tests has an address"), authority, SEED)
}

impl<P: Peer, D: Disturber> Peer for Through<P, D> {
    fn connector(&self) -> &'static str {
        self.peer.connector()
    }

    fn put_secrets(&self, home: &Home) {
        self.peer.put_secrets(home);
        if let Some((file, authority)) = &self.authority {
            home.write(file, authority);
        }
    }

    fn declaration(&self) -> String {
        // Many are turned away here, and a test does not wait as long as one would be told to.
        let target = "[target.app]\nretry = { base = \"20ms\", cap = \"1s\" }\n";
        self.peer.declaration().replace(&self.address.0, &self.address.1).replacen("[target.app]\n", target, 1)
    }

    fn has_managers(&self) -> bool {
        self.peer.has_managers()
    }

    fn shown(&self, wanted: Seen) -> Seen {
        self.peer.shown(wanted)
    }

    fn keeps_leavers(&self) -> bool {
        self.peer.keeps_leavers()
    }

    fn disturb(&self, throttled: f64, lost: f64) {
        self.proxy.disturb(throttled, lost);
    }

    fn accounts(&self) -> BTreeMap<String, Seen> {
        self.peer.accounts()
    }

    fn make_by_hand(&self, person: &Person) {
        self.peer.make_by_hand(person);
    }

    fn change_family_by_hand(&self, number: &str, family: &str) {
        self.peer.change_family_by_hand(number, family);
    }
}
