//! When something regular runs: a cron expression in a time zone, spread by a jitter that everybody computes alike.

use cronexpr::{Crontab, MakeTimestamp};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// A schedule: five fields of cron, a time zone, and how far runs are spread after their slot.
///
/// A schedule with fixed hours follows the wall clock: a slot that daylight saving skips runs as much later as the clock was put
/// forward, and one that it repeats runs at the first of the two. A schedule whose hours begin with `*` follows elapsed
/// time: it runs at every moment whose wall clock fits.
#[derive(Debug, Clone)]
pub struct Schedule {
    expression: String,
    time_zone: TimeZone,
    jitter: Duration,
    crontab: Crontab,
    follows_elapsed_time: bool,
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        (&self.expression, &self.time_zone, self.jitter) == (&other.expression, &other.time_zone, other.jitter)
    }
}

/// A text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASchedule {
    /// It has more or fewer than five fields.
    #[error("`{0}` is no schedule: write minute, hour, day, month and weekday, such as `0 6 * * 1-5`")]
    Fields(String),
    /// A field cannot be read.
    #[error("`{expression}` is no schedule: {reason}")]
    Syntax {
        /// What was written.
        expression: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No day fits.
    #[error("`{0}` never comes: no day within four years fits")]
    Never(String),
}

/// When a job runs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextRun {
    /// The slot of the schedule that it stands for.
    pub slot: Timestamp,
    /// The slot and its jitter; at or before now where it is due.
    pub at: Timestamp,
}

impl Schedule {
    /// Reads five fields of cron.
    ///
    /// # Errors
    /// The text has not five fields, one cannot be read, or no day fits.
    pub fn parse(expression: &str, time_zone: TimeZone, jitter: Duration) -> Result<Self, NotASchedule> {
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let [_, hours, ..] = fields[..] else { return Err(NotASchedule::Fields(expression.to_owned())) };
        if fields.len() != 5 {
            return Err(NotASchedule::Fields(expression.to_owned()));
        }
        let zone = time_zone.iana_name().filter(|_| hours.starts_with('*')).unwrap_or("UTC");
        let crontab = cronexpr::parse_crontab(&format!("{} {zone}", fields.join(" "))).map_err(|error| {
            let reason = error.to_string().lines().last().unwrap_or_default().trim_start_matches(['^', ' ']).to_owned();
            NotASchedule::Syntax { expression: expression.to_owned(), reason }
        })?;
        let schedule = Self {
            expression: expression.to_owned(),
            follows_elapsed_time: hours.starts_with('*'),
            time_zone,
            jitter,
            crontab,
        };
        match schedule.slot_after(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err(NotASchedule::Never(expression.to_owned())),
        }
    }

    /// The five fields as they were written.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The time zone of its wall clock.
    pub fn time_zone(&self) -> &TimeZone {
        &self.time_zone
    }

    /// The first slot after this moment; none at the end of time.
    pub fn slot_after(&self, after: Timestamp) -> Option<Timestamp> {
        if self.follows_elapsed_time {
            return self.crontab.find_next(MakeTimestamp(after)).ok().map(|slot| slot.timestamp());
        }
        // The wall clock is read as if it were UTC, where every slot comes once. Around a change of the clock a later
        // reading may be an earlier moment, so the search begins a day before.
        let mut wall = self.time_zone.to_datetime(after).checked_sub(SignedDuration::from_hours(24)).ok()?;
        loop {
            wall = self.wall_slot_after(wall)?;
            let slot = self.time_zone.to_ambiguous_timestamp(wall).compatible().ok()?;
            if slot > after {
                return Some(slot);
            }
        }
    }

    fn wall_slot_after(&self, wall: DateTime) -> Option<DateTime> {
        let as_utc = TimeZone::UTC.to_timestamp(wall).ok()?;
        self.crontab.find_next(MakeTimestamp(as_utc)).ok().map(|slot| slot.datetime())
    }

    /// When a job runs next whose slots up to `last` are done. Slots that nobody ran, because no host was up, are one run:
    /// it is due at once, and all slots up to `now` are done with it.
    pub fn next_run(&self, job: &str, last: Timestamp) -> Option<NextRun> {
        let slot = self.slot_after(last)?;
        let at = slot.checked_add(self.spread(job, slot)).ok()?;
        Some(NextRun { slot, at })
    }

