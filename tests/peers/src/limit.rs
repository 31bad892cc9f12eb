//! How many requests are taken in a window of time; the others wait for the next one.

use std::time::{Duration, Instant};

/// The limit, and how far it was used.
#[derive(Debug, Default)]
pub struct Limit {
    allowed: Option<(u64, Duration)>,
    began: Option<Instant>,
    used: u64,
    full: Vec<u64>,
    refused: u64,
}

/// What went through a limit.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// Requests that passed, items of batches counted one by one.
    pub passed: u64,
    /// Requests that were throttled.
    pub refused: u64,
    /// Of what was allowed between the first and the last request, the share that was used (0.0 to 1.0). Of the window
    /// that is not over nothing is counted; none where no window is over.
    pub share: Option<f64>,
}

impl Limit {
    /// So many requests in each window from now on; what was counted is forgotten.
    pub fn allow(&mut self, requests: u64, window: Duration) {
        *self = Self { allowed: Some((requests, window)), ..Self::default() };
    }

    /// Counts a request; how long to wait where there are too many. A window begins with the first request in it or, where
    /// requests go on, with the end of the former.
    pub fn pass(&mut self, now: Instant) -> Option<Duration> {
        let (allowed, window) = self.allowed?;
        let mut began = *self.began.get_or_insert(now);
        while now >= began + window {
            began += window;
            self.full.push(std::mem::take(&mut self.used));
        }
        self.began = Some(began);
        if self.used < allowed {
            self.used += 1;
            return None;
        }
        self.refused += 1;
        Some((began + window).saturating_duration_since(now))
    }

    /// What went through.
    pub fn used(&self) -> Used {
        let full: u64 = self.full.iter().sum();
        let possible = self.allowed.map_or(0, |(allowed, _)| allowed) * self.full.len() as u64;
        let share = (possible > 0).then(|| full as f64 / possible as f64);
        Used { passed: full + self.used, refused: self.refused, share }
    }
}
