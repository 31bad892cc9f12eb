//! What other declarations would lead to, short enough to be looked through.

use purser_api::Foreseen;
use purser_reconcile::WhatIfReport;

/// So many of each kind are shown; all are counted.
const SHOWN: usize = 200;

/// The counts, and the first of each kind.
pub fn short(report: WhatIfReport) -> Foreseen {
    let WhatIfReport { mut items, same, mut withdrawn, mut notices, left_out } = report;
    let (new, gone) = (items.len() as u64, withdrawn.len() as u64);
    items.truncate(SHOWN);
    withdrawn.truncate(SHOWN);
    notices.truncate(SHOWN);
    Foreseen { new, same: same.len() as u64, withdrawn: gone, items, withdrawn_items: withdrawn, notices, left_out }
}
