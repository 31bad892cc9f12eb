//! Reading: pages and single objects.

use crate::config::{ClassConfig, Config};
use crate::record::Position;
use crate::row::RowFormat;
use crate::table::{FileState, Table, missing_file};
use purser_sdk::host::Directory;
use purser_sdk::{Condition, Error, Object, Operator, Page, SearchRequest, Tail, cursor};
use serde::{Deserialize, Serialize};

/// Where a listing goes on, and in which content of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    offset: u64,
    line: u64,
    file: FileState,
}

/// One page. Before the first one is given, the whole file is checked, so that a bad line far down stops a run before it
/// changes anything.
///
/// # Errors
/// `invalid-value` for a problem in the file, `cursor-expired` when the file changed since the page before,
/// `invalid-config` when it is not there.
pub fn search(config: &Config, directory: &Directory, request: &SearchRequest) -> Result<Page, Error> {
    let class = config.class(&request.class)?;
    let Some(table) = Table::open(directory, class)? else {
        return match (&request.cursor, config.create_missing) {
            (None, true) => Ok(Page { objects: Vec::new(), tail: Tail::Complete }),
            (Some(_), true) => Err(expired(class)),
            (_, false) => Err(missing_file(&class.file)),
        };
    };
    check_conditions(&table, &request.conditions)?;
    let from = start_of_page(&table, request.cursor.as_deref())?;
    let page = read_page(&table, from, request)?;
    // Chunks are read one by one: only a file that stayed the same all the time gave rows of one content.
    table.check_unchanged().map_err(|error| if request.cursor.is_some() { expired(class) } else { error })?;
    Ok(page)
}

fn start_of_page(table: &Table<'_>, cursor: Option<&str>) -> Result<Position, Error> {
    let Some(cursor) = cursor else {
        table.scan(|_| Ok(()))?;
        return Ok(table.start());
    };
    let cursor: Cursor = cursor::decode(cursor)?;
    if cursor.file != table.state {
        return Err(expired(table.class));
    }
    Ok(Position { offset: cursor.offset, line: cursor.line })
}

fn read_page(table: &Table<'_>, from: Position, request: &SearchRequest) -> Result<Page, Error> {
    let wanted = request.page_size.max(1) as usize;
    let mut rows = table.rows(from);
    let mut objects = Vec::new();
    while let Some((record, row)) = rows.next_row()? {
        if !request.conditions.iter().all(|condition| matches(table.class, condition, &row.object)) {
            continue;
        }
        if objects.len() == wanted {
            let Position { offset, line } = record.position;
            let cursor = cursor::encode(&Cursor { offset, line, file: table.state.clone() })?;
            return Ok(Page { objects, tail: Tail::More(cursor) });
        }
        objects.push(row.object);
    }
    Ok(Page { objects, tail: Tail::Complete })
}

/// The key is compared as the id, which is text even where the file holds a number.
fn matches(class: &ClassConfig, condition: &Condition, object: &Object) -> bool {
    if condition.attribute != class.key {
        return condition.matches(object, false);
    }
    let wanted = condition.value.as_str().map_or_else(|| condition.value.to_string(), str::to_owned);
    match condition.operator {
        Operator::Equals => object.id == wanted,
        Operator::StartsWith => object.id.starts_with(&wanted),
        Operator::AtOrAfter => false,
    }
}

/// A condition on a column that is not there would find nothing, and nothing found makes an engine create.
fn check_conditions(table: &Table<'_>, conditions: &[Condition]) -> Result<(), Error> {
    for Condition { attribute, operator, .. } in conditions {
        if *operator == Operator::AtOrAfter {
            return Err(Error::unsupported(format!("`{attribute}`: files are not searched by time")));
        }
        if table.class.active.as_ref() == Some(attribute) {
            return Err(Error::unsupported(format!("`{attribute}` is not an attribute and cannot be searched by")));
        }
        if let RowFormat::Csv(format) = &table.format
            && !format.columns().contains(attribute)
        {
            let file = &table.class.file;
            return Err(Error::invalid_value(
                attribute,
                format!("{file}: there is no column `{attribute}` to search in"),
            ));
        }
    }
    Ok(())
}

fn expired(class: &ClassConfig) -> Error {
    Error::cursor_expired(format!("{}: the file changed since the listing began: start it again", class.file))
}

/// One object.
///
/// # Errors
/// `not-found` only after the whole file was read without a problem.
pub fn get(config: &Config, directory: &Directory, class_name: &str, id: &str) -> Result<Object, Error> {
    let class = config.class(class_name)?;
    let Some(table) = Table::open(directory, class)? else {
        let gone = if config.create_missing { Error::not_found(class_name, id) } else { missing_file(&class.file) };
        return Err(gone);
    };
    let mut found = None;
    table.scan(|row| {
        if row.object.id == id {
            found = Some(row.object.clone());
        }
        Ok(())
    })?;
    found.ok_or_else(|| Error::not_found(class_name, id))
}
