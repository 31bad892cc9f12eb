//! WASI as JavaScript and Python toolchains import it, whether a connector uses it or not: linked, and inert.
//!
//! There is no environment, no argument, no file, no address that can be reached and no name that can be resolved. Time and
//! randomness are the host's, and stand still in `describe` as those of the contract do. What is written to standard output
//! and error becomes lines of the log, within the limits of the call.

use crate::caps::clock::ClockContext;
use crate::caps::log::{LogContext, one_line};
use crate::clock::HostClock;
use crate::settings::CallLimits;
use purser_model::phase::Phase;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::{Deterministic, HostMonotonicClock, HostWallClock, ResourceTable, WasiCtx, WasiCtxView};

/// The packages that are linked and reach nothing; `wasi:http` reaches what `http` of the contract does.
pub(crate) const INERT: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];
/// Most random bytes at once, as for `random` of the contract.
const MAX_RANDOM_BYTES: u64 = 64 << 10;
/// Most streams, pollables and sockets that a call holds at once.
const MAX_RESOURCES: usize = 4_096;
/// Longest line kept before it is cut.
const MAX_LINE_BYTES: usize = 4 << 10;

/// The WASI of one call; it comes into being when the guest asks for it, which one built from Rust never does.
pub(crate) struct Wasi {
    phase: Phase,
    made: Option<WasiContext>,
}

impl Wasi {
    /// That of a call of this phase.
    pub(crate) fn new(phase: Phase) -> Self {
        Self { phase, made: None }
    }

    pub(crate) fn view(&mut self, clock: &ClockContext, log: &LogContext, limits: &CallLimits) -> WasiCtxView<'_> {
        let made = self.made(clock, log, limits);
        WasiCtxView { ctx: &mut made.ctx, table: &mut made.table }
    }

    /// The resources of the call, and where its lines go.
    pub(crate) fn resources(
        &mut self,
        clock: &ClockContext,
        log: &LogContext,
        limits: &CallLimits,
    ) -> (&mut ResourceTable, &Output) {
        let made = self.made(clock, log, limits);
        (&mut made.table, &made.output)
    }

    fn made(&mut self, clock: &ClockContext, log: &LogContext, limits: &CallLimits) -> &mut WasiContext {
        self.made.get_or_insert_with(|| WasiContext::new(self.phase, clock.host(), log, limits))
    }

    /// The last line that was written, which is where Python and JavaScript say why they trap.
    pub(crate) fn last_line(&self) -> Option<String> {
        let mut lines = self.made.as_ref()?.output.lines();
        lines.end_line();
        lines.last.clone()
    }
}

struct WasiContext {
    ctx: WasiCtx,
    table: ResourceTable,
    output: Output,
}

impl WasiContext {
    /// Nothing to reach, and output that goes to this log.
    fn new(phase: Phase, clock: &Arc<dyn HostClock>, log: &LogContext, limits: &CallLimits) -> Self {
        let output = Output(Arc::new(Mutex::new(Lines::new(log.clone(), limits))));
        let mut builder = WasiCtx::builder();
        builder
            .stdout(output.clone())
            .stderr(output.clone())
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(MAX_RANDOM_BYTES);
        if phase == Phase::Describe {
            builder.secure_random(Deterministic::new(vec![0]));
            builder.insecure_random(Deterministic::new(vec![0]));
            builder.insecure_random_seed(0);
            builder.wall_clock(Stopped).monotonic_clock(Stopped);
        } else {
            builder.wall_clock(Clock(Arc::clone(clock))).monotonic_clock(Clock(Arc::clone(clock)));
        }
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        Self { ctx: builder.build(), table, output }
    }
}

/// Time that stands still at zero.
struct Stopped;

impl HostWallClock for Stopped {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for Stopped {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

/// The host's clock.
struct Clock(Arc<dyn HostClock>);

impl HostWallClock for Clock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        let since_1970 = self.0.now().duration_since(jiff::Timestamp::UNIX_EPOCH);
        Duration::try_from(since_1970).unwrap_or_default()
    }
}

impl HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.monotonic().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Standard output and standard error of one call.
#[derive(Clone)]
pub(crate) struct Output(Arc<Mutex<Lines>>);

impl Output {
    /// Adds a line of the host to those of the guest, within the same limits.
    pub(crate) fn print(&self, line: &str) {
        let mut lines = self.lines();
        lines.end_line();
        lines.write(line.as_bytes());
        lines.end_line();
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was written, line by line, until a limit of the call is reached; then the rest is dropped.
struct Lines {
    log: LogContext,
    lines_left: u32,
    bytes_left: usize,
    open: Vec<u8>,
    last: Option<String>,
}

impl Lines {
    fn new(log: LogContext, limits: &CallLimits) -> Self {
        let (lines_left, bytes_left) = (limits.log_lines, limits.log_bytes);
        Self { log, lines_left, bytes_left, open: Vec::new(), last: None }
    }

    fn write(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_LINE_BYTES.saturating_sub(self.open.len());
            self.open.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = one_line(&String::from_utf8_lossy(&self.open));
        self.open.clear();
        if line.is_empty() {
            return;
        }
        if self.lines_left > 0 && self.bytes_left >= line.len() {
            self.lines_left -= 1;
            self.bytes_left -= line.len();
            self.log.printed(&line);
        }
        self.last = Some(line);
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.lines().write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl OutputStream for Output {
    fn write(&mut self, bytes: bytes::Bytes) -> StreamResult<()> {
        if bytes.len() > MAX_LINE_BYTES {
            return Err(StreamError::trap("wrote more than was permitted"));
        }
        self.lines().write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(MAX_LINE_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(limits: &CallLimits) -> Lines {
        Lines::new(LogContext::new("guest 1.0.0", "test"), limits)
    }

    #[test]
    fn what_is_written_in_pieces_is_one_line_and_a_long_one_is_cut() {
        let mut lines = lines(&CallLimits::default());
        lines.write(b"Traceback");
        lines.write(b" (most recent call last)\nValueError: no\n\n");
        assert_eq!((lines.last.as_deref(), lines.lines_left), (Some("ValueError: no"), 998));
        lines.write(&[b'x'; 3 * MAX_LINE_BYTES]);
        lines.end_line();
        assert_eq!(lines.last.as_ref().map(String::len), Some(MAX_LINE_BYTES));
    }

    #[test]
    fn a_flood_ends_at_the_limits_of_the_call() {
        let mut lines = lines(&CallLimits { log_lines: 3, log_bytes: 4, ..CallLimits::default() });
        for _ in 0..10 {
            lines.write(b"ab\n");
        }
        assert_eq!((lines.lines_left, lines.bytes_left), (1, 0));
    }
}
