//! Between the SDK's types and those of the contract; the only place that knows both.

use crate::bindings::purser::connector::types as wit;
use crate::class::{
    Attribute, AttributeKind, AttributeTraits, Cardinality, ClassKind, DeleteSemantics, Holding, HoldingSide,
    ObjectClass, Operation,
};
use crate::edit::{
    AttributeAction, AttributeChange, CreateEdit, DeleteEdit, Edit, EntitlementEdit, Outcome, Request, SetActiveEdit,
    SetPasswordEdit, UpdateEdit,
};
use crate::error::{Error, ErrorClass, ThrottleScope};
use crate::json_text;
use crate::manifest::{CheckLevel, Finding, Manifest, Severity};
use crate::object::{
    Attributes, Change, ChangePage, ChangeTail, Condition, Object, Operator, Page, SearchRequest, Tail,
};
use serde::de::DeserializeOwned;

// --- what the host sends ---

pub fn check_level(level: wit::CheckLevel) -> CheckLevel {
    match level {
        wit::CheckLevel::Offline => CheckLevel::Offline,
        wit::CheckLevel::Connect => CheckLevel::Connect,
        wit::CheckLevel::Permissions => CheckLevel::Permissions,
    }
}

pub fn search_request(request: wit::SearchRequest) -> Result<SearchRequest, Error> {
    let conditions: Result<Vec<Condition>, Error> = request.conditions.into_iter().map(condition).collect();
    Ok(SearchRequest {
        class: request.class,
        conditions: conditions?,
        extra_attributes: request.extra_attributes,
        page_size: request.page_size,
        cursor: request.cursor,
    })
}

fn condition(condition: wit::Condition) -> Result<Condition, Error> {
    Ok(Condition {
        value: json(&condition.value, "the value of a condition")?,
        attribute: condition.attribute,
        operator: match condition.operator {
            wit::Operator::Equals => Operator::Equals,
            wit::Operator::StartsWith => Operator::StartsWith,
            wit::Operator::AtOrAfter => Operator::AtOrAfter,
        },
    })
}

pub fn request(request: wit::Request) -> Result<Request, Error> {
    Ok(Request { operation_id: request.operation_id, class: request.class, edit: edit(request.edit)? })
}

fn edit(edit: wit::Edit) -> Result<Edit, Error> {
    Ok(match edit {
        wit::Edit::Create(edit) => {
            Edit::Create(CreateEdit { attributes: attributes(&edit.attributes)?, active: edit.active })
        }
        wit::Edit::Update(edit) => {
            let changes: Result<Vec<AttributeChange>, Error> = edit.changes.into_iter().map(attribute_change).collect();
            Edit::Update(UpdateEdit { id: edit.id, version: edit.version, changes: changes? })
        }
        wit::Edit::SetActive(edit) => {
            Edit::SetActive(SetActiveEdit { id: edit.id, version: edit.version, active: edit.active })
        }
        wit::Edit::Delete(edit) => Edit::Delete(DeleteEdit { id: edit.id, version: edit.version }),
        wit::Edit::SetPassword(edit) => {
            Edit::SetPassword(SetPasswordEdit { id: edit.id, slot: edit.slot, must_change: edit.must_change })
        }
        wit::Edit::Grant(edit) => Edit::Grant(entitlement_edit(edit)?),
        wit::Edit::Revoke(edit) => Edit::Revoke(entitlement_edit(edit)?),
    })
}

fn entitlement_edit(edit: wit::EntitlementEdit) -> Result<EntitlementEdit, Error> {
    Ok(EntitlementEdit {
        parameters: attributes(&edit.parameters)?,
        id: edit.id,
        entitlement_class: edit.entitlement_class,
        entitlement: edit.entitlement,
    })
}

