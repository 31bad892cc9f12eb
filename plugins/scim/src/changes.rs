//! A change feed made of `meta.lastModified`, for servers that filter by it.
//!
//! It shows what was made or changed, and never what was deleted: full reconciliation finds that. Repeats are allowed by
//! the contract, so that every doubt is decided for reading an object again.

use crate::class::Class;
use crate::document::{member, text_field};
use crate::listing::{self, Next, Position, Query};
use crate::resource::to_object;
use crate::server::Server;
use purser_sdk::serde_json::Value;
use purser_sdk::time::rfc3339;
use purser_sdk::{Attributes, Change, ChangePage, ChangeTail, Condition, Error, Operator, cursor};
use serde::{Deserialize, Serialize};

const PAGE_SIZE: u32 = 200;
/// How far the server's clock may be behind ours, in milliseconds.
const CLOCK_DIFFERENCE_MS: u64 = 5 * 60 * 1000;

/// Where the feed goes on.
#[derive(Serialize, Deserialize)]
struct Feed {
    /// Objects changed at or after this are still to be read.
    since: String,
    /// The latest change seen in this pass.
    latest: String,
    /// Where the list of this pass goes on; none starts a pass.
    position: Option<Position>,
}

/// One page of the feed.
///
/// # Errors
/// `unsupported` unless the configuration says that the server filters by `meta.lastModified`; `unavailable` when the
/// list changed so much while it was read that something may be missing.
pub fn changes(server: &Server, class: Class<'_>, at: Option<&str>) -> Result<ChangePage, Error> {
    if !server.config.supports_lastmodified {
        return Err(Error::unsupported(
            "there is no change feed: set `supports_lastmodified` where the server filters by `meta.lastModified`, \
             else reconcile in full",
        ));
    }
    let Some(at) = at else {
        let since = rfc3339(server.host.now_ms().saturating_sub(CLOCK_DIFFERENCE_MS));
        let feed = Feed { latest: since.clone(), since, position: None };
        return Ok(ChangePage { changes: Vec::new(), tail: ChangeTail::Current(cursor::encode(&feed)?) });
    };
    let mut feed: Feed = cursor::decode(at)?;
    let position = match feed.position.take() {
        Some(position) => position,
        None => Position::start(server)?,
    };
    let changed = Condition {
        attribute: "meta.lastModified".into(),
        operator: Operator::AtOrAfter,
        value: feed.since.clone().into(),
    };
    let page = listing::fetch(server, class, &Query::new(&[changed], &[]), position, PAGE_SIZE)?;
    for resource in &page.resources {
        if let Some(modified) = last_modified(resource).filter(|modified| *modified > feed.latest.as_str()) {
            feed.latest = modified.to_owned();
        }
    }
    let objects = page
        .resources
        .into_iter()
        .map(|resource| to_object(&server.config, class, resource, None).map(Change::Present));
    let changes = objects.collect::<Result<_, _>>()?;
    let tail = match page.next {
        Next::More(position) => ChangeTail::More(cursor::encode(&Feed { position: Some(position), ..feed })?),
        Next::Complete => {
            let next = Feed { since: feed.latest.clone(), latest: feed.latest, position: None };
            ChangeTail::Current(cursor::encode(&next)?)
        }
        Next::Truncated(reason) => return Err(Error::unavailable(None, reason)),
    };
    Ok(ChangePage { changes, tail })
}

fn last_modified(resource: &Attributes) -> Option<&str> {
    let meta: &Value = member(resource, "meta")?;
    text_field(meta, "lastModified")
}
