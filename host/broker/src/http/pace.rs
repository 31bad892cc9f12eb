//! Keeps what is sent to an endpoint within its rate.

use purser_model::egress::RequestRate;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// This part of a rate may be sent at once, so that little is unused where requests do not come evenly.
const AT_ONCE: u32 = 50;
/// This part of a rate is left free, since a request may reach the target later than it was sent.
const FREE: u32 = 100;

/// The turns of an endpoint's requests, in the order in which they come.
#[derive(Debug, Default)]
pub(super) struct Pace(Option<Turns>);

#[derive(Debug)]
struct Turns {
    spacing: Spacing,
    began: Instant,
    next: Mutex<Duration>,
}

/// How requests are spread over time: one in each `between`, and up to `ahead` earlier than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spacing {
    between: Duration,
    ahead: Duration,
}

impl Pace {
    pub(super) fn new(rate: Option<RequestRate>) -> Self {
        let turns = |rate| Turns { spacing: Spacing::of(rate), began: Instant::now(), next: Mutex::default() };
        Self(rate.map(turns))
    }

    /// Takes the next turn; how long it is until then. A turn that nobody waits for any more is lost.
    pub(super) fn take_turn(&self) -> Duration {
        let Some(turns) = &self.0 else { return Duration::ZERO };
        let now = turns.began.elapsed();
        let mut next = turns.next.lock().unwrap_or_else(PoisonError::into_inner);
        turns.spacing.take(&mut next, now).saturating_sub(now)
    }
}

impl Spacing {
    /// No stretch of time of the rate's length has more requests than the rate allows: of `requests`, a few may go at once,
    /// a few stay free, and the rest is spread evenly.
    fn of(rate: RequestRate) -> Self {
        let at_once = (rate.requests / AT_ONCE).max(1);
        let spread = rate.requests.saturating_sub(at_once + rate.requests / FREE).max(1);
        // A little more, since a stretch of time has both its ends.
        let between = rate.per / spread + Duration::from_micros(1);
        Self { between, ahead: between * (at_once - 1) }
    }

    /// Takes the next turn; when it is. `next` is when it would be if all turns were even.
    fn take(self, next: &mut Duration, now: Duration) -> Duration {
        *next = now.max(*next);
        let at = now.max(next.saturating_sub(self.ahead));
        *next += self.between;
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(requests: u32, per: Duration) -> RequestRate {
        RequestRate { requests, per }
    }

    /// The most in any stretch of time of this length, both ends included.
    fn busiest(times: &[Duration], per: Duration) -> usize {
        let ends_before = |first: usize| times[first..].partition_point(|at| *at <= times[first] + per);
        (0..times.len()).map(ends_before).max().unwrap_or_default()
    }

    /// When requests go that come as these say: how long after the former went each is wanted.
    fn sent(rate: RequestRate, pauses: impl Iterator<Item = Duration>) -> Vec<Duration> {
        let (spacing, mut next, mut now) = (Spacing::of(rate), Duration::ZERO, Duration::ZERO);
        let turn = |pause| {
            now = spacing.take(&mut next, now + pause);
            now
        };
        pauses.map(turn).collect()
    }

    #[test]
    fn no_stretch_of_time_has_more_than_the_rate_and_little_is_unused() {
        for (requests, seconds) in [(2_400, 60), (600, 60), (100, 5), (50, 1), (20, 1), (1, 1)] {
            let per = Duration::from_secs(seconds);
            let rate = rate(requests, per);
            // Now and then whoever asks is busy with something else.
            let pauses = (0..requests * 20).map(|number| match number % 97 {
                0 => per / 60,
                _ => Duration::from_micros(u64::from(number * 7_919 % 500)),
            });
            let times = sent(rate, pauses);
            assert!(busiest(&times, per) <= requests as usize, "{requests}: {}", busiest(&times, per));
            let end = times.last().copied().unwrap_or_default().as_secs_f64();
            let used = times.len() as f64 / (f64::from(requests) * end / per.as_secs_f64());
            assert!(used >= if requests >= 50 { 0.95 } else { 0.9 }, "{used} of {requests}");
        }
    }

    #[test]
    fn after_a_long_rest_few_go_at_once() {
        let per = Duration::from_secs(60);
        let rest = std::iter::once(per * 10).chain(std::iter::repeat_n(Duration::ZERO, 1_000));
        let times = sent(rate(600, per), rest);
        let at_once = times.iter().filter(|at| **at == times[0]).count();
        assert_eq!(at_once, 12);
        assert!(busiest(&times, per) <= 600);
    }

    #[tokio::test(start_paused = true)]
    async fn turns_are_taken_in_order_by_all_who_ask() {
        let pace = Pace::new(Some(rate(10, Duration::from_secs(9))));
        assert_eq!([pace.take_turn(), pace.take_turn(), pace.take_turn()].map(|wait| wait.as_secs()), [0, 1, 2]);
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(pace.take_turn().as_secs(), 1);
        assert_eq!(Pace::new(None).take_turn(), Duration::ZERO);
    }
}
