//! How one secret may be written.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use std::fmt::Write;
use zeroize::Zeroizing;

type Form = Zeroizing<Vec<u8>>;

/// Every form that is looked for; some may be equal.
pub(super) fn of(secret: &str) -> Vec<Form> {
    let bytes = secret.as_bytes();
    let mut forms = vec![
        form(secret.to_owned()),
        form(hexadecimal(bytes, "", false)),
        form(hexadecimal(bytes, "", true)),
        form(in_json(secret, false, false)),
        form(in_json(secret, true, false)),
        form(in_json(secret, false, true)),
        form(in_json(secret, true, true)),
    ];
    for uppercase in [false, true] {
        for kept in KEPT {
            forms.push(form(percent_encoded(bytes, kept, "%20", uppercase)));
            forms.push(form(percent_encoded(bytes, kept, "+", uppercase)));
        }
    }
    for alignment in 0..3 {
        forms.push(form(in_base64(&STANDARD_NO_PAD, bytes, alignment)));
        forms.push(form(in_base64(&URL_SAFE_NO_PAD, bytes, alignment)));
    }
    let wide = utf16(secret, u16::to_le_bytes);
    forms.extend((0..3).map(|alignment| form(in_base64(&STANDARD_NO_PAD, &wide, alignment))));
    forms.push(wide);
    forms.push(utf16(secret, u16::to_be_bytes));
    forms
}

/// As Windows writes it, and as directories want passwords.
fn utf16(secret: &str, bytes: impl Fn(u16) -> [u8; 2]) -> Form {
    Zeroizing::new(secret.encode_utf16().flat_map(bytes).collect())
}

/// What encoders leave as it is beside letters and digits: RFC 3986, forms, and the two functions of JavaScript.
const KEPT: [&str; 4] = ["-._~", "*-._", "-_.!~*'()", "-_.!~*'();/?:@&=+$,#"];

fn form(text: String) -> Form {
    Zeroizing::new(text.into_bytes())
}

fn hexadecimal(bytes: &[u8], before: &str, uppercase: bool) -> String {
    let mut text = String::with_capacity(bytes.len() * (2 + before.len()));
    for byte in bytes {
        // Writing into a text does not fail.
        let _ = if uppercase { write!(text, "{before}{byte:02X}") } else { write!(text, "{before}{byte:02x}") };
    }
    text
}

fn percent_encoded(bytes: &[u8], kept: &str, space: &str, uppercase: bool) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        match byte {
            b' ' => text.push_str(space),
            _ if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(byte) => text.push(char::from(*byte)),
            _ => text.push_str(&hexadecimal(&[*byte], "%", uppercase)),
        }
    }
    text
}

/// Inside a JSON string (RFC 8259 section 7), where `/` may be escaped and everything beyond ASCII too.
fn in_json(secret: &str, ascii: bool, slash: bool) -> String {
    let quoted = Zeroizing::new(serde_json::Value::from(secret).to_string());
    let mut text = String::with_capacity(quoted.len());
    for character in quoted[1..quoted.len() - 1].chars() {
        match character {
            '/' if slash => text.push_str("\\/"),
            _ if ascii && !character.is_ascii() => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
            _ => text.push(character),
        }
    }
    text
}

/// The characters that the secret alone decides where it stands in longer data, `alignment` bytes after a group of three.
fn in_base64(engine: &impl Engine, secret: &[u8], alignment: usize) -> String {
    let mut padded = Zeroizing::new(vec![0; alignment]);
    padded.extend_from_slice(secret);
    let encoded = Zeroizing::new(engine.encode(&*padded));
    let first = (alignment * 8).div_ceil(6);
    let whole = padded.len() * 8 / 6;
    encoded[first..whole].to_owned()
}
