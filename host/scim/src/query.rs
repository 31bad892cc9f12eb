//! What a client asks for in the query of a GET or the body of a `.search`.

use crate::error::{ErrorKind, ScimError};
use crate::filter::Filter;
use crate::path::AttributePath;
use crate::projection::Projection;
use crate::sort::Sorting;
use crate::value::member;
use serde_json::Value;

/// Which page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// From this index on, counted from 1.
    Index(u64),
    /// After this cursor; from the beginning where it is empty.
    Cursor(String),
}

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Which resources.
    pub filter: Option<Filter>,
    /// The filter as it was written; empty where there is none.
    pub filter_text: String,
    /// In which order.
    pub sorting: Option<Sorting>,
    /// Which page of them.
    pub paging: Paging,
    /// How many at most; none: as many as the server likes.
    pub count: Option<u64>,
    /// Which of their attributes.
    pub projection: Projection,
}

impl Query {
    /// From the parameters of a GET; what is not known is passed over.
    ///
    /// # Errors
    /// `invalidFilter`, `invalidValue`, `invalidCount` or `invalidPath`: a parameter cannot be read.
    pub fn from_parameters<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ScimError> {
        let mut raw = Raw::default();
        for (name, value) in parameters {
            let names = || value.split(',').filter(|name| !name.trim().is_empty()).map(str::to_owned);
            match name.to_ascii_lowercase().as_str() {
                "filter" => raw.filter = Some(value.to_owned()),
                "sortby" => raw.sort_by = Some(value.to_owned()),
                "sortorder" => raw.sort_order = Some(value.to_owned()),
                "startindex" => raw.start_index = Some(Value::String(value.to_owned())),
                "count" => raw.count = Some(Value::String(value.to_owned())),
                "cursor" => raw.cursor = Some(value.to_owned()),
                "attributes" => raw.attributes.extend(names()),
                "excludedattributes" => raw.excluded.extend(names()),
                _ => {}
            }
        }
        raw.read()
    }

    /// From the body of a `.search`.
    ///
    /// # Errors
    /// As [`Query::from_parameters`]; `invalidSyntax`: it is no such body.
    pub fn from_body(body: &Value) -> Result<Self, ScimError> {
        let members = body
            .as_object()
            .ok_or_else(|| ScimError::new(ErrorKind::InvalidSyntax, "the body must be a JSON object"))?;
        let present = |name: &str| member(members, name).filter(|value| !value.is_null());
        let text = |name: &str| match present(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(ScimError::new(ErrorKind::InvalidSyntax, format!("`{name}` must be a text"))),
        };
        let names = |name: &str| match present(name) {
            None => Ok(Vec::new()),
            Some(Value::String(names)) => Ok(names.split(',').map(str::to_owned).collect()),
            Some(Value::Array(names)) => Ok(names.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
            Some(_) => Err(ScimError::new(ErrorKind::InvalidSyntax, format!("`{name}` must be a list of names"))),
        };
        let raw = Raw {
            filter: text("filter")?,
            sort_by: text("sortBy")?,
            sort_order: text("sortOrder")?,
            cursor: text("cursor")?,
            start_index: present("startIndex").cloned(),
            count: present("count").cloned(),
            attributes: names("attributes")?,
            excluded: names("excludedAttributes")?,
        };
        raw.read()
    }
}

#[derive(Default)]
struct Raw {
    filter: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    start_index: Option<Value>,
    count: Option<Value>,
    cursor: Option<String>,
    attributes: Vec<String>,
    excluded: Vec<String>,
}

impl Raw {
    fn read(self) -> Result<Query, ScimError> {
        let filter = self.filter.as_deref().map(Filter::parse).transpose()?;
        let sorting = match self.sort_by.as_deref().filter(|by| !by.is_empty()) {
            None => None,
            Some(by) => Some(Sorting {
                by: AttributePath::parse(by, ErrorKind::InvalidPath)?,
                descending: descending(self.sort_order.as_deref())?,
            }),
        };
        let wrong_count = if self.cursor.is_some() { ErrorKind::InvalidCount } else { ErrorKind::InvalidValue };
        let count = self.count.as_ref().map(|count| whole(count, "count", wrong_count)).transpose()?;
        let start = match (&self.cursor, &self.start_index) {
            (None, Some(start)) => whole(start, "startIndex", ErrorKind::InvalidValue)?,
            _ => 1,
        };
        let paging = match self.cursor {
            Some(cursor) => Paging::Cursor(cursor),
            None => Paging::Index(u64::try_from(start).unwrap_or(0).max(1)),
        };
        let count = count.map(|count| u64::try_from(count).unwrap_or(0));
        let projection =
            Projection::new(self.attributes.iter().map(String::as_str), self.excluded.iter().map(String::as_str));
        Ok(Query { filter, filter_text: self.filter.unwrap_or_default(), sorting, paging, count, projection })
    }
}

fn descending(order: Option<&str>) -> Result<bool, ScimError> {
    match order {
        None | Some("") => Ok(false),
        Some(order) if order.eq_ignore_ascii_case("ascending") => Ok(false),
        Some(order) if order.eq_ignore_ascii_case("descending") => Ok(true),
        Some(_) => Err(ScimError::new(ErrorKind::InvalidValue, "`sortOrder` must be `ascending` or `descending`")),
    }
}

fn whole(value: &Value, name: &str, kind: ErrorKind) -> Result<i64, ScimError> {
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_i64(),
    };
    number.ok_or_else(|| ScimError::new(kind, format!("`{name}` must be a whole number")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn indices_and_counts() {
        let query = |text: &'static str| {
            Query::from_parameters(text.split('&').filter_map(|pair| pair.split_once('=')))
                .map(|one| (one.paging, one.count))
        };
        assert_eq!(query("startIndex=0&count=-1").unwrap(), (Paging::Index(1), Some(0)));
        assert_eq!(query("STARTINDEX=7&count=10").unwrap(), (Paging::Index(7), Some(10)));
        assert_eq!(query("cursor=&count=10").unwrap(), (Paging::Cursor(String::new()), Some(10)));
        assert_eq!(query("cursor=abc&startIndex=x").unwrap(), (Paging::Cursor("abc".into()), None));
        assert_eq!(query("count=ten").unwrap_err().kind, ErrorKind::InvalidValue);
        assert_eq!(query("cursor=&count=ten").unwrap_err().kind, ErrorKind::InvalidCount);
        assert_eq!(query("startIndex=one").unwrap_err().kind, ErrorKind::InvalidValue);
        assert_eq!(query("sortBy=userName&sortOrder=up").unwrap_err().kind, ErrorKind::InvalidValue);
        assert_eq!(query("filter=userName").unwrap_err().kind, ErrorKind::InvalidFilter);
    }

    #[test]
    fn a_body_asks_the_same() {
        let body = json!({"filter": "userName eq \"a\"", "sortBy": "userName", "sortOrder": "descending", "startIndex": 2,
            "count": 5, "attributes": ["userName"], "cursor": null});
        let text = [
            ("filter", "userName eq \"a\""),
            ("sortBy", "userName"),
            ("sortOrder", "descending"),
            ("startIndex", "2"),
            ("count", "5"),
            ("attributes", "userName"),
        ];
        assert_eq!(Query::from_body(&body).unwrap(), Query::from_parameters(text).unwrap());
        for wrong in [json!([]), json!({"filter": 1}), json!({"attributes": 1})] {
            assert_eq!(Query::from_body(&wrong).unwrap_err().kind, ErrorKind::InvalidSyntax, "{wrong}");
        }
    }
}
