//! The files of declarations: read, tried, put in force.

use crate::answers::{Item, Unreadable, read};
use crate::diff;
use crate::frame::Frame;
use crate::words::{counted, identity_link, nothing, query, table};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the page of declarations shows.
#[derive(Debug)]
pub struct DeclarationsShown {
    /// `GET /v1/declarations`
    pub declarations: Value,
    /// The file that is looked at; a new one where none is in force under its name.
    pub file: Option<String>,
    /// What somebody wrote in it and is not in force.
    pub draft: Option<Draft>,
}

/// What somebody wrote in a file, and what came of trying it.
#[derive(Debug)]
pub struct Draft {
    /// The text.
    pub text: String,
    /// The digest of the declarations that the change was made from.
    pub made_from: String,
    /// What `POST /v1/declarations` answered: what is foreseen, or the mistakes.
    pub answer: Value,
}

#[derive(Deserialize)]
struct Declarations {
    digest: String,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    name: String,
    text: String,
}

#[derive(Deserialize)]
struct Tried {
    foreseen: Option<Foreseen>,
    #[serde(default)]
    mistakes: Vec<Mistake>,
    detail: Option<String>,
}

#[derive(Deserialize)]
struct Foreseen {
    new: u64,
    same: u64,
    withdrawn: u64,
    items: Vec<Item>,
    withdrawn_items: Vec<Item>,
    notices: Vec<Notice>,
    left_out: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Notice {
    label: String,
    target: Option<String>,
    message: String,
}

#[derive(Deserialize)]
struct Mistake {
    file: String,
    line: Option<u64>,
    column: Option<u64>,
    key: String,
    message: String,
}

/// The page.
///
/// # Errors
/// An answer is not what the API gives.
pub fn declarations(frame: &Frame, shown: &DeclarationsShown) -> Result<String, Unreadable> {
    let declared: Declarations = read(&shown.declarations)?;
    let tried: Option<Tried> = shown.draft.as_ref().map(|draft| read(&draft.answer)).transpose()?;
    let content = html! {
        p.hint { "In force: " code { (declared.digest) } }
        ul.chips aria-label="Files" {
            @for file in &declared.files { li { a href={ "/declarations" (query(&[("file", Some(&file.name))])) } { (file.name) } } }
        }
        @if let Some(tried) = &tried { (came_of_it(tried)) }
        (editor(frame, &declared, shown))
    };
    Ok(frame.page("/declarations", "Declarations", &content))
}

fn editor(frame: &Frame, declared: &Declarations, shown: &DeclarationsShown) -> Markup {
    let there = shown.file.as_ref().and_then(|name| declared.files.iter().find(|file| file.name == *name));
    let text = shown.draft.as_ref().map(|draft| draft.text.as_str()).or(there.map(|file| file.text.as_str()));
    let made_from = shown.draft.as_ref().map_or(declared.digest.as_str(), |draft| draft.made_from.as_str());
    let title = if there.is_some() { "Change this file" } else { "Add a file" };
    html! {
        form.card method="post" action="/declarations" aria-labelledby="edit" {
            h2 #edit { (title) }
            (frame.form_token())
            input type="hidden" name="made_from" value=(made_from);
            label.field {
                span { "File" }
                input type="text" name="file" required autocomplete="off" placeholder="crm.toml" value=[shown.file.as_ref()] readonly[there.is_some()];
            }
            // A browser drops a line break that a text area begins with.
            label.field { span { "What it says" } textarea name="text" rows="24" spellcheck="false" { "\n" (text.unwrap_or_default()) } }
            div.bar-of-buttons {
                button type="submit" name="decision" value="try" { "Try it" }
                button.primary type="submit" name="decision" value="apply" { "Put it in force" }
                @if there.is_some() { button.danger type="submit" name="decision" value="remove" { "Remove the file" } }
            }
            p.hint { "Trying changes nothing: it names mistakes, or what would be done. What is put in force holds at once, and is in the audit log." }
        }
    }
}

fn came_of_it(tried: &Tried) -> Markup {
    html! {
        section #tried aria-label="What came of it" {
            @match &tried.foreseen {
                Some(foreseen) => (would_be(foreseen)),
                None => {
                    p.said.bad role="alert" { (tried.detail.as_deref().unwrap_or("The declarations hold mistakes. Nothing is changed.")) }
                    @if !tried.mistakes.is_empty() { (mistakes(&tried.mistakes)) }
                }
            }
        }
    }
}

fn mistakes(all: &[Mistake]) -> Markup {
    let rows = html! {
        @for one in all {
            tr {
                th scope="row" { (one.file) @if let Some(line) = one.line { ":" (line) @if let Some(column) = one.column { ":" (column) } } }
                td { code { (one.key) } }
                td { (one.message) }
            }
        }
    };
    table("Mistakes", &["Place", "Key", "What is wrong"], &rows)
}

fn would_be(foreseen: &Foreseen) -> Markup {
    html! {
        p.said.good role="status" {
            "No mistake. By this change " (counted(foreseen.new, "item", "items")) " would be done, and "
            (foreseen.withdrawn) " would not be done any more; " (foreseen.same) " would be done in any case. Nothing is changed."
        }
        @for (target, reason) in &foreseen.left_out { p.said.warn { (target) " cannot be planned: " (reason) } }
        @for notice in &foreseen.notices { p.said.warn { (notice.label) @if let Some(target) = &notice.target { " in " (target) } ": " (notice.message) } }
        (items("Would be done", &foreseen.items))
        (items("Would not be done any more", &foreseen.withdrawn_items))
    }
}

fn items(title: &str, items: &[Item]) -> Markup {
    if items.is_empty() {
        return nothing(&format!("{title}: nothing."));
    }
    html! {
        details {
            summary { (title) ": the first " (items.len()) }
            ul.items {
                @for item in items {
                    li.card.item {
                        div.item-head { h3 { (identity_link(&item.identity, &item.label)) " " span.quiet { "in " (item.target) } } }
                        (diff::operations(&item.operations))
                    }
                }
            }
        }
    }
}
