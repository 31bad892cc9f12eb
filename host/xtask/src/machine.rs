//! What the machine must have, and getting it.

use crate::project;
use crate::steps::{run, step, succeeds};
use anyhow::{Context, bail};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const WASM_TARGET: &str = "wasm32-unknown-unknown";
const SCIM_SERVER: &str = "scim2-server[cursor]==0.8.3";

/// Makes sure that a C compiler and the WebAssembly target are there. `purser connector build` has its own way where
/// rustup cannot add the target, so that is only tried here.
///
/// # Errors
/// There is no C compiler, and none can be installed.
pub fn prepare() -> anyhow::Result<()> {
    if !succeeds(Command::new("cc").arg("--version")) {
        step("a C compiler (Debian: build-essential), for SQLite", || install(&["build-essential"]))?;
    }
    let installed = Command::new("rustup").args(["target", "list", "--installed"]).output();
    let has_target = installed.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(WASM_TARGET));
    if !has_target {
        let added = step("the WebAssembly target (rustup)", || {
            run(Command::new("rustup").args(["target", "add", WASM_TARGET]))
        });
        if let Err(error) = added {
            eprintln!("    {error:#}; the connector build looks for Debian's compiler instead");
        }
    }
    Ok(())
}

/// The SCIM server that the tests run against, in a Python environment below `target/`.
///
/// # Errors
/// Python or its `venv` is missing and cannot be installed, or PyPI cannot be reached.
pub fn scim_server() -> anyhow::Result<PathBuf> {
    let environment = project::target_folder().join("scim-server");
    let stamp = environment.join("installed");
    let program = environment.join("bin/scim2-server");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == SCIM_SERVER) && program.exists() {
        return Ok(program);
    }
    step(&format!("a SCIM server to test against (PyPI: {SCIM_SERVER}, into {})", environment.display()), || {
        make_environment(&environment)?;
        let mut pip = Command::new(environment.join("bin/pip"));
        run(pip.args(["install", "--quiet", "--disable-pip-version-check", SCIM_SERVER]))?;
        fs::write(&stamp, SCIM_SERVER).with_context(|| format!("cannot write {}", stamp.display()))
    })?;
    Ok(program)
}

/// Python with the packages of a `requirements.txt`, in an environment of this name below `target/`; `what` is said to people.
///
/// # Errors
/// As [`scim_server`].
pub fn python(name: &str, what: &str, requirements: &Path) -> anyhow::Result<PathBuf> {
    let environment = project::target_folder().join(name);
    let wanted = fs::read_to_string(requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let (stamp, python) = (environment.join("installed"), environment.join("bin/python"));
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) && python.exists() {
        return Ok(python);
    }
    let packages = wanted.split_whitespace().collect::<Vec<_>>().join(", ");
    step(&format!("{what} (PyPI: {packages}, into {})", environment.display()), || {
        make_environment(&environment)?;
        let mut pip = Command::new(environment.join("bin/pip"));
        run(pip.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(requirements))?;
        fs::write(&stamp, &wanted).with_context(|| format!("cannot write {}", stamp.display()))
    })?;
    Ok(python)
}

/// The packages of a `package.json`, in `node_modules` beside it; `what` is said to people.
///
/// # Errors
/// Node.js is missing and cannot be installed, or its registry cannot be reached.
pub fn node_modules(folder: &Path, what: &str) -> anyhow::Result<()> {
    let package = folder.join("package.json");
    let wanted = fs::read_to_string(&package).with_context(|| format!("cannot read {}", package.display()))?;
    let stamp = folder.join("node_modules/installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if !succeeds(Command::new("npm").arg("--version")) {
        install(&["nodejs", "npm"])?;
    }
    step(&format!("{what} (npm)"), || {
        let quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"];
        run(Command::new("npm").arg("install").args(quiet).current_dir(folder))?;
        fs::write(&stamp, &wanted).with_context(|| format!("cannot write {}", stamp.display()))
    })
}

/// The LDAP server that the tests run against, from Debian's package.
///
/// # Errors
/// It is missing and cannot be installed.
pub fn slapd() -> anyhow::Result<PathBuf> {
    let program = PathBuf::from("/usr/sbin/slapd");
    if !program.exists() || !Path::new("/usr/bin/ldapsearch").exists() {
        step("an LDAP server to test against (Debian: slapd, ldap-utils)", || {
            without_starting(|| install(&["slapd", "ldap-utils"]))
        })?;
    }
    Ok(program)
}

/// The browser that the tests look at pages with, and what drives it, from Debian's packages.
///
/// # Errors
/// It is missing and cannot be installed.
pub fn chromedriver() -> anyhow::Result<PathBuf> {
    let program = PathBuf::from("/usr/bin/chromedriver");
    if !program.exists() || !Path::new("/usr/bin/chromium").exists() {
        step("a browser to look at pages with (Debian: chromium, chromium-driver)", || {
            install(&["chromium", "chromium-driver", "fonts-dejavu-core"])
        })?;
    }
    Ok(program)
}

