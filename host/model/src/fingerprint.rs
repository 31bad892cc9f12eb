//! Objects as they were seen, in few bytes.

use crate::id::TargetName;
use crate::object::Digest;

/// An object of a target as it was seen once, so short that those of a million objects are searched in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fingerprint {
    /// Where it is and what its primary id is, hashed. Two objects may share it by chance.
    pub name: i64,
    /// The same with all that was seen of it, hashed: no two are taken for each other.
    pub seen: [u8; 16],
}

impl Fingerprint {
    /// That of an object with this primary id and this digest.
    pub fn of(target: &TargetName, class: &str, id: &str, digest: &Digest) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(target.as_str().as_bytes()).update(&[0]);
        // The length keeps what comes before the id apart from it, whatever a class is called.
        hasher.update(&(class.len() as u64).to_le_bytes()).update(class.as_bytes()).update(id.as_bytes());
        let [a, b, c, d, e, f, g, h, ..] = *hasher.finalize().as_bytes();
        let seen = hasher.update(&digest.0).finalize();
        let mut half = [0; 16];
        half.copy_from_slice(&seen.as_bytes()[..16]);
        Self { name: i64::from_le_bytes([a, b, c, d, e, f, g, h]), seen: half }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_differs_with_everything_that_it_is_made_of() {
        let of = |target: &str, class: &str, id: &str, content: &str| {
            Fingerprint::of(&target.parse().unwrap(), class, id, &Digest::of(content))
        };
        let one = of("app", "account", "1", "{}");
        assert_eq!(one, of("app", "account", "1", "{}"));
        let changed = of("app", "account", "1", "{\"a\":1}");
        assert!(changed.name == one.name && changed.seen != one.seen);
        for other in [of("crm", "account", "1", "{}"), of("app", "accoun", "t1", "{}"), of("app", "account", "2", "{}")]
        {
            assert!(other.name != one.name && other.seen != one.seen);
        }
    }
}
