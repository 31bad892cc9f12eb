//! `[target.NAME.mapping]`: how the attributes of an account follow from the identity.

use crate::problems::{Place, Problems};
use crate::reading::Reading;
use crate::section::{Node, Section};
use purser_model::configuration::{Mapping, NullPolicy, OwnedValues, ReferenceId, Strength};
use purser_model::id::TargetName;
use purser_plan::RulePlace;

const STRENGTHS: &[(&str, Strength)] =
    &[("weak", Strength::Weak), ("normal", Strength::Normal), ("strong", Strength::Strong)];
const NULL: &[(&str, NullPolicy)] = &[("clear", NullPolicy::Clear), ("keep", NullPolicy::Keep)];
const VALUES: &[(&str, OwnedValues)] = &[("own", OwnedValues::Own), ("all", OwnedValues::All)];

/// Reads the mappings of a target. `correlates` says whether the target declares how accounts are recognised.
pub(crate) fn read(
    reading: &mut Reading,
    target: &TargetName,
    section: &mut Section<'_>,
    correlates: bool,
) -> Vec<Mapping> {
    let table = section.optional("mapping").and_then(|node| node.section(&mut reading.problems));
    let mut mappings = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for (attribute, node) in table.iter().flat_map(Section::entries) {
        if let Some(other) = names.iter().find(|other| overlap(other, attribute)) {
            let message = format!("`{other}` writes to the same attribute: keep one of the two mappings");
            reading.problems.report(&node.place, message);
        }
        names.push(attribute);
        mappings.extend(mapping(reading, target, attribute, &node, correlates));
    }
    mappings
}

/// Whether two mappings write to the same place: names without regard to case, or one inside the other.
fn overlap(left: &str, right: &str) -> bool {
    let (left, right) = (left.to_ascii_lowercase(), right.to_ascii_lowercase());
    let inside = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
    left == right || inside(&left, &right) || inside(&right, &left)
}

/// Reads `attribute = "expression"` or `attribute = { value = "expression", strength = "strong" }`.
fn mapping(
    reading: &mut Reading,
    target: &TargetName,
    attribute: &str,
    node: &Node<'_>,
    correlates: bool,
) -> Option<Mapping> {
    let rule = RulePlace::Mapping { target: target.clone(), attribute: attribute.to_owned() };
    let attribute = attribute.to_owned();
    if node.value.as_str().is_some() {
        let expression = reading.expression(node, rule)?;
        return Some(Mapping::new(attribute, expression));
    }
    let mut section = node.section(&mut reading.problems)?;
    let Some(value) = section.optional("value") else {
        let advice = format!(
            "`value` is missing: write {{ value = \"identity.x\", strength = \"strong\" }}; to reach into a complex \
             attribute put the whole name in quotes: \"{attribute}.part\" = \"identity.x\""
        );
        reading.problems.report(&node.place, advice);
        return None;
    };
    let expression = reading.expression(&value, rule);
    let options = Options::read(&mut section, correlates, &mut reading.problems);
    let refers_by = options.refers_by(&mut section, &mut reading.problems);
    section.finish(&mut reading.problems);
    let mapping = Mapping::new(attribute, expression?);
    Some(Mapping {
        strength: options.strength.unwrap_or(mapping.strength),
        create_only: options.create_only,
        null: options.null.unwrap_or(mapping.null),
        values: options.values,
        unique: options.unique,
        refers_by,
        ..mapping
    })
}

/// What a mapping says beside its value.
#[derive(Debug, Default)]
struct Options {
    strength: Option<Strength>,
    create_only: bool,
    null: Option<NullPolicy>,
    values: Option<OwnedValues>,
    unique: bool,
}

impl Options {
    /// Reads them and reports those that contradict each other, each where it stands.
    fn read(section: &mut Section<'_>, correlates: bool, problems: &mut Problems) -> Self {
        let strength = section.optional("strength").and_then(|node| node.choice(STRENGTHS, problems));
        let create_only = flag(section, "create_only", problems);
        let null = placed(section.optional("null"), |node| node.choice(NULL, problems));
        let values = placed(section.optional("values"), |node| node.choice(VALUES, problems));
        let unique = flag(section, "unique", problems);
        if let Some(place) = create_only.as_ref().filter(|_| strength == Some(Strength::Strong)) {
            problems.report(
                place,
                "a strong mapping repairs every difference, and this one would never write again: leave one of the two out",
            );
        }
        if let Some((_, place)) = null.as_ref().filter(|_| create_only.is_some()) {
            problems.report(place, "a mapping with `create_only` never takes a value away: leave `null` out");
        } else if let Some((NullPolicy::Clear, place)) = &null
            && strength == Some(Strength::Weak)
        {
            problems.report(place, "a weak mapping never takes a value away: leave `null` out");
        }
        Self::check_values(values.as_ref(), strength, create_only.is_some(), unique.is_some(), problems);
        if let Some(place) = unique.as_ref().filter(|_| !correlates) {
            problems.report(
                place,
                "where names are unique an account must be recognised by something else, or one person could get two: \
                 declare a correlation by what never changes, such as the employee number",
            );
        }
        Self {
            strength,
            create_only: create_only.is_some(),
            null: null.map(|(null, _)| null),
            values: values.map(|(values, _)| values),
            unique: unique.is_some(),
        }
    }

    /// By which id a reference refers to an account. It may be written late, so that it must be written again.
    fn refers_by(&self, section: &mut Section<'_>, problems: &mut Problems) -> Option<ReferenceId> {
        let (name, place) = placed(section.optional("refers_by"), |node| node.filled_text(problems))?;
        if self.create_only {
            problems.report(&place, "a reference may be written after the account is created: leave `create_only` out");
        }
        if self.unique {
            problems.report(&place, "several accounts may refer to the same one: leave `unique` out");
        }
        Some(if name == "id" { ReferenceId::Primary } else { ReferenceId::Secondary(name) })
    }

    fn check_values(
        values: Option<&(OwnedValues, Place)>,
        strength: Option<Strength>,
        create_only: bool,
        unique: bool,
        problems: &mut Problems,
    ) {
        let Some((values, place)) = values else { return };
        if unique {
            problems.report(place, "a unique mapping gives one value and no list: leave `values` out");
        } else if create_only {
            problems.report(place, "a mapping with `create_only` never writes again: leave `values` out");
        } else if *values == OwnedValues::All && strength == Some(Strength::Weak) {
            problems.report(place, "a weak mapping never replaces what is there: leave `values` out");
        }
    }
}

/// Where a flag says true.
fn flag(section: &mut Section<'_>, key: &'static str, problems: &mut Problems) -> Option<Place> {
    placed(section.optional(key), |node| node.flag(problems)).filter(|(on, _)| *on).map(|(_, place)| place)
}

fn placed<T>(node: Option<Node<'_>>, read: impl FnOnce(&Node<'_>) -> Option<T>) -> Option<(T, Place)> {
    let node = node?;
    Some((read(&node)?, node.place))
}

#[cfg(test)]
mod tests {
    use super::overlap;

    #[test]
    fn mappings_overlap_by_case_and_by_nesting() {
        assert!(overlap("userName", "username"));
        assert!(overlap("name", "Name.familyName"));
        assert!(overlap("name.familyName", "name"));
        assert!(!overlap("name.familyName", "name.givenName"));
        assert!(!overlap("nameSuffix", "name"));
    }
}
