//! `GET /v1/events/stream`: events as they happen, as Server-Sent Events that `Last-Event-ID` goes on with.

use crate::ApiState;
use crate::auth::Caller;
use crate::description::problems::EventsGone;
use crate::problem::Problem;
use crate::quota::{Holder, Place as Seat};
use crate::v1::paging::Place;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use futures::stream::{self, Stream};
use purser_store::{Event, Store, StoreError};
use serde::Deserialize;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tracing::warn;
use utoipa::IntoParams;

/// Events that are read at a time.
const BATCH: u32 = 200;
/// A comment is sent in this time, so that nobody between takes the stream for dead.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Events after this sequence number; only new ones where neither it nor `Last-Event-ID` is given.
    #[param(value_type = Option<u64>, minimum = 0, maximum = 9_223_372_036_854_775_807_i64)]
    after: Option<Place>,
}

/// Tells events as they happen, as Server-Sent Events.
#[utoipa::path(
    get,
    path = "/events/stream",
    operation_id = "followEvents",
    tag = "events",
    params(Parameters, ("Last-Event-ID" = Option<u64>, Header, description = "The last event that was dealt with; goes before `after`")),
    responses(
        (status = 200, description = "Each event as `id` (its sequence number), `event` (its kind) and `data` (the event)", body = Event, content_type = "text/event-stream"),
        EventsGone,
    )
)]
pub(crate) async fn handle(
    State(state): State<ApiState>,
    Extension(caller): Extension<Caller>,
    parameters: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Message, axum::Error>>>, Problem> {
    let Query(asked) = parameters?;
    let after = match last_seen(&headers)?.or(asked.after) {
        Some(after) => after.into(),
        // Who says nothing is told what happens from now on.
        None => state.store.events_kept().await?.newest,
    };
    // Events that are gone are a problem before the stream begins, not a stream that ends at once.
    let first = state.store.events(after, BATCH).await?;
    let place = state.quotas.stream(&Holder::Caller(caller.name))?;
    let (store, news) = (state.store.clone(), state.news.listen());
    let following = Following { after, read: first.into(), store, news, _place: place };
    let events = stream::unfold(following, |mut following| async move {
        let event = following.next().await?;
        Some((message(&event), following))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

fn last_seen(headers: &HeaderMap) -> Result<Option<Place>, Problem> {
    let Some(text) = headers.get("last-event-id") else { return Ok(None) };
    let number = text.to_str().ok().and_then(|text| text.parse::<u64>().ok());
    let number = number.and_then(|number| Place::try_from(number).ok());
    number.map(Some).ok_or_else(|| Problem::bad_parameter("`Last-Event-ID` is not a sequence number of an event"))
}

fn message(event: &Event) -> Result<Message, axum::Error> {
    Message::default().id(event.sequence.to_string()).event(event.kind.clone()).json_data(event)
}

struct Following {
    after: u64,
    read: VecDeque<Event>,
    store: Arc<dyn Store>,
    news: watch::Receiver<u64>,
    /// Given back when the consumer goes.
    _place: Seat<Holder>,
}

impl Following {
    /// The next event, whenever it comes; none where the host stops, or the consumer was so slow that events are gone.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.read.pop_front() {
                self.after = event.sequence;
                return Some(event);
            }
            // Marked before reading: what is written meanwhile is told again.
            self.news.borrow_and_update();
            match self.store.events(self.after, BATCH).await {
                Ok(read) if read.is_empty() => self.news.changed().await.ok()?,
                Ok(read) => self.read = read.into(),
                Err(StoreError::EventsGone { .. }) => return None,
                Err(error) => {
                    warn!(%error, "a stream of events ends");
                    return None;
                }
            }
        }
    }
}
