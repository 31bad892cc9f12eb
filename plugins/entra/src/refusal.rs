//! Why Graph refused: what its answer does not say in a form to act on is read from the object.

use crate::graph::Graph;
use purser_sdk::http::escape_segment;
use purser_sdk::serde_json::Value;
use purser_sdk::{Error, ErrorClass};

/// For how long an object that is not visible yet is left alone.
const UNSEEN_MS: u64 = 2_000;

/// The error of a write to a group: those that another system or a rule fills cannot be written at all.
pub fn of_group(graph: &Graph, id: &str, error: Error) -> Error {
    if !matches!(error.class, ErrorClass::InvalidValue(_) | ErrorClass::PermissionDenied(_)) {
        return error;
    }
    let query = [("$select", "groupTypes,mailEnabled,onPremisesSyncEnabled".to_owned())];
    let Ok(group) = graph.read(&format!("/groups/{}", escape_segment(id)), &query) else { return error };
    match reason(&group) {
        None => error,
        Some(reason) => {
            let native = error.native_code.unwrap_or_default();
            Error::unsupported(format!("the group {id} {reason}")).with_native_code(native)
        }
    }
}

fn reason(group: &Value) -> Option<&'static str> {
    let has = |kind: &str| group["groupTypes"].as_array().is_some_and(|kinds| kinds.iter().any(|known| known == kind));
    if has("DynamicMembership") {
        return Some("has dynamic membership: change its rule, or use another group");
    }
    if group["onPremisesSyncEnabled"] == true {
        return Some("is synchronised from Active Directory: change it there");
    }
    let by_mail = group["mailEnabled"] == true && !has("Unified");
    by_mail.then_some("is a distribution group or a mail-enabled security group: change it in Exchange")
}

/// The error of a write to an account that Graph did not find: `not-found` where it was deleted, and a wait where nothing
/// is known of it, since what was made a moment ago may not be visible yet.
pub fn of_account(graph: &Graph, id: &str, error: Error) -> Error {
    if !error.is_not_found() || graph.config.consistency_lag_ms == 0 {
        return error;
    }
    if is_deleted(graph, id) {
        return error;
    }
    Error::unavailable(Some(UNSEEN_MS), format!("{}; the account may not be visible yet", error.message))
}

/// Whether an object is known to be deleted.
pub fn is_deleted(graph: &Graph, id: &str) -> bool {
    graph.read(&format!("/directory/deletedItems/{}", escape_segment(id)), &[("$select", "id".to_owned())]).is_ok()
}
