//! Writing: a batch of requests becomes one new content per file, put in place in one step.
//!
//! The file is read once to check it and to decide what each request does, and a second time, only if something changes,
//! to write the new content. Rows that no request is about keep their bytes and their order.

use crate::config::{ClassConfig, Config};
use crate::edits::{Editor, Entitlements, row_id};
use crate::record::Record;
use crate::row::{Row, RowFormat};
use crate::table::{Table, file_error, missing_file};
use purser_sdk::host::{Directory, Writer};
use purser_sdk::{ClassKind, Edit, Error, Outcome, Request};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The result of one request.
pub type EditResult = Result<Outcome, Error>;

/// Carries out requests and answers each, in order. Requests of one class share its fate when its file cannot be read or
/// written; the others go on. Entitlements come first, so that they can be granted in the batch that creates them.
pub fn apply(config: &Config, directory: &Directory, requests: &[Request]) -> Vec<EditResult> {
    let mut results: BTreeMap<usize, EditResult> = BTreeMap::new();
    for class_name in classes_in_order(config, requests) {
        let of_class = |(_, request): &(usize, &Request)| request.class == class_name;
        let requests: Vec<(usize, &Request)> = requests.iter().enumerate().filter(of_class).collect();
        match apply_to_class(config, directory, class_name, &requests) {
            Ok(of_class) => results.extend(of_class),
            Err(error) => results.extend(requests.iter().map(|(index, _)| (*index, Err(error.clone())))),
        }
    }
    results.into_values().collect()
}

fn classes_in_order<'r>(config: &Config, requests: &'r [Request]) -> Vec<&'r str> {
    let names: BTreeSet<&str> = requests.iter().map(|request| request.class.as_str()).collect();
    let is_entitlement =
        |name: &&str| config.classes.get(*name).is_some_and(|class| class.kind == ClassKind::Entitlement);
    let (entitlements, others): (Vec<_>, Vec<_>) = names.into_iter().partition(is_entitlement);
    [entitlements, others].concat()
}

/// Reads the ids of the entitlement classes that are granted.
fn grantable(config: &Config, directory: &Directory, requests: &[(usize, &Request)]) -> Entitlements {
    let granted = requests.iter().filter_map(|(_, request)| match &request.edit {
        Edit::Grant(edit) => Some(edit.entitlement_class.as_str()),
        _ => None,
    });
    let classes: BTreeSet<&str> = granted.collect();
    classes.into_iter().map(|name| (name.to_owned(), all_ids(config, directory, name))).collect()
}

fn all_ids(config: &Config, directory: &Directory, class_name: &str) -> Result<BTreeSet<String>, Error> {
    let class = config.class(class_name)?;
    let mut ids = BTreeSet::new();
    match Table::open(directory, class)? {
        None if config.create_missing => {}
        None => return Err(missing_file(&class.file)),
        Some(table) => table.scan(|row| {
            ids.insert(row.object.id.clone());
            Ok(())
        })?,
    }
    Ok(ids)
}

/// What a batch makes of the rows it is about.
struct Decision {
    results: Vec<(usize, EditResult)>,
    /// Rows that change, by id; none where the row goes away.
    changed: HashMap<String, Option<Row>>,
    /// Ids of new rows, in order; those that the same batch deleted again are not in `changed`.
    created: Vec<String>,
}

fn apply_to_class(
    config: &Config,
    directory: &Directory,
    class_name: &str,
    requests: &[(usize, &Request)],
) -> Result<Vec<(usize, EditResult)>, Error> {
    let class = config.class(class_name)?;
    let mut table = Table::open(directory, class)?;
    if table.is_none() && !config.create_missing {
        return Err(missing_file(&class.file));
    }
    let before = match &table {
        Some(table) => rows_of(table, class, requests)?,
        None => HashMap::new(),
    };
    let entitlements = grantable(config, directory, requests);
    let mut new_format = RowFormat::for_new_file(class);
    let format = table.as_mut().map_or(&mut new_format, |table| &mut table.format);
    let decision = decide(&mut Editor { config, class, format, entitlements: &entitlements }, &before, requests);
    if decision.changed.is_empty() {
        return Ok(decision.results);
    }
    let written = match &table {
        Some(table) => write_changed(table, directory, &decision),
        None => write_new(&new_format, class, directory, &decision),
    };
    match written {
        Ok(()) => Ok(decision.results),
        Err(error) => Ok(decision.results.into_iter().map(|(index, result)| (index, failed(result, &error))).collect()),
    }
}

/// When the new content is not in place, what would have been done was not, and what was refused stays refused.
fn failed(result: EditResult, error: &Error) -> EditResult {
    match result {
        Ok(Outcome::Done(_)) => Err(error.clone()),
        other => other,
    }
}

