//! `GET /metrics`: the state of the host in numbers, in the OpenMetrics text format that Prometheus reads.
//!
//! The numbers are read from the store when they are asked for, so that they are right after a restart too.

use crate::ApiState;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use purser_model::run::RunState;
use std::sync::atomic::AtomicU64;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Count = Gauge<u64, AtomicU64>;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfSituation {
    target: String,
    situation: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfQueue {
    target: String,
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfTarget {
    target: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfLimit {
    limit: String,
    connector: String,
    subject: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfRuns {
    kind: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfReason {
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfDeliveries {
    webhook: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfWebhook {
    webhook: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfBuild {
    version: &'static str,
}

pub(crate) async fn handle(State(state): State<ApiState>) -> Result<Response, Problem> {
    let mut registry = Registry::with_prefix("purser");
    let build = Family::<OfBuild, Count>::default();
    build.get_or_create(&OfBuild { version: state.version }).set(1);
    registry.register("build_info", "The version of the program", build);
    targets(&state, &mut registry).await?;
    host(&state, &mut registry).await?;
    webhooks(&state, &mut registry).await?;
    requests(&state, &mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|_| Problem::internal())?;
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

async fn targets(state: &ApiState, registry: &mut Registry) -> Result<(), Problem> {
    let accounts = Family::<OfSituation, Count>::default();
    for count in state.store.situations().await? {
        let labels = OfSituation { target: count.target.to_string(), situation: count.situation.as_str() };
        accounts.get_or_create(&labels).inc_by(count.accounts);
    }
    registry.register("accounts", "Accounts by what the last comparison found", accounts);

    let (queued, rests) = (Family::<OfQueue, Count>::default(), Family::<OfTarget, Count>::default());
    let resting = state.store.resting().await?;
    for name in state.engine.target_names() {
        let queue = state.store.queue(&name, (state.now)()).await?;
        for (word, operations) in [("due", queue.due), ("later", queue.later), ("unknown", queue.unknown)] {
            queued.get_or_create(&OfQueue { target: name.to_string(), state: word }).set(operations);
        }
        let rest = resting.iter().any(|one| one.target == name);
        rests.get_or_create(&OfTarget { target: name.to_string() }).set(rest.into());
    }
    registry.register(
        "queued_operations",
        "Operations that are due, wait for a later time, or have an unknown end",
        queued,
    );
    registry.register("target_quarantined", "1 where the target is out of service", rests);
    Ok(())
}

async fn host(state: &ApiState, registry: &mut Registry) -> Result<(), Problem> {
    let held = Count::default();
    held.set(state.store.held_count().await?);
    registry.register("held_items", "Items that the guard holds and nobody has decided on", held);

    let events = Counter::<u64>::default();
    events.inc_by(state.store.events_kept().await?.newest);
    registry.register("events", "Events since the home was made", events);

    let ended = Family::<OfRuns, Counter>::default();
    for count in state.store.run_counts().await?.into_iter().filter(|count| count.state != RunState::Running) {
        let labels = OfRuns { kind: count.kind.as_str(), outcome: count.state.as_str() };
        ended.get_or_create(&labels).inc_by(count.runs);
    }
    registry.register("runs", "Runs that ended, by how", ended);

    let limits = Family::<OfLimit, Counter>::default();
    for count in state.store.limits_reached().await? {
        let reached = count.reached;
        let [limit, connector, subject] =
            [reached.limit, reached.connector, reached.subject].map(|text| escaped(&text));
        let labels = OfLimit { limit, connector, subject };
        limits.get_or_create(&labels).inc_by(count.times);
    }
    registry.register("limits_reached", "How often calls into connectors reached a limit", limits);
    Ok(())
}

fn requests(state: &ApiState, registry: &mut Registry) {
    let refused = Family::<OfReason, Counter>::default();
    for (reason, count) in state.quotas.counts() {
        refused.get_or_create(&OfReason { reason }).inc_by(count);
    }
    registry.register("requests_refused", "Requests that were refused since the start, by the limit reached", refused);
    let streams = Count::default();
    streams.set(state.quotas.following());
    registry.register("event_streams", "Who follows events now", streams);
}

async fn webhooks(state: &ApiState, registry: &mut Registry) -> Result<(), Problem> {
    let deliveries = Family::<OfDeliveries, Counter>::default();
    let [waiting, dead, behind, disabled] = [(); 4].map(|()| Family::<OfWebhook, Count>::default());
    let newest = state.store.events_kept().await?.newest;
    for kept in state.store.webhooks().await? {
        let webhook = || kept.name.to_string();
        // A try that was the last counts among those that failed as well.
        for (outcome, count) in [("delivered", kept.delivered), ("failed", kept.failed), ("dead", kept.died)] {
            deliveries.get_or_create(&OfDeliveries { webhook: webhook(), outcome }).inc_by(count);
        }
        let numbers = [
            (&waiting, kept.waiting),
            (&dead, kept.dead_letters),
            (&behind, newest.saturating_sub(kept.through)),
            (&disabled, kept.disabled_at.is_some().into()),
        ];
        numbers.iter().for_each(|(family, number)| {
            family.get_or_create(&OfWebhook { webhook: webhook() }).set(*number);
        });
    }
    registry.register(
        "webhook_deliveries",
        "Tries to deliver, by how they ended; `dead` are those given up",
        deliveries,
    );
    registry.register("webhook_waiting", "Deliveries that failed and are tried again", waiting);
    registry.register("webhook_dead_letters", "Deliveries that were given up", dead);
    registry.register("webhook_behind_events", "Events that were not looked at for the webhook yet", behind);
    registry.register("webhook_disabled", "1 where the receiver said that it is gone", disabled);
    Ok(())
}

/// The library writes values as they are, and a connector names itself: OpenMetrics escapes these three characters.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}
