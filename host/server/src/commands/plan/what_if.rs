//! `purser plan --declarations DIR`: what would be done if those were the declarations.

use super::page::write_page;
use super::{advice, numbered};
use crate::Ending;
use crate::cli::Plan;
use crate::host::Host;
use crate::output::Output;
use purser_model::id::TargetName;
use purser_model::plan::{Notice, PlanItem, PlanSummary};
use purser_plan::render::{self, Page, Row};
use purser_reconcile::{PLAN_LIFE, WhatIfReport};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The items are numbered as in the plan that is kept: what is new comes first.
#[derive(Serialize)]
struct Answer<'a> {
    plan: Option<&'a PlanSummary>,
    /// How many of the items are new; the others are the same without the change.
    new: usize,
    /// How many are the same without the change, also where they are left out.
    same: usize,
    #[serde(serialize_with = "numbered")]
    items: &'a [PlanItem],
    withdrawn: &'a [PlanItem],
    notices: &'a [Notice],
    left_out: &'a BTreeMap<TargetName, String>,
}

/// Runs the command.
pub async fn run(host: &Host, directory: &Path, arguments: &Plan, output: &Output) -> anyhow::Result<Ending> {
    let what_if = host.what_if(directory)?;
    let progress = output.progress();
    let mut report = what_if.plan(&progress).await?;
    drop(progress);
    only_targets(&mut report, &arguments.target);
    let WhatIfReport { mut items, same, withdrawn, notices, left_out } = report;
    let (new, same_count) = (items.len(), same.len());
    if !arguments.only_new {
        items.extend(same);
    }
    let kept = match arguments.keep && !items.is_empty() {
        true => Some(what_if.keep_plan(&items, &host.plan_key, arguments.expires.unwrap_or(PLAN_LIFE)).await?),
        false => None,
    };
    let answer = Answer {
        plan: kept.as_ref(),
        new,
        same: same_count,
        items: &items,
        withdrawn: &withdrawn,
        notices: &notices,
        left_out: &left_out,
    };
    if let Some(file) = &arguments.html {
        let remarks = remarks(&answer);
        write_page(file, &Page { plan: kept.as_ref(), rows: &rows(&answer), notices: &notices, remarks: &remarks })?;
    }
    output.answer(&answer, || text(&answer))?;
    Ok(if new + withdrawn.len() > 0 { Ending::ChangesPending } else { Ending::Done })
}

fn only_targets(report: &mut WhatIfReport, targets: &[TargetName]) {
    if targets.is_empty() {
        return;
    }
    for items in [&mut report.items, &mut report.same, &mut report.withdrawn] {
        items.retain(|item| targets.contains(&item.target));
    }
    report.notices.retain(|notice| notice.target.as_ref().is_none_or(|target| targets.contains(target)));
}

/// Items have numbers only where they were kept.
fn rows<'a>(answer: &Answer<'a>) -> Vec<Row<'a>> {
    match answer.plan {
        Some(_) => Row::numbered(answer.items),
        None => answer.items.iter().map(Row::new).collect(),
    }
}

fn remarks(answer: &Answer<'_>) -> Vec<String> {
    let mut remarks = vec![format!(
        "{} new with these declarations, {} the same without the change, {} not done any more",
        answer.new,
        answer.same,
        answer.withdrawn.len()
    )];
    remarks.extend(answer.left_out.iter().map(|(target, why)| format!("target {target} cannot be planned: {why}")));
    remarks
}

fn text(answer: &Answer<'_>) -> String {
    let rows = rows(answer);
    let (new, same) = rows.split_at(answer.new);
    let mut text =
        format!("With these declarations, and not without:\n\n{}", render::rows(new, answer.notices, &|_, _| None));
    if !same.is_empty() {
        text.push_str(&format!("\nThe same without the change:\n\n{}", render::rows(same, &[], &|_, _| None)));
    }
    if !answer.withdrawn.is_empty() {
        let withdrawn = render::text(answer.withdrawn, &[], &|_, _| None);
        text.push_str(&format!("\nOnly without the change, and not done any more:\n\n{withdrawn}"));
    }
    for remark in remarks(answer) {
        text.push_str(&format!("\n{remark}"));
    }
    if let Some(kept) = answer.plan {
        text.push_str(&format!("\nOnce these declarations are in place:{}", advice(kept)));
    }
    text
}
