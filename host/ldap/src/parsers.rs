//! What reads the words of directories and connectors, on its own, so that it can be tried with anything (`tests/fuzz`).

use crate::ber::{Malformed, Writer, header};
use crate::decode::{self, Body};
use crate::{FilterError, filter};

/// Writes a connector's filter as it goes on the wire.
///
/// # Errors
/// It is none.
pub fn filter_bytes(text: &str) -> Result<Vec<u8>, FilterError> {
    let mut writer = Writer::default();
    filter::write(text, &mut writer)?;
    Ok(writer.bytes().to_vec())
}

/// Reads what a directory sent, message by message, as a session does; says how many there were before the first that is
/// none, or before the end.
pub fn messages(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Ok(Some(header)) = header(bytes) {
        let Some(content) = bytes.get(header.bytes..).and_then(|rest| rest.get(..header.content)) else { break };
        if read(content).is_err() {
            break;
        }
        bytes = &bytes[header.bytes + header.content..];
        count += 1;
    }
    count
}

fn read(content: &[u8]) -> Result<(), Malformed> {
    match decode::message(content)?.body {
        Body::Entry(entry) => decode::entry(entry).map(drop),
        Body::End(mut end) => decode::take_cookie(&mut end.controls).map(drop),
        Body::Referrals(_) | Body::Intermediate => Ok(()),
    }
}
