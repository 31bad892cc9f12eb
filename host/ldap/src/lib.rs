//! LDAP (RFC 4511) as the host speaks it for a connector: one directory, its sessions, and what may go over them.
//!
//! A connector names what it wants; host name, address, TLS and bind are the operator's. An answer is read within caps and
//! without recursion, since the directory on the other end is no more trusted than the connector. What is written with a
//! secret goes over TLS or not at all, and an answer that holds a secret is blotted before anybody sees it.
//!
//! A bind that was refused is not tried again for some time, whoever asks: trying on locks accounts.

mod ber;
mod decode;
mod directory;
mod echo;
mod encode;
mod error;
mod filter;
mod open;
mod operation;
pub mod parsers;
mod session;
mod settings;
mod stream;
mod tls;

pub use directory::Directory;
pub use error::{LdapError, SettingsError};
pub use filter::FilterError;
pub use operation::{
    Attribute, Change, Control, Entry, Modification, Scope, Search, SearchAnswer, Value, Write, codes,
};
pub use settings::{AddressPolicy, AddressRefused, Bind, DirectorySettings, Security};
