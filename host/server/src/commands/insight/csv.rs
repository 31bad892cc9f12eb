//! A report as CSV (RFC 4180). What a spreadsheet would take for a formula is made harmless.

use anyhow::Context;
use std::fs::File;
use std::io::Write;
use std::path::Path;

/// Writes head and rows to a file, or to standard output for `-`.
pub(super) fn write<'a>(file: &Path, head: &[&str], rows: impl Iterator<Item = &'a [String]>) -> anyhow::Result<()> {
    let to: Box<dyn Write> = match file == Path::new("-") {
        true => Box::new(std::io::stdout().lock()),
        false => Box::new(File::create(file).with_context(|| format!("cannot write {}", file.display()))?),
    };
    write_to(to, head, rows).with_context(|| format!("cannot write {}", file.display()))
}

fn write_to<'a>(to: impl Write, head: &[&str], rows: impl Iterator<Item = &'a [String]>) -> Result<(), ::csv::Error> {
    let mut writer = ::csv::Writer::from_writer(to);
    writer.write_record(head)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    Ok(writer.flush()?)
}

/// A cell that begins like a formula gets an apostrophe before it, so that a spreadsheet shows it as it is.
fn harmless(cell: &str) -> String {
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n') => format!("'{cell}"),
        _ => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_made_harmless_and_cells_are_quoted() {
        let rows = [["=HYPERLINK(\"x\")", "+1"], ["-2", "@SUM(A1)"], ["\tx", "\ry"], ["a,b", "plain = text"]]
            .map(|row| row.map(str::to_owned).to_vec());
        let mut written = Vec::new();
        write_to(&mut written, &["one", "two"], rows.iter().map(Vec::as_slice)).unwrap();
        let text = String::from_utf8(written).unwrap();
        let expected = "one,two\n\"'=HYPERLINK(\"\"x\"\")\",'+1\n'-2,'@SUM(A1)\n'\tx,\"'\ry\"\n\"a,b\",plain = text\n";
        assert_eq!(text, expected);
    }
}
