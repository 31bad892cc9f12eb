//! What one build asks for and another does not.

use purser_model::manifest::{Manifest, ObjectClass};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// The kind of a difference in what a configuration must hold.
pub const REQUIRED: &str = "required configuration";
/// The kind of a difference in what is imported.
const IMPORT: &str = "import";
/// The interfaces by which a connector sends to the HTTP endpoints of its grant: one reaches what the other does.
const DOORS_OF_HTTP: [&str; 2] = ["purser:connector/http", "wasi:http/outgoing-handler"];

/// One of two builds.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The full names of the interfaces that it imports.
    pub imports: &'a [String],
    /// What it says about itself.
    pub manifest: &'a Manifest,
}

/// One difference between two builds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is about, such as `import` or `endpoint`.
    pub kind: &'static str,
    /// Which one.
    pub name: String,
    /// Whether only the newer build has it.
    pub added: bool,
    /// Whether a person has to agree: the newer build reaches or demands more.
    pub asks: bool,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", if self.added { "+" } else { "-" }, self.kind, self.name)
    }
}

/// What the newer build asks for beyond what the former one asks for.
pub fn asks(former: Side<'_>, newer: Side<'_>) -> Vec<String> {
    let asking = differences(former, newer).into_iter().filter(|difference| difference.asks);
    asking.map(|difference| format!("{} {}", difference.kind, difference.name)).collect()
}

/// All differences that an operator wants to know of, by kind and name.
pub fn differences(former: Side<'_>, newer: Side<'_>) -> Vec<Difference> {
    let mut all = Vec::new();
    for (kind, asks, names) in KINDS {
        let (before, after) = (names(former), names(newer));
        let one = |name: &String, added| {
            let asks = asks && added && !(kind == IMPORT && is_another_door(name, &before));
            Difference { kind, name: name.clone(), added, asks }
        };
        all.extend(before.difference(&after).map(|name| one(name, false)));
        all.extend(after.difference(&before).map(|name| one(name, true)));
    }
    all
}

type Names = fn(Side<'_>) -> BTreeSet<String>;

/// Kinds, whether more of them asks for something, and what a build has of them.
const KINDS: [(&str, bool, Names); 8] = [
    (IMPORT, true, imports),
    ("endpoint", true, |side| side.manifest.egress.iter().map(|need| need.endpoint.clone()).collect()),
    ("reading POST", true, reading_posts),
    ("directory", true, directories),
    ("permission", true, |side| side.manifest.permissions.iter().map(|need| need.name.clone()).collect()),
    (REQUIRED, true, required),
    ("configuration", false, properties),
    ("class", false, classes),
];

/// Whether an interface reaches no more than one that was imported before.
fn is_another_door(name: &str, before: &BTreeSet<String>) -> bool {
    DOORS_OF_HTTP.contains(&name) && DOORS_OF_HTTP.iter().any(|door| before.contains(*door))
}

/// Without the version: a newer minor version of an interface reaches nothing else.
fn imports(side: Side<'_>) -> BTreeSet<String> {
    side.imports.iter().map(|name| name.split('@').next().unwrap_or(name).to_owned()).collect()
}

fn reading_posts(side: Side<'_>) -> BTreeSet<String> {
    let needs = side.manifest.egress.iter();
    needs.flat_map(|need| need.reading_posts.iter().map(|path| format!("{} at {}", path, need.endpoint))).collect()
}

fn directories(side: Side<'_>) -> BTreeSet<String> {
    let needs = side.manifest.directories.iter();
    needs
        .flat_map(|need| {
            let writes = need.writes.then(|| format!("{} (writes)", need.directory));
            [Some(need.directory.clone()), writes].into_iter().flatten()
        })
        .collect()
}

fn required(side: Side<'_>) -> BTreeSet<String> {
    let names = side.manifest.config_schema["required"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn properties(side: Side<'_>) -> BTreeSet<String> {
    side.manifest.config_schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// Classes, their attributes and what can be done with them.
fn classes(side: Side<'_>) -> BTreeSet<String> {
    side.manifest.classes.iter().flat_map(class).collect()
}

fn class(class: &ObjectClass) -> Vec<String> {
    let attributes = class.attributes.iter().map(|attribute| format!("{}.{}", class.name, attribute.name));
    let operations = serde_json::to_value(class.operations).unwrap_or_default();
    let able = operations.as_object().into_iter().flatten().filter(|(_, can)| **can == Value::Bool(true));
    let able = able.map(|(operation, _)| format!("{}: {operation}", class.name)).collect::<Vec<_>>();
    std::iter::once(class.name.clone()).chain(attributes).chain(able).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_model::manifest::{DirectoryNeed, EgressNeed, Limits, PermissionNeed};
    use serde_json::json;

    fn manifest() -> Manifest {
        Manifest {
            name: "scim".into(),
            version: "1.0.0".parse().unwrap(),
            vendor: String::new(),
            description: String::new(),
            config_schema: json!({"properties": {"base": {}}}),
            classes: Vec::new(),
            limits: Limits { page_size: 1, batch_size: 1 },
            egress: vec![EgressNeed {
                endpoint: "scim".into(),
                description: String::new(),
                example: String::new(),
                reading_posts: Vec::new(),
            }],
            directories: Vec::new(),
            permissions: Vec::new(),
        }
    }

    fn asked(change: impl FnOnce(&mut Manifest, &mut Vec<String>)) -> Vec<String> {
        let (former, before) = (manifest(), vec!["purser:connector/http@0.1.0".to_owned()]);
        let (mut newer, mut after) = (manifest(), vec!["purser:connector/http@0.1.1".to_owned()]);
        change(&mut newer, &mut after);
        let former = Side { imports: &before, manifest: &former };
        asks(former, Side { imports: &after, manifest: &newer })
    }

    #[test]
    fn whatever_reaches_further_asks() {
        assert!(asked(|_, _| {}).is_empty(), "a newer minor version of an interface asks for nothing");
        assert_eq!(
            asked(|_, imports| imports.push("purser:connector/files@0.1.0".into())),
            ["import purser:connector/files"]
        );
        assert_eq!(
            asked(|_, imports| imports.push("wasi:http/outgoing-handler@0.2.10".into())),
            Vec::<String>::new(),
            "it reaches the same endpoints"
        );
        let directory = DirectoryNeed { directory: "data".into(), description: String::new(), writes: true };
        assert_eq!(asked(|newer, _| newer.directories.push(directory)), ["directory data", "directory data (writes)"]);
        let permission = PermissionNeed { name: "users.write".into(), reason: String::new() };
        assert_eq!(asked(|newer, _| newer.permissions.push(permission)), ["permission users.write"]);
        assert_eq!(
            asked(|newer, _| newer.egress[0].reading_posts.push("/find".into())),
            ["reading POST /find at scim"]
        );
        assert_eq!(
            asked(|newer, _| newer.config_schema["required"] = json!(["base"])),
            ["required configuration base"]
        );
    }

    #[test]
    fn what_is_less_is_shown_and_asks_for_nothing() {
        let (former, newer) = (manifest(), Manifest { egress: Vec::new(), ..manifest() });
        let found = differences(Side { imports: &[], manifest: &former }, Side { imports: &[], manifest: &newer });
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["- endpoint scim"]);
        assert!(!found[0].asks);
    }
}
