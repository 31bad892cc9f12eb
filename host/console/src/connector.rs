//! One build of a connector: what it is, what it can reach, and what it asks for.

use crate::answers::{Unreadable, read};
use crate::connectors::signed;
use crate::frame::Frame;
use crate::words::{counted, nothing, table};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Connector {
    digest: String,
    bytes: u64,
    signature: Value,
    reach: Reach,
    manifest: Manifest,
}

#[derive(Deserialize)]
struct Reach {
    interfaces: Vec<Interface>,
    inert: Vec<String>,
    endpoints: Vec<Endpoint>,
    directories: Vec<Directory>,
    permissions: Vec<Permission>,
}

#[derive(Deserialize)]
struct Interface {
    name: String,
    meaning: String,
}

#[derive(Deserialize)]
struct Endpoint {
    endpoint: String,
    description: String,
    example: String,
}

#[derive(Deserialize)]
struct Directory {
    directory: String,
    description: String,
    writes: bool,
}

#[derive(Deserialize)]
struct Permission {
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct Manifest {
    name: String,
    version: String,
    vendor: String,
    description: String,
    classes: Vec<Class>,
}

#[derive(Deserialize)]
struct Class {
    name: String,
    kind: String,
    attributes: Vec<Value>,
}

#[derive(Deserialize)]
struct Differences {
    asks_for_more: bool,
    items: Vec<Difference>,
}

#[derive(Deserialize)]
struct Difference {
    kind: String,
    name: String,
    added: bool,
    asks: bool,
}

/// The page; `answer` is that of `GET /v1/connectors/{digest}`, `differences` that of `GET .../differences` where it is
/// compared with a former build.
///
/// # Errors
/// An answer is not what the API gives.
pub fn connector(frame: &Frame, answer: &Value, differences: Option<&Value>) -> Result<String, Unreadable> {
    let one: Connector = read(answer)?;
    let differences: Option<Differences> = differences.map(read).transpose()?;
    let manifest = &one.manifest;
    let content = html! {
        section.card aria-label="About it" {
            p { (manifest.description) }
            dl.facts {
                div { dt { "Vendor" } dd { (manifest.vendor) } }
                div { dt { "Signature" } dd { (signed(&one.signature)) } }
                div { dt { "Size" } dd { (one.bytes / 1024) " KiB" } }
                div { dt { "Digest (BLAKE3)" } dd { code { (one.digest) } } }
            }
        }
        @if let Some(differences) = &differences { (compared(differences)) }
        section aria-labelledby="reach" { h2 #reach { "What it can reach" } (reached(&one.reach)) }
        section aria-labelledby="asks" { h2 #asks { "What it asks for" } (asked(&one.reach)) }
        section aria-labelledby="classes" { h2 #classes { "What it knows" } (classes(&manifest.classes)) }
    };
    Ok(frame.page("/connectors", &format!("{} {}", manifest.name, manifest.version), &content))
}

fn compared(differences: &Differences) -> Markup {
    html! {
        section aria-labelledby="differences" {
            h2 #differences { "Against the build in use" }
            @if differences.asks_for_more { p.said.warn { "It asks for more than the build in use: a person has to agree." } }
            @if differences.items.is_empty() { (nothing("Both ask for the same.")) } @else {
                div.card.diff {
                    @for one in &differences.items {
                        p.(if one.added { "added" } else { "removed" }) {
                            (if one.added { "+ " } else { "- " }) (one.kind) " " (one.name) @if one.asks { " — asks for more" }
                        }
                    }
                }
            }
        }
    }
}

fn reached(reach: &Reach) -> Markup {
    let rows = html! {
        @for one in &reach.interfaces { tr { th scope="row" { code { (one.name) } } td { (one.meaning) } } }
        @if !reach.inert.is_empty() {
            tr {
                th scope="row" { (counted(reach.inert.len() as u64, "interface of WASI", "interfaces of WASI")) }
                td { "nothing: there is no environment, no file and no network behind them" }
            }
        }
    };
    table("Interfaces that it imports; the host gives it nothing else", &["Interface", "What it lets it do"], &rows)
}

fn asked(reach: &Reach) -> Markup {
    if reach.endpoints.is_empty() && reach.directories.is_empty() && reach.permissions.is_empty() {
        return nothing("It asks for nothing.");
    }
    let rows = html! {
        @for one in &reach.endpoints { tr { th scope="row" { "Endpoint " (one.endpoint) } td { (one.description) ", such as " code { (one.example) } } } }
        @for one in &reach.directories {
            tr { th scope="row" { "Directory " (one.directory) } td { (one.description) " (" (if one.writes { "reads and writes" } else { "reads" }) ")" } }
        }
        @for one in &reach.permissions { tr { th scope="row" { "Permission " (one.name) } td { (one.reason) } } }
    };
    table("Granted by the declarations of a source or target", &["What", "What for"], &rows)
}

fn classes(classes: &[Class]) -> Markup {
    if classes.is_empty() {
        return nothing("Its classes follow from its configuration.");
    }
    let rows = html! {
        @for one in classes { tr { th scope="row" { (one.name) } td { (one.kind) } td.number { (one.attributes.len()) } } }
    };
    table("Classes", &["Class", "Kind", "#Attributes"], &rows)
}
