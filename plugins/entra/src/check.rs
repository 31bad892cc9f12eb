//! What would keep a configuration from working.

use crate::graph::Graph;
use purser_sdk::{CheckLevel, ErrorClass, Finding};

/// Looks for it by reading. Whether the credential may write shows with the first write only.
pub fn check(graph: &Graph, level: CheckLevel) -> Vec<Finding> {
    let probes: &[(&str, &str)] = match level {
        CheckLevel::Offline => &[],
        CheckLevel::Connect => &[("/users", "User.ReadWrite.All")],
        CheckLevel::Permissions => &[("/users", "User.ReadWrite.All"), ("/groups", "Group.ReadWrite.All")],
    };
    probes.iter().filter_map(|(path, permission)| unreadable(graph, path, permission)).collect()
}

fn unreadable(graph: &Graph, path: &str, permission: &str) -> Option<Finding> {
    let error = graph.read(path, &[("$top", "1".to_owned()), ("$select", "id".to_owned())]).err()?;
    let finding = Finding::from(&error);
    Some(match error.class {
        ErrorClass::PermissionDenied(_) => finding.with_remedy(format!(
            "In the Entra admin center, App registrations, API permissions: add the application permission {permission} \
             of Microsoft Graph, then Grant admin consent; it works with the next token"
        )),
        _ => finding,
    })
}
