//! Lists: GET of a type or of everything, and `.search`.

use super::answer::scim_json;
use super::body::{Parameters, ScimBody};
use super::client::Client;
use super::problem::ScimProblem;
use super::views::relation_name;
use axum::http::StatusCode;
use axum::response::Response;
use purser_scim_server::filter::{BoundFilter, Filter, Lookup, LookupKey, UnknownAttributes};
use purser_scim_server::{Cursor, ErrorKind, Page, Paging, Query, ResourceKind, ScimError, SortKey, list_response};
use purser_store::{KeptScim, Relations, ScimLookup};
use serde_json::Value;

/// So many resources are looked at before others get their turn.
const SCANNED_AT_ONCE: u32 = 500;

/// `GET /Users`, `GET /Groups`
pub(super) async fn of_kind(
    client: Client,
    kind: ResourceKind,
    Parameters(query): Parameters,
) -> Result<Response, ScimProblem> {
    list(&client, &[kind], &query).await
}

/// `POST /Users/.search`, `POST /Groups/.search`
pub(super) async fn search_kind(
    client: Client,
    kind: ResourceKind,
    ScimBody(body): ScimBody,
) -> Result<Response, ScimProblem> {
    list(&client, &[kind], &Query::from_body(&body)?).await
}

/// `GET /`
pub(super) async fn everything(client: Client, Parameters(query): Parameters) -> Result<Response, ScimProblem> {
    list(&client, &ResourceKind::ALL, &query).await
}

/// `POST /.search`
pub(super) async fn search_everything(client: Client, ScimBody(body): ScimBody) -> Result<Response, ScimProblem> {
    list(&client, &ResourceKind::ALL, &Query::from_body(&body)?).await
}

async fn list(client: &Client, kinds: &[ResourceKind], query: &Query) -> Result<Response, ScimProblem> {
    let listing = Listing::new(client, kinds, query)?;
    let (found, total, page) = match kinds {
        [kind] if query.filter.is_none() && query.sorting.is_none() => listing.straight(*kind).await?,
        _ => listing.selected().await?,
    };
    let shown: Vec<Value> = found
        .into_iter()
        .map(|kept| {
            let kind = kept.kind;
            query.projection.apply(client.resource_type(kind), client.shown(kept))
        })
        .collect();
    Ok(scim_json(StatusCode::OK, &list_response(&shown, total, &page)))
}

/// A page of resources, how many there are on all pages, and where the page lies.
type Found = (Vec<KeptScim>, u64, Page);

struct Listing<'a> {
    client: &'a Client,
    kinds: &'a [ResourceKind],
    query: &'a Query,
    filters: Vec<(ResourceKind, Option<BoundFilter>)>,
    /// Tells this query from others, for cursors.
    mark: String,
    count: u64,
}

impl<'a> Listing<'a> {
    fn new(client: &'a Client, kinds: &'a [ResourceKind], query: &'a Query) -> Result<Self, ScimProblem> {
        let filters = bound(client, kinds, query.filter.as_ref())?;
        let order = query.sorting.as_ref().map(|one| format!("{} {}", one.by, one.descending)).unwrap_or_default();
        let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
        let mark = Cursor::query_mark(&[&names.join(","), &query.filter_text, &order]);
        let count = query.count.unwrap_or(client.limits.page).min(client.limits.largest_page);
        Ok(Self { client, kinds, query, filters, mark, count })
    }

    /// What was shown on the pages before.
    fn after_cursor(&self) -> Result<Option<i64>, ScimProblem> {
        match &self.query.paging {
            Paging::Index(_) => Ok(None),
            Paging::Cursor(text) if text.is_empty() => Ok(Some(0)),
            Paging::Cursor(text) => {
                let (now, timeout) = (self.client.now().as_second(), self.client.limits.cursor_seconds);
                Ok(Some(Cursor::read(text, &self.mark, now, timeout)?.after))
            }
        }
    }

    fn next_cursor(&self, after: i64, is_last: bool) -> Page {
        let cursor = Cursor { after, given_at: self.client.now().as_second(), query: self.mark.clone() };
        Page::Cursor((!is_last).then(|| cursor.to_text()))
    }

    fn relations(&self, kind: ResourceKind) -> Relations {
        self.client.relations(kind, &self.query.projection)
    }

    /// All of a kind, in the order of their creation.
    async fn straight(&self, kind: ResourceKind) -> Result<Found, ScimProblem> {
        let (store, source) = (&self.client.store, &self.client.source);
        let total = store.count_scim(source, kind).await?;
        let after = match (self.after_cursor()?, &self.query.paging) {
            (Some(after), _) => Some(after),
            (None, Paging::Index(start)) => store.scim_number_after(source, kind, start - 1).await?,
            (None, Paging::Cursor(_)) => None,
        };
        let limit = u32::try_from(self.count).unwrap_or(u32::MAX);
        // One more says whether the page is the last.
        let mut found = match after {
            Some(after) if limit > 0 => {
                store.scim_page(source, kind, after, limit.saturating_add(1), self.relations(kind)).await?
            }
            _ => Vec::new(),
        };
        let is_last = found.len() as u64 <= self.count;
        found.truncate(usize::try_from(self.count).unwrap_or(usize::MAX));
        let page = match &self.query.paging {
            Paging::Index(start) => Page::Index(*start),
            Paging::Cursor(_) => {
                let last = found.last().map_or(after.unwrap_or(0), |kept| kept.number);
                self.next_cursor(last, is_last)
            }
        };
        Ok((found, total, page))
    }

