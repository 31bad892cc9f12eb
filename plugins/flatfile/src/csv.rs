//! CSV (RFC 4180): fields of a record, strictly, and back. A quote that is not closed or followed by text is an error,
//! since guessing would move values into other columns.

use crate::problem::{Column, Problem};
use crate::record::{Record, count_line_breaks};

/// One field as it was read.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Its text.
    pub text: String,
    /// The line it starts in.
    pub line: u64,
}

/// The fields of a record. `names` are the header's columns, for messages.
///
/// # Errors
/// `unclosed-quote`, `text-after-quote` or `broken-utf8`, with line and column.
pub fn parse(record: &Record, delimiter: u8, names: &[String]) -> Result<Vec<Field>, Problem> {
    let content = record.content();
    let mut fields = Vec::new();
    let mut start = 0;
    loop {
        let line = record.position.line + count_line_breaks(&content[..start]);
        let number = fields.len() + 1;
        let column = || Column::new(number, names.get(number - 1).cloned());
        let (bytes, end) = match content.get(start) {
            Some(b'"') => {
                quoted(content, start).map_err(|(code, text)| Problem::in_column(code, line, column(), text))?
            }
            _ => plain(content, start, delimiter),
        };
        let text = String::from_utf8(bytes).map_err(|error| broken_utf8(line, column(), &error))?;
        fields.push(Field { text, line });
        match content.get(end) {
            None => return Ok(fields),
            Some(byte) if *byte == delimiter => start = end + 1,
            Some(_) => {
                let text = "there is text after the closing quote: double a quote that belongs to the value";
                return Err(Problem::in_column("text-after-quote", line, column(), text));
            }
        }
    }
}

fn broken_utf8(line: u64, column: Column, error: &std::string::FromUtf8Error) -> Problem {
    let valid = error.utf8_error().valid_up_to();
    let characters = std::str::from_utf8(&error.as_bytes()[..valid]).map_or(0, |text| text.chars().count());
    let text = format!("broken UTF-8 at character {}: save the file as UTF-8", characters + 1);
    Problem::in_column("broken-utf8", line, column, text)
}

fn plain(content: &[u8], start: usize, delimiter: u8) -> (Vec<u8>, usize) {
    let length = content[start..].iter().position(|byte| *byte == delimiter).unwrap_or(content.len() - start);
    (content[start..start + length].to_vec(), start + length)
}

/// The text between quotes, and where it ends.
fn quoted(content: &[u8], start: usize) -> Result<(Vec<u8>, usize), (&'static str, &'static str)> {
    let mut bytes = Vec::new();
    let mut index = start + 1;
    loop {
        match (content.get(index), content.get(index + 1)) {
            (None, _) => return Err(("unclosed-quote", "the quote that opens here is never closed")),
            (Some(b'"'), Some(b'"')) => {
                bytes.push(b'"');
                index += 2;
            }
            (Some(b'"'), _) => return Ok((bytes, index + 1)),
            (Some(byte), _) => {
                bytes.push(*byte);
                index += 1;
            }
        }
    }
}

/// Writes the fields of a record, without line break. Quotes only what must be quoted.
pub fn render<'a>(fields: impl IntoIterator<Item = &'a str>, delimiter: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, field) in fields.into_iter().enumerate() {
        if index > 0 {
            bytes.push(delimiter);
        }
        if needs_quotes(field, delimiter) {
            bytes.push(b'"');
            bytes.extend_from_slice(field.replace('"', "\"\"").as_bytes());
            bytes.push(b'"');
        } else {
            bytes.extend_from_slice(field.as_bytes());
        }
    }
    bytes
}

fn needs_quotes(field: &str, delimiter: u8) -> bool {
    let special = |byte| byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    field.bytes().any(special) || field.starts_with(' ') || field.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Position;

    fn parsed(content: &[u8]) -> Result<Vec<String>, Problem> {
        let record = Record { position: Position { offset: 0, line: 7 }, bytes: content.to_vec() };
        let names = ["id".to_owned(), "name".to_owned()];
        Ok(parse(&record, b',', &names)?.into_iter().map(|field| field.text).collect())
    }

    #[test]
    fn quotes_hold_delimiters_line_breaks_and_quotes() {
        assert_eq!(parsed(b"1,\"a,\"\"b\"\"\r\nc\",\r\n").unwrap(), ["1", "a,\"b\"\r\nc", ""]);
        assert_eq!(parsed(b"\n").unwrap(), [""]);
        assert_eq!(parsed(b"5\" nail,x\n").unwrap(), ["5\" nail", "x"]);
    }

    #[test]
    fn what_was_written_is_read_again() {
        let fields = ["a", "b,c", "say \"hi\"", "two\nlines", " edge ", ""];
        let written = render(fields, b',');
        assert_eq!(parsed(&written).unwrap(), fields);
    }

    #[test]
    fn mistakes_are_located() {
        let open = parsed(b"1,\"Anna\n").unwrap_err();
        assert_eq!((open.code, open.line), ("unclosed-quote", 7));
        assert_eq!(open.column.unwrap().name.as_deref(), Some("name"));
        assert_eq!(parsed(b"\"1\"x,b\n").unwrap_err().code, "text-after-quote");
        let broken = parsed(b"\"1\n\n\",Ren\xE9e\n").unwrap_err();
        assert_eq!((broken.code, broken.line), ("broken-utf8", 9));
        assert!(broken.text.contains("character 4"), "{}", broken.text);
    }
}
