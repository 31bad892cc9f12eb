//! A router that is served on this machine for as long as a test needs it.

use axum::Router;
use std::net::SocketAddr;
use std::thread::{self, JoinHandle};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

/// A served router; it ends with this value.
pub struct Serving {
    address: SocketAddr,
    ends: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Serving {
    /// Serves on a free port of 127.0.0.1, on a thread of its own.
    ///
    /// # Panics
    /// No port can be had.
    pub fn start(router: Router) -> Self {
        Self::start_with(|_| router)
    }

    /// As [`Serving::start`], for a router that must know its own address.
    ///
    /// # Panics
    /// No port can be had.
    pub fn start_with(router: impl FnOnce(SocketAddr) -> Router) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port of this machine can be had");
        listener.set_nonblocking(true).expect("a listener can be asked not to block");
        let address = listener.local_addr().expect("a listener has an address");
        let router = router(address);
        let (ends, ended) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime can be made");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("the runtime takes a listener");
                tokio::select! {
                    served = async { axum::serve(listener, router).await } => served.expect("serving goes on"),
                    _ = ended => {}
                }
            });
        });
        Self { address, ends: Some(ends), thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.ends.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
