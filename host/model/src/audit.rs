//! The audit log: rows that are only ever added, each chained to the one before by its hash.

use crate::caller::CallerName;
use crate::id::SourceName;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// What stands before the first row.
pub const BEFORE_THE_FIRST: [u8; 32] = [0; 32];

/// The action of a row that says that rows before it are gone or were written by another host.
pub const BROKEN: &str = "audit-broken";

/// Stands where a value is secret.
pub const HIDDEN: &str = "(hidden)";

/// Who changes something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor(String);

impl Actor {
    /// A person at the command line, by the account that runs the program.
    pub fn command_line(user: &str) -> Self {
        Self(format!("cli:{user}"))
    }

    /// A host that works on its own.
    pub fn serve() -> Self {
        Self("serve".to_owned())
    }

    /// A client of the SCIM server, by the name of its source.
    pub fn scim(source: &SourceName) -> Self {
        Self(format!("scim:{source}"))
    }

    /// A caller of the API.
    pub fn api(caller: &CallerName) -> Self {
        Self(format!("api:{caller}"))
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Actor {
    /// A program that did not say who it is.
    fn default() -> Self {
        Self("unnamed".to_owned())
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One row, as it is kept. Ids and times are kept as they stand in the row, so that a row that somebody changed can
/// be read and named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Counts from 1 without a gap.
    pub sequence: i64,
    /// When, in microseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: String,
    /// In the course of what: `import of hr`, `reconciliation of crm`.
    pub activity: Option<String>,
    /// What was done: the kind of the event.
    pub action: String,
    /// What kind of thing it was done to.
    pub subject_kind: String,
    /// Which one.
    pub subject: String,
    /// The identity concerned.
    pub identity: Option<String>,
    /// The target concerned.
    pub target: Option<String>,
    /// The operation concerned.
    pub operation: Option<String>,
    /// The stored plan that it came from.
    pub plan: Option<String>,
    /// The connector that did it: `name@version` and the digest of its file.
    pub connector: Option<String>,
    /// Old and new values and what else belongs to it, as JSON.
    pub details: String,
    /// The hash of the row before.
    pub previous: Vec<u8>,
    /// The hash of this row.
    pub hash: Vec<u8>,
}

impl AuditRow {
    /// The hash that follows from everything else in the row: blake3 over the fields in their order, each with its length.
    pub fn expected_hash(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("purser audit row 1");
        hasher.update(&self.sequence.to_le_bytes()).update(&self.at.to_le_bytes());
        let texts = [
            Some(&self.actor),
            self.activity.as_ref(),
            Some(&self.action),
            Some(&self.subject_kind),
            Some(&self.subject),
            self.identity.as_ref(),
            self.target.as_ref(),
            self.operation.as_ref(),
            self.plan.as_ref(),
            self.connector.as_ref(),
            Some(&self.details),
        ];
        for text in texts {
            field(&mut hasher, text.map(String::as_bytes));
        }
        field(&mut hasher, Some(&self.previous));
        *hasher.finalize().as_bytes()
    }

    /// The details as JSON; a text that is none stays a text.
    pub fn details(&self) -> Value {
        serde_json::from_str(&self.details).unwrap_or_else(|_| Value::String(self.details.clone()))
    }

    /// The row for machines.
    pub fn shown(&self) -> ShownRow {
        ShownRow {
            sequence: self.sequence,
            at: jiff::Timestamp::from_microsecond(self.at).ok(),
            actor: self.actor.clone(),
            activity: self.activity.clone(),
            action: self.action.clone(),
            subject_kind: self.subject_kind.clone(),
            subject: self.subject.clone(),
            identity: self.identity.clone(),
            target: self.target.clone(),
            operation: self.operation.clone(),
            plan: self.plan.clone(),
            connector: self.connector.clone(),
            details: self.details(),
            hash: hexadecimal(&self.hash),
        }
    }

    /// The row for machines, as JSON.
    pub fn to_json(&self) -> Value {
        // A struct of texts, numbers and JSON always serializes.
        serde_json::to_value(self.shown()).unwrap_or_default()
    }
}

/// A row as machines read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ShownRow {
    /// Counts from 1 without a gap.
    pub sequence: i64,
    /// When; none where what is kept is no time any more.
    pub at: Option<jiff::Timestamp>,
    /// Who.
    pub actor: String,
    /// In the course of what.
    pub activity: Option<String>,
    /// What was done.
    pub action: String,
    /// What kind of thing it was done to.
    pub subject_kind: String,
    /// Which one.
    pub subject: String,
    /// The identity concerned.
    pub identity: Option<String>,
    /// The target concerned.
    pub target: Option<String>,
    /// The operation concerned.
    pub operation: Option<String>,
    /// The stored plan that it came from.
    pub plan: Option<String>,
    /// The connector that did it.
    pub connector: Option<String>,
    /// Old and new values and what else belongs to it.
    pub details: Value,
    /// The hash of the row in hexadecimal, over everything in it and the hash of the row before.
    pub hash: String,
}

/// A field that is not there differs from an empty one.
fn field(hasher: &mut blake3::Hasher, bytes: Option<&[u8]>) {
    let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
    hasher.update(&length.to_le_bytes()).update(bytes.unwrap_or_default());
}

/// Bytes in hexadecimal.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What the host signs the head of the log with.
#[derive(Clone)]
pub struct AuditKey([u8; 32]);

impl AuditKey {
    /// The key that follows from a host's secret.
    pub fn from_secret(secret: &str) -> Self {
        Self(blake3::derive_key("purser audit head key 1", secret.as_bytes()))
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKey(..)")
    }
}

/// The end of the log, kept beside it and signed, so that a log whose tail was cut off shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// The last row's sequence; 0 where there is none.
    pub sequence: i64,
    /// Its hash.
    pub hash: Vec<u8>,
    /// The host's signature, where it has a key.
    pub signature: Option<Vec<u8>>,
}

impl AuditHead {
    /// The signature that belongs here: a keyed blake3 over sequence and hash.
    pub fn expected_signature(&self, key: &AuditKey) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&key.0);
        hasher.update(&self.sequence.to_le_bytes());
        field(&mut hasher, Some(&self.hash));
        *hasher.finalize().as_bytes()
    }

    /// Whether this host signed it; a host without a key asks for no signature.
    pub fn is_signed_by(&self, key: Option<&AuditKey>) -> bool {
        let Some(key) = key else { return true };
        // Comparing hashes rather than bytes takes the same time wherever they differ.
        self.signature.as_ref().is_some_and(|signature| {
            <[u8; 32]>::try_from(signature.as_slice())
                .is_ok_and(|signature| blake3::Hash::from(signature) == self.expected_signature(key))
        })
    }

    /// `SEQUENCE:HASH`, to be kept elsewhere.
    pub fn anchor(&self) -> String {
        format!("{}:{}", self.sequence, hexadecimal(&self.hash))
    }
}

