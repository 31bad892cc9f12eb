//! LDAP against the directory of the grant.
//!
//! The host connects, does TLS and binds. What it answers says how much is known about the end of an operation;
//! [`Failure::into_error`] makes of it what the engine acts on.

use crate::error::{Error, ErrorClass, ThrottleScope};
use crate::host::Host;

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
    /// Its description, options included (`member;range=0-1499`).
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

impl Entry {
    /// The values of an attribute, whose name is compared without regard to case; empty where there are none.
    pub fn values(&self, name: &str) -> &[Vec<u8>] {
        let attribute = self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name));
        attribute.map_or(&[], |attribute| attribute.values.as_slice())
    }

    /// The first value of an attribute as a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values(name).first().and_then(|value| std::str::from_utf8(value).ok())
    }
}

/// A search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// Where it starts.
    pub base: String,
    /// How deep.
    pub scope: Scope,
    /// RFC 4515 filter; see [`escape_filter_value`].
    pub filter: String,
    /// Attributes wanted; empty means all but operational ones.
    pub attributes: Vec<String>,
    /// Page size, and none for no paging.
    pub page_size: Option<u32>,
    /// The cookie of the former page; empty starts.
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

    /// Names the attributes wanted.
    #[must_use]
    pub fn attributes<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.attributes = names.into_iter().map(Into::into).collect();
        self
    }

    /// Asks for a page of this size, after this cookie.
    #[must_use]
    pub fn page(mut self, size: u32, cookie: impl Into<Vec<u8>>) -> Self {
        self.page_size = Some(size);
        self.cookie = cookie.into();
        self
    }
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Entries.
    pub entries: Vec<Entry>,
    /// The cookie of the next page; empty at the end.
    pub cookie: Vec<u8>,
    /// Controls of the answer.
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
    /// The secret in this slot, as it is. Secrets only go over TLS.
    Secret(u32),
    /// The secret in this slot, quoted and in UTF-16LE, as Active Directory's `unicodePwd` takes it.
    SecretQuotedUtf16Le(u32),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

/// A change of one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it does; in an added entry every change is taken as values.
    pub modification: Modification,
    /// The attribute.
    pub name: String,
    /// The values.
    pub values: Vec<Value>,
}

impl Change {
    /// A change of this attribute.
    pub fn new<V: Into<Value>>(
        modification: Modification,
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        Self { modification, name: name.into(), values: values.into_iter().map(Into::into).collect() }
    }
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
    /// An extended operation. The host denies StartTLS and Password Modify.
    Extended {
        /// Its OID.
        oid: String,
        /// Its value.
        value: Option<Vec<u8>>,
    },
    /// Sets a password by the extended operation Password Modify (RFC 3062), over TLS only. It takes and gives no controls.
    Password {
        /// The name of the entry.
        dn: String,
        /// The slot that holds the password.
        slot: u32,
    },
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The grant, the phase or the request's own form forbids it; nothing was sent.
    #[error("the host refused the request: {0}")]
    Denied(String),
    /// Connection or TLS failed; nothing was done.
    #[error("the directory cannot be reached: {0}")]
    Unreachable(String),
    /// The server refused the bind; nothing was done.
    #[error("the directory refused the bind with {code}: {text}")]
    BindRefused {
        /// The result code.
        code: u32,
        /// The diagnostic text.
        text: String,
    },
    /// Sent, and no answer came.
    #[error("the directory did not answer: {0}")]
    Interrupted(String),
    /// The session of the cookie is gone.
    #[error("the search cannot go on: its session is gone")]
    CursorLost,
    /// The answer is larger than the grant allows.
    #[error("the answer is too large: {0}")]
    TooLarge(String),
    /// The server answered with this code and text.
    #[error("the directory answered {code}: {text}")]
    Server {
        /// The result code.
        code: u32,
        /// The diagnostic text.
        text: String,
    },
}

