//! One file as a table: its state when it was opened, its format, and its rows from any position.

use crate::config::{ClassConfig, FinalNewline, Format};
use crate::csv;
use crate::csv_format::CsvFormat;
use crate::jsonl_format::JsonlFormat;
use crate::problem::{Column, Problem};
use crate::record::{Position, Record, RecordError, RecordReader};
use crate::row::{Row, RowFormat};
use purser_sdk::Error;
use purser_sdk::host::{Directory, FileError};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The byte order mark that some programs put in front of UTF-8.
pub const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What tells one content of a file from another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileState {
    /// Size in bytes.
    pub size: u64,
    /// When it was last changed.
    pub modified: String,
}

/// An open file.
pub struct Table<'a> {
    /// The class that lies in it.
    pub class: &'a ClassConfig,
    /// How rows are read and written.
    pub format: RowFormat<'a>,
    /// As it was when it was opened.
    pub state: FileState,
    /// The bytes before the first row: byte order mark and header.
    pub head: Vec<u8>,
    /// The line break of its first line; what new rows end in.
    pub line_break: &'static str,
    directory: &'a Directory,
    start: Position,
}

impl<'a> Table<'a> {
    /// Opens a file and reads its header; none when it is not there.
    ///
    /// # Errors
    /// The host could not read, or the header is wrong.
    pub fn open(directory: &'a Directory, class: &'a ClassConfig) -> Result<Option<Self>, Error> {
        let Some(state) = file_state(directory, &class.file)? else { return Ok(None) };
        let beginning = directory.read(&class.file, 0, 3).map_err(|error| file_error(error, &class.file))?;
        let mark = if beginning == BYTE_ORDER_MARK { BYTE_ORDER_MARK } else { b"" };
        let after_mark = Position { offset: mark.len() as u64, line: 1 };
        let mut records = record_reader(directory, class, after_mark);
        let first = next_record(&mut records, class, state.size)?;
        let mut head = mark.to_vec();
        let line_break = first.as_ref().map(Record::line_break).filter(|found| !found.is_empty()).unwrap_or("\n");
        let (format, start) = match (class.format(), first) {
            (Format::Jsonl, _) => (RowFormat::Jsonl(JsonlFormat::new(class)), after_mark),
            (Format::Csv, Some(header)) => {
                let format =
                    CsvFormat::from_header(class, &header).map_err(|problem| problem.into_error(&class.file))?;
                head.extend_from_slice(&header.bytes);
                (RowFormat::Csv(format), records.position())
            }
            (Format::Csv, None) => {
                let problem = Problem::in_line("missing-header", 1, "the file is empty: it needs a header");
                return Err(problem.into_error(&class.file));
            }
        };
        Ok(Some(Self { class, format, state, head, line_break, directory, start }))
    }

    /// Where the first row starts.
    pub fn start(&self) -> Position {
        self.start
    }

    /// The rows from a position that a row starts at.
    pub fn rows(&self, from: Position) -> Rows<'_, 'a> {
        Rows { table: self, records: record_reader(self.directory, self.class, from) }
    }

    /// Reads every row and hands it to `visit`: after this the whole file is known to be good. Memory grows with the keys.
    ///
    /// # Errors
    /// The first problem in the file, a key that is there twice, or what `visit` gives.
    pub fn scan(&self, mut visit: impl FnMut(&Row) -> Result<(), Error>) -> Result<(), Error> {
        let mut lines_by_key: HashMap<Box<str>, u64> = HashMap::new();
        let mut rows = self.rows(self.start);
        while let Some((record, row)) = rows.next_row()? {
            let line = record.position.line;
            if let Some(first) = lines_by_key.insert(row.object.id.as_str().into(), line) {
                let text = format!("the key `{}` is already in line {first}: keep one of the two", row.object.id);
                let problem = Problem::in_column("duplicate-key", line, self.format.key_column(), text);
                return Err(problem.into_error(&self.class.file));
            }
            visit(&row)?;
        }
        self.check_unchanged()
    }