/// A head of the log as somebody kept it elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The row.
    pub sequence: i64,
    /// Its hash in hexadecimal.
    pub hash: String,
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sequence, self.hash)
    }
}

/// A text is no anchor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no head of an audit log: give it as `purser audit verify` shows it, ROW:HASH")]
pub struct NotAnAnchor(String);

impl std::str::FromStr for Anchor {
    type Err = NotAnAnchor;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotAnAnchor(text.to_owned());
        let (sequence, hash) = text.split_once(':').ok_or_else(wrong)?;
        let sequence = sequence.parse().ok().filter(|sequence| *sequence > 0).ok_or_else(wrong)?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_hash { Ok(Self { sequence, hash: hash.to_ascii_lowercase() }) } else { Err(wrong()) }
    }
}

/// Where the log does not hold together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// The first row that is wrong, or the one that is not there.
    pub sequence: i64,
    /// What is wrong.
    pub reason: String,
}

/// Walks the chain, row by row.
#[derive(Debug, Clone)]
pub struct ChainCheck {
    sequence: i64,
    hash: Vec<u8>,
}

impl Default for ChainCheck {
    fn default() -> Self {
        Self { sequence: 0, hash: BEFORE_THE_FIRST.to_vec() }
    }
}

impl ChainCheck {
    /// The check that goes on after this row, up to which somebody has come before.
    pub fn after(row: &Anchor) -> Self {
        let digits = row.hash.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
        // Digits that are none make another hash, from which no row follows.
        let hash = digits.map(|pair| u8::from_str_radix(pair, 16).unwrap_or_default()).collect();
        Self { sequence: row.sequence, hash }
    }

    /// The row that was looked at last, to go on from there.
    pub fn anchor(&self) -> Anchor {
        Anchor { sequence: self.sequence, hash: hexadecimal(&self.hash) }
    }

    /// The row that was looked at last.
    pub fn sequence(&self) -> i64 {
        self.sequence
    }

    /// Looks at the next row.
    ///
    /// # Errors
    /// It does not follow from the row before, or its content is not what was hashed.
    pub fn next(&mut self, row: &AuditRow) -> Result<(), Break> {
        let wrong = |sequence, reason: String| Err(Break { sequence, reason });
        let due = self.sequence.saturating_add(1);
        if row.sequence != due {
            return wrong(due, format!("this row is missing: row {} follows row {}", row.sequence, self.sequence));
        }
        if row.hash != row.expected_hash() {
            return wrong(row.sequence, "its content is not what its hash was made from".to_owned());
        }
        if row.previous != self.hash {
            return wrong(row.sequence, "it does not follow from the row before".to_owned());
        }
        if row.action == BROKEN {
            return wrong(
                row.sequence,
                format!("the host found the log damaged when it went on here: {}", row.details),
            );
        }
        (self.sequence, self.hash) = (row.sequence, row.hash.clone());
        Ok(())
    }

