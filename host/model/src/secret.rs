//! A credential on its way from the operator's store to the wire.

use crate::id::SecretName;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A secret text. It is never empty, is not shown by `Debug`, and its memory is overwritten when the last copy is dropped.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

/// A secret is empty: an empty credential would be sent as if there were none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is empty")]
pub struct EmptySecret;

impl Secret {
    /// Takes the text.
    ///
    /// # Errors
    /// The text is empty.
    pub fn new(text: impl Into<String>) -> Result<Self, EmptySecret> {
        let text = Zeroizing::new(text.into());
        if text.is_empty() { Err(EmptySecret) } else { Ok(Self(Arc::new(text))) }
    }

    /// The text itself. Only what puts it on the wire, or seals it, may ask for it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// Secrets of the sealed store that were opened, by name.
pub type NamedSecrets = BTreeMap<SecretName, Secret>;

/// The secrets that travel beside one call, by number. A guest knows the numbers; the host puts the secrets on the wire.
#[derive(Debug, Clone, Default)]
pub struct Slots(BTreeMap<u32, Secret>);

impl Slots {
    /// Attaches a secret and says its number.
    pub fn attach(&mut self, secret: Secret) -> u32 {
        let slot = self.0.last_key_value().map_or(0, |(last, _)| last + 1);
        self.0.insert(slot, secret);
        slot
    }

    /// The secret of this number.
    pub fn get(&self, slot: u32) -> Option<&Secret> {
        self.0.get(&slot)
    }

    /// All secrets.
    pub fn iter(&self) -> impl Iterator<Item = &Secret> {
        self.0.values()
    }

    /// Whether none is attached.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = Secret::new("hunter2").unwrap();
        assert_eq!(format!("{secret} {secret:?}"), "*** Secret(***)");
        assert_eq!(secret.reveal(), "hunter2");
    }

    #[test]
    fn each_attached_secret_has_a_number_of_its_own() {
        let mut slots = Slots::default();
        let (first, second) = (slots.attach(Secret::new("a").unwrap()), slots.attach(Secret::new("b").unwrap()));
        assert_eq!((slots.get(first).unwrap().reveal(), slots.get(second).unwrap().reveal()), ("a", "b"));
        assert!(slots.get(second + 1).is_none());
        assert_eq!(format!("{slots:?}"), "Slots({0: Secret(***), 1: Secret(***)})");
    }

    #[test]
    fn an_empty_secret_is_refused() {
        assert_eq!(Secret::new("").unwrap_err(), EmptySecret);
    }
}
