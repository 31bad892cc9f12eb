//! What would keep a configuration from working.
//!
//! A connector never sees the token, and may not write while it checks. So it asks which permissions its own application
//! was granted, where it is told which application that is; else it finds out by reading what can be read.

use crate::graph::{Graph, quoted};
use crate::{app_roles, licences, permissions};
use purser_sdk::serde_json::Value;
use purser_sdk::{CheckLevel, Error, ErrorClass, Finding, Severity};
use std::collections::BTreeSet;

/// Microsoft Graph's application id, the same in all tenants.
const GRAPH_APP: &str = "00000003-0000-0000-c000-000000000000";

/// Looks for it by reading.
pub fn check(graph: &Graph, level: CheckLevel) -> Vec<Finding> {
    match level {
        CheckLevel::Offline => Vec::new(),
        CheckLevel::Connect => unreadable(graph, "/users").into_iter().collect(),
        CheckLevel::Permissions => check_permissions(graph),
    }
}

fn check_permissions(graph: &Graph) -> Vec<Finding> {
    let mut findings = match &graph.config.application_id {
        None => guessed(graph),
        Some(application) => match missing(graph, application) {
            Ok(missing) => missing.into_iter().map(lacks).collect(),
            Err(error) => vec![of_error(&error)],
        },
    };
    if findings.is_empty() && graph.config.licences {
        findings.extend(licences::Licences::read(graph).err().map(|error| of_error(&error)));
    }
    if findings.is_empty() && !graph.config.app_roles.is_empty() {
        findings.extend(app_roles::all(graph).err().map(|error| of_error(&error)));
    }
    findings
}

/// The permissions that are wanted and were not granted, in the order in which they are needed.
fn missing(graph: &Graph, application: &str) -> Result<Vec<&'static str>, Error> {
    let own = service_principal(graph, application, "id")?;
    let of_graph = service_principal(graph, GRAPH_APP, "id,appRoles")?;
    let path = format!("/servicePrincipals/{}/appRoleAssignments", own["id"].as_str().unwrap_or_default());
    let assigned = graph.read_all(&path, &[])?;
    let held: BTreeSet<&str> = assigned
        .iter()
        .filter(|assigned| assigned["resourceId"] == of_graph["id"])
        .filter_map(|assigned| assigned["appRoleId"].as_str())
        .collect();
    let roles = of_graph["appRoles"].as_array().into_iter().flatten();
    let granted: BTreeSet<&str> = roles
        .filter(|role| role["id"].as_str().is_some_and(|id| held.contains(id)))
        .filter_map(|role| role["value"].as_str())
        .collect();
    let wanted = permissions::wanted(&graph.config).into_iter();
    let lacking =
        wanted.filter(|(name, wider)| !granted.contains(name) && !wider.iter().any(|name| granted.contains(name)));
    Ok(lacking.map(|(name, _)| name).collect())
}

fn service_principal(graph: &Graph, application: &str, names: &str) -> Result<Value, Error> {
    let filter = format!("appId eq {}", quoted(application));
    let found = graph.read_all("/servicePrincipals", &[("$filter", filter), ("$select", names.to_owned())])?;
    found.into_iter().next().ok_or_else(|| {
        Error::invalid_config(format!(
            "there is no enterprise application with the application id {application} in the tenant"
        ))
    })
}

/// What reading shows: which permissions there are for writing stays open, and that is said.
fn guessed(graph: &Graph) -> Vec<Finding> {
    let config = &graph.config;
    let also = [
        (config.restore_deleted, "/directory/deletedItems/microsoft.graph.user"),
        (config.licences, "/subscribedSkus"),
        (config.directory_roles, "/roleManagement/directory/roleDefinitions"),
    ];
    let also = also.into_iter().filter(|(needed, _)| *needed).map(|(_, path)| path);
    let mut findings: Vec<Finding> =
        ["/users", "/groups"].into_iter().chain(also).filter_map(|path| unreadable(graph, path)).collect();
    let needed: Vec<&str> = permissions::wanted(config).into_iter().map(|(name, _)| name).collect();
    let open = Finding::new(
        Severity::Info,
        "permissions-not-looked-at",
        format!("whether the application may write was not looked at; it needs {}", needed.join(", ")),
    );
    findings.push(open.with_remedy(
        "set `application_id` to the Application (client) ID and grant Application.Read.All: then each missing permission is named",
    ));
    findings
}

fn unreadable(graph: &Graph, path: &str) -> Option<Finding> {
    // Not everything that is read here takes options.
    let query: &[(&str, String)] = if path == "/users" || path == "/groups" {
        &[("$top", "1".to_owned()), ("$select", "id".to_owned())]
    } else {
        &[]
    };
    graph.read(path, query).err().map(|error| of_error(&error))
}

fn of_error(error: &Error) -> Finding {
    let finding = Finding::from(error);
    match &error.class {
        ErrorClass::PermissionDenied(Some(name)) => finding.with_remedy(permissions::remedy(name)),
        _ => finding,
    }
}

fn lacks(name: &'static str) -> Finding {
    let message = format!("the application permission {name} of Microsoft Graph is missing");
    Finding::new(Severity::Error, "permission-denied", message).with_remedy(permissions::remedy(name))
}
