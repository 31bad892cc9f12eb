//! `[source.NAME]`: where identities come from.

use crate::instance;
use crate::limits;
use crate::pushed;
use crate::reading::Reading;
use crate::section::Section;
use crate::timing;
use crate::units;
use jiff::tz::TimeZone;
use purser_model::configuration::Source;
use purser_model::id::SourceName;
use purser_plan::{RulePlace, ValidityEnd};
use std::collections::BTreeMap;
use std::path::Path;

/// How identities get here.
#[derive(Clone, Copy)]
enum Kind {
    /// A connector reads them.
    Connector,
    /// A client pushes them over SCIM.
    Scim,
}

/// Reads a source of either kind.
pub(crate) fn read(reading: &mut Reading, name: SourceName, mut section: Section<'_>, base: &Path) {
    let kinds = [("connector", Kind::Connector), ("scim", Kind::Scim)];
    let kind = section.optional("kind").and_then(|node| node.choice(&kinds, &mut reading.problems));
    match kind.unwrap_or(Kind::Connector) {
        Kind::Connector => {
            let source = connector(reading, &name, section, base);
            reading.configuration.sources.insert(name, source);
        }
        Kind::Scim => {
            let source = pushed::read(reading, &name, section);
            reading.configuration.pushed.insert(name, source);
        }
    }
}

fn connector(reading: &mut Reading, name: &SourceName, mut section: Section<'_>, base: &Path) -> Source {
    let instance = instance::read(&mut section, base, &mut reading.problems);
    let class = section.required_text("class", "\"person\"", &mut reading.problems);
    let Expressions { attributes, lifecycle, valid_from, valid_until, time_zone } =
        expressions(reading, name, &mut section);
    let schedule = section
        .optional("schedule")
        .and_then(|node| timing::schedule(&node, &time_zone, std::time::Duration::ZERO, &mut reading.problems));
    let absence = section
        .optional("absence")
        .and_then(|node| node.choice(&[("departed", true), ("ignored", false)], &mut reading.problems));
    let guard = limits::departures(&mut section, &mut reading.problems);
    section.finish(&mut reading.problems);
    Source {
        attributes,
        lifecycle,
        valid_from,
        valid_until,
        time_zone,
        schedule,
        absence_means_departed: absence.unwrap_or(true),
        guard,
        ..Source::new(instance, class)
    }
}

/// How identities follow from the records of a source.
pub(crate) struct Expressions {
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) lifecycle: Option<String>,
    pub(crate) valid_from: Option<String>,
    pub(crate) valid_until: Option<String>,
    pub(crate) time_zone: TimeZone,
}

/// Reads them.
pub(crate) fn expressions(reading: &mut Reading, name: &SourceName, section: &mut Section<'_>) -> Expressions {
    let lifecycle = section
        .optional("lifecycle")
        .and_then(|node| reading.expression(&node, RulePlace::SourceLifecycle { source: name.clone() }));
    let mut validity = |key, end| {
        let rule = RulePlace::SourceValidity { source: name.clone(), end };
        section.optional(key).and_then(|node| reading.expression(&node, rule))
    };
    let valid_from = validity("valid_from", ValidityEnd::From);
    let valid_until = validity("valid_until", ValidityEnd::Until);
    let time_zone = section.optional("time_zone").and_then(|node| node.parsed(units::time_zone, &mut reading.problems));
    let attributes = attributes(reading, name, section);
    Expressions { attributes, lifecycle, valid_from, valid_until, time_zone: time_zone.unwrap_or(TimeZone::UTC) }
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
