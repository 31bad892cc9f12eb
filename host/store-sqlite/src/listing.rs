//! Lists: only what is asked for stands in the query, so that an index can be used for it and no page reads the whole table.

use crate::failure::Result;
use crate::rows::{collect, within};
use purser_model::access::Reach;
use rusqlite::types::Value;
use rusqlite::{Connection, Row};

/// What belongs to one of some targets.
pub(crate) const OF_TARGETS: &str = "target IN (SELECT value FROM json_each(?))";

/// The conditions of a list, in which nothing stands that was not asked for.
#[derive(Default)]
pub(crate) struct Listing {
    conditions: Vec<String>,
    values: Vec<Value>,
}

/// In which order a list comes: its columns, together unique, and which way.
#[derive(Clone, Copy)]
pub(crate) struct Order {
    pub(crate) columns: &'static [&'static str],
    pub(crate) descending: bool,
}

/// The query of one page.
pub(crate) struct PageQuery {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Listing {
    /// Only rows in which this column has this value; all where there is none.
    pub(crate) fn equal(self, column: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.holds(format!("{column} = ?"), [value.into()]),
            None => self,
        }
    }

    /// Only rows of which this holds, with the values of its question marks.
    pub(crate) fn holds(mut self, condition: String, values: impl IntoIterator<Item = Value>) -> Self {
        self.conditions.push(condition);
        self.values.extend(values);
        self
    }

    /// The same, checked row by row: an index of this column must not be used, because it would bring the rows in another order, or
    /// more of them than another one.
    pub(crate) fn checked(self, column: &str, value: Option<impl Into<Value>>) -> Self {
        self.equal(&format!("+{column}"), value)
    }

    /// As [`Listing::equal`], or where it is not to be looked up, as [`Listing::checked`].
    pub(crate) fn equal_or_checked(self, column: &str, value: Option<impl Into<Value>>, looked_up: bool) -> Self {
        if looked_up { self.equal(column, value) } else { self.checked(column, value) }
    }

    /// Only rows of which all of this holds.
    pub(crate) fn all_hold<'a>(self, conditions: impl IntoIterator<Item = &'a str>) -> Self {
        conditions.into_iter().fold(self, |listing, condition| listing.holds(condition.to_owned(), []))
    }

    /// Only rows within this, by a condition on the targets, which its question mark stands for as a list in JSON.
    pub(crate) fn within(self, reach: &Reach, condition: &str) -> Self {
        match within(reach) {
            Some(targets) => self.holds(condition.to_owned(), [targets.into()]),
            None => self,
        }
    }

    /// The page behind this place in the order; from the beginning where there is none.
    pub(crate) fn page(mut self, select: &str, order: Order, behind: Option<Vec<Value>>, limit: u32) -> PageQuery {
        let (compare, direction) = if order.descending { ("<", " DESC") } else { (">", "") };
        if let Some(place) = behind {
            let marks = vec!["?"; order.columns.len()].join(", ");
            self = self.holds(format!("({}) {compare} ({marks})", order.columns.join(", ")), place);
        }
        let conditions = match self.conditions.as_slice() {
            [] => String::new(),
            conditions => format!(" WHERE {}", conditions.join(" AND ")),
        };
        let columns: Vec<String> = order.columns.iter().map(|column| format!("{column}{direction}")).collect();
        self.values.push(i64::from(limit).into());
        PageQuery { sql: format!("{select}{conditions} ORDER BY {} LIMIT ?", columns.join(", ")), values: self.values }
    }
}

impl PageQuery {
    /// The rows of the page.
    pub(crate) fn read<T>(self, connection: &Connection, read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let mut query = connection.prepare_cached(&self.sql)?;
        collect(query.query(rusqlite::params_from_iter(self.values))?, read)
    }
}

/// The place of an id in an order by id.
pub(crate) fn at(id: uuid::Uuid) -> Vec<Value> {
    vec![id.as_bytes().to_vec().into()]
}

#[cfg(test)]
mod tests;
