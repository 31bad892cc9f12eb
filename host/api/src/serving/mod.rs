//! Connections: how many, with TLS or without, and how long each may take for what.
//!
//! Every request gets its [`Peer`]. A connection that does not finish its handshake, or the head of a request, in time is
//! closed; more connections than there may be wait until others end.

mod certificate;

pub use certificate::{CertificateError, Certificates};

use axum::Router;
use axum::extract::{Extension, Request};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use futures::FutureExt as _;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tracing::{debug, warn};

/// The longest that a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The longest that the head of a request may take, the wait before it included.
const HEAD: Duration = Duration::from_secs(30);
/// After an error of the listener, such as where there are no file descriptors left.
const BREATH: Duration = Duration::from_millis(200);
/// Browsers come back with TLS alone for so long.
const ONLY_TLS: &str = "max-age=31536000";

/// Where a request comes from: the other end of the connection, which may be a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// What connections are held to.
#[derive(Clone)]
pub struct Connections {
    /// TLS, where they are served with it.
    pub tls: Option<Arc<Certificates>>,
    /// How many at the same time.
    pub most: u32,
}

/// Serves until `shutdown` is done, then finishes what is under way.
pub(crate) async fn serve<F>(listener: TcpListener, app: Router, connections: Connections, shutdown: F)
where
    F: Future<Output = ()>,
{
    let app = if connections.tls.is_some() { app.layer(middleware::from_fn(over_tls)) } else { app };
    let acceptor = connections.tls.map(|certificates| TlsAcceptor::from(certificates.server()));
    let permits = Arc::new(Semaphore::new(connections.most as usize));
    let (stopping, stopped) = watch::channel(());
    let mut shutdown = pin!(shutdown.fuse());
    loop {
        let permit = tokio::select! {
            permit = permits.clone().acquire_owned() => permit,
            () = &mut shutdown => break,
        };
        let Ok(permit) = permit else { break };
        let (stream, address) = tokio::select! {
            accepted = accept(&listener) => accepted,
            () = &mut shutdown => break,
        };
        let (app, acceptor, stopped) = (app.clone(), acceptor.clone(), stopped.clone());
        tokio::spawn(async move {
            connection(stream, address, app, acceptor, stopped).await;
            drop(permit);
        });
    }
    drop(listener);
    drop(stopped);
    stopping.send_replace(());
    stopping.closed().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                warn!(%error, "no connection can be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    app: Router,
    acceptor: Option<TlsAcceptor>,
    stopped: watch::Receiver<()>,
) {
    let _ = stream.set_nodelay(true);
    let app = app.layer(Extension(Peer(address.ip().to_canonical())));
    let Some(acceptor) = acceptor else { return speak(stream, app, stopped).await };
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => speak(stream, app, stopped).await,
        Ok(Err(error)) => debug!(%address, %error, "a TLS handshake failed"),
        Err(_) => debug!(%address, "a TLS handshake took too long"),
    }
}

async fn speak<S>(stream: S, app: Router, mut stopped: watch::Receiver<()>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let mut spoken = pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app)));
    tokio::select! {
        ended = spoken.as_mut() => return note(ended),
        _ = stopped.changed() => spoken.as_mut().graceful_shutdown(),
    }
    note(spoken.await);
}

fn note(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        debug!(%error, "a connection broke off");
    }
}

/// The connection is over TLS, whatever a client says of it; browsers use nothing else from then on.
async fn over_tls(mut request: Request, next: Next) -> Response {
    request.headers_mut().insert("x-forwarded-proto", HeaderValue::from_static("https"));
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(ONLY_TLS));
    response
}