impl Failure {
    /// The server's result code, where it answered.
    pub fn code(&self) -> Option<u32> {
        match self {
            Self::Server { code, .. } | Self::BindRefused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// The error of a connector, by RFC 4511 appendix A. `what` was tried; `writing` says whether it would have changed
    /// something. A connector that knows the server's own codes says more.
    pub fn into_error(self, what: &str, writing: bool) -> Error {
        let message = format!("{what}: {self}");
        let code = self.code();
        let error = match self {
            Self::Denied(_) => Error::permission_denied(message),
            Self::Unreachable(_) => Error::unavailable(None, message),
            Self::BindRefused { .. } => Error::authentication_failed(message),
            Self::Interrupted(_) | Self::TooLarge(_) if writing => Error::outcome_unknown(message),
            Self::Interrupted(_) => Error::unavailable(None, message),
            Self::TooLarge(_) => Error::quota_exhausted(message),
            Self::CursorLost => Error::cursor_expired(message),
            Self::Server { code, .. } => Error::new(class(code), message),
        };
        match code {
            Some(code) => error.with_native_code(code.to_string()),
            None => error,
        }
    }
}

/// What a result code means to the engine.
fn class(code: u32) -> ErrorClass {
    match code {
        3 | 11 | 52 => ErrorClass::Unavailable { after_ms: None },
        // `busy`: nothing was done, and everybody is to come back later.
        51 => ErrorClass::RateLimited { after_ms: None, scope: ThrottleScope::Target },
        4 => ErrorClass::QuotaOrLicenceExhausted,
        7 | 8 | 10 | 13 | 48 => ErrorClass::InvalidConfig,
        14 | 49 => ErrorClass::AuthenticationFailed,
        50 => ErrorClass::PermissionDenied(None),
        32 => ErrorClass::NotFound,
        68 => ErrorClass::AlreadyExists(None),
        16 | 17 | 18 | 19 | 20 | 21 | 34 | 64 | 65 | 67 | 69 => ErrorClass::InvalidValue(None),
        12 | 53 | 66 | 71 => ErrorClass::Unsupported,
        _ => ErrorClass::Defect,
    }
}

/// The directory of the grant.
#[derive(Clone)]
pub struct Ldap {
    host: Host,
}

impl Host {
    /// The LDAP directory of the grant.
    pub fn ldap(&self) -> Ldap {
        Ldap { host: self.clone() }
    }
}

impl Ldap {
    /// Searches, and gives one page where one is asked for.
    ///
    /// # Errors
    /// As the host gives them.
    pub fn search(&self, search: &Search) -> Result<Found, Failure> {
        self.host.ldap_search(search)
    }

    /// Writes, and gives the controls of the answer.
    ///
    /// # Errors
    /// As the host gives them; controls beside [`Write::Password`] are denied.
    pub fn execute(&self, write: &Write, controls: &[Control]) -> Result<Vec<Control>, Failure> {
        if matches!(write, Write::Password { .. }) && !controls.is_empty() {
            return Err(Failure::Denied("a password is set without controls".to_owned()));
        }
        self.host.ldap_execute(write, controls)
    }
}

/// A value as it stands in a filter (RFC 4515).
pub fn escape_filter_value(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    for byte in value {
        match byte {
            b'*' | b'(' | b')' | b'\\' | 0 | 0x80.. => text.push_str(&format!("\\{byte:02x}")),
            _ => text.push(char::from(*byte)),
        }
    }
    text
}

/// A value as it stands in a distinguished name (RFC 4514).
pub fn escape_dn_value(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.chars().count().saturating_sub(1);
    for (index, character) in value.chars().enumerate() {
        match character {
            '\0' => text.push_str("\\00"),
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => text.extend(['\\', character]),
            '#' if index == 0 => text.push_str("\\#"),
            ' ' if index == 0 || index == last => text.push_str("\\ "),
            _ => text.push(character),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Phase, Stub};

    #[test]
    fn values_are_escaped_where_they_stand() {
        assert_eq!(escape_filter_value("a*(b)\\é".as_bytes()), "a\\2a\\28b\\29\\5c\\c3\\a9");
        assert_eq!(escape_filter_value(&[0, 0x9d]), "\\00\\9d");
        assert_eq!(escape_dn_value(" Berg, Anna#1 "), "\\ Berg\\, Anna#1\\ ");
        assert_eq!(escape_dn_value("#a=b"), "\\#a\\=b");
    }

    #[test]
    fn a_failure_says_what_is_known() {
        let of = |failure: Failure, writing| failure.into_error("modify", writing).class;
        assert_eq!(of(Failure::Interrupted(String::new()), true), ErrorClass::OutcomeUnknown);
        assert_eq!(of(Failure::Interrupted(String::new()), false), ErrorClass::Unavailable { after_ms: None });
        assert_eq!(of(Failure::CursorLost, false), ErrorClass::CursorExpired);
        assert_eq!(of(Failure::BindRefused { code: 49, text: String::new() }, true), ErrorClass::AuthenticationFailed);
        assert_eq!(of(Failure::Server { code: 68, text: String::new() }, true), ErrorClass::AlreadyExists(None));
        let error = Failure::Server { code: 50, text: "no".to_owned() }.into_error("add", true);
        assert_eq!((error.class, error.native_code.as_deref()), (ErrorClass::PermissionDenied(None), Some("50")));
    }

    #[test]
    fn the_stub_searches_while_reading_and_writes_while_writing() {
        let stub = Stub::new();
        let delete = Write::Delete { dn: "cn=a".to_owned() };
        let denied = stub.host().ldap().execute(&delete, &[]);
        assert!(matches!(denied, Err(Failure::Denied(_))), "nothing is granted");
        let entry = Entry {
            dn: "cn=a".to_owned(),
            attributes: vec![Attribute { name: "cn".to_owned(), values: vec![b"a".to_vec()] }],
        };
        stub.serve_ldap(move |_| Ok(Found { entries: vec![entry.clone()], ..Found::default() }), |_, _| Ok(Vec::new()));
        let password = Write::Password { dn: "cn=a".to_owned(), slot: 0 };
        let control = Control { oid: "1.2".to_owned(), critical: false, value: None };
        assert!(matches!(stub.host().ldap().execute(&password, &[control]), Err(Failure::Denied(_))));
        for write in [&delete, &password] {
            assert_eq!(stub.host().ldap().execute(write, &[]), Ok(Vec::new()));
        }
        stub.set_phase(Phase::Read);
        for write in [&delete, &password] {
            assert!(matches!(stub.host().ldap().execute(write, &[]), Err(Failure::Denied(_))));
        }
        let found = stub.host().ldap().search(&Search::new("cn=a", Scope::Base, "(cn=*)")).unwrap();
        assert_eq!(found.entries[0].text("CN"), Some("a"));
        assert_eq!(stub.ldap_writes(), [delete, password]);
    }
}
