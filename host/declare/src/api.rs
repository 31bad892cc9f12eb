//! `[api]`: how the API is served.

use crate::limits::number;
use crate::problems::Problems;
use crate::section::Section;
use crate::units;
use purser_model::api::{ApiLimits, ApiRules, Quota, TlsFiles};
use std::path::{Path, PathBuf};
use std::time::Duration;

const MOST_CALLS: u64 = 1_000_000;
const MOST_AT_ONCE: u64 = 100_000;
const LONGEST_STRETCH: Duration = Duration::from_hours(1);

/// Reads the section.
pub(crate) fn rules(mut section: Section<'_>, base: &Path, problems: &mut Problems) -> ApiRules {
    let tls = tls(&mut section, base, problems);
    let limits = limits(&mut section, problems);
    section.finish(problems);
    ApiRules { tls, limits }
}

fn tls(section: &mut Section<'_>, base: &Path, problems: &mut Problems) -> Option<TlsFiles> {
    let mut file = |key| section.optional(key).and_then(|node| node.filled_text(problems)).map(|path| base.join(path));
    let files: (Option<PathBuf>, Option<PathBuf>) = (file("certificate"), file("key"));
    match files {
        (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
        (None, None) => None,
        (certificate, _) => {
            let missing = if certificate.is_some() { "key" } else { "certificate" };
            let message = format!("`{missing}` is missing: TLS needs both `certificate` and `key`");
            problems.report(&section.place, message);
            None
        }
    }
}

fn limits(section: &mut Section<'_>, problems: &mut Problems) -> ApiLimits {
    let usual = ApiLimits::default();
    let Some(mut inner) = section.optional("limits").and_then(|node| node.section(problems)) else { return usual };
    let limits = ApiLimits {
        requests: quota(&mut inner, "requests", usual.requests, problems),
        scim_requests: quota(&mut inner, "scim_requests", usual.scim_requests, problems),
        wrong_tokens: quota(&mut inner, "wrong_tokens", usual.wrong_tokens, problems),
        concurrent_requests: count(&mut inner, "concurrent_requests", usual.concurrent_requests, problems),
        concurrent_requests_per_token: count(
            &mut inner,
            "concurrent_requests_per_token",
            usual.concurrent_requests_per_token,
            problems,
        ),
        streams: count(&mut inner, "streams", usual.streams, problems),
        streams_per_token: count(&mut inner, "streams_per_token", usual.streams_per_token, problems),
        connections: count(&mut inner, "connections", usual.connections, problems),
    };
    inner.finish(problems);
    limits
}

fn count(section: &mut Section<'_>, key: &'static str, usual: u32, problems: &mut Problems) -> u32 {
    let found = number(section, key, 1..=MOST_AT_ONCE, problems);
    found.and_then(|number| u32::try_from(number).ok()).unwrap_or(usual)
}

/// Reads `{ calls = 1000, per = "10s" }`.
fn quota(section: &mut Section<'_>, key: &'static str, usual: Quota, problems: &mut Problems) -> Quota {
    let Some(mut inner) = section.optional(key).and_then(|node| node.section(problems)) else { return usual };
    let calls = number(&mut inner, "calls", 1..=MOST_CALLS, problems).and_then(|number| u32::try_from(number).ok());
    let per = inner.required("per", "\"10s\"", problems);
    let per = per.and_then(|node| {
        let per = node.parsed(units::duration, problems)?;
        if per.is_zero() || per > LONGEST_STRETCH {
            let message = format!("write a time of more than nothing and at most {}s", LONGEST_STRETCH.as_secs());
            problems.report(&node.place, message);
        }
        Some(per)
    });
    inner.finish(problems);
    Quota { calls: calls.unwrap_or(usual.calls), per: per.unwrap_or(usual.per) }
}
