//! Bulk requests (RFC 7644 3.7): reading them, and ids that come to be on the way.

use crate::BULK_RESPONSE_SCHEMA;
use crate::ResourceKind;
use crate::error::{ErrorKind, ScimError};
use crate::value::member;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The prefix of a reference to what another operation creates.
const REFERENCE: &str = "bulkId:";

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkMethod {
    /// Creates.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Deletes.
    Delete,
}

impl BulkMethod {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkOperation {
    /// What it does.
    pub method: BulkMethod,
    /// How the client calls it.
    pub bulk_id: Option<String>,
    /// The version that the resource must have.
    pub version: Option<String>,
    /// The type.
    pub kind: ResourceKind,
    /// The resource; none for a POST. It may be a reference.
    pub id: Option<String>,
    /// The body.
    pub data: Value,
}

/// A bulk request. What is wrong with one operation is that one's failure.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkRequest {
    /// After so many failures nothing more is done; none: whatever fails.
    pub fail_on_errors: Option<u64>,
    /// The operations, or why one cannot be read.
    pub operations: Vec<Result<BulkOperation, ScimError>>,
    /// Method and `bulkId` of each as they were written, for the answer.
    pub labels: Vec<(Option<String>, Option<String>)>,
}

impl BulkRequest {
    /// Reads the body.
    ///
    /// # Errors
    /// `invalidSyntax`: it is no bulk request; 413: it has more than `max_operations`.
    pub fn parse(body: &Value, max_operations: usize) -> Result<Self, ScimError> {
        let body = body.as_object().ok_or_else(|| syntax("the body must be a JSON object"))?;
        let operations = member(body, "Operations").and_then(Value::as_array);
        let operations = operations.ok_or_else(|| syntax("`Operations` must be a list of operations"))?;
        if operations.len() > max_operations {
            let detail = format!("more than {max_operations} operations: send them in several requests");
            return Err(ScimError::new(ErrorKind::TooLarge, detail));
        }
        let fail_on_errors = match member(body, "failOnErrors") {
            None | Some(Value::Null) => None,
            Some(number) => Some(
                number
                    .as_u64()
                    .filter(|number| *number > 0)
                    .ok_or_else(|| syntax("`failOnErrors` must be 1 or more"))?,
            ),
        };
        let labels = operations.iter().map(|one| (text(one, "method"), text(one, "bulkId"))).collect();
        let mut seen = BTreeSet::new();
        let operations = operations.iter().map(|one| operation(one, &mut seen)).collect();
        Ok(Self { fail_on_errors, operations, labels })
    }

    /// The `bulkId`s of what is to be created.
    pub fn created(&self) -> BTreeSet<&str> {
        let operations = self.operations.iter().filter_map(|one| one.as_ref().ok());
        operations.filter(|one| one.method == BulkMethod::Post).filter_map(|one| one.bulk_id.as_deref()).collect()
    }
}

fn operation(value: &Value, seen: &mut BTreeSet<String>) -> Result<BulkOperation, ScimError> {
    let method = text(value, "method").unwrap_or_default().to_ascii_uppercase();
    let methods = [BulkMethod::Post, BulkMethod::Put, BulkMethod::Patch, BulkMethod::Delete];
    let method = methods.into_iter().find(|one| one.as_str() == method);
    let method = method.ok_or_else(|| syntax("`method` must be POST, PUT, PATCH or DELETE"))?;
    let bulk_id = text(value, "bulkId");
    if method == BulkMethod::Post && bulk_id.is_none() {
        return Err(syntax("a POST needs a `bulkId`"));
    }
    if bulk_id.as_ref().is_some_and(|id| method == BulkMethod::Post && !seen.insert(id.clone())) {
        return Err(syntax("this `bulkId` stands twice"));
    }
    let path = text(value, "path").ok_or_else(|| syntax("`path` must be a path such as `/Users`"))?;
    let (kind, id) = target(&path, method)?;
    let data = value.as_object().and_then(|members| member(members, "data")).cloned().unwrap_or_default();
    if method != BulkMethod::Delete && !data.is_object() {
        return Err(syntax("`data` must be a JSON object"));
    }
    Ok(BulkOperation { method, bulk_id, version: text(value, "version"), kind, id, data })
}

