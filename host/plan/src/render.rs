//! A plan as people review it: as text, and as a page.

mod html;

pub use html::{Page, html};

use purser_model::Attributes;
use purser_model::account::EntitlementKey;
use purser_model::edit::{AttributeAction, AttributeChange};
use purser_model::id::TargetName;
use purser_model::operation::{EntitlementReference, Intent};
use purser_model::password::is_generated;
use purser_model::plan::{ItemState, Link, Notice, PlanItem, PlanLine, PlannedOperation};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

/// A readable name for an entitlement that only the target knows; none shows its class and id.
pub type EntitlementNames<'a> = dyn Fn(&TargetName, &EntitlementKey) -> Option<String> + 'a;

/// An item as it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// Its number in a stored plan.
    pub position: Option<u64>,
    /// Where it is there.
    pub state: ItemState,
    /// Why it is stale.
    pub why: Option<&'a str>,
    /// The item.
    pub item: &'a PlanItem,
}

impl<'a> Row<'a> {
    /// An item that is in no stored plan.
    pub fn new(item: &'a PlanItem) -> Self {
        Self { position: None, state: ItemState::Open, why: None, item }
    }

    /// Items with the numbers that they have in the plan made of them.
    pub fn numbered(items: &'a [PlanItem]) -> Vec<Self> {
        (1..).zip(items).map(|(position, item)| Self { position: Some(position), ..Self::new(item) }).collect()
    }
}

impl<'a> From<&'a PlanLine> for Row<'a> {
    fn from(line: &'a PlanLine) -> Self {
        Self { position: Some(line.position), state: line.state, why: line.why.as_deref(), item: &line.item }
    }
}

/// Writes items and notices as a diff, grouped by target and identity, with a summary line.
///
/// The order is by target, then by how people call the identity, whatever order the items come in. `+` gives, `-` takes
/// away, `~` changes, `=` links an account that was there. Every operation says why.
pub fn text(items: &[PlanItem], notices: &[Notice], names: &EntitlementNames<'_>) -> String {
    rows(&items.iter().map(Row::new).collect::<Vec<_>>(), notices, names)
}

