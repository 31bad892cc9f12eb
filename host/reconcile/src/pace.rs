//! Keeps calls into a target within its rate, whoever makes them.

use crate::allowance::{Allowance, Wait, batch_size};
use crate::environment::Clock;
use async_trait::async_trait;
use purser_connector::{Fault, Session};
use purser_model::configuration::Rate;
use purser_model::edit::{ConnectorError, EditOutcome, Request};
use purser_model::manifest::{CheckLevel, Finding, Limits, Manifest, ObjectClass};
use purser_model::object::{ChangePage, Object, Page, SearchRequest};
use purser_model::secret::Slots;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, Semaphore, SemaphorePermit};

/// What all work on one target shares.
pub(crate) struct Pace {
    rate: Rate,
    clock: Arc<dyn Clock>,
    allowance: Mutex<Allowance>,
    at_once: Semaphore,
    /// Whoever came first goes first; a large batch is not overtaken for ever.
    line: tokio::sync::Mutex<()>,
    ended: Notify,
}

impl Pace {
    pub(crate) fn new(rate: Rate, clock: Arc<dyn Clock>) -> Self {
        Self {
            rate,
            clock,
            allowance: Mutex::new(Allowance::new(&rate)),
            at_once: Semaphore::new(rate.concurrency as usize),
            line: tokio::sync::Mutex::default(),
            ended: Notify::new(),
        }
    }

    fn allowance(&self) -> MutexGuard<'_, Allowance> {
        self.allowance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the turn of a call of so many requests. The call has ended when what is returned is dropped.
    async fn turn(&self, cost: u32) -> Result<Pass<'_>, Fault> {
        if cost > self.rate.calls {
            let allowed = self.rate.calls;
            return Err(Fault::Unusable(format!("{cost} requests in one call are more than the rate of {allowed}")));
        }
        let _line = self.line.lock().await;
        let permit = self.at_once.acquire().await;
        let permit = permit.map_err(|_| Fault::Unusable("the target is closed".into()))?;
        loop {
            let begun = self.allowance().begin(self.clock.uptime(), cost);
            match begun {
                Ok(()) => return Ok(Pass { pace: self, cost, _permit: permit }),
                Err(Wait::For(wait)) => self.clock.sleep(wait).await,
                Err(Wait::ForAnEnd) => self.ended.notified().await,
            }
        }
    }
}

/// A call that is under way.
struct Pass<'a> {
    pace: &'a Pace,
    cost: u32,
    _permit: SemaphorePermit<'a>,
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.pace.allowance().end(self.pace.clock.uptime(), self.cost);
        self.pace.ended.notify_one();
    }
}

/// Hands each call on when its turn has come. A call counts once, an `apply` once for each of its requests.
pub(crate) struct Paced {
    inner: Arc<dyn Session>,
    pace: Arc<Pace>,
    manifest: Manifest,
}

impl Paced {
    /// A session whose batches are small enough for the rate.
    pub(crate) fn new(inner: Arc<dyn Session>, pace: Arc<Pace>) -> Self {
        let mut manifest = inner.manifest().clone();
        let Limits { page_size, batch_size: most } = manifest.limits;
        manifest.limits = Limits { page_size, batch_size: most.min(batch_size(&pace.rate)) };
        Self { inner, pace, manifest }
    }

    /// Whether it hands calls to this session.
    pub(crate) fn is_over(&self, inner: &Arc<dyn Session>) -> bool {
        Arc::ptr_eq(&self.inner, inner)
    }
}

#[async_trait]
impl Session for Paced {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn digest(&self) -> Option<String> {
        self.inner.digest()
    }

    async fn check(&self, level: CheckLevel) -> Result<Vec<Finding>, Fault> {
        let _pass = self.pace.turn(1).await?;
        self.inner.check(level).await
    }

    async fn schema(&self) -> Result<Vec<ObjectClass>, Fault> {
        let _pass = self.pace.turn(1).await?;
        self.inner.schema().await
    }

    async fn search(&self, request: SearchRequest) -> Result<Page, Fault> {
        let _pass = self.pace.turn(1).await?;
        self.inner.search(request).await
    }

    async fn get(&self, class: &str, id: &str) -> Result<Object, Fault> {
        let _pass = self.pace.turn(1).await?;
        self.inner.get(class, id).await
    }

    async fn changes(&self, class: &str, cursor: Option<&str>) -> Result<ChangePage, Fault> {
        let _pass = self.pace.turn(1).await?;
        self.inner.changes(class, cursor).await
    }

    async fn apply(
        &self,
        requests: Vec<Request>,
        slots: Slots,
    ) -> Result<Vec<Result<EditOutcome, ConnectorError>>, Fault> {
        let _pass = self.pace.turn(u32::try_from(requests.len()).unwrap_or(u32::MAX)).await?;
        self.inner.apply(requests, slots).await
    }
}
