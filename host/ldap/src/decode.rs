//! Answers as they come from the wire (RFC 4511). Nothing here recurses, and nothing is believed.

use crate::ber::{BOOLEAN, ENUMERATED, INTEGER, Malformed, OCTET_STRING, Reader, SEQUENCE, SET};
use crate::encode::PAGED_RESULTS;
use crate::operation::{Attribute, Control, Entry};

const ENTRY: u8 = 0x64;
const REFERENCE: u8 = 0x73;
const INTERMEDIATE: u8 = 0x79;

/// A message from the server.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    /// Which request it answers; 0 for what nobody asked for.
    pub(crate) id: u32,
    pub(crate) body: Body<'a>,
}

/// What a message holds.
#[derive(Debug)]
pub(crate) enum Body<'a> {
    Entry(&'a [u8]),
    Referrals(Vec<String>),
    /// Something in between that means nothing here.
    Intermediate,
    End(End),
}

/// The end of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    /// The tag of the answer, which says what kind of operation ended.
    pub(crate) tag: u8,
    pub(crate) code: u32,
    pub(crate) text: String,
    pub(crate) referrals: Vec<String>,
    pub(crate) controls: Vec<Control>,
}

/// Reads a message: the content of the outermost sequence.
pub(crate) fn message(content: &[u8]) -> Result<Message<'_>, Malformed> {
    let mut reader = Reader::new(content);
    let id = reader.number(INTEGER)?;
    let (tag, operation) = reader.next()?;
    let body = match tag {
        ENTRY => Body::Entry(operation),
        REFERENCE => Body::Referrals(texts(operation)?),
        INTERMEDIATE => Body::Intermediate,
        _ => {
            // Active Directory puts the name of a Notice of Disconnection behind the operation, where the controls belong;
            // whatever has another tag is passed over.
            let controls = reader.optional(0xa0)?;
            Body::End(end(tag, operation, controls)?)
        }
    };
    Ok(Message { id, body })
}

fn end(tag: u8, operation: &[u8], listed: Option<&[u8]>) -> Result<End, Malformed> {
    let mut reader = Reader::new(operation);
    let code = reader.number(ENUMERATED)?;
    let _matched = reader.expect(OCTET_STRING)?;
    let text = reader.text(OCTET_STRING)?;
    let referrals = reader.optional(0xa3)?.map(texts).transpose()?.unwrap_or_default();
    let controls = listed.map(controls).transpose()?.unwrap_or_default();
    // Windows ends its texts with a zero byte.
    Ok(End { tag, code, text: text.trim_end_matches(['\0', '\n']).to_owned(), referrals, controls })
}

fn texts(content: &[u8]) -> Result<Vec<String>, Malformed> {
    let mut reader = Reader::new(content);
    let mut texts = Vec::new();
    while !reader.is_empty() {
        texts.push(reader.text(OCTET_STRING)?);
    }
    Ok(texts)
}

fn controls(content: &[u8]) -> Result<Vec<Control>, Malformed> {
    let mut reader = Reader::new(content);
    let mut controls = Vec::new();
    while !reader.is_empty() {
        let mut control = Reader::new(reader.expect(SEQUENCE)?);
        let oid = control.text(OCTET_STRING)?;
        let critical = control.optional(BOOLEAN)?.is_some_and(|value| value.first().is_some_and(|byte| *byte != 0));
        let value = control.optional(OCTET_STRING)?.map(<[u8]>::to_vec);
        controls.push(Control { oid, critical, value });
    }
    Ok(controls)
}

/// Reads an entry.
pub(crate) fn entry(content: &[u8]) -> Result<Entry, Malformed> {
    let mut reader = Reader::new(content);
    let dn = reader.text(OCTET_STRING)?;
    let mut list = Reader::new(reader.expect(SEQUENCE)?);
    let mut attributes = Vec::new();
    while !list.is_empty() {
        let mut attribute = Reader::new(list.expect(SEQUENCE)?);
        let name = attribute.text(OCTET_STRING)?;
        let mut set = Reader::new(attribute.expect(SET)?);
        let mut values = Vec::new();
        while !set.is_empty() {
            values.push(set.expect(OCTET_STRING)?.to_vec());
        }
        attributes.push(Attribute { name, values });
    }
    Ok(Entry { dn, attributes })
}

