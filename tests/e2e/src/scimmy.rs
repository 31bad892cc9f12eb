//! npm's SCIMMY as a peer: a second SCIM server that is somebody else's, in a process of its own.

use crate::environment;
use crate::scim_server::{TOKEN, Tenant};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};

/// A running server, empty at first; it ends with this value.
pub struct Scimmy {
    process: Child,
    address: SocketAddr,
}

impl Scimmy {
    /// Starts the server on a free port and waits until it says which.
    ///
    /// # Panics
    /// Node.js or its packages are missing.
    pub fn start() -> Self {
        let mut process = Command::new("node")
            .arg("scimmy.mjs")
            .arg(TOKEN)
            .current_dir(environment::clients())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Node.js can be started");
        let mut line = String::new();
        let said = process.stdout.take().expect("its output is read");
        BufReader::new(said).read_line(&mut line).expect("its output is text");
        let port = line.trim().parse().unwrap_or_else(|_| panic!("SCIMMY does not say where it listens: {line:?}"));
        Self { process, address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)) }
    }

    /// The one application in it.
    pub fn tenant(&self) -> Tenant {
        Tenant::at(self.address, "scim")
    }
}

impl Drop for Scimmy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
