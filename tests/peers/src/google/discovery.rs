//! The vendor's own descriptions: which method a request is, and whether a body is what they say.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The discovery documents of the Directory API and of the Licence Manager API.
pub struct Descriptions {
    documents: Vec<Document>,
}

struct Document {
    parameters: Map<String, Value>,
    schemas: Map<String, Value>,
    methods: Vec<Value>,
}

/// A request's method of the API.
pub struct Found<'d> {
    /// Such as `directory.users.list`.
    pub id: &'d str,
    /// The parameters that stand in the path, unescaped.
    pub path: BTreeMap<String, String>,
    method: &'d Value,
    document: &'d Document,
}

impl Descriptions {
    /// Reads the documents.
    ///
    /// # Panics
    /// They are no discovery documents.
    pub fn read() -> Self {
        let texts =
            [include_str!("../../specs/google/directory.json"), include_str!("../../specs/google/licensing.json")];
        Self { documents: texts.map(Document::read).into() }
    }

    /// The method that a request is, where there is one.
    pub fn find(&self, verb: &str, path: &str) -> Option<Found<'_>> {
        self.documents.iter().find_map(|document| document.find(verb, path))
    }
}

impl Document {
    fn read(text: &str) -> Self {
        let document: Value = serde_json::from_str(text).expect("the description is JSON");
        let mut methods = Vec::new();
        collect(&document, &mut methods);
        let part = |name: &str| document[name].as_object().cloned().expect("the description has its parts");
        Self { parameters: part("parameters"), schemas: part("schemas"), methods }
    }

    fn find(&self, verb: &str, path: &str) -> Option<Found<'_>> {
        self.methods.iter().filter(|method| method["httpMethod"] == verb).find_map(|method| {
            let path = matched(method["path"].as_str()?, path.strip_prefix('/')?)?;
            Some(Found { id: method["id"].as_str()?, path, method, document: self })
        })
    }
}

fn collect(node: &Value, methods: &mut Vec<Value>) {
    for resource in node["resources"].as_object().into_iter().flat_map(Map::values) {
        methods.extend(resource["methods"].as_object().into_iter().flat_map(Map::values).cloned());
        collect(resource, methods);
    }
}

/// The parameters of a path, where it fits the template. `{+name}` takes the rest with its slashes.
fn matched(template: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let unescaped = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut parameters = BTreeMap::new();
    let mut rest = Some(path);
    for part in template.split('/') {
        let here = rest?;
        if let Some(name) = part.strip_prefix("{+").and_then(|name| name.strip_suffix('}')) {
            parameters.insert(name.to_owned(), unescaped(here));
            return (!here.is_empty()).then_some(parameters);
        }
        let (segment, later) = here.split_once('/').map_or((here, None), |(segment, later)| (segment, Some(later)));
        match part.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !segment.is_empty() => _ = parameters.insert(name.to_owned(), unescaped(segment)),
            _ if part != segment => return None,
            _ => {}
        }
        rest = later;
    }
    rest.is_none().then_some(parameters)
}

impl Found<'_> {
    /// What is wrong with the request's query and body by the description.
    pub fn request_faults(&self, query: &BTreeMap<String, String>, body: Option<&Value>) -> Vec<String> {
        let mut faults = self.query_faults(query);
        match (self.method.get("request"), body) {
            (Some(schema), Some(body)) => self.document.check(schema, body, "body", &mut faults),
            (Some(_), None) => faults.push("a body is missing".to_owned()),
            (None, Some(_)) => faults.push("there is a body and the method takes none".to_owned()),
            (None, None) => {}
        }
        faults
    }

    fn query_faults(&self, query: &BTreeMap<String, String>) -> Vec<String> {
        let own = self.method["parameters"].as_object();
        let mut faults = Vec::new();
        for (name, value) in query {
            match own.and_then(|own| own.get(name)).or_else(|| self.document.parameters.get(name)) {
                None => faults.push(format!("query: `{name}` is unknown")),
                Some(parameter) => faults.extend(parameter_fault(name, parameter, value)),
            }
        }
        let required = own.into_iter().flatten().filter(|(_, parameter)| parameter["required"] == true);
        let missing = required.filter(|(name, _)| !query.contains_key(*name) && !self.path.contains_key(*name));
        faults.extend(missing.map(|(name, _)| format!("query: `{name}` is missing")));
        faults
    }

    /// What is wrong with a successful answer by the description.
    pub fn answer_faults(&self, answer: Option<&Value>) -> Vec<String> {
        let mut faults = Vec::new();
        match (self.method.get("response"), answer) {
            (Some(schema), Some(answer)) => self.document.check(schema, answer, "answer", &mut faults),
            (Some(_), None) => faults.push("the answer is empty".to_owned()),
            (None, Some(_)) => faults.push("there is an answer and the method has none".to_owned()),
            (None, None) => {}
        }
        faults
    }
}

