//! Sorting by an attribute (RFC 7644 3.4.2.3).

use crate::error::{ErrorKind, ScimError};
use crate::path::{AttributePath, Resolved};
use crate::schema::{AttributeDefinition, AttributeType, ResourceType, Returned};
use crate::value::Comparable;
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// By what resources are sorted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorting {
    /// The attribute.
    pub by: AttributePath,
    /// Whether the last comes first.
    pub descending: bool,
}

/// A resource's place in the order; what has no value comes last, or first where it is descending.
#[derive(Debug, Clone, PartialEq)]
pub struct SortKey(Option<Comparable>);

impl Eq for SortKey {}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Some(left), Some(right)) => left.order(right).unwrap_or(Ordering::Equal),
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
        }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Sorting {
    /// The key of a resource of this type, as it is shown to its client. Of several values the primary one decides, else
    /// the first. An attribute that the type does not have has no value.
    ///
    /// # Errors
    /// `invalidPath`: the attribute cannot be sorted by.
    pub fn key(&self, resource_type: &ResourceType, resource: &Map<String, Value>) -> Result<SortKey, ScimError> {
        let Some(resolved) = self.by.resolve(resource_type) else { return Ok(SortKey(None)) };
        let Resolved::Attribute { attribute, part, .. } = resolved else { return Err(self.refused()) };
        let leaf = part.or_else(|| default_part(attribute)).unwrap_or(attribute);
        if leaf.kind == AttributeType::Complex || leaf.returned == Returned::Never {
            return Err(self.refused());
        }
        let head = match resolved.head(resource) {
            Some(Value::Array(items)) => items.iter().find(|item| item["primary"] == true).or(items.first()),
            other => other,
        };
        let is_part = attribute.kind == AttributeType::Complex;
        let value = head.and_then(|value| if is_part { value.get(&leaf.name) } else { Some(value) });
        Ok(SortKey(value.and_then(|value| Comparable::of(value, leaf))))
    }

    fn refused(&self) -> ScimError {
        ScimError::new(ErrorKind::InvalidPath, format!("`{}` is nothing to sort by: name a simple attribute", self.by))
    }
}

fn default_part(attribute: &AttributeDefinition) -> Option<&AttributeDefinition> {
    if attribute.kind == AttributeType::Complex { attribute.sub_attribute("value") } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResourceKind;
    use crate::schema::ServedTypes;
    use serde_json::json;

    #[test]
    fn case_primary_values_and_nothing() {
        let types = ServedTypes::default();
        let key = |by: &str, resource: Value| {
            let sorting = Sorting { by: AttributePath::parse(by, ErrorKind::InvalidPath).unwrap(), descending: false };
            sorting.key(types.of(ResourceKind::User), resource.as_object().unwrap())
        };
        let of = |by: &str, resource: Value| key(by, resource).unwrap();
        assert!(of("userName", json!({"userName": "a"})) < of("userName", json!({"userName": "B"})));
        assert!(of("userName", json!({"userName": "z"})) < of("userName", json!({})));
        let emails = json!({"emails": [{"value": "z"}, {"value": "a", "primary": true}]});
        assert_eq!(of("emails", emails.clone()), of("emails.value", json!({"emails": [{"value": "A"}]})));
        assert!(
            of("meta.created", json!({"meta": {"created": "2026-01-01T00:00:00+01:00"}}))
                < of("meta.created", json!({"meta": {"created": "2026-01-01T00:00:00Z"}}))
        );
        assert_eq!(key("name", emails.clone()).unwrap_err().kind, ErrorKind::InvalidPath);
        assert_eq!(key("password", emails).unwrap_err().kind, ErrorKind::InvalidPath);
        assert_eq!(of("members", json!({})), SortKey(None));
    }
}
