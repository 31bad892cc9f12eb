//! Changes of a group that only add or remove members by their ids: they need not know who the other members are.

use crate::filter::{Filter, Operator};
use crate::patch::{PatchOp, PatchOperation, PatchRequest};
use crate::value::member;
use serde_json::Value;

/// A member that comes or goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberEdit {
    /// The one with this id comes.
    Add(String),
    /// It goes.
    Remove(String),
}

/// The members that a request adds and removes, in order; none where it does anything else.
pub fn member_edits(request: &PatchRequest) -> Option<Vec<MemberEdit>> {
    let each = request.operations.iter().map(of_operation).collect::<Option<Vec<_>>>()?;
    Some(each.into_iter().flatten().collect())
}

fn of_operation(operation: &PatchOperation) -> Option<Vec<MemberEdit>> {
    let path = operation.path.as_ref()?;
    if !path.attribute.0.eq_ignore_ascii_case("members") || path.part.is_some() {
        return None;
    }
    match (operation.op, &path.filter, &operation.value) {
        (PatchOp::Add, None, Some(value)) => Some(listed(value)?.into_iter().map(MemberEdit::Add).collect()),
        (PatchOp::Remove, None, Some(value)) => Some(listed(value)?.into_iter().map(MemberEdit::Remove).collect()),
        (PatchOp::Remove, Some(filter), _) => Some(vec![MemberEdit::Remove(only(filter)?)]),
        _ => None,
    }
}

/// The ids in a list of members; none where there is nothing in it, or something else.
fn listed(value: &Value) -> Option<Vec<String>> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let ids = items.iter().map(|item| match item {
        Value::String(id) => Some(id.clone()),
        Value::Object(members) => member(members, "value")?.as_str().map(str::to_owned),
        _ => None,
    });
    ids.collect::<Option<Vec<_>>>().filter(|ids| !ids.is_empty())
}

/// The id in `value eq "id"`.
fn only(filter: &Filter) -> Option<String> {
    match filter {
        Filter::Compare { path, operator: Operator::Eq, value: Value::String(id) }
            if path.0.eq_ignore_ascii_case("value") =>
        {
            Some(id.clone())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_needs_no_other_member_is_taken_for_an_edit() {
        let edits = |operations: Value| member_edits(&PatchRequest::parse(&json!({"Operations": operations})).unwrap());
        let both = json!([
            {"op": "Add", "path": "members", "value": [{"value": "1"}, {"VALUE": "2"}]},
            {"op": "remove", "path": "members[value eq \"3\"]"},
            {"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "4"}]},
        ]);
        let wanted = [
            MemberEdit::Add("1".into()),
            MemberEdit::Add("2".into()),
            MemberEdit::Remove("3".into()),
            MemberEdit::Remove("4".into()),
        ];
        assert_eq!(edits(both).unwrap(), wanted);
        for other in [
            json!([{"op": "replace", "path": "members", "value": [{"value": "1"}]}]),
            json!([{"op": "remove", "path": "members"}]),
            json!([{"op": "remove", "path": "members", "value": []}]),
            json!([{"op": "remove", "path": "members[type eq \"User\"]"}]),
            json!([{"op": "add", "value": {"members": [{"value": "1"}]}}]),
            json!([{"op": "add", "path": "displayName", "value": "x"}]),
            json!([{"op": "add", "path": "members", "value": [{"display": "x"}]}]),
        ] {
            assert_eq!(edits(other.clone()), None, "{other}");
        }
    }
}
