//! What is asked of a directory, and what it answers.

/// Result codes of RFC 4511 that this crate itself looks at.
pub mod codes {
    /// Done.
    pub const SUCCESS: u32 = 0;
    /// Another server should be asked.
    pub const REFERRAL: u32 = 10;
    /// Too busy just now.
    pub const BUSY: u32 = 51;
    /// Shutting down or not ready.
    pub const UNAVAILABLE: u32 = 52;
}

/// How deep a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The base only.
    Base,
    /// One level below it.
    OneLevel,
    /// The whole subtree.
    Subtree,
}

/// A control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    /// Its OID.
    pub oid: String,
    /// Whether the server must refuse what it does not know.
    pub critical: bool,
    /// Its BER value.
    pub value: Option<Vec<u8>>,
}

/// An attribute with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its description, options included.
    pub name: String,
    /// Its values.
    pub values: Vec<Vec<u8>>,
}

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub dn: String,
    /// Its attributes.
    pub attributes: Vec<Attribute>,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Where it starts.
    pub base: String,
    /// How deep.
    pub scope: Scope,
    /// RFC 4515 filter.
    pub filter: String,
    /// Attributes wanted.
    pub attributes: Vec<String>,
    /// Page size (RFC 2696), and none for no paging.
    pub page_size: Option<u32>,
    /// The cookie of the former page; empty starts. It is [`crate::Directory`]'s own and names the session.
    pub cookie: Vec<u8>,
    /// Further controls.
    pub controls: Vec<Control>,
}

impl Search {
    /// A search without paging and controls for all attributes.
    pub fn new(base: impl Into<String>, scope: Scope, filter: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            scope,
            filter: filter.into(),
            attributes: Vec::new(),
            page_size: None,
            cookie: Vec::new(),
            controls: Vec::new(),
        }
    }
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchAnswer {
    /// Entries.
    pub entries: Vec<Entry>,
    /// The cookie of the next page; empty at the end.
    pub cookie: Vec<u8>,
    /// Controls of the answer, without that of the pages.
    pub controls: Vec<Control>,
    /// URLs of other servers where the search could go on; they are not followed.
    pub referrals: Vec<String>,
}

/// What a modification does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modification {
    /// Adds values.
    Add,
    /// Deletes values; none deletes the attribute.
    Delete,
    /// Replaces all values; none removes the attribute.
    Replace,
}

/// A value to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Bytes.
    Bytes(Vec<u8>),
    /// The secret in this slot, as it is.
    Secret(u32),
    /// The secret in this slot, quoted and in UTF-16LE.
    SecretQuotedUtf16Le(u32),
}

/// A change of one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it does; an added entry takes every change as values.
    pub modification: Modification,
    /// The attribute.
    pub name: String,
    /// The values.
    pub values: Vec<Value>,
}

/// A write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Adds an entry.
    Add {
        /// Its name.
        dn: String,
        /// Its attributes.
        attributes: Vec<Change>,
    },
    /// Modifies an entry, all or nothing.
    Modify {
        /// Its name.
        dn: String,
        /// The changes, in order.
        changes: Vec<Change>,
    },
    /// Deletes a leaf.
    Delete {
        /// Its name.
        dn: String,
    },
    /// Renames or moves an entry; the old value of the name is deleted.
    Rename {
        /// Its name.
        dn: String,
        /// Its new relative name.
        new_rdn: String,
        /// Where it moves to, where it moves.
        new_superior: Option<String>,
    },
    /// An extended operation.
    Extended {
        /// Its OID.
        oid: String,
        /// Its value.
        value: Option<Vec<u8>>,
    },
    /// Sets a password by the extended operation Password Modify (RFC 3062).
    Password {
        /// The name of the entry.
        dn: String,
        /// The slot that holds the password.
        slot: u32,
    },
}

impl Write {
    /// Whether a secret is written.
    pub(crate) fn holds_a_secret(&self) -> bool {
        let changes = match self {
            Self::Add { attributes: changes, .. } | Self::Modify { changes, .. } => changes.as_slice(),
            Self::Password { .. } => return true,
            Self::Delete { .. } | Self::Rename { .. } | Self::Extended { .. } => &[],
        };
        changes.iter().flat_map(|change| &change.values).any(|value| !matches!(value, Value::Bytes(_)))
    }
}
