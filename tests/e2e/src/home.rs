//! A home folder of its own for every test, and the real program in it.

use crate::environment;
use crate::program::{Answer, Running};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// A home folder; it is removed at the end.
pub struct Home {
    folder: TempDir,
    /// What the program says goes here, and not into the home that it works in.
    said: TempDir,
    started: AtomicU32,
    variables: Mutex<Vec<(String, String)>>,
}

impl Home {
    /// A home without declarations and connectors.
    #[expect(clippy::new_without_default, reason = "it makes folders")]
    pub fn new() -> Self {
        let folder = || tempfile::tempdir().expect("a temporary folder can be made");
        let home = Self { folder: folder(), said: folder(), started: AtomicU32::new(0), variables: Mutex::default() };
        for name in ["declarations", "connectors"] {
            fs::create_dir(home.path(name)).expect("a folder can be made in a temporary one");
        }
        home
    }

    /// A path in it.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// Drops a built connector in.
    pub fn drop_in(&self, name: &str) {
        let to = self.path("connectors").join(format!("{name}.wasm"));
        fs::copy(environment::connector(name), &to).expect("a connector can be copied");
    }

    /// Writes the declaration of this name.
    pub fn declare(&self, name: &str, text: &str) {
        self.write(&format!("declarations/{name}.toml"), text);
    }

    /// Writes a file, with the folders on the way to it.
    pub fn write(&self, relative: &str, content: impl AsRef<[u8]>) {
        let path = self.path(relative);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).expect("a folder can be made in a temporary one");
        fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Reads a file; one that is not there is empty.
    pub fn read(&self, relative: &str) -> String {
        fs::read_to_string(self.path(relative)).unwrap_or_default()
    }

    /// From now on the program gets this variable.
    pub fn set_variable(&self, name: &str, value: &str) {
        let mut variables = self.variables.lock().expect("nobody panics here");
        variables.push((name.to_owned(), value.to_owned()));
    }

    /// The program with these arguments, answering in JSON.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(environment::purser());
        command.arg("--home").arg(self.folder.path()).arg("--json").args(arguments);
        command.current_dir(self.folder.path()).env_remove("PURSER_LOG");
        command.envs(self.variables.lock().expect("nobody panics here").clone());
        command
    }

    /// Starts the program.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        Running::start(&mut self.command(arguments), self.said.path(), &format!("{number}"))
    }

    /// Runs the program to its end.
    #[track_caller]
    pub fn purser(&self, arguments: &[&str]) -> Answer {
        self.start(arguments).wait()
    }

    /// A new token of the API.
    pub fn api_token(&self, name: &str, role: &str) -> String {
        let made = self.purser(&["token", "create", name, "--role", role]).done();
        made["token"].as_str().expect("a token").to_owned()
    }

    /// Demands that nothing is to be done.
    #[track_caller]
    pub fn assert_in_step(&self) {
        let plan = self.purser(&["plan"]).done();
        assert_eq!(plan["items"], Value::Array(Vec::new()), "nothing is to be done");
    }
}
