//! `purser serve`: works as a host until it is told to stop.

use crate::Ending;
use crate::cli::Serve;
use crate::generation::{Generation, Lasting};
use crate::home::{Home, make_secret, read_or_make_secret};
use crate::host::{Host, now};
use crate::pruning::prune;
use crate::readiness;
use crate::signals::StopSignals;
use crate::watch::Watch;
use anyhow::{Context, bail};
use purser_api::{ApiToken, Certificates, Connections, CurrentApi};
use purser_backup::Backups;
use purser_model::api::TlsFiles;
use purser_model::audit::Actor;
use purser_reconcile::{EngineError, ImportOptions, NoProgress, ReconcileMode};
use purser_store::Store;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::MissedTickBehavior;
use tracing::{info, warn};

/// How often copies of connectors are looked through.
const PRUNING: Duration = Duration::from_hours(24);
/// When what could not be looked at after a restore is tried again.
const AFTER_RESTORE: Duration = Duration::from_mins(2);

/// Runs the command.
pub async fn run(home: Home, arguments: &Serve) -> anyhow::Result<Ending> {
    let host = Host::open_as(&home, Actor::serve()).await?;
    let certificates = certificates(&host, arguments)?;
    let is_first_start = !home.api_token().exists();
    let token = ApiToken::new(&read_or_make_secret(&home.api_token(), make_secret)?);
    let backups = Arc::new(Backups::new(home.backups(), arguments.backups_kept, env!("CARGO_PKG_VERSION")));
    let (lasting, mut wanted) = Lasting::new(&home, &host, token, backups.clone())?;
    let mut generation = Generation::of(host).await?;
    generation.host.take_up_declarations(&NoProgress).await?;
    let listener =
        TcpListener::bind(arguments.listen).await.with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let address = listener.local_addr()?;
    // Whoever reads that it listens may tell it to stop.
    let mut signals = StopSignals::take()?;
    let scheme = if certificates.is_some() { "https" } else { "http" };
    if is_first_start {
        tell_first_token(&lasting.make_first_token(), &format!("{scheme}://{address}"));
    }
    println!("listening on {scheme}://{address}");
    let api = CurrentApi::new(generation.api(&lasting));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let store = generation.host.store.clone();
    let most = generation.host.engine.rules().configuration().api.limits.connections;
    let connections = Connections { tls: certificates.clone(), most };
    let served =
        tokio::spawn(purser_api::serve(listener, api.clone(), connections, lasting.news(), store, async move {
            let _ = stopped.await;
        }));
    info!(%address, "serving");
    readiness::tell_ready(&address.to_string());
    let _beside = beside(generation.host.store.clone(), backups, arguments.backup_every, certificates);
    let folder = Watch::over(generation.host.registry.folder().path());
    loop {
        let mut working = Box::pin(work(&generation, &folder, arguments));
        let take_over = tokio::select! {
            () = &mut working => bail!("the host does not work any more"),
            take_over = wanted.recv() => take_over,
            () = signals.told() => None,
        };
        let Some(take_over) = take_over else {
            readiness::tell_stopping();
            let _ = stop.send(());
            stop_within(&generation, working, served, signals, arguments.stop_within).await;
            return Ok(Ending::Done);
        };
        drop(working);
        generation = Box::pin(generation.take_over(take_over, &api, &lasting)).await;
    }
}

/// Says with what one comes in. Who missed it takes the host's own token, or makes one beside a host that is stopped.
fn tell_first_token(token: &str, url: &str) {
    println!(
        "first start: within an hour, sign in once at {url}/sign-in with the token\n\n    {token}\n\n\
         or make a token of your own with it: PURSER_TOKEN={token} purser --server {url} token create NAME --role admin"
    );
}

/// What goes on whatever declarations are in force: the service manager is shown that the host lives, backups are made, and
/// certificates that are replaced are taken up.
fn beside(
    store: Arc<dyn Store>,
    backups: Arc<Backups>,
    backup_every: u64,
    certificates: Option<Arc<Certificates>>,
) -> JoinSet<()> {
    let mut beside = JoinSet::new();
    let shown = store.clone();
    beside.spawn(async move { readiness::show_life(shown.as_ref()).await });
    beside.spawn(async move { back_up_regularly(store.as_ref(), &backups, backup_every).await });
    if let Some(certificates) = certificates {
        beside.spawn(async move { certificates.keep_up().await });
    }
    beside
}

/// Lets what is under way come to its end, for so many seconds.
async fn stop_within(
    generation: &Generation,
    mut working: impl Future<Output = ()> + Unpin,
    served: JoinHandle<()>,
    mut signals: StopSignals,
    seconds: u64,
) {
    let last = async {
        tokio::join!(generation.host.engine.until_nothing_is_under_way(), async {
            served.await.context("the API stopped badly").unwrap_or_else(|error| warn!("{error:#}"));
        });
    };
    info!(seconds, "stopping: what is under way may end, and nothing new is begun");
    generation.host.engine.stop_sending();
    tokio::select! {
        _ = last => info!("stopped; nothing is under way"),
        // What works goes on working, or nothing would end.
        () = &mut working => {}
        () = tokio::time::sleep(Duration::from_secs(seconds)) => {
            warn!("stopped; what was still under way is observed at the next start");
        }
        () = signals.told() => {
            warn!("told twice to stop; what was still under way is observed at the next start");
        }
    }
}