fn parameter_fault(name: &str, parameter: &Value, value: &str) -> Option<String> {
    let number = |bound: &str| parameter[bound].as_str().and_then(|bound| bound.parse::<i64>().ok());
    let fits = match parameter["type"].as_str() {
        Some("integer") => value.parse::<i64>().is_ok_and(|value| {
            number("minimum").is_none_or(|least| value >= least) && number("maximum").is_none_or(|most| value <= most)
        }),
        Some("boolean") => matches!(value, "true" | "false"),
        _ => true,
    };
    let allowed = parameter["enum"].as_array().is_none_or(|allowed| allowed.iter().any(|one| one == value));
    (!fits || !allowed).then(|| format!("query: `{name}` cannot be `{value}`"))
}

impl Document {
    /// Null stands for "clear this" in requests and fits everything.
    fn check(&self, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
        let schema = schema["$ref"].as_str().and_then(|name| self.schemas.get(name)).unwrap_or(schema);
        match (schema["type"].as_str(), value) {
            (_, Value::Null) | (None | Some("any"), _) => {}
            (Some("object"), Value::Object(members)) => {
                for (name, member) in members {
                    let known = schema["properties"].get(name).or_else(|| schema.get("additionalProperties"));
                    match known {
                        Some(known) => self.check(known, member, &format!("{place}.{name}"), faults),
                        None => faults.push(format!("{place}: `{name}` is unknown")),
                    }
                }
            }
            (Some("array"), Value::Array(items)) => {
                items.iter().for_each(|item| self.check(&schema["items"], item, &format!("{place}[]"), faults));
            }
            (Some("string"), Value::String(text)) => {
                if schema["format"] == "int64" && text.parse::<i64>().is_err() {
                    faults.push(format!("{place}: no int64"));
                }
            }
            (Some("boolean"), Value::Bool(_)) | (Some("integer" | "number"), Value::Number(_)) => {}
            (Some(expected), _) => faults.push(format!("{place}: is no {expected}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_is_found_by_its_path_and_held_against_the_description() {
        let descriptions = Descriptions::read();
        let found = descriptions.find("PUT", "/admin/directory/v1/users/a%2Bb%40x.test").unwrap();
        assert_eq!((found.id, found.path["userKey"].as_str()), ("directory.users.update", "a+b@x.test"));
        let none = BTreeMap::new();
        assert!(found.request_faults(&none, Some(&json!({"suspended": true, "name": {"givenName": null}}))).is_empty());
        assert_eq!(found.request_faults(&none, Some(&json!({"suspended": "true", "name": {"given": "A"}}))).len(), 2);
        assert_eq!(found.request_faults(&none, None).len(), 1);
        let list = descriptions.find("GET", "/admin/directory/v1/users").unwrap();
        let query = BTreeMap::from([("maxResults".into(), "501".into()), ("projection".into(), "some".into())]);
        assert_eq!(list.request_faults(&query, None).len(), 2);
        assert!(descriptions.find("GET", "/admin/directory/v1/users/1/2").is_none());
    }

    #[test]
    fn an_org_unit_s_path_is_taken_with_its_slashes() {
        let descriptions = Descriptions::read();
        let path = "/admin/directory/v1/customer/my_customer/orgunits/Sales/East";
        assert_eq!(descriptions.find("GET", path).unwrap().path["orgUnitPath"], "Sales/East");
    }
}
