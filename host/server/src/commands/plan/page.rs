//! A plan as a file that a browser shows.

use anyhow::Context;
use purser_plan::render::{Page, html};
use std::fmt;
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Writes the page, readable by its owner only: it shows what people's accounts hold.
pub fn write_page(path: &Path, page: &Page<'_>) -> anyhow::Result<()> {
    let failed = || format!("cannot write the page {}", path.display());
    let options = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let mut bytes = Bytes { out: BufWriter::new(options.with_context(failed)?), failed: None };
    let written = html(&mut bytes, page, &|_, _| None);
    match bytes.failed {
        Some(error) => Err(error).with_context(failed),
        None => {
            written.with_context(failed)?;
            bytes.out.flush().with_context(failed)
        }
    }
}

/// Texts go to a file as they come.
struct Bytes<W> {
    out: W,
    /// Why the file could not be written, which a formatter cannot say.
    failed: Option<std::io::Error>,
}

impl<W: Write> fmt::Write for Bytes<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.out.write_all(text.as_bytes()).map_err(|error| {
            self.failed = Some(error);
            fmt::Error
        })
    }
}
