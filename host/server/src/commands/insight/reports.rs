//! The reports: where their rows come from, and which cells they have.

use super::{Answer, Row};
use crate::cli::{Insight, Report};
use crate::host::{Host, now};
use crate::remote::Remote;
use jiff::Timestamp;
use purser_model::access::Reach;
use purser_model::id::{AccountId, RunId};
use purser_reconcile::{DormantAccount, EntitlementPlace, EntitlementUse};
use purser_store::{Drift, FailureCause, Latency, Orphan, PageRequest, Period, ReportedAccount, SituationCount};
use serde::Deserialize;

const PAGE: u32 = 500;

/// Makes a report.
pub(super) async fn make(host: &Host, report: Report, arguments: &Insight) -> anyhow::Result<Answer> {
    match report {
        Report::Accounts => accounts(host, arguments).await,
        Report::Orphans => orphans(host, arguments).await,
        Report::Dormant => dormant(host, arguments).await,
        Report::Entitlements => entitlements(host, arguments).await,
        Report::Latency => latency(host, arguments).await,
        Report::Failures => failures(host, arguments).await,
        Report::Drift => drift(host, arguments).await,
    }
}

/// A target as the API shows it.
#[derive(Deserialize)]
struct TargetState {
    accounts: Vec<SituationCount>,
}

/// Makes a report of what a host that serves answers.
pub(super) async fn ask(remote: &Remote, report: Report, arguments: &Insight) -> anyhow::Result<Answer> {
    let mut query: Vec<_> = arguments.target.iter().map(|target| ("target", target.to_string())).collect();
    let since = period(arguments).since;
    match report {
        Report::Accounts => {
            let targets: Vec<TargetState> = remote.whole("/v1/targets", &[]).await?;
            let counts: Vec<_> = targets.into_iter().flat_map(|target| target.accounts).collect();
            account_report(&counts, arguments)
        }
        Report::Latency => {
            query.push(("since", since.to_string()));
            latency_report(&remote.whole::<Latency>("/v1/insight/latency", &query).await?)
        }
        Report::Failures => {
            query.push(("since", since.to_string()));
            failure_report(&remote.whole::<FailureCause>("/v1/insight/failures", &query).await?)
        }
        Report::Drift => {
            let mut found: Vec<Drift> = remote.list("/v1/insight/drift", &query).await?;
            found.retain(|row| row.started_at >= since);
            drift_report(&found)
        }
        Report::Orphans => orphan_report(&remote.list("/v1/insight/orphans", &query).await?),
        Report::Dormant => dormant_report(remote.list("/v1/insight/dormant", &query).await?),
        Report::Entitlements => entitlement_report(remote.list("/v1/insight/entitlements", &query).await?),
    }
}

fn answer(report: Report, head: &'static [&'static str], rows: Vec<Row>) -> Answer {
    Answer { report, head, rows }
}

async fn accounts(host: &Host, arguments: &Insight) -> anyhow::Result<Answer> {
    account_report(&host.store.situations().await?, arguments)
}

fn account_report(counts: &[SituationCount], arguments: &Insight) -> anyhow::Result<Answer> {
    let wanted = counts.iter().filter(|count| arguments.target.as_ref().is_none_or(|target| count.target == *target));
    let rows = wanted.map(|count| {
        let cells = vec![
            count.target.to_string(),
            count.situation.to_string(),
            usable(count.active),
            count.accounts.to_string(),
        ];
        Row::new(count, cells)
    });
    Ok(answer(Report::Accounts, &["target", "situation", "state", "accounts"], rows.collect::<Result<_, _>>()?))
}

async fn orphans(host: &Host, arguments: &Insight) -> anyhow::Result<Answer> {
    let (reach, mut found) = (reach(arguments), Vec::new());
    let mut page: PageRequest<AccountId> = PageRequest::first(PAGE);
    loop {
        let orphans = host.store.orphans(&reach, now(), page).await?;
        let Some(last) = orphans.last() else { break };
        page.after = Some(last.account.account);
        found.extend(orphans);
    }
    orphan_report(&found)
}

fn orphan_report(found: &[Orphan]) -> anyhow::Result<Answer> {
    let rows = found.iter().map(|orphan| {
        let mut cells = account_cells(&orphan.account);
        cells.push(orphan.why.as_str().to_owned());
        Row::new(orphan, cells)
    });
    const HEAD: &[&str] = &["target", "class", "id", "known_as", "owner", "situation", "state", "why"];
    Ok(answer(Report::Orphans, HEAD, rows.collect::<Result<_, _>>()?))
}

async fn dormant(host: &Host, arguments: &Insight) -> anyhow::Result<Answer> {
    let (reach, mut found) = (reach(arguments), Vec::new());
    let mut page: PageRequest<AccountId> = PageRequest::first(PAGE);
    loop {
        let accounts = host.engine.dormant(&reach, page).await?;
        found.extend(accounts.items);
        let Some(next) = accounts.next else { break };
        page.after = Some(next);
    }
    dormant_report(found)
}

fn dormant_report(mut found: Vec<DormantAccount>) -> anyhow::Result<Answer> {
    found.sort_by(|left, right| {
        (&left.account.target, left.account.account).cmp(&(&right.account.target, right.account.account))
    });
    let rows = found.iter().map(|account| {
        let mut cells = account_cells(&account.account);
        cells.extend([account.why.as_str().to_owned(), moment(account.last_sign_in)]);
        Row::new(account, cells)
    });
    const HEAD: &[&str] = &["target", "class", "id", "known_as", "owner", "situation", "state", "why", "last_sign_in"];
    Ok(answer(Report::Dormant, HEAD, rows.collect::<Result<_, _>>()?))
}

