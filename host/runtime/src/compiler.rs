//! Where components are compiled: in a child process with limits, so that a file that makes the compiler use gigabytes or
//! minutes, or crashes it, costs a refusal and nothing else.
//!
//! The child gets the component through standard input and answers through standard output: one line of JSON, and the
//! machine code behind it. It has no environment, may open no further file, and knows neither the cache nor its key.

use crate::{cache, engine, inspect};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use wasmtime::Engine;

/// The longest first line of an answer.
const LONGEST_LINE: u64 = 16 << 10;
/// What of the child's last words is read.
const LAST_WORDS: u64 = 4 << 10;
/// Files that the child may hold open; it needs three and what its threads take.
const OPEN_FILES: u64 = 32;

/// Where components are compiled.
#[derive(Debug, Clone, Default)]
pub enum Compiler {
    /// In this process, without limits. For tests and tools that compile what they have built themselves.
    #[default]
    InThisProcess,
    /// In a child process with limits.
    InChild(ChildCompiler),
}

/// A program that calls [`compile_for_parent`].
#[derive(Debug, Clone)]
pub struct ChildCompiler {
    /// The program.
    pub program: PathBuf,
    /// Its arguments. The limits follow as two numbers: bytes of address space, seconds of processor time.
    pub arguments: Vec<String>,
    /// What a compilation may use.
    pub limits: CompilerLimits,
}

/// What a compilation may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompilerLimits {
    /// Bytes of address space, over what the program has before it begins.
    pub address_space: u64,
    /// Processor time over all threads; counted in whole seconds, at least one.
    pub cpu_time: Duration,
    /// Time from start to end.
    pub wall_time: Duration,
    /// Bytes of machine code.
    pub code_bytes: u64,
}

impl Default for CompilerLimits {
    fn default() -> Self {
        Self {
            address_space: 4 << 30,
            cpu_time: Duration::from_mins(3),
            wall_time: Duration::from_mins(5),
            code_bytes: 512 << 20,
        }
    }
}

/// Why there is no machine code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotCompiled {
    #[error("{0}")]
    Refused(String),
    #[error("the compiler cannot be started: {0}")]
    Start(io::Error),
    #[error("it was not compiled within {0:?}, and the compiler was stopped; ask its vendor for a smaller file")]
    TooSlow(Duration),
    #[error(
        "the compiler ended with {status} and not with an answer; it may use {} MiB of memory and {:?} of processor time; it said: {last_words}",
        .limits.address_space >> 20, .limits.cpu_time
    )]
    Crashed { status: ExitStatus, limits: CompilerLimits, last_words: String },
    #[error("the compiler's answer is not understood; the file is not used")]
    Garbage,
    #[error("its machine code is larger than {0} bytes, the most that is kept")]
    TooMuchCode(u64),
    #[error("the compiler was made for another engine; install one version of Purser")]
    OtherEngine,
}

/// The first line of an answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Answer {
    Compiled { code_bytes: u64, engine: String },
    Refused { reason: String },
}

impl ChildCompiler {
    /// Compiles a component in a child process, which is gone when this returns or is dropped.
    pub(crate) async fn compile(&self, engine: &Engine, component: &[u8]) -> Result<Vec<u8>, NotCompiled> {
        let limits = &self.limits;
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(limits.address_space.to_string()).arg(whole_seconds(limits).to_string());
        command.env_clear().current_dir("/").kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(NotCompiled::Start)?;
        match tokio::time::timeout(limits.wall_time, converse(child, limits, component)).await {
            Ok(Ok(said)) => self.understand(engine, said),
            Ok(Err(_)) => Err(NotCompiled::Garbage),
            Err(_) => Err(NotCompiled::TooSlow(limits.wall_time)),
        }
    }

