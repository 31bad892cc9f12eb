//! `purser demo`: the main job, end to end, on two applications that are there only for the demo.

mod company;

use crate::Ending;
use crate::cli::Demo;
use crate::commands::apply;
use crate::home::Home;
use crate::host::Host;
use crate::output::Output;
use anyhow::{Context, ensure};
use company::Company;
use purser_model::id::{SourceName, TargetName};
use purser_reconcile::{ApplyReport, ImportOptions, ReconcileMode};
use serde::Serialize;
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Serialize)]
struct Step {
    step: &'static str,
    found: String,
    seconds: f64,
}

struct Steps {
    steps: Vec<Step>,
    quiet: bool,
}

/// Runs the command. Each step looks at the applications' own files afterwards; one that is not as it must be ends the
/// demo with what was expected.
pub async fn run(arguments: &Demo, output: &Output) -> anyhow::Result<Ending> {
    let temporary = tempfile::tempdir()?;
    let root = arguments.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    ensure!(!root.join("declarations").exists(), "{} is in use already; give another --keep folder", root.display());
    let company = Company::found(&root, arguments.people)?;
    drop_in(&arguments.connectors, &root)?;
    let host = Host::open(&Home::new(&root)).await?;
    let mut steps = Steps { steps: Vec::new(), quiet: output.is_json() };
    play(&company, &host, &mut steps).await?;
    if output.is_json() {
        output.answer(&steps.steps, String::new)?;
    } else if arguments.keep.is_some() {
        println!("\nThe demo's home stays in {}: try `purser --home {0} status`.", root.display());
    }
    Ok(Ending::Done)
}

fn drop_in(connectors: &Path, root: &Path) -> anyhow::Result<()> {
    let folder = root.join("connectors");
    std::fs::create_dir_all(&folder)?;
    let from = connectors.join("flatfile.wasm");
    std::fs::copy(&from, folder.join("flatfile.wasm")).with_context(|| {
        format!("cannot drop {} in; build it with `purser connector build plugins/flatfile --out DIR`", from.display())
    })?;
    Ok(())
}

async fn play(company: &Company, host: &Host, steps: &mut Steps) -> anyhow::Result<()> {
    steps.take("flatfile.wasm is dropped in", connector_found(host)).await?;
    steps.take("the HR export is read", first_import(company, host)).await?;
    steps.take("roles decide who gets what: the plan", first_plan(company, host)).await?;
    steps.take("accounts appear in two applications", first_apply(company, host)).await?;
    steps.take("a changed e-mail reaches both", changed_email(company, host)).await?;
    steps.take("a leaver loses everything", leaver(company, host)).await?;
    steps.take("drift made by hand is found and repaired", drift(company, host)).await?;
    steps.take("a second look finds nothing to do", quiet(host)).await
}

impl Steps {
    #[expect(clippy::disallowed_methods, reason = "the demo says how long each step took")]
    async fn take(
        &mut self,
        step: &'static str,
        work: impl Future<Output = anyhow::Result<String>>,
    ) -> anyhow::Result<()> {
        let begun = Instant::now();
        let found = Box::pin(work).await.with_context(|| format!("demo step \"{step}\""))?;
        let seconds = begun.elapsed().as_secs_f64();
        if !self.quiet {
            println!("{:>2}. {step} ({seconds:.2} s)", self.steps.len() + 1);
            for line in found.lines() {
                println!("      {line}");
            }
        }
        self.steps.push(Step { step, found, seconds });
        Ok(())
    }
}

async fn connector_found(host: &Host) -> anyhow::Result<String> {
    let mut lines = Vec::new();
    for (path, loaded) in host.registry.all().await? {
        let connector = loaded.map_err(anyhow::Error::msg)?.connector;
        let manifest = connector.manifest();
        lines.push(format!("{} {}: {}", manifest.name, manifest.version, manifest.description));
        let reach: Vec<_> = connector.reach().interfaces.iter().map(|one| one.name.to_owned()).collect();
        lines.push(format!("{} can reach: {}", path.file_name().unwrap_or_default().display(), reach.join(", ")));
    }
    ensure!(lines.len() == 2, "exactly one connector lies in the folder");
    Ok(lines.join("\n"))
}

async fn import(host: &Host) -> anyhow::Result<purser_reconcile::ImportReport> {
    let source: SourceName = "hr".parse()?;
    Ok(host.engine.import(&source, ImportOptions::default(), &purser_reconcile::NoProgress).await?)
}

