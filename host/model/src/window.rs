//! When a target may be worked with: days of the week and hours of the day, in a time zone.

use crate::schedule::days_around;
use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use std::str::FromStr;

/// Hours on some days of the week. One that ends at or before the hour it begins goes on into the next day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// On which days it begins; Monday first.
    pub days: [bool; 7],
    /// When it begins.
    pub from: Time,
    /// When it ends.
    pub to: Time,
}

/// A text is no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAWindow {
    /// It does not consist of days and hours.
    #[error("`{0}` is no window: write days and hours, such as `Mo-Fr 22:00-06:00` or `daily 20:00-24:00`")]
    Shape(String),
    /// A day is not known.
    #[error("`{0}` is no day: write `Mo`, `Tu`, `We`, `Th`, `Fr`, `Sa`, `Su`, a range such as `Mo-Fr`, or `daily`")]
    Day(String),
    /// A time cannot be read.
    #[error("`{0}` is no time of day: write for example `06:00`")]
    Time(String),
}

const DAYS: [&str; 7] = ["mo", "tu", "we", "th", "fr", "sa", "su"];

impl FromStr for Window {
    type Err = NotAWindow;

    /// Reads `Mo-Fr 22:00-06:00`.
    fn from_str(text: &str) -> Result<Self, NotAWindow> {
        let shape = || NotAWindow::Shape(text.to_owned());
        let (days, hours) = text.trim().rsplit_once(char::is_whitespace).ok_or_else(shape)?;
        let (from, to) = hours.split_once('-').ok_or_else(shape)?;
        Ok(Self { days: days_of_week(days)?, from: time_of_day(from)?, to: time_of_day(to)? })
    }
}

/// Reads days such as `Mo-Fr`, `Sa,Su` or `daily`.
///
/// # Errors
/// A day is not known.
pub fn days_of_week(text: &str) -> Result<[bool; 7], NotAWindow> {
    let mut days = [false; 7];
    for part in text.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty()) {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (day(first)?, day(last)?),
            None if part.eq_ignore_ascii_case("daily") => (0, 6),
            None => (day(part)?, day(part)?),
        };
        // A range may go over the end of the week.
        let mut index = first;
        days[index] = true;
        while index != last {
            index = (index + 1) % 7;
            days[index] = true;
        }
    }
    if days.contains(&true) { Ok(days) } else { Err(NotAWindow::Day(text.to_owned())) }
}

fn day(text: &str) -> Result<usize, NotAWindow> {
    let start: String = text.trim().to_lowercase().chars().take(2).collect();
    let long_enough = text.trim().chars().all(char::is_alphabetic);
    DAYS.iter().position(|day| *day == start && long_enough).ok_or_else(|| NotAWindow::Day(text.to_owned()))
}

/// Reads `06:00`; `24:00` is the end of the day.
///
/// # Errors
/// It is no time of day.
pub fn time_of_day(text: &str) -> Result<Time, NotAWindow> {
    let wrong = || NotAWindow::Time(text.to_owned());
    let (hour, minute) = text.trim().split_once(':').ok_or_else(wrong)?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hour) || !two_digits(minute) {
        return Err(wrong());
    }
    if (hour, minute) == ("24", "00") {
        return Ok(Time::midnight());
    }
    let number = |part: &str| part.parse::<i8>().map_err(|_| wrong());
    Time::new(number(hour)?, number(minute)?, 0, 0).map_err(|_| wrong())
}

/// The windows of a target, in its time zone. Without any it is always open.
#[derive(Debug, Clone, PartialEq)]
pub struct Windows {
    /// When it is open.
    pub windows: Vec<Window>,
    /// Where its days and hours are those of the clock.
    pub time_zone: TimeZone,
    /// Whether writing waits for the window too, and not only whole listings.
    pub writes_wait: bool,
}

impl Default for Windows {
    /// Always open.
    fn default() -> Self {
        Self { windows: Vec::new(), time_zone: TimeZone::UTC, writes_wait: false }
    }
}

