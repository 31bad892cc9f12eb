//! What the engine reads from an object: who may recognise it, what it holds, who holds it, what the declaration calls it.

use purser_connector::Fault;
use purser_model::Attributes;
use purser_model::account::EntitlementKey;
use purser_model::configuration::Target;
use purser_model::id::TargetName;
use purser_model::manifest::{ClassKind, Holding, HoldingSide, ObjectClass};
use purser_model::object::Object;
use purser_plan::Rules;
use purser_store::{HeldByAccount, Observation};
use serde_json::Value;

/// How objects of one class of a target are read.
pub(crate) struct Reader<'a> {
    rules: &'a Rules,
    name: &'a TargetName,
    target: &'a Target,
    class: &'a ObjectClass,
    classes: &'a [ObjectClass],
    key_attributes: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        rules: &'a Rules,
        name: &'a TargetName,
        target: &'a Target,
        class: &'a ObjectClass,
        classes: &'a [ObjectClass],
    ) -> Self {
        Self { rules, name, target, class, classes, key_attributes: rules.key_attributes(name) }
    }

    /// Reads an object.
    ///
    /// # Errors
    /// [`Fault::BrokenContract`] where its attributes are no JSON object.
    pub(crate) fn read(&self, mut object: Object) -> Result<Observation, Fault> {
        let mut attributes = object.parse_attributes().map_err(|error| {
            Fault::BrokenContract(format!(
                "the attributes of {} `{}` are no JSON object: {error}",
                self.class.name, object.id
            ))
        })?;
        let digest = object.digest();
        if self.class.kind == ClassKind::Entitlement {
            let declared = self.declared_name(&attributes);
            let holders = self.holders(&mut attributes);
            if holders.is_some() {
                // The holders are kept one by one; a second copy in the text would only grow.
                object.attributes = Value::Object(attributes).to_string();
            }
            return Ok(Observation {
                object,
                digest,
                keys: Vec::new(),
                held: None,
                holders,
                declared,
                protected_because: None,
            });
        }
        let keys = self.keys(&object, &attributes);
        let held = self.held(&attributes);
        let protected_because = self.rules.protected_because(self.name, &object);
        Ok(Observation { object, digest, keys, held, holders: None, declared: None, protected_because })
    }

    fn keys(&self, object: &Object, attributes: &Attributes) -> Vec<(String, String)> {
        let mut keys = Vec::new();
        for attribute in &self.key_attributes {
            let secondary = object.secondary_ids.iter().filter(|id| id.name.eq_ignore_ascii_case(attribute));
            keys.extend(secondary.map(|id| (attribute.clone(), id.value.clone())));
            keys.extend(values_at(attributes, attribute).into_iter().map(|value| (attribute.clone(), value)));
        }
        keys
    }

    fn held(&self, attributes: &Attributes) -> Option<HeldByAccount> {
        let mut held = HeldByAccount::default();
        for (class, holding) in self.holdings(HoldingSide::Account) {
            if holding.account_class == self.class.name {
                held.classes.push(class.name.clone());
                let ids = values_at(attributes, &holding.attribute).into_iter();
                held.entitlements.extend(ids.map(|id| EntitlementKey { class: class.name.clone(), id }));
            }
        }
        (!held.classes.is_empty()).then_some(held)
    }

    fn holdings(&self, side: HoldingSide) -> impl Iterator<Item = (&ObjectClass, &Holding)> {
        self.classes
            .iter()
            .filter_map(|class| class.holding.as_ref().map(|holding| (class, holding)))
            .filter(move |(_, holding)| holding.side == side)
    }

    fn holders(&self, attributes: &mut Attributes) -> Option<Vec<String>> {
        let holding = self.class.holding.as_ref().filter(|holding| holding.side == HoldingSide::Entitlement)?;
        let holders = values_at(attributes, &holding.attribute);
        attributes.retain(|name, _| !name.eq_ignore_ascii_case(&holding.attribute));
        Some(holders)
    }

    fn declared_name(&self, attributes: &Attributes) -> Option<String> {
        let is_it = |declared: &&purser_model::configuration::DeclaredEntitlement| {
            declared.class == self.class.name
                && values_at(attributes, &declared.attribute).iter().any(|value| same_text(value, &declared.value))
        };
        self.target.entitlements.iter().find(|(_, declared)| is_it(declared)).map(|(name, _)| name.clone())
    }
}

/// Whether two texts are the same to a target that does not say that it regards case.
pub(crate) fn same_text(left: &str, right: &str) -> bool {
    left.to_lowercase() == right.to_lowercase()
}

/// The texts at a dotted path. Names are compared without case; a list gives each of its values, and a complex value its
/// `value` (RFC 7643 section 2.4).
pub(crate) fn values_at(attributes: &Attributes, path: &str) -> Vec<String> {
    let exact = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(path));
    if let Some((_, value)) = exact {
        return texts(value);
    }
    let Some((head, rest)) = path.split_once('.') else { return Vec::new() };
    let inner = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(head)).map(|(_, value)| value);
    match inner {
        Some(Value::Object(inner)) => values_at(inner, rest),
        Some(Value::Array(items)) => {
            items.iter().filter_map(Value::as_object).flat_map(|item| values_at(item, rest)).collect()
        }
        _ => Vec::new(),
    }
}

/// The texts of a value, as [`values_at`] gives them.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    push_texts(value, &mut found);
    found
}

fn push_texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Number(number) => found.push(number.to_string()),
        Value::Bool(flag) => found.push(flag.to_string()),
        Value::Array(items) => items.iter().for_each(|item| push_texts(item, found)),
        Value::Object(object) => {
            if let Some(inner) = object.iter().find(|(name, _)| name.eq_ignore_ascii_case("value")) {
                push_texts(inner.1, found);
            }
        }
        Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use super::values_at;
    use serde_json::json;

    #[test]
    fn values_are_found_by_dotted_paths_without_regard_to_case() {
        let object = json!({
            "userName": "anna",
            "name": {"familyName": "Berg"},
            "emails": [{"value": "a@x", "type": "work"}, {"value": "b@x"}],
            "urn:x:User": {"costCenter": 7}
        });
        let attributes = object.as_object().unwrap();
        assert_eq!(values_at(attributes, "USERNAME"), ["anna"]);
        assert_eq!(values_at(attributes, "name.familyname"), ["Berg"]);
        assert_eq!(values_at(attributes, "emails"), ["a@x", "b@x"]);
        assert_eq!(values_at(attributes, "emails.type"), ["work"]);
        assert_eq!(values_at(attributes, "urn:x:User.costCenter"), ["7"]);
        assert!(values_at(attributes, "nothing.here").is_empty());
    }
}
