//! What `cargo xtask test` prepares and says where it is.

use std::env;
use std::path::PathBuf;

/// The program.
pub fn purser() -> PathBuf {
    prepared("PURSER_BIN", "the built program")
}

/// A built connector.
pub fn connector(name: &str) -> PathBuf {
    let path = prepared("PURSER_CONNECTORS", "the folder of built connectors").join(format!("{name}.wasm"));
    assert!(path.is_file(), "{} is not there: run `cargo xtask test`", path.display());
    path
}

/// The program of the SCIM server.
pub fn scim_server() -> PathBuf {
    prepared("PURSER_SCIM2_SERVER", "the program scim2-server")
}

/// The program of OpenLDAP's server.
pub fn slapd() -> PathBuf {
    prepared("PURSER_SLAPD", "the program slapd")
}

/// A provisioned domain of Samba, of which a test starts a copy.
pub fn samba_domain() -> PathBuf {
    prepared("PURSER_SAMBA_DOMAIN", "the domain of Samba")
}

/// The program chromedriver, with a Chromium that it finds.
pub fn chromedriver() -> PathBuf {
    prepared("PURSER_CHROMEDRIVER", "the program chromedriver")
}

/// The folder of the vendors' official clients in JavaScript, with their packages installed.
pub fn clients() -> PathBuf {
    prepared("PURSER_CLIENTS", "the folder of the vendors' clients")
}

/// The Python that has the vendors' official clients.
pub fn clients_python() -> PathBuf {
    prepared("PURSER_CLIENTS_PYTHON", "the Python with the vendors' clients")
}

fn prepared(variable: &str, what: &str) -> PathBuf {
    let path = env::var_os(variable).map(PathBuf::from);
    let path = path.unwrap_or_else(|| panic!("{variable} does not say where {what} is: run `cargo xtask test`"));
    assert!(path.exists(), "{variable}: {} is not there: run `cargo xtask test`", path.display());
    path
}
