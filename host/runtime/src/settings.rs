//! How a runtime and its calls are set up.

use crate::clock::{HostClock, Randomness, SystemClock, SystemRandomness};
use crate::compiler::Compiler;
use crate::observer::CallObserver;
use purser_model::connectors::MOST_MEMORY;
use purser_model::secret::Secret;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How a runtime is set up.
#[derive(Clone)]
pub struct RuntimeSettings {
    /// Where compiled code is kept. Nobody but the host may write there.
    pub cache_directory: PathBuf,
    /// What compiled code is sealed with; without one, a key is kept beside the code.
    pub cache_key: Option<Secret>,
    /// Where components are compiled.
    pub compiler: Compiler,
    /// Most calls that run at once; further ones wait for their turn.
    pub max_concurrent_calls: u32,
    /// The most memory in bytes that [`CallLimits::memory_bytes`] may ask for.
    pub max_memory_bytes: usize,
    /// Largest component file in bytes.
    pub max_component_bytes: u64,
    /// The limits of `describe`.
    pub describe_limits: CallLimits,
    /// The clock that guests see.
    pub clock: Arc<dyn HostClock>,
    /// The randomness that guests see.
    pub randomness: Arc<dyn Randomness>,
    /// Who is told of every call that ends.
    pub observer: Option<Arc<dyn CallObserver>>,
}

impl RuntimeSettings {
    /// Keeps compiled code in this folder; everything else takes its default.
    pub fn new(cache_directory: impl Into<PathBuf>) -> Self {
        Self {
            cache_directory: cache_directory.into(),
            cache_key: None,
            compiler: Compiler::InThisProcess,
            max_concurrent_calls: 64,
            max_memory_bytes: usize::try_from(MOST_MEMORY).unwrap_or(usize::MAX),
            max_component_bytes: 64 << 20,
            describe_limits: CallLimits {
                cpu_time: Duration::from_secs(5),
                wall_time: Duration::from_secs(10),
                output_bytes: 4 << 20,
                ..CallLimits::default()
            },
            clock: Arc::new(SystemClock::new()),
            randomness: Arc::new(SystemRandomness),
            observer: None,
        }
    }
}

/// What one call may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallLimits {
    /// Bytes of linear memory, over all memories of the component. JavaScript and Python need 64 MiB and more.
    pub memory_bytes: usize,
    /// Elements of one table. JavaScript uses about 8,000.
    pub table_elements: usize,
    /// Core instances, memories and tables, each.
    pub instances: usize,
    /// Calls from the guest into the host, those of WASI too.
    pub host_calls: u64,
    /// Bytes that go over the network for it: requests and answers of HTTP, what is written and found over LDAP.
    pub traffic_bytes: u64,
    /// Lines of log.
    pub log_lines: u32,
    /// Bytes of log.
    pub log_bytes: usize,
    /// Bytes that the guest hands over in one answer or in one call into the host.
    pub output_bytes: usize,
    /// Objects that it is asked for at once, whatever its manifest allows.
    pub page_objects: u32,
    /// Bytes of one object's attributes.
    pub value_bytes: usize,
    /// Time in which the guest computes; waiting for the host does not count beyond one tick (10 ms) per wait.
    pub cpu_time: Duration,
    /// Time from the beginning to the end of the call, waiting included.
    pub wall_time: Duration,
}

impl Default for CallLimits {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            table_elements: 20_000,
            instances: 64,
            host_calls: 100_000,
            traffic_bytes: 256 << 20,
            log_lines: 1_000,
            log_bytes: 256 << 10,
            output_bytes: 64 << 20,
            page_objects: 10_000,
            value_bytes: 4 << 20,
            cpu_time: Duration::from_secs(30),
            wall_time: Duration::from_secs(60),
        }
    }
}
