//! Which copies of connectors nobody needs any more.

use purser_model::connectors::KeepingRules;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::SystemTime;

/// A copy that may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its digest in hexadecimal.
    pub digest: String,
    /// When somebody needed it last.
    pub needed_at: SystemTime,
}

/// The digests of the copies that can be removed: those that nobody needs now, beyond the newest ones, and needed by nobody
/// for as long as the rules say. A time in the future counts as now.
pub fn superfluous(copies: Vec<Kept>, needed: &BTreeSet<String>, rules: &KeepingRules, now: SystemTime) -> Vec<String> {
    let mut unneeded: Vec<_> = copies.into_iter().filter(|copy| !needed.contains(&copy.digest)).collect();
    unneeded.sort_by_key(|copy| Reverse(copy.needed_at));
    let beyond = unneeded.into_iter().skip(usize::try_from(rules.copies).unwrap_or(usize::MAX));
    let is_old = |copy: &Kept| now.duration_since(copy.needed_at).is_ok_and(|age| age > rules.age);
    beyond.filter(is_old).map(|copy| copy.digest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_needed_new_or_among_the_newest_stays() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let copies = |ages: &[(&str, u64)]| -> Vec<Kept> {
            let copy = |(digest, age): &(&str, u64)| Kept {
                digest: (*digest).to_owned(),
                needed_at: now - Duration::from_secs(*age),
            };
            ages.iter().map(copy).collect()
        };
        let all = copies(&[("a", 900), ("b", 500), ("c", 400), ("d", 90), ("e", 800)]);
        let needed = BTreeSet::from(["e".to_owned()]);
        let rules = |copies| KeepingRules { copies, age: Duration::from_secs(100) };
        assert_eq!(superfluous(all.clone(), &needed, &rules(0), now), ["c", "b", "a"]);
        assert_eq!(superfluous(all.clone(), &needed, &rules(2), now), ["b", "a"]);
        assert_eq!(superfluous(all.clone(), &needed, &rules(9), now), [""; 0]);
        assert_eq!(superfluous(all, &BTreeSet::new(), &rules(3), now), ["e", "a"]);
        let future = vec![Kept { digest: "f".into(), needed_at: now + Duration::from_secs(5_000) }];
        assert_eq!(superfluous(future, &needed, &rules(0), now), [""; 0]);
    }
}
