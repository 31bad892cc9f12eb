//! A directory with its sessions: idle ones, those that wait for a further page, and no more than allowed.

use crate::decode;
use crate::echo::Secrets;
use crate::encode;
use crate::error::{LdapError, SettingsError};
use crate::open::Opener;
use crate::operation::{Attribute, Control, Entry, Search, SearchAnswer, Write, codes};
use crate::session::{Caps, Found, Session};
use crate::settings::{AddressPolicy, Bind, DirectorySettings};
use purser_model::secret::Slots;
use rustls::crypto::ring;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// A directory that can be searched and written. It may be used by many tasks at once.
pub struct Directory {
    settings: DirectorySettings,
    opener: Opener,
    places: Semaphore,
    pool: Mutex<Pool>,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Session>,
    /// Sessions that wait for the next page, by the cookie that the guest holds.
    waiting: BTreeMap<Vec<u8>, Waiting>,
}

/// A session in the middle of a paged search.
struct Waiting {
    session: Session,
    /// The server's own cookie.
    cookie: Vec<u8>,
    since: Instant,
}

/// A session that was taken, and whether it has been used before.
struct Taken {
    session: Session,
    used: bool,
    cookie: Vec<u8>,
}

impl Directory {
    /// A directory. Nothing is connected before it is used.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn new(settings: DirectorySettings, policy: Arc<dyn AddressPolicy>) -> Result<Self, SettingsError> {
        let opener = Opener::new(&settings, policy)?;
        let places = Semaphore::new(settings.sessions.max(1) as usize);
        Ok(Self { settings, opener, places, pool: Mutex::default() })
    }

    /// Searches. A page with a cookie keeps its session until the next page is asked for, or until it has waited too long.
    ///
    /// # Errors
    /// [`LdapError::CursorLost`] where the cookie's session is gone; else as the enum says.
    pub async fn search(&self, search: &Search, slots: &Slots) -> Result<SearchAnswer, LdapError> {
        let _place = self.place().await?;
        let taken = self.take(&search.cookie).await?;
        let request = encode::search(search, &taken.cookie, self.settings.timeout)?;
        let (mut session, used) = (taken.session, taken.used);
        let answered = match session.exchange(&request, self.caps()).await {
            // A session that the server has given up shows it only now. A search may be asked again.
            Err(LdapError::Interrupted(_)) if used && search.cookie.is_empty() => {
                session = self.opener.open(&self.settings).await?;
                session.exchange(&request, self.caps()).await
            }
            answered => answered,
        };
        let (found, mut end) = answered?;
        let secrets = self.secrets(slots);
        let cookie =
            decode::take_cookie(&mut end.controls).map_err(|error| LdapError::Interrupted(error.to_string()))?;
        if end.code != codes::SUCCESS {
            self.put_back(session);
            return Err(refusal(end.code, end.text, &end.referrals, &secrets));
        }
        let cookie = if cookie.is_empty() {
            self.put_back(session);
            cookie
        } else {
            self.keep(session, cookie)?
        };
        Ok(answer(found, cookie, end.controls, &secrets))
    }

    /// Writes, and gives the controls of the answer.
    ///
    /// # Errors
    /// After [`LdapError::Interrupted`] and [`LdapError::TooLarge`] it may have been done.
    pub async fn write(&self, write: &Write, controls: &[Control], slots: &Slots) -> Result<Vec<Control>, LdapError> {
        let request = encode::write(write, controls, slots)?;
        let _place = self.place().await?;
        let mut session = self.take(&[]).await?.session;
        if write.holds_a_secret() && !session.is_encrypted() {
            self.put_back(session);
            let advice = "a secret only goes over TLS: write ldaps:// or switch on StartTLS in the grant";
            return Err(LdapError::Denied(advice.to_owned()));
        }
        let (_, end) = session.exchange(&request, self.caps()).await?;
        self.put_back(session);
        let secrets = self.secrets(slots);
        if end.code != codes::SUCCESS {
            return Err(refusal(end.code, end.text, &end.referrals, &secrets));
        }
        Ok(blot_controls(end.controls, &secrets))
    }

    fn caps(&self) -> Caps {
        let settings = &self.settings;
        Caps { bytes: settings.max_answer_bytes, entries: settings.max_entries, time: settings.timeout }
    }

    fn secrets(&self, slots: &Slots) -> Secrets {
        let password = match &self.settings.bind {
            Bind::Simple { password, .. } => Some(password),
            Bind::External { key, .. } => Some(key),
            Bind::Anonymous => None,
        };
        Secrets::new(password, slots)
    }

    async fn place(&self) -> Result<tokio::sync::SemaphorePermit<'_>, LdapError> {
        let waited = tokio::time::timeout(self.settings.timeout, self.places.acquire()).await;
        let busy = || LdapError::Unreachable(format!("all {} sessions are busy", self.settings.sessions));
        waited.map_err(|_| busy())?.map_err(|_| busy())
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session of this cookie, or any idle one, or a new one.
    async fn take(&self, cookie: &[u8]) -> Result<Taken, LdapError> {
        if !cookie.is_empty() {
            let waiting = {
                let mut pool = self.pool();
                pool.forget_who_waited_too_long(&self.settings);
                pool.waiting.remove(cookie).ok_or(LdapError::CursorLost)?
            };
            let Waiting { mut session, cookie, .. } = waiting;
            if session.is_over().await {
                return Err(LdapError::CursorLost);
            }
            return Ok(Taken { session, used: true, cookie });
        }
        loop {
            let Some(mut session) = self.pool().idle.pop() else { break };
            if !session.is_over().await {
                return Ok(Taken { session, used: true, cookie: Vec::new() });
            }
        }
        let session = self.opener.open(&self.settings).await?;
        Ok(Taken { session, used: false, cookie: Vec::new() })
    }

    fn put_back(&self, session: Session) {
        let mut pool = self.pool();
        if pool.idle.len() < self.settings.sessions as usize {
            pool.idle.push(session);
        }
    }

    /// Keeps the session for the next page and gives the cookie that names it.
    fn keep(&self, session: Session, cookie: Vec<u8>) -> Result<Vec<u8>, LdapError> {
        let mut name = vec![0; 16];
        let random = ring::default_provider().secure_random;
        random.fill(&mut name).map_err(|_| LdapError::Unreachable("the system gives no random bytes".to_owned()))?;
        let mut pool = self.pool();
        pool.forget_who_waited_too_long(&self.settings);
        while pool.waiting.len() >= self.settings.sessions.max(1) as usize {
            let oldest = pool.waiting.iter().min_by_key(|(_, waiting)| waiting.since).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { break };
            pool.waiting.remove(&oldest);
        }
        pool.waiting.insert(name.clone(), Waiting { session, cookie, since: Instant::now() });
        Ok(name)
    }
}

