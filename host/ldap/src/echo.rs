//! Keeps secrets that a server repeats from reaching the guest.

use memchr::memmem;
use purser_model::secret::{Secret, Slots};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// What stands where a secret was.
const BLOT: &[u8] = b"***";

/// From this length on a secret is also found inside a longer value. A shorter one would blot out ordinary words, so it is
/// only found where it is the whole value.
const FOUND_INSIDE: usize = 8;

/// The forms in which secrets are looked for.
pub(crate) struct Secrets(Vec<Zeroizing<Vec<u8>>>);

impl Secrets {
    /// Looks for the password of the bind and for all slots.
    pub(crate) fn new(password: Option<&Secret>, slots: &Slots) -> Self {
        let forms = password.into_iter().chain(slots.iter()).flat_map(|secret| {
            [Zeroizing::new(secret.reveal().as_bytes().to_vec()), utf16(secret.reveal()), quoted_utf16(secret)]
        });
        let mut forms: Vec<_> = forms.collect();
        // A quoted form holds the plain one: the longest is blotted first.
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        Self(forms)
    }

    /// The value without the secrets.
    pub(crate) fn blot(&self, value: Vec<u8>) -> Vec<u8> {
        match self.blotted(&value) {
            Some(blotted) => blotted,
            None => value,
        }
    }

    /// The text without the secrets.
    pub(crate) fn blot_text(&self, text: String) -> String {
        match self.blotted(text.as_bytes()) {
            Some(blotted) => String::from_utf8_lossy(&blotted).into_owned(),
            None => text,
        }
    }

    fn blotted(&self, value: &[u8]) -> Option<Vec<u8>> {
        let mut blotted: Cow<'_, [u8]> = Cow::Borrowed(value);
        for form in &self.0 {
            if blotted.as_ref() == form.as_slice() {
                return Some(BLOT.to_vec());
            }
            if form.len() >= FOUND_INSIDE && memmem::find(&blotted, form).is_some() {
                blotted = Cow::Owned(replaced(&blotted, form));
            }
        }
        match blotted {
            Cow::Borrowed(_) => None,
            Cow::Owned(blotted) => Some(blotted),
        }
    }
}

fn replaced(value: &[u8], form: &[u8]) -> Vec<u8> {
    let mut blotted = Vec::with_capacity(value.len());
    let mut from = 0;
    for at in memmem::find_iter(value, form) {
        blotted.extend_from_slice(&value[from..at]);
        blotted.extend_from_slice(BLOT);
        from = at + form.len();
    }
    blotted.extend_from_slice(&value[from..]);
    blotted
}

/// The secret as Active Directory's `unicodePwd` takes it.
pub(crate) fn quoted_utf16(secret: &Secret) -> Zeroizing<Vec<u8>> {
    utf16(&Zeroizing::new(format!("\"{}\"", secret.reveal())))
}

fn utf16(text: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() * 2));
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(password: &str, slot: &str) -> Secrets {
        let mut slots = Slots::default();
        slots.attach(Secret::new(slot).unwrap());
        Secrets::new(Some(&Secret::new(password).unwrap()), &slots)
    }

    #[test]
    fn a_secret_is_blotted_in_every_form() {
        let secrets = secrets("the-bind-password", "p");
        let text = |text: &str| secrets.blot_text(text.to_owned());
        assert_eq!(text("a the-bind-password b the-bind-password"), "a *** b ***");
        assert_eq!(text("nothing of it"), "nothing of it");
        let quoted = quoted_utf16(&Secret::new("the-bind-password").unwrap()).to_vec();
        assert_eq!(secrets.blot([b"x".to_vec(), quoted].concat()), b"x***");
    }

    #[test]
    fn a_short_secret_is_found_where_it_is_the_whole_value() {
        let secrets = secrets("cn", "p");
        assert_eq!(secrets.blot(b"cn".to_vec()), b"***");
        assert_eq!(secrets.blot(b"p".to_vec()), b"***");
        assert_eq!(secrets.blot(b"cn=people".to_vec()), b"cn=people");
    }
}
