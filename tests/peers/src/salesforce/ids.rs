//! Ids of 15 and 18 characters.

const CHECKSUM: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The form of 18 characters; anything else stays as it is.
pub(super) fn widen(id: &str) -> String {
    if id.len() != 15 || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return id.to_owned();
    }
    let sums = id.as_bytes().chunks(5).map(|chunk| {
        let bits = chunk.iter().enumerate().map(|(place, byte)| usize::from(byte.is_ascii_uppercase()) << place);
        char::from(CHECKSUM[bits.sum::<usize>()])
    });
    id.chars().chain(sums).collect()
}

/// The id with this number.
pub(super) fn make(object: &str, number: u64) -> String {
    let prefix = match object {
        "User" => "005",
        "Profile" => "00e",
        "UserRole" => "00E",
        "PermissionSet" => "0PS",
        "PermissionSetGroup" => "0PG",
        "PermissionSetAssignment" => "0Pa",
        "PermissionSetLicense" => "0PL",
        "PermissionSetLicenseAssign" => "2LA",
        "Group" => "00G",
        "GroupMember" => "011",
        "UserLogin" => "0Yw",
        "Organization" => "00D",
        _ => "0zz",
    };
    let mut digits = Vec::new();
    let mut rest = number;
    for _ in 0..7 {
        digits.push(DIGITS[usize::try_from(rest % 62).expect("below 62")]);
        rest /= 62;
    }
    let digits: String = digits.iter().rev().map(|byte| char::from(*byte)).collect();
    widen(&format!("{prefix}Ax000{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_characters_say_where_capitals_stand() {
        assert_eq!(widen("00D000000000062"), "00D000000000062EAA");
        assert_eq!(widen("001A0000006Vm9r"), "001A0000006Vm9rIAC");
        assert_eq!(widen("00D000000000062EAA"), "00D000000000062EAA");
    }
}
