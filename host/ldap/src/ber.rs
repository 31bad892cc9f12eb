//! As much of BER (X.690) as LDAP uses: definite lengths and tags of one byte.
//!
//! Reading neither recurses nor copies: whatever a server sends, it costs no more than the bytes that were let in.

use zeroize::Zeroizing;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// What was received is no BER, or not what belongs there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server sent something that is no LDAP message")]
pub(crate) struct Malformed;

/// Writes BER. Its memory is overwritten when it is dropped: it may hold a password.
#[derive(Debug, Default)]
pub(crate) struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    /// What was written.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// A value that holds others. The length always takes five bytes, so that nothing written is moved.
    pub(crate) fn constructed<R>(&mut self, tag: u8, content: impl FnOnce(&mut Self) -> R) -> R {
        self.0.push(tag);
        let at = self.0.len();
        self.0.extend([0x84, 0, 0, 0, 0]);
        let written = content(self);
        let length = u32::try_from(self.0.len() - at - 5).unwrap_or(u32::MAX);
        self.0[at + 1..at + 5].copy_from_slice(&length.to_be_bytes());
        written
    }

    /// A value of bytes.
    pub(crate) fn primitive(&mut self, tag: u8, content: &[u8]) {
        self.0.push(tag);
        match u8::try_from(content.len()) {
            Ok(length) if length < 0x80 => self.0.push(length),
            _ => {
                self.0.push(0x84);
                self.0.extend(u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
            }
        }
        self.0.extend_from_slice(content);
    }

    /// Values that are written already.
    pub(crate) fn raw(&mut self, written: &[u8]) {
        self.0.extend_from_slice(written);
    }

    /// A number that is not negative.
    pub(crate) fn number(&mut self, tag: u8, value: u32) {
        let bytes = value.to_be_bytes();
        let leading = bytes.iter().take(3).take_while(|byte| **byte == 0).count();
        match bytes[leading] {
            // The first bit would say that the number is negative.
            0x80.. => self.primitive(tag, &[&[0], &bytes[leading..]].concat()),
            _ => self.primitive(tag, &bytes[leading..]),
        }
    }

    /// True or false.
    pub(crate) fn boolean(&mut self, tag: u8, value: bool) {
        self.primitive(tag, &[if value { 0xff } else { 0 }]);
    }
}

/// Reads the values of one level, one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag of the next value.
    pub(crate) fn tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next value with its tag.
    pub(crate) fn next(&mut self) -> Result<(u8, &'a [u8]), Malformed> {
        let header = header(self.0)?.ok_or(Malformed)?;
        let content = self.0.get(header.bytes..header.bytes + header.content).ok_or(Malformed)?;
        let tag = self.0[0];
        self.0 = &self.0[header.bytes + header.content..];
        Ok((tag, content))
    }

    /// The next value, which has this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<&'a [u8], Malformed> {
        match self.next()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(Malformed),
        }
    }

    /// The next value, where it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Malformed> {
        if self.tag() == Some(tag) { self.expect(tag).map(Some) } else { Ok(None) }
    }

    /// The next value as a text.
    pub(crate) fn text(&mut self, tag: u8) -> Result<String, Malformed> {
        self.expect(tag).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// The next value as a number that is not negative.
    pub(crate) fn number(&mut self, tag: u8) -> Result<u32, Malformed> {
        let bytes = self.expect(tag)?;
        if bytes.is_empty() || bytes[0] >= 0x80 {
            return Err(Malformed);
        }
        bytes.iter().try_fold(0_u32, |number, byte| {
            let shifted = number.checked_mul(256).ok_or(Malformed)?;
            Ok(shifted | u32::from(*byte))
        })
    }
}

/// Where the content of a value begins, and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) bytes: usize,
    pub(crate) content: usize,
}

/// The header at the beginning of these bytes; none where there are too few.
pub(crate) fn header(bytes: &[u8]) -> Result<Option<Header>, Malformed> {
    let [tag, first, rest @ ..] = bytes else { return Ok(None) };
    if tag & 0x1f == 0x1f {
        return Err(Malformed);
    }
    if *first < 0x80 {
        return Ok(Some(Header { bytes: 2, content: usize::from(*first) }));
    }
    // A length of unknown end is not allowed in LDAP, and more than 4 GiB is nothing that is let in.
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return Err(Malformed);
    }
    let Some(length) = rest.get(..count) else { return Ok(None) };
    let content = length.iter().fold(0_usize, |length, byte| (length << 8) | usize::from(*byte));
    Ok(Some(Header { bytes: 2 + count, content }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_written_is_read_again() {
        let mut writer = Writer::default();
        let long = vec![7; 300];
        writer.constructed(SEQUENCE, |writer| {
            writer.number(INTEGER, 200);
            writer.boolean(BOOLEAN, true);
            writer.primitive(OCTET_STRING, &long);
            writer.number(ENUMERATED, 0);
        });
        let mut outer = Reader::new(writer.bytes());
        let mut inner = Reader::new(outer.expect(SEQUENCE).unwrap());
        assert!(outer.is_empty());
        assert_eq!(inner.number(INTEGER), Ok(200));
        assert_eq!(inner.expect(BOOLEAN), Ok(&[0xff][..]));
        assert_eq!(inner.optional(INTEGER), Ok(None));
        assert_eq!(inner.expect(OCTET_STRING), Ok(&long[..]));
        assert_eq!(inner.number(ENUMERATED), Ok(0));
        assert_eq!(inner.next(), Err(Malformed));
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        for bytes in [&[0x30, 0x80][..], &[0x30, 0x85, 0, 0, 0, 0, 1], &[0x3f, 1, 0]] {
            assert_eq!(header(bytes), Err(Malformed), "{bytes:?}");
        }
        assert_eq!(header(&[0x30, 0x82, 1]), Ok(None));
        assert_eq!(Reader::new(&[0x04, 5, 1]).next(), Err(Malformed));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            while let Ok((_, content)) = reader.next() {
                prop_assert!(content.len() < bytes.len());
            }
        }

        #[test]
        fn any_number_comes_back(number in any::<u32>()) {
            let mut writer = Writer::default();
            writer.number(INTEGER, number);
            prop_assert_eq!(Reader::new(writer.bytes()).number(INTEGER), Ok(number));
        }
    }
}