/// Looks at sources and targets when it is time. After a restore everything is looked at once, before anything else.
async fn look_regularly(host: &Host, arguments: &Serve) {
    look_after_restore(host).await;
    tokio::join!(
        host.engine.run_schedules(&NoProgress),
        import_regularly(host, arguments.import_every),
        reconcile_regularly(host, arguments.reconcile_every),
        look_again_after_restore(host),
    );
}

/// Reads what was not read and lists what was not listed since the store was restored; what fails is left for later.
async fn look_after_restore(host: &Host) {
    let awaited = host.engine.awaited();
    for source in &awaited.sources {
        if let Err(error) = host.engine.import(source, ImportOptions::default(), &NoProgress).await {
            warn!(%source, %error, "the store was restored, and nothing is written before this source was read");
        }
    }
    for target in &awaited.targets {
        if let Err(error) = host.engine.reconcile(target, ReconcileMode::Repair, &NoProgress).await {
            warn!(%target, %error, "the store was restored, and nothing is written here before it was reconciled");
        }
    }
}

async fn look_again_after_restore(host: &Host) {
    while !host.engine.awaited().is_nothing() {
        tokio::time::sleep(AFTER_RESTORE).await;
        look_after_restore(host).await;
    }
}

/// Makes a backup after each interval.
async fn back_up_regularly(store: &dyn Store, backups: &Backups, seconds: u64) {
    if seconds == 0 {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        match backups.make(store, now()).await {
            Ok(made) => info!(name = %made.name, bytes = made.manifest.size, "the store was backed up"),
            Err(error) => warn!(%error, "the store could not be backed up"),
        }
    }
}

/// What the API is served over TLS with. Without it nobody beyond this machine is listened to, unless the operator says so.
fn certificates(host: &Host, arguments: &Serve) -> anyhow::Result<Option<Arc<Certificates>>> {
    let named = arguments.tls_certificate.clone().zip(arguments.tls_key.clone());
    let named = named.map(|(certificate, key)| TlsFiles { certificate, key });
    let files = named.or_else(|| host.engine.rules().configuration().api.tls.clone());
    if files.is_none() && !arguments.listen.ip().is_loopback() && !arguments.without_tls {
        bail!(
            "without TLS the API listens on this machine only, and not on {}: declare `certificate` and `key` in [api], or \
             name them with --tls-certificate and --tls-key; where a proxy before it speaks TLS, say --without-tls",
            arguments.listen
        );
    }
    let opened = files.map(Certificates::open).transpose().context("the API cannot be served over TLS")?;
    Ok(opened.map(Arc::new))
}

/// Works by the declarations of this host for ever.
async fn work(Generation { host, webhooks, .. }: &Generation, folder: &Watch, arguments: &Serve) {
    tokio::select! {
        () = host.engine.work(&NoProgress) => {}
        () = folder.follow(&host.registry) => {}
        () = webhooks.work() => {}
        () = Box::pin(prune_regularly(host)) => {}
        () = Box::pin(look_regularly(host, arguments)) => {}
    }
}

/// Removes copies of connectors that nobody needs any more, now and once a day.
async fn prune_regularly(host: &Host) {
    loop {
        let configuration = host.engine.rules().configuration();
        if let Err(error) = prune(&host.registry, host.store.as_ref(), configuration, now().into()).await {
            warn!(error = format!("{error:#}"), "copies of connectors that nobody needs any more cannot be removed");
        }
        tokio::time::sleep(PRUNING).await;
    }
}

/// Reads every source without a schedule now and after each interval. One that fails is tried again at the next.
async fn import_regularly(host: &Host, seconds: u64) {
    if seconds == 0 {
        return std::future::pending().await;
    }
    let sources = &host.engine.rules().configuration().sources;
    let sources: Vec<_> =
        sources.iter().filter(|(_, source)| source.schedule.is_none()).map(|(name, _)| name.clone()).collect();
    let mut interval = tokio::time::interval(Duration::from_secs(seconds));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        for source in &sources {
            match host.engine.import(source, ImportOptions::default(), &NoProgress).await {
                Ok(report) => info!(%source, read = report.weight.staged, changed = report.weight.changed, "imported"),
                Err(error) => warn!(%source, %error, "the import failed; the identities stay as they are"),
            }
        }
    }
}

/// Reconciles every target without a schedule after each interval; the first time one interval after the start.
async fn reconcile_regularly(host: &Host, seconds: u64) {
    if seconds == 0 {
        return std::future::pending().await;
    }
    let targets = &host.engine.rules().configuration().targets;
    let targets: Vec<_> =
        targets.iter().filter(|(_, target)| target.reconcile.full.is_none()).map(|(name, _)| name.clone()).collect();
    loop {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        for target in &targets {
            match host.engine.reconcile(target, ReconcileMode::Repair, &NoProgress).await {
                Ok(report) => info!(%target, listed = report.listed, changed = report.changed, "reconciled"),
                Err(EngineError::WindowClosed { opens, .. }) => info!(%target, %opens, "the window is closed"),
                Err(error) => warn!(%target, %error, "the reconciliation failed; nothing is concluded from it"),
            }
        }
    }
}
