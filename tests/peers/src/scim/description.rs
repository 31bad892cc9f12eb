//! The vendor's own description: GitHub's requests and answers are held against it.

use super::answer::Answer;
use super::routes::Asked;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The bodies of all operations, by method, path and side.
pub struct Description {
    validators: BTreeMap<(String, String, String), Validator>,
    paths: BTreeMap<String, Vec<String>>,
}

impl Description {
    /// Reads GitHub's, of which the paths below this one are used.
    ///
    /// # Panics
    /// The file in `specs/github` is no such description.
    pub fn read(base: &str) -> Self {
        let document: Value =
            serde_json::from_str(include_str!("../../specs/github/scim.json")).expect("the description is JSON");
        let (mut validators, mut paths) = (BTreeMap::new(), BTreeMap::new());
        for (path, methods) in document["paths"].as_object().expect("there are paths") {
            let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
            let own = &parts[base.split('/').filter(|part| !part.is_empty()).count()..];
            let own = own.iter().map(|part| if part.starts_with('{') { "{id}" } else { part }).collect::<Vec<_>>();
            let own = own.join("/");
            for (method, operation) in methods.as_object().expect("a path has operations") {
                let method = method.to_uppercase();
                let mut add = |side: String, content: &Value| {
                    let body = content.as_object().and_then(|types| types.values().next());
                    let Some(schema) = body.map(|body| body["schema"].clone()) else { return };
                    let whole = json!({"allOf": [schema], "components": components(&document)});
                    let validator = jsonschema::options().build(&whole).expect("a schema of the description is one");
                    validators.insert((method.clone(), own.clone(), side), validator);
                };
                add("request".into(), &operation["requestBody"]["content"]);
                for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
                    add(status.clone(), &resolved(&document, answer)["content"]);
                }
                let statuses = operation["responses"].as_object().into_iter().flatten();
                paths.insert(format!("{method} {own}"), statuses.map(|(status, _)| status.clone()).collect());
            }
        }
        Self { validators, paths }
    }

    /// What is wrong with a request and the answer to it.
    pub fn violations(&self, asked: &Asked, answer: &Answer) -> Vec<String> {
        let path = match asked.path.as_slice() {
            [first, _] => format!("{first}/{{id}}"),
            parts => parts.join("/"),
        };
        let operation = format!("{} {path}", asked.method);
        let Some(statuses) = self.paths.get(&operation) else { return vec![format!("{operation} is not described")] };
        let mut found = Vec::new();
        if !statuses.contains(&answer.status.to_string()) {
            found.push(format!("{operation}: the status {} is not described", answer.status));
        }
        if answer.status < 400 && !asked.body.is_null() {
            found.extend(self.check(&asked.method, &path, "request", &asked.body));
        }
        if !answer.body.is_null() {
            found.extend(self.check(&asked.method, &path, &answer.status.to_string(), &answer.body));
        }
        found
    }

    fn check(&self, method: &str, path: &str, side: &str, body: &Value) -> Vec<String> {
        let Some(validator) = self.validators.get(&(method.to_owned(), path.to_owned(), side.to_owned())) else {
            return Vec::new();
        };
        let errors = validator.iter_errors(body);
        errors.map(|error| format!("{method} {path} {side}: {} {}", error.instance_path(), error.masked())).collect()
    }
}

fn resolved(document: &Value, answer: &Value) -> Value {
    match answer["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).cloned().unwrap_or_default(),
        None => answer.clone(),
    }
}

/// The components, but that the value of an operation of a PATCH is of any type: the description says text, and its own
/// examples give lists.
fn components(document: &Value) -> Value {
    let mut components = document["components"].clone();
    components["schemas"]["patch-schema"]["properties"]["Operations"]["items"]["properties"]["value"] = json!(true);
    components
}
