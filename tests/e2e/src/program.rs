//! Runs the program: to its end, or only until it is killed.

use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

/// Longer than anything here takes on a slow machine; reached only by a program that hangs.
const LONGEST: Duration = Duration::from_mins(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// A program that runs. It is killed when it is dropped.
pub struct Running {
    child: Child,
    shown: String,
    output: PathBuf,
    log: PathBuf,
}

/// How a program ended, and what it said.
#[derive(Debug)]
pub struct Answer {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub output: String,
    /// Standard error.
    pub log: String,
    shown: String,
}

impl Running {
    /// Starts a program. What it says goes to files in this folder, under this name, so that a full pipe never stops it.
    pub fn start(command: &mut Command, folder: &Path, name: &str) -> Self {
        let shown = format!("{command:?}");
        let (output, log) = (folder.join(format!("{name}.output")), folder.join(format!("{name}.log")));
        let file = |path: &Path| File::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        command.stdin(Stdio::null()).stdout(file(&output)).stderr(file(&log));
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {shown}: {error}"));
        Self { child, shown, output, log }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_some()
    }

    /// What it has written to standard output so far.
    pub fn output(&self) -> String {
        text(&self.output)
    }

    /// What it has written to standard error so far.
    pub fn log(&self) -> String {
        text(&self.log)
    }

    /// Waits until it ends.
    ///
    /// # Panics
    /// It does not end within ten minutes.
    pub fn wait(mut self) -> Answer {
        for _ in 0..LONGEST.as_millis() / BETWEEN_LOOKS.as_millis() {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return self.answer(status);
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        panic!("still running after {LONGEST:?}: {}\n{}{}", self.shown, self.output(), self.log());
    }

    /// Lets it run for so long, then ends it as `kill -9` does. Says whether it was still running.
    pub fn kill_after(mut self, time: Duration) -> bool {
        thread::sleep(time);
        let running = !self.has_ended();
        self.child.kill().expect("an own child can be killed");
        self.child.wait().expect("a killed child ends");
        running
    }

    /// Asks it to stop, as a service manager does.
    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "{} cannot be told to stop", self.shown);
    }

    fn answer(&self, status: ExitStatus) -> Answer {
        Answer { code: status.code(), output: self.output(), log: self.log(), shown: self.shown.clone() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Answer {
    /// Demands this exit code and gives the JSON that was answered.
    ///
    /// # Panics
    /// It ended otherwise, or its answer is no JSON.
    #[track_caller]
    pub fn ended_with(&self, code: i32) -> Value {
        assert_eq!(self.code, Some(code), "{}\n{}{}", self.shown, self.output, self.log);
        serde_json::from_str(&self.output).unwrap_or_else(|error| panic!("{error} in the answer:\n{}", self.output))
    }

    /// Demands success and gives the JSON that was answered.
    #[track_caller]
    pub fn done(&self) -> Value {
        self.ended_with(0)
    }

    /// Demands this exit code and an error, and gives its message with its causes.
    #[track_caller]
    pub fn complaint(&self, code: i32) -> String {
        let answer = self.ended_with(code);
        let causes = answer["causes"].as_array().into_iter().flatten();
        let parts: Vec<_> = std::iter::once(&answer["error"]).chain(causes).filter_map(Value::as_str).collect();
        assert!(!parts.is_empty(), "an error was expected: {}", self.output);
        parts.join(": ")
    }
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}
