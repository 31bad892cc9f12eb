//! From an object of a source to an identity record.

use crate::attributes::insert;
use crate::expression::{Expression, object_value};
use crate::outcome::RecordError;
use crate::rules::{Rules, SourceRules};
use cel::Context;
use cel::common::types::{CelBool, CelNull, CelString};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use purser_model::Attributes;
use purser_model::id::SourceName;
use purser_model::identity::{IdentityRecord, LifecycleState, Validity};
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
    let (state, validity, derived) = {
        let mut reader = Reader { name, source, object, scope: rules.dialect.scope() };
        reader.add_variables(&record);
        (reader.state()?, reader.validity()?, reader.attributes()?)
    };
    let attributes = if source.attributes.is_empty() { record } else { derived };
    Ok(IdentityRecord { key: object.id.clone(), state, attributes, validity })
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

    /// From the first day until the end of the last.
    fn validity(&self) -> Result<Validity, RecordError> {
        let zone = &self.source.time_zone;
        let from = self.moment("valid_from", self.source.valid_from.as_ref(), |date| start_of(date, zone))?;
        let until = self.moment("valid_until", self.source.valid_until.as_ref(), |date| {
            start_of(date.tomorrow().map_err(|error| error.to_string())?, zone)
        })?;
        Ok(Validity { from, until })
    }

    /// The moment that an expression gives: a time as it is, a date as `of_date` reads it.
    fn moment(
        &self,
        key: &str,
        expression: Option<&Expression>,
        of_date: impl FnOnce(Date) -> Result<Timestamp, String>,
    ) -> Result<Option<Timestamp>, RecordError> {
        let Some(expression) = expression else { return Ok(None) };
        let Some(value) = self.evaluate(key, expression)? else { return Ok(None) };
        let text = value.as_str().unwrap_or_default();
        let moment = match (text.parse::<Timestamp>(), text.parse::<Date>()) {
            (Ok(moment), _) => Ok(moment),
            (_, Ok(date)) => of_date(date),
            _ => Err(format!(
                "it gives {value}: give a date such as `2026-12-01`, a time such as `2026-12-01T08:00:00+01:00`, or null"
            )),
        };
        moment.map(Some).map_err(|cause| self.failed(key, expression, cause))
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

fn start_of(date: Date, zone: &TimeZone) -> Result<Timestamp, String> {
    date.to_zoned(zone.clone()).map(|start| start.timestamp()).map_err(|error| error.to_string())
}
