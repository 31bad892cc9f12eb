//! Search filters: their text (RFC 4515), written as LDAP sends it.

use crate::ber::{OCTET_STRING, SEQUENCE, Writer};

/// How deep filters may stand in one another: they come from the guest, and reading them recurses.
const MAX_DEPTH: usize = 32;
/// Longest text of a filter in bytes.
const MAX_BYTES: usize = 256 << 10;

const AND: u8 = 0xa0;
const OR: u8 = 0xa1;
const NOT: u8 = 0xa2;
const EQUALITY: u8 = 0xa3;
const SUBSTRINGS: u8 = 0xa4;
const GREATER_OR_EQUAL: u8 = 0xa5;
const LESS_OR_EQUAL: u8 = 0xa6;
const PRESENT: u8 = 0x87;
const APPROXIMATE: u8 = 0xa8;
const EXTENSIBLE: u8 = 0xa9;

/// A text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// It does not go on as a filter does.
    #[error("the filter is wrong at byte {0}: write it as RFC 4515 does, `(attribute=value)`")]
    Syntax(usize),
    /// It is too deep.
    #[error("the filter is nested deeper than {MAX_DEPTH}")]
    TooDeep,
    /// It is too long.
    #[error("the filter is longer than {MAX_BYTES} bytes")]
    TooLong,
}

