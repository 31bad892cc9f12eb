//! Roles: what each grants, and who has it by what.

use crate::answers::{Listed, Unreadable, read};
use crate::assignments::{Assignment, Of, assignment_table};
use crate::frame::Frame;
use crate::holders::{Holder, holder_table};
use crate::words::{next_page, nothing, table, time_or};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

/// What the API answers for the page of a role.
#[derive(Debug)]
pub struct RoleAnswers {
    /// `GET /v1/roles/{name}`
    pub role: Value,
    /// `GET /v1/roles/{name}/holders`
    pub holders: Value,
    /// `GET /v1/assignments` of this role that were made over the API
    pub assignments: Value,
}

#[derive(Deserialize)]
struct Role {
    name: String,
    grants: Vec<Granted>,
    contains: Vec<String>,
    contained_in: Vec<String>,
    excludes: Vec<String>,
    groups: Vec<String>,
    rule: Option<String>,
    declared_members: u64,
    from: Option<String>,
    until: Option<String>,
}

#[derive(Deserialize)]
struct Granted {
    target: String,
    entitlements: Vec<String>,
}

/// The list; `listed` is the answer of `GET /v1/roles`.
///
/// # Errors
/// The answer is not what the API gives.
pub fn roles(frame: &Frame, listed: &Value) -> Result<String, Unreadable> {
    let listed: Listed<Role> = read(listed)?;
    let rows = html! {
        @for role in &listed.items {
            tr {
                th scope="row" { a href={ "/roles/" (role.name) } { (role.name) } }
                td { (grants(role)) }
                td { (by(role)) }
            }
        }
    };
    let content = html! {
        @if listed.items.is_empty() { (nothing("No role is declared.")) }
        @else { (table("Roles", &["Role", "Grants", "Had by"], &rows)) }
        (next_page("/roles", &[], ("after", listed.next().as_deref())))
    };
    Ok(frame.page("/roles", "Roles", &content))
}

/// One role.
///
/// # Errors
/// An answer is not what the API gives.
pub fn role(frame: &Frame, answers: &RoleAnswers) -> Result<String, Unreadable> {
    let role: Role = read(&answers.role)?;
    let holders: Listed<Holder> = read(&answers.holders)?;
    let assignments: Listed<Assignment> = read(&answers.assignments)?;
    let path = format!("/roles/{}", role.name);
    let content = html! {
        section.card aria-label="What is declared" {
            dl.facts {
                div { dt { "Grants" } dd { (grants(&role)) } }
                div { dt { "Had by" } dd { (by(&role)) } }
                @if !role.contained_in.is_empty() { div { dt { "Contained in" } dd { (role_links(&role.contained_in)) } } }
                @if !role.excludes.is_empty() { div { dt { "Never together with" } dd { (role_links(&role.excludes)) } } }
                @if role.from.is_some() || role.until.is_some() {
                    div { dt { "From" } dd { (time_or(role.from.as_deref(), "ever")) } }
                    div { dt { "Until" } dd { (time_or(role.until.as_deref(), "for ever")) } }
                }
            }
        }
        section aria-labelledby="assigned" {
            h2 #assigned { "Assigned by people" }
            @if assignments.items.is_empty() { (nothing("Nobody assigned it; on a person's page it can be granted.")) }
            @else { (assignment_table(frame, "Assignments", &assignments.items, Of::Everybody, &path)) }
            @if assignments.next().is_some() { p { a href={ "/assignments?role=" (role.name) "&origin=api" } { "All of them" } } }
        }
        section aria-labelledby="holders" {
            h2 #holders { "Who has it" }
            @if holders.items.is_empty() { (nothing("Nobody on this page.")) } @else { (holder_table("Who has it", &holders.items)) }
        }
        (next_page(&path, &[], ("after", holders.next().as_deref())))
    };
    Ok(frame.page("/roles", &role.name, &content))
}

fn grants(role: &Role) -> Markup {
    html! {
        @if role.grants.is_empty() && role.contains.is_empty() { span.quiet { "nothing" } }
        @for one in &role.grants {
            p { a href={ "/targets/" (one.target) } { (one.target) } @if !one.entitlements.is_empty() { ": " (one.entitlements.join(", ")) } }
        }
        @if !role.contains.is_empty() { p { "what is in " (role_links(&role.contains)) } }
    }
}

fn by(role: &Role) -> Markup {
    html! {
        @if let Some(rule) = &role.rule { p { "rule " code { (rule) } } }
        @for group in &role.groups { p { "group " a href={ "/groups/" (group) } { (group) } } }
        @if role.declared_members > 0 { p { (role.declared_members) " named in the declarations" } }
    }
}

fn role_links(names: &[String]) -> Markup {
    html! { @for (place, name) in names.iter().enumerate() { @if place > 0 { ", " } a href={ "/roles/" (name) } { (name) } } }
}