/// Checks the whole file and takes the rows that the requests are about.
fn rows_of(
    table: &Table<'_>,
    class: &ClassConfig,
    requests: &[(usize, &Request)],
) -> Result<HashMap<String, Row>, Error> {
    let ids: BTreeSet<String> = requests.iter().filter_map(|(_, request)| row_id(class, &request.edit).ok()).collect();
    let mut rows = HashMap::new();
    table.scan(|row| {
        if ids.contains(&row.object.id) {
            rows.insert(row.object.id.clone(), row.clone());
        }
        Ok(())
    })?;
    Ok(rows)
}

fn decide(editor: &mut Editor<'_, '_>, before: &HashMap<String, Row>, requests: &[(usize, &Request)]) -> Decision {
    let mut now: HashMap<String, Option<Row>> = HashMap::new();
    let mut created = Vec::new();
    let mut results = Vec::new();
    for (index, request) in requests {
        let result = row_id(editor.class, &request.edit).and_then(|id| {
            let row = now.entry(id.clone()).or_insert_with(|| before.get(&id).cloned());
            let result = editor.carry_out(row, &id, request);
            if row.is_some() && !before.contains_key(&id) && !created.contains(&id) {
                created.push(id);
            }
            result
        });
        results.push((*index, result));
    }
    let changed = now.into_iter().filter(|(id, row)| before.get(id) != row.as_ref()).collect();
    Decision { results, changed, created }
}

/// Writes the file again, with the rows that changed.
fn write_changed(table: &Table<'_>, directory: &Directory, decision: &Decision) -> Result<(), Error> {
    let file = &table.class.file;
    let mut output = Output::begin(directory, file)?;
    let added = match &table.format {
        RowFormat::Csv(format) => format.added_columns(),
        RowFormat::Jsonl(_) => 0,
    };
    match &table.format {
        RowFormat::Csv(format) if added > 0 => {
            let mark = table.head.starts_with(crate::table::BYTE_ORDER_MARK);
            output.append(if mark { crate::table::BYTE_ORDER_MARK } else { b"" })?;
            output.append(&format.header())?;
            output.append(table.line_break.as_bytes())?;
        }
        _ => output.append(&table.head)?,
    }
    let mut rows = table.rows(table.start());
    while let Some((record, row)) = rows.next_record()? {
        let Some(row) = row else {
            output.append(&record.bytes)?;
            continue;
        };
        match decision.changed.get(&row.object.id) {
            None => output.append(&unchanged_bytes(table, &record, added))?,
            Some(None) => {}
            Some(Some(row)) => {
                output.append(&table.format.render(&row.content))?;
                output.append(record.line_break().as_bytes())?;
            }
        }
    }
    output.append_created(&table.format, decision, table.line_break)?;
    // The row states came from the first reading: a file that changed since would lose what the other program wrote.
    table.check_unchanged()?;
    output.commit()
}

fn unchanged_bytes(table: &Table<'_>, record: &Record, added: usize) -> Vec<u8> {
    let mut bytes = record.content().to_vec();
    if let (RowFormat::Csv(format), true) = (&table.format, added > 0) {
        bytes.extend_from_slice(&format.padding());
    }
    bytes.extend_from_slice(record.line_break().as_bytes());
    bytes
}

/// Writes a file that was not there.
fn write_new(
    format: &RowFormat<'_>,
    class: &ClassConfig,
    directory: &Directory,
    decision: &Decision,
) -> Result<(), Error> {
    let mut output = Output::begin(directory, &class.file)?;
    if let RowFormat::Csv(format) = format {
        output.append(&format.header())?;
        output.append(b"\n")?;
    }
    output.append_created(format, decision, "\n")?;
    output.commit()
}

/// A new content being written.
struct Output<'a> {
    writer: Writer,
    file: &'a str,
    ends_in_line_break: bool,
}

impl<'a> Output<'a> {
    fn begin(directory: &Directory, file: &'a str) -> Result<Self, Error> {
        let writer = directory.begin(file).map_err(|error| file_error(error, file))?;
        Ok(Self { writer, file, ends_in_line_break: true })
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        if let Some(last) = bytes.last() {
            self.ends_in_line_break = *last == b'\n';
        }
        self.writer.append(bytes).map_err(|error| file_error(error, self.file))
    }

    /// Appends the new rows, after a line break where the last line has none.
    fn append_created(&mut self, format: &RowFormat<'_>, decision: &Decision, line_break: &str) -> Result<(), Error> {
        for id in &decision.created {
            let Some(Some(row)) = decision.changed.get(id) else { continue };
            if !self.ends_in_line_break {
                self.append(line_break.as_bytes())?;
            }
            self.append(&format.render(&row.content))?;
            self.append(line_break.as_bytes())?;
        }
        Ok(())
    }

    fn commit(self) -> Result<(), Error> {
        self.writer.commit().map_err(|error| error.into_error(self.file))
    }
}