async fn import_and_apply(host: &Host) -> anyhow::Result<ApplyReport> {
    import(host).await?;
    let report = host.engine.work_off_with_retries(PATIENCE, &purser_reconcile::NoProgress).await?;
    ensure!(apply::ending(&report) == Ending::Done, "{}", apply::text(&report));
    Ok(report)
}

async fn first_import(company: &Company, host: &Host) -> anyhow::Result<String> {
    let report = import(host).await?;
    ensure!(report.weight.new == u64::from(company.people), "{} people are new", company.people);
    Ok(format!("{} people read, nothing provisioned yet", report.weight.new))
}

async fn first_plan(company: &Company, host: &Host) -> anyhow::Result<String> {
    let report = host.engine.plan_everyone(None, &purser_reconcile::NoProgress).await?;
    ensure!(report.items.len() == 2 * company.people as usize, "everybody gets two accounts");
    let sample =
        report.items.iter().filter(|item| Some(item.identity) == report.items.first().map(|first| first.identity));
    let sample: Vec<_> = sample.cloned().collect();
    let whole = purser_plan::render::summary(&report.items, &report.notices);
    Ok(format!("{}...\nin all: {whole}", purser_plan::render::text(&sample, &[], &|_, _| None)))
}

async fn first_apply(company: &Company, host: &Host) -> anyhow::Result<String> {
    let report = apply::plan_and_apply(host, PATIENCE, &purser_reconcile::NoProgress).await?;
    ensure!(apply::ending(&report) == Ending::Done, "{}", apply::text(&report));
    let (directory, crm) = (company.directory()?, company.crm()?);
    ensure!(directory.len() == company.people as usize, "the directory has {} accounts", directory.len());
    ensure!(crm.len() == company.people as usize, "the customer database has {} users", crm.len());
    let engineers = directory.values().filter(|account| account["groups"].contains("engineers")).count();
    Ok(format!(
        "{}\ndirectory: {} accounts, {engineers} of them engineers; customer database: {} users",
        apply::text(&report),
        directory.len(),
        crm.len()
    ))
}

async fn changed_email(company: &Company, host: &Host) -> anyhow::Result<String> {
    let person = company.person(2);
    company.change_hr(&person, "email", "anna.newname@example.org")?;
    let report = import_and_apply(host).await?;
    ensure!(report.operations.applied == 2, "one update in each application, not {}", report.operations.applied);
    ensure!(company.directory()?[&person]["mail"] == "anna.newname@example.org", "the directory has the new e-mail");
    ensure!(company.crm()?[&person]["email"] == "anna.newname@example.org", "the customer database has the new e-mail");
    Ok(format!("{person}: 2 updates, no account deleted, none created"))
}

async fn leaver(company: &Company, host: &Host) -> anyhow::Result<String> {
    let person = company.person(3);
    company.change_hr(&person, "status", "left")?;
    import_and_apply(host).await?;
    let (directory, crm) = (company.directory()?, company.crm()?);
    ensure!(directory[&person]["active"] == "false", "the directory account is disabled");
    ensure!(directory[&person]["groups"].is_empty(), "no group is left");
    ensure!(crm[&person]["enabled"] == false, "the customer database account is disabled");
    let permissions = crm[&person]["permissions"].as_array().map_or(0, Vec::len);
    ensure!(permissions == 0, "no permission is left");
    Ok(format!("{person}: both accounts disabled, groups and permissions revoked"))
}

async fn drift(company: &Company, host: &Host) -> anyhow::Result<String> {
    let person = company.person(4);
    let before = company.directory()?[&person].clone();
    company.change_directory(&person, "department", "Board")?;
    company.change_directory(&person, "groups", "everyone;administrators")?;
    let target: TargetName = "directory".parse()?;
    let dry = host.engine.reconcile(&target, ReconcileMode::DryRun, &purser_reconcile::NoProgress).await?;
    let plan = dry.plan.unwrap_or_default();
    let found = purser_plan::render::text(&plan.items, &plan.notices, &|_, _| None);
    let report = host.engine.reconcile(&target, ReconcileMode::Repair, &purser_reconcile::NoProgress).await?;
    ensure!(report.operations.refused == 0, "nothing is refused");
    ensure!(company.directory()?[&person] == before, "{person} is as before");
    Ok(found)
}

async fn quiet(host: &Host) -> anyhow::Result<String> {
    let mut lines = Vec::new();
    for target in host.engine.target_names() {
        let report = host.engine.reconcile(&target, ReconcileMode::Repair, &purser_reconcile::NoProgress).await?;
        ensure!(report.operations.applied == 0, "{target} needs no change");
        lines.push(format!("{target}: {} objects looked at, {} changed", report.listed, report.changed));
    }
    Ok(lines.join("\n"))
}
