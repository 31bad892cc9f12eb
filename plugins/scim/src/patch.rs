//! PATCH documents (RFC 7644 section 3.5.2) in the server's dialect.

use crate::config::{Config, MemberRemoval, OpCase, PatchStyle};
use crate::document::is_unassigned;
use crate::filter::selection;
use crate::name::AttributeName;
use crate::resource::{refuse_read_only, to_wire};
use purser_sdk::serde_json::{Map, Value, json};
use purser_sdk::{AttributeAction, AttributeChange, Attributes, Error};

const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// A PATCH in the making.
pub struct Patch<'c> {
    config: &'c Config,
    operations: Vec<Value>,
    without_path: Attributes,
}

impl<'c> Patch<'c> {
    /// A PATCH that does nothing yet.
    pub fn new(config: &'c Config) -> Self {
        Self { config, operations: Vec::new(), without_path: Map::new() }
    }

    /// A PATCH that carries out the changes.
    ///
    /// # Errors
    /// `invalid-value` naming an attribute that cannot be written.
    pub fn of_changes(config: &'c Config, changes: &[AttributeChange]) -> Result<Self, Error> {
        let mut patch = Self::new(config);
        for change in changes {
            let name = AttributeName::parse(&change.attribute);
            refuse_read_only(&name)?;
            patch.change(&name, &change.action)?;
        }
        Ok(patch)
    }

    fn change(&mut self, name: &AttributeName, action: &AttributeAction) -> Result<(), Error> {
        match action {
            AttributeAction::Add(values) if values.is_empty() => {}
            AttributeAction::Add(values) => self.add(name, values),
            AttributeAction::Remove(values) => self.remove_values(name, values)?,
            AttributeAction::Replace(value) if is_unassigned(value) => self.clear(name),
            AttributeAction::Replace(value) => self.replace(name, value.clone()),
            AttributeAction::Clear => self.clear(name),
        }
        Ok(())
    }

    /// Adds values to a list.
    pub fn add(&mut self, name: &AttributeName, values: &[Value]) {
        let values = to_wire(name, json!(values));
        self.push("add", Some(name.to_string()), Some(values));
    }

    /// Replaces a value.
    pub fn replace(&mut self, name: &AttributeName, value: Value) {
        let value = to_wire(name, value);
        match self.config.patch_style {
            PatchStyle::Path => self.push("replace", Some(name.to_string()), Some(value)),
            PatchStyle::NoPath => self.merge(name, value),
        }
    }

    /// Takes values out of a list.
    ///
    /// # Errors
    /// `invalid-value`: a value has no part to select it by.
    pub fn remove_values(&mut self, name: &AttributeName, values: &[Value]) -> Result<(), Error> {
        if values.is_empty() {
            return Ok(());
        }
        if self.config.member_removal == MemberRemoval::ValueArray {
            let values = to_wire(name, json!(values));
            self.push("remove", Some(name.to_string()), Some(values));
            return Ok(());
        }
        for value in values {
            let parts = selecting_parts(value);
            if parts.is_empty() {
                let message = format!("a value to be removed from `{name}` has no `value` or other part to find it by");
                return Err(Error::invalid_value(name.to_string(), message));
            }
            self.push("remove", Some(selection(name, &parts)), None);
        }
        Ok(())
    }

    /// Removes an attribute. A server that takes no paths gets null, which means the same (RFC 7643 section 2.5).
    fn clear(&mut self, name: &AttributeName) {
        match self.config.patch_style {
            PatchStyle::Path => self.push("remove", Some(name.to_string()), None),
            PatchStyle::NoPath => self.merge(name, Value::Null),
        }
    }

    fn merge(&mut self, name: &AttributeName, value: Value) {
        let mut keys = name.keys();
        let Some(last) = keys.pop() else { return };
        let mut place = &mut self.without_path;
        for key in keys {
            let inner = place.entry(key).or_insert_with(|| Value::Object(Map::new()));
            if !inner.is_object() {
                *inner = Value::Object(Map::new());
            }
            let Value::Object(inner) = inner else { return };
            place = inner;
        }
        place.insert(last.to_owned(), value);
    }

    fn push(&mut self, operation: &str, path: Option<String>, value: Option<Value>) {
        let mut entry = Map::new();
        entry.insert("op".into(), self.spelt(operation).into());
        entry.extend(path.map(|path| ("path".into(), Value::String(path))));
        entry.extend(value.map(|value| ("value".into(), value)));
        self.operations.push(Value::Object(entry));
    }

    fn spelt(&self, operation: &str) -> String {
        match self.config.op_case {
            OpCase::Lower => operation.to_owned(),
            OpCase::Capitalized => operation[..1].to_ascii_uppercase() + &operation[1..],
        }
    }

