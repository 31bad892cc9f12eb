//! `[source.NAME]` with `kind = "scim"`: a source that pushes its identities.

use crate::problems::{Place, Problems};
use crate::reading::Reading;
use crate::section::Section;
use crate::source::{self, Expressions};
use purser_model::id::SourceName;
use purser_model::scim::{ExtensionAttribute, ExtensionAttributeKind, GROUPS, PushedSource, UserExtension};
use purser_scim_server::Schema;
use std::collections::BTreeMap;

const KINDS: &[(&str, ExtensionAttributeKind)] = &[
    ("string", ExtensionAttributeKind::String),
    ("boolean", ExtensionAttributeKind::Boolean),
    ("integer", ExtensionAttributeKind::Integer),
    ("decimal", ExtensionAttributeKind::Decimal),
    ("dateTime", ExtensionAttributeKind::DateTime),
];

/// Reads a source that pushes.
pub(crate) fn read(reading: &mut Reading, name: &SourceName, mut section: Section<'_>) -> PushedSource {
    let Expressions { attributes, lifecycle, valid_from, valid_until, time_zone } =
        source::expressions(reading, name, &mut section);
    if attributes.contains_key(GROUPS) {
        let message = "`groups` are the groups that the client pushes: choose another name";
        reading.problems.report(&section.place, message);
    }
    let extensions = extensions(&mut section, &mut reading.problems);
    section.finish(&mut reading.problems);
    PushedSource { attributes, lifecycle, valid_from, valid_until, time_zone, extensions }
}

fn extensions(section: &mut Section<'_>, problems: &mut Problems) -> BTreeMap<String, UserExtension> {
    let mut extensions = BTreeMap::new();
    for (id, mut inner) in section.sections("extension", problems) {
        let place = inner.place.clone();
        let attributes = inner.sections("attributes", problems).into_iter();
        let attributes = attributes.map(|(name, one)| (name.to_owned(), attribute(one, problems))).collect();
        inner.finish(problems);
        let extension = UserExtension { attributes };
        check(id, &extension, &place, problems);
        extensions.insert(id.to_owned(), extension);
    }
    extensions
}

fn check(id: &str, extension: &UserExtension, place: &Place, problems: &mut Problems) {
    if extension.attributes.is_empty() {
        problems.report(place, "the extension has no attributes: write for example `attributes.badge = {}`");
    }
    if let Err(error) = Schema::declared(id, extension).check() {
        problems.report(place, error.to_string());
    }
}

fn attribute(mut section: Section<'_>, problems: &mut Problems) -> ExtensionAttribute {
    let kind = section.optional("type").and_then(|node| node.choice(KINDS, problems));
    let multi_valued = section.optional("multi_valued").and_then(|node| node.flag(problems));
    let case_exact = section.optional("case_exact").and_then(|node| node.flag(problems));
    section.finish(problems);
    ExtensionAttribute {
        kind: kind.unwrap_or_default(),
        multi_valued: multi_valued.unwrap_or(false),
        case_exact: case_exact.unwrap_or(false),
    }
}
