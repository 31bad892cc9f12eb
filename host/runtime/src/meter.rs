//! Counts what one call uses and stops it at its limits.

use crate::settings::CallLimits;
use purser_broker::http::RequestCounts;
use purser_connector::Limit;
use std::time::Duration;
use wasmtime::ResourceLimiter;

/// How often the epoch advances; the grain of the processor time limit.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// A limit was reached. As a host function's error it ends the call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the limit `{}` was reached: {detail}", .limit.name())]
pub(crate) struct LimitReached {
    pub(crate) limit: Limit,
    pub(crate) detail: String,
}

/// The guest has computed for as long as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the guest computed for longer than {0:?}")]
pub(crate) struct ProcessorTimeUsedUp(pub(crate) Duration);

/// What a call has used so far.
#[derive(Debug)]
pub(crate) struct Meter {
    limits: CallLimits,
    memory_bytes: usize,
    host_calls: u64,
    /// What went over HTTP is counted there, also while the guest does something else.
    http: RequestCounts,
    ldap_bytes: u64,
    log_lines: u32,
    log_bytes: usize,
    ticks: u128,
    /// The last growth that was refused: a guest that traps afterwards most likely did so because of it.
    refused_growth: Option<LimitReached>,
    panic_message: Option<String>,
}

impl Meter {
    pub(crate) fn new(limits: CallLimits) -> Self {
        Self {
            limits,
            memory_bytes: 0,
            host_calls: 0,
            http: RequestCounts::default(),
            ldap_bytes: 0,
            log_lines: 0,
            log_bytes: 0,
            ticks: 0,
            refused_growth: None,
            panic_message: None,
        }
    }

    /// The same, where these requests belong to the call.
    pub(crate) fn with_requests(self, http: RequestCounts) -> Self {
        Self { http, ..self }
    }

    /// Counts a call into the host; every host function begins with it.
    pub(crate) fn host_call(&mut self) -> Result<(), LimitReached> {
        self.host_calls = self.host_calls.saturating_add(1);
        self.used_up().map_or(Ok(()), Err)
    }

    /// Counts what went over the network otherwise than by HTTP.
    pub(crate) fn ldap_traffic(&mut self, bytes: usize) {
        self.ldap_bytes = self.ldap_bytes.saturating_add(bytes as u64);
    }

    /// Ends a host function that went over the network, where the call has used up what it may.
    pub(crate) fn check_traffic(&self) -> Result<(), LimitReached> {
        let most = self.limits.traffic_bytes;
        if self.ldap_bytes.saturating_add(self.http.bytes()) > most {
            let detail = format!("more than {most} bytes to and from the target");
            return Err(LimitReached { limit: Limit::Traffic, detail });
        }
        Ok(())
    }

    /// Counts a call into WASI, whose functions cannot end a call themselves: where it was one too many, the next tick ends
    /// it, or the next call into the contract.
    pub(crate) fn wasi_call(&mut self) {
        self.host_calls = self.host_calls.saturating_add(1);
    }

    /// Set once there were more calls into the host than allowed, or more bytes over the network.
    pub(crate) fn used_up(&self) -> Option<LimitReached> {
        let most = self.limits.host_calls;
        if self.host_calls > most {
            let detail = format!("more than {most} calls into the host");
            return Some(LimitReached { limit: Limit::HostCalls, detail });
        }
        self.check_traffic().err()
    }

    /// Counts a line of log.
    pub(crate) fn log_line(&mut self, bytes: usize) -> Result<(), LimitReached> {
        self.log_lines += 1;
        self.log_bytes = self.log_bytes.saturating_add(bytes);
        if self.log_lines > self.limits.log_lines || self.log_bytes > self.limits.log_bytes {
            let detail = format!("more than {} lines or {} bytes", self.limits.log_lines, self.limits.log_bytes);
            return Err(LimitReached { limit: Limit::Log, detail });
        }
        Ok(())
    }

