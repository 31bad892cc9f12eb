//! The two kinds of directories, as tables.

mod active_directory;
mod generic;

pub use active_directory::ACTIVE_DIRECTORY;
pub use generic::GENERIC;

/// How the values of an attribute are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// The name of another entry.
    Name,
    /// `TRUE` or `FALSE`.
    Boolean,
    /// Decimal digits.
    Integer,
    /// Generalized time (RFC 4517).
    Time,
    /// 100 nanoseconds since 1601; 0 and the greatest number mean never.
    FileTime,
    /// Any bytes.
    Bytes,
    /// A bit of `userAccountControl`.
    ControlBit(u32),
    /// Whether `lockoutTime` is set; it can only be cleared.
    Locked,
}

/// An attribute of accounts or groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Its name in the directory and in objects.
    pub name: &'static str,
    /// How it is written.
    pub kind: Kind,
    /// Whether it holds a list. The directory may allow one where people keep one value: then the first is shown.
    pub many: bool,
    /// Whether a new object must have it.
    pub required: bool,
    /// Whether two objects cannot have the same.
    pub unique: bool,
    /// Whether the directory sets it.
    pub read_only: bool,
}

/// An attribute with one value.
const fn one(name: &'static str, kind: Kind) -> Spec {
    Spec { name, kind, many: false, required: false, unique: false, read_only: false }
}

impl Spec {
    const fn many(self) -> Self {
        Self { many: true, ..self }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    const fn read_only(self) -> Self {
        Self { read_only: true, ..self }
    }
}

/// A kind of directory.
#[derive(Debug)]
pub struct Profile {
    /// The attribute that never changes and is never given again.
    pub id: &'static str,
    /// Whether the id is 16 bytes in Microsoft's order.
    pub id_is_guid: bool,
    /// What finds accounts.
    pub user_filter: &'static str,
    /// Object classes of a new account.
    pub user_classes: &'static [&'static str],
    /// The attribute that names an account within its container.
    pub user_rdn: &'static str,
    /// Attributes of accounts.
    pub user: &'static [Spec],
    /// Further names of an account: secondary ids beside `dn`.
    pub user_names: &'static [&'static str],
    /// The attribute that takes a password.
    pub password: &'static str,
    /// The object class of groups.
    pub group_class: &'static str,
    /// Attributes of groups.
    pub group: &'static [Spec],
    /// Whether a group cannot be without members.
    pub groups_need_a_member: bool,
}
