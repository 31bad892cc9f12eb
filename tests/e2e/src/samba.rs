//! Samba as an Active Directory domain controller: a process of its own on an address of its own, since its ports are fixed.
//!
//! Provisioning a domain takes seconds, so it is done once per build folder; each test gets a copy. All copies are one domain
//! with the same ids.

use crate::environment;
use crate::listening::comes_to_listen;
use crate::tls::Authority;
use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The naming context of the domain.
pub const DOMAIN: &str = "DC=corp,DC=example,DC=test";
/// Who may do everything.
pub const ADMINISTRATOR: &str = "Administrator@corp.example.test";
/// The administrator's password.
pub const PASSWORD: &str = "Passw0rd!Admin-of-the-tests";

/// Where it listens with TLS.
pub const TLS_PORT: u16 = 636;
/// Nobody else uses it on these addresses.
const CLAIM_PORT: u16 = 6360;
/// Addresses that are tried, of which the certificate names every one.
const ADDRESSES: std::ops::RangeInclusive<u8> = 61..=90;

/// A running domain controller; it ends with this value.
pub struct Samba {
    process: Child,
    folder: TempDir,
    /// Its address, such as `127.0.0.61`.
    pub address: String,
    _claim: TcpListener,
}

impl Samba {
    /// Starts a domain controller of a domain without people and waits until it listens.
    ///
    /// # Panics
    /// It cannot be made or started.
    pub fn start() -> Self {
        let template = environment::samba_domain();
        // In memory where that is there: every write is flushed.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let folder = folder.expect("a temporary folder can be made");
        let start = std::process::id() as u8;
        for offset in 0..=ADDRESSES.end() - ADDRESSES.start() {
            let last = ADDRESSES.start() + start.wrapping_add(offset) % (ADDRESSES.end() - ADDRESSES.start() + 1);
            let address = format!("127.0.0.{last}");
            // Whoever listens on this port has the address: two tests may look at the same moment.
            let Ok(claim) = TcpListener::bind((address.as_str(), CLAIM_PORT)) else { continue };
            if TcpListener::bind((address.as_str(), TLS_PORT)).is_err() {
                continue;
            }
            let own = folder.path().join(&address);
            copy(&template, &own);
            let mut process = launch(&own, &template, &address);
            if comes_to_listen(&mut process, &[TLS_PORT]) {
                return Self { process, folder, address, _claim: claim };
            }
            let _ = process.kill();
            let _ = process.wait();
        }
        panic!("no Samba listens on any of 127.0.0.{}-{}", ADDRESSES.start(), ADDRESSES.end());
    }

    /// The certificate of the authority that signed the server's.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join(&self.address).join("private/tls/ca.pem")
    }
}

impl Drop for Samba {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn copy(template: &Path, own: &Path) {
    let copied = Command::new("cp").arg("-a").arg(template).arg(own).status();
    assert!(copied.is_ok_and(|status| status.success()), "{} cannot be copied", template.display());
}

fn launch(own: &Path, template: &Path, address: &str) -> Child {
    let file = own.join("etc/smb.conf");
    let text = fs::read_to_string(&file).expect("the domain has a configuration");
    let text = text.replace(&template.display().to_string(), &own.display().to_string());
    let lines = text.lines().map(|line| match line.trim_start().starts_with("interfaces =") {
        true => format!("  interfaces = {address}/8"),
        false => line.to_owned(),
    });
    fs::write(&file, lines.collect::<Vec<_>>().join("\n") + "\n").expect("the configuration can be written");
    write_certificates(&own.join("private/tls"), address);
    let log = File::create(own.join("log/samba")).expect("a log can be written");
    let mut command = Command::new("/usr/sbin/samba");
    command.args(["-i", "-M", "single", "--debug-stdout", "-s"]).arg(&file);
    command.stdin(Stdio::null()).stdout(log).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("cannot start samba: {error}"))
}

fn write_certificates(folder: &Path, address: &str) {
    fs::create_dir_all(folder).expect("a folder can be made");
    let authority = Authority::new();
    let (certificate, key) = authority.certify_as("dc1.corp.example.test", address);
    write(&folder.join("ca.pem"), &authority.pem());
    write(&folder.join("cert.pem"), &certificate);
    write(&folder.join("key.pem"), &key);
}

fn write(path: &Path, text: &str) {
    let written = fs::write(path, text).and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o600)));
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
