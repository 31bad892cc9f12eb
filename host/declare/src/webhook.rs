//! `[webhook.NAME]`: who is told of events, and how.

use crate::problems::Problems;
use crate::section::{Node, Section};
use crate::{secret, timing, units};
use purser_model::egress::{AddressGrant, is_loopback};
use purser_model::webhook::{EventPattern, Webhook};
use std::path::Path;
use std::time::Duration;
use url::Url;

const MOST_RETRIES: usize = 50;
const LONGEST_RETRY: Duration = Duration::from_hours(7 * 24);
const LONGEST_TIMEOUT: Duration = Duration::from_mins(5);

/// A text is no URL that events can be posted to. It is not repeated: it may hold a secret.
#[derive(Debug, thiserror::Error)]
enum NotAReceiver {
    #[error("this is no URL ({0}): write for example \"https://hooks.example/purser\"")]
    Syntax(#[from] url::ParseError),
    #[error("events go to https:// URLs, and to http:// only on this machine, such as http://127.0.0.1:8080/hook")]
    Scheme,
    #[error("leave user name, password and fragment out of the URL: deliveries are signed")]
    Form,
}

/// Reads a webhook; none where so much is missing that there is nothing to go on with.
pub(crate) fn read(mut section: Section<'_>, base: &Path, problems: &mut Problems) -> Option<Webhook> {
    let url = section.required("url", "\"https://hooks.example/purser\"", problems);
    let url = url.and_then(|node| node.parsed(receiver, problems));
    let secret = section.required("secret", "\"name of a secret\"", problems);
    let secret = secret.and_then(|node| node.parsed(secret::name, problems));
    let previous = section.optional("previous_secret").and_then(|node| node.parsed(secret::name, problems));
    let events = section.optional("events").map(|node| events(&node, problems)).unwrap_or_default();
    let retry = section.optional("retry").map(|node| retry(&node, problems));
    let rate = section.optional("rate").and_then(|node| timing::rate(&node, problems));
    let timeout = section.optional("timeout").and_then(|node| wait(&node, LONGEST_TIMEOUT, problems));
    let from_start = section.optional("from_start").and_then(|node| node.flag(problems)).unwrap_or(false);
    let addresses = section.optional("addresses").map(|node| node.list(problems)).unwrap_or_default();
    let addresses = addresses.iter().filter_map(|node| node.parsed(str::parse::<AddressGrant>, problems)).collect();
    let ca = section.optional("ca").and_then(|node| node.filled_text(problems)).map(|path| base.join(path));
    section.finish(problems);
    let usual = Webhook::new(url?, secret?);
    Some(Webhook {
        events,
        previous_secret: previous,
        retry: retry.unwrap_or_else(|| usual.retry.clone()),
        rate,
        timeout: timeout.unwrap_or(usual.timeout),
        from_start,
        addresses,
        ca,
        ..usual
    })
}

fn receiver(text: &str) -> Result<Url, NotAReceiver> {
    let url = Url::parse(text)?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        _ => return Err(NotAReceiver::Scheme),
    }
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if plain { Ok(url) } else { Err(NotAReceiver::Form) }
}

fn events(node: &Node<'_>, problems: &mut Problems) -> Vec<EventPattern> {
    let items = node.list(problems);
    if items.is_empty() {
        problems.report(&node.place, "a webhook without events is never told anything: leave `events` out for all");
    }
    items.iter().filter_map(|item| item.parsed(str::parse::<EventPattern>, problems)).collect()
}

fn retry(node: &Node<'_>, problems: &mut Problems) -> Vec<Duration> {
    let items = node.list(problems);
    if items.len() > MOST_RETRIES {
        problems.report(&node.place, format!("write at most {MOST_RETRIES} waits"));
    }
    items.iter().filter_map(|item| wait(item, LONGEST_RETRY, problems)).collect()
}

fn wait(node: &Node<'_>, longest: Duration, problems: &mut Problems) -> Option<Duration> {
    let wait = node.parsed(units::duration, problems)?;
    if wait > longest {
        problems.report(&node.place, format!("this is too long: write at most {}s", longest.as_secs()));
    }
    Some(wait)
}
