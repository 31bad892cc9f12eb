//! Accounts that were added and do not have their password yet.
//!
//! Where the password is set once the account is there, a host may die in between. What was begun is kept in the host's state before
//! the account is added: the next try finishes it, and until then whoever looks for the account does not find it, so that
//! nobody takes it for one that was made as it should be. In full lists it stands like any other.

use crate::directory::Directory;
use crate::dn;
use crate::entry::Class;
use purser_sdk::ldap::Entry;
use purser_sdk::serde_json::{Value, json};

/// For so long it is believed that somebody will finish it.
const BELIEVED_MS: u64 = 24 * 60 * 60 * 1000;

/// Notes that an entry of this name, which is not there, is about to be added.
pub fn begin(directory: &Directory, dn: &str) {
    let until = directory.host.now_ms().saturating_add(BELIEVED_MS);
    if let Err(full) = directory.host.state().set_json(&key(dn), &json!({"dn": dn::normal(dn), "until": until})) {
        directory.host.warn(format!("an account is made without a note that it is unfinished: {full}"));
    }
}

/// Whether the entry of this name was added and is not finished, or may be.
pub fn is_begun(directory: &Directory, dn: &str) -> bool {
    let Some(note) = directory.host.state().get_json::<Value>(&key(dn)) else { return false };
    note["dn"] == dn::normal(dn) && note["until"].as_u64().is_some_and(|until| directory.host.now_ms() < until)
}

/// Notes that there is nothing to finish any more.
pub fn end(directory: &Directory, dn: &str) {
    directory.host.state().delete(&key(dn));
}

/// Whether the entry is one that whoever looks for an account does not find.
pub fn is_hidden(directory: &Directory, class: Class, entry: &Entry) -> bool {
    class == Class::User && is_begun(directory, &entry.dn)
}

/// A short key for a name, which may be long (FNV-1a, 64 bits). The note itself says whose it is.
fn key(dn: &str) -> String {
    let hash = dn::normal(dn)
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("unfinished/{hash:016x}")
}
