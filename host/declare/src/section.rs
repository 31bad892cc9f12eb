//! Reads a TOML tree key by key and notes what does not fit, with its place.

use crate::problems::{Place, Problems};
use crate::suggestion::suggest;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use toml::de::{DeTable, DeValue};

/// Which moment a day stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayEnd {
    /// Its first.
    Start,
    /// The first after it.
    End,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Node<'t> {
    pub(crate) value: &'t DeValue<'t>,
    pub(crate) place: Place,
}

/// A table whose keys are read one by one; what nobody asked for is unknown in the end.
#[derive(Debug)]
pub(crate) struct Section<'t> {
    table: &'t DeTable<'t>,
    pub(crate) place: Place,
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    /// A section of this table.
    pub(crate) fn new(table: &'t DeTable<'t>, place: Place) -> Self {
        Self { table, place, known: Vec::new() }
    }

    /// The value of a key that may be left out.
    pub(crate) fn optional(&mut self, key: &'static str) -> Option<Node<'t>> {
        self.known.push(key);
        self.entries().find(|(name, _)| *name == key).map(|(_, node)| node)
    }

    /// The value of a key that must be there; `example` shows what to write.
    pub(crate) fn required(&mut self, key: &'static str, example: &str, problems: &mut Problems) -> Option<Node<'t>> {
        let found = self.optional(key);
        if found.is_none() {
            problems.report(&self.place, format!("`{key}` is missing: write for example `{key} = {example}`"));
        }
        found
    }

    /// The text of a key that must be there; empty where it is not, which is reported.
    pub(crate) fn required_text(&mut self, key: &'static str, example: &str, problems: &mut Problems) -> String {
        self.required(key, example, problems).and_then(|node| node.filled_text(problems)).unwrap_or_default()
    }

    /// The texts of a list that may be left out, each with its place.
    pub(crate) fn texts(&mut self, key: &'static str, problems: &mut Problems) -> Vec<(String, Place)> {
        let nodes = self.optional(key).map(|node| node.list(problems)).unwrap_or_default();
        nodes.into_iter().filter_map(|node| Some((node.filled_text(problems)?, node.place))).collect()
    }

    /// The tables of a table of tables that may be left out, by their names.
    pub(crate) fn sections(&mut self, key: &'static str, problems: &mut Problems) -> Vec<(&'t str, Section<'t>)> {
        let Some(section) = self.optional(key).and_then(|node| node.section(problems)) else { return Vec::new() };
        section.entries().filter_map(|(name, node)| Some((name, node.section(problems)?))).collect()
    }

    /// Every key with its value.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'t str, Node<'t>)> + use<'t> {
        let (table, place) = (self.table, self.place.clone());
        table.iter().map(move |(key, value)| {
            // A table is pointed at by its name, everything else by the value.
            let offset = if value.get_ref().is_table() { key.span().start } else { value.span().start };
            let node = Node { value: value.get_ref(), place: place.member(key.get_ref(), offset) };
            (key.get_ref().as_ref(), node)
        })
    }

    /// Notes the keys that nobody asked for.
    pub(crate) fn finish(self, problems: &mut Problems) {
        for (key, _) in self.table {
            let name: &str = key.get_ref();
            if !self.known.contains(&name) {
                let place = self.place.member(name, key.span().start);
                problems.report(&place, format!("unknown key{}", suggest(name, self.known.iter().copied())));
            }
        }
    }
}

impl<'t> Node<'t> {
    /// A text.
    pub(crate) fn text(&self, problems: &mut Problems) -> Option<String> {
        let text = self.value.as_str();
        if text.is_none() {
            self.expected("a text in quotes", problems);
        }
        text.map(str::to_owned)
    }

    /// A text that is not empty.
    pub(crate) fn filled_text(&self, problems: &mut Problems) -> Option<String> {
        let text = self.text(problems)?;
        if text.trim().is_empty() {
            problems.report(&self.place, "the text is empty: write a value or leave the key out");
            return None;
        }
        Some(text)
    }

    /// True or false.
    pub(crate) fn flag(&self, problems: &mut Problems) -> Option<bool> {
        let flag = self.value.as_bool();
        if flag.is_none() {
            self.expected("true or false", problems);
        }
        flag
    }

    /// A whole number.
    pub(crate) fn integer(&self, problems: &mut Problems) -> Option<i64> {
        let number =
            self.value.as_integer().and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        if number.is_none() {
            self.expected("a whole number of at most 64 bits", problems);
        }
        number
    }

    /// A moment, as a TOML date or time or as a text: `2026-12-01` or `2026-12-01T08:00:00+01:00`. A day stands for its
    /// first moment, or for the first after it, in UTC.
    pub(crate) fn moment(&self, day: DayEnd, problems: &mut Problems) -> Option<Timestamp> {
        let text = match self.value {
            DeValue::Datetime(time) => time.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => {
                self.expected("a date or time", problems);
                return None;
            }
        };
        let of_day = |date: Date| match day {
            DayEnd::Start => Ok(date),
            DayEnd::End => date.tomorrow(),
        };
        let day = text.parse::<Date>().and_then(of_day).and_then(|date| date.to_zoned(TimeZone::UTC));
        let moment = text.parse::<Timestamp>().ok().or(day.ok().map(|day| day.timestamp()));
        if moment.is_none() {
            let advice = "write a day such as 2026-12-01, or a time with its offset such as 2026-12-01T08:00:00+01:00";
            problems.report(&self.place, format!("`{text}` is no moment: {advice}"));
        }
        moment
    }

    /// A table.
    pub(crate) fn section(&self, problems: &mut Problems) -> Option<Section<'t>> {
        match self.value {
            DeValue::Table(table) => Some(Section::new(table, self.place.clone())),
            _ => {
                self.expected("a table", problems);
                None
            }
        }
    }

    /// The elements of a list.
    pub(crate) fn list(&self, problems: &mut Problems) -> Vec<Node<'t>> {
        let DeValue::Array(items) = self.value else {
            self.expected("a list", problems);
            return Vec::new();
        };
        let node = |(index, item): (usize, &'t toml::Spanned<DeValue<'t>>)| Node {
            value: item.get_ref(),
            place: self.place.element(index, item.span().start),
        };
        items.iter().enumerate().map(node).collect()
    }

    /// One of some words, each with its meaning.
    pub(crate) fn choice<T: Copy>(&self, words: &[(&str, T)], problems: &mut Problems) -> Option<T> {
        let text = self.text(problems)?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*meaning);
        }
        let advice = suggest(&text, words.iter().map(|(word, _)| *word));
        problems.report(&self.place, format!("unknown value `{text}`{advice}"));
        None
    }

    /// What the text parses to; the error is reported.
    pub(crate) fn parsed<T, E: std::fmt::Display>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, E>,
        problems: &mut Problems,
    ) -> Option<T> {
        match parse(&self.text(problems)?) {
            Ok(value) => Some(value),
            Err(error) => {
                problems.report(&self.place, error.to_string());
                None
            }
        }
    }

    fn expected(&self, what: &str, problems: &mut Problems) {
        problems.report(&self.place, format!("this is {}; write {what}", described(self.value)));
    }
}

fn described(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
