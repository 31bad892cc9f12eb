//! The vendor's description: every request and every answer is held against it.

use super::answer::{Answer, Asked};
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The description, with the validators made so far.
pub struct Description {
    document: Value,
    validators: BTreeMap<String, Option<Arc<Validator>>>,
}

impl Description {
    /// Reads it.
    ///
    /// # Panics
    /// The file in `specs/graph` is no JSON.
    pub fn read() -> Self {
        let text = include_str!("../../specs/graph/graph.json");
        Self { document: serde_json::from_str(text).expect("the description is JSON"), validators: BTreeMap::new() }
    }

    /// What is wrong with a request and the answer to it. Batches are looked at item by item.
    pub fn violations(&mut self, asked: &Asked, answer: &Answer) -> Vec<String> {
        if asked.path.first().is_some_and(|part| part == "$batch") {
            return Vec::new();
        }
        let Some(template) = self.template(asked) else {
            return vec![format!("{} /{} is not described", asked.method, asked.path.join("/"))];
        };
        let method = asked.method.to_lowercase();
        let mut found = Vec::new();
        if !asked.body.is_null() && answer.status < 300 {
            found.extend(self.check(&template, &method, "request", &asked.body));
        }
        if answer.status >= 400 {
            let schema = json!({"$ref": "#/components/schemas/microsoft.graph.ODataErrors.ODataError"});
            found.extend(self.check_schema("error", &schema, &answer.body));
        } else if !answer.body.is_null() {
            found.extend(self.check(&template, &method, "answer", &answer.body));
        }
        found
    }

    /// The described path that a request goes to. Functions and actions are written there with their namespace.
    fn template(&self, asked: &Asked) -> Option<String> {
        let method = asked.method.to_lowercase();
        let paths = self.document["paths"].as_object()?;
        let fits = |template: &&String| {
            let parts: Vec<&str> = template.split('/').filter(|part| !part.is_empty()).collect();
            parts.len() == asked.path.len()
                && parts
                    .iter()
                    .zip(&asked.path)
                    .all(|(part, given)| part.starts_with('{') || *part == given || bare(part) == bare(given))
                && paths[*template].get(&method).is_some()
        };
        let mut fitting: Vec<&String> = paths.keys().filter(fits).collect();
        fitting.sort_by_key(|template| template.matches('{').count());
        fitting.first().map(|template| (*template).clone())
    }

    fn check(&mut self, template: &str, method: &str, side: &str, body: &Value) -> Vec<String> {
        let described = &self.document["paths"][template][method];
        let Some(schema) = described.get(side).cloned() else { return Vec::new() };
        self.check_schema(&format!("{side} of {method} {template}"), &schema, body)
    }

    fn check_schema(&mut self, what: &str, schema: &Value, body: &Value) -> Vec<String> {
        let document = &self.document;
        let validator = self.validators.entry(what.to_owned()).or_insert_with(|| {
            let whole = json!({
                "allOf": [schema], "components": document["components"],
                "patternProperties": {"@": true}, "unevaluatedProperties": false,
            });
            jsonschema::options().build(&whole).ok().map(Arc::new)
        });
        let Some(validator) = validator.clone() else { return vec![format!("{what}: its description cannot be used")] };
        let errors = validator.iter_errors(body);
        errors.map(|error| format!("{what}: {} {}", error.instance_path(), error.masked())).collect()
    }
}

/// A part of a path without namespace and brackets.
fn bare(part: &str) -> &str {
    part.trim_start_matches("microsoft.graph.").trim_end_matches("()")
}
