//! `[source.NAME]`: where identities come from.

use crate::instance;
use crate::reading::Reading;
use crate::section::Section;
use purser_model::configuration::Source;
use purser_model::id::SourceName;
use purser_plan::RulePlace;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads a source.
pub(crate) fn read(reading: &mut Reading, name: &SourceName, mut section: Section<'_>, base: &Path) -> Source {
    let instance = instance::read(&mut section, base, &mut reading.problems);
    let class = section.required_text("class", "\"person\"", &mut reading.problems);
    let lifecycle = section
        .optional("lifecycle")
        .and_then(|node| reading.expression(&node, RulePlace::SourceLifecycle { source: name.clone() }));
    let absence = section
        .optional("absence")
        .and_then(|node| node.choice(&[("departed", true), ("ignored", false)], &mut reading.problems));
    let attributes = attributes(reading, name, &mut section);
    section.finish(&mut reading.problems);
    Source { instance, class, attributes, lifecycle, absence_means_departed: absence.unwrap_or(true) }
}

fn attributes(reading: &mut Reading, name: &SourceName, section: &mut Section<'_>) -> BTreeMap<String, String> {
    let table = section.optional("attributes").and_then(|node| node.section(&mut reading.problems));
    let mut attributes = BTreeMap::new();
    for (attribute, node) in table.iter().flat_map(Section::entries) {
        if node.value.is_table() {
            let advice = format!("put the whole name in quotes: \"{attribute}.part\" = \"record.column\"");
            reading.problems.report(&node.place, advice);
            continue;
        }
        let rule = RulePlace::SourceAttribute { source: name.clone(), attribute: attribute.to_owned() };
        if let Some(expression) = reading.expression(&node, rule) {
            attributes.insert(attribute.to_owned(), expression);
        }
    }
    attributes
}
