//! Secrets in the forms that applications write them in.

use super::*;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

const SECRET: &str = "pä/ss \"w+rd\"?&";

fn forms(secrets: &[&str]) -> Forms {
    let secrets: Vec<_> = secrets.iter().map(|secret| Secret::new(*secret).unwrap()).collect();
    Forms::of(&secrets)
}

fn cleaned(forms: &Forms, text: &str) -> String {
    String::from_utf8(remove(&[forms], text.as_bytes()).into_owned()).unwrap()
}

#[test]
fn a_secret_is_removed_in_every_form() {
    let forms = forms(&[SECRET]);
    for written in [
        SECRET,
        r#"pä/ss \"w+rd\"?&"#,
        r#"pä\/ss \"w+rd\"?&"#,
        r#"p\u00e4/ss \"w+rd\"?&"#,
        r#"p\u00e4\/ss \"w+rd\"?&"#,
        "p%C3%A4%2Fss%20%22w%2Brd%22%3F%26",
        "p%c3%a4%2fss%20%22w%2brd%22%3f%26",
        "p%C3%A4%2Fss+%22w%2Brd%22%3F%26",
        "p%C3%A4/ss%20%22w+rd%22?&",
        "70c3a42f7373202277 2b7264223f26".replace(' ', "").as_str(),
    ] {
        assert_eq!(cleaned(&forms, &format!("<{written}>{written}")), format!("<{REMOVED}>{REMOVED}"));
    }
}

#[test]
fn base64_is_found_at_every_alignment() {
    let forms = forms(&["hunter2-hunter2"]);
    for before in ["", "a", "ab", "user:"] {
        for after in ["", "x", "yz"] {
            for engine in [&STANDARD, &URL_SAFE] {
                let clean = cleaned(&forms, &engine.encode(format!("{before}hunter2-hunter2{after}")));
                let known = engine.encode("hunter2-hunter2");
                assert!(clean.contains(REMOVED), "{before} {after}: {clean}");
                // At most the characters at the edges, which other bytes decide too, are left of it.
                assert!(!clean.contains(&known[4..16]), "{clean}");
            }
        }
    }
}

#[test]
fn occurrences_that_overlap_leave_no_end() {
    let twice = forms(&["abcabcabc"]);
    assert_eq!(cleaned(&twice, "-abcabcabcabc-"), format!("-{REMOVED}-"));
    let longer = forms(&["secret", "secret-and-more"]);
    assert_eq!(cleaned(&longer, "secret-and-more secret"), format!("{REMOVED} {REMOVED}"));
}

#[test]
fn what_holds_no_secret_is_not_copied() {
    let forms = forms(&["hunter2"]);
    assert!(matches!(remove(&[&forms], b"hunter1 hunter3"), Cow::Borrowed(_)));
}

#[test]
fn a_short_secret_is_not_looked_for() {
    assert_eq!(cleaned(&forms(&["12345"]), "1234567"), "1234567");
    assert_eq!(cleaned(&forms(&["123456"]), "1234567"), format!("{REMOVED}7"));
}

#[test]
fn forms_do_not_show_themselves() {
    assert!(!format!("{:?}", forms(&["hunter2"])).contains("hunter"));
}

#[test]
fn several_sets_are_looked_for_at_once() {
    let (first, second) = (forms(&["credential"]), forms(&["credential-of-slot"]));
    let clean = remove(&[&first, &second], b"credential credential-of-slot");
    assert_eq!(String::from_utf8_lossy(&clean), format!("{REMOVED} {REMOVED}"));
}

#[test]
fn a_secret_in_utf_16_is_removed_too() {
    let forms = forms(&["hunter2-ü"]);
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let wide: Vec<u8> = "hunter2-ü".encode_utf16().flat_map(bytes).collect();
        let text = [b"<".as_slice(), &wide, b">"].concat();
        assert_eq!(String::from_utf8_lossy(&remove(&[&forms], &text)), format!("<{REMOVED}>"));
    }
    let wide: Vec<u8> = "\"hunter2-ü\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let clean = cleaned(&forms, &STANDARD.encode(wide));
    assert!(clean.contains(REMOVED), "{clean}");
}
