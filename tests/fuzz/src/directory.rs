//! What directories answer, and the filters that connectors write.

use purser_ldap::parsers;

/// A filter is written to bytes in the form of BER, or refused.
pub(crate) fn filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(written) = parsers::filter_bytes(text) {
        assert!(written.len() > 1 && text.starts_with('('), "{text:?}");
        // Every byte of a filter stands in it at most once, beside headers of at most six bytes for each character.
        assert!(written.len() <= 7 * text.len(), "{text:?}");
    }
}

/// Whatever a directory sends is read, message by message, or the session ends.
pub(crate) fn messages(bytes: &[u8]) {
    assert!(parsers::messages(bytes) <= bytes.len() / 2);
}