    fn understand(&self, engine: &Engine, said: Said) -> Result<Vec<u8>, NotCompiled> {
        let limits = &self.limits;
        if said.cut_off {
            return Err(NotCompiled::TooMuchCode(limits.code_bytes));
        }
        if !said.status.success() {
            let last_words = readable(&said.last_words);
            return Err(NotCompiled::Crashed { status: said.status, limits: limits.clone(), last_words });
        }
        let end = said.answer.iter().position(|byte| *byte == b'\n').ok_or(NotCompiled::Garbage)?;
        let answer = serde_json::from_slice(&said.answer[..end]).map_err(|_| NotCompiled::Garbage)?;
        match answer {
            Answer::Refused { reason } => Err(NotCompiled::Refused(readable(reason.as_bytes()))),
            Answer::Compiled { engine: made_for, .. } if made_for != cache::compatibility(engine) => {
                Err(NotCompiled::OtherEngine)
            }
            Answer::Compiled { code_bytes, .. } => {
                let mut code = said.answer;
                code.drain(..=end);
                if code.len() as u64 == code_bytes { Ok(code) } else { Err(NotCompiled::Garbage) }
            }
        }
    }
}

/// What a child said, and how it ended.
struct Said {
    answer: Vec<u8>,
    /// It said more than is read.
    cut_off: bool,
    last_words: Vec<u8>,
    status: ExitStatus,
}

async fn converse(mut child: Child, limits: &CompilerLimits, component: &[u8]) -> io::Result<Said> {
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    let most = limits.code_bytes.saturating_add(LONGEST_LINE);
    let write = async {
        // One that reads no further has its reasons, which its end tells.
        let _ = stdin.write_all(component).await;
        drop(stdin);
    };
    let ((), answer, last_words) = tokio::join!(write, read_at_most(stdout, most), read_at_most(stderr, LAST_WORDS));
    let answer = answer?;
    let cut_off = answer.len() as u64 > most;
    if cut_off {
        child.start_kill()?;
    }
    Ok(Said { answer, cut_off, last_words: last_words?, status: child.wait().await? })
}

/// Reads one byte more than allowed, which tells what is too long from what just fits; then the pipe is closed.
async fn read_at_most(from: impl AsyncRead + Unpin, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// Some text from a child, fit for a log: one line, printable, short.
fn readable(bytes: &[u8]) -> String {
    const LONGEST: usize = 600;
    let text = String::from_utf8_lossy(bytes);
    let printable: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    printable
}

fn whole_seconds(limits: &CompilerLimits) -> u64 {
    limits.cpu_time.as_secs().max(1)
}

/// Compiles the component on standard input for the process that started this one: limits this process for good, then
/// answers on standard output. What `program` in [`ChildCompiler`] does and nothing else.
///
/// # Errors
/// The limits cannot be set, or the parent is gone. That a component is refused is an answer and no error.
pub fn compile_for_parent(address_space: u64, cpu_seconds: u64) -> io::Result<()> {
    limit_this_process(address_space, cpu_seconds)?;
    let mut component = Vec::new();
    io::stdin().lock().read_to_end(&mut component)?;
    let mut out = io::stdout().lock();
    match compile_here(&component) {
        Ok((code, engine)) => {
            let answer = Answer::Compiled { code_bytes: code.len() as u64, engine };
            writeln!(out, "{}", serde_json::to_string(&answer)?)?;
            out.write_all(&code)?;
        }
        Err(reason) => writeln!(out, "{}", serde_json::to_string(&Answer::Refused { reason })?)?,
    }
    out.flush()
}

fn limit_this_process(address_space: u64, cpu_seconds: u64) -> io::Result<()> {
    let hard = |limit| Rlimit { current: Some(limit), maximum: Some(limit) };
    setrlimit(Resource::Core, hard(0))?;
    setrlimit(Resource::Fsize, hard(0))?;
    setrlimit(Resource::Nofile, hard(OPEN_FILES))?;
    setrlimit(Resource::As, hard(own_address_space()?.saturating_add(address_space)))?;
    setrlimit(Resource::Cpu, hard(cpu_seconds))?;
    Ok(())
}

/// What this process has reserved before it begins: its allocator alone takes a GiB that is mostly never touched.
fn own_address_space() -> io::Result<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm")?;
    let pages = pages.split(' ').next().and_then(|pages| pages.parse::<u64>().ok());
    let pages =
        pages.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "/proc/self/statm is not understood"))?;
    Ok(pages.saturating_mul(rustix::param::page_size() as u64))
}

