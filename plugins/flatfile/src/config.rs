//! The configuration: which class lies in which file, and how to read it.

use crate::cell::CellKind;
use purser_sdk::{ClassKind, Error};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The configuration of one source or target. The manifest's schema describes every key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The classes by name.
    pub classes: BTreeMap<String, ClassConfig>,
    /// Whether a file that is not there is an empty one.
    #[serde(default)]
    pub create_missing: bool,
}

/// One class.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassConfig {
    /// What the class is to the engine.
    pub kind: ClassKind,
    /// Its file in the directory `data`.
    pub file: String,
    /// How the file is written; by its extension where nothing is said.
    pub format: Option<Format>,
    /// The column of the immutable id.
    pub key: String,
    /// The column that says whether an account can be used.
    pub active: Option<String>,
    /// Columns that hold lists.
    #[serde(default)]
    pub multi: BTreeSet<String>,
    /// What stands between the values of a list in a CSV cell.
    #[serde(default = "default_separator")]
    pub separator: String,
    /// What stands between CSV cells.
    #[serde(default = "default_delimiter")]
    pub delimiter: char,
    /// The types of columns that are no text.
    #[serde(default)]
    pub types: BTreeMap<String, CellKind>,
    /// Columns whose values are further ids.
    #[serde(default)]
    pub secondary: Vec<String>,
    /// The columns of the file, where no others may be added.
    pub columns: Option<Vec<String>>,
    /// Whether the last line must end in a line break.
    #[serde(default)]
    pub final_newline: FinalNewline,
    /// For entitlements: where accounts hold them.
    pub holding: Option<HoldingConfig>,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RFC 4180, with a header.
    Csv,
    /// One JSON object per line.
    Jsonl,
}

/// Whether the last line must end in a line break.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FinalNewline {
    /// Without one the file counts as half-written.
    #[default]
    Required,
    /// It may be missing.
    Optional,
}

/// Where accounts hold an entitlement: the account's attribute lists the ids of what it holds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldingConfig {
    /// The class of the accounts.
    pub account_class: String,
    /// Their attribute; one of the columns in `multi`.
    pub attribute: String,
}

fn default_separator() -> String {
    ";".to_owned()
}

fn default_delimiter() -> char {
    ','
}

impl ClassConfig {
    /// The format, said or by extension. [`Config::validate`] has made sure that there is one.
    pub fn format(&self) -> Format {
        self.format.or_else(|| format_by_extension(&self.file)).unwrap_or(Format::Csv)
    }

    /// The delimiter as it is in the file. [`Config::validate`] has made sure that it is ASCII.
    pub fn delimiter(&self) -> u8 {
        u8::try_from(self.delimiter).unwrap_or(b',')
    }

    /// The type of a column; text where nothing is said.
    pub fn kind_of(&self, column: &str) -> CellKind {
        self.types.get(column).copied().unwrap_or_default()
    }

    /// Columns that a CSV file must have: key, active, secondary ids and those listed.
    pub fn required_columns(&self) -> impl Iterator<Item = &String> {
        let listed = self.columns.iter().flatten();
        std::iter::once(&self.key).chain(&self.active).chain(&self.secondary).chain(listed)
    }
}

fn format_by_extension(file: &str) -> Option<Format> {
    let (_, extension) = file.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "csv" => Some(Format::Csv),
        "jsonl" | "ndjson" => Some(Format::Jsonl),
        _ => None,
    }
}

impl Config {
    /// The class of this name.
    ///
    /// # Errors
    /// `unsupported`: it is not configured.
    pub fn class(&self, name: &str) -> Result<&ClassConfig, Error> {
        self.classes.get(name).ok_or_else(|| Error::unsupported(format!("the class `{name}` is not configured")))
    }

    /// The attribute of `account_class` that holds entitlements of `entitlement_class`.
    ///
    /// # Errors
    /// `unsupported`: accounts of this class do not hold them.
    pub fn holding_attribute(&self, account_class: &str, entitlement_class: &str) -> Result<&str, Error> {
        let holding = self.class(entitlement_class)?.holding.as_ref();
        let holding = holding.filter(|holding| holding.account_class == account_class);
        holding.map(|holding| holding.attribute.as_str()).ok_or_else(|| {
            Error::unsupported(format!("accounts of `{account_class}` do not hold `{entitlement_class}`"))
        })
    }

    /// The entitlement classes that accounts of this class hold, each with the attribute.
    pub fn held_by<'a>(&'a self, account_class: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.classes.iter().filter_map(move |(name, class)| {
            let holding = class.holding.as_ref().filter(|holding| holding.account_class == account_class)?;
            Some((name.as_str(), holding.attribute.as_str()))
        })
    }

    /// Refuses what cannot work.
    ///
    /// # Errors
    /// `invalid-config`, naming the key.
    pub fn validate(&self) -> Result<(), Error> {
        let mut files = BTreeMap::new();
        for (name, class) in &self.classes {
            let refuse = |key: &str, why: String| Err(Error::invalid_config(format!("`classes.{name}.{key}`: {why}")));
            if class.format.is_none() && format_by_extension(&class.file).is_none() {
                return refuse("file", format!("`{}` ends neither in .csv nor in .jsonl: set `format`", class.file));
            }
            if let Some(other) = files.insert(&class.file, name) {
                return refuse("file", format!("`{}` is already the file of `{other}`", class.file));
            }
            if !class.delimiter.is_ascii() || ['"', '\n', '\r'].contains(&class.delimiter) {
                return refuse("delimiter", "must be one ASCII character and no quote or line break".into());
            }
            if class.key.is_empty() {
                return refuse("key", "must name a column".into());
            }
            if class.separator.is_empty() {
                return refuse("separator", "must not be empty".into());
            }
            if class.multi.contains(&class.key) {
                return refuse("multi", format!("the key `{}` is one value", class.key));
            }
            if class.active.as_ref() == Some(&class.key) {
                return refuse("active", "must be another column than `key`".into());
            }
            self.validate_columns(name, class)?;
            self.validate_holding(name, class)?;
        }
        Ok(())
    }

    fn validate_columns(&self, name: &str, class: &ClassConfig) -> Result<(), Error> {
        let Some(columns) = &class.columns else { return Ok(()) };
        let missing = class.required_columns().find(|column| !columns.contains(column));
        match missing {
            Some(column) => Err(Error::invalid_config(format!(
                "`classes.{name}.columns`: must list `{column}`, which is used as key, active or secondary"
            ))),
            None => Ok(()),
        }
    }

    fn validate_holding(&self, name: &str, class: &ClassConfig) -> Result<(), Error> {
        let refuse = |why: String| Err(Error::invalid_config(format!("`classes.{name}.holding`: {why}")));
        let Some(holding) = &class.holding else {
            return if class.kind == ClassKind::Entitlement {
                refuse("an entitlement needs it: {\"account_class\": ..., \"attribute\": ...}".into())
            } else {
                Ok(())
            };
        };
        match self.classes.get(&holding.account_class) {
            _ if class.kind != ClassKind::Entitlement => refuse("only an entitlement is held: leave it out".into()),
            None => refuse(format!("there is no class `{}`", holding.account_class)),
            Some(accounts) if !accounts.multi.contains(&holding.attribute) => {
                refuse(format!("`{}` must be in `classes.{}.multi`", holding.attribute, holding.account_class))
            }
            Some(_) => Ok(()),
        }
    }
}
