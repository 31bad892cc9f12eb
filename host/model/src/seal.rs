//! What a host vouches for when it keeps a plan: the items, the declarations they follow from, and until when they hold.

use crate::id::PlanId;
use crate::object::Digest;
use serde::{Deserialize, Serialize};

/// What is agreed about a plan beside its items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlanTerms {
    /// From then on it is not applied any more.
    pub expires_at: jiff::Timestamp,
    /// Digest of the declarations that it follows from.
    #[serde(with = "hexadecimal")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub configuration: Digest,
    /// Whether those were declarations that were only tried: it can be applied once they are in place.
    pub what_if: bool,
}

/// The terms of a plan and its items, with the host's signature over both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct PlanSeal {
    /// What is agreed.
    #[serde(flatten)]
    pub terms: PlanTerms,
    /// Digest of all items in their order.
    #[serde(with = "hexadecimal")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub digest: Digest,
    /// The signature.
    #[serde(with = "hexadecimal")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub signature: Digest,
}

/// The key with which a host signs its plans.
#[derive(Clone)]
pub struct PlanKey([u8; 32]);

impl std::fmt::Debug for PlanKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PlanKey")
    }
}

impl PlanKey {
    /// The key that follows from a secret text.
    pub fn new(secret: &str) -> Self {
        Self(blake3::derive_key("Purser 2026-11 signature of plans", secret.as_bytes()))
    }

    /// Seals a plan: signs its id, its terms and the digest of its items.
    pub fn seal(&self, plan: PlanId, terms: PlanTerms, items: ItemsDigest) -> PlanSeal {
        let digest = items.finish();
        let signature = Digest(*self.sign(plan, &terms, &digest).as_bytes());
        PlanSeal { terms, digest, signature }
    }

    /// Whether this key signed the plan with these terms and this digest.
    pub fn has_signed(&self, plan: PlanId, seal: &PlanSeal) -> bool {
        // Comparing two hashes takes the same time wherever they differ.
        self.sign(plan, &seal.terms, &seal.digest) == blake3::Hash::from(seal.signature.0)
    }

    fn sign(&self, plan: PlanId, terms: &PlanTerms, digest: &Digest) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(plan.0.as_bytes()).update(&terms.expires_at.as_microsecond().to_be_bytes());
        hasher.update(&terms.configuration.0).update(&[u8::from(terms.what_if)]).update(&digest.0);
        hasher.finalize()
    }
}

/// The digest of a plan's items, made item by item.
#[derive(Debug, Clone, Default)]
pub struct ItemsDigest(blake3::Hasher, u64);

impl ItemsDigest {
    /// Adds the next item, by the digest of the text that is kept of it.
    pub fn add(&mut self, position: u64, item: &Digest) {
        self.0.update(&position.to_be_bytes()).update(&item.0);
        self.1 += 1;
    }

    /// The digest of all items.
    pub fn finish(self) -> Digest {
        let Self(mut hasher, count) = self;
        Digest(*hasher.update(&count.to_be_bytes()).finalize().as_bytes())
    }
}

/// A digest as hexadecimal text.
pub mod hexadecimal {
    use crate::object::Digest;
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes it.
    ///
    /// # Errors
    /// The serializer fails.
    pub fn serialize<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(digest)
    }

    /// Reads it.
    ///
    /// # Errors
    /// The text is no digest.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(deserializer)?;
        blake3::Hash::from_hex(&text).map(|hash| Digest(*hash.as_bytes())).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> PlanId {
        PlanId(uuid::Uuid::from_u128(7))
    }

    fn terms() -> PlanTerms {
        let expires_at = jiff::Timestamp::from_second(1_000).unwrap();
        PlanTerms { expires_at, configuration: Digest([1; 32]), what_if: false }
    }

    fn items(positions: &[u64]) -> ItemsDigest {
        let mut items = ItemsDigest::default();
        positions.iter().for_each(|position| items.add(*position, &Digest([9; 32])));
        items
    }

    #[test]
    fn a_seal_holds_for_its_plan_its_terms_and_its_items_only() {
        let key = PlanKey::new("secret");
        let seal = key.seal(plan(), terms(), items(&[1, 2]));
        assert!(key.has_signed(plan(), &seal));
        assert!(!key.has_signed(PlanId(uuid::Uuid::from_u128(8)), &seal), "another plan");
        assert!(!PlanKey::new("other").has_signed(plan(), &seal), "another host");
        let later = PlanTerms { expires_at: jiff::Timestamp::from_second(2_000).unwrap(), ..terms() };
        assert!(!key.has_signed(plan(), &PlanSeal { terms: later, ..seal.clone() }), "a longer life");
        let tried = PlanTerms { what_if: true, ..terms() };
        assert!(!key.has_signed(plan(), &PlanSeal { terms: tried, ..seal.clone() }), "another kind");
        let other = PlanTerms { configuration: Digest([2; 32]), ..terms() };
        assert!(!key.has_signed(plan(), &PlanSeal { terms: other, ..seal.clone() }), "other declarations");
        assert!(!key.has_signed(plan(), &PlanSeal { digest: items(&[1]).finish(), ..seal }), "fewer items");
    }

    #[test]
    fn a_seal_is_written_in_hexadecimal_and_read_again() {
        let seal = PlanKey::new("secret").seal(plan(), terms(), items(&[1]));
        let text = serde_json::to_string(&seal).unwrap();
        assert!(text.contains(&format!("\"configuration\":\"{}\"", "01".repeat(32))), "{text}");
        assert_eq!(serde_json::from_str::<PlanSeal>(&text).unwrap(), seal);
    }

    #[test]
    fn a_key_does_not_show_itself() {
        assert_eq!(format!("{:?}", PlanKey::new("secret")), "PlanKey");
    }
}
