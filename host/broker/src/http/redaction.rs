//! Takes the secrets that an answer repeats out of what the guest is given.

use super::message::Response;
use crate::scan::Forms;
use std::borrow::Cow;

/// Takes secrets out of an answer. That there was one is logged with the endpoint's name and nothing else.
pub(super) fn clean(answer: &mut Response, forms: &Forms, endpoint: &str) {
    if remove(answer, forms) {
        tracing::warn!(endpoint, "an answer repeated a secret, which was removed from what the connector sees");
    }
}

/// Takes secrets out of an answer, and says whether there was one.
fn remove(answer: &mut Response, forms: &Forms) -> bool {
    let mut found = false;
    let mut clean = |bytes: &[u8]| match forms.remove(bytes) {
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