fn compile_here(component: &[u8]) -> Result<(Vec<u8>, String), String> {
    inspect::inspect(component).map_err(|reason| reason.to_string())?;
    let engine = engine::compiling_engine().map_err(|error| format!("{error:#}"))?;
    let code = engine.precompile_component(component).map_err(|error| format!("{error:#}"))?;
    Ok((code, cache::compatibility(&engine)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::RuntimeSettings;

    /// A child that runs this script; the limits become its arguments.
    fn child(script: &str) -> ChildCompiler {
        let arguments = ["-c", script, "child"].map(str::to_owned).to_vec();
        let limits = CompilerLimits { code_bytes: 1 << 20, wall_time: Duration::from_mins(1), ..Default::default() };
        ChildCompiler { program: "/bin/sh".into(), arguments, limits }
    }

    fn engine() -> Engine {
        engine::compiling_engine().unwrap()
    }

    async fn failure(child: ChildCompiler) -> NotCompiled {
        // More than a pipe holds, so that a child that does not read is noticed.
        child.compile(&engine(), &vec![0; 1 << 20]).await.unwrap_err()
    }

    #[test]
    fn the_compilers_engine_makes_code_for_the_runtimes() {
        let settings = RuntimeSettings { max_concurrent_calls: 1, ..RuntimeSettings::new("") };
        assert_eq!(cache::compatibility(&engine()), cache::compatibility(&engine::engine(&settings).unwrap()));
    }

    #[tokio::test]
    async fn a_child_that_crashes_is_a_refusal_with_its_last_words() {
        let error = failure(child("echo 'out of\tmemory' >&2; exit 7")).await;
        assert!(matches!(error, NotCompiled::Crashed { .. }), "{error}");
        assert!(error.to_string().contains("out of memory") && error.to_string().contains("4096 MiB"), "{error}");
        let error = failure(child("kill -9 $$")).await;
        assert!(error.to_string().contains("signal: 9"), "{error}");
    }

    #[tokio::test]
    async fn a_child_that_answers_anything_else_is_a_refusal() {
        for script in [
            "exit 0",
            "echo hello",
            "printf '{}'",
            r#"echo '{"compiled":{"code_bytes":5,"engine":"'$ENGINE'"}}'"#,
            r#"echo '{"compiled":{"code_bytes":5,"engine":"x","more":1}}'"#,
        ] {
            let error = failure(child(script)).await;
            assert!(matches!(error, NotCompiled::Garbage | NotCompiled::OtherEngine), "{script}: {error}");
        }
        let short =
            format!(r#"echo '{{"compiled":{{"code_bytes":5,"engine":"{}"}}}}'"#, cache::compatibility(&engine()));
        assert!(matches!(failure(child(&short)).await, NotCompiled::Garbage));
        let refused = failure(child(r#"echo '{"refused":{"reason":"no"}}'"#)).await;
        assert!(matches!(&refused, NotCompiled::Refused(reason) if reason == "no"), "{refused}");
    }

    #[tokio::test]
    async fn a_child_that_hangs_or_floods_is_stopped() {
        let mut slow = child("sleep 600");
        slow.limits.wall_time = Duration::from_millis(300);
        assert!(matches!(failure(slow).await, NotCompiled::TooSlow(_)));
        assert!(matches!(failure(child("yes")).await, NotCompiled::TooMuchCode(_)));
        // Nobody waits for a flood of complaints either.
        assert!(matches!(failure(child("yes >&2")).await, NotCompiled::Crashed { .. }));
    }

    #[tokio::test]
    async fn a_child_knows_nothing_of_its_parent() {
        let error = failure(child("env >&2; pwd >&2; exit 1")).await.to_string();
        assert!(!error.contains("CARGO") && !error.contains("HOME=") && error.contains("PWD=/ /"), "{error}");
    }

    #[tokio::test]
    async fn a_child_that_is_not_there_is_named() {
        let compiler = ChildCompiler { program: "/nowhere/purser".into(), ..child("") };
        assert!(matches!(failure(compiler).await, NotCompiled::Start(_)));
    }
}