    /// Whether the chain has come to its end.
    ///
    /// # Errors
    /// The head says that rows followed, or another hash, or is not signed by this host.
    pub fn end(&self, head: &AuditHead, key: Option<&AuditKey>) -> Result<(), Break> {
        let wrong = |sequence, reason: String| Err(Break { sequence, reason });
        if !head.is_signed_by(key) {
            return wrong(head.sequence, "the head of the log is not signed with this host's key".to_owned());
        }
        if self.sequence != head.sequence {
            let (last, head) = (self.sequence, head.sequence);
            return wrong(
                last.min(head).saturating_add(1),
                format!("the log ends with row {last}, and its head says {head}"),
            );
        }
        if self.hash != head.hash {
            return wrong(self.sequence, "the head of the log has another hash for it".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(length: i64) -> Vec<AuditRow> {
        let mut previous = BEFORE_THE_FIRST.to_vec();
        (1..=length)
            .map(|sequence| {
                let mut row = AuditRow {
                    sequence,
                    at: sequence * 10,
                    actor: "cli:anna".into(),
                    activity: None,
                    action: "identity-changed".into(),
                    subject_kind: "identity".into(),
                    subject: "one".into(),
                    identity: Some("one".into()),
                    target: None,
                    operation: None,
                    plan: None,
                    connector: None,
                    details: "{}".into(),
                    previous: previous.clone(),
                    hash: Vec::new(),
                };
                row.hash = row.expected_hash().to_vec();
                previous.clone_from(&row.hash);
                row
            })
            .collect()
    }

    fn check(rows: &[AuditRow]) -> Result<ChainCheck, Break> {
        let mut check = ChainCheck::default();
        rows.iter().try_for_each(|row| check.next(row))?;
        Ok(check)
    }

    fn head(rows: &[AuditRow], key: Option<&AuditKey>) -> AuditHead {
        let last = rows.last().unwrap();
        let mut head = AuditHead { sequence: last.sequence, hash: last.hash.clone(), signature: None };
        head.signature = key.map(|key| head.expected_signature(key).to_vec());
        head
    }

    #[test]
    fn a_whole_chain_holds_and_one_without_a_row_does_not() {
        let rows = chain(5);
        assert!(check(&rows).is_ok());
        for gone in 0..4 {
            let mut cut = rows.clone();
            cut.remove(gone);
            assert_eq!(check(&cut).unwrap_err().sequence, gone as i64 + 1);
        }
    }

    /// Whoever changes a row and computes its hash anew breaks the link to the next.
    #[test]
    fn a_row_that_was_hashed_anew_breaks_the_next() {
        let mut rows = chain(3);
        rows[1].actor = "cli:eve".into();
        assert_eq!(check(&rows).unwrap_err().sequence, 2);
        rows[1].hash = rows[1].expected_hash().to_vec();
        assert_eq!(check(&rows).unwrap_err().sequence, 3);
    }

    #[test]
    fn an_anchor_is_read_back_as_it_is_shown() {
        let head = head(&chain(2), None);
        let anchor: Anchor = head.anchor().parse().unwrap();
        assert_eq!((anchor.sequence, anchor.hash), (2, hexadecimal(&head.hash)));
        for wrong in ["", "2", "2:", "2:ab", ":ab", "0:"] {
            assert!(wrong.parse::<Anchor>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn fields_do_not_flow_into_each_other() {
        let mut left = chain(1).remove(0);
        let mut right = left.clone();
        (left.action, left.subject_kind) = ("ab".into(), "c".into());
        (right.action, right.subject_kind) = ("a".into(), "bc".into());
        assert_ne!(left.expected_hash(), right.expected_hash());
        (left.target, right.target) = (None, Some(String::new()));
        (right.action, right.subject_kind) = ("ab".into(), "c".into());
        assert_ne!(left.expected_hash(), right.expected_hash());
    }

    #[test]
    fn a_tail_that_was_cut_off_or_a_head_that_was_made_up_shows() {
        let (key, other) = (AuditKey::from_secret("one"), AuditKey::from_secret("two"));
        let rows = chain(5);
        let good = head(&rows, Some(&key));
        assert_eq!(check(&rows).unwrap().end(&good, Some(&key)), Ok(()));
        assert_eq!(check(&rows[..3]).unwrap().end(&good, Some(&key)).unwrap_err().sequence, 4);
        let made_up = head(&rows[..3], Some(&other));
        let error = check(&rows[..3]).unwrap().end(&made_up, Some(&key)).unwrap_err();
        assert!(error.reason.contains("not signed"), "{error:?}");
        let unsigned = head(&rows[..3], None);
        assert!(check(&rows[..3]).unwrap().end(&unsigned, Some(&key)).is_err());
        assert!(!head(&rows, None).is_signed_by(Some(&key)));
        assert_eq!(format!("{key:?}"), "AuditKey(..)");
    }
}
