//! Looks for what would keep the configuration from working, and names the scope or API that is missing.

use crate::access::Part;
use crate::api::Api;
use purser_sdk::{CheckLevel, Error, ErrorClass, Finding, Severity};

/// What was found.
pub fn check(api: &Api, level: CheckLevel) -> Vec<Finding> {
    match level {
        CheckLevel::Offline => Vec::new(),
        CheckLevel::Connect => try_part(api, Part::Users).into_iter().collect(),
        CheckLevel::Permissions => permissions(api),
    }
}

/// A token that is refused is refused for every part: it is said once.
fn permissions(api: &Api) -> Vec<Finding> {
    let mut findings = Vec::new();
    for part in used(api) {
        let Some(finding) = try_part(api, part) else { continue };
        let is_same = |known: &Finding| known.code == "authentication-failed" && finding.code == known.code;
        if !findings.iter().any(is_same) {
            findings.push(finding);
        }
    }
    findings
}

fn used(api: &Api) -> impl Iterator<Item = Part> {
    let licences = !api.config.licences.is_empty();
    Part::ALL.into_iter().filter(move |part| match part {
        // Nothing can be asked of it without ending somebody's sessions.
        Part::UserSecurity => false,
        Part::Licences => licences,
        _ => true,
    })
}

fn try_part(api: &Api, part: Part) -> Option<Finding> {
    let customer = api.config.customer.clone();
    let one = ("maxResults", "1".to_owned());
    let answer = match part {
        Part::Users | Part::UserSecurity => api.read(part, "/users", &[("customer", customer), one]),
        Part::Groups => api.read(part, "/groups", &[("customer", customer), one]),
        Part::OrgUnits => api.read(part, &api.customer_path("orgunits"), &[]),
        Part::Roles => api.read(part, &api.customer_path("roles"), &[one]),
        Part::Schemas => api.read(part, &api.customer_path("schemas"), &[]),
        Part::Licences => {
            let product = api.config.licences.first().and_then(|licence| licence.split('/').next()).unwrap_or_default();
            api.read(part, &format!("/product/{product}/users"), &[("customerId", customer), one])
        }
    };
    answer.err().map(|error| finding(api, part, &error))
}

fn finding(api: &Api, part: Part, error: &Error) -> Finding {
    let scope = part.scope();
    let code = error.native_code.as_deref().unwrap_or_default();
    match (&error.class, code) {
        (_, "accessNotConfigured") => Finding::new(Severity::Error, "api-disabled", format!("the API is switched off: {}", error.message))
            .with_remedy(format!("Google Cloud console > APIs & Services > Library: enable the {}", api_name(part))),
        (ErrorClass::PermissionDenied(_), "insufficientPermissions") => {
            Finding::new(Severity::Error, "missing-scope", format!("the scope {scope} is missing: {}", part.purpose()))
                .with_remedy(format!("Admin console > Security > API controls > Domain-wide delegation: add {scope} to the client, and to `scope`"))
        }
        (ErrorClass::PermissionDenied(_), _) => {
            Finding::new(Severity::Error, "missing-privilege", format!("the administrator may not do this: {}", error.message))
                .with_remedy(format!("Admin console > Account > Admin roles: give the user in `subject` a role with {}, so that {}", part.privilege(), part.purpose()))
        }
        (ErrorClass::AuthenticationFailed, _) => Finding::from(error).with_remedy(delegation(api)),
        _ => Finding::from(error),
    }
}

fn api_name(part: Part) -> &'static str {
    if part == Part::Licences { "Enterprise License Manager API" } else { "Admin SDK API" }
}

/// One scope that is not delegated makes the vendor refuse the token as a whole.
fn delegation(api: &Api) -> String {
    let scopes: Vec<&str> = used(api).map(Part::scope).collect();
    format!(
        "unauthorized_client: in Admin console > Security > API controls > Domain-wide delegation the client must have every scope \
         that `scope` lists; this configuration needs {}. invalid_grant: check `issuer`, `subject`, the key and this machine's clock",
        scopes.join(" ")
    )
}
