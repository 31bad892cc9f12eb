//! Classes of objects and their attributes, as a connector declares them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a class of objects is to the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClassKind {
    /// Belongs to one identity.
    Account,
    /// Something an account can hold: group, licence, permission set, role.
    Entitlement,
    /// Neither; readable for references, such as an org unit.
    Other,
}

/// The kind of an attribute and how it is written in the JSON of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttributeKind {
    /// JSON string.
    Text,
    /// JSON true or false.
    Boolean,
    /// JSON number without fraction, or a string of digits where it exceeds 53 bits.
    Integer,
    /// JSON string holding a decimal number, so that no digit is lost.
    Decimal,
    /// JSON string, RFC 3339 with offset.
    Timestamp,
    /// JSON string, base64 (RFC 4648 section 4).
    Bytes,
    /// JSON string: the primary id of an object of the reference class.
    Reference,
    /// JSON object.
    Complex,
    /// `{"$slot": n}`: the host holds the bytes and puts them on the wire. Never read back.
    SecretSlot,
}

/// Traits of an attribute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "these are the contract's flags")]
pub struct AttributeTraits {
    /// Holds a list; written as a JSON array whose order has no meaning.
    pub multi_valued: bool,
    /// Must be present on create.
    pub required: bool,
    /// Set by the target; a write is refused.
    pub read_only: bool,
    /// Set on create and never changed afterwards.
    pub immutable: bool,
    /// Never returned by a read.
    pub write_only: bool,
    /// Compared with regard to case. Without it the engine folds case.
    pub case_exact: bool,
    /// No two objects of the class share a value; `search` can find an object by it.
    pub unique: bool,
    /// Returned only when `search` or `get` asks for it by name.
    pub on_request: bool,
}

/// One attribute of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Its name in the object's JSON; a dot reaches into complex attributes (`name.familyName`).
    pub name: String,
    /// For people: what it means in the target.
    pub description: String,
    /// How it is written.
    pub kind: AttributeKind,
    /// What holds for it.
    pub traits: AttributeTraits,
    /// For references: the class referred to.
    pub reference_class: Option<String>,
    /// For complex values: a JSON Schema of one value.
    pub shape: Option<Value>,
    /// The values the target accepts, where it accepts only some; empty means any.
    pub allowed_values: Vec<String>,
    /// Longest accepted text in Unicode characters.
    pub max_length: Option<u32>,
}

/// Builder methods that set one trait each.
macro_rules! trait_setters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $($(#[$doc])* #[must_use] pub fn $name(mut self) -> Self { self.traits.$name = true; self })*
    };
}

impl Attribute {
    /// An attribute without traits.
    pub fn new(name: impl Into<String>, kind: AttributeKind) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            kind,
            traits: AttributeTraits::default(),
            reference_class: None,
            shape: None,
            allowed_values: Vec::new(),
            max_length: None,
        }
    }

    /// A text attribute without traits.
    pub fn text(name: impl Into<String>) -> Self {
        Self::new(name, AttributeKind::Text)
    }

    /// A reference to objects of another class.
    pub fn reference(name: impl Into<String>, class: impl Into<String>) -> Self {
        Self { reference_class: Some(class.into()), ..Self::new(name, AttributeKind::Reference) }
    }

    /// A complex attribute; `shape` is the JSON Schema of one value.
    pub fn complex(name: impl Into<String>, shape: Value) -> Self {
        Self { shape: Some(shape), ..Self::new(name, AttributeKind::Complex) }
    }

    /// Says what it means in the target.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Lists the values the target accepts.
    #[must_use]
    pub fn allow<V: Into<String>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        self.allowed_values = values.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the longest accepted text, in Unicode characters.
    #[must_use]
    pub fn max_length(mut self, characters: u32) -> Self {
        self.max_length = Some(characters);
        self
    }

    trait_setters! {
        /// Holds a list.
        multi_valued,
        /// Must be present on create.
        required,
        /// Set by the target.
        read_only,
        /// Set on create and never changed afterwards.
        immutable,
        /// Never returned by a read.
        write_only,
        /// Compared with regard to case.
        case_exact,
        /// No two objects of the class share a value.
        unique,
        /// Returned only when asked for by name.
        on_request,
    }
}

