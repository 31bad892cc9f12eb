//! Rows of JSON Lines files: one object per line. Types are JSON's own; the configuration's are checked.

use crate::config::ClassConfig;
use crate::problem::{Column, Problem};
use crate::record::Record;
use crate::row::{Content, Row, id_in, object};
use purser_sdk::{Attributes, Error, Object, delta, path};
use serde_json::Value;

/// What the configuration says about a file.
pub struct JsonlFormat<'a> {
    class: &'a ClassConfig,
}

impl<'a> JsonlFormat<'a> {
    /// The format of a class's file.
    pub fn new(class: &'a ClassConfig) -> Self {
        Self { class }
    }

    /// The attribute of the key.
    pub fn key_column(&self) -> Column {
        Column::named(self.class.key.clone())
    }

    /// Reads a row.
    ///
    /// # Errors
    /// Broken UTF-8, no JSON object, an empty key or a value of another type.
    pub fn decode(&self, record: &Record) -> Result<Row, Problem> {
        let line = record.position.line;
        let at = |number: usize| Column::new(number, None);
        let text = std::str::from_utf8(record.content()).map_err(|error| {
            let valid = String::from_utf8_lossy(&record.content()[..error.valid_up_to()]).chars().count();
            Problem::in_column("broken-utf8", line, at(valid + 1), "broken UTF-8: save the file as UTF-8")
        })?;
        let document = serde_json::from_str(text).map_err(|error| {
            let code = if error.is_eof() { "half-written-line" } else { "json-syntax" };
            Problem::in_column(code, line, at(error.column()), format!("no JSON: {error}"))
        })?;
        let Value::Object(document) = document else {
            return Err(Problem::in_line("json-syntax", line, "the line is JSON and no object"));
        };
        self.row(document).map_err(|error| {
            let column = error.attribute.map(Column::named);
            Problem { code: error.code, line, column, text: error.text }
        })
    }

    /// The row that stands for an object.
    ///
    /// # Errors
    /// `invalid-value` naming the attribute.
    pub fn encode(&self, after: &Object) -> Result<Row, Error> {
        let mut document = after.attributes.clone();
        if let Some(columns) = &self.class.columns {
            let listed = |name: &String| columns.iter().any(|column| column == name || is_inside(column, name));
            if let Some(name) = document.keys().find(|name| !listed(name)) {
                let text = format!("`{}` has no `{name}`, and `columns` is fixed", self.class.file);
                return Err(Error::invalid_value(name, text));
            }
        }
        if let Some(name) = &self.class.active {
            if path::get(&document, name).is_some() {
                let text = format!("`{name}` is not an attribute: enable or disable instead");
                return Err(Error::invalid_value(name, text));
            }
            let active = Value::Bool(after.active.unwrap_or(true));
            path::set(&mut document, name, active)
                .map_err(|in_the_way| Error::invalid_value(name, in_the_way.to_string()))?;
        }
        document.retain(|_, value| !delta::is_unassigned(value));
        self.row(document).map_err(|error| {
            Error::invalid_value(error.attribute.unwrap_or_else(|| self.class.key.clone()), error.text)
        })
    }

    fn row(&self, document: Attributes) -> Result<Row, ValueError> {
        let mut attributes = document.clone();
        let active = self.take_active(&mut attributes)?;
        attributes.retain(|_, value| !delta::is_unassigned(value));
        let names = self.class.types.keys().chain(&self.class.multi);
        for name in names.filter(|name| Some(*name) != self.class.active.as_ref()) {
            self.check_value(name, path::get(&attributes, name))?;
        }
        let id = id_in(&attributes, &self.class.key).ok_or_else(|| ValueError {
            code: "empty-key",
            attribute: Some(self.class.key.clone()),
            text: "the key is missing, empty, or neither a text nor a whole number".into(),
        })?;
        Ok(Row { object: object(self.class, id, attributes, active), content: Content::Document(document) })
    }

    fn take_active(&self, attributes: &mut Attributes) -> Result<Option<bool>, ValueError> {
        let Some(name) = &self.class.active else { return Ok(None) };
        match path::remove(attributes, name) {
            None | Some(Value::Null) => Ok(Some(true)),
            Some(Value::Bool(active)) => Ok(Some(active)),
            Some(_) => Err(ValueError::bad(name, "expected true or false".into())),
        }
    }

    fn check_value(&self, name: &str, value: Option<&Value>) -> Result<(), ValueError> {
        let kind = self.class.kind_of(name);
        let is_multi = self.class.multi.contains(name);
        let fits = |value: &Value| !self.class.types.contains_key(name) || kind.accepts(value);
        match value {
            None => Ok(()),
            Some(Value::Array(items)) if is_multi && items.iter().all(fits) => Ok(()),
            Some(value) if !is_multi && fits(value) => Ok(()),
            Some(_) if is_multi => Err(ValueError::bad(name, format!("expected a list, each {}", kind.expectation()))),
            Some(_) => Err(ValueError::bad(name, format!("expected {}", kind.expectation()))),
        }
    }
}

/// What is wrong with a value.
struct ValueError {
    code: &'static str,
    attribute: Option<String>,
    text: String,
}

impl ValueError {
    fn bad(name: &str, text: String) -> Self {
        Self { code: "bad-value", attribute: Some(name.to_owned()), text }
    }
}

fn is_inside(column: &str, name: &str) -> bool {
    column.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
}
