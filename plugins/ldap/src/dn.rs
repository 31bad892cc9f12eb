//! Distinguished names (RFC 4514), as far as they are taken apart here.

use purser_sdk::ldap::escape_dn_value;

/// The first part of a name and the rest: `uid=anna` and `ou=people,dc=example`.
pub fn split(dn: &str) -> (&str, &str) {
    let mut escaped = false;
    for (place, character) in dn.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => return (&dn[..place], dn[place + 1..].trim_start()),
            _ => {}
        }
    }
    (dn, "")
}

/// A relative name.
pub fn rdn(attribute: &str, value: &str) -> String {
    format!("{attribute}={}", escape_dn_value(value))
}

/// Whether two names are the same as far as that can be told from their texts.
pub fn same(left: &str, right: &str) -> bool {
    normal(left) == normal(right)
}

/// A name by which names are compared: case and spaces after commas have no meaning.
pub fn normal(dn: &str) -> String {
    let mut parts = Vec::new();
    let mut rest = dn;
    while !rest.is_empty() {
        let (part, parent) = split(rest);
        parts.push(part.trim_start().to_lowercase());
        rest = parent;
    }
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_apart_at_commas_that_are_not_escaped() {
        assert_eq!(split("cn=Berg\\, Anna,ou=people, dc=example"), ("cn=Berg\\, Anna", "ou=people, dc=example"));
        assert_eq!(split("dc=example"), ("dc=example", ""));
        assert!(same("CN=Anna, OU=People,dc=x", "cn=anna,ou=people,dc=x"));
        assert!(!same("cn=anna,dc=x", "cn=anna,dc=y"));
    }
}
