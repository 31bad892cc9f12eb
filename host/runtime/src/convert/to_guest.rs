//! From the model to the contract.

use crate::bindings::purser::connector::types as wit;
use purser_model::edit::{AttributeAction, AttributeChange, Edit, EntitlementEdit, Request};
use purser_model::manifest::CheckLevel;
use purser_model::object::{Condition, Operator, SearchRequest};
use serde_json::Value;

/// How much `check` may do.
pub(crate) fn check_level(level: CheckLevel) -> wit::CheckLevel {
    match level {
        CheckLevel::Offline => wit::CheckLevel::Offline,
        CheckLevel::Connect => wit::CheckLevel::Connect,
        CheckLevel::Permissions => wit::CheckLevel::Permissions,
    }
}

/// A request to list objects.
pub(crate) fn search_request(request: SearchRequest) -> wit::SearchRequest {
    wit::SearchRequest {
        class: request.class,
        conditions: request.conditions.into_iter().map(condition).collect(),
        extra_attributes: request.extra_attributes,
        page_size: request.page_size,
        cursor: request.cursor,
    }
}

fn condition(condition: Condition) -> wit::Condition {
    wit::Condition {
        attribute: condition.attribute,
        operator: match condition.operator {
            Operator::Equals => wit::Operator::Equals,
            Operator::StartsWith => wit::Operator::StartsWith,
            Operator::AtOrAfter => wit::Operator::AtOrAfter,
        },
        value: condition.value.to_string(),
    }
}

/// One request of `apply`.
pub(crate) fn request(request: Request) -> wit::Request {
    wit::Request { operation_id: request.operation_id.to_string(), class: request.class, edit: edit(request.edit) }
}

fn edit(edit: Edit) -> wit::Edit {
    match edit {
        Edit::Create { attributes, active } => {
            wit::Edit::Create(wit::CreateEdit { attributes: Value::Object(attributes).to_string(), active })
        }
        Edit::Update { id, version, changes } => {
            let changes = changes.into_iter().map(attribute_change).collect();
            wit::Edit::Update(wit::UpdateEdit { id, version, changes })
        }
        Edit::SetActive { id, version, active } => wit::Edit::SetActive(wit::SetActiveEdit { id, version, active }),
        Edit::Delete { id, version } => wit::Edit::Delete(wit::DeleteEdit { id, version }),
        Edit::SetPassword { id, slot, must_change } => {
            wit::Edit::SetPassword(wit::SetPasswordEdit { id, slot, must_change })
        }
        Edit::Grant(edit) => wit::Edit::Grant(entitlement_edit(edit)),
        Edit::Revoke(edit) => wit::Edit::Revoke(entitlement_edit(edit)),
    }
}

fn attribute_change(change: AttributeChange) -> wit::AttributeChange {
    wit::AttributeChange {
        attribute: change.attribute,
        action: match change.action {
            AttributeAction::Add(values) => wit::AttributeAction::Add(Value::Array(values).to_string()),
            AttributeAction::Remove(values) => wit::AttributeAction::Remove(Value::Array(values).to_string()),
            AttributeAction::Replace(value) => wit::AttributeAction::Replace(value.to_string()),
            AttributeAction::Clear => wit::AttributeAction::Clear,
        },
    }
}

fn entitlement_edit(edit: EntitlementEdit) -> wit::EntitlementEdit {
    wit::EntitlementEdit {
        id: edit.id,
        entitlement_class: edit.entitlement_class,
        entitlement: edit.entitlement,
        parameters: Value::Object(edit.parameters).to_string(),
    }
}
