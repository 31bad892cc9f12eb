//! Lists of resources, by index (RFC 7644 3.4.2.4) and by cursor (RFC 9865).

use crate::LIST_SCHEMA;
use crate::error::{ErrorKind, ScimError};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Where a list goes on, as a client hands it back. It holds no secret and grants nothing: whatever it says, a client is
/// shown its own resources only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// How many resources, or up to which, were shown already; what it counts is the server's business.
    #[serde(rename = "a")]
    pub after: i64,
    /// When it was given, in seconds since 1970.
    #[serde(rename = "t")]
    pub given_at: i64,
    /// Which query it belongs to.
    #[serde(rename = "q")]
    pub query: String,
}

impl Cursor {
    /// What tells queries apart: their kind, filter and order.
    pub fn query_mark(parts: &[&str]) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        }
        BASE64_URL_SAFE_NO_PAD.encode(&hasher.finalize().as_bytes()[..9])
    }

    /// As it is answered.
    pub fn to_text(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(json!({"a": self.after, "t": self.given_at, "q": self.query}).to_string())
    }

    /// Reads a cursor that a client shows for a query at this time.
    ///
    /// # Errors
    /// `invalidCursor`: it is none, or of another query; `expiredCursor`: it is older than `timeout` seconds.
    pub fn read(text: &str, query: &str, now: i64, timeout: i64) -> Result<Self, ScimError> {
        let cursor = BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let cursor = cursor.and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok());
        let cursor = cursor.filter(|cursor| cursor.query == query && cursor.after >= 0).ok_or_else(|| {
            ScimError::new(ErrorKind::InvalidCursor, "this cursor is none of this query: begin with an empty `cursor`")
        })?;
        if now.saturating_sub(cursor.given_at) > timeout {
            return Err(ScimError::new(
                ErrorKind::ExpiredCursor,
                format!("the cursor was given more than {timeout} seconds ago: begin with an empty `cursor`"),
            ));
        }
        Ok(cursor)
    }
}

/// Where a page lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// By index, from 1 on.
    Index(u64),
    /// By cursor, with that of the next page.
    Cursor(Option<String>),
}

/// A page of a list.
pub fn list_response(resources: &[Value], total: u64, page: &Page) -> Value {
    let mut answer = json!({
        "schemas": [LIST_SCHEMA],
        "totalResults": total,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    match page {
        Page::Index(start) => answer["startIndex"] = (*start).into(),
        Page::Cursor(Some(next)) => answer["nextCursor"] = next.as_str().into(),
        Page::Cursor(None) => {}
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_holds_for_its_query_and_its_time() {
        let query = Cursor::query_mark(&["User", "userName pr", ""]);
        assert_ne!(query, Cursor::query_mark(&["User", "userName p", "r"]));
        let cursor = Cursor { after: 7, given_at: 1000, query: query.clone() };
        let text = cursor.to_text();
        assert_eq!(Cursor::read(&text, &query, 1100, 100), Ok(cursor));
        let kind = |text: &str, query: &str, now| Cursor::read(text, query, now, 100).unwrap_err().kind;
        assert_eq!(kind(&text, &query, 1101), ErrorKind::ExpiredCursor);
        assert_eq!(kind(&text, "other", 1000), ErrorKind::InvalidCursor);
        for wrong in ["", "x", "e30", &text[1..]] {
            assert_eq!(kind(wrong, &query, 1000), ErrorKind::InvalidCursor, "{wrong}");
        }
    }

    #[test]
    fn a_page_by_cursor_has_no_index() {
        let page = list_response(&[json!({})], 9, &Page::Cursor(Some("c".into())));
        assert_eq!(
            (page.get("startIndex"), &page["nextCursor"], &page["itemsPerPage"]),
            (None, &json!("c"), &json!(1))
        );
        let page = list_response(&[], 0, &Page::Index(1));
        assert_eq!((&page["startIndex"], &page["Resources"]), (&json!(1), &json!([])));
    }
}
