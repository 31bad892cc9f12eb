//! Plans that were kept: seen, approved and rejected.

use super::page::write_page;
use crate::Ending;
use crate::cli::{AboutPlan, DecidePlan, ShowPlan};
use crate::host::{Host, now};
use crate::output::{Output, table};
use crate::remote::{Remote, decision_word};
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::id::PlanId;
use purser_model::plan::{PlanLine, PlanSummary};
use purser_plan::render::{self, Page, Row};
use purser_store::{Decided, Decision, PageRequest};
use serde::Serialize;
use serde_json::json;

const PAGE: u32 = 500;

/// `plan list`
pub async fn list(host: &Host, output: &Output) -> anyhow::Result<Ending> {
    let mut plans: Vec<PlanSummary> = Vec::new();
    loop {
        let after = plans.last().map(|plan| plan.id);
        let page = host.store.plans(&Reach::Everything, PageRequest { after, ..PageRequest::first(PAGE) }).await?;
        if page.is_empty() {
            break;
        }
        plans.extend(page);
    }
    show_list(&plans, output)
}

fn show_list(plans: &[PlanSummary], output: &Output) -> anyhow::Result<Ending> {
    output.answer(&plans, || list_text(plans, now()))?;
    Ok(Ending::Done)
}

/// What is said about plans at a host that serves.
pub async fn ask(remote: &Remote, about: &AboutPlan, output: &Output) -> anyhow::Result<Ending> {
    match about {
        AboutPlan::List => show_list(&remote.list::<PlanSummary>("/v1/plans", &[]).await?, output),
        AboutPlan::Show(show) => {
            let plan: PlanSummary = remote.get(&format!("/v1/plans/{}", show.plan), &[]).await?;
            let items = remote.list(&format!("/v1/plans/{}/items", show.plan), &[]).await?;
            show_one(&Shown { plan, items }, show, output)
        }
        AboutPlan::Approve(decide) => ask_to_decide(remote, decide, Decision::Approve, output).await,
        AboutPlan::Reject(decide) => ask_to_decide(remote, decide, Decision::Reject, output).await,
    }
}

async fn ask_to_decide(
    remote: &Remote,
    arguments: &DecidePlan,
    decision: Decision,
    output: &Output,
) -> anyhow::Result<Ending> {
    let path = format!("/v1/plans/{}", arguments.plan);
    let mut wanted = json!({"decision": decision_word(decision)});
    if !arguments.all {
        wanted["positions"] = json!(arguments.items);
    }
    let decided = remote.post(&format!("{path}/decision"), &wanted).await?;
    show_decided(&Answer { plan: remote.get(&path, &[]).await?, decided }, output)
}

fn list_text(plans: &[PlanSummary], now: Timestamp) -> String {
    if plans.is_empty() {
        return "No plan is kept: make one with `purser plan`.".to_owned();
    }
    let rows = plans.iter().map(|plan| {
        vec![
            plan.id.to_string(),
            format!("{:.0}", plan.created_at),
            plan.items.to_string(),
            states(plan),
            life(plan, now),
        ]
    });
    table(&["PLAN", "MADE", "ITEMS", "STATES", "STATE"], rows)
}

fn states(plan: &PlanSummary) -> String {
    plan.states.iter().map(|(state, count)| format!("{count} {state}")).collect::<Vec<_>>().join(", ")
}

/// Whether a plan can be applied, in words.
fn life(plan: &PlanSummary, now: Timestamp) -> String {
    match (&plan.applied_at, &plan.seal) {
        (Some(at), _) => format!("applied at {at:.0}"),
        (None, None) => "without a seal".to_owned(),
        (None, Some(seal)) if seal.terms.expires_at <= now => format!("expired at {:.0}", seal.terms.expires_at),
        (None, Some(seal)) => {
            let kind = if seal.terms.what_if { "what if, " } else { "" };
            format!("{kind}until {:.0}", seal.terms.expires_at)
        }
    }
}

#[derive(Serialize)]
struct Shown {
    plan: PlanSummary,
    items: Vec<PlanLine>,
}

/// `plan show`
pub async fn show(host: &Host, arguments: &ShowPlan, output: &Output) -> anyhow::Result<Ending> {
    let plan = host.store.plan(arguments.plan).await?;
    show_one(&Shown { items: lines(host, plan.id).await?, plan }, arguments, output)
}

fn show_one(shown: &Shown, arguments: &ShowPlan, output: &Output) -> anyhow::Result<Ending> {
    let rows: Vec<Row<'_>> = shown.items.iter().map(Row::from).collect();
    if let Some(file) = &arguments.html {
        write_page(file, &Page { plan: Some(&shown.plan), rows: &rows, notices: &[], remarks: &[] })?;
    }
    output.answer(shown, || {
        let PlanSummary { id, created_at, requested_by, .. } = &shown.plan;
        let by = requested_by.as_ref().map(|requester| format!(" for {requester}")).unwrap_or_default();
        let head = format!("plan {id}, made at {created_at:.0}{by}, {}", life(&shown.plan, now()));
        format!("{head}\n\n{}", render::rows(&rows, &[], &|_, _| None))
    })?;
    Ok(Ending::Done)
}

async fn lines(host: &Host, plan: PlanId) -> anyhow::Result<Vec<PlanLine>> {
    let mut lines: Vec<PlanLine> = Vec::new();
    loop {
        let after = lines.last().map_or(0, |line| line.position);
        let page = host.store.plan_items(plan, after, PAGE).await?;
        if page.is_empty() {
            return Ok(lines);
        }
        lines.extend(page.into_iter().map(|kept| kept.line));
    }
}

/// `plan approve`
pub async fn approve(host: &Host, arguments: &DecidePlan, output: &Output) -> anyhow::Result<Ending> {
    decide(host, arguments, Decision::Approve, output).await
}

/// `plan reject`
pub async fn reject(host: &Host, arguments: &DecidePlan, output: &Output) -> anyhow::Result<Ending> {
    decide(host, arguments, Decision::Reject, output).await
}

#[derive(Serialize)]
struct Answer {
    plan: PlanSummary,
    #[serde(flatten)]
    decided: Decided,
}

async fn decide(host: &Host, arguments: &DecidePlan, decision: Decision, output: &Output) -> anyhow::Result<Ending> {
    let positions = (!arguments.all).then(|| arguments.items.iter().copied().collect());
    let decided = host.engine.decide_plan(host.store.as_ref(), arguments.plan, positions, decision).await?;
    show_decided(&Answer { plan: host.store.plan(arguments.plan).await?, decided }, output)
}

fn show_decided(answer: &Answer, output: &Output) -> anyhow::Result<Ending> {
    output.answer(answer, || {
        let mut text = format!("plan {}: {}", answer.plan.id, states(&answer.plan));
        for position in &answer.decided.too_late {
            text.push_str(&format!("\n  item {position} is applied or stale already"));
        }
        text
    })?;
    Ok(if answer.decided.too_late.is_empty() { Ending::Done } else { Ending::Failed })
}