    /// How long after its slot a job runs: below the jitter, and the same on every host and after every start.
    fn spread(&self, job: &str, slot: Timestamp) -> Duration {
        let seconds = self.jitter.as_secs();
        if seconds == 0 {
            return Duration::ZERO;
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(job.as_bytes()).update(&[0]).update(&slot.as_second().to_le_bytes());
        let mut word = [0; 8];
        word.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        Duration::from_secs(u64::from_le_bytes(word) % seconds)
    }
}

/// The days around a moment in a time zone: what began yesterday may still go on.
pub(crate) fn days_around(at: Timestamp, time_zone: &TimeZone) -> impl Iterator<Item = Date> {
    let today = time_zone.to_datetime(at).date();
    (-1..=8).filter_map(move |days| today.checked_add(jiff::Span::new().days(days)).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(expression: &str) -> Schedule {
        Schedule::parse(expression, TimeZone::get("Europe/Berlin").unwrap(), Duration::ZERO).unwrap()
    }

    fn slots(schedule: &Schedule, after: &str, count: usize) -> Vec<String> {
        let mut at: Timestamp = after.parse().unwrap();
        let next = std::iter::from_fn(|| {
            at = schedule.slot_after(at)?;
            Some(at.to_string())
        });
        next.take(count).collect()
    }

    #[test]
    fn fixed_hours_follow_the_wall_clock() {
        let workdays = berlin("0 6 * * 1-5");
        assert_eq!(
            slots(&workdays, "2026-03-26T12:00:00Z", 3),
            ["2026-03-27T05:00:00Z", "2026-03-30T04:00:00Z", "2026-03-31T04:00:00Z"]
        );
    }

    #[test]
    fn a_slot_that_the_clock_skips_comes_later_and_once() {
        let nightly = berlin("30 2 * * *");
        assert_eq!(
            slots(&nightly, "2026-03-28T00:00:00Z", 3),
            ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]
        );
    }

    #[test]
    fn a_slot_that_the_clock_repeats_comes_once() {
        let nightly = berlin("30 2 * * *");
        assert_eq!(slots(&nightly, "2026-10-24T12:00:00Z", 2), ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn what_runs_every_so_many_minutes_does_not_feel_the_clock_change() {
        for day in ["2026-03-29T00:00:00Z", "2026-10-25T00:00:00Z"] {
            let slots = slots(&berlin("*/15 * * * *"), day, 16);
            let first: Timestamp = day.parse().unwrap();
            for (index, slot) in slots.iter().enumerate() {
                let expected = first + SignedDuration::from_mins(15 * (i64::try_from(index).unwrap() + 1));
                assert_eq!(slot, &expected.to_string());
            }
        }
    }

    #[test]
    fn a_leap_day_is_found_and_a_day_that_never_comes_is_refused() {
        let leap = Schedule::parse("0 0 29 2 *", TimeZone::UTC, Duration::ZERO).unwrap();
        assert_eq!(slots(&leap, "2025-01-01T00:00:00Z", 1), ["2028-02-29T00:00:00Z"]);
        let never = Schedule::parse("0 0 30 2 *", TimeZone::UTC, Duration::ZERO);
        assert_eq!(never.unwrap_err(), NotASchedule::Never("0 0 30 2 *".into()));
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for bad in ["", "0 6 * *", "0 6 * * * *", "61 * * * *", "0 25 * * *", "@daily", "0 6 * * 1-5 Europe/Berlin"] {
            assert!(Schedule::parse(bad, TimeZone::UTC, Duration::ZERO).is_err(), "{bad}");
        }
        let said = Schedule::parse("61 * * * *", TimeZone::UTC, Duration::ZERO).unwrap_err().to_string();
        assert!(said.starts_with("`61 * * * *` is no schedule: ") && said.lines().count() == 1, "{said}");
    }

    #[test]
    fn the_jitter_is_the_same_for_everybody_and_differs_between_jobs_and_slots() {
        let spread = Schedule::parse("0 2 * * *", TimeZone::UTC, Duration::from_mins(10)).unwrap();
        let mut at: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..50 {
            let next = spread.next_run("full crm", at).unwrap();
            assert_eq!(spread.next_run("full crm", at), Some(next));
            let jitter = next.at.duration_since(next.slot);
            assert!(!jitter.is_negative() && jitter < SignedDuration::from_mins(10));
            seen.insert((jitter, spread.next_run("full hr", at).unwrap().at.duration_since(next.slot)));
            at = next.slot;
        }
        assert!(seen.len() > 40, "{seen:?}");
    }

    #[test]
    fn slots_that_nobody_ran_are_one_run() {
        let hourly = Schedule::parse("0 * * * *", TimeZone::UTC, Duration::ZERO).unwrap();
        let (last, now): (Timestamp, Timestamp) =
            ("2026-01-01T00:00:00Z".parse().unwrap(), "2026-01-03T10:20:00Z".parse().unwrap());
        assert!(hourly.next_run("job", last).unwrap().at <= now, "it is due at once");
        let after_it = hourly.next_run("job", now).unwrap();
        assert_eq!(after_it.at.to_string(), "2026-01-03T11:00:00Z");
    }
}