/// Writes the filter.
pub(crate) fn write(text: &str, into: &mut Writer) -> Result<(), FilterError> {
    if text.len() > MAX_BYTES {
        return Err(FilterError::TooLong);
    }
    let mut parser = Parser { text: text.as_bytes(), at: 0 };
    parser.filter(into, MAX_DEPTH)?;
    if parser.at == text.len() { Ok(()) } else { parser.wrong() }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl Parser<'_> {
    fn wrong<R>(&self) -> Result<R, FilterError> {
        Err(FilterError::Syntax(self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> Result<(), FilterError> {
        if self.peek() != Some(byte) {
            return self.wrong();
        }
        self.at += 1;
        Ok(())
    }

    fn filter(&mut self, into: &mut Writer, depth: usize) -> Result<(), FilterError> {
        let deeper = depth.checked_sub(1).ok_or(FilterError::TooDeep)?;
        self.take(b'(')?;
        match self.peek() {
            Some(b'&') => self.list(AND, into, deeper)?,
            Some(b'|') => self.list(OR, into, deeper)?,
            Some(b'!') => {
                self.at += 1;
                into.constructed(NOT, |into| self.filter(into, deeper))?;
            }
            _ => self.item(into)?,
        }
        self.take(b')')
    }

    fn list(&mut self, tag: u8, into: &mut Writer, deeper: usize) -> Result<(), FilterError> {
        self.at += 1;
        into.constructed(tag, |into| {
            while self.peek() == Some(b'(') {
                self.filter(into, deeper)?;
            }
            Ok(())
        })
    }

    fn item(&mut self, into: &mut Writer) -> Result<(), FilterError> {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|byte| matches!(byte, b'(' | b')')).unwrap_or(rest.len());
        let item = &rest[..length];
        let equals = item.iter().position(|byte| *byte == b'=').ok_or(FilterError::Syntax(self.at))?;
        let value = &item[equals + 1..];
        let (attribute, tag) = match item[..equals].split_last() {
            Some((b'>', attribute)) => (attribute, GREATER_OR_EQUAL),
            Some((b'<', attribute)) => (attribute, LESS_OR_EQUAL),
            Some((b'~', attribute)) => (attribute, APPROXIMATE),
            Some((b':', attribute)) => (attribute, EXTENSIBLE),
            _ => (&item[..equals], EQUALITY),
        };
        let written = match tag {
            EXTENSIBLE => extensible(attribute, value, into),
            EQUALITY if is_description(attribute) => equality(attribute, value, into),
            _ if is_description(attribute) => unescaped(value).map(|value| assertion(tag, attribute, &value, into)),
            _ => None,
        };
        if written.is_none() {
            return self.wrong();
        }
        self.at += length;
        Ok(())
    }
}

fn is_description(text: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b';');
    !text.is_empty() && text.iter().all(allowed)
}

fn assertion(tag: u8, attribute: &[u8], value: &[u8], into: &mut Writer) {
    into.constructed(tag, |into| {
        into.primitive(OCTET_STRING, attribute);
        into.primitive(OCTET_STRING, value);
    });
}

/// `attribute=value`, `attribute=*`, `attribute=a*b*c`.
fn equality(attribute: &[u8], value: &[u8], into: &mut Writer) -> Option<()> {
    if value == b"*" {
        into.primitive(PRESENT, attribute);
        return Some(());
    }
    let parts: Vec<Vec<u8>> = value.split(|byte| *byte == b'*').map(unescaped).collect::<Option<_>>()?;
    let [first, middle @ .., last] = parts.as_slice() else {
        assertion(EQUALITY, attribute, &parts[0], into);
        return Some(());
    };
    if middle.iter().any(Vec::is_empty) {
        return None;
    }
    into.constructed(SUBSTRINGS, |into| {
        into.primitive(OCTET_STRING, attribute);
        into.constructed(SEQUENCE, |into| {
            if !first.is_empty() {
                into.primitive(0x80, first);
            }
            middle.iter().for_each(|part| into.primitive(0x81, part));
            if !last.is_empty() {
                into.primitive(0x82, last);
            }
        });
    });
    Some(())
}

/// `attribute:dn:rule:=value`, of which attribute or rule may be left out.
fn extensible(left: &[u8], value: &[u8], into: &mut Writer) -> Option<()> {
    let value = unescaped(value)?;
    let mut parts = left.split(|byte| *byte == b':');
    let attribute = parts.next().filter(|attribute| !attribute.is_empty());
    let (mut rule, mut with_dn) = (None, false);
    for part in parts {
        match part {
            b"dn" if !with_dn && rule.is_none() => with_dn = true,
            _ if rule.is_none() && is_description(part) => rule = Some(part),
            _ => return None,
        }
    }
    if attribute.is_some_and(|attribute| !is_description(attribute)) || (attribute.is_none() && rule.is_none()) {
        return None;
    }
    into.constructed(EXTENSIBLE, |into| {
        if let Some(rule) = rule {
            into.primitive(0x81, rule);
        }
        if let Some(attribute) = attribute {
            into.primitive(0x82, attribute);
        }
        into.primitive(0x83, &value);
        if with_dn {
            into.boolean(0x84, true);
        }
    });
    Some(())
}

/// The bytes that a value stands for; none where an escape is broken.
fn unescaped(value: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let [high, low, after @ ..] = rest else { return None };
        let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        bytes.push(digit(high)? << 4 | digit(low)?);
        rest = after;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str) -> Result<Vec<u8>, FilterError> {
        let mut writer = Writer::default();
        write(text, &mut writer).map(|()| writer.bytes().to_vec())
    }

    /// As [`written`], with lengths of one byte where the writer takes five.
    fn short(text: &str) -> Vec<u8> {
        let bytes = written(text).unwrap();
        let mut shown = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            shown.push(bytes[at]);
            at += 1;
            if at < bytes.len() && bytes[at] == 0x84 && bytes.get(at + 1..at + 4) == Some(&[0, 0, 0]) {
                at += 4;
            }
        }
        shown
    }

    #[test]
    fn filters_are_written_as_the_rfc_shows() {
        assert_eq!(short("(a=v)"), b"\xa3\x06\x04\x01a\x04\x01v");
        assert_eq!(short("(a<=2)"), b"\xa6\x06\x04\x01a\x04\x012");
        assert_eq!(short("(a=*)"), b"\x87\x01a");
        assert_eq!(short("(a=v\\2a\\00)"), b"\xa3\x08\x04\x01a\x04\x03v*\x00");
        assert_eq!(written("(&)").unwrap(), b"\xa0\x84\0\0\0\0");
        assert_eq!(short("(!(a=v))")[..2], b"\xa2\x0c"[..], "the inner length takes five bytes");
        let substrings = short("(a=v*x*y)");
        assert!(substrings.ends_with(b"\x80\x01v\x81\x01x\x82\x01y"), "{substrings:x?}");
        let rule = short("(memberOf:1.2.840.113556.1.4.1941:=cn=x)");
        assert!(rule.ends_with(b"\x82\x08memberOf\x83\x04cn=x"), "{rule:x?}");
        assert!(short("(ou:dn:=People)").ends_with(b"\x83\x06People\x84\x01\xff"));
    }

    #[test]
    fn what_is_no_filter_is_refused_with_its_place() {
        for wrong in
            ["", "a=v", "(a=v", "(a=v))", "(a)", "(=v)", "(a=f**g)", "(a=\\2)", "(a=\\zz)", "(&(a=v)x)", "(:=v)"]
        {
            assert!(matches!(written(wrong), Err(FilterError::Syntax(_))), "{wrong}");
        }
    }

    #[test]
    fn depth_and_length_end_somewhere() {
        let deep = |levels: usize| format!("{}(a=v){}", "(!".repeat(levels), ")".repeat(levels));
        assert!(written(&deep(MAX_DEPTH - 1)).is_ok());
        assert_eq!(written(&deep(MAX_DEPTH)), Err(FilterError::TooDeep));
        assert_eq!(written(&"(!".repeat(100_000)), Err(FilterError::TooDeep));
        assert_eq!(written(&format!("(a={})", "v".repeat(MAX_BYTES))), Err(FilterError::TooLong));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[(&|!)=*\\\\:a-c0-9<>~]{0,40}") {
            let _either = written(&text);
        }
    }
}
