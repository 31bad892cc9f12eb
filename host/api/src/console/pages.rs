//! Pages that only show: each asks the API for what it shows.

use super::asking::{Asked, Named};
use super::signed_in::SignedIn;
use axum::response::Response;
use purser_console::{GrantingAnswers, InsightAnswer, OverviewAnswers, PersonAnswers, SettingsAnswers, TargetAnswers};
use purser_model::id::IdentityId;

pub(super) type Page = Result<Response, Response>;

/// Entries on a page, where they are large.
pub(super) const SOME: (&str, &str) = ("limit", "50");
/// Entries of a part of a page.
pub(super) const FEW: (&str, &str) = ("limit", "20");

pub(super) async fn overview(who: SignedIn) -> Page {
    let answers = OverviewAnswers {
        targets: who.get("/v1/targets").await?,
        held: who.get("/v1/held?state=pending").await?,
        cases: who.get("/v1/cases?state=open").await?,
        quarantine: who.get("/v1/quarantine").await?,
        latency: who.get("/v1/insight/latency").await?,
        failures: who.get("/v1/insight/failures").await?,
        drift: who.get("/v1/insight/drift?limit=10").await?,
    };
    Ok(who.page(purser_console::overview(&who.frame(), &answers)))
}

pub(super) async fn identities(who: SignedIn, Asked(asked): Asked) -> Page {
    let listed = who.get(&asked.with("/v1/identities", &["search", "state", "after"], &[SOME])).await?;
    Ok(who.page(purser_console::identities(&who.frame(), &listed, asked.get("search"), asked.get("state"))))
}

pub(super) async fn person(who: SignedIn, Named(id): Named) -> Page {
    // Roles and groups are about the whole host: owners of targets do not see them.
    let granting = match who.is_owner() {
        true => None,
        false => Some(GrantingAnswers {
            assignments: who.get(&format!("/v1/assignments?identity={id}")).await?,
            roles: who.get("/v1/roles?limit=500").await?,
            groups: who.get("/v1/groups?limit=500").await?,
        }),
    };
    let answers = PersonAnswers {
        identity: who.get(&format!("/v1/identities/{id}")).await?,
        explanation: who.get(&format!("/v1/identities/{id}/explanation")).await?,
        operations: who.get(&format!("/v1/operations?identity={id}&limit={}", FEW.1)).await?,
        audit: who.get(&format!("/v1/audit?identity={id}&limit={}", FEW.1)).await?,
        granting,
    };
    Ok(who.page(purser_console::person(&who.frame(), &answers)))
}

pub(super) async fn targets(who: SignedIn) -> Page {
    let (listed, quarantine) = (who.get("/v1/targets").await?, who.get("/v1/quarantine").await?);
    Ok(who.page(purser_console::targets(&who.frame(), &listed, &quarantine)))
}

pub(super) async fn target(who: SignedIn, Named(name): Named, Asked(asked): Asked) -> Page {
    let target = who.get(&format!("/v1/targets/{name}")).await?;
    let found = match asked.get("search") {
        Some(_) => Some(who.get(&asked.with("/v1/identities", &["search"], &[FEW])).await?),
        None => None,
    };
    let tried = match asked.get("identity").and_then(|id| id.parse::<IdentityId>().ok()) {
        Some(id) => {
            let identity = who.get(&format!("/v1/identities/{id}")).await?;
            Some((identity, who.get(&format!("/v1/identities/{id}/explanation?target={name}")).await?))
        }
        None => None,
    };
    let answers = TargetAnswers { target, found, tried };
    Ok(who.page(purser_console::target(&who.frame(), &answers, asked.get("search"))))
}

pub(super) async fn connectors(who: SignedIn) -> Page {
    let (files, upgrades) = (who.get("/v1/connectors").await?, who.get("/v1/upgrades").await?);
    Ok(who.page(purser_console::connectors(&who.frame(), &files, &upgrades)))
}

pub(super) async fn connector(who: SignedIn, Named(digest): Named, Asked(asked): Asked) -> Page {
    let connector = who.get(&format!("/v1/connectors/{digest}")).await?;
    let differences = match asked.get("former") {
        Some(_) => Some(who.get(&asked.with(&format!("/v1/connectors/{digest}/differences"), &["former"], &[])).await?),
        None => None,
    };
    Ok(who.page(purser_console::connector(&who.frame(), &connector, differences.as_ref())))
}

