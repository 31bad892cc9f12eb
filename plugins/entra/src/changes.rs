//! The change feeds of users and groups: Graph's delta queries. What was touched is read again, so that one spelling is
//! compared; a group is touched by a change of its members too.

use crate::class::Class;
use crate::graph::Graph;
use purser_sdk::serde_json::Value;
use purser_sdk::{Change, ChangePage, ChangeTail, Error};

/// One page of the feed. Without cursor it starts now.
///
/// # Errors
/// `cursor-expired` after seven days; `unsupported` for licences and roles, which come with full runs.
pub fn changes(graph: &Graph, class: Class, cursor: Option<&str>) -> Result<ChangePage, Error> {
    if !matches!(class, Class::User | Class::Group) {
        return Err(Error::unsupported("there is a change feed of users and of groups: reconcile the others in full"));
    }
    let body = match cursor {
        Some(link) => graph.follow(link)?,
        None => {
            let query = [("$select", class.watched(&graph.config)), ("$deltatoken", "latest".to_owned())];
            graph.read(&format!("{}/delta", class.path()), &query)?
        }
    };
    let changed = body["value"].as_array().into_iter().flatten();
    let mut changes: Vec<Change> = Vec::new();
    for change in changed.filter_map(change) {
        // A group whose members do not fit into one entry is shown several times.
        if !changes.contains(&change) {
            changes.push(change);
        }
    }
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
