//! Whether the audit log holds together, looked at in pieces: however long it is, no piece takes long or much room.

use purser_model::audit::{Anchor, AuditHead, AuditKey, AuditRow, Break, ChainCheck};
use purser_store::{AuditFilter, AuditOrder, AuditPage, Store, StoreError};

/// Rows read at a time.
const PAGE: u32 = 1_000;

/// A piece of the audit log that was looked at.
#[derive(Debug)]
pub struct AuditPiece {
    /// Rows that hold together, counted from the first of the log.
    pub rows: i64,
    /// Its signed end.
    pub head: Option<AuditHead>,
    /// Where it does not hold together.
    pub broken: Option<Break>,
    /// Where to go on; none where nothing is left to look at.
    pub next: Option<ChainCheck>,
}

struct Walk<'a> {
    check: ChainCheck,
    head: Option<AuditHead>,
    /// The check as it was at the head: rows that are added meanwhile follow it.
    at_head: Option<ChainCheck>,
    /// What was kept elsewhere, as long as it was not come across.
    expected: Option<&'a Anchor>,
}

/// Looks at no more than `most` rows after those that were looked at before. Without a key the signature of the end is not
/// checked. What is expected lies behind them, or is the last of them.
///
/// # Errors
/// The store cannot be read. A log that does not hold together is no error.
pub async fn check_audit(
    store: &dyn Store,
    key: Option<&AuditKey>,
    after: ChainCheck,
    expected: Option<&Anchor>,
    most: u32,
) -> Result<AuditPiece, StoreError> {
    // Read first: what is added meanwhile follows it.
    let head = store.audit_head().await?;
    let mut walk = Walk { check: after, head, at_head: None, expected };
    let mut left = most;
    let looked_at = match walk.arrived() {
        Ok(()) => loop {
            let limit = PAGE.min(left);
            let after = Some(walk.check.sequence()).filter(|row| *row > 0);
            let page = AuditPage { after, limit, order: AuditOrder::OldestFirst };
            let rows = store.audit(AuditFilter::default(), page).await?;
            if let Err(broken) = rows.iter().try_for_each(|row| walk.step(row)) {
                break Err(broken);
            }
            left -= limit;
            if rows.len() < limit as usize {
                break walk.end(key).map(|()| None);
            }
            if left == 0 {
                break Ok(Some(walk.check.clone()));
            }
        },
        Err(broken) => Err(broken),
    };
    Ok(walk.piece(looked_at))
}

impl Walk<'_> {
    fn step(&mut self, row: &AuditRow) -> Result<(), Break> {
        self.check.next(row)?;
        self.arrived()
    }

    /// Looks at where it has come to: whether that is what was expected there, and whether it is the head.
    fn arrived(&mut self) -> Result<(), Break> {
        let here = self.check.sequence();
        if let Some(expected) = self.expected.take_if(|expected| expected.sequence <= here)
            && expected.sequence == here
            && expected.hash != self.check.anchor().hash
        {
            let reason = format!("its hash is not the expected {}", expected.hash);
            return Err(Break { sequence: here, reason });
        }
        if self.head.as_ref().is_some_and(|head| head.sequence == here) {
            self.at_head = Some(self.check.clone());
        }
        Ok(())
    }

    /// Whether the log has come to its end where nothing follows.
    fn end(&self, key: Option<&AuditKey>) -> Result<(), Break> {
        if let Some(expected) = self.expected {
            let reason = format!("this row is expected, and the log ends with row {}", self.check.sequence());
            return Err(Break { sequence: expected.sequence, reason });
        }
        match &self.head {
            Some(head) => self.at_head.as_ref().unwrap_or(&self.check).end(head, key),
            None => {
                let reason = "the log is empty and has no head, although a host has worked here".to_owned();
                Err(Break { sequence: 1, reason })
            }
        }
    }

    fn piece(self, looked_at: Result<Option<ChainCheck>, Break>) -> AuditPiece {
        let (rows, broken, next) = match looked_at {
            Ok(None) => (self.at_head.as_ref().unwrap_or(&self.check).sequence(), None, None),
            Ok(Some(next)) => (next.sequence(), None, Some(next)),
            Err(broken) => (broken.sequence.saturating_sub(1), Some(broken), None),
        };
        AuditPiece { rows, head: self.head, broken, next }
    }
}
