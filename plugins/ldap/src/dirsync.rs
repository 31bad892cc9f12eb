//! The DirSync control of Active Directory ([MS-ADTS] 3.1.1.3.4.1.3): its value, as BER writes it.

use crate::entry::guid_text;
use purser_sdk::ldap::Control;

/// The control.
pub const OID: &str = "1.2.840.113556.1.4.841";
/// Names with ids: `<GUID=...>;<SID=...>;CN=...`.
const EXTENDED_NAMES: &str = "1.2.840.113556.1.4.529";
/// Of lists only what came and what went.
const INCREMENTAL_VALUES: i32 = i32::MIN;
/// More than any server gives at once.
const MOST_BYTES: i32 = i32::MAX;

/// What the server answers.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Whether there is more now.
    pub more: bool,
    /// Where to go on.
    pub cookie: Vec<u8>,
}

/// The control of a request that goes on at this cookie; an empty one starts.
pub fn request(cookie: &[u8]) -> Control {
    let content = [integer(INCREMENTAL_VALUES), integer(MOST_BYTES), tagged(0x04, cookie)].concat();
    Control { oid: OID.to_owned(), critical: true, value: Some(tagged(0x30, &content)) }
}

/// The control that asks for names with readable ids.
pub fn extended_names() -> Control {
    Control { oid: EXTENDED_NAMES.to_owned(), critical: false, value: Some(tagged(0x30, &integer(1))) }
}

/// Reads the control of an answer.
pub fn answer(controls: &[Control]) -> Option<Answer> {
    let value = controls.iter().find(|control| control.oid == OID)?.value.as_deref()?;
    let (0x30, content, _) = part(value)? else { return None };
    let (0x02, more, rest) = part(content)? else { return None };
    let (0x02, _, rest) = part(rest)? else { return None };
    let (0x04, cookie, _) = part(rest)? else { return None };
    Some(Answer { more: more.iter().any(|byte| *byte != 0), cookie: cookie.to_vec() })
}

/// The id in an extended name, which is written in hexadecimal digits or as Microsoft writes ids.
pub fn id_in(name: &str) -> Option<String> {
    let (id, _) = name.strip_prefix("<GUID=")?.split_once('>')?;
    if id.len() == 36 {
        return Some(id.to_lowercase());
    }
    let digits = (0..id.len()).step_by(2).map(|place| u8::from_str_radix(id.get(place..place + 2)?, 16).ok());
    guid_text(&digits.collect::<Option<Vec<_>>>()?)
}

fn integer(number: i32) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    // As few bytes as keep the sign.
    let surplus = (0..3).take_while(|place| {
        let (byte, next) = (bytes[*place], bytes[place + 1]);
        (byte == 0 && next < 0x80) || (byte == 0xff && next >= 0x80)
    });
    tagged(0x02, &bytes[surplus.count()..])
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut bytes = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => bytes.push(short),
        _ => {
            let long = length.to_be_bytes();
            let first = long.iter().position(|byte| *byte != 0).unwrap_or(long.len() - 1);
            let digits = &long[first..];
            bytes.push(0x80 | digits.len() as u8);
            bytes.extend_from_slice(digits);
        }
    }
    bytes.extend_from_slice(content);
    bytes
}

/// The tag and content of the first element, and what follows it.
fn part(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let digits = usize::from(first & 0x7f);
        let (length, rest) = rest.split_at_checked(digits).filter(|_| (1..=4).contains(&digits))?;
        (length.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_control_is_written_as_servers_want_it_and_its_answer_read() {
        let expected = [0x30, 0x0e, 0x02, 0x04, 0x80, 0, 0, 0, 0x02, 0x04, 0x7f, 0xff, 0xff, 0xff, 0x04, 0x00];
        assert_eq!(request(&[]).value.unwrap(), expected);
        assert_eq!(integer(0), [2, 1, 0]);
        assert_eq!(integer(-1), [2, 1, 0xff]);
        assert_eq!(integer(128), [2, 2, 0, 0x80]);
        let cookie = vec![7; 200];
        let value = tagged(0x30, &[integer(1), integer(0), tagged(0x04, &cookie)].concat());
        let control = Control { oid: OID.to_owned(), critical: false, value: Some(value) };
        assert_eq!(answer(&[control]), Some(Answer { more: true, cookie }));
        for cut in [&[][..], &[0x30][..], &[0x30, 5, 2, 1][..], &[0x30, 0x85, 1, 1, 1, 1, 1][..]] {
            let control = Control { oid: OID.to_owned(), critical: false, value: Some(cut.to_vec()) };
            assert_eq!(answer(&[control]), None);
        }
    }

    #[test]
    fn ids_in_names_are_read_in_both_forms() {
        let id = "11dd8f9d-19f1-4abb-a06e-db642b4369ea";
        assert_eq!(id_in(&format!("<GUID={id}>;<SID=S-1>;CN=a,DC=x")).as_deref(), Some(id));
        assert_eq!(id_in("<GUID=9d8fdd11f119bb4aa06edb642b4369ea>;CN=a").as_deref(), Some(id));
        assert_eq!(id_in("CN=a,DC=x"), None);
    }
}
