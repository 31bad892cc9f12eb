//! The host's key, and how it is written down.

use crate::Randomness;
use purser_model::audit::hexadecimal;
use purser_model::sealed::SealingKeyId;
use std::fmt;
use zeroize::Zeroizing;

const LENGTH: usize = 32;
const DIGITS: usize = 2 * LENGTH;

/// The key that seals the data keys of all secrets. Its memory is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKey(Zeroizing<[u8; LENGTH]>);

/// A text is no key. The text is not repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    /// It has another length.
    #[error("a key is 64 hexadecimal digits, and this has {0} characters: make one with `openssl rand -hex 32`")]
    Length(usize),
    /// It holds something else.
    #[error("a key is 64 hexadecimal digits, and this has others: make one with `openssl rand -hex 32`")]
    Digits,
    /// Somebody wrote it who did not roll dice.
    #[error("a key that repeats one byte can be guessed: make one with `openssl rand -hex 32`")]
    Guessable,
}

impl SealingKey {
    /// A new key.
    pub fn make(random: Randomness<'_>) -> Self {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        random(bytes.as_mut());
        Self(bytes)
    }

    /// Reads a key as [`SealingKey::written`] writes it; space around it does not count.
    ///
    /// # Errors
    /// The text is no key.
    pub fn read(text: &str) -> Result<Self, NotAKey> {
        let text = text.trim().as_bytes();
        if text.len() != DIGITS {
            return Err(NotAKey::Length(text.len()));
        }
        let mut bytes = Zeroizing::new([0; LENGTH]);
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(NotAKey::Guessable);
        }
        Ok(Self(bytes))
    }

    /// The key as 64 hexadecimal digits. Only what writes a key file may ask for it.
    pub fn written(&self) -> Zeroizing<String> {
        Zeroizing::new(hexadecimal(self.0.as_ref()))
    }

    /// Which key it is.
    pub fn id(&self) -> SealingKeyId {
        SealingKeyId(hexadecimal(&blake3::derive_key("purser sealing key id 1", self.0.as_ref())[..8]))
    }

    /// The bytes that data keys are sealed with.
    pub(crate) fn wrapping(&self) -> Zeroizing<[u8; LENGTH]> {
        Zeroizing::new(blake3::derive_key("purser sealing key wraps data keys 1", self.0.as_ref()))
    }
}

fn digit(character: u8) -> Result<u8, NotAKey> {
    let value = char::from(character).to_digit(16).and_then(|value| u8::try_from(value).ok());
    value.ok_or(NotAKey::Digits)
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealingKey({})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written_and_does_not_show_itself() {
        let mut next = 0;
        let key = SealingKey::make(&mut |bytes| {
            bytes.fill_with(|| {
                next += 1;
                next
            });
        });
        let written = key.written();
        assert_eq!(SealingKey::read(&format!(" {}\r\n", written.to_uppercase())).unwrap(), key);
        assert!(!format!("{key:?}").contains(&written[..16]), "{key:?}");
    }

    #[test]
    fn what_is_no_key_is_not_taken_and_not_repeated() {
        let long = "hunter2".repeat(10);
        let wrong = ["", "hunter2", &long, &"g".repeat(64), &"ä".repeat(32), &"00".repeat(32)];
        for text in wrong {
            let error = SealingKey::read(text).unwrap_err().to_string();
            assert!(!error.contains("hunter2") && error.contains("openssl rand -hex 32"), "{error}");
        }
    }
}
