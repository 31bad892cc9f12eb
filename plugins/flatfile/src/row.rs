//! Rows: one object as it stands in a file, and the formats that read and write them.

use crate::config::{ClassConfig, Format};
use crate::csv_format::CsvFormat;
use crate::jsonl_format::JsonlFormat;
use crate::problem::{Column, Problem};
use crate::record::Record;
use purser_sdk::{Attributes, Error, Object, path};
use serde_json::Value;

/// What a row holds, in its format's own form.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// The cells of a CSV row, in the order of the columns.
    Cells(Vec<String>),
    /// The object of a JSON line.
    Document(Attributes),
}

/// A row and the object it stands for.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// As the host sees it.
    pub object: Object,
    /// As the file holds it.
    pub content: Content,
}

/// How the rows of one file are read and written.
pub enum RowFormat<'a> {
    /// CSV.
    Csv(CsvFormat<'a>),
    /// JSON Lines.
    Jsonl(JsonlFormat<'a>),
}

impl<'a> RowFormat<'a> {
    /// The format of a file that is not there yet. CSV gets its columns from the configuration or, where it lists none,
    /// from what is written.
    pub fn for_new_file(class: &'a ClassConfig) -> Self {
        match class.format() {
            Format::Csv => Self::Csv(CsvFormat::for_new_file(class)),
            Format::Jsonl => Self::Jsonl(JsonlFormat::new(class)),
        }
    }

    /// The column of the key, for messages.
    pub fn key_column(&self) -> Column {
        match self {
            Self::Csv(format) => format.key_column(),
            Self::Jsonl(format) => format.key_column(),
        }
    }

    /// Reads a row.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn decode(&self, record: &Record) -> Result<Row, Problem> {
        match self {
            Self::Csv(format) => format.decode(record),
            Self::Jsonl(format) => format.decode(record),
        }
    }

    /// The row that stands for an object. What did not change since `before` keeps its spelling.
    ///
    /// # Errors
    /// `invalid-value` naming the attribute that the file cannot hold.
    pub fn encode(&mut self, before: Option<&Row>, after: &Object) -> Result<Row, Error> {
        match self {
            Self::Csv(format) => format.encode(before, after),
            Self::Jsonl(format) => format.encode(after),
        }
    }

    /// The bytes of a row, without line break.
    pub fn render(&self, content: &Content) -> Vec<u8> {
        match (self, content) {
            (Self::Csv(format), Content::Cells(cells)) => format.render(cells),
            (Self::Jsonl(_), Content::Cells(cells)) => Value::from(cells.as_slice()).to_string().into_bytes(),
            (_, Content::Document(document)) => {
                let mut document = Value::Object(document.clone());
                document.sort_all_objects();
                document.to_string().into_bytes()
            }
        }
    }
}

/// The id in an object's key attribute: a text that is not empty, or a whole number.
pub fn id_in(attributes: &Attributes, key: &str) -> Option<String> {
    match path::get(attributes, key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

/// The object of a row, with its secondary ids.
pub fn object(class: &ClassConfig, id: String, attributes: Attributes, active: Option<bool>) -> Object {
    let mut object = Object::new(id, attributes);
    object.active = active;
    for name in &class.secondary {
        let values = path::values_at(&object.attributes, name).into_iter().filter_map(Value::as_str);
        let values: Vec<String> = values.map(str::to_owned).collect();
        for value in values {
            object = object.with_secondary_id(name, value);
        }
    }
    object
}
