//! Who has which roles and is in which groups: the pages, and what their forms ask for.

use super::asking::{Asked, Named, Sent};
use super::changes::done;
use super::pages::{FEW, Page, SOME};
use super::signed_in::SignedIn;
use axum::http::Method;
use axum::response::Response;
use purser_console::{RoleAnswers, Said};
use purser_model::id::GroupName;
use serde_json::{Value, json};
use url::form_urlencoded;

pub(super) async fn roles(who: SignedIn, Asked(asked): Asked) -> Page {
    let listed = who.get(&asked.with("/v1/roles", &["after"], &[SOME])).await?;
    Ok(who.page(purser_console::roles(&who.frame(), &listed)))
}

pub(super) async fn role(who: SignedIn, Named(name): Named, Asked(asked): Asked) -> Page {
    let answers = RoleAnswers {
        role: who.get(&format!("/v1/roles/{name}")).await?,
        holders: who.get(&asked.with(&format!("/v1/roles/{name}/holders"), &["after"], &[SOME])).await?,
        assignments: who.get(&format!("/v1/assignments?role={name}&origin=api&limit={}", FEW.1)).await?,
    };
    Ok(who.page(purser_console::role(&who.frame(), &answers)))
}

pub(super) async fn groups(who: SignedIn, Asked(asked): Asked) -> Page {
    let listed = who.get(&asked.with("/v1/groups", &["after"], &[SOME])).await?;
    Ok(who.page(purser_console::groups(&who.frame(), &listed)))
}

pub(super) async fn group(who: SignedIn, Named(name): Named, Asked(asked): Asked) -> Page {
    let group = who.get(&format!("/v1/groups/{name}")).await?;
    let members = who.get(&asked.with(&format!("/v1/groups/{name}/members"), &["after"], &[SOME])).await?;
    Ok(who.page(purser_console::group(&who.frame(), &group, &members)))
}

pub(super) async fn assignments(who: SignedIn, Asked(asked): Asked) -> Page {
    let listed = who.get(&asked.with("/v1/assignments", &["role", "origin", "after"], &[SOME])).await?;
    Ok(who.page(purser_console::assignments(&who.frame(), &listed, asked.get("role"), asked.get("origin"))))
}

pub(super) async fn grant(Named(identity): Named, sent: Sent) -> Response {
    let mut body = json!({"identity": identity, "role": sent.form.get("role"), "reason": sent.form.get("reason")});
    add_moments(&mut body, &sent, &["from", "until"]);
    let answer = sent.who.send(Method::POST, "/v1/assignments", Some(&body)).await;
    done(&sent.who, &answer, &format!("/identities/{identity}"), "The role is granted.")
}

/// Adds the moments of these names to what is asked for, where the form has them.
pub(super) fn add_moments(body: &mut Value, sent: &Sent, names: &[&str]) {
    for name in names {
        if let Some(at) = sent.form.get(name) {
            body[*name] = Value::from(moment(at));
        }
    }
}

/// The query that gives the form's reason.
pub(super) fn reason(sent: &Sent) -> String {
    let reason = sent.form.get("reason").unwrap_or_default();
    form_urlencoded::Serializer::new(String::new()).append_pair("reason", reason).finish()
}

/// What a browser sends of a moment has no zone; the form says that it is UTC.
fn moment(at: &str) -> String {
    let is_bare = at.len() == "2026-01-02T03:04".len();
    if is_bare { format!("{at}:00Z") } else { format!("{at}Z") }
}

pub(super) async fn withdraw(Named(id): Named, sent: Sent) -> Response {
    let answer = sent.who.send(Method::DELETE, &format!("/v1/assignments/{id}"), None).await;
    // The page that the form stood on; nothing that would lead elsewhere.
    let page = sent.form.get("page").filter(|page| is_own(page)).unwrap_or("/assignments");
    done(&sent.who, &answer, page, "The assignment is withdrawn.")
}

fn is_own(page: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/-_.".contains(letter);
    ["/identities/", "/roles/"].iter().any(|begin| page.starts_with(begin)) && page.chars().all(is_plain)
}

pub(super) async fn change_group(Named(identity): Named, sent: Sent) -> Response {
    let page = format!("/identities/{identity}");
    let Some(group) = sent.form.get("group").and_then(|name| name.parse::<GroupName>().ok()) else {
        return sent.who.go(&page, Said::NotDone("No group was chosen.".to_owned()));
    };
    let (path, reason) =
        (format!("/v1/groups/{group}/members/{identity}"), sent.form.get("reason").unwrap_or_default());
    let (answer, text) = match sent.form.get("decision") {
        Some("remove") => {
            (sent.who.send(Method::DELETE, &format!("{path}?{}", self::reason(&sent)), None).await, "is taken out of")
        }
        _ => (sent.who.send(Method::PUT, &path, Some(&json!({"reason": reason}))).await, "is put into"),
    };
    done(&sent.who, &answer, &page, &format!("This person {text} the group {group}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_withdrawal_one_is_back_on_a_page_of_this_host() {
        for own in ["/identities/0198-a", "/roles/sales"] {
            assert!(is_own(own), "{own}");
        }
        for other in ["//evil.example", "https://evil.example", "/roles/x?y=1", "/roles/\r\nx", "/assignments"] {
            assert!(!is_own(other), "{other}");
        }
    }

    #[test]
    fn a_moment_of_a_form_is_utc() {
        assert_eq!(moment("2026-01-02T03:04"), "2026-01-02T03:04:00Z");
        assert_eq!(moment("2026-01-02T03:04:05"), "2026-01-02T03:04:05Z");
    }
}
