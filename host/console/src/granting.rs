//! What a person is given on the person's page: roles for a time, groups.

use crate::answers::{Listed, Unreadable, read};
use crate::assignments::{Assignment, Of, assignment_table};
use crate::frame::Frame;
use crate::words::nothing;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

/// What the API answers about the roles and groups of a person.
#[derive(Debug)]
pub struct GrantingAnswers {
    /// `GET /v1/assignments` of this identity
    pub assignments: Value,
    /// `GET /v1/roles`
    pub roles: Value,
    /// `GET /v1/groups`
    pub groups: Value,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    kind: Option<String>,
}

/// The part of the page of this person.
pub(crate) fn granting(frame: &Frame, answers: &GrantingAnswers, identity: &str) -> Result<Markup, Unreadable> {
    let assignments: Listed<Assignment> = read(&answers.assignments)?;
    let (roles, groups): (Listed<Named>, Listed<Named>) = (read(&answers.roles)?, read(&answers.groups)?);
    let page = format!("/identities/{identity}");
    let groups: Vec<_> = groups.items.iter().filter(|group| group.kind.as_deref() == Some("static")).collect();
    Ok(html! {
        section.card aria-labelledby="roles" {
            h2 #roles { "Roles" }
            @if assignments.items.is_empty() { (nothing("No role is had.")) }
            @else { (assignment_table(frame, "Roles that are had, and by what", &assignments.items, Of::OnePerson, &page)) }
            @if frame.may("operate") {
                @if !roles.items.is_empty() { (grant(frame, identity, &roles.items)) }
                @if !groups.is_empty() { (put_in(frame, identity, &groups)) }
            }
        }
    })
}

fn grant(frame: &Frame, identity: &str, roles: &[Named]) -> Markup {
    html! {
        form.filters.grant method="post" action={ "/identities/" (identity) "/assignments" } aria-label="Grant a role" {
            (frame.form_token())
            label.field { span { "Role" } select name="role" { @for role in roles { option value=(role.name) { (role.name) } } } }
            label.field { span { "From (UTC); empty: at once" } input type="datetime-local" name="from"; }
            label.field { span { "Until (UTC); empty: no end" } input type="datetime-local" name="until"; }
            label.field.grow { span { "Why" } input type="text" name="reason" required maxlength="500" autocomplete="off"; }
            button.primary type="submit" { "Grant" }
        }
    }
}

fn put_in(frame: &Frame, identity: &str, groups: &[&Named]) -> Markup {
    html! {
        form.filters.membership method="post" action={ "/identities/" (identity) "/groups" } aria-label="Put into a group, or take out" {
            (frame.form_token())
            label.field { span { "Group" } select name="group" { @for group in groups { option value=(group.name) { (group.name) } } } }
            label.field.grow { span { "Why" } input type="text" name="reason" required maxlength="500" autocomplete="off"; }
            button type="submit" name="decision" value="add" { "Put in" }
            button.danger type="submit" name="decision" value="remove" { "Take out" }
        }
    }
}
