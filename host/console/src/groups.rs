//! Groups: how each gets its members, and who they are.

use crate::answers::{Listed, Unreadable, read};
use crate::frame::Frame;
use crate::holders::{Holder, holder_table};
use crate::words::{next_page, nothing, table};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Group {
    name: String,
    kind: String,
    rule: Option<String>,
    declared_members: u64,
    roles: Vec<String>,
}

/// The list; `listed` is the answer of `GET /v1/groups`.
///
/// # Errors
/// The answer is not what the API gives.
pub fn groups(frame: &Frame, listed: &Value) -> Result<String, Unreadable> {
    let listed: Listed<Group> = read(listed)?;
    let rows = html! {
        @for group in &listed.items {
            tr {
                th scope="row" { a href={ "/groups/" (group.name) } { (group.name) } }
                td { (members(group)) }
                td { (roles(group)) }
            }
        }
    };
    let content = html! {
        @if listed.items.is_empty() { (nothing("No group is declared.")) }
        @else { (table("Groups", &["Group", "Members", "Roles that they have"], &rows)) }
        (next_page("/groups", &[], ("after", listed.next().as_deref())))
    };
    Ok(frame.page("/groups", "Groups", &content))
}

/// One group; `answer` is that of `GET /v1/groups/{name}`, `listed` that of its members.
///
/// # Errors
/// An answer is not what the API gives.
pub fn group(frame: &Frame, answer: &Value, listed: &Value) -> Result<String, Unreadable> {
    let (group, listed): (Group, Listed<Holder>) = (read(answer)?, read(listed)?);
    let content = html! {
        section.card aria-label="What is declared" {
            dl.facts {
                div { dt { "Members" } dd { (members(&group)) } }
                div { dt { "Roles that they have" } dd { (roles(&group)) } }
            }
            @if group.kind == "static" && frame.may("operate") { p.hint { "On a person's page, the person is put into it or taken out." } }
        }
        section aria-labelledby="members" {
            h2 #members { "Who is in it" }
            @if listed.items.is_empty() { (nothing("Nobody on this page.")) } @else { (holder_table("Members", &listed.items)) }
        }
        (next_page(&format!("/groups/{}", group.name), &[], ("after", listed.next().as_deref())))
    };
    Ok(frame.page("/groups", &group.name, &content))
}

fn members(group: &Group) -> Markup {
    html! {
        @match &group.rule { Some(rule) => p { "by the rule " code { (rule) } }, None => p { "put in one by one" } }
        @if group.declared_members > 0 { p { (group.declared_members) " named in the declarations" } }
    }
}

fn roles(group: &Group) -> Markup {
    html! {
        @if group.roles.is_empty() { span.quiet { "none" } }
        @for (place, name) in group.roles.iter().enumerate() { @if place > 0 { ", " } a href={ "/roles/" (name) } { (name) } }
    }
}