/// As [`text`], each item with its number and what became of it.
pub fn rows(rows: &[Row<'_>], notices: &[Notice], names: &EntitlementNames<'_>) -> String {
    let mut out = String::new();
    // Writing into a String does not fail.
    let _ = write_items(&mut out, rows, names).and_then(|()| write_notices(&mut out, notices));
    out.push_str(&summary_of(rows, notices));
    out.push('\n');
    out
}

/// The counts of a plan in one line: `2 accounts: 1 create, 1 update, 3 grant; 1 notice`.
pub fn summary(items: &[PlanItem], notices: &[Notice]) -> String {
    summary_of(&items.iter().map(Row::new).collect::<Vec<_>>(), notices)
}

fn summary_of(rows: &[Row<'_>], notices: &[Notice]) -> String {
    let mut counts: BTreeMap<u8, (&str, usize)> = BTreeMap::new();
    for operation in rows.iter().flat_map(|row| &row.item.operations) {
        counts.entry(rank(&operation.intent)).or_insert((operation.intent.name(), 0)).1 += 1;
    }
    let adopted = rows.iter().filter(|row| row.item.link == Link::Adopt).count();
    let mut parts: Vec<String> = counts.values().map(|(name, count)| format!("{count} {name}")).collect();
    if adopted > 0 {
        parts.insert(0, format!("{adopted} adopt"));
    }
    let done = if parts.is_empty() {
        "nothing to do".to_owned()
    } else {
        format!("{}: {}", plural(rows.len(), "account"), parts.join(", "))
    };
    if notices.is_empty() { done } else { format!("{done}; {}", plural(notices.len(), "notice")) }
}

fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn rank(intent: &Intent) -> u8 {
    match intent {
        Intent::CreateEntitlement { .. } => 0,
        Intent::Create { .. } => 1,
        Intent::Update { .. } => 2,
        Intent::Enable => 3,
        Intent::Grant { .. } => 4,
        Intent::Revoke { .. } => 5,
        Intent::Disable => 6,
        Intent::Delete => 7,
    }
}

/// By target, then by how people call the identity.
fn ordered<'r, 'a>(rows: &'r [Row<'a>]) -> Vec<&'r Row<'a>> {
    let mut ordered: Vec<&Row<'_>> = rows.iter().collect();
    ordered.sort_by_key(|row| (&row.item.target, &row.item.label, row.item.identity, row.item.account));
    ordered
}

fn write_items(out: &mut String, rows: &[Row<'_>], names: &EntitlementNames<'_>) -> fmt::Result {
    for of_target in ordered(rows).chunk_by(|left, right| left.item.target == right.item.target) {
        writeln!(out, "target {}", of_target[0].item.target)?;
        of_target.iter().try_for_each(|row| write_item(out, row, names))?;
        writeln!(out)?;
    }
    Ok(())
}

fn write_item(out: &mut String, row: &Row<'_>, names: &EntitlementNames<'_>) -> fmt::Result {
    let item = row.item;
    let number = row.position.map(|position| format!("[{position}] ")).unwrap_or_default();
    writeln!(out, "  {number}{}{}", item.label, state_of(row))?;
    if item.link == Link::Adopt {
        writeln!(out, "    = adopt {}  # it matches, and nobody has linked it", item.class)?;
    }
    for operation in &item.operations {
        write_operation(out, item, operation, names)?;
    }
    Ok(())
}

/// What became of an item; nothing where nobody has decided yet.
fn state_of(row: &Row<'_>) -> String {
    match (row.state, row.why) {
        (ItemState::Open, _) => String::new(),
        (state, None) => format!(" ({state})"),
        (state, Some(why)) => format!(" ({state}: {why})"),
    }
}

fn write_operation(
    out: &mut String,
    item: &PlanItem,
    operation: &PlannedOperation,
    names: &EntitlementNames<'_>,
) -> fmt::Result {
    let name = operation.intent.name();
    let reason = &operation.reason;
    match &operation.intent {
        Intent::Create { attributes, active } => {
            writeln!(out, "    + {name} {}  # {reason}", item.class)?;
            write_attributes(out, attributes)?;
            active.map_or(Ok(()), |active| writeln!(out, "        {}", if active { "enabled" } else { "disabled" }))
        }
        Intent::CreateEntitlement { name: declared, attributes } => {
            writeln!(out, "    + {name} {declared}  # {reason}")?;
            write_attributes(out, attributes)
        }
        Intent::Update { changes } => {
            writeln!(out, "    ~ {name}  # {reason}")?;
            changes.iter().try_for_each(|change| write_change(out, change, &operation.before))
        }
        Intent::Enable => writeln!(out, "    + {name}  # {reason}"),
        Intent::Disable | Intent::Delete => writeln!(out, "    - {name}  # {reason}"),
        Intent::Grant { entitlement } => writeln!(out, "    + {name} {}  # {reason}", called(item, entitlement, names)),
        Intent::Revoke { entitlement } => {
            writeln!(out, "    - {name} {}  # {reason}", called(item, entitlement, names))
        }
    }
}

fn called(item: &PlanItem, entitlement: &EntitlementReference, names: &EntitlementNames<'_>) -> String {
    match entitlement {
        EntitlementReference::Declared(name) => name.clone(),
        EntitlementReference::Remote(key) => match names(&item.target, key) {
            Some(name) => format!("{name} ({entitlement})"),
            None => entitlement.to_string(),
        },
    }
}

fn write_attributes(out: &mut String, attributes: &Attributes) -> fmt::Result {
    attributes.iter().try_for_each(|(name, value)| writeln!(out, "        {name}: {}", shown(value)))
}

fn write_change(out: &mut String, change: &AttributeChange, before: &Attributes) -> fmt::Result {
    let name = &change.attribute;
    let former = before.get(name).map_or_else(|| "(none)".to_owned(), shown);
    match &change.action {
        AttributeAction::Replace(value) => writeln!(out, "        {name}: {former} -> {}", shown(value)),
        AttributeAction::Clear => writeln!(out, "        {name}: {former} -> (none)"),
        AttributeAction::Add(values) => writeln!(out, "        {name}: + {}", shown_all(values)),
        AttributeAction::Remove(values) => writeln!(out, "        {name}: - {}", shown_all(values)),
    }
}

fn shown_all(values: &[Value]) -> String {
    values.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// A value on one line. Texts without anything special stand without quotes.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) if is_plain(text) => text.clone(),
        generated if is_generated(generated) => "(a new password)".to_owned(),
        other => other.to_string(),
    }
}

fn is_plain(text: &str) -> bool {
    let begins_well = text.starts_with(|c: char| c.is_alphabetic());
    begins_well
        && text == text.trim()
        && !text.chars().any(|c| c.is_control() || matches!(c, '"' | '#' | '\\'))
        && !matches!(text, "true" | "false" | "null")
}

fn ordered_notices(notices: &[Notice]) -> Vec<&Notice> {
    let mut ordered: Vec<&Notice> = notices.iter().collect();
    ordered.sort_by_key(|notice| (&notice.target, &notice.label, notice.identity, &notice.message));
    ordered
}

fn write_notices(out: &mut String, notices: &[Notice]) -> fmt::Result {
    if notices.is_empty() {
        return Ok(());
    }
    writeln!(out, "notices")?;
    for notice in ordered_notices(notices) {
        let target = notice.target.as_ref().map(|target| format!("{target}, ")).unwrap_or_default();
        writeln!(out, "  {target}{}: {}", notice.label, notice.message)?;
    }
    writeln!(out)
}
