//! Opens sessions: connect, TLS, bind. One after the other, and not again for some time after a refused bind.

use crate::echo::Secrets;
use crate::encode;
use crate::error::{LdapError, SettingsError};
use crate::operation::codes;
use crate::session::{Caps, Session};
use crate::settings::{AddressPolicy, Bind, DirectorySettings, Security};
use crate::stream;
use crate::tls::{self, Tls};
use purser_model::secret::Slots;
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Most bytes in the answer to a bind or StartTLS.
const SMALL_ANSWER: u64 = 64 << 10;

/// Makes sessions for one directory.
pub(crate) struct Opener {
    tls: Option<Tls>,
    policy: Arc<dyn AddressPolicy>,
    /// Held while a session is opened: with a wrong password many at once would be as many failed binds, which lock the
    /// account.
    refused: Mutex<Option<Refused>>,
}

/// The last bind was refused.
struct Refused {
    until: Instant,
    code: u32,
    text: String,
}

impl Opener {
    pub(crate) fn new(settings: &DirectorySettings, policy: Arc<dyn AddressPolicy>) -> Result<Self, SettingsError> {
        Ok(Self { tls: tls::tls(settings)?, policy, refused: Mutex::new(None) })
    }

    /// A session that is bound.
    ///
    /// # Errors
    /// [`LdapError::Unreachable`], [`LdapError::Denied`] and [`LdapError::BindRefused`].
    pub(crate) async fn open(&self, settings: &DirectorySettings) -> Result<Session, LdapError> {
        let mut refused = self.refused.lock().await;
        if let Some(last) = &*refused
            && let Some(wait) = last.until.checked_duration_since(Instant::now())
            && !wait.is_zero()
        {
            let text = format!("{} (not tried again for {} s, lest the account is locked)", last.text, wait.as_secs());
            return Err(LdapError::BindRefused { code: last.code, text });
        }
        let opened = tokio::time::timeout(settings.timeout, self.connect(settings)).await;
        let opened = opened
            .unwrap_or_else(|_| Err(LdapError::Unreachable(format!("no connection within {:?}", settings.timeout))))?;
        match self.bind(settings, opened).await {
            Err(LdapError::BindRefused { code, text }) => {
                let until = Instant::now() + settings.bind_back_off;
                *refused = Some(Refused { until, code, text: text.clone() });
                Err(LdapError::BindRefused { code, text })
            }
            Err(other) => Err(other),
            Ok(session) => {
                *refused = None;
                Ok(session)
            }
        }
    }

    async fn connect(&self, settings: &DirectorySettings) -> Result<Session, LdapError> {
        let stream = stream::connect(&settings.host, settings.port, &*self.policy).await?;
        match (&self.tls, settings.security) {
            (None, _) | (_, Security::Plain) => Ok(Session::new(stream)),
            (Some(tls), Security::Tls) => Ok(Session::new(stream.encrypt(tls).await?)),
            (Some(tls), Security::StartTls) => start_tls(Session::new(stream), tls, settings).await,
        }
    }

    async fn bind(&self, settings: &DirectorySettings, mut session: Session) -> Result<Session, LdapError> {
        let Some(request) = encode::bind(&settings.bind) else { return Ok(session) };
        let (_, end) = session.exchange(&request, small(settings)).await.map_err(not_done)?;
        if end.code == codes::SUCCESS {
            return Ok(session);
        }
        let password = if let Bind::Simple { password, .. } = &settings.bind { Some(password) } else { None };
        let text = Secrets::new(password, &Slots::default()).blot_text(end.text);
        match end.code {
            // The server has not looked at the password.
            codes::BUSY | codes::UNAVAILABLE => {
                Err(LdapError::Unreachable(format!("the server answered {} to the bind: {text}", end.code)))
            }
            code => Err(LdapError::BindRefused { code, text }),
        }
    }
}

async fn start_tls(mut session: Session, tls: &Tls, settings: &DirectorySettings) -> Result<Session, LdapError> {
    let (_, end) = session.exchange(&encode::start_tls(), small(settings)).await.map_err(not_done)?;
    if end.code != codes::SUCCESS {
        return Err(LdapError::Unreachable(format!("StartTLS was answered with {}: {}", end.code, end.text)));
    }
    session.encrypt(tls).await
}

fn small(settings: &DirectorySettings) -> Caps {
    Caps { bytes: SMALL_ANSWER, entries: 0, time: settings.timeout }
}

/// Before the bind has succeeded nothing was asked of the directory, so nothing can have been done.
fn not_done(error: LdapError) -> LdapError {
    match error {
        LdapError::Interrupted(text) | LdapError::TooLarge(text) => LdapError::Unreachable(text),
        other => other,
    }
}
