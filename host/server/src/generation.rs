//! A host by the declarations that are in force, and how other declarations take their place while it serves.

use crate::checked::DeclaredChecks;
use crate::declared::{DeclaredFiles, InForceDigest, TakeOver, files, shown};
use crate::dropped::DroppedConnectors;
use crate::home::Home;
use crate::host::{Host, audit_key, now};
use anyhow::Context;
use purser_api::{
    ApiState, ApiToken, Applied, CurrentApi, DeclarationFile, DeclarationsError, Digested, News, Quotas, Reign, SignIns,
};
use purser_backup::Backups;
use purser_issuer::Issuers;
use purser_model::audit::AuditKey;
use purser_reconcile::NoProgress;
use purser_webhook::Webhooks;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tracing::{error, info, warn};

/// Requests that were made by former declarations are waited for so long.
const LAST_ANSWERS: Duration = Duration::from_secs(10);
/// How often who is touched by new declarations is looked for, where the store fails.
const TRIES: u32 = 3;

/// What outlives declarations.
pub struct Lasting {
    home: Home,
    audit_key: AuditKey,
    token: ApiToken,
    news: News,
    sign_ins: SignIns,
    backups: Arc<Backups>,
    in_force: InForceDigest,
    take_overs: mpsc::Sender<TakeOver>,
}

/// A host, and what it serves by its declarations.
pub struct Generation {
    /// The host.
    pub host: Host,
    /// Who is told of events.
    pub webhooks: Arc<Webhooks>,
    /// How much is asked of the API, and by whom.
    quotas: Arc<Quotas>,
    /// Whose tokens open it.
    issuers: Arc<Issuers>,
    reign: Reign,
}

impl Lasting {
    /// What a host in this home has for as long as it serves; and what tells of declarations that are to be taken over.
    ///
    /// # Errors
    /// The key of the audit log cannot be read.
    pub fn new(
        home: &Home,
        host: &Host,
        token: ApiToken,
        backups: Arc<Backups>,
    ) -> anyhow::Result<(Self, mpsc::Receiver<TakeOver>)> {
        let audit_key = audit_key(home)?.context("the key of the audit log was removed while the host started")?;
        let (take_overs, wanted) = mpsc::channel(1);
        let in_force = Arc::new(tokio::sync::Mutex::new(Digested::of(&shown(&host.declarations))));
        let (home, news, sign_ins) = (home.clone(), News::of(host.store.clone()), SignIns::default());
        Ok((Self { home, audit_key, token, news, sign_ins, backups, in_force, take_overs }, wanted))
    }

    /// A token that signs in to the console once, or makes one token, within the hour.
    pub fn make_first_token(&self) -> String {
        self.sign_ins.make_first_token(now())
    }

    /// What tells of new events.
    pub fn news(&self) -> News {
        self.news.clone()
    }
}

impl Generation {
    /// What this host serves. Webhooks know of what follows.
    pub async fn of(host: Host) -> anyhow::Result<Self> {
        let declared = host.engine.rules().configuration().webhooks.clone();
        let webhooks = Arc::new(Webhooks::new(host.store.clone(), declared, Arc::new(host.secrets.clone()), now));
        // Before anything happens: they are told of what follows.
        webhooks.know().await?;
        host.registry.is_watched();
        if let Err(error) = host.registry.look().await {
            warn!(error = format!("{error:#}"), "the folder of connectors cannot be looked at");
        }
        let issuers = &host.engine.rules().configuration().issuers;
        let issuers = Issuers::new(issuers, Arc::new(host.secrets.clone())).context("an issuer cannot be used")?;
        let issuers = Arc::new(issuers);
        let quotas = Arc::new(Quotas::new(host.engine.rules().configuration().api.limits));
        Ok(Self { host, webhooks, quotas, issuers, reign: Reign::default() })
    }

