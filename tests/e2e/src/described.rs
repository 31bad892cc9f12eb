//! Answers of the API, held against the description that the host gives of itself.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;

/// The description of `/v1`, as the host serves it.
pub struct Described {
    document: Value,
    schemas: Mutex<BTreeMap<String, jsonschema::Validator>>,
}

impl Described {
    /// This description.
    pub fn new(document: Value) -> Self {
        Self { document, schemas: Mutex::default() }
    }

    /// How an answer differs from what is described, a line each. What is no route at all is not described, and answered so.
    pub fn differences(&self, method: &str, path: &str, status: u16, body: &Value) -> Vec<String> {
        let path = path.split('?').next().unwrap_or_default();
        let method = method.to_lowercase();
        let place = self.template(path).filter(|template| self.document["paths"][*template][&method].is_object());
        let Some(template) = place else {
            return match status {
                401 | 404 | 405 => Vec::new(),
                _ => vec![format!("{method} {path} is not described, and was answered with {status}")],
            };
        };
        let answer = &self.document["paths"][template][&method]["responses"][status.to_string()];
        let Some(contents) = answer.as_object().map(|answer| answer.get("content")) else {
            return vec![format!("{method} {template}: {status} is not described: {body}")];
        };
        match contents.and_then(Value::as_object).and_then(|contents| contents.values().next()) {
            Some(content) => self.body_differs(&format!("{method} {template} {status}"), &content["schema"], body),
            None if body.is_null() => Vec::new(),
            None => vec![format!("{method} {template}: {status} has no body: {body}")],
        }
    }

    /// The path of the description that a path is of; one without parameters goes first.
    fn template(&self, path: &str) -> Option<&str> {
        let fits = |template: &&String| {
            template.split('/').count() == path.split('/').count()
                && template.split('/').zip(path.split('/')).all(|(part, given)| part.starts_with('{') || part == given)
        };
        let paths = self.document["paths"].as_object()?.keys();
        paths.filter(fits).min_by_key(|template| template.matches('{').count()).map(String::as_str)
    }

    fn body_differs(&self, what: &str, schema: &Value, body: &Value) -> Vec<String> {
        let mut schemas = self.schemas.lock().expect("no test panics while it holds this");
        let validator = schemas.entry(what.to_owned()).or_insert_with(|| {
            let whole = json!({
                "allOf": [schema], "unevaluatedProperties": false, "components": self.document["components"],
            });
            let options = jsonschema::options().should_validate_formats(true);
            options.build(&whole).unwrap_or_else(|error| panic!("{what}: the description cannot be used: {error}"))
        });
        validator.iter_errors(body).map(|error| format!("{what}: {}: {error}", error.instance_path())).collect()
    }
}