impl Pool {
    fn forget_who_waited_too_long(&mut self, settings: &DirectorySettings) {
        let now = Instant::now();
        self.waiting.retain(|_, waiting| now.duration_since(waiting.since) < settings.page_idle);
    }
}

fn refusal(code: u32, text: String, referrals: &[String], secrets: &Secrets) -> LdapError {
    let text = match code {
        codes::REFERRAL => format!("{text} (it refers to {})", referrals.join(", ")),
        _ => text,
    };
    LdapError::Server { code, text: secrets.blot_text(text) }
}

fn answer(found: Found, cookie: Vec<u8>, controls: Vec<Control>, secrets: &Secrets) -> SearchAnswer {
    let attribute = |attribute: Attribute| Attribute {
        name: secrets.blot_text(attribute.name),
        values: attribute.values.into_iter().map(|value| secrets.blot(value)).collect(),
    };
    let entry = |entry: Entry| Entry {
        dn: secrets.blot_text(entry.dn),
        attributes: entry.attributes.into_iter().map(attribute).collect(),
    };
    SearchAnswer {
        entries: found.entries.into_iter().map(entry).collect(),
        cookie,
        controls: blot_controls(controls, secrets),
        referrals: found.referrals.into_iter().map(|url| secrets.blot_text(url)).collect(),
    }
}

fn blot_controls(controls: Vec<Control>, secrets: &Secrets) -> Vec<Control> {
    let blot = |control: Control| Control { value: control.value.map(|value| secrets.blot(value)), ..control };
    controls.into_iter().map(blot).collect()
}

#[cfg(test)]
mod tests;