    /// Those that a filter lets pass, in their order.
    async fn selected(&self) -> Result<Found, ScimProblem> {
        let mut selected = Vec::new();
        for (kind, filter) in &self.filters {
            self.select(*kind, filter.as_ref(), &mut selected).await?;
        }
        if let Some(sorting) = &self.query.sorting {
            selected
                .sort_by(|(left, _), (right, _)| if sorting.descending { right.cmp(left) } else { left.cmp(right) });
        }
        let total = selected.len() as u64;
        let skipped = match (self.after_cursor()?, &self.query.paging) {
            (Some(shown), _) => u64::try_from(shown).unwrap_or(0),
            (None, Paging::Index(start)) => start - 1,
            (None, Paging::Cursor(_)) => 0,
        };
        let (skip, take) = (usize::try_from(skipped).unwrap_or(usize::MAX), usize::try_from(self.count).unwrap_or(0));
        let numbers: Vec<i64> = selected.into_iter().skip(skip).take(take).map(|(_, number)| number).collect();
        let shown = skipped.saturating_add(numbers.len() as u64);
        let relations = self.kinds.iter().map(|kind| self.relations(*kind));
        let relations =
            if relations.into_iter().any(|one| one == Relations::Read) { Relations::Read } else { Relations::LeftOut };
        let found = self.client.store.scim_numbered(&self.client.source, numbers, relations).await?;
        let page = match &self.query.paging {
            Paging::Index(start) => Page::Index(*start),
            Paging::Cursor(_) => self.next_cursor(i64::try_from(shown).unwrap_or(i64::MAX), shown >= total),
        };
        Ok((found, total, page))
    }

    async fn select(
        &self,
        kind: ResourceKind,
        filter: Option<&BoundFilter>,
        selected: &mut Vec<(Option<SortKey>, i64)>,
    ) -> Result<(), ScimProblem> {
        let relations = self.needed_to_select(kind);
        let (store, source) = (&self.client.store, &self.client.source);
        if let Some(lookup) = filter.and_then(BoundFilter::lookup) {
            let candidates = self.look_up(kind, lookup, relations).await?;
            return self.keep(kind, filter, candidates, selected);
        }
        let _turn = self.client.scans.acquire().await.map_err(|_| ScimProblem::Internal)?;
        let mut after = 0;
        loop {
            let page = store.scim_page(source, kind, after, SCANNED_AT_ONCE, relations).await?;
            let Some(last) = page.last().map(|kept| kept.number) else { return Ok(()) };
            after = last;
            self.keep(kind, filter, page, selected)?;
        }
    }

    async fn look_up(
        &self,
        kind: ResourceKind,
        lookup: Lookup,
        relations: Relations,
    ) -> Result<Vec<KeptScim>, ScimProblem> {
        let (store, source) = (&self.client.store, &self.client.source);
        let lookup = match lookup.key {
            LookupKey::Id => {
                let Ok(id) = lookup.value.parse() else { return Ok(Vec::new()) };
                return Ok(store.scim_resource(source, kind, id, relations).await?.into_iter().collect());
            }
            LookupKey::ExternalId => ScimLookup::ExternalId(lookup.value),
            LookupKey::UserName => ScimLookup::UserName(lookup.value),
            LookupKey::DisplayName => ScimLookup::DisplayName(lookup.value),
        };
        Ok(store.find_scim(source, kind, lookup, relations).await?)
    }

    /// Adds those of a page that the filter lets pass.
    fn keep(
        &self,
        kind: ResourceKind,
        filter: Option<&BoundFilter>,
        page: Vec<KeptScim>,
        selected: &mut Vec<(Option<SortKey>, i64)>,
    ) -> Result<(), ScimProblem> {
        for kept in page {
            let number = kept.number;
            let shown = self.client.shown(kept);
            if filter.is_some_and(|filter| !filter.matches(&shown)) {
                continue;
            }
            let sorting = self.query.sorting.as_ref();
            let key = sorting.map(|sorting| sorting.key(self.client.resource_type(kind), &shown)).transpose()?;
            selected.push((key, number));
        }
        Ok(())
    }

    /// Members and groups are read only where the filter or the order asks for them.
    fn needed_to_select(&self, kind: ResourceKind) -> Relations {
        let filtered = self.query.filter.iter().flat_map(Filter::paths);
        let mut paths = filtered.chain(self.query.sorting.as_ref().map(|sorting| &sorting.by));
        let name = relation_name(kind);
        let needs = paths.any(|path| path.to_string().to_ascii_lowercase().contains(name));
        if needs { Relations::Read } else { Relations::LeftOut }
    }
}

/// The filter, bound to each kind. Of several kinds one must have each attribute.
fn bound(
    client: &Client,
    kinds: &[ResourceKind],
    filter: Option<&Filter>,
) -> Result<Vec<(ResourceKind, Option<BoundFilter>)>, ScimProblem> {
    let Some(filter) = filter else { return Ok(kinds.iter().map(|kind| (*kind, None)).collect()) };
    let unknown = if kinds.len() == 1 { UnknownAttributes::Refused } else { UnknownAttributes::NoValue };
    let is_known = |path: &purser_scim_server::AttributePath| {
        kinds.iter().any(|kind| path.resolve(client.resource_type(*kind)).is_some())
    };
    if let Some(path) = filter.paths().into_iter().find(|path| !is_known(path)) {
        return Err(ScimError::new(ErrorKind::InvalidFilter, format!("nothing has an attribute `{path}`")).into());
    }
    let bound = kinds.iter().map(|kind| Ok((*kind, Some(filter.bind(client.resource_type(*kind), unknown)?))));
    Ok(bound.collect::<Result<_, ScimError>>()?)
}
