//! PATCH (RFC 7644 3.5.2), as Okta and Entra really send it.
//!
//! Beyond the RFC is understood: operations in any case; `"True"` for true; a value without a path whose keys are paths
//! (`name.givenName`, `URI:department`, `emails[type eq "work"].value`); a `remove` whose value says which values go; a
//! path with a filter that nothing fits, where the filter says what the new value is (`emails[type eq "work"].value`); a
//! manager given as an id; single values in a list. Nothing of a request that is refused is done.

mod apply;
mod parse;

pub use apply::apply;
pub use parse::PatchPath;

use crate::error::{ErrorKind, ScimError};
use crate::value::member;
use serde_json::Value;

/// The most operations in one request.
pub const MAX_OPERATIONS: usize = 1000;

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchOp {
    /// A value is added, or set where there can be only one.
    Add,
    /// Values go.
    Remove,
    /// Values are replaced.
    Replace,
}

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchOperation {
    /// What it does.
    pub op: PatchOp,
    /// To what; none: to the attributes that the value names.
    pub path: Option<PatchPath>,
    /// With what.
    pub value: Option<Value>,
}

/// The operations of a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PatchRequest {
    /// In their order.
    pub operations: Vec<PatchOperation>,
}

impl PatchRequest {
    /// Reads the body of a PATCH.
    ///
    /// # Errors
    /// `invalidSyntax`: it is not what the RFC's schema says; `invalidPath`, `invalidFilter`: a path cannot be read;
    /// `tooMany`: it has more than [`MAX_OPERATIONS`].
    pub fn parse(body: &Value) -> Result<Self, ScimError> {
        let body = body.as_object().ok_or_else(|| syntax("the body must be a JSON object"))?;
        let operations = member(body, "Operations").and_then(Value::as_array);
        let operations = operations.ok_or_else(|| syntax("`Operations` must be a list of operations"))?;
        if operations.is_empty() {
            return Err(syntax("`Operations` is empty: say what is to be changed"));
        }
        if operations.len() > MAX_OPERATIONS {
            let detail = format!("more than {MAX_OPERATIONS} operations: send them in several requests");
            return Err(ScimError::new(ErrorKind::TooMany, detail));
        }
        Ok(Self { operations: operations.iter().map(operation).collect::<Result<_, _>>()? })
    }
}

fn operation(value: &Value) -> Result<PatchOperation, ScimError> {
    let members = value.as_object().ok_or_else(|| syntax("an operation must be a JSON object"))?;
    let op = match member(members, "op").and_then(Value::as_str) {
        Some(op) if op.eq_ignore_ascii_case("add") => PatchOp::Add,
        Some(op) if op.eq_ignore_ascii_case("remove") => PatchOp::Remove,
        Some(op) if op.eq_ignore_ascii_case("replace") => PatchOp::Replace,
        _ => return Err(syntax("`op` must be `add`, `remove` or `replace`")),
    };
    let path = match member(members, "path") {
        None | Some(Value::Null) => None,
        Some(Value::String(path)) if path.is_empty() => None,
        Some(Value::String(path)) => Some(PatchPath::parse(path)?),
        Some(_) => return Err(ScimError::new(ErrorKind::InvalidPath, "`path` must be a text")),
    };
    let value = member(members, "value").cloned();
    match op {
        PatchOp::Remove if path.is_none() => {
            Err(ScimError::new(ErrorKind::NoTarget, "`remove` needs a `path`: say what is to be removed"))
        }
        PatchOp::Add | PatchOp::Replace if value.is_none() => {
            Err(ScimError::new(ErrorKind::InvalidValue, "`add` and `replace` need a `value`"))
        }
        _ => Ok(PatchOperation { op, path, value }),
    }
}

fn syntax(detail: &str) -> ScimError {
    ScimError::new(ErrorKind::InvalidSyntax, detail)
}

#[cfg(test)]
mod tests;