/// Takes the cookie of the next page out of the controls; empty where there is no further page.
pub(crate) fn take_cookie(controls: &mut Vec<Control>) -> Result<Vec<u8>, Malformed> {
    let Some(at) = controls.iter().position(|control| control.oid == PAGED_RESULTS) else { return Ok(Vec::new()) };
    let value = controls.remove(at).value.ok_or(Malformed)?;
    let mut reader = Reader::new(&value);
    let mut inner = Reader::new(reader.expect(SEQUENCE)?);
    inner.expect(INTEGER)?;
    inner.expect(OCTET_STRING).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ber::Writer;
    use proptest::prelude::*;

    #[test]
    fn an_end_is_read_with_its_controls() {
        let mut content = Writer::default();
        content.number(INTEGER, 7);
        content.constructed(0x65, |end| {
            end.number(ENUMERATED, 10);
            end.primitive(OCTET_STRING, b"");
            end.primitive(OCTET_STRING, b"0000202B: RefErr\0");
            end.constructed(0xa3, |list| list.primitive(OCTET_STRING, b"ldap://other.example/"));
        });
        content.constructed(0xa0, |list| {
            list.constructed(SEQUENCE, |control| {
                control.primitive(OCTET_STRING, PAGED_RESULTS.as_bytes());
                let mut value = Writer::default();
                value.constructed(SEQUENCE, |value| {
                    value.number(INTEGER, 0);
                    value.primitive(OCTET_STRING, b"next");
                });
                control.primitive(OCTET_STRING, value.bytes());
            });
        });
        let message = message(content.bytes()).unwrap();
        assert_eq!(message.id, 7);
        let Body::End(mut end) = message.body else { panic!("an end") };
        assert_eq!((end.tag, end.code, end.text.as_str()), (0x65, 10, "0000202B: RefErr"));
        assert_eq!(end.referrals, ["ldap://other.example/"]);
        assert_eq!(take_cookie(&mut end.controls), Ok(b"next".to_vec()));
        assert_eq!((take_cookie(&mut end.controls), end.controls.len()), (Ok(Vec::new()), 0));
    }

    #[test]
    fn of_an_extended_answer_only_the_result_is_taken() {
        let mut content = Writer::default();
        content.number(INTEGER, 7);
        content.constructed(0x78, |end| {
            end.number(ENUMERATED, 0);
            end.primitive(OCTET_STRING, b"");
            end.primitive(OCTET_STRING, b"done");
            end.primitive(0x8a, b"1.2.3");
            // A password that the server made up (RFC 3062 section 2).
            let mut value = Writer::default();
            value.constructed(SEQUENCE, |value| value.primitive(0x80, b"made up"));
            end.primitive(0x8b, value.bytes());
        });
        let Body::End(end) = message(content.bytes()).unwrap().body else { panic!("an end") };
        let nothing_else =
            End { tag: 0x78, code: 0, text: "done".to_owned(), referrals: Vec::new(), controls: Vec::new() };
        assert_eq!(end, nothing_else);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _either = message(&bytes);
            let _either = entry(&bytes);
        }

        #[test]
        fn a_message_that_is_damaged_anywhere_is_read_or_refused(at in 0_usize..60, byte in any::<u8>()) {
            let mut content = Writer::default();
            content.number(INTEGER, 1);
            content.constructed(ENTRY, |entry| {
                entry.primitive(OCTET_STRING, b"cn=a");
                entry.constructed(SEQUENCE, |list| list.constructed(SEQUENCE, |attribute| {
                    attribute.primitive(OCTET_STRING, b"cn");
                    attribute.constructed(SET, |set| set.primitive(OCTET_STRING, b"a"));
                }));
            });
            let mut bytes = content.bytes().to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(Message { body: Body::Entry(content), .. }) = message(&bytes) {
                let _either = entry(content);
            }
        }
    }
}
