//! What would keep a configuration from working.

use crate::manifest::PERMISSIONS;
use crate::org::Org;
use crate::soql;
use purser_sdk::{CheckLevel, Error, Finding, Severity};

/// Below this share of the day's requests a warning is given, in percent.
const FEW_REQUESTS: u64 = 10;

/// Looks for it. Nothing is written.
pub fn check(org: &Org, level: CheckLevel) -> Vec<Finding> {
    if level == CheckLevel::Offline {
        return Vec::new();
    }
    let mut findings = match requests(org) {
        Ok(finding) => finding.into_iter().collect::<Vec<_>>(),
        Err(error) => return vec![finding_of(&error)],
    };
    if level == CheckLevel::Permissions {
        findings.extend(permissions(org).unwrap_or_else(|error| vec![finding_of(&error)]));
        findings.extend(profile(org).unwrap_or_else(|error| Some(finding_of(&error))));
    }
    findings
}

fn finding_of(error: &Error) -> Finding {
    let finding = Finding::from(error);
    match error.native_code.as_deref() {
        Some("API_DISABLED_FOR_ORG" | "API_CURRENTLY_DISABLED") => finding.with_remedy(
            "Setup, Permission Sets: give the integration user a permission set with the system permission `API Enabled`",
        ),
        Some("NOT_FOUND") => finding.with_remedy("Set `url` to https://MyDomain.my.salesforce.com, without a path"),
        _ => finding,
    }
}

fn requests(org: &Org) -> Result<Option<Finding>, Error> {
    let limits = org.read(&org.path("/limits"), &[])?;
    let requests = &limits["DailyApiRequests"];
    let (Some(most), Some(left)) = (requests["Max"].as_u64(), requests["Remaining"].as_u64()) else { return Ok(None) };
    let few = left.saturating_mul(100) < most.saturating_mul(FEW_REQUESTS);
    Ok(few.then(|| {
        let message = format!("Only {left} of {most} API requests of the last 24 hours are left");
        Finding::new(Severity::Warning, "few-requests", message)
            .with_remedy("Setup, Company Information, API Requests: see who uses them, or buy more")
    }))
}

fn permissions(org: &Org) -> Result<Vec<Finding>, Error> {
    let fields: Vec<&str> = PERMISSIONS.iter().map(|(field, ..)| *field).collect();
    let held = org.query(&format!("SELECT {} FROM UserPermissionAccess LIMIT 1", fields.join(", ")))?;
    let Some(held) = held.first() else {
        let message = "Salesforce does not say which permissions the integration user has";
        return Ok(vec![Finding::new(Severity::Warning, "permissions-unknown", message)]);
    };
    let missing = PERMISSIONS.iter().filter(|(field, ..)| held[*field] != true);
    let findings = missing.map(|(_, name, why)| {
        Finding::new(Severity::Error, "missing-permission", format!("The integration user lacks `{name}`: {why}"))
            .with_remedy(format!(
                "Setup, Permission Sets: add the system permission `{name}` to a permission set and assign that to the \
                 integration user"
            ))
    });
    Ok(findings.collect())
}

fn profile(org: &Org) -> Result<Option<Finding>, Error> {
    let name = &org.config.profile;
    let found = org.query(&format!("SELECT Id FROM Profile WHERE Name = {}", soql::text(name)))?;
    Ok(found.is_empty().then(|| {
        let message = format!("There is no profile `{name}`, which new users would get");
        Finding::new(Severity::Error, "no-profile", message).with_remedy("Set `profile` to a name in Setup, Profiles")
    }))
}
