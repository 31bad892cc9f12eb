//! `insight` of a target: how reports find accounts that nobody uses.

use crate::problems::Problems;
use crate::section::Node;
use crate::units;
use purser_model::configuration::TargetInsight;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);

/// Reads `{ last_sign_in = "lastLogin", dormant_after = "90d" }`.
pub(crate) fn read(node: &Node<'_>, problems: &mut Problems) -> Option<TargetInsight> {
    let mut section = node.section(problems)?;
    let last_sign_in = section.required_text("last_sign_in", "\"lastLogin\"", problems);
    let dormant_after = section.optional("dormant_after").and_then(|node| node.parsed(units::duration, problems));
    section.finish(problems);
    Some(TargetInsight { last_sign_in, dormant_after: dormant_after.unwrap_or(90 * DAY) })
}
