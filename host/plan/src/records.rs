//! From an object of a source to an identity record.

use crate::attributes::insert;
use crate::expression::{Expression, object_value};
use crate::outcome::RecordError;
use crate::rules::{Rules, SourceRules};
use cel::Context;
use cel::common::types::{CelBool, CelNull, CelString};
use purser_model::Attributes;
use purser_model::id::SourceName;
use purser_model::identity::{IdentityRecord, LifecycleState};
use purser_model::object::Object;
use serde_json::Value;

/// The record that an object of a source stands for.
pub(crate) fn identity_record(
    rules: &Rules,
    name: &SourceName,
    object: &Object,
) -> Result<IdentityRecord, RecordError> {
    let source = rules.sources.get(name).ok_or_else(|| RecordError::UnknownSource(name.clone()))?;
    let record = object.parse_attributes().map_err(|error| RecordError::NotAnObject {
        source_name: name.clone(),
        record: object.id.clone(),
        cause: error.to_string(),
    })?;
    let (state, derived) = {
        let mut reader = Reader { name, source, object, scope: rules.dialect.scope() };
        reader.add_variables(&record);
        (reader.state()?, reader.attributes()?)
    };
    let attributes = if source.attributes.is_empty() { record } else { derived };
    Ok(IdentityRecord { key: object.id.clone(), state, attributes })
}

struct Reader<'a> {
    name: &'a SourceName,
    source: &'a SourceRules,
    object: &'a Object,
    scope: Context<'a, 'a>,
}

impl<'a> Reader<'a> {
    fn add_variables(&mut self, record: &'a Attributes) {
        self.scope.add_variable_as_val("record", object_value(record, []));
        self.scope.add_variable_as_val("id", Box::new(CelString::from(self.object.id.as_str())));
        match self.object.active {
            Some(active) => self.scope.add_variable_as_val("active", Box::new(CelBool::from(active))),
            None => self.scope.add_variable_as_val("active", Box::new(CelNull)),
        }
    }

    /// The declared lifecycle; without one, suspended where the record is not active.
    fn state(&self) -> Result<LifecycleState, RecordError> {
        let Some(expression) = &self.source.lifecycle else {
            return Ok(if self.object.active == Some(false) {
                LifecycleState::Suspended
            } else {
                LifecycleState::Active
            });
        };
        match self.evaluate("lifecycle", expression)? {
            Some(Value::String(state)) => {
                state.parse().map_err(|error| self.failed("lifecycle", expression, format!("{error}")))
            }
            other => {
                let given = other.unwrap_or(Value::Null);
                Err(self.failed("lifecycle", expression, format!("it gives {given}: give a lifecycle state as text")))
            }
        }
    }

    fn attributes(&self) -> Result<Attributes, RecordError> {
        let mut attributes = Attributes::new();
        for (name, expression) in &self.source.attributes {
            if let Some(value) = self.evaluate(&format!("attributes.{name}"), expression)? {
                insert(&mut attributes, name, value);
            }
        }
        Ok(attributes)
    }

    fn evaluate(&self, key: &str, expression: &Expression) -> Result<Option<Value>, RecordError> {
        expression.evaluate(&self.scope).map_err(|error| self.failed(key, expression, error.to_string()))
    }

    fn failed(&self, key: &str, expression: &Expression, cause: String) -> RecordError {
        RecordError::Expression {
            source_name: self.name.clone(),
            record: self.object.id.clone(),
            key: key.to_owned(),
            expression: expression.text().to_owned(),
            cause,
        }
    }
}