fn target(path: &str, method: BulkMethod) -> Result<(ResourceKind, Option<String>), ScimError> {
    let no_such = || ScimError::new(ErrorKind::NotFound, "`path` must be `/Users`, `/Groups` or one resource of them");
    let bare = path.trim_start_matches('/');
    let (endpoint, id) = bare.split_once('/').map_or((bare, None), |(endpoint, id)| (endpoint, Some(id)));
    let kind = ResourceKind::at_endpoint(&format!("/{endpoint}")).ok_or_else(no_such)?;
    match (method, id) {
        (BulkMethod::Post, None) => Ok((kind, None)),
        (BulkMethod::Post, Some(_)) => Err(syntax("a POST goes to the type, without an id")),
        (_, Some(id)) if !id.is_empty() && !id.contains('/') => Ok((kind, Some(id.to_owned()))),
        _ => Err(no_such()),
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    member(value.as_object()?, name)?.as_str().map(str::to_owned)
}

fn syntax(detail: &str) -> ScimError {
    ScimError::new(ErrorKind::InvalidSyntax, detail)
}

/// The ids of what was created so far, by `bulkId`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct References(BTreeMap<String, String>);

impl References {
    /// This was created.
    pub fn learn(&mut self, bulk_id: &str, id: &str) {
        self.0.insert(bulk_id.to_owned(), id.to_owned());
    }

    /// The `bulkId`s that an operation needs and that are not known yet.
    pub fn missing(&self, operation: &BulkOperation) -> BTreeSet<String> {
        let mut needed = BTreeSet::new();
        collect(&operation.data, &mut needed);
        if let Some(id) = operation.id.as_deref().and_then(|id| id.strip_prefix(REFERENCE)) {
            needed.insert(id.to_owned());
        }
        needed.retain(|id| !self.0.contains_key(id));
        needed
    }

    /// The operation with ids in place of references.
    #[must_use]
    pub fn resolve(&self, mut operation: BulkOperation) -> BulkOperation {
        if let Some(id) = operation.id.as_mut() {
            self.replace(id);
        }
        self.replace_in(&mut operation.data);
        operation
    }

    fn replace(&self, text: &mut String) {
        if let Some(id) = text.strip_prefix(REFERENCE).and_then(|id| self.0.get(id)) {
            text.clone_from(id);
        }
    }

    fn replace_in(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.replace(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace_in(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.replace_in(member)),
            _ => {}
        }
    }
}

fn collect(value: &Value, needed: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => needed.extend(text.strip_prefix(REFERENCE).map(str::to_owned)),
        Value::Array(items) => items.iter().for_each(|item| collect(item, needed)),
        Value::Object(members) => members.values().for_each(|member| collect(member, needed)),
        _ => {}
    }
}

/// The answer to a bulk request.
pub fn bulk_response(operations: &[Value]) -> Value {
    json!({"schemas": [BULK_RESPONSE_SCHEMA], "Operations": operations})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_read_one_by_one() {
        let body = json!({"failOnErrors": 1, "Operations": [
            {"method": "post", "bulkId": "a", "path": "/Users", "data": {"userName": "x"}},
            {"method": "PUT", "path": "/Groups/bulkId:b", "version": "W/\"1\"", "data": {}},
            {"method": "POST", "path": "/Users", "data": {}},
            {"method": "POST", "bulkId": "a", "path": "/Users", "data": {}},
            {"method": "DELETE", "path": "/Users"},
            {"method": "DELETE", "path": "/Colours/1"},
            {"method": "PATCH", "path": "/Users/1"},
            {"method": "GET", "path": "/Users/1"},
        ]});
        let request = BulkRequest::parse(&body, 8).unwrap();
        let kinds: Vec<_> =
            request.operations.iter().map(|one| one.as_ref().map_err(|error| error.kind).err()).collect();
        let (syntax, missing) = (Some(ErrorKind::InvalidSyntax), Some(ErrorKind::NotFound));
        assert_eq!(kinds, [None, None, syntax, syntax, missing, missing, syntax, syntax]);
        assert_eq!(request.created(), ["a"].into());
        assert_eq!(request.labels[0], (Some("post".into()), Some("a".into())));
        assert_eq!(BulkRequest::parse(&body, 7).unwrap_err().kind, ErrorKind::TooLarge);
        for wrong in [json!([]), json!({}), json!({"Operations": [], "failOnErrors": 0})] {
            assert_eq!(BulkRequest::parse(&wrong, 7).unwrap_err().kind, ErrorKind::InvalidSyntax, "{wrong}");
        }
    }

    #[test]
    fn references_become_ids() {
        let body = json!({"Operations": [{"method": "PUT", "path": "/Groups/bulkId:b",
            "data": {"displayName": "bulkId: no", "members": [{"value": "bulkId:a"}]}}]});
        let operation = BulkRequest::parse(&body, 1).unwrap().operations.remove(0).unwrap();
        let mut references = References::default();
        references.learn("a", "1");
        assert_eq!(references.missing(&operation), [" no".to_owned(), "b".to_owned()].into());
        references.learn("b", "2");
        let resolved = references.resolve(operation);
        assert_eq!(resolved.id.as_deref(), Some("2"));
        assert_eq!(resolved.data["members"], json!([{"value": "1"}]));
    }
}
