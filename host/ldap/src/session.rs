//! One session: a connection over which one operation runs at a time.
//!
//! A session that fails in any way is dropped with its connection, so that no late answer meets a later request.

use crate::ber::{self, SEQUENCE};
use crate::decode::{self, Body, End};
use crate::encode::Request;
use crate::error::LdapError;
use crate::operation::Entry;
use crate::stream::Stream;
use crate::tls::Tls;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

/// Largest header of a message: a tag and a length of four bytes with its own length.
const HEADER: usize = 6;

/// What an answer may cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caps {
    pub(crate) bytes: u64,
    pub(crate) entries: u32,
    pub(crate) time: Duration,
}

/// What came before the end of an operation.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) entries: Vec<Entry>,
    pub(crate) referrals: Vec<String>,
}

pub(crate) struct Session {
    stream: Stream,
    /// What was received and not yet read.
    buffer: Vec<u8>,
    last_id: u32,
}

impl Session {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, buffer: Vec::new(), last_id: 0 }
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.stream.is_encrypted()
    }

    /// Puts TLS around the connection, after the server has agreed to StartTLS.
    pub(crate) async fn encrypt(self, tls: &Tls) -> Result<Self, LdapError> {
        if !self.buffer.is_empty() {
            // Whoever stands in between could have put in what would count as said under TLS.
            return Err(LdapError::Unreachable("the server went on in clear after it agreed to TLS".to_owned()));
        }
        Ok(Self { stream: self.stream.encrypt(tls).await?, ..self })
    }

    /// Whether the server has closed the session, or said something that nobody asked for, since the last operation.
    pub(crate) async fn is_over(&mut self) -> bool {
        if !self.buffer.is_empty() {
            return true;
        }
        // Lets the runtime look at what has happened to connections meanwhile.
        tokio::task::yield_now().await;
        let stream = &mut self.stream;
        poll_fn(|cx| {
            let mut byte = [0];
            let mut buffer = ReadBuf::new(&mut byte);
            Poll::Ready(Pin::new(&mut *stream).poll_read(cx, &mut buffer).is_ready())
        })
        .await
    }

    /// Sends a request and reads its answer to the end.
    ///
    /// # Errors
    /// [`LdapError::Interrupted`] and [`LdapError::TooLarge`]; afterwards the session must be dropped.
    pub(crate) async fn exchange(&mut self, request: &Request, caps: Caps) -> Result<(Found, End), LdapError> {
        let answered = tokio::time::timeout(caps.time, self.exchange_untimed(request, caps)).await;
        answered.unwrap_or_else(|_| Err(LdapError::Interrupted(format!("no answer within {:?}", caps.time))))
    }

    async fn exchange_untimed(&mut self, request: &Request, caps: Caps) -> Result<(Found, End), LdapError> {
        self.last_id = if self.last_id >= i32::MAX.unsigned_abs() { 1 } else { self.last_id + 1 };
        let message = request.message(self.last_id);
        self.stream.write_all(message.bytes()).await.map_err(interrupted)?;
        self.stream.flush().await.map_err(interrupted)?;
        let mut found = Found::default();
        let mut left = caps.bytes;
        loop {
            let content = self.receive(&mut left, caps.bytes).await?;
            let message = decode::message(&content).map_err(interrupted)?;
            if message.id == 0 {
                let text = if let Body::End(end) = message.body { end.text } else { String::new() };
                return Err(LdapError::Interrupted(format!("the server ended the session: {text}")));
            }
            if message.id != self.last_id {
                return Err(LdapError::Interrupted("the server answered something that was not asked".to_owned()));
            }
            match message.body {
                Body::Entry(_) if found.entries.len() as u64 >= u64::from(caps.entries) => {
                    return Err(LdapError::TooLarge(format!("more than {} entries", caps.entries)));
                }
                Body::Entry(content) => found.entries.push(decode::entry(content).map_err(interrupted)?),
                Body::Referrals(urls) => found.referrals.extend(urls),
                Body::Intermediate => {}
                Body::End(end) if end.tag == request.answer => return Ok((found, end)),
                Body::End(_) => return Err(interrupted(ber::Malformed)),
            }
        }
    }

    /// The content of the next message. Memory grows with what really arrives, not with what a length promises.
    async fn receive(&mut self, left: &mut u64, allowed: u64) -> Result<Vec<u8>, LdapError> {
        let header = loop {
            match ber::header(&self.buffer).map_err(interrupted)? {
                Some(header) => break header,
                None if self.buffer.len() >= HEADER => return Err(interrupted(ber::Malformed)),
                None => self.fill().await?,
            }
        };
        if self.buffer[0] != SEQUENCE {
            return Err(interrupted(ber::Malformed));
        }
        let whole = header.bytes + header.content;
        *left =
            left.checked_sub(whole as u64).ok_or_else(|| LdapError::TooLarge(format!("more than {allowed} bytes")))?;
        while self.buffer.len() < whole {
            self.fill().await?;
        }
        let rest = self.buffer.split_off(whole);
        let mut message = std::mem::replace(&mut self.buffer, rest);
        message.drain(..header.bytes);
        Ok(message)
    }

    async fn fill(&mut self) -> Result<(), LdapError> {
        self.buffer.reserve(16 << 10);
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) => Err(LdapError::Interrupted("the server closed the connection".to_owned())),
            Ok(_) => Ok(()),
            Err(error) => Err(interrupted(error)),
        }
    }
}

fn interrupted(error: impl std::fmt::Display) -> LdapError {
    LdapError::Interrupted(error.to_string())
}
