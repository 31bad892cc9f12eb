//! The connection below a session: TCP, in clear or in TLS.

use crate::error::LdapError;
use crate::settings::AddressPolicy;
use crate::tls::Tls;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A connection.
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    pub(crate) fn is_encrypted(&self) -> bool {
        matches!(self, Self::Tls(_))
    }

    /// Puts TLS around a connection.
    pub(crate) async fn encrypt(self, tls: &Tls) -> Result<Self, LdapError> {
        let Self::Plain(tcp) = self else { return Ok(self) };
        let connector = TlsConnector::from(tls.config.clone());
        let connected = connector.connect(tls.server.clone(), tcp).await;
        let connected = connected.map_err(|error| LdapError::Unreachable(format!("TLS: {error}")))?;
        Ok(Self::Tls(Box::new(connected)))
    }
}

/// Connects to one of the addresses of the host. Exactly the addresses that were checked are dialled.
pub(crate) async fn connect(host: &str, port: u16, policy: &dyn AddressPolicy) -> Result<Stream, LdapError> {
    let unreachable = |text: String| LdapError::Unreachable(text);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let resolved = tokio::net::lookup_host((bare, port)).await;
    let addresses: Vec<_> = resolved.map_err(|error| unreachable(format!("{host}: {error}")))?.collect();
    if addresses.is_empty() {
        return Err(unreachable(format!("{host} has no address")));
    }
    for address in &addresses {
        policy.check(host, address.ip(), port).map_err(|refused| LdapError::Denied(refused.to_string()))?;
    }
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(tcp) => {
                // Requests are small and wait for their answers.
                let _ = tcp.set_nodelay(true);
                return Ok(Stream::Plain(tcp));
            }
            Err(error) => last = Some(format!("{address}: {error}")),
        }
    }
    Err(unreachable(last.unwrap_or_default()))
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
