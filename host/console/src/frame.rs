//! What stands around every page: head, navigation, who is signed in, what was said.

use maud::{DOCTYPE, Markup, html};

/// What the console has to say about what was just asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It is done.
    Done(String),
    /// It is not done, and why.
    NotDone(String),
}

/// Who looks at a page.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The name of the token.
    pub name: String,
    /// The role of its holder.
    pub role: String,
    /// What the holder may do, in the API's words: `read`, `operate`, `approve`, `administer`.
    pub may: Vec<String>,
    /// What every form sends along, so that no other site can send it.
    pub form_token: String,
    /// Said once, at the top.
    pub said: Option<Said>,
}

/// Places of the navigation under a name.
type Group = (&'static str, &'static [(&'static str, &'static str)]);

const EVERYBODYS: [Group; 3] = [
    ("", &[("/", "Overview"), ("/identities", "Identities"), ("/targets", "Targets")]),
    ("Decide", &[("/plans", "Plans"), ("/held", "Held"), ("/cases", "Cases"), ("/quarantine", "Quarantine")]),
    ("Follow", &[("/runs", "Runs"), ("/operations", "Provisioning log"), ("/insight", "Insight"), ("/audit", "Audit")]),
];

/// What is about the whole host, and thus not for owners of targets.
const WHOLE: [Group; 2] = [
    ("Access", &[("/roles", "Roles"), ("/groups", "Groups"), ("/assignments", "Assignments")]),
    (
        "Host",
        &[("/connectors", "Connectors"), ("/settings", "Settings"), ("/webhooks", "Webhooks"), ("/checks", "Check")],
    ),
];

const ADMINS: Group =
    ("Administer", &[("/declarations", "Declarations"), ("/tokens", "Tokens"), ("/backups", "Backups")]);

impl Frame {
    /// Whether the API lets the holder do this.
    pub(crate) fn may(&self, permission: &str) -> bool {
        self.may.iter().any(|known| known == permission)
    }

    /// The hidden part of every form.
    pub(crate) fn form_token(&self) -> Markup {
        html! { input type="hidden" name="form_token" value=(self.form_token); }
    }

    /// A form with one button that asks for something.
    pub(crate) fn button(&self, action: &str, label: &str) -> Markup {
        html! {
            form.inline method="post" action=(action) { (self.form_token()) button.quiet-button type="submit" { (label) } }
        }
    }

    /// A whole page. `here` is the place in the navigation that it belongs to.
    pub(crate) fn page(&self, here: &str, title: &str, content: &Markup) -> String {
        let body = html! {
            a.skip href="#content" { "Skip to content" }
            header.side {
                a.brand href="/" { img src="/assets/mark.svg" alt="" width="28" height="28"; span { "Purser" } }
                nav aria-label="Main" {
                    @for group in EVERYBODYS { (places(group, here)) }
                    @if !self.is_owner() { @for group in WHOLE { (places(group, here)) } }
                    @if self.may("administer") { (places(ADMINS, here)) }
                }
                div.who {
                    span.who-name { (self.name) }
                    span.who-role { (self.role) }
                    form method="post" action="/sign-out" { (self.form_token()) button.quiet-button type="submit" { "Sign out" } }
                }
            }
            main #content tabindex="-1" {
                @match &self.said {
                    Some(Said::Done(text)) => p.said.good role="status" { (text) },
                    Some(Said::NotDone(text)) => p.said.bad role="alert" { (text) },
                    None => {},
                }
                h1 { (title) }
                (content)
            }
        };
        whole(title, "signed-in", &body)
    }

    /// Whether only some targets are seen.
    pub(crate) fn is_owner(&self) -> bool {
        self.role == "owner"
    }
}

fn places((name, places): Group, here: &str) -> Markup {
    html! {
        @if !name.is_empty() { p.group { (name) } }
        ul {
            @for (path, label) in places {
                li { a href=(path) aria-current=[(*path == here).then_some("page")] { (label) } }
            }
        }
    }
}

/// A document with this body.
pub(crate) fn whole(title: &str, class: &str, body: &Markup) -> String {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Purser" }
                link rel="icon" href="/assets/mark.svg" type="image/svg+xml";
                link rel="stylesheet" href="/assets/console.css";
                script src="/assets/console.js" defer {}
            }
            body class=(class) { (body) }
        }
    };
    document.into_string()
}
