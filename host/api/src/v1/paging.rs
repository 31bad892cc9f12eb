//! Lists come in pages: `?after=` the last id of the former page, `?limit=` how many.

use crate::problem::Problem;
use purser_store::PageRequest;
use serde::{Deserialize, Serialize};
use std::fmt;
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

/// A place in a list that is counted through. A store counts no further than [`i64::MAX`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
pub(crate) struct Place(i64);

/// A number is no place.
#[derive(Debug)]
pub(crate) struct TooFar(u64);

impl fmt::Display for TooFar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is no place in a list: it must be from 0 to {}", self.0, i64::MAX)
    }
}

impl TryFrom<u64> for Place {
    type Error = TooFar;

    fn try_from(number: u64) -> Result<Self, TooFar> {
        i64::try_from(number).map(Self).map_err(|_| TooFar(number))
    }
}

impl From<Place> for u64 {
    fn from(Place(number): Place) -> Self {
        number.unsigned_abs()
    }
}

impl From<Place> for i64 {
    fn from(Place(number): Place) -> Self {
        number
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

/// What to ask the store for, perhaps in the opposite of the list's usual order.
pub(crate) fn turned<Id>(after: Option<Id>, asked: Option<u32>, backwards: bool) -> Result<PageRequest<Id>, Problem> {
    Ok(PageRequest { after, backwards, limit: limit(asked)? })
}

/// What to ask the store for.
pub(crate) fn page<Id>(after: Option<Id>, asked: Option<u32>) -> Result<PageRequest<Id>, Problem> {
    turned(after, asked, false)
}