    /// Counts a tick in which the guest was computing, and ends what has gone too far.
    pub(crate) fn tick(&mut self) -> wasmtime::Result<()> {
        self.ticks += 1;
        if let Some(reached) = self.used_up() {
            return Err(reached.into());
        }
        if self.ticks * TICK.as_millis() > self.limits.cpu_time.as_millis() {
            return Err(ProcessorTimeUsedUp(self.limits.cpu_time).into());
        }
        Ok(())
    }

    /// Keeps what the guest said before it trapped; the first message is the cause of later ones.
    pub(crate) fn keep_panic_message(&mut self, message: String) {
        self.panic_message.get_or_insert(message);
    }

    pub(crate) fn panic_message(&self) -> Option<&str> {
        self.panic_message.as_deref()
    }

    pub(crate) fn refused_growth(&self) -> Option<&LimitReached> {
        self.refused_growth.as_ref()
    }

    pub(crate) fn limits(&self) -> &CallLimits {
        &self.limits
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory_bytes.saturating_add(desired.saturating_sub(current));
        if total > self.limits.memory_bytes {
            let detail =
                format!("asked for {total} bytes of memory, of which {} are allowed", self.limits.memory_bytes);
            self.refused_growth = Some(LimitReached { limit: Limit::Memory, detail });
            return Ok(false);
        }
        self.memory_bytes = total;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.limits.table_elements {
            let detail =
                format!("asked for a table of {desired} elements, of which {} are allowed", self.limits.table_elements);
            self.refused_growth = Some(LimitReached { limit: Limit::Table, detail });
            return Ok(false);
        }
        Ok(true)
    }

    fn instances(&self) -> usize {
        self.limits.instances
    }

    fn tables(&self) -> usize {
        self.limits.instances
    }

    fn memories(&self) -> usize {
        self.limits.instances
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_counted_over_all_memories() {
        let mut meter = Meter::new(CallLimits { memory_bytes: 100, ..CallLimits::default() });
        assert!(meter.memory_growing(0, 60, None).unwrap());
        assert!(!meter.memory_growing(0, 60, None).unwrap());
        assert_eq!(meter.refused_growth().unwrap().limit, Limit::Memory);
        assert!(meter.memory_growing(60, 100, None).unwrap());
    }

    #[test]
    fn the_call_after_the_last_one_allowed_ends_it() {
        let mut meter = Meter::new(CallLimits { host_calls: 2, log_lines: 1, ..CallLimits::default() });
        assert!(meter.host_call().is_ok() && meter.host_call().is_ok());
        assert_eq!(meter.host_call().unwrap_err().limit, Limit::HostCalls);
        assert!(meter.log_line(1).is_ok());
        assert_eq!(meter.log_line(1).unwrap_err().limit, Limit::Log);
    }

    #[test]
    fn ticks_add_up_to_the_processor_time() {
        let mut meter = Meter::new(CallLimits { cpu_time: TICK * 3, ..CallLimits::default() });
        for _ in 0..3 {
            meter.tick().unwrap();
        }
        let ended = meter.tick().unwrap_err();
        assert_eq!(ended.downcast_ref(), Some(&ProcessorTimeUsedUp(TICK * 3)));
    }

    #[test]
    fn calls_into_wasi_count_and_the_next_tick_ends_one_too_many() {
        let mut meter = Meter::new(CallLimits { host_calls: 2, ..CallLimits::default() });
        meter.wasi_call();
        meter.wasi_call();
        meter.tick().unwrap();
        meter.wasi_call();
        let ended = meter.tick().unwrap_err();
        assert_eq!(ended.downcast_ref::<LimitReached>().unwrap().limit, Limit::HostCalls);
        assert_eq!(meter.host_call().unwrap_err().limit, Limit::HostCalls);
    }

    #[test]
    fn the_first_panic_message_stays() {
        let mut meter = Meter::new(CallLimits::default());
        meter.keep_panic_message("first".into());
        meter.keep_panic_message("while panicking".into());
        assert_eq!(meter.panic_message(), Some("first"));
    }
}