const SAMBA: [&str; 5] = ["samba", "samba-ad-dc", "samba-ad-provision", "samba-dsdb-modules", "samba-vfs-modules"];
/// The password of the administrator of the tests' domain.
const SAMBA_PASSWORD: &str = "Passw0rd!Admin-of-the-tests";

/// A provisioned domain of Samba below `target/`, of which the tests start copies.
///
/// # Errors
/// Samba is missing and cannot be installed, or the domain cannot be made; that needs root.
pub fn samba_domain() -> anyhow::Result<PathBuf> {
    let domain = project::target_folder().join("samba-domain");
    let made = domain.join("made");
    let is_there = ["/usr/sbin/samba", "/usr/bin/samba-tool", "/usr/share/samba/setup/provision.ldif"];
    if !is_there.iter().all(|path| Path::new(path).exists()) {
        step("Active Directory to test against (Debian: samba-ad-dc)", || without_starting(|| install(&SAMBA)))?;
    }
    if !made.exists() {
        step(&format!("a domain of Samba (into {})", domain.display()), || provision(&domain))?;
        fs::write(&made, "").with_context(|| format!("cannot write {}", made.display()))?;
    }
    Ok(domain)
}

fn provision(domain: &Path) -> anyhow::Result<()> {
    if domain.exists() {
        fs::remove_dir_all(domain).with_context(|| format!("cannot remove {}", domain.display()))?;
    }
    for name in ["etc", "private/tls", "state", "cache", "lock", "run", "ncalrpc", "log", "winbindd", "ntp"] {
        let folder = domain.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    for name in ["private", "ntp"] {
        fs::set_permissions(domain.join(name), fs::Permissions::from_mode(0o750))?;
    }
    let configuration = domain.join("etc/smb.conf");
    fs::write(&configuration, samba_configuration(domain))?;
    let mut provision = Command::new("samba-tool");
    provision.args(["domain", "provision", "--realm=CORP.EXAMPLE.TEST", "--domain=CORP", "--server-role=dc"]);
    provision.args(["--dns-backend=NONE", "--host-name=dc1", "--host-ip=127.0.0.61", "--quiet"]);
    provision.arg(format!("--adminpass={SAMBA_PASSWORD}")).arg(format!("--configfile={}", configuration.display()));
    run(&mut provision)?;
    let database = domain.join("private/sam.ldb");
    let mut ages = Command::new("samba-tool");
    ages.args(["domain", "passwordsettings", "set", "--min-pwd-age=0"]);
    ages.arg("-H").arg(&database).arg(format!("--configfile={}", configuration.display()));
    run(&mut ages)
}

fn samba_configuration(domain: &Path) -> String {
    let at = domain.display();
    format!(
        "[global]
  netbios name = DC1
  realm = CORP.EXAMPLE.TEST
  workgroup = CORP
  server role = active directory domain controller
  interfaces = 127.0.0.61/8
  bind interfaces only = yes
  private dir = {at}/private
  state directory = {at}/state
  cache directory = {at}/cache
  lock directory = {at}/lock
  pid directory = {at}/run
  ncalrpc dir = {at}/ncalrpc
  winbindd socket directory = {at}/winbindd
  ntp signd socket directory = {at}/ntp
  binddns dir = {at}/binddns
  log file = {at}/log/%m.log
  logging = file
  server services = ldap
  disable netbios = yes
  tls cafile = {at}/private/tls/ca.pem
  tls certfile = {at}/private/tls/cert.pem
  tls keyfile = {at}/private/tls/key.pem
[sysvol]
  path = {at}/state/sysvol
  read only = no
[netlogon]
  path = {at}/state/sysvol/corp.example.test/scripts
  read only = no
"
    )
}

/// Keeps Debian from starting the servers that it installs; the tests start their own.
fn without_starting(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let policy = Path::new("/usr/sbin/policy-rc.d");
    if policy.exists() {
        return work();
    }
    // Where this process may not write there, it may not install either, and says so.
    let written = fs::write(policy, "#!/bin/sh\nexit 101\n")
        .and_then(|()| fs::set_permissions(policy, fs::Permissions::from_mode(0o755)));
    let done = work();
    if written.is_ok() {
        fs::remove_file(policy).with_context(|| format!("cannot remove {}", policy.display()))?;
    }
    done
}

fn make_environment(environment: &PathBuf) -> anyhow::Result<()> {
    let make = || succeeds(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment));
    if make() {
        return Ok(());
    }
    install(&["python3", "python3-venv"])?;
    if make() {
        return Ok(());
    }
    bail!("`python3 -m venv {}` does not work, although Debian's python3-venv is installed", environment.display())
}

/// Installs Debian packages, where this process may.
fn install(packages: &[&str]) -> anyhow::Result<()> {
    let names = packages.join(" ");
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"));
    if !is_root || !succeeds(Command::new("apt-get").arg("--version")) {
        bail!("{names} must be installed first; on Debian, as root: apt-get install {names}");
    }
    eprintln!("    installing the Debian packages {names}");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        run(&mut command)
    };
    apt(&["update", "--quiet"])?;
    let mut arguments = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
    arguments.extend(packages);
    apt(&arguments)
}