    /// Whether it does nothing.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty() && self.without_path.is_empty()
    }

    /// The document.
    pub fn into_document(mut self) -> Value {
        if !self.without_path.is_empty() {
            let merged = Value::Object(std::mem::take(&mut self.without_path));
            self.push("replace", None, Some(merged));
        }
        let mut operations = Value::Array(self.operations);
        if self.config.bool_as_string {
            spell_booleans(&mut operations);
        }
        json!({"schemas": [PATCH_SCHEMA], "Operations": operations})
    }
}

fn spell_booleans(value: &mut Value) {
    match value {
        Value::Bool(flag) => *value = Value::from(if *flag { "True" } else { "False" }),
        Value::Array(items) => items.iter_mut().for_each(spell_booleans),
        Value::Object(members) => members.values_mut().for_each(spell_booleans),
        _ => {}
    }
}

/// The parts that select one value of a list: its `value`, or else all its scalar parts.
fn selecting_parts(value: &Value) -> Vec<(&str, &Value)> {
    match value {
        Value::Object(parts) => match parts.get_key_value("value") {
            Some((name, value)) => vec![(name.as_str(), value)],
            None => parts
                .iter()
                .filter(|(_, part)| !part.is_object() && !part.is_array() && !part.is_null())
                .map(|(name, part)| (name.as_str(), part))
                .collect(),
        },
        Value::Array(_) | Value::Null => Vec::new(),
        scalar => vec![("value", scalar)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::ENTERPRISE_SCHEMA;

    fn change(attribute: &str, action: AttributeAction) -> AttributeChange {
        AttributeChange { attribute: attribute.into(), action }
    }

    fn document(config: &Config, changes: &[AttributeChange]) -> Value {
        Patch::of_changes(config, changes).unwrap().into_document()["Operations"].clone()
    }

    fn replacements() -> Vec<AttributeChange> {
        vec![
            change("name.givenName", AttributeAction::Replace(json!("Ann"))),
            change(&format!("{ENTERPRISE_SCHEMA}:department"), AttributeAction::Replace(json!("HR"))),
            change("title", AttributeAction::Clear),
        ]
    }

    #[test]
    fn with_paths_each_attribute_is_an_operation() {
        let expected = json!([
            {"op": "replace", "path": "name.givenName", "value": "Ann"},
            {"op": "replace", "path": format!("{ENTERPRISE_SCHEMA}:department"), "value": "HR"},
            {"op": "remove", "path": "title"},
        ]);
        assert_eq!(document(&Config::default(), &replacements()), expected);
    }

    #[test]
    fn without_paths_one_operation_holds_all() {
        let config = Config { patch_style: PatchStyle::NoPath, ..Config::default() };
        let expected = json!([{"op": "replace", "value": {
            "name": {"givenName": "Ann"}, ENTERPRISE_SCHEMA: {"department": "HR"}, "title": null,
        }}]);
        assert_eq!(document(&config, &replacements()), expected);
    }

    #[test]
    fn operations_are_capitalized_where_the_server_wants_it() {
        let config = Config { op_case: OpCase::Capitalized, ..Config::default() };
        let operations = document(&config, &replacements());
        assert_eq!((&operations[0]["op"], &operations[2]["op"]), (&json!("Replace"), &json!("Remove")));
    }

    #[test]
    fn values_are_added_and_removed_in_the_server_s_way() {
        let changes = [
            change("emails", AttributeAction::Add(vec![json!({"value": "a@x", "type": "work"}), json!("b@x")])),
            change("phoneNumbers", AttributeAction::Remove(vec![json!("1"), json!({"value": "2", "type": "home"})])),
            change("addresses", AttributeAction::Remove(vec![json!({"type": "work", "locality": "Ulm"})])),
        ];
        let expected = json!([
            {"op": "add", "path": "emails", "value": [{"value": "a@x", "type": "work"}, {"value": "b@x"}]},
            {"op": "remove", "path": "phoneNumbers[value eq \"1\"]"},
            {"op": "remove", "path": "phoneNumbers[value eq \"2\"]"},
            {"op": "remove", "path": "addresses[locality eq \"Ulm\" and type eq \"work\"]"},
        ]);
        assert_eq!(document(&Config::default(), &changes), expected);
        let config = Config { member_removal: MemberRemoval::ValueArray, ..Config::default() };
        let removal = &document(&config, &changes[1..2])[0];
        let expected =
            json!({"op": "remove", "path": "phoneNumbers", "value": [{"value": "1"}, {"value": "2", "type": "home"}]});
        assert_eq!(removal, &expected);
    }

    #[test]
    fn nothing_to_do_is_empty_and_unselectable_values_are_refused() {
        let nothing =
            [change("emails", AttributeAction::Add(vec![])), change("emails", AttributeAction::Remove(vec![]))];
        assert!(Patch::of_changes(&Config::default(), &nothing).unwrap().is_empty());
        let unselectable = [change("emails", AttributeAction::Remove(vec![json!({"x": {}})]))];
        assert!(Patch::of_changes(&Config::default(), &unselectable).is_err());
    }
}
