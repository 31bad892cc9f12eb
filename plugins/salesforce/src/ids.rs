//! Ids: 15 characters where case counts, or 18 where the last three say which are capitals. Here they always have 18.

const CHECKSUM: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The form of 18 characters; what is no id stays as it is.
pub fn widen(id: &str) -> String {
    if id.len() != 15 || !is_plain(id) {
        return id.to_owned();
    }
    let sums = id.as_bytes().chunks(5).map(|chunk| {
        let bits = chunk.iter().enumerate().map(|(place, byte)| usize::from(byte.is_ascii_uppercase()) << place);
        char::from(CHECKSUM[bits.sum::<usize>()])
    });
    id.chars().chain(sums).collect()
}

/// Whether a text has the form of an id; nothing else is written into a path or a query.
pub fn is_id(text: &str) -> bool {
    matches!(text.len(), 15 | 18) && is_plain(text)
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_15_characters_gets_its_checksum() {
        assert_eq!(widen("00D000000000062"), "00D000000000062EAA");
        assert_eq!(widen("001A0000006Vm9r"), "001A0000006Vm9rIAC");
        assert_eq!(widen("00D000000000062EAA"), "00D000000000062EAA");
        assert_eq!(widen("not an id at all"), "not an id at all");
        assert!(!is_id("005' OR Id != '") && !is_id("../../limits/xx") && is_id("001A0000006Vm9r"));
    }
}
