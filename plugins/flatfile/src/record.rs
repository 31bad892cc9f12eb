//! Cuts a file into records: lines, or what CSV quotes hold together. Keeps their bytes as they are.

use crate::problem::Problem;
use purser_sdk::host::{FileError, Reader};

/// Longest record, in bytes. A quote that is never closed would otherwise swallow the file.
const LONGEST: usize = 1024 * 1024;

/// Where in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Bytes from the start.
    pub offset: u64,
    /// The line, from 1.
    pub line: u64,
}

/// One record as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it starts.
    pub position: Position,
    /// Its bytes with the line break.
    pub bytes: Vec<u8>,
}

impl Record {
    /// The line break at its end: `\n`, `\r\n` or none.
    pub fn line_break(&self) -> &'static str {
        match self.bytes.as_slice() {
            [.., b'\r', b'\n'] => "\r\n",
            [.., b'\n'] => "\n",
            _ => "",
        }
    }

    /// Its bytes without the line break.
    pub fn content(&self) -> &[u8] {
        &self.bytes[..self.bytes.len() - self.line_break().len()]
    }

    /// Whether there is nothing but the line break.
    pub fn is_blank(&self) -> bool {
        self.content().is_empty()
    }
}

/// Why the next record could not be read.
#[derive(Debug)]
pub enum RecordError {
    /// The host could not read.
    File(FileError),
    /// The file's content is wrong.
    Content(Problem),
}

/// Reads record after record, holding one at a time.
pub struct RecordReader {
    reader: Reader,
    position: Position,
    quoting: Option<u8>,
}

impl RecordReader {
    /// Reads from a position. `delimiter` is CSV's; without it every line is a record.
    pub fn new(reader: Reader, position: Position, delimiter: Option<u8>) -> Self {
        Self { reader, position, quoting: delimiter }
    }

    /// Where the next record starts.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The next record, and none at the end of the file.
    ///
    /// # Errors
    /// The host could not read, or a record is longer than 1 MiB.
    pub fn next_record(&mut self) -> Result<Option<Record>, RecordError> {
        let mut bytes = Vec::new();
        let mut scan = Scan::new(self.quoting);
        loop {
            let chunk = self.reader.fill().map_err(RecordError::File)?;
            if chunk.is_empty() {
                break;
            }
            let end = scan.find_end(chunk);
            let length = end.unwrap_or(chunk.len());
            bytes.extend_from_slice(&chunk[..length]);
            self.reader.consume(length);
            if bytes.len() > LONGEST {
                return Err(RecordError::Content(self.too_long()));
            }
            if end.is_some() {
                break;
            }
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let record = Record { position: self.position, bytes };
        self.position.offset += record.bytes.len() as u64;
        self.position.line += count_line_breaks(&record.bytes);
        Ok(Some(record))
    }

    fn too_long(&self) -> Problem {
        let text = "the record that starts here is longer than 1 MiB: is a quote missing?";
        Problem::in_line("record-too-long", self.position.line, text)
    }
}

/// How many lines end in these bytes.
pub fn count_line_breaks(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// Where in a record the scan is.
#[derive(Clone, Copy)]
enum Place {
    FieldStart,
    Plain,
    Quoted,
    AfterQuote,
}

struct Scan {
    delimiter: Option<u8>,
    place: Place,
}

impl Scan {
    fn new(delimiter: Option<u8>) -> Self {
        Self { delimiter, place: Place::FieldStart }
    }

    /// The length up to and with the line break that ends the record, where the chunk has it.
    fn find_end(&mut self, chunk: &[u8]) -> Option<usize> {
        let Some(delimiter) = self.delimiter else {
            return chunk.iter().position(|byte| *byte == b'\n').map(|index| index + 1);
        };
        for (index, byte) in chunk.iter().enumerate() {
            self.place = match (self.place, *byte) {
                (Place::FieldStart | Place::AfterQuote, b'"') => Place::Quoted,
                (Place::Quoted, b'"') => Place::AfterQuote,
                (Place::Quoted, _) => Place::Quoted,
                (_, b'\n') => return Some(index + 1),
                (_, byte) if byte == delimiter => Place::FieldStart,
                _ => Place::Plain,
            };
        }
        None
    }
}