impl Windows {
    /// Whether it is open at this moment.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.windows.is_empty() || self.openings(at).any(|(from, to)| from <= at && at < to)
    }

    /// When it opens next; none where it is open.
    pub fn opens_at(&self, now: Timestamp) -> Option<Timestamp> {
        if self.is_open(now) {
            return None;
        }
        self.openings(now).map(|(from, _)| from).filter(|from| *from > now).min()
    }

    /// Until when writing waits; none where it need not wait.
    pub fn writes_open_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.opens_at(now).filter(|_| self.writes_wait)
    }

    /// The openings from yesterday to a week ahead.
    fn openings(&self, around: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        days_around(around, &self.time_zone)
            .flat_map(move |date| self.windows.iter().filter_map(move |window| self.opening(window, date)))
    }

    fn opening(&self, window: &Window, date: Date) -> Option<(Timestamp, Timestamp)> {
        let day = usize::try_from(date.weekday().since(Weekday::Monday)).ok()?;
        if !window.days[day] {
            return None;
        }
        let last_day = if window.to <= window.from { date.tomorrow().ok()? } else { date };
        let moment = |date: Date, time| self.time_zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().ok();
        let (from, to) = (moment(date, window.from)?, moment(last_day, window.to)?);
        // Where daylight saving leaves nothing of it, it does not open.
        (from < to).then_some((from, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(texts: &[&str]) -> Windows {
        let windows = texts.iter().map(|text| text.parse().unwrap()).collect();
        Windows { windows, time_zone: TimeZone::get("Europe/Berlin").unwrap(), writes_wait: true }
    }

    fn at(text: &str) -> Timestamp {
        text.parse::<jiff::civil::DateTime>().unwrap().in_tz("Europe/Berlin").unwrap().timestamp()
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let nights = windows(&["Mo-Fr 22:00-06:00"]);
        // 2026-03-06 is a Friday.
        for open in ["2026-03-06T22:00", "2026-03-06T23:59", "2026-03-07T05:59", "2026-03-03T02:00"] {
            assert!(nights.is_open(at(open)), "{open}");
        }
        for closed in ["2026-03-06T21:59", "2026-03-07T06:00", "2026-03-07T23:00", "2026-03-09T02:00"] {
            assert!(!nights.is_open(at(closed)), "{closed}");
        }
        assert_eq!(nights.opens_at(at("2026-03-07T06:00")), Some(at("2026-03-09T22:00")));
        assert_eq!(nights.opens_at(at("2026-03-06T23:00")), None);
    }

    #[test]
    fn a_window_holds_across_a_change_of_the_clock() {
        let night = windows(&["daily 02:30-03:30"]);
        assert!(night.is_open(at("2026-03-28T02:45")));
        // On the 29th the clock goes from 02:00 to 03:00: nothing is left of this window.
        assert_eq!(night.opens_at(at("2026-03-29T01:00")), Some(at("2026-03-30T02:30")));
    }

    #[test]
    fn whole_days_and_several_windows() {
        let weekend = windows(&["Sa,Su 00:00-24:00", "We 12:00-13:00"]);
        assert!(weekend.is_open(at("2026-03-07T00:00")) && weekend.is_open(at("2026-03-08T23:59")));
        assert!(!weekend.is_open(at("2026-03-09T00:00")));
        assert_eq!(weekend.opens_at(at("2026-03-09T00:00")), Some(at("2026-03-11T12:00")));
        assert!(Windows::default().is_open(at("2026-03-09T00:00")), "without a window it is always open");
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for bad in [
            "",
            "22:00-06:00",
            "Mo 22:00",
            "Xx 22:00-06:00",
            "Mo 25:00-06:00",
            "Mo 6:00-7:00",
            "Mo 06:60-07:00",
            "M0 06:00-07:00",
        ] {
            assert!(bad.parse::<Window>().is_err(), "{bad}");
        }
        assert_eq!("Monday-wed 08:00-09:00".parse::<Window>().unwrap().days[..4], [true, true, true, false]);
    }
}
