//! Rows of CSV files. A column's name is an attribute's name; a dot in it reaches into a complex attribute.

use crate::cell::parse_boolean;
use crate::config::ClassConfig;
use crate::csv::{self, Field};
use crate::problem::{Column, Problem};
use crate::record::Record;
use crate::row::{Content, Row, id_in, object};
use purser_sdk::{Attributes, Error, Object, delta, path};
use serde_json::Value;
use std::collections::BTreeMap;

/// The columns of a file and what the configuration says about them.
pub struct CsvFormat<'a> {
    class: &'a ClassConfig,
    columns: Vec<String>,
    /// How many columns the file has now; the others are added by the next write.
    in_file: usize,
}

impl<'a> CsvFormat<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// A column that is missing, empty or there twice.
    pub fn from_header(class: &'a ClassConfig, record: &Record) -> Result<Self, Problem> {
        let columns: Vec<String> =
            csv::parse(record, class.delimiter(), &[])?.into_iter().map(|field| field.text).collect();
        let line = record.position.line;
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, name) in columns.iter().enumerate() {
            let column = Column::new(index + 1, Some(name.clone()));
            if name.is_empty() {
                return Err(Problem::in_column("empty-column", line, column, "the header has a column without a name"));
            }
            if let Some(first) = seen.insert(name, index + 1) {
                let text = format!("the header already has this name in column {first}");
                return Err(Problem::in_column("duplicate-column", line, column, text));
            }
        }
        if let Some(missing) = class.required_columns().find(|name| !columns.contains(name)) {
            let text = format!("the header has no column `{missing}`; it has {}", columns.join(", "));
            let column = Column::new(columns.len() + 1, Some(missing.clone()));
            return Err(Problem::in_column("missing-column", line, column, text));
        }
        Ok(Self { class, in_file: columns.len(), columns })
    }

    /// The columns of a file that is not there yet.
    pub fn for_new_file(class: &'a ClassConfig) -> Self {
        let mut columns: Vec<String> = Vec::new();
        let listed = class.columns.iter().flatten().chain(class.required_columns());
        for name in listed {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        Self { class, columns, in_file: 0 }
    }

    /// The columns, those that the next write adds included.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many columns are to be added to the file.
    pub fn added_columns(&self) -> usize {
        self.columns.len() - self.in_file
    }

    /// The header as it will be, without line break.
    pub fn header(&self) -> Vec<u8> {
        self.render(&self.columns)
    }

    /// The bytes of a row, without line break. Columns that the row does not have yet are empty.
    pub fn render(&self, cells: &[String]) -> Vec<u8> {
        let padding = std::iter::repeat_n("", self.columns.len().saturating_sub(cells.len()));
        let mut bytes = csv::render(cells.iter().map(String::as_str).chain(padding), self.class.delimiter());
        if bytes.is_empty() {
            // A row of one empty cell would be a blank line.
            bytes.extend_from_slice(b"\"\"");
        }
        bytes
    }

    /// What a row that did not change needs at its end when columns are added.
    pub fn padding(&self) -> Vec<u8> {
        vec![self.class.delimiter(); self.added_columns()]
    }

    /// The column of the key. [`CsvFormat::from_header`] has made sure that there is one.
    pub fn key_column(&self) -> Column {
        let index = self.columns.iter().position(|name| *name == self.class.key).unwrap_or_default();
        Column::new(index + 1, Some(self.class.key.clone()))
    }

    /// Reads a row.
    ///
    /// # Errors
    /// A wrong number of fields, an empty key or a value of another type.
    pub fn decode(&self, record: &Record) -> Result<Row, Problem> {
        let names = &self.columns[..self.in_file];
        let fields = csv::parse(record, self.class.delimiter(), names)?;
        if fields.len() != names.len() {
            let text = format!("{} fields where the header has {}", fields.len(), names.len());
            return Err(Problem::in_line("field-count", record.position.line, text));
        }
        let mut attributes = Attributes::new();
        let mut active = self.class.active.is_some().then_some(true);
        for (index, field) in fields.iter().enumerate() {
            let name = &names[index];
            let column = || Column::new(index + 1, Some(name.clone()));
            if self.class.active.as_ref() == Some(name) {
                active = self.decode_active(field).map_err(|text| bad_value(field, column(), text))?;
            } else if let Some(value) =
                self.decode_cell(name, field).map_err(|text| bad_value(field, column(), text))?
            {
                path::set(&mut attributes, name, value).map_err(|in_the_way| {
                    Problem::in_column("conflicting-columns", field.line, column(), in_the_way.to_string())
                })?;
            }
        }
        let id = id_in(&attributes, &self.class.key).ok_or_else(|| self.empty_key(record))?;
        let cells = fields.into_iter().map(|field| field.text).collect();
        Ok(Row { object: object(self.class, id, attributes, active), content: Content::Cells(cells) })
    }

    fn empty_key(&self, record: &Record) -> Problem {
        Problem::in_column("empty-key", record.position.line, self.key_column(), "the key is empty")
    }

    fn decode_active(&self, field: &Field) -> Result<Option<bool>, String> {
        if field.text.trim().is_empty() {
            return Ok(Some(true));
        }
        parse_boolean(&field.text).map(Some).ok_or_else(|| "expected true or false".to_owned())
    }

    /// The value of a cell; none where it is empty.
    fn decode_cell(&self, name: &str, field: &Field) -> Result<Option<Value>, String> {
        let kind = self.class.kind_of(name);
        let parse = |text: &str| kind.parse(text).ok_or_else(|| format!("expected {}", kind.expectation()));
        if field.text.is_empty() {
            return Ok(None);
        }
        if !self.class.multi.contains(name) {
            return parse(&field.text).map(Some);
        }
        let items = field.text.split(self.class.separator.as_str()).map(str::trim).filter(|item| !item.is_empty());
        let items = items.map(parse).collect::<Result<Vec<_>, _>>()?;
        Ok((!items.is_empty()).then_some(Value::Array(items)))
    }

    /// The row that stands for an object; cells whose value is the same keep their text. Adds the columns that the object
    /// needs, unless the configuration lists all columns.
    ///
    /// # Errors
    /// `invalid-value`: an attribute has no column, or a value that a cell cannot hold.
    pub fn encode(&mut self, before: Option<&Row>, after: &Object) -> Result<Row, Error> {
        let added = self.missing_columns(&after.attributes)?;
        let columns = self.columns.iter().chain(&added);
        let cells = columns.enumerate().map(|(index, name)| self.encode_column(index, name, before, after));
        let cells = cells.collect::<Result<Vec<String>, Error>>()?;
        // What was written is read again: only the file's own view of it is the state afterwards.
        let mut attributes = Attributes::new();
        for (name, text) in self.columns.iter().chain(&added).zip(&cells) {
            let field = Field { text: text.clone(), line: 0 };
            let value = self.decode_cell(name, &field).map_err(|text| Error::invalid_value(name, text))?;
            if let (Some(value), false) = (value, self.class.active.as_ref() == Some(name)) {
                path::set(&mut attributes, name, value)
                    .map_err(|in_the_way| Error::invalid_value(name, in_the_way.to_string()))?;
            }
        }
        if id_in(&attributes, &self.class.key).as_ref() != Some(&after.id) {
            let text = format!("the id `{}` would not be read back as it is", after.id);
            return Err(Error::invalid_value(&self.class.key, text));
        }
        self.columns.extend(added);
        let object = object(self.class, after.id.clone(), attributes, after.active);
        Ok(Row { object, content: Content::Cells(cells) })
    }

    fn encode_column(
        &self,
        index: usize,
        name: &String,
        before: Option<&Row>,
        after: &Object,
    ) -> Result<String, Error> {
        let old_text = before.and_then(|row| match &row.content {
            Content::Cells(cells) => cells.get(index).cloned(),
            Content::Document(_) => None,
        });
        if self.class.active.as_ref() == Some(name) {
            let same = before.is_some_and(|row| row.object.active == after.active);
            let text = after.active.unwrap_or(true).to_string();
            return Ok(old_text.filter(|_| same).unwrap_or(text));
        }
        let value = path::get(&after.attributes, name);
        let old_value = before.and_then(|row| path::get(&row.object.attributes, name));
        match (old_text, value) {
            (Some(text), value) if is_same(old_value, value) => Ok(text),
            (_, None) => Ok(String::new()),
            (_, Some(value)) => self.encode_cell(name, value),
        }
    }

    fn encode_cell(&self, name: &str, value: &Value) -> Result<String, Error> {
        if delta::is_unassigned(value) {
            return Ok(String::new());
        }
        let kind = self.class.kind_of(name);
        let refuse = || Error::invalid_value(name, format!("`{name}` must be {}", kind.expectation()));
        let render = |value: &Value| kind.render(value).ok_or_else(refuse);
        let Value::Array(items) = value else { return render(value) };
        if !self.class.multi.contains(name) {
            return Err(Error::invalid_value(
                name,
                format!("`{name}` holds one value: list it in `multi` to hold more"),
            ));
        }
        let items = items.iter().map(render).collect::<Result<Vec<_>, _>>()?;
        let separator = &self.class.separator;
        match items.iter().find(|item| item.contains(separator.as_str()) || item.trim() != *item || item.is_empty()) {
            Some(_) => {
                let text = format!("a value of `{name}` is empty, has spaces at its ends or contains `{separator}`");
                Err(Error::invalid_value(name, text))
            }
            None => Ok(items.join(separator)),
        }
    }

    /// The attributes that have no column yet.
    fn missing_columns(&self, attributes: &Attributes) -> Result<Vec<String>, Error> {
        let mut missing = Vec::new();
        self.collect_missing("", attributes, &mut missing);
        if let Some(name) = missing.iter().find(|name| self.class.active.as_ref() == Some(*name)) {
            return Err(Error::invalid_value(name, format!("`{name}` is not an attribute: enable or disable instead")));
        }
        match (missing.first(), &self.class.columns) {
            (Some(name), Some(_)) => {
                let file = &self.class.file;
                Err(Error::invalid_value(name, format!("`{file}` has no column `{name}`, and `columns` is fixed")))
            }
            _ => Ok(missing),
        }
    }

    fn collect_missing(&self, prefix: &str, attributes: &Attributes, missing: &mut Vec<String>) {
        for (name, value) in attributes {
            let name = format!("{prefix}{name}");
            let is_column = self.columns.contains(&name) && self.class.active.as_ref() != Some(&name);
            match value {
                _ if is_column || delta::is_unassigned(value) => {}
                Value::Object(inner) => self.collect_missing(&format!("{name}."), inner, missing),
                _ => missing.push(name),
            }
        }
    }
}

fn is_same(old: Option<&Value>, new: Option<&Value>) -> bool {
    match (old, new) {
        (Some(old), Some(new)) => delta::same_value(old, new),
        (None, None) => true,
        (None, Some(value)) | (Some(value), None) => delta::is_unassigned(value),
    }
}

fn bad_value(field: &Field, column: Column, text: String) -> Problem {
    Problem::in_column("bad-value", field.line, column, text)
}
