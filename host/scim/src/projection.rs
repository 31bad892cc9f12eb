//! Which attributes of a resource are answered: `attributes`, `excludedAttributes`, and what each schema says.

use crate::error::ErrorKind;
use crate::path::{AttributePath, Resolved};
use crate::schema::{AttributeDefinition, ResourceType, Returned, Schema};
use serde_json::{Map, Value};

/// What a client wants to see. What it names and the type does not have is passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Projection {
    attributes: Vec<AttributePath>,
    excluded: Vec<AttributePath>,
}

impl Projection {
    /// From lists of names; where `attributes` says something, `excluded` is passed over.
    pub fn new<'a>(attributes: impl IntoIterator<Item = &'a str>, excluded: impl IntoIterator<Item = &'a str>) -> Self {
        let parsed = |name: &str| AttributePath::parse(name.trim(), ErrorKind::InvalidPath).ok();
        let attributes: Vec<_> = attributes.into_iter().filter_map(parsed).collect();
        let excluded =
            if attributes.is_empty() { excluded.into_iter().filter_map(parsed).collect() } else { Vec::new() };
        Self { attributes, excluded }
    }

    /// Whether an attribute at the top will be answered, so that it need not be read otherwise.
    pub fn wants(&self, resource_type: &ResourceType, name: &str) -> bool {
        let choice = self.choice(resource_type);
        resource_type.top_attribute(name).is_some_and(|attribute| choice.shows(None, attribute) != Shown::Nothing)
    }

    /// The resource as it is answered.
    pub fn apply(&self, resource_type: &ResourceType, resource: Map<String, Value>) -> Value {
        let choice = self.choice(resource_type);
        let mut answer = Map::new();
        for (name, value) in resource {
            if let Some(schema) = resource_type.extension(&name) {
                let Value::Object(members) = value else { continue };
                let shown = choice.holder(Some(schema), members, |name| schema.attribute(name));
                if !shown.is_empty() {
                    answer.insert(name, Value::Object(shown));
                }
                continue;
            }
            let one = [(name, value)].into_iter().collect();
            answer.extend(choice.holder(None, one, |name| resource_type.top_attribute(name)));
        }
        Value::Object(answer)
    }

    fn choice<'t>(&self, resource_type: &'t ResourceType) -> Choice<'t> {
        let resolve =
            |paths: &[AttributePath]| paths.iter().filter_map(|path| path.resolve(resource_type)).collect::<Vec<_>>();
        Choice {
            only: !self.attributes.is_empty(),
            named: resolve(&self.attributes),
            excluded: resolve(&self.excluded),
        }
    }
}

struct Choice<'t> {
    only: bool,
    named: Vec<Resolved<'t>>,
    excluded: Vec<Resolved<'t>>,
}

/// How much of an attribute is shown.
#[derive(Debug, PartialEq)]
enum Shown {
    Nothing,
    All,
    /// Those parts.
    Parts(Vec<String>),
    /// All but those.
    Without(Vec<String>),
}

impl Choice<'_> {
    fn holder<'d>(
        &self,
        schema: Option<&Schema>,
        members: Map<String, Value>,
        find: impl Fn(&str) -> Option<&'d AttributeDefinition>,
    ) -> Map<String, Value> {
        let shown = members.into_iter().filter_map(|(name, value)| {
            let attribute = find(&name)?;
            let value = match self.shows(schema, attribute) {
                Shown::Nothing => return None,
                Shown::All if attribute.sub_attributes.iter().all(is_shown_unasked) => value,
                Shown::All => only(value, |name| attribute.sub_attribute(name).is_none_or(is_shown_unasked))?,
                Shown::Parts(parts) => only(value, |name| parts.iter().any(|part| part == name))?,
                Shown::Without(parts) => only(value, |name| {
                    attribute.sub_attribute(name).is_none_or(is_shown_unasked) && parts.iter().all(|part| part != name)
                })?,
            };
            Some((name, value))
        });
        shown.collect()
    }

    fn shows(&self, schema: Option<&Schema>, attribute: &AttributeDefinition) -> Shown {
        match attribute.returned {
            Returned::Never => return Shown::Nothing,
            Returned::Always => return Shown::All,
            Returned::Default | Returned::Request => {}
        }
        let named = mentions(&self.named, schema, attribute);
        if self.only || attribute.returned == Returned::Request {
            return match named {
                None => Shown::Nothing,
                Some(parts) if parts.is_empty() => Shown::All,
                Some(parts) => Shown::Parts(parts),
            };
        }
        match mentions(&self.excluded, schema, attribute) {
            None => Shown::All,
            Some(parts) if parts.is_empty() => Shown::Nothing,
            Some(parts) => Shown::Without(parts),
        }
    }
}

