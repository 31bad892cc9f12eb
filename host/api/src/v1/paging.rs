//! Lists come in pages: `?after=` the last id of the former page, `?limit=` how many.

use crate::problem::Problem;
use purser_store::PageRequest;
use serde::Serialize;
use utoipa::ToSchema;

const USUAL: u32 = 100;
const MOST: u32 = 500;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Page)]
pub(crate) struct Listed<T, C> {
    /// The entries.
    pub(crate) items: Vec<T>,
    /// What to give as `after` for the next page; null at the end.
    pub(crate) next: Option<C>,
}

impl<T, C> Listed<T, C> {
    /// A page that was asked for with this limit: where it is full there may be more.
    pub(crate) fn new(items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> C) -> Self {
        let full = items.len() >= limit as usize;
        let next = items.last().filter(|_| full).map(cursor);
        Self { items, next }
    }
}

/// How many entries a page has.
///
/// # Errors
/// More than 500, or none, were asked for.
pub(crate) fn limit(asked: Option<u32>) -> Result<u32, Problem> {
    match asked {
        None => Ok(USUAL),
        Some(limit @ 1..=MOST) => Ok(limit),
        Some(other) => Err(Problem::bad_parameter(format!("`limit` is {other}: it must be from 1 to {MOST}"))),
    }
}

/// What to ask the store for.
pub(crate) fn page<Id>(after: Option<Id>, asked: Option<u32>) -> Result<PageRequest<Id>, Problem> {
    Ok(PageRequest { after, limit: limit(asked)? })
}