fn attribute_change(change: wit::AttributeChange) -> Result<AttributeChange, Error> {
    let what = format!("the new value of `{}`", change.attribute);
    let action = match change.action {
        wit::AttributeAction::Add(values) => AttributeAction::Add(json(&values, &what)?),
        wit::AttributeAction::Remove(values) => AttributeAction::Remove(json(&values, &what)?),
        wit::AttributeAction::Replace(value) => AttributeAction::Replace(json(&value, &what)?),
        wit::AttributeAction::Clear => AttributeAction::Clear,
    };
    Ok(AttributeChange { attribute: change.attribute, action })
}

fn attributes(text: &str) -> Result<Attributes, Error> {
    json(text, "the attributes of an edit")
}

fn json<T: DeserializeOwned>(text: &str, what: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::defect(format!("the host sent {what} in a wrong form: {error}")))
}

// --- what the connector answers ---

pub fn error(error: Error) -> wit::Error {
    wit::Error { class: error_class(error.class), message: error.message, native_code: error.native_code }
}

fn error_class(class: ErrorClass) -> wit::ErrorClass {
    match class {
        ErrorClass::InvalidConfig => wit::ErrorClass::InvalidConfig,
        ErrorClass::AuthenticationFailed => wit::ErrorClass::AuthenticationFailed,
        ErrorClass::PermissionDenied(permission) => wit::ErrorClass::PermissionDenied(permission),
        ErrorClass::NotFound => wit::ErrorClass::NotFound,
        ErrorClass::AlreadyExists(id) => wit::ErrorClass::AlreadyExists(id),
        ErrorClass::VersionConflict => wit::ErrorClass::VersionConflict,
        ErrorClass::InvalidValue(attribute) => wit::ErrorClass::InvalidValue(attribute),
        ErrorClass::Unsupported => wit::ErrorClass::Unsupported,
        ErrorClass::QuotaOrLicenceExhausted => wit::ErrorClass::QuotaOrLicenceExhausted,
        ErrorClass::RateLimited { after_ms, scope } => {
            wit::ErrorClass::RateLimited(wit::Throttle { after_ms, scope: throttle_scope(scope) })
        }
        ErrorClass::Unavailable { after_ms } => wit::ErrorClass::Unavailable(after_ms),
        ErrorClass::CursorExpired => wit::ErrorClass::CursorExpired,
        ErrorClass::OutcomeUnknown => wit::ErrorClass::OutcomeUnknown,
        ErrorClass::PartiallyApplied(done) => wit::ErrorClass::PartiallyApplied(done),
        ErrorClass::Defect => wit::ErrorClass::Defect,
    }
}

fn throttle_scope(scope: ThrottleScope) -> wit::ThrottleScope {
    match scope {
        ThrottleScope::Object => wit::ThrottleScope::Object,
        ThrottleScope::Operation => wit::ThrottleScope::Operation,
        ThrottleScope::Target => wit::ThrottleScope::Target,
    }
}

pub fn finding(finding: Finding) -> wit::Finding {
    wit::Finding {
        severity: match finding.severity {
            Severity::Info => wit::Severity::Info,
            Severity::Warning => wit::Severity::Warning,
            Severity::Error => wit::Severity::Error,
        },
        code: finding.code,
        message: finding.message,
        remedy: finding.remedy,
    }
}

pub fn object(object: Object) -> wit::Object {
    let secondary_ids = object.secondary_ids.into_iter();
    wit::Object {
        attributes: json_text::sorted(&object.attributes),
        secondary_ids: secondary_ids.map(|id| wit::SecondaryId { name: id.name, value: id.value }).collect(),
        id: object.id,
        version: object.version,
        active: object.active,
    }
}

pub fn page(page: Page) -> wit::Page {
    wit::Page {
        objects: page.objects.into_iter().map(object).collect(),
        tail: match page.tail {
            Tail::More(cursor) => wit::Tail::More(cursor),
            Tail::Complete => wit::Tail::Complete,
            Tail::Truncated(reason) => wit::Tail::Truncated(reason),
        },
    }
}

