//! OpenLDAP's command line tools, which judge directories: `ldapsearch`, `ldapadd` and `ldapmodify`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// Whom the tools speak to, and as whom.
#[derive(Debug, Clone)]
pub struct Tools {
    /// `ldaps://...`.
    pub url: String,
    /// The authority that signed the server's certificate.
    pub authority: PathBuf,
    /// As whom to bind.
    pub user: String,
    /// The password.
    pub password: String,
}

/// An entry: its attributes by their names in lower case, with `dn` among them.
pub type Entry = BTreeMap<String, Vec<String>>;

impl Tools {
    fn command(&self, tool: &str) -> Command {
        let mut command = Command::new(tool);
        command.env("LDAPTLS_CACERT", &self.authority).env("LDAPRC", "/nonexistent");
        command.args(["-x", "-H", &self.url, "-D", &self.user, "-w", &self.password]);
        command
    }

    /// All entries that a filter finds, in pages.
    ///
    /// # Panics
    /// The directory refuses the search.
    #[track_caller]
    pub fn search(&self, base: &str, filter: &str, attributes: &[&str]) -> Vec<Entry> {
        let mut command = self.command("ldapsearch");
        command.args(["-LLL", "-o", "ldif-wrap=no", "-E", "pr=500/noprompt", "-b", base, filter]).args(attributes);
        let output = command.stdin(Stdio::null()).output().expect("ldapsearch can be started");
        assert!(output.status.success(), "ldapsearch {filter}: {}", said(&output));
        parse(&String::from_utf8_lossy(&output.stdout))
    }

    /// Whether the directory lets these in.
    pub fn lets_in(&self) -> bool {
        let mut command = self.command("ldapsearch");
        command.args(["-LLL", "-b", "", "-s", "base", "1.1"]);
        command.stdin(Stdio::null()).output().expect("ldapsearch can be started").status.success()
    }

    /// Carries out changes written as LDIF.
    ///
    /// # Panics
    /// The directory refuses one.
    #[track_caller]
    pub fn modify(&self, ldif: &str) {
        let mut command = self.command("ldapmodify");
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().expect("ldapmodify can be started");
        child.stdin.take().expect("it is piped").write_all(ldif.as_bytes()).expect("ldapmodify reads");
        let output = child.wait_with_output().expect("ldapmodify ends");
        assert!(output.status.success(), "ldapmodify: {}\n{ldif}", said(&output));
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The entries of an answer; values in base64 are read as UTF-8.
fn parse(ldif: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    for block in ldif.split("\n\n") {
        let mut entry = Entry::new();
        for line in block.lines().filter(|line| !line.starts_with('#')) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = match value.strip_prefix(':') {
                Some(encoded) => decoded(encoded.trim_start()),
                None => value.trim_start().to_owned(),
            };
            entry.entry(name.to_lowercase()).or_default().push(value);
        }
        if entry.contains_key("dn") {
            entries.push(entry);
        }
    }
    entries
}

fn decoded(text: &str) -> String {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("LDIF has base64 here");
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => error.into_bytes().iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// The first value of an attribute; empty where there is none.
pub fn first(entry: &Entry, name: &str) -> String {
    entry.get(name).and_then(|values| values.first()).cloned().unwrap_or_default()
}
