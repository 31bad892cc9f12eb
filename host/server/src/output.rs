//! What people and machines get to read.

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use purser_reconcile::Progress;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{BufWriter, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Where answers go.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    /// Answers for people, or as JSON.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether a machine reads.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Gives an answer: the value to machines, the text to people.
    pub fn answer<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.json {
            // Written as it is made: an answer may hold a hundred thousand items.
            let mut out = BufWriter::new(std::io::stdout().lock());
            serde_json::to_writer_pretty(&mut out, value)?;
            writeln!(out)?;
            out.flush()?;
        } else {
            println!("{}", text().trim_end());
        }
        Ok(())
    }

    /// Says why a command failed.
    pub fn error(&self, error: &anyhow::Error) {
        if self.json {
            let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
            println!("{}", serde_json::json!({"error": error.to_string(), "causes": causes}));
        } else {
            eprintln!("error: {error:#}");
        }
    }

    /// Whether somebody looks how far long work is, at a terminal that can take back what it shows.
    pub fn is_watched(&self) -> bool {
        let can_take_back = std::env::var_os("TERM").is_some_and(|kind| kind != "dumb");
        !self.json && can_take_back && std::io::stderr().is_terminal()
    }

    /// Shows how far long work is, where somebody looks.
    pub fn progress(&self) -> Bars {
        let target =
            if self.is_watched() { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        Bars { all: MultiProgress::with_draw_target(target), by_name: Mutex::default() }
    }
}

/// One line per kind of thing that is counted, with the rate.
pub struct Bars {
    all: MultiProgress,
    by_name: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Progress for Bars {
    fn advance(&self, what: &str, count: u64) {
        let mut bars = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        let bar = bars.entry(what.to_owned()).or_insert_with(|| self.all.add(line(what)));
        bar.inc(count);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        let _ = self.all.clear();
    }
}

fn line(what: &str) -> ProgressBar {
    let bar = ProgressBar::no_length().with_message(what.to_owned());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos:>9} {msg} ({per_sec})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A table for people.
pub fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(head.to_vec());
    for row in rows {
        table.add_row(row);
    }
    table.to_string()
}