pub fn change_page(page: ChangePage) -> wit::ChangePage {
    let changes = page.changes.into_iter().map(|change| match change {
        Change::Present(present) => wit::Change::Present(object(present)),
        Change::Touched(id) => wit::Change::Touched(id),
        Change::Gone(id) => wit::Change::Gone(id),
    });
    wit::ChangePage {
        changes: changes.collect(),
        tail: match page.tail {
            ChangeTail::More(cursor) => wit::ChangeTail::More(cursor),
            ChangeTail::Current(cursor) => wit::ChangeTail::Current(cursor),
        },
    }
}

pub fn outcome(outcome: Outcome) -> wit::Outcome {
    match outcome {
        Outcome::Done(after) => wit::Outcome::Done(after.map(object)),
        Outcome::Unchanged(now) => wit::Outcome::Unchanged(now.map(object)),
        Outcome::Accepted(handle) => wit::Outcome::Accepted(handle),
        Outcome::ActionRequired(text) => wit::Outcome::ActionRequired(text),
    }
}

pub fn manifest(manifest: Manifest) -> wit::Manifest {
    wit::Manifest {
        name: manifest.name,
        version: manifest.version,
        vendor: manifest.vendor,
        description: manifest.description,
        config_schema: manifest.config_schema.to_string(),
        classes: manifest.classes.into_iter().map(object_class).collect(),
        limits: wit::Limits { page_size: manifest.limits.page_size, batch_size: manifest.limits.batch_size },
        egress: manifest
            .egress
            .into_iter()
            .map(|need| wit::EgressNeed {
                endpoint: need.endpoint,
                description: need.description,
                example: need.example,
                reading_posts: need.reading_posts,
            })
            .collect(),
        directories: manifest
            .directories
            .into_iter()
            .map(|need| wit::DirectoryNeed {
                directory: need.directory,
                description: need.description,
                writes: need.writes,
            })
            .collect(),
        permissions: manifest
            .permissions
            .into_iter()
            .map(|need| wit::PermissionNeed { name: need.name, reason: need.reason })
            .collect(),
    }
}

pub fn object_class(class: ObjectClass) -> wit::ObjectClass {
    wit::ObjectClass {
        name: class.name,
        title: class.title,
        kind: match class.kind {
            ClassKind::Account => wit::ClassKind::Account,
            ClassKind::Entitlement => wit::ClassKind::Entitlement,
            ClassKind::Other => wit::ClassKind::Other,
        },
        attributes: class.attributes.into_iter().map(attribute).collect(),
        open: class.open,
        operations: class.operations.into_iter().map(operation).fold(wit::Operations::empty(), |all, one| all | one),
        delete_semantics: match class.delete_semantics {
            DeleteSemantics::Hard => wit::DeleteSemantics::Hard,
            DeleteSemantics::Soft => wit::DeleteSemantics::Soft,
            DeleteSemantics::Deactivates => wit::DeleteSemantics::Deactivates,
            DeleteSemantics::None => wit::DeleteSemantics::None,
        },
        holding: class.holding.map(holding),
        consistency_lag_ms: class.consistency_lag_ms,
    }
}

fn operation(operation: Operation) -> wit::Operations {
    match operation {
        Operation::Search => wit::Operations::SEARCH,
        Operation::Get => wit::Operations::GET,
        Operation::Changes => wit::Operations::CHANGES,
        Operation::Create => wit::Operations::CREATE,
        Operation::Update => wit::Operations::UPDATE,
        Operation::SetActive => wit::Operations::SET_ACTIVE,
        Operation::Delete => wit::Operations::DELETE,
        Operation::SetPassword => wit::Operations::SET_PASSWORD,
        Operation::Grant => wit::Operations::GRANT,
        Operation::Revoke => wit::Operations::REVOKE,
    }
}