/// Something a class can do. What is not listed answers `unsupported`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `search` lists all objects, page by page.
    Search,
    /// `get` reads one object by its id.
    Get,
    /// `changes` follows what changed.
    Changes,
    /// `apply` creates.
    Create,
    /// `apply` updates attributes.
    Update,
    /// `apply` enables and disables.
    SetActive,
    /// `apply` deletes.
    Delete,
    /// `apply` sets a password from a slot.
    SetPassword,
    /// `apply` grants an entitlement of another class to an object of this class.
    Grant,
    /// `apply` takes such an entitlement away.
    Revoke,
}

/// What `delete` does in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeleteSemantics {
    /// The object is gone at once.
    Hard,
    /// The object can be restored for some time, and its unique names may stay taken.
    Soft,
    /// The target disables instead of deleting.
    Deactivates,
    /// The class has no delete.
    None,
}

/// How many entitlements of one class an account holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cardinality {
    /// Any number.
    Many,
    /// None or one.
    AtMostOne,
    /// Always one; a grant replaces.
    ExactlyOne,
}

/// On which side a held entitlement can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldingSide {
    /// The account has an attribute that lists entitlement ids.
    Account,
    /// The entitlement has an attribute that lists account ids.
    Entitlement,
}

/// How accounts hold an entitlement class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The class of accounts that can hold it.
    pub account_class: String,
    /// On which side it is read.
    pub side: HoldingSide,
    /// The attribute on that side; a multi-valued list of ids.
    pub attribute: String,
    /// How many an account can hold.
    pub cardinality: Cardinality,
}

/// One class of objects in the target.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectClass {
    /// Its name in requests.
    pub name: String,
    /// For people.
    pub title: String,
    /// What it is to the engine.
    pub kind: ClassKind,
    /// Its attributes, as far as they are known.
    pub attributes: Vec<Attribute>,
    /// Whether objects may have attributes that are not listed.
    pub open: bool,
    /// What it can do.
    pub operations: Vec<Operation>,
    /// What delete does.
    pub delete_semantics: DeleteSemantics,
    /// For entitlements: how accounts hold them.
    pub holding: Option<Holding>,
    /// For how long after a write a read may still show the former state, in milliseconds.
    pub consistency_lag_ms: u32,
}

impl ObjectClass {
    /// A class that is titled by its name and can do nothing yet.
    pub fn new(name: impl Into<String>, kind: ClassKind) -> Self {
        let name = name.into();
        Self {
            title: name.clone(),
            name,
            kind,
            attributes: Vec::new(),
            open: false,
            operations: Vec::new(),
            delete_semantics: DeleteSemantics::None,
            holding: None,
            consistency_lag_ms: 0,
        }
    }

    /// A class of accounts.
    pub fn account(name: impl Into<String>) -> Self {
        Self::new(name, ClassKind::Account)
    }

    /// A class of entitlements and how accounts hold them.
    pub fn entitlement(name: impl Into<String>, holding: Holding) -> Self {
        Self { holding: Some(holding), ..Self::new(name, ClassKind::Entitlement) }
    }

    /// Sets the title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, attribute: Attribute) -> Self {
        self.attributes.push(attribute);
        self
    }

    /// Adds attributes.
    #[must_use]
    pub fn attributes(mut self, attributes: impl IntoIterator<Item = Attribute>) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// Lets objects have attributes that are not listed.
    #[must_use]
    pub fn open(mut self) -> Self {
        self.open = true;
        self
    }

    /// Lists what the class can do.
    #[must_use]
    pub fn operations(mut self, operations: &[Operation]) -> Self {
        self.operations = operations.to_vec();
        self
    }

    /// Says what delete does.
    #[must_use]
    pub fn delete_semantics(mut self, semantics: DeleteSemantics) -> Self {
        self.delete_semantics = semantics;
        self
    }

    /// Says for how long after a write a read may still show the former state, in milliseconds.
    #[must_use]
    pub fn consistency_lag_ms(mut self, milliseconds: u32) -> Self {
        self.consistency_lag_ms = milliseconds;
        self
    }

    /// The attribute of this name, compared without regard to case.
    pub fn find_attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
    }
}