pub(super) async fn settings(who: SignedIn) -> Page {
    let (secrets, declarations) = match who.may("administer") {
        true => (Some(who.get("/v1/secrets").await?), Some(who.get("/v1/declarations").await?)),
        false => (None, None),
    };
    let (guard, schedules) = (who.get("/v1/guard").await?, who.get("/v1/schedules").await?);
    let answers = SettingsAnswers { guard, schedules, secrets, declarations };
    Ok(who.page(purser_console::settings(&who.frame(), &answers)))
}

pub(super) async fn insight(who: SignedIn, Asked(asked): Asked) -> Page {
    let path = |report: &str| asked.with(&format!("/v1/insight/{report}"), &["target", "after"], &[SOME]);
    let answer = match asked.get("report") {
        Some("dormant") => InsightAnswer::Dormant(who.get(&path("dormant")).await?),
        Some("entitlements") => InsightAnswer::Entitlements(who.get(&path("entitlements")).await?),
        _ => InsightAnswer::Orphans(who.get(&path("orphans")).await?),
    };
    Ok(who.page(purser_console::insight(&who.frame(), &answer, asked.get("target"))))
}

pub(super) async fn plans(who: SignedIn, Asked(asked): Asked) -> Page {
    let listed = who.get(&asked.with("/v1/plans", &["after"], &[FEW])).await?;
    Ok(who.page(purser_console::plans(&who.frame(), &listed)))
}

pub(super) async fn plan(who: SignedIn, Named(id): Named, Asked(asked): Asked) -> Page {
    let plan = who.get(&format!("/v1/plans/{id}")).await?;
    let lines = who.get(&asked.with(&format!("/v1/plans/{id}/items"), &["offset"], &[SOME])).await?;
    Ok(who.page(purser_console::plan(&who.frame(), &plan, &lines)))
}

pub(super) async fn held(who: SignedIn, Asked(asked): Asked) -> Page {
    let listed = who.get(&asked.with("/v1/held", &["target", "state", "after"], &[SOME])).await?;
    Ok(who.page(purser_console::held(&who.frame(), &listed, asked.get("target"), asked.get("state"))))
}

pub(super) async fn cases(who: SignedIn, Asked(asked): Asked) -> Page {
    let listed = who.get(&asked.with("/v1/cases", &["state", "after"], &[SOME])).await?;
    Ok(who.page(purser_console::cases(&who.frame(), &listed, asked.get("state"))))
}

pub(super) async fn case(who: SignedIn, Named(id): Named) -> Page {
    let case = who.get(&format!("/v1/cases/{id}")).await?;
    let identity = case["identity"].as_str().unwrap_or_default();
    let identity = who.get(&format!("/v1/identities/{identity}")).await?;
    Ok(who.page(purser_console::case(&who.frame(), &case, &identity)))
}

pub(super) async fn quarantine(who: SignedIn) -> Page {
    let answer = who.get("/v1/quarantine").await?;
    Ok(who.page(purser_console::quarantine(&who.frame(), &answer)))
}

pub(super) async fn runs(who: SignedIn, Asked(asked): Asked) -> Page {
    let listed = who.get(&asked.with("/v1/runs", &["after"], &[FEW])).await?;
    let targets = who.get("/v1/targets").await?;
    Ok(who.page(purser_console::runs(&who.frame(), &listed, &targets)))
}

pub(super) async fn operations(who: SignedIn, Asked(asked): Asked) -> Page {
    let listed = who.get(&asked.with("/v1/operations", &["target", "state", "identity", "after"], &[SOME])).await?;
    let (target, state, identity) = (asked.get("target"), asked.get("state"), asked.get("identity"));
    Ok(who.page(purser_console::operations(&who.frame(), &listed, target, state, identity)))
}

pub(super) async fn audit(who: SignedIn, Asked(asked): Asked) -> Page {
    let listed = who.get(&asked.with("/v1/audit", &["action", "actor", "identity", "after"], &[SOME])).await?;
    let (action, actor, identity) = (asked.get("action"), asked.get("actor"), asked.get("identity"));
    Ok(who.page(purser_console::audit(&who.frame(), &listed, action, actor, identity)))
}

pub(super) async fn checks(who: SignedIn) -> Page {
    // Who may see that is told by the page of what is checked.
    who.get("/v1/sources").await?;
    Ok(who.page(purser_console::checks(&who.frame(), None)))
}
