//! Pages by index: where the next one starts, what was seen already, and whether the list is complete.
//!
//! A list has no order that it must keep. What this module guards against: an object deleted between two pages moves
//! all later ones forward, so that one would be skipped; a list in changing order repeats objects and leaves others out;
//! a server that knows no index answers with its first page for ever. Where something may be missing, the list is not
//! called complete.

use crate::listing::{Next, Position};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexPosition {
    /// The index asked for, from 1.
    pub start: u64,
    /// How many different objects were listed so far.
    listed: u64,
    /// `totalResults` of the last answer.
    total: Option<u64>,
    /// The least `totalResults` of all answers.
    least_total: Option<u64>,
    /// Short digests of the ids of the last page.
    recent: Vec<u64>,
}

/// What a page brings.
pub struct Advance {
    /// The ids that were not on the last page.
    pub fresh: HashSet<String>,
    /// How it goes on.
    pub next: Next,
}

impl IndexPosition {
    /// The beginning.
    pub fn start() -> Self {
        Self { start: 1, listed: 0, total: None, least_total: None, recent: Vec::new() }
    }

    /// The earlier index to read again from, when the list became shorter since the last page.
    pub fn step_back(&self, total: Option<u64>) -> Option<u64> {
        let gone = self.total?.checked_sub(total?).filter(|gone| *gone > 0)?;
        (self.start > 1).then(|| self.start.saturating_sub(gone).max(1))
    }

    /// Goes on after a page that was read at `start`.
    pub fn advance(mut self, start: u64, total: Option<u64>, ids: &[String]) -> Advance {
        let stepped_back = self.start.saturating_sub(start);
        let beyond_memory = stepped_back > self.recent.len() as u64 && start > 1;
        let recent: HashSet<u64> = self.recent.iter().copied().collect();
        let fresh: HashSet<String> = ids.iter().filter(|id| !recent.contains(&digest(id))).cloned().collect();
        self.listed += fresh.len() as u64;
        self.least_total = [self.least_total, total].into_iter().flatten().min();
        let following = start + ids.len() as u64;
        let at_end = ids.is_empty() || total.is_some_and(|total| following > total);
        let next = if beyond_memory {
            Next::Truncated(format!("{stepped_back} objects went away while the list was read: read it again"))
        } else if at_end {
            self.end()
        } else if fresh.is_empty() && stepped_back == 0 {
            Next::Truncated(format!(
                "the server gave the objects before index {start} again: it may know no `startIndex`"
            ))
        } else {
            let recent = ids.iter().map(|id| digest(id)).collect();
            Next::More(Position::Index(Self { start: following, total, recent, ..self }))
        };
        Advance { fresh, next }
    }

    fn end(&self) -> Next {
        match self.least_total {
            Some(total) if self.listed < total => {
                let listed = self.listed;
                Next::Truncated(format!("the server counts {total} objects and listed {listed} different ones"))
            }
            _ => Next::Complete,
        }
    }
}

/// 64 bits of FNV-1a: enough to tell the objects of two neighbouring pages apart. Two that collide would make the list
/// incomplete, never complete by mistake.
fn digest(id: &str) -> u64 {
    id.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(range: std::ops::Range<u32>) -> Vec<String> {
        range.map(|id| id.to_string()).collect()
    }

    fn more(advance: Advance) -> IndexPosition {
        match advance.next {
            Next::More(Position::Index(position)) => position,
            _ => panic!("the list should go on"),
        }
    }

    #[test]
    fn it_goes_on_by_what_came_and_ends_at_the_total() {
        let second = more(IndexPosition::start().advance(1, Some(5), &ids(0..3)));
        assert_eq!(second.start, 4);
        assert!(matches!(second.advance(4, Some(5), &ids(3..5)).next, Next::Complete));
    }

    #[test]
    fn without_a_total_an_empty_page_ends_it() {
        let second = more(IndexPosition::start().advance(1, None, &ids(0..3)));
        assert!(matches!(second.advance(4, None, &[]).next, Next::Complete));
    }

    #[test]
    fn a_list_that_became_shorter_is_read_again_from_earlier() {
        let second = more(IndexPosition::start().advance(1, Some(9), &ids(0..3)));
        assert_eq!(second.step_back(Some(9)), None);
        assert_eq!(second.step_back(Some(7)), Some(2));
        let third = second.advance(2, Some(7), &ids(2..5));
        assert_eq!(third.fresh, ids(3..5).into_iter().collect());
        assert_eq!(more(third).start, 5);
    }

    #[test]
    fn too_many_gone_is_not_complete() {
        let later =
            more(more(IndexPosition::start().advance(1, Some(90), &ids(0..3))).advance(4, Some(90), &ids(3..6)));
        assert!(matches!(later.advance(2, Some(85), &ids(8..11)).next, Next::Truncated(_)));
    }

    #[test]
    fn repeats_that_leave_others_out_are_not_complete() {
        let second = more(IndexPosition::start().advance(1, Some(5), &ids(0..3)));
        assert!(matches!(second.advance(4, Some(5), &ids(2..4)).next, Next::Truncated(_)));
    }

    #[test]
    fn the_same_page_for_ever_ends() {
        let second = more(IndexPosition::start().advance(1, Some(9), &ids(0..3)));
        assert!(matches!(second.advance(4, Some(9), &ids(0..3)).next, Next::Truncated(_)));
    }
}