fn holding(holding: Holding) -> wit::Holding {
    wit::Holding {
        account_class: holding.account_class,
        side: match holding.side {
            HoldingSide::Account => wit::HoldingSide::Account,
            HoldingSide::Entitlement => wit::HoldingSide::Entitlement,
        },
        attribute: holding.attribute,
        cardinality: match holding.cardinality {
            Cardinality::Many => wit::Cardinality::Many,
            Cardinality::AtMostOne => wit::Cardinality::AtMostOne,
            Cardinality::ExactlyOne => wit::Cardinality::ExactlyOne,
        },
    }
}

fn attribute(attribute: Attribute) -> wit::Attribute {
    wit::Attribute {
        name: attribute.name,
        description: attribute.description,
        kind: attribute_kind(attribute.kind),
        traits: attribute_traits(attribute.traits),
        reference_class: attribute.reference_class,
        shape: attribute.shape.map(|shape| shape.to_string()),
        allowed_values: attribute.allowed_values,
        max_length: attribute.max_length,
    }
}

fn attribute_kind(kind: AttributeKind) -> wit::AttributeKind {
    match kind {
        AttributeKind::Text => wit::AttributeKind::Text,
        AttributeKind::Boolean => wit::AttributeKind::Boolean,
        AttributeKind::Integer => wit::AttributeKind::Integer,
        AttributeKind::Decimal => wit::AttributeKind::Decimal,
        AttributeKind::Timestamp => wit::AttributeKind::Timestamp,
        AttributeKind::Bytes => wit::AttributeKind::Bytes,
        AttributeKind::Reference => wit::AttributeKind::Reference,
        AttributeKind::Complex => wit::AttributeKind::Complex,
        AttributeKind::SecretSlot => wit::AttributeKind::SecretSlot,
    }
}

fn attribute_traits(traits: AttributeTraits) -> wit::AttributeTraits {
    let mut flags = wit::AttributeTraits::empty();
    flags.set(wit::AttributeTraits::MULTI_VALUED, traits.multi_valued);
    flags.set(wit::AttributeTraits::REQUIRED, traits.required);
    flags.set(wit::AttributeTraits::READ_ONLY, traits.read_only);
    flags.set(wit::AttributeTraits::IMMUTABLE, traits.immutable);
    flags.set(wit::AttributeTraits::WRITE_ONLY, traits.write_only);
    flags.set(wit::AttributeTraits::CASE_EXACT, traits.case_exact);
    flags.set(wit::AttributeTraits::UNIQUE, traits.unique);
    flags.set(wit::AttributeTraits::ON_REQUEST, traits.on_request);
    flags
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_broken_json_of_the_host_is_its_defect_and_names_the_attribute() {
        let change = wit::AttributeChange {
            attribute: "groups".into(),
            action: wit::AttributeAction::Add("\"no list\"".into()),
        };
        let error = attribute_change(change).unwrap_err();
        assert_eq!(error.class, ErrorClass::Defect);
        assert!(error.message.contains("`groups`"), "{}", error.message);
    }

    #[test]
    fn attributes_cross_as_sorted_text() {
        let Ok(attributes) = serde_json::from_value(json!({"b": {"d": 1, "c": 2}, "a": []})) else { panic!("no map") };
        assert_eq!(object(Object::new("1", attributes)).attributes, r#"{"a":[],"b":{"c":2,"d":1}}"#);
    }

    #[test]
    fn flags_carry_every_operation_and_trait() {
        let class = ObjectClass::account("User")
            .operations(&[Operation::Search, Operation::SetActive])
            .attribute(Attribute::text("userName").required().unique());
        let class = object_class(class);
        assert_eq!(class.operations, wit::Operations::SEARCH | wit::Operations::SET_ACTIVE);
        assert_eq!(class.attributes[0].traits, wit::AttributeTraits::REQUIRED | wit::AttributeTraits::UNIQUE);
    }
}
