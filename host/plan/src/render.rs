//! A plan as text that people review.

use purser_model::account::EntitlementKey;
use purser_model::id::TargetName;
use purser_model::plan::{Notice, PlanItem};

/// Writes items and notices as a diff, grouped by target and identity, in a stable order, with a summary line.
///
/// `names` gives a readable name for an entitlement that only the target knows; none shows its class and id.
pub fn text(items: &[PlanItem], notices: &[Notice], names: &dyn Fn(&TargetName, &EntitlementKey) -> Option<String>) -> String {
    let _ = (items, notices, names);
    todo!("filled in by a following change")
}
