//! Objects as a target shows them, the searches that ask for them and the pages they come in.

use crate::path;
use serde_json::Value;

/// An object's attributes: SCIM-shaped JSON, written by the kinds that the manifest declares.
pub type Attributes = serde_json::Map<String, Value>;

/// An id of an object that may change: DN, UPN, user name, e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondaryId {
    /// Which id, such as `userName`.
    pub name: String,
    /// Its value now.
    pub value: String,
}

/// An object in the target.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// The immutable primary id where the target has one, rendered canonically.
    pub id: String,
    /// Ids that may change.
    pub secondary_ids: Vec<SecondaryId>,
    /// Version or etag, where the target has one; given back on update.
    pub version: Option<String>,
    /// Whether the account can be used; none where the class has no such state.
    pub active: Option<bool>,
    /// The attributes. The SDK writes them with sorted names, so that the same state gives the same text; lists whose
    /// order the target does not keep are for the connector to sort.
    pub attributes: Attributes,
}

impl Object {
    /// An object with no secondary ids, no version and no active state.
    pub fn new(id: impl Into<String>, attributes: Attributes) -> Self {
        Self { id: id.into(), secondary_ids: Vec::new(), version: None, active: None, attributes }
    }

    /// Adds a secondary id.
    #[must_use]
    pub fn with_secondary_id(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.secondary_ids.push(SecondaryId { name: name.into(), value: value.into() });
        self
    }

    /// Sets the version.
    #[must_use]
    pub fn with_version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Sets whether the account can be used.
    #[must_use]
    pub fn with_active(mut self, active: bool) -> Self {
        self.active = Some(active);
        self
    }
}

/// How a condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Equals,
    /// Text starts with.
    StartsWith,
    /// Changed at or after; for timestamps.
    AtOrAfter,
}

/// One condition of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The attribute, or the name of a secondary id.
    pub attribute: String,
    /// How it compares.
    pub operator: Operator,
    /// A JSON scalar.
    pub value: Value,
}

impl Condition {
    /// Whether the object satisfies the condition; for targets that filter badly or not at all.
    ///
    /// Looks at the attribute of this name (a dot reaches into complex values, a list matches when one of its items
    /// does) and at the secondary ids of this name. `case_exact` is the attribute's trait: without it case is folded.
    /// Timestamps are compared as text, which is right for values with the same offset and precision.
    pub fn matches(&self, object: &Object, case_exact: bool) -> bool {
        let attributes = path::values_at(&object.attributes, &self.attribute);
        let ids = object.secondary_ids.iter().filter(|id| id.name == self.attribute);
        attributes.into_iter().any(|value| self.value_matches(value, case_exact))
            || ids.into_iter().any(|id| self.value_matches(&Value::from(id.value.as_str()), case_exact))
    }

    fn value_matches(&self, value: &Value, case_exact: bool) -> bool {
        match (value, &self.value) {
            (Value::String(found), Value::String(wanted)) if case_exact => self.text_matches(found, wanted),
            (Value::String(found), Value::String(wanted)) => {
                self.text_matches(&found.to_lowercase(), &wanted.to_lowercase())
            }
            (found, wanted) => self.operator == Operator::Equals && found == wanted,
        }
    }

    fn text_matches(&self, found: &str, wanted: &str) -> bool {
        match self.operator {
            Operator::Equals => found == wanted,
            Operator::StartsWith => found.starts_with(wanted),
            Operator::AtOrAfter => found >= wanted,
        }
    }
}

/// A request to list objects of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchRequest {
    /// The class.
    pub class: String,
    /// All must hold; empty lists everything.
    pub conditions: Vec<Condition>,
    /// Attributes asked for beyond the defaults.
    pub extra_attributes: Vec<String>,
    /// Most objects wanted.
    pub page_size: u32,
    /// Where to go on; none starts. It carries all that the next page needs; see [`crate::cursor`].
    pub cursor: Option<String>,
}

impl SearchRequest {
    /// A request for the first page of all objects of a class.
    pub fn all(class: impl Into<String>, page_size: u32) -> Self {
        Self { class: class.into(), conditions: Vec::new(), extra_attributes: Vec::new(), page_size, cursor: None }
    }

    /// Adds a condition.
    #[must_use]
    pub fn with_condition(mut self, attribute: impl Into<String>, operator: Operator, value: impl Into<Value>) -> Self {
        self.conditions.push(Condition { attribute: attribute.into(), operator, value: value.into() });
        self
    }

    /// The same request for the page at this cursor.
    #[must_use]
    pub fn at(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }
}

/// How a page ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tail {
    /// There is more: the cursor of the next page.
    More(String),
    /// Everything has been listed. Only after this does absence mean anything.
    Complete,
    /// The target stopped early, with the reason. Absence means nothing.
    Truncated(String),
}

/// One page of objects.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The objects.
    pub objects: Vec<Object>,
    /// How it ends.
    pub tail: Tail,
}

/// One change of a change feed. Repeats and changed order are allowed.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The object as it is now.
    Present(Object),
    /// The id of an object that changed; the host reads it with `get`.
    Touched(String),
    /// The id of an object that is gone or has left the scope.
    Gone(String),
}

/// How a page of changes ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeTail {
    /// There is more now.
    More(String),
    /// Nothing more for now: the cursor to ask with next time.
    Current(String),
}

/// One page of changes.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangePage {
    /// The changes.
    pub changes: Vec<Change>,
    /// How it ends.
    pub tail: ChangeTail,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn anna() -> Object {
        let Value::Object(attributes) = json!({
            "userName": "Anna", "age": 41, "emails": [{"value": "anna@example.org"}, {"value": "a@example.net"}],
        }) else {
            unreachable!()
        };
        Object::new("7", attributes).with_secondary_id("login", "ANNA")
    }

    fn condition(attribute: &str, operator: Operator, value: Value) -> Condition {
        Condition { attribute: attribute.into(), operator, value }
    }

    #[test]
    fn text_is_folded_unless_the_attribute_is_case_exact() {
        let equal = condition("userName", Operator::Equals, json!("anna"));
        assert!(equal.matches(&anna(), false));
        assert!(!equal.matches(&anna(), true));
        assert!(condition("userName", Operator::StartsWith, json!("An")).matches(&anna(), true));
    }

    #[test]
    fn a_list_matches_by_any_item_and_secondary_ids_count() {
        assert!(condition("emails.value", Operator::Equals, json!("a@example.net")).matches(&anna(), true));
        assert!(!condition("emails.value", Operator::Equals, json!("b@example.net")).matches(&anna(), true));
        assert!(condition("login", Operator::Equals, json!("anna")).matches(&anna(), false));
    }

    #[test]
    fn other_scalars_are_only_ever_equal() {
        assert!(condition("age", Operator::Equals, json!(41)).matches(&anna(), true));
        assert!(!condition("age", Operator::StartsWith, json!(41)).matches(&anna(), true));
        assert!(!condition("age", Operator::Equals, json!("41")).matches(&anna(), true));
    }
}