    /// Whether the file is still the one that was opened.
    ///
    /// # Errors
    /// `unavailable`: another program changed it meanwhile, so that what was read may be of two contents.
    pub fn check_unchanged(&self) -> Result<(), Error> {
        if file_state(self.directory, &self.class.file)?.as_ref() == Some(&self.state) {
            return Ok(());
        }
        let message =
            format!("{}: another program changed the file while it was read; nothing was done", self.class.file);
        Err(Error::unavailable(None, message).with_native_code("file-changed"))
    }
}

/// The rows of a table, one at a time.
pub struct Rows<'t, 'a> {
    table: &'t Table<'a>,
    records: RecordReader,
}

impl Rows<'_, '_> {
    /// The next record and its row; blank lines have none.
    ///
    /// # Errors
    /// The host could not read, or the row is wrong.
    pub fn next_record(&mut self) -> Result<Option<(Record, Option<Row>)>, Error> {
        let class = self.table.class;
        let Some(record) = next_record(&mut self.records, class, self.table.state.size)? else { return Ok(None) };
        if record.is_blank() {
            return Ok(Some((record, None)));
        }
        let row = self.table.format.decode(&record).map_err(|problem| problem.into_error(&class.file))?;
        Ok(Some((record, Some(row))))
    }

    /// The next row, blank lines left out.
    ///
    /// # Errors
    /// As [`Rows::next_record`].
    pub fn next_row(&mut self) -> Result<Option<(Record, Row)>, Error> {
        while let Some((record, row)) = self.next_record()? {
            if let Some(row) = row {
                return Ok(Some((record, row)));
            }
        }
        Ok(None)
    }
}

fn record_reader(directory: &Directory, class: &ClassConfig, from: Position) -> RecordReader {
    let delimiter = (class.format() == Format::Csv).then(|| class.delimiter());
    RecordReader::new(directory.reader(&class.file, from.offset), from, delimiter)
}

fn next_record(records: &mut RecordReader, class: &ClassConfig, size: u64) -> Result<Option<Record>, Error> {
    let record = records.next_record().map_err(|error| match error {
        RecordError::File(error) => file_error(error, &class.file),
        RecordError::Content(problem) => problem.into_error(&class.file),
    })?;
    let Some(record) = record else { return Ok(None) };
    let unfinished = record.line_break().is_empty() && class.final_newline == FinalNewline::Required;
    if unfinished && !ends_in_open_quote(&record, class) {
        let text = format!(
            "the last line has no line break after {size} bytes, so the file looks half-written: let the writer finish \
             it, or set `final_newline` to `optional`"
        );
        let problem =
            Problem { code: "half-written-line", line: record.position.line, column: last_cell(&record, class), text };
        return Err(problem.into_error(&class.file));
    }
    Ok(Some(record))
}

/// The cell that a CSV record ends in.
fn last_cell(record: &Record, class: &ClassConfig) -> Option<Column> {
    let fields = csv::parse(record, class.delimiter(), &[]).ok().filter(|_| class.format() == Format::Csv)?;
    Some(Column { number: Some(fields.len()), name: None })
}

/// A quote that is never closed swallows the rest of the file: its own message is the more useful one.
fn ends_in_open_quote(record: &Record, class: &ClassConfig) -> bool {
    class.format() == Format::Csv
        && csv::parse(record, class.delimiter(), &[]).is_err_and(|problem| problem.code == "unclosed-quote")
}

fn file_state(directory: &Directory, file: &str) -> Result<Option<FileState>, Error> {
    match directory.entry(file) {
        Ok(entry) if entry.directory => Err(Error::invalid_config(format!("`{file}` is a directory and no file"))),
        Ok(entry) => Ok(Some(FileState { size: entry.size, modified: entry.modified })),
        Err(FileError::NotFound) => Ok(None),
        Err(error) => Err(error.into_error(file)),
    }
}

/// A file that is gone must never look like an object that is gone.
pub fn file_error(error: FileError, file: &str) -> Error {
    match error {
        FileError::NotFound => missing_file(file),
        error => error.into_error(file),
    }
}

/// The file of a class is not there.
pub fn missing_file(file: &str) -> Error {
    Error::invalid_config(format!("`{file}` is not in the directory `data`: put it there, or set `create_missing`"))
        .with_native_code("missing-file")
}
