//! The change feed of users: Graph's delta queries. A touched account is read again, so that one spelling is compared.

use crate::class::Class;
use crate::graph::Graph;
use purser_sdk::serde_json::Value;
use purser_sdk::{Change, ChangePage, ChangeTail, Error};

/// One page of the feed. Without cursor it starts now.
///
/// # Errors
/// `cursor-expired` after seven days; `unsupported` for groups, whose members come with full runs.
pub fn changes(graph: &Graph, class: Class, cursor: Option<&str>) -> Result<ChangePage, Error> {
    if class == Class::Group {
        return Err(Error::unsupported("there is no change feed of groups: reconcile them in full"));
    }
    let body = match cursor {
        Some(link) => graph.follow(link)?,
        None => {
            let query = [("$select", class.select()), ("$deltatoken", "latest".to_owned())];
            graph.read("/users/delta", &query)?
        }
    };
    let changed = body["value"].as_array().into_iter().flatten();
    let changes = changed.filter_map(change).collect();
    let tail = match (body["@odata.nextLink"].as_str(), body["@odata.deltaLink"].as_str()) {
        (Some(link), _) => ChangeTail::More(link.to_owned()),
        (None, Some(link)) => ChangeTail::Current(link.to_owned()),
        (None, None) => return Err(Error::defect("Graph ended a delta answer without a link to go on")),
    };
    Ok(ChangePage { changes, tail })
}

fn change(shown: &Value) -> Option<Change> {
    let id = shown["id"].as_str()?.to_owned();
    Some(if shown["@removed"].is_null() { Change::Touched(id) } else { Change::Gone(id) })
}
