//! The wasmtime engine: which WebAssembly it accepts, where instances live, and the clock that interrupts them.

use crate::meter::TICK;
use crate::settings::RuntimeSettings;
use std::io;
use wasmtime::{Config, Engine, EngineWeak, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Core instances, memories and tables of one component. A Rust component has three instances; Python's linked libraries
/// make some forty.
const MAX_INSTANCES_PER_COMPONENT: u32 = 64;
const MAX_TABLES_PER_COMPONENT: u32 = 16;
const MAX_MEMORIES_PER_COMPONENT: u32 = 4;

/// What an engine accepts. Everything that Rust, JavaScript and Python guests do without is off: what is not there has no
/// bugs. Threads, garbage collection, exceptions and component-model async are not even compiled in.
fn config(allocation: InstanceAllocationStrategy) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .wasm_simd(true)
        .wasm_bulk_memory(true)
        .wasm_multi_value(true)
        .wasm_relaxed_simd(false)
        .wasm_tail_call(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false)
        .epoch_interruption(true)
        .allocation_strategy(allocation);
    config
}

/// Instances come from a pool: instantiation takes 3 microseconds instead of 8, and the pool's size bounds what all
/// calls together can hold. Nothing is kept resident: that would make dropping an instance ten times dearer.
fn pool(settings: &RuntimeSettings) -> PoolingAllocationConfig {
    let calls = settings.max_concurrent_calls;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_stacks(calls)
        .total_core_instances(calls.saturating_mul(MAX_INSTANCES_PER_COMPONENT))
        .total_memories(calls.saturating_mul(MAX_MEMORIES_PER_COMPONENT))
        .total_tables(calls.saturating_mul(MAX_TABLES_PER_COMPONENT))
        .max_core_instances_per_component(MAX_INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MAX_MEMORIES_PER_COMPONENT)
        .max_tables_per_component(MAX_TABLES_PER_COMPONENT)
        .max_memory_size(settings.max_memory_bytes)
        .table_elements(20_000)
        .linear_memory_keep_resident(0)
        .table_keep_resident(0);
    pool
}

/// Makes the engine.
pub(crate) fn engine(settings: &RuntimeSettings) -> wasmtime::Result<Engine> {
    Engine::new(&config(InstanceAllocationStrategy::Pooling(pool(settings))))
}

/// Makes an engine that only compiles, for [`engine`]: it reserves no place for instances.
pub(crate) fn compiling_engine() -> wasmtime::Result<Engine> {
    Engine::new(&config(InstanceAllocationStrategy::OnDemand))
}

/// Advances the engine's epoch every [`TICK`] on a thread of its own, so that a guest is interrupted even when every worker
/// of the asynchronous runtime is busy with one. The thread ends with the engine.
pub(crate) fn start_ticker(engine: &Engine) -> io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("purser-epoch".to_owned()).spawn(move || tick_while_alive(&engine))?;
    Ok(())
}

fn tick_while_alive(engine: &EngineWeak) {
    while let Some(engine) = engine.upgrade() {
        engine.increment_epoch();
        drop(engine);
        std::thread::sleep(TICK);
    }
}
