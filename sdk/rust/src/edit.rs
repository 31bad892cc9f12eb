//! Edits as the host asks for them, and how they end well.

use crate::object::{Attributes, Object};
use serde_json::Value;
use std::collections::HashSet;

/// What is done to one attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeAction {
    /// Add these values to a multi-valued attribute.
    Add(Vec<Value>),
    /// Remove these values from a multi-valued attribute.
    Remove(Vec<Value>),
    /// Replace the whole value; an array for a multi-valued attribute.
    Replace(Value),
    /// Remove the attribute.
    Clear,
}

/// A change of one attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeChange {
    /// The attribute; a dot reaches into complex attributes.
    pub attribute: String,
    /// What is done.
    pub action: AttributeAction,
}

/// Creates an object.
#[derive(Debug, Clone, PartialEq)]
pub struct CreateEdit {
    /// All attributes.
    pub attributes: Attributes,
    /// Whether the account can be used at once; none takes the target's default.
    pub active: Option<bool>,
}

/// Changes attributes of an object, all or none where the target can.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateEdit {
    /// The object.
    pub id: String,
    /// The version it was planned against; have the target check it where it can.
    pub version: Option<String>,
    /// The changes; an attribute appears at most once.
    pub changes: Vec<AttributeChange>,
}

/// Enables or disables an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetActiveEdit {
    /// The account.
    pub id: String,
    /// The version it was planned against.
    pub version: Option<String>,
    /// True enables.
    pub active: bool,
}

/// Deletes an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteEdit {
    /// The object.
    pub id: String,
    /// The version it was planned against.
    pub version: Option<String>,
}

/// Sets a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPasswordEdit {
    /// The account.
    pub id: String,
    /// The slot that holds the password; see [`crate::http::RequestBuilder::secret`].
    pub slot: u32,
    /// Whether the person must change it at the next sign-in.
    pub must_change: bool,
}

/// Grants or revokes an entitlement.
#[derive(Debug, Clone, PartialEq)]
pub struct EntitlementEdit {
    /// The account that holds it.
    pub id: String,
    /// The class of the entitlement.
    pub entitlement_class: String,
    /// The id of the entitlement.
    pub entitlement: String,
    /// Parameters, such as an expiry.
    pub parameters: Attributes,
}

/// One edit.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit {
    /// Create.
    Create(CreateEdit),
    /// Update attributes.
    Update(UpdateEdit),
    /// Enable or disable.
    SetActive(SetActiveEdit),
    /// Delete; an object that is already gone is [`Outcome::Unchanged`].
    Delete(DeleteEdit),
    /// Set a password.
    SetPassword(SetPasswordEdit),
    /// Grant; an entitlement already held is [`Outcome::Unchanged`].
    Grant(EntitlementEdit),
    /// Revoke; an entitlement not held is [`Outcome::Unchanged`].
    Revoke(EntitlementEdit),
}

impl Edit {
    /// The edit's name in the contract.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create(_) => "create",
            Self::Update(_) => "update",
            Self::SetActive(_) => "set-active",
            Self::Delete(_) => "delete",
            Self::SetPassword(_) => "set-password",
            Self::Grant(_) => "grant",
            Self::Revoke(_) => "revoke",
        }
    }

    /// The id of the object edited; none for a create.
    pub fn object_id(&self) -> Option<&str> {
        match self {
            Self::Create(_) => None,
            Self::Update(edit) => Some(&edit.id),
            Self::SetActive(edit) => Some(&edit.id),
            Self::Delete(edit) => Some(&edit.id),
            Self::SetPassword(edit) => Some(&edit.id),
            Self::Grant(edit) | Self::Revoke(edit) => Some(&edit.id),
        }
    }
}

/// One request of `apply`.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Survives retries; hand it to the target as idempotency key where it takes one.
    pub operation_id: String,
    /// The class of the object edited.
    pub class: String,
    /// The edit.
    pub edit: Edit,
}

impl Request {
    /// The grant or revoke of an entitlement of one class for an object of another, and whether it is a grant.
    pub fn entitlement_edit(&self, class: &str, entitlement_class: &str) -> Option<(&EntitlementEdit, bool)> {
        let (edit, grants) = match &self.edit {
            Edit::Grant(edit) => (edit, true),
            Edit::Revoke(edit) => (edit, false),
            _ => return None,
        };
        (self.class == class && edit.entitlement_class == entitlement_class).then_some((edit, grants))
    }
}

/// How many requests from the first on are grants and revokes of one class for objects of another that can be carried out
/// together: they commute, since no pair of object and entitlement is among them twice.
pub fn entitlement_run(requests: &[Request], class: &str, entitlement_class: &str) -> usize {
    let mut pairs = HashSet::new();
    let edits = requests.iter().map(|request| request.entitlement_edit(class, entitlement_class));
    edits.take_while(|edit| edit.is_some_and(|(edit, _)| pairs.insert((&edit.entitlement, &edit.id)))).count()
}

/// How an edit ended well.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// Done; the object as it is now where the target said so.
    Done(Option<Object>),
    /// It was already so; the object where known.
    Unchanged(Option<Object>),
    /// The target took it and will do it later; the handle names it there.
    Accepted(String),
    /// A person must act in the target; the text says what.
    ActionRequired(String),
}

impl Outcome {
    /// Done or unchanged, with the object as it is now.
    pub fn from_change(changed: bool, object: Object) -> Self {
        if changed { Self::Done(Some(object)) } else { Self::Unchanged(Some(object)) }
    }
}
