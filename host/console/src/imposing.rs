//! What operators impose on a person, whatever the source says: suspended, or departed.

use crate::answers::Identity;
use crate::frame::Frame;
use crate::words::{badge, nothing, table, time, time_or};
use maud::{Markup, html};
use serde::Deserialize;

/// What was added to a person; the other parts of the page show the rest of it.
#[derive(Deserialize, Default)]
pub(crate) struct Added {
    #[serde(default)]
    imposed: Vec<Imposed>,
}

#[derive(Deserialize)]
struct Imposed {
    state: String,
    #[serde(default)]
    validity: Window,
    reason: String,
    by: String,
    at: String,
}

#[derive(Deserialize, Default)]
struct Window {
    from: Option<String>,
    until: Option<String>,
}

impl Imposed {
    /// What the API calls it in a path.
    fn path(&self) -> &str {
        if self.state == "departed" { "departure" } else { "suspension" }
    }
}

/// The states that are imposed; none where there are none. From when until when each holds stands further down.
pub(crate) fn imposed_states(identity: &Identity) -> Option<Markup> {
    let imposed = &identity.added.imposed;
    (!imposed.is_empty()).then(|| html! { @for one in imposed { (badge(&one.state)) " " } })
}

/// The part of the page of this person. Owners of targets see what is imposed, and impose nothing.
pub(crate) fn imposing(frame: &Frame, identity: &Identity) -> Markup {
    let may_impose = frame.may("operate") && !frame.is_owner();
    html! {
        section.card aria-labelledby="imposed" {
            h2 #imposed { "Held back" }
            @if identity.added.imposed.is_empty() { (nothing("Nothing is imposed: what the source says holds.")) }
            @else { (imposed_table(frame, identity, may_impose)) }
            @if may_impose { (impose(frame, &identity.id)) }
        }
    }
}

fn imposed_table(frame: &Frame, identity: &Identity, may_lift: bool) -> Markup {
    let rows = html! {
        @for one in &identity.added.imposed {
            tr {
                th scope="row" { (badge(&one.state)) }
                td { (one.by) ", " (time(&one.at)) br; span.quiet { (one.reason) } }
                td { (time_or(one.validity.from.as_deref(), "at once")) }
                td { (time_or(one.validity.until.as_deref(), "no end")) }
                td { @if may_lift { (lift(frame, &identity.id, one)) } }
            }
        }
    };
    table("States that operators imposed", &["State", "By", "From", "Until", "Lift"], &rows)
}

fn lift(frame: &Frame, identity: &str, one: &Imposed) -> Markup {
    html! {
        form.filters.lift method="post" action={ "/identities/" (identity) "/lifting" } {
            (frame.form_token())
            input type="hidden" name="state" value=(one.path());
            label.field { span { "Why" span.only-heard { " the " (one.path()) " is lifted" } } input type="text" name="reason" required maxlength="500" autocomplete="off"; }
            button type="submit" { "Lift the " (one.path()) }
        }
    }
}

fn impose(frame: &Frame, identity: &str) -> Markup {
    html! {
        form.filters.impose method="post" action={ "/identities/" (identity) "/imposing" } aria-label="Suspend, or let depart" {
            (frame.form_token())
            label.field { span { "From (UTC); empty: at once" } input type="datetime-local" name="from"; }
            label.field { span { "Until (UTC); empty: until it is lifted" } input type="datetime-local" name="until"; }
            label.field.grow { span { "Why" } input type="text" name="reason" required maxlength="500" autocomplete="off"; }
            button type="submit" name="state" value="suspension" { "Suspend" }
            button.danger type="submit" name="state" value="departure" { "Let depart" }
        }
    }
}
