//! How fast one receiver is told, and when it is left alone.

use jiff::Timestamp;
use purser_model::configuration::Rate;
use purser_model::later;
use std::time::Duration;
use tokio::time::Instant;

/// So many failures in a row are taken for a receiver that is down.
const FEW: u32 = 3;
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_mins(5);

/// Spreads messages evenly over the time that the rate names.
pub(crate) struct Pace {
    between: Duration,
    pub(crate) at_once: usize,
    next: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(rate: Option<Rate>) -> Self {
        let between = rate.map(|rate| rate.per / rate.calls.max(1)).unwrap_or_default();
        Self { between, at_once: rate.map_or(1, |rate| rate.concurrency.max(1) as usize), next: None }
    }

    /// When the next message may go; it is taken to go then.
    pub(crate) fn turn(&mut self) -> Instant {
        let now = Instant::now();
        let turn = self.next.map_or(now, |next| next.max(now));
        self.next = Some(turn + self.between);
        turn
    }
}

/// Whether new events are held back because the receiver is down, or everything because it asked for patience.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    failures: u32,
    events_until: Option<Timestamp>,
    all_until: Option<Timestamp>,
}

impl Rest {
    pub(crate) fn succeeded(&mut self) {
        (self.failures, self.events_until) = (0, None);
    }

    /// After a few failures in a row new events wait where they are, in their order, for longer and longer.
    pub(crate) fn failed(&mut self, patience: Option<Duration>, now: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        if let Some(doublings) = self.failures.checked_sub(FEW) {
            let rest = FIRST_REST.saturating_mul(1 << doublings.min(16)).min(LONGEST_REST);
            self.events_until = Some(later(now, rest));
        }
        if let Some(patience) = patience {
            self.all_until = self.all_until.max(Some(later(now, patience)));
        }
    }

    /// Until when nothing is sent.
    pub(crate) fn all(&self, now: Timestamp) -> Option<Timestamp> {
        self.all_until.filter(|until| *until > now)
    }

    /// Until when no new event is sent.
    pub(crate) fn events(&self, now: Timestamp) -> Option<Timestamp> {
        self.events_until.filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_receiver_that_is_down_gets_new_events_more_and_more_rarely() {
        let mut rest = Rest::default();
        let mut rests = Vec::new();
        for _ in 0..14 {
            rest.failed(None, at(0));
            rests.push(rest.events(at(0)).map_or(0, Timestamp::as_second));
        }
        assert_eq!(rests[..7], [0, 0, 1, 2, 4, 8, 16]);
        assert_eq!(rests[13], 300);
        assert_eq!((rest.events(at(300)), rest.all(at(0))), (None, None));
        rest.succeeded();
        rest.failed(None, at(0));
        assert_eq!(rest.events(at(0)), None);
    }

    #[test]
    fn patience_that_was_asked_for_holds_for_everything_and_is_not_shortened() {
        let mut rest = Rest::default();
        rest.failed(Some(Duration::from_secs(60)), at(0));
        rest.failed(Some(Duration::from_secs(5)), at(1));
        assert_eq!((rest.all(at(59)), rest.all(at(60))), (Some(at(60)), None));
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_spreads_messages_evenly() {
        let mut pace = Pace::new(Some(Rate { calls: 4, per: Duration::from_secs(1), concurrency: 2 }));
        let begun = Instant::now();
        let turns: Vec<_> = (0..4).map(|_| pace.turn().duration_since(begun).as_millis()).collect();
        assert_eq!((turns, pace.at_once), (vec![0, 250, 500, 750], 2));
        let mut free = Pace::new(None);
        assert_eq!((free.turn(), free.turn(), free.at_once), (begun, begun, 1));
    }
}
