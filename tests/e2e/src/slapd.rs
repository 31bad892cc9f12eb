//! OpenLDAP's slapd as a peer: a process of its own with an empty directory, on free ports of this machine.

use crate::environment;
use crate::listening::comes_to_listen;
use crate::tls::Authority;
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Where everything lies.
pub const SUFFIX: &str = "dc=example,dc=test";
/// Who may do everything.
pub const ADMINISTRATOR: &str = "cn=admin,dc=example,dc=test";
/// The administrator's password.
pub const PASSWORD: &str = "the-password-of-the-administrator";

/// A running server; it ends with this value.
pub struct Slapd {
    process: Child,
    folder: TempDir,
    /// Port for `ldap://`.
    pub port: u16,
    /// Port for `ldaps://`.
    pub tls_port: u16,
}

impl Slapd {
    /// Makes a directory with `ou=people` and `ou=groups`, starts the server and waits until it listens.
    ///
    /// # Panics
    /// It cannot be made or started.
    pub fn start() -> Self {
        Self::start_with(&[], "")
    }

    /// The same with these changes of the text of its configuration, and with further entries.
    ///
    /// # Panics
    /// What is to be changed does not stand there; it cannot be made or started.
    pub fn start_with(changes: &[(&str, &str)], further: &str) -> Self {
        let program = environment::slapd();
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        for name in ["slapd.d", "db", "tls"] {
            fs::create_dir(folder.path().join(name)).expect("a folder can be made in a temporary one");
        }
        write_certificates(&folder.path().join("tls"));
        let mut configuration = configuration(folder.path());
        for (from, to) in changes {
            assert!(configuration.contains(from), "{from} is in the configuration");
            configuration = configuration.replace(from, to);
        }
        add(&program, folder.path(), "0", &configuration);
        add(&program, folder.path(), "1", &format!("{}\n{further}", content()));
        for _ in 0..5 {
            let (port, tls_port) = (free_port(), free_port());
            let mut process = launch(&program, folder.path(), port, tls_port);
            if comes_to_listen(&mut process, &[port, tls_port]) {
                return Self { process, folder, port, tls_port };
            }
            let _ = process.kill();
            let _ = process.wait();
        }
        panic!("slapd does not listen; it said:\n{}", read(&folder.path().join("log")));
    }

    /// The certificate of the authority that signed the server's.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("tls/ca.pem")
    }

    /// A client's certificate; with it one is the administrator.
    pub fn client_certificate(&self) -> PathBuf {
        self.folder.path().join("tls/client.pem")
    }

    /// The client's private key.
    pub fn client_key(&self) -> String {
        read(&self.folder.path().join("tls/client.key"))
    }

    /// How many binds with a name the server has seen.
    pub fn binds(&self) -> usize {
        read(&self.folder.path().join("log")).lines().filter(|line| line.contains(" BIND dn=\"cn=")).count()
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port can be had");
    listener.local_addr().expect("a listener has an address").port()
}

fn launch(program: &Path, folder: &Path, port: u16, tls_port: u16) -> Child {
    let log = File::create(folder.join("log")).expect("a file can be made in a temporary folder");
    let mut command = Command::new(program);
    command.arg("-F").arg(folder.join("slapd.d")).arg("-h");
    command.arg(format!("ldap://127.0.0.1:{port}/ ldaps://127.0.0.1:{tls_port}/"));
    // With a level it stays in the foreground.
    command.args(["-d", "stats"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()))
}

/// Adds entries to a database that nobody serves yet, as `slapadd` does.
fn add(program: &Path, folder: &Path, database: &str, entries: &str) {
    let (file, log) = (folder.join(format!("{database}.ldif")), folder.join("log"));
    write(&file, entries);
    let said = File::create(&log).expect("a file can be made in a temporary folder");
    let mut command = Command::new(program);
    command.args(["-T", "add", "-n", database]).arg("-F").arg(folder.join("slapd.d")).arg("-l").arg(&file);
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said).status();
    assert!(ended.is_ok_and(|status| status.success()), "slapd -T add -n {database}:\n{}", read(&log));
}

fn write_certificates(folder: &Path) {
    let authority = Authority::new();
    write(&folder.join("ca.pem"), &authority.pem());
    for (file, name) in [("server", "localhost"), ("client", "purser")] {
        let (certificate, key) = authority.certify_as(name, "127.0.0.1");
        write(&folder.join(format!("{file}.pem")), &certificate);
        write(&folder.join(format!("{file}.key")), &key);
    }
}

fn configuration(folder: &Path) -> String {
    let at = folder.display();
    format!(
        "dn: cn=config
objectClass: olcGlobal
cn: config
olcTLSCACertificateFile: {at}/tls/ca.pem
olcTLSCertificateFile: {at}/tls/server.pem
olcTLSCertificateKeyFile: {at}/tls/server.key
olcTLSVerifyClient: allow
olcAuthzRegexp: \"^cn=purser$\" \"{ADMINISTRATOR}\"

dn: cn=module{{0}},cn=config
objectClass: olcModuleList
cn: module{{0}}
olcModulePath: /usr/lib/ldap
olcModuleLoad: back_mdb
olcModuleLoad: memberof
olcModuleLoad: ppolicy
olcModuleLoad: refint

dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file:///etc/ldap/schema/core.ldif
include: file:///etc/ldap/schema/cosine.ldif
include: file:///etc/ldap/schema/inetorgperson.ldif

dn: olcDatabase={{-1}}frontend,cn=config
objectClass: olcDatabaseConfig
objectClass: olcFrontendConfig
olcDatabase: {{-1}}frontend
olcSizeLimit: 500
olcAccess: to dn.base=\"\" by * read
olcAccess: to dn.base=\"cn=Subschema\" by * read

dn: olcDatabase={{1}}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {{1}}mdb
olcSuffix: {SUFFIX}
olcRootDN: {ADMINISTRATOR}
olcRootPW: {PASSWORD}
olcDbDirectory: {at}/db
olcDbMaxSize: 268435456
olcDbNoSync: TRUE
olcDbIndex: objectClass,entryUUID,entryCSN,member,memberOf eq
olcDbIndex: employeeNumber,modifyTimestamp eq
olcDbIndex: uid,cn,sn,mail pres,eq,sub
olcAccess: to attrs=userPassword by self write by anonymous auth by * none
olcAccess: to * by users read by * none

dn: olcOverlay={{0}}memberof,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcMemberOfConfig
olcOverlay: {{0}}memberof

dn: olcOverlay={{1}}refint,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcRefintConfig
olcOverlay: {{1}}refint
olcRefintAttribute: member manager

dn: olcOverlay={{2}}ppolicy,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcPPolicyConfig
olcOverlay: {{2}}ppolicy
"
    )
}

fn content() -> String {
    format!(
        "dn: {SUFFIX}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: ou=people,{SUFFIX}
objectClass: organizationalUnit
ou: people

dn: ou=groups,{SUFFIX}
objectClass: organizationalUnit
ou: groups
"
    )
}
