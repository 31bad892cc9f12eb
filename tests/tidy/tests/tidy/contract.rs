//! The contract: every item has a doc comment, and `wit/README.md` says all of it in prose, for these very files.

use purser_tidy::{TextFile, files_in, hold, root};
use std::collections::BTreeSet;
use std::fs;
use wit_parser::{Docs, InterfaceId, Resolve, TypeDefKind};

/// An item of the contract: where it is, its own name, and whether it has a doc comment.
struct Item {
    place: String,
    name: String,
    documented: bool,
}

fn item(place: &str, name: &str, docs: &Docs) -> Item {
    let documented = docs.contents.as_deref().is_some_and(|text| !text.trim().is_empty());
    Item { place: place.to_owned(), name: name.to_owned(), documented }
}

/// Worlds, interfaces, functions and types; and apart from them fields, cases and flags.
fn items() -> (Vec<Item>, Vec<Item>) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(root().join("wit")).unwrap();
    let package = &resolve.packages[package];
    let (mut named, mut members) = (Vec::new(), Vec::new());
    for (name, world) in &package.worlds {
        named.push(item("world", name, &resolve.worlds[*world].docs));
    }
    for (name, interface) in &package.interfaces {
        named.push(item("interface", name, &resolve.interfaces[*interface].docs));
        items_of_interface(&resolve, *interface, name, &mut named, &mut members);
    }
    assert!(named.len() > 80 && members.len() > 150, "{} items, {} members", named.len(), members.len());
    (named, members)
}

fn items_of_interface(
    resolve: &Resolve,
    interface: InterfaceId,
    place: &str,
    named: &mut Vec<Item>,
    members: &mut Vec<Item>,
) {
    for (name, function) in &resolve.interfaces[interface].functions {
        named.push(item(place, name, &function.docs));
    }
    for (name, id) in &resolve.interfaces[interface].types {
        let definition = &resolve.types[*id];
        // `use` makes a type of the same name, which has its docs where it comes from.
        if let TypeDefKind::Type(wit_parser::Type::Id(_)) = definition.kind {
            continue;
        }
        named.push(item(place, name, &definition.docs));
        let place = format!("{place}.{name}");
        match &definition.kind {
            TypeDefKind::Record(record) => {
                members.extend(record.fields.iter().map(|field| item(&place, &field.name, &field.docs)));
            }
            TypeDefKind::Variant(variant) => {
                members.extend(variant.cases.iter().map(|case| item(&place, &case.name, &case.docs)));
            }
            TypeDefKind::Enum(cases) => {
                members.extend(cases.cases.iter().map(|case| item(&place, &case.name, &case.docs)));
            }
            TypeDefKind::Flags(flags) => {
                members.extend(flags.flags.iter().map(|flag| item(&place, &flag.name, &flag.docs)));
            }
            _ => {}
        }
    }
}

fn prose() -> String {
    fs::read_to_string(root().join("wit/README.md")).unwrap()
}

#[test]
fn every_item_has_a_doc_comment() {
    let (named, members) = items();
    let bare: Vec<_> = named
        .iter()
        .chain(&members)
        .filter(|item| !item.documented)
        .map(|item| format!("{} `{}`", item.place, item.name))
        .collect();
    hold("The contract is read by vendors: give each of these a `///` doc comment in wit/*.wit.", &bare);
}

#[test]
fn the_prose_names_every_world_interface_function_and_type() {
    let prose = prose();
    let (named, _) = items();
    let missing: BTreeSet<_> = named
        .iter()
        .filter(|item| !prose.contains(&format!("`{}`", item.name)))
        .map(|item| format!("{} `{}`", item.place, item.name))
        .collect();
    let missing: Vec<_> = missing.into_iter().collect();
    hold("Say in wit/README.md what each of these is for, with its name in backticks.", &missing);
}

#[test]
fn the_prose_explains_every_case_that_the_engine_acts_on() {
    let prose = prose();
    let (_, members) = items();
    let acted_on = [
        "types.error-class",
        "types.outcome",
        "types.edit",
        "types.tail",
        "types.change-tail",
        "types.change",
        "types.attribute-kind",
        "types.attribute-traits",
        "types.attribute-action",
        "types.delete-semantics",
        "types.check-level",
        "http.error",
    ];
    let missing: Vec<_> = members
        .iter()
        .filter(|item| acted_on.contains(&item.place.as_str()) && !prose.contains(&format!("`{}`", item.name)))
        .map(|item| format!("{} `{}`", item.place, item.name))
        .collect();
    hold("Say in wit/README.md what each of these means to the engine, with its name in backticks.", &missing);
}

fn digest_line(files: &[TextFile]) -> String {
    let mut hasher = blake3::Hasher::new();
    for file in files {
        hasher.update(file.path.as_bytes()).update(&[0]).update(file.text.as_bytes()).update(&[0]);
    }
    format!("<!-- contract digest: {} -->", &hasher.finalize().to_hex()[..32])
}

#[test]
fn the_prose_is_about_these_files() {
    let expected = digest_line(&files_in("wit/", ".wit").unwrap());
    assert!(
        prose().lines().any(|line| line == expected),
        "\nwit/*.wit changed since wit/README.md was written. Bring the prose up to date, then end it with this line:\n  {expected}\n"
    );
}

#[test]
fn the_digest_sees_every_change() {
    let of = |text: &str| digest_line(&[TextFile::new("wit/types.wit", text)]);
    assert_ne!(of("record a {}"), of("record b {}"));
    assert_ne!(digest_line(&[TextFile::new("wit/a.wit", "")]), digest_line(&[TextFile::new("wit/b.wit", "")]));
}