    /// What its API answers from.
    pub fn api(&self, lasting: &Lasting) -> ApiState {
        let host = &self.host;
        let (registry, store, rules) = (host.registry.clone(), host.store.clone(), host.engine.rules().clone());
        ApiState {
            store: host.store.clone(),
            engine: host.engine.clone(),
            plan_key: host.plan_key.clone(),
            audit_key: lasting.audit_key.clone(),
            news: lasting.news(),
            webhooks: self.webhooks.clone(),
            backups: lasting.backups.clone(),
            token: lasting.token.clone(),
            quotas: self.quotas.clone(),
            issuers: self.issuers.clone(),
            checks: Arc::new(DeclaredChecks {
                rules: rules.clone(),
                registry: registry.clone(),
                secrets: host.secrets.clone(),
                webhooks: self.webhooks.clone(),
            }),
            connectors: Arc::new(DroppedConnectors { registry, store, rules }),
            secrets: Arc::new(host.secrets.clone()),
            declarations: Arc::new(DeclaredFiles::of(host, lasting.in_force.clone(), lasting.take_overs.clone())),
            sign_ins: lasting.sign_ins.clone(),
            in_force: self.reign.in_force(),
            version: env!("CARGO_PKG_VERSION"),
            now,
        }
    }

    /// Takes other declarations over: what is served from now on. Where that fails it is as before.
    ///
    /// The order is: the files, so that a host that is killed from here on starts with them; the new host; requests come to
    /// it; what was done by the former declarations ends; who is touched is woken; and only then anything is written to
    /// targets again.
    pub async fn take_over(self, wanted: TakeOver, api: &CurrentApi, lasting: &Lasting) -> Self {
        let TakeOver { declared, files, acting, mut in_force, quiet, reply } = wanted;
        let former = shown(&self.host.declarations);
        if let Err(error) = files::replace(&lasting.home, &files) {
            put_back(&lasting.home, &former);
            let _ =
                reply.send(Err(DeclarationsError::Refused(format!("{error:#}; the declarations stay as they are"))));
            return self;
        }
        let next = async { Self::of(self.host.succeeded_by(&lasting.home, declared, &acting).await?).await };
        let next = match next.await {
            Ok(next) => next,
            Err(error) => {
                put_back(&lasting.home, &former);
                let reason =
                    format!("the host cannot go on with these declarations: {error:#}; they stay as they were");
                let _ = reply.send(Err(DeclarationsError::Refused(reason)));
                return self;
            }
        };
        let next = next.held_to_what_was_counted(&self);
        *in_force = Digested::of(&files);
        self.reign.end();
        // The one that asks for this waits for its answer.
        api.replace(next.api(lasting)).quiet(1, LAST_ANSWERS).await;
        drop(self);
        let applied = next.taken_up(&in_force).await;
        drop((quiet, in_force));
        let _ = reply.send(applied);
        next
    }

    /// Whoever asked too much of the former one still did, unless there are other limits now.
    fn held_to_what_was_counted(self, former: &Self) -> Self {
        let (api, before) =
            (&self.host.engine.rules().configuration().api, &former.host.engine.rules().configuration().api);
        if api.tls != before.tls || api.limits.connections != before.limits.connections {
            warn!(
                "the certificate and the number of connections are declared otherwise: that holds from the next start on"
            );
        }
        let quotas = former.quotas.held_to(api.limits);
        Self { quotas, ..self }
    }

    async fn taken_up(&self, digest: &Digested) -> Result<Applied, DeclarationsError> {
        let mut failure = String::new();
        for _ in 0..TRIES {
            match self.host.take_up_declarations(&NoProgress).await {
                Ok(taken_up) => {
                    let taken_up = taken_up.unwrap_or_default();
                    info!(%digest, woken = taken_up.woken, "other declarations are in force");
                    let (identities, woken) = (taken_up.identities, taken_up.woken);
                    return Ok(Applied { digest: digest.to_string(), identities, woken });
                }
                Err(error) => failure = format!("{error:#}"),
            }
        }
        error!(
            error = failure,
            "other declarations are in force, and who they touch is not woken before the next start"
        );
        Err(DeclarationsError::Failed(failure))
    }
}

/// The former files, since nobody took the new ones over.
fn put_back(home: &Home, former: &[DeclarationFile]) {
    if let Err(error) = files::replace(home, former) {
        error!(
            error = format!("{error:#}"),
            "the former declarations cannot be put back; look into the folder before the next start"
        );
    }
}