async fn entitlements(host: &Host, arguments: &Insight) -> anyhow::Result<Answer> {
    let (reach, mut found) = (reach(arguments), Vec::new());
    let mut page: PageRequest<EntitlementPlace> = PageRequest::first(PAGE);
    loop {
        let entitlements = host.engine.entitlement_use(&reach, page.clone()).await?;
        found.extend(entitlements.items);
        let Some(next) = entitlements.next else { break };
        page.after = Some(next);
    }
    entitlement_report(found)
}

/// By target, those that the fewest hold first.
fn entitlement_report(mut found: Vec<EntitlementUse>) -> anyhow::Result<Answer> {
    found.sort_by(|left, right| {
        let place = |one: &EntitlementUse| {
            (one.target.clone(), one.holders, one.class.clone(), one.name.clone(), one.remote_id.clone())
        };
        place(left).cmp(&place(right))
    });
    let rows = found.iter().map(|row| {
        let granted = match row.granted {
            Some(true) => "yes",
            Some(false) => "no",
            None => "not declared",
        };
        let cells = vec![
            row.target.to_string(),
            row.class.clone(),
            row.remote_id.clone().unwrap_or_default(),
            row.name.clone().unwrap_or_default(),
            row.holders.to_string(),
            row.only_holder.clone().unwrap_or_default(),
            granted.to_owned(),
        ];
        Row::new(row, cells)
    });
    const HEAD: &[&str] = &["target", "class", "id", "name", "holders", "only_holder", "granted"];
    Ok(answer(Report::Entitlements, HEAD, rows.collect::<Result<_, _>>()?))
}

fn reach(arguments: &Insight) -> Reach {
    Reach::Everything.narrowed_to(arguments.target.as_ref())
}

async fn latency(host: &Host, arguments: &Insight) -> anyhow::Result<Answer> {
    latency_report(&host.store.latencies(arguments.target.as_ref(), period(arguments)).await?)
}

fn latency_report(found: &[Latency]) -> anyhow::Result<Answer> {
    let rows = found.iter().map(|row| {
        let mut cells = vec![row.target.to_string(), row.measured_from.as_str().to_owned(), row.operations.to_string()];
        cells.extend([row.p50_us, row.p95_us, row.p99_us, row.max_us].map(milliseconds));
        Row::new(row, cells)
    });
    const HEAD: &[&str] = &["target", "measured_from", "operations", "p50_ms", "p95_ms", "p99_ms", "max_ms"];
    Ok(answer(Report::Latency, HEAD, rows.collect::<Result<_, _>>()?))
}

async fn failures(host: &Host, arguments: &Insight) -> anyhow::Result<Answer> {
    failure_report(&host.store.failures(arguments.target.as_ref(), period(arguments)).await?)
}

fn failure_report(found: &[FailureCause]) -> anyhow::Result<Answer> {
    let rows = found.iter().map(|row| {
        let mut cells = vec![row.target.to_string(), row.error_class.clone()];
        let counts = [row.operations, row.refused, row.open, row.recovered, row.superseded];
        cells.extend(counts.map(|count| count.to_string()));
        cells.extend([row.example.to_string(), row.example_detail.clone().unwrap_or_default()]);
        Row::new(row, cells)
    });
    const HEAD: &[&str] = &[
        "target",
        "error_class",
        "operations",
        "refused",
        "open",
        "recovered",
        "superseded",
        "example",
        "example_detail",
    ];
    Ok(answer(Report::Failures, HEAD, rows.collect::<Result<_, _>>()?))
}

async fn drift(host: &Host, arguments: &Insight) -> anyhow::Result<Answer> {
    let since = period(arguments).since;
    let mut rows = Vec::new();
    let mut page: PageRequest<RunId> = PageRequest::first(PAGE);
    loop {
        let found = host.store.drift(arguments.target.as_ref(), &Reach::Everything, page).await?;
        let Some(last) = found.last() else { break };
        let older = last.started_at < since;
        page.after = Some(last.run);
        rows.extend(found.into_iter().filter(|row| row.started_at >= since));
        if older {
            break;
        }
    }
    drift_report(&rows)
}

fn drift_report(found: &[Drift]) -> anyhow::Result<Answer> {
    let mut rows = Vec::new();
    for row in found {
        let mut cells = vec![row.target.to_string(), moment(Some(row.started_at)), row.state.to_string()];
        cells.extend([row.listed, row.changed, row.gone, row.repaired].map(|count| count.to_string()));
        rows.push(Row::new(row, cells)?);
    }
    const HEAD: &[&str] = &["target", "started_at", "ended", "listed", "changed", "gone", "repaired"];
    Ok(answer(Report::Drift, HEAD, rows))
}

/// The last so many days.
fn period(arguments: &Insight) -> Period {
    let until = now();
    let days = std::time::Duration::from_hours(24).saturating_mul(arguments.days);
    Period { since: until.checked_sub(days).unwrap_or(Timestamp::MIN), until: Timestamp::MAX }
}

fn account_cells(account: &ReportedAccount) -> Vec<String> {
    vec![
        account.target.to_string(),
        account.class.clone(),
        account.remote_id.clone().unwrap_or_default(),
        account.known_as.clone().unwrap_or_default(),
        account.owner.clone().unwrap_or_default(),
        account.situation.to_string(),
        usable(account.active),
    ]
}

fn usable(active: Option<bool>) -> String {
    match active {
        Some(true) => "enabled",
        Some(false) => "disabled",
        None => "unknown",
    }
    .to_owned()
}

fn moment(time: Option<Timestamp>) -> String {
    time.map(|time| format!("{time:.0}")).unwrap_or_default()
}

fn milliseconds(micros: u64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}
