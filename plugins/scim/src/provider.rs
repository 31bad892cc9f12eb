//! What a server says about itself in `/ServiceProviderConfig` (RFC 7643 section 5, RFC 9865 section 4).

use crate::document::{boolean, count, field};
use purser_sdk::serde_json::Value;
use serde::{Deserialize, Serialize};

/// For how long the answer is kept, in milliseconds.
pub const KEPT_FOR_MS: u64 = 60 * 60 * 1000;

/// What a server can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// It takes PATCH.
    pub patch: bool,
    /// It filters.
    pub filter: bool,
    /// Most objects in one answer.
    pub max_results: Option<u32>,
    /// It checks versions.
    pub etag: bool,
    /// It lets passwords be changed.
    pub change_password: bool,
    /// It pages by cursor.
    pub cursor: bool,
    /// It pages by index. A server that says nothing does.
    pub index: bool,
    /// Largest page.
    pub max_page_size: Option<u32>,
    /// It takes bulk requests.
    pub bulk: bool,
    /// Most operations in one.
    pub bulk_operations: Option<u32>,
    /// Most bytes of one.
    pub bulk_payload: Option<u32>,
}

/// A server that does not say: PATCH and filters are tried, versions are not sent.
impl Default for Provider {
    fn default() -> Self {
        Self {
            patch: true,
            filter: true,
            max_results: None,
            etag: false,
            change_password: true,
            cursor: false,
            index: true,
            max_page_size: None,
            bulk: false,
            bulk_operations: None,
            bulk_payload: None,
        }
    }
}

impl Provider {
    /// Reads a ServiceProviderConfig; what is missing is as for a server that does not say.
    pub fn parse(document: &Value) -> Self {
        let unsaid = Self::default();
        let supported = |feature| flag(document, feature, "supported");
        Self {
            patch: supported("patch").unwrap_or(unsaid.patch),
            filter: supported("filter").unwrap_or(unsaid.filter),
            max_results: size(document, "filter", "maxResults"),
            etag: supported("etag").unwrap_or(unsaid.etag),
            change_password: supported("changePassword").unwrap_or(unsaid.change_password),
            cursor: flag(document, "pagination", "cursor").unwrap_or(unsaid.cursor),
            index: flag(document, "pagination", "index").unwrap_or(unsaid.index),
            max_page_size: size(document, "pagination", "maxPageSize"),
            bulk: supported("bulk").unwrap_or(unsaid.bulk),
            bulk_operations: size(document, "bulk", "maxOperations"),
            bulk_payload: size(document, "bulk", "maxPayloadSize"),
        }
    }
}

fn flag(document: &Value, feature: &str, name: &str) -> Option<bool> {
    boolean(field(field(document, feature)?, name)?)
}

/// A limit; 0 means that none is given.
fn size(document: &Value, feature: &str, name: &str) -> Option<u32> {
    let size = count(field(field(document, feature)?, name)?)?;
    u32::try_from(size).ok().filter(|size| *size > 0)
}

/// What is kept in the host's state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Kept {
    /// When it was read, in milliseconds since 1970.
    pub at_ms: u64,
    /// What was read.
    pub provider: Provider,
}

impl Kept {
    /// Whether it is still to be used; a clock that was set back ends it.
    pub fn is_fresh(&self, now_ms: u64) -> bool {
        now_ms.checked_sub(self.at_ms).is_some_and(|age| age < KEPT_FOR_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_sdk::serde_json::json;

    #[test]
    fn a_full_answer_is_read() {
        let provider = Provider::parse(&json!({
            "patch": {"supported": false}, "filter": {"supported": true, "maxResults": "200"},
            "ETag": {"supported": "true"}, "changePassword": {"supported": false},
            "pagination": {"cursor": true, "index": false, "maxPageSize": 50},
            "bulk": {"supported": true, "maxOperations": 10, "maxPayloadSize": 1_048_576},
        }));
        let expected = Provider {
            patch: false,
            filter: true,
            max_results: Some(200),
            etag: true,
            change_password: false,
            cursor: true,
            index: false,
            max_page_size: Some(50),
            bulk: true,
            bulk_operations: Some(10),
            bulk_payload: Some(1_048_576),
        };
        assert_eq!(provider, expected);
    }

    #[test]
    fn an_empty_answer_is_a_server_that_does_not_say() {
        assert_eq!(Provider::parse(&json!({})), Provider::default());
        assert_eq!(Provider::parse(&json!([])), Provider::default());
    }

    #[test]
    fn it_is_kept_for_an_hour() {
        let kept = Kept { at_ms: 1000, provider: Provider::default() };
        assert!(kept.is_fresh(1000) && kept.is_fresh(999 + KEPT_FOR_MS));
        assert!(!kept.is_fresh(1000 + KEPT_FOR_MS) && !kept.is_fresh(999));
    }
}
