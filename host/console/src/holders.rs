//! People who have a role or are in a group, and why.

use crate::words::{badge, identity_link, table};
use maud::{Markup, html};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Holder {
    identity: String,
    reference: String,
    label: String,
    state: String,
    because: Vec<String>,
}

pub(crate) fn holder_table(caption: &str, holders: &[Holder]) -> Markup {
    let rows = html! {
        @for one in holders {
            tr {
                th scope="row" { (identity_link(&one.identity, &one.label)) " " span.quiet { (one.reference) } }
                td { (badge(&one.state)) }
                td { (one.because.join("; ")) }
            }
        }
    };
    table(caption, &["Who", "State", "Because"], &rows)
}
