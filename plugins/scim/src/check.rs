//! What would keep a configuration from working.

use crate::class::Class;
use crate::config::{FilterSupport, UpdateMode};
use crate::server::Server;
use purser_sdk::{CheckLevel, ErrorClass, Finding, Severity};

/// Looks for it. Nothing is written: whether the credential may write shows with the first write only.
pub fn check(server: &Server, level: CheckLevel) -> Vec<Finding> {
    if level == CheckLevel::Offline {
        return Vec::new();
    }
    let classes: &[Class<'_>] = match level {
        CheckLevel::Permissions => &[Class::User, Class::Group],
        _ => &[Class::User],
    };
    let mut findings: Vec<Finding> = classes.iter().filter_map(|class| unreadable(server, *class)).collect();
    if findings.is_empty() {
        findings.extend(peculiarities(server));
    }
    findings
}

fn unreadable(server: &Server, class: Class<'_>) -> Option<Finding> {
    let query = [("startIndex", "1".to_owned()), ("count", "1".to_owned())];
    let error = server.read(class.path(), &query).err()?;
    let finding = Finding::from(&error);
    Some(match error.class {
        ErrorClass::NotFound => finding
            .with_remedy(format!("Set the endpoint's URL to the SCIM base URL, below which {} lies", class.path())),
        ErrorClass::PermissionDenied(_) | ErrorClass::AuthenticationFailed => {
            finding.with_remedy(format!("To read {} the credential must be {}", class.path(), permission(server)))
        }
        _ => finding,
    })
}

/// What the credential needs, in the words of the vendor's console where the server is known.
fn permission(server: &Server) -> String {
    let described = server.config.profile.and_then(|profile| profile.description().ok());
    described
        .map_or_else(|| "one that may read and write users and groups by SCIM".to_owned(), |known| known.permission)
}

fn peculiarities(server: &Server) -> Vec<Finding> {
    let provider = match server.provider() {
        Ok(provider) => provider,
        Err(error) => return vec![Finding::from(&error)],
    };
    let mut findings = Vec::new();
    if !provider.patch && server.config.update_mode == UpdateMode::Patch {
        let finding = Finding::new(Severity::Error, "no-patch", "The server announces that it has no PATCH");
        findings.push(finding.with_remedy("Set `update_mode` to `auto` or `put`"));
    }
    if !provider.filter && server.config.filter == FilterSupport::Auto {
        let message = "The server announces that it filters nothing: every look-up reads the whole list";
        findings.push(Finding::new(Severity::Warning, "no-filter", message));
    }
    if !server.checks_versions().unwrap_or(false) {
        let message = "The server checks no versions: a change made in it at the same moment may be overwritten";
        findings.push(Finding::new(Severity::Info, "no-versions", message));
    }
    findings
}
