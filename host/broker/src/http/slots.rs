//! Puts secrets into a request in the place of the guest's placeholders.

use super::message::{Field, SecretEncoding, SecretUse};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use purser_model::secret::Slots;
use url::Url;

/// What a segment of a path holds as it is.
const IN_A_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~').remove(b'.');

/// Where secrets can stand.
pub(super) struct Places {
    /// The path counts; the query is the target's to log, and no place for secrets.
    pub(super) url: Url,
    pub(super) headers: Vec<Field>,
    pub(super) body: Option<Vec<u8>>,
}

/// The request with every placeholder replaced by its secret, as each place needs it: in the body as the use says, in a header
/// as it is, in the path percent-encoded.
///
/// # Errors
/// The text says which slot is not attached to the call, which placeholder stands nowhere, or which secret cannot stand there.
pub(super) fn fill(mut places: Places, uses: &[SecretUse], slots: &Slots) -> Result<Places, String> {
    for SecretUse { slot, placeholder, encoding } in uses {
        let secret =
            slots.get(*slot).ok_or_else(|| format!("the secret slot {slot} is not attached to this call"))?.reveal();
        if placeholder.is_empty() {
            return Err(format!("the placeholder of slot {slot} is empty"));
        }
        let mut found = fill_path(&mut places.url, placeholder, secret)
            .map_err(|()| format!("the secret of slot {slot} cannot stand in a path"))?;
        for header in places.headers.iter_mut().filter(|header| header.value.contains(placeholder)) {
            header.value = header.value.replace(placeholder, secret);
            found = true;
        }
        let written = match encoding {
            SecretEncoding::Raw => secret.to_owned(),
            SecretEncoding::JsonString => inside_json_string(secret),
            SecretEncoding::Form => url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        };
        let body = places.body.as_deref();
        if let Some(filled) = body.and_then(|body| replace(body, placeholder.as_bytes(), written.as_bytes())) {
            places.body = Some(filled);
            found = true;
        }
        if !found {
            return Err(format!("the request does not hold the placeholder of slot {slot}"));
        }
    }
    Ok(places)
}

/// Whether the placeholder stood in the path. A secret that would lead elsewhere is refused.
fn fill_path(url: &mut Url, placeholder: &str, secret: &str) -> Result<bool, ()> {
    if !url.path().contains(placeholder) {
        return Ok(false);
    }
    let filled = url.path().replace(placeholder, &utf8_percent_encode(secret, IN_A_PATH).to_string());
    url.set_path(&filled);
    if url.path() == filled { Ok(true) } else { Err(()) }
}

fn inside_json_string(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The body with every occurrence replaced; none where there is no occurrence.
fn replace(body: &[u8], placeholder: &[u8], written: &[u8]) -> Option<Vec<u8>> {
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

    fn places(path: &str, header: &str, body: Option<&str>) -> Places {
        let headers = vec![Field { name: "x-key".into(), value: header.into() }];
        let url = Url::parse(&format!("https://x.example{path}")).unwrap();
        Places { url, headers, body: body.map(|body| body.as_bytes().to_vec()) }
    }

    fn filled(secret: &str, placeholder: &str, encoding: SecretEncoding, places: Places) -> Result<Places, String> {
        let mut slots = Slots::default();
        let slot = slots.attach(Secret::new(secret).unwrap());
        fill(places, &[SecretUse { slot, placeholder: placeholder.to_owned(), encoding }], &slots)
    }

    #[test]
    fn a_secret_is_written_as_its_place_needs_it() {
        let cases = [
            ("<p>, <p>!", SecretEncoding::Raw, "a \"b\"&\\, a \"b\"&\\!"),
            (r#"{"password":"<p>"}"#, SecretEncoding::JsonString, r#"{"password":"a \"b\"&\\"}"#),
            ("password=<p>&x=1", SecretEncoding::Form, "password=a+%22b%22%26%5C&x=1"),
        ];
        for (body, encoding, expected) in cases {
            let filled = filled("a \"b\"&\\", "<p>", encoding, places("/", "", Some(body))).unwrap();
            assert_eq!(String::from_utf8(filled.body.unwrap()).unwrap(), expected);
        }
    }

    #[test]
    fn a_secret_stands_in_a_header_as_it_is_and_in_a_path_as_one_segment() {
        let request = places("/keys/PLACE/use?of=PLACE", "key PLACE", None);
        let filled = filled("s/e?c#r:t.", "PLACE", SecretEncoding::JsonString, request).unwrap();
        assert_eq!(filled.url.as_str(), "https://x.example/keys/s%2Fe%3Fc%23r%3At./use?of=PLACE");
        assert_eq!(filled.headers[0].value, "key s/e?c#r:t.");
    }

    #[test]
    fn a_secret_never_leads_elsewhere() {
        for secret in [".", ".."] {
            let request = places("/users/PLACE/keys", "", None);
            let refused = filled(secret, "PLACE", SecretEncoding::Raw, request).err().unwrap();
            assert_eq!(refused, "the secret of slot 0 cannot stand in a path");
        }
    }

    #[test]
    fn a_request_without_the_placeholder_is_not_sent() {
        for placeholder in ["<q>", ""] {
            let refused = filled("secret", placeholder, SecretEncoding::Raw, places("/", "", Some("<p>")));
            assert!(refused.err().unwrap().contains("slot 0"));
        }
        let nowhere = SecretUse { slot: 4, placeholder: "<p>".to_owned(), encoding: SecretEncoding::Raw };
        let refused = fill(places("/", "", None), &[nowhere], &Slots::default()).err().unwrap();
        assert!(refused.contains("slot 4 is not attached"));
    }
}
