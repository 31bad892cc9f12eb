//! Takes the secrets that an answer repeats out of what the guest is given.

use super::message::Response;
use crate::scan::{self, Forms};
use purser_model::secret::Secret;
use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

/// Takes secrets out of an answer. That there was one is logged with the endpoint's name and nothing else.
pub(super) fn clean(answer: &mut Response, forms: &[&Forms], endpoint: &str) {
    if remove(answer, forms) {
        tracing::warn!(endpoint, "an answer repeated a secret, which was removed from what the connector sees");
    }
}

/// Takes secrets out of an answer, and says whether there was one.
fn remove(answer: &mut Response, forms: &[&Forms]) -> bool {
    let mut found = false;
    let mut clean = |bytes: &[u8]| match scan::remove(forms, bytes) {
        Cow::Borrowed(_) => None,
        Cow::Owned(clean) => {
            found = true;
            Some(clean)
        }
    };
    if let Some(body) = clean(&answer.body) {
        answer.body = body;
    }
    for text in answer.headers.iter_mut().flat_map(|field| [&mut field.name, &mut field.value]) {
        if let Some(clean) = clean(text.as_bytes()) {
            *text = String::from_utf8_lossy(&clean).into_owned();
        }
    }
    found
}

/// How the credential of an endpoint looks, kept until it is another one: it changes seldom, and answers are many.
#[derive(Debug, Default)]
pub(super) struct CredentialForms(Mutex<(Vec<Secret>, Arc<Forms>)>);

impl CredentialForms {
    /// The forms of what was sent.
    pub(super) fn of(&self, sent: &[Secret]) -> Arc<Forms> {
        // Whoever panicked while holding it had written both parts or none.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.0.iter().map(Secret::reveal).eq(sent.iter().map(Secret::reveal)) {
            *kept = (sent.to_vec(), Arc::new(Forms::of(sent)));
        }
        Arc::clone(&kept.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_change_with_the_credential() {
        let forms = CredentialForms::default();
        let secrets = ["first-token", "second-token"].map(|text| vec![Secret::new(text).unwrap()]);
        for _ in 0..2 {
            for [sent, other] in [[0, 1], [1, 0]].map(|pair| pair.map(|place| &secrets[place])) {
                let forms = forms.of(sent);
                assert_eq!(scan::remove(&[&forms], sent[0].reveal().as_bytes()), scan::REMOVED.as_bytes());
                assert_eq!(scan::remove(&[&forms], other[0].reveal().as_bytes()), other[0].reveal().as_bytes());
            }
        }
        assert!(scan::remove(&[&forms.of(&[])], b"first-token").len() == 11);
    }
}
