//! Puts secrets into a body in the place of the guest's placeholders.

use super::message::{SecretEncoding, SecretUse};
use purser_model::secret::Slots;

/// The body with every placeholder replaced by its secret.
///
/// # Errors
/// The text says which slot is not attached to the call, or which placeholder the body does not hold.
pub(super) fn fill(body: Option<Vec<u8>>, uses: &[SecretUse], slots: &Slots) -> Result<Option<Vec<u8>>, String> {
    let mut body = body;
    for SecretUse { slot, placeholder, encoding } in uses {
        let secret =
            slots.get(*slot).ok_or_else(|| format!("the secret slot {slot} is not attached to this call"))?.reveal();
        let written = match encoding {
            SecretEncoding::Raw => secret.to_owned(),
            SecretEncoding::JsonString => inside_json_string(secret),
            SecretEncoding::Form => url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        };
        let filled = body.as_deref().and_then(|body| replace(body, placeholder.as_bytes(), written.as_bytes()));
        body = Some(filled.ok_or_else(|| format!("the body does not hold the placeholder of slot {slot}"))?);
    }
    Ok(body)
}

fn inside_json_string(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The body with every occurrence replaced; none where there is no occurrence.
fn replace(body: &[u8], placeholder: &[u8], written: &[u8]) -> Option<Vec<u8>> {
    if placeholder.is_empty() {
        return None;
    }
    let mut filled = Vec::with_capacity(body.len() + written.len());
    let mut rest = body;
    while let Some(place) = rest.windows(placeholder.len()).position(|window| window == placeholder) {
        filled.extend_from_slice(&rest[..place]);
        filled.extend_from_slice(written);
        rest = &rest[place + placeholder.len()..];
    }
    let found = rest.len() < body.len();
    filled.extend_from_slice(rest);
    found.then_some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_model::secret::Secret;

    fn filled(body: &str, placeholder: &str, encoding: SecretEncoding) -> Result<String, String> {
        let mut slots = Slots::default();
        let slot = slots.attach(Secret::new("a \"b\"&\\").unwrap());
        let secret = SecretUse { slot, placeholder: placeholder.to_owned(), encoding };
        let body = fill(Some(body.as_bytes().to_vec()), &[secret], &slots)?;
        Ok(String::from_utf8(body.unwrap()).unwrap())
    }

    #[test]
    fn a_secret_is_written_as_its_place_needs_it() {
        let cases = [
            ("<p>, <p>!", SecretEncoding::Raw, "a \"b\"&\\, a \"b\"&\\!"),
            (r#"{"password":"<p>"}"#, SecretEncoding::JsonString, r#"{"password":"a \"b\"&\\"}"#),
            ("password=<p>&x=1", SecretEncoding::Form, "password=a+%22b%22%26%5C&x=1"),
        ];
        for (body, encoding, expected) in cases {
            assert_eq!(filled(body, "<p>", encoding).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_body_without_the_placeholder_is_not_sent() {
        for placeholder in ["<q>", ""] {
            assert!(filled("<p>", placeholder, SecretEncoding::Raw).unwrap_err().contains("slot 0"));
        }
        let nowhere = SecretUse { slot: 4, placeholder: "<p>".to_owned(), encoding: SecretEncoding::Raw };
        assert!(fill(None, &[nowhere], &Slots::default()).unwrap_err().contains("slot 4 is not attached"));
    }
}
