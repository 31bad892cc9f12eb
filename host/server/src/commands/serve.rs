//! `purser serve`: works as a host until it is told to stop.

use crate::Ending;
use crate::cli::Serve;
use crate::home::{Home, read_or_make_secret};
use crate::host::{Host, now};
use anyhow::{Context, bail};
use purser_api::{ApiState, ApiToken};
use purser_reconcile::NoProgress;
use std::fmt::Write;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

/// Runs the command.
pub async fn run(home: Home, arguments: &Serve) -> anyhow::Result<Ending> {
    if !arguments.listen.ip().is_loopback() {
        bail!(
            "the API speaks plain HTTP and so listens on loopback addresses only; put a TLS proxy before it instead of \
             listening on {}",
            arguments.listen
        );
    }
    let host = Host::open(&home).await?;
    wake_after_new_declarations(&host).await?;
    let token = read_or_make_secret(&home.api_token(), make_token)?;
    let listener =
        TcpListener::bind(arguments.listen).await.with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let address = listener.local_addr()?;
    println!("listening on http://{address}");
    let state = ApiState {
        store: host.store.clone(),
        targets: Arc::from(host.engine.target_names()),
        token: ApiToken::new(&token),
        version: env!("CARGO_PKG_VERSION"),
        now,
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let api = tokio::spawn(purser_api::serve(listener, state, async move {
        let _ = stopped.await;
    }));
    info!(%address, "serving");
    tokio::select! {
        () = host.engine.work(&NoProgress) => {}
        signal = told_to_stop() => signal?,
    }
    info!("stopping; what is under way is observed at the next start");
    let _ = stop.send(());
    api.await.context("the API stopped badly")??;
    Ok(Ending::Done)
}

/// Changed declarations concern everybody; unchanged ones nobody.
async fn wake_after_new_declarations(host: &Host) -> anyhow::Result<()> {
    const KEY: &str = "declarations";
    let declared = format!("{:?}", host.engine.rules().configuration());
    let digest = purser_model::object::Object {
        id: String::new(),
        secondary_ids: Vec::new(),
        version: None,
        active: None,
        attributes: declared,
    }
    .digest();
    let digest = digest.0.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    if host.store.setting(KEY).await?.as_ref() != Some(&digest) {
        let woken = host.store.wake_everyone().await?;
        info!(identities = woken, "the declarations changed");
        host.store.keep_setting(KEY, &digest).await?;
    }
    Ok(())
}

fn make_token() -> String {
    let bytes: [u8; 32] = rand::random();
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

async fn told_to_stop() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
