//! How much of a target's rate is used up: pure.

use purser_model::configuration::Rate;
use std::collections::VecDeque;
use std::time::Duration;

/// A batch is at most this part of what may be asked, so that little is unused while a batch is on its way.
const PARTS: u32 = 50;

/// Requests that may be handed over in one call under this rate.
pub(crate) fn batch_size(rate: &Rate) -> u32 {
    (rate.calls / PARTS).max(1)
}

/// What was asked of a target lately.
///
/// Nobody knows when a call reaches the target between its begin and its end. So it counts while it is under way and for the
/// whole length of the window after it ended: no stretch of time of that length has more, as the target sees it.
#[derive(Debug)]
pub(crate) struct Allowance {
    calls: u32,
    per: Duration,
    under_way: u32,
    ended: VecDeque<(Duration, u32)>,
    lately: u32,
}

/// Why a call has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// So long.
    For(Duration),
    /// Until a call that is under way ends.
    ForAnEnd,
}

impl Allowance {
    /// All of it is free.
    pub(crate) fn new(rate: &Rate) -> Self {
        Self { calls: rate.calls, per: rate.per, under_way: 0, ended: VecDeque::new(), lately: 0 }
    }

    /// Takes room for a call of so many requests, which begins now.
    ///
    /// # Errors
    /// There is no room yet, and when to ask again. A call of more requests than the rate allows at all never has room.
    pub(crate) fn begin(&mut self, now: Duration, cost: u32) -> Result<(), Wait> {
        while let Some((ended, cost)) = self.ended.front().copied()
            && ended + self.per < now
        {
            self.lately -= cost;
            self.ended.pop_front();
        }
        let mut over = (self.under_way + self.lately + cost).saturating_sub(self.calls);
        if over == 0 {
            self.under_way += cost;
            return Ok(());
        }
        for (ended, cost) in &self.ended {
            over = over.saturating_sub(*cost);
            if over == 0 {
                // One step of the clock later, since a stretch of time has both its ends.
                return Err(Wait::For((*ended + self.per + Duration::from_micros(1)).saturating_sub(now)));
            }
        }
        Err(Wait::ForAnEnd)
    }

    /// The call ended now.
    pub(crate) fn end(&mut self, now: Duration, cost: u32) {
        self.under_way -= cost;
        self.lately += cost;
        self.ended.push_back((now, cost));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// One call in a simulation: when it is wanted, how long it takes, when in between the target sees it (0 to 1), its cost.
    #[derive(Debug, Clone)]
    struct Call {
        wanted: Duration,
        takes: Duration,
        seen: f64,
        cost: u32,
    }

    /// Lets the calls through in order; the times at which the target sees them, with their costs, and the end of it all.
    fn simulate(rate: &Rate, calls: &[Call]) -> (Vec<(Duration, u32)>, Duration) {
        let mut allowance = Allowance::new(rate);
        let mut under_way: BTreeMap<(Duration, usize), u32> = BTreeMap::new();
        let mut seen = Vec::new();
        let mut now = Duration::ZERO;
        for (index, call) in calls.iter().enumerate() {
            let mut next = now.max(call.wanted);
            loop {
                // What ends until then ends at its own time.
                while let Some((&(at, number), &cost)) = under_way.first_key_value()
                    && at <= next
                {
                    allowance.end(at, cost);
                    under_way.remove(&(at, number));
                }
                now = next;
                match allowance.begin(now, call.cost) {
                    Ok(()) => break,
                    Err(Wait::For(wait)) => next = now + wait,
                    Err(Wait::ForAnEnd) => next = under_way.first_key_value().expect("a call is under way").0.0,
                }
            }
            under_way.insert((now + call.takes, index), call.cost);
            seen.push((now + call.takes.mul_f64(call.seen), call.cost));
        }
        seen.sort_unstable();
        (seen, now)
    }

    /// The most that any stretch of time of this length, both ends included, has.
    fn busiest(seen: &[(Duration, u32)], per: Duration) -> u32 {
        let (mut busiest, mut sum, mut first) = (0, 0, 0);
        for (at, cost) in seen {
            sum += cost;
            while seen[first].0 + per < *at {
                sum -= seen[first].1;
                first += 1;
            }
            busiest = busiest.max(sum);
        }
        busiest
    }

    fn millis(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
        range.prop_map(Duration::from_millis)
    }

    prop_compose! {
        fn any_call()(wanted in millis(0..20_000), takes in millis(0..900), seen in 0.0..=1.0_f64, cost in 1..=5_u32) -> Call {
            Call { wanted, takes, seen, cost }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_stretch_of_time_has_more_than_the_rate(
            calls in 5..40_u32,
            per in millis(1..5_000),
            mut wanted in prop::collection::vec(any_call(), 1..150),
        ) {
            wanted.sort_by_key(|call| call.wanted);
            let rate = Rate { calls, per, concurrency: 1 };
            let (seen, _) = simulate(&rate, &wanted);
            prop_assert_eq!(seen.len(), wanted.len(), "everything has its turn");
            prop_assert!(busiest(&seen, per) <= calls, "{} in {:?}", busiest(&seen, per), per);
        }
    }

    #[test]
    fn a_queue_that_is_never_empty_uses_nearly_all_of_the_rate() {
        for (calls, per, takes) in [(600, 60_000, 50), (600, 60_000, 1_000), (10, 1_000, 20), (5_000, 10_000, 400)] {
            let rate = Rate { calls, per: Duration::from_millis(per), concurrency: 1 };
            let one = Call {
                wanted: Duration::ZERO,
                takes: Duration::from_millis(takes),
                seen: 0.5,
                cost: batch_size(&rate),
            };
            let (seen, end) = simulate(&rate, &vec![one; 5_000]);
            let asked: u32 = seen.iter().map(|(_, cost)| cost).sum();
            let allowed = f64::from(calls) * end.as_secs_f64() / rate.per.as_secs_f64();
            let used = f64::from(asked) / allowed;
            assert!(used >= 0.95, "{used} of {rate:?}");
            assert!(busiest(&seen, rate.per) <= calls);
        }
    }

    #[test]
    fn what_is_under_way_counts_until_it_ended_and_long_enough_after() {
        let second = Duration::from_secs(1);
        let mut allowance = Allowance::new(&Rate { calls: 2, per: second, concurrency: 2 });
        assert_eq!(allowance.begin(Duration::ZERO, 2), Ok(()));
        assert_eq!(allowance.begin(second * 5, 1), Err(Wait::ForAnEnd));
        allowance.end(second * 5, 2);
        assert_eq!(allowance.begin(second * 5, 1), Err(Wait::For(second + Duration::from_micros(1))));
        assert_eq!(allowance.begin(second * 6 + Duration::from_micros(1), 2), Ok(()));
        assert_eq!(allowance.begin(second * 7, 3), Err(Wait::ForAnEnd), "more than the rate allows at all");
    }
}