/// Whether a part is shown where its attribute is, without being named itself.
fn is_shown_unasked(part: &AttributeDefinition) -> bool {
    matches!(part.returned, Returned::Always | Returned::Default)
}

/// Whether the list names an attribute: none where not, no parts where it is named as a whole.
fn mentions(named: &[Resolved<'_>], schema: Option<&Schema>, attribute: &AttributeDefinition) -> Option<Vec<String>> {
    let mut parts = None::<Vec<String>>;
    for one in named {
        match one {
            Resolved::Extension(extension) if schema.is_some_and(|schema| schema.id == extension.id) => {
                return Some(Vec::new());
            }
            Resolved::Attribute { extension, attribute: known, part }
                if extension.map(|one| &one.id) == schema.map(|one| &one.id) && known.name == attribute.name =>
            {
                match part {
                    None => return Some(Vec::new()),
                    Some(part) => parts.get_or_insert_default().push(part.name.clone()),
                }
            }
            _ => {}
        }
    }
    parts
}

/// The value with only some of its parts; none where nothing is left.
fn only(value: Value, is_shown: impl Fn(&str) -> bool + Copy) -> Option<Value> {
    match value {
        Value::Object(mut members) => {
            members.retain(|name, _| is_shown(name));
            (!members.is_empty()).then_some(Value::Object(members))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.into_iter().filter_map(|item| only(item, is_shown)).collect();
            (!items.is_empty()).then_some(Value::Array(items))
        }
        simple => Some(simple),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ResourceKind;
    use crate::schema::ServedTypes;
    use serde_json::json;

    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    fn shown(attributes: &[&str], excluded: &[&str]) -> Value {
        let resource = json!({
            "schemas": ["x"], "id": "1", "userName": "anna", "password": "no", "name": {"givenName": "A", "familyName": "B"},
            "emails": [{"value": "a", "type": "work"}, {"type": "home"}], "meta": {"version": "v", "created": "c"},
            ENTERPRISE: {"department": "R&D", "manager": {"value": "m"}},
        });
        let types = ServedTypes::default();
        let projection = Projection::new(attributes.iter().copied(), excluded.iter().copied());
        projection.apply(types.of(ResourceKind::User), resource.as_object().unwrap().clone())
    }

    #[test]
    fn what_is_named_and_what_is_always_there() {
        assert_eq!(shown(&["userName"], &[]), json!({"schemas": ["x"], "id": "1", "userName": "anna"}));
        assert_eq!(shown(&["USERNAME", "password", "colour"], &[])["userName"], "anna");
        assert_eq!(shown(&["name.givenName"], &[])["name"], json!({"givenName": "A"}));
        assert_eq!(shown(&["emails.value"], &[])["emails"], json!([{"value": "a"}]));
        assert_eq!(shown(&[ENTERPRISE], &[])[ENTERPRISE], json!({"department": "R&D", "manager": {"value": "m"}}));
        let manager = format!("{ENTERPRISE}:manager.value");
        assert_eq!(shown(&[&manager], &[])[ENTERPRISE], json!({"manager": {"value": "m"}}));
    }

    #[test]
    fn what_is_excluded_and_what_is_never_shown() {
        let all = shown(&[], &[]);
        assert_eq!((all.get("password"), &all["userName"]), (None, &json!("anna")));
        let less =
            shown(&[], &["id", "schemas", "userName", "name.givenName", "meta", &format!("{ENTERPRISE}:manager")]);
        assert_eq!(less["id"], "1");
        assert_eq!((less.get("userName"), less.get("meta")), (None, None));
        assert_eq!(less["name"], json!({"familyName": "B"}));
        assert_eq!(less[ENTERPRISE], json!({"department": "R&D"}));
        assert_eq!(shown(&[], &[ENTERPRISE]).get(ENTERPRISE), None);
    }

    #[test]
    fn names_of_members_are_shown_where_they_are_asked_for() {
        let types = ServedTypes::default();
        let group = json!({"members": [{"value": "1", "display": "One"}]});
        let shown = |attributes: &[&str]| {
            let projection = Projection::new(attributes.iter().copied(), []);
            projection.apply(types.of(ResourceKind::Group), group.as_object().unwrap().clone())["members"].clone()
        };
        assert_eq!(shown(&[]), json!([{"value": "1"}]));
        assert_eq!(shown(&["members"]), json!([{"value": "1"}]));
        assert_eq!(shown(&["members.display"]), json!([{"display": "One"}]));
    }

    #[test]
    fn members_need_not_be_read_where_nobody_asks_for_them() {
        let types = ServedTypes::default();
        let group = types.of(ResourceKind::Group);
        assert!(Projection::default().wants(group, "members"));
        assert!(!Projection::new([], ["members"]).wants(group, "members"));
        assert!(!Projection::new(["displayName"], []).wants(group, "members"));
        assert!(Projection::new(["members.value"], []).wants(group, "members"));
    }
}
