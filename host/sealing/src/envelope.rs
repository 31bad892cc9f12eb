//! A secret in its envelope.

use crate::{Randomness, SealingKey};
use purser_model::id::SecretName;
use purser_model::sealed::{SealedSecret, SealingKeyId};
use purser_model::secret::Secret;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

const KEY: usize = 32;
const NONCE: usize = 12;

/// A sealed secret cannot be opened. The secret is named, nothing of it is shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It was sealed with another key.
    #[error(
        "the secret `{name}` is sealed with the key {sealed_with}, and the key here is {here}: give the right one with --key-file, PURSER_KEY_FILE or PURSER_KEY, or set the secret anew with `purser secret set {name}`"
    )]
    OtherKey {
        /// The secret.
        name: SecretName,
        /// The key that it needs.
        sealed_with: SealingKeyId,
        /// The key that was used.
        here: SealingKeyId,
    },
    /// Something of it is missing.
    #[error(
        "the secret `{name}` is cut short in the store: restore the store from a backup, or set the secret anew with `purser secret set {name}`"
    )]
    Truncated {
        /// The secret.
        name: SecretName,
    },
    /// It is not what was sealed: somebody changed it, or put it in the place of another.
    #[error(
        "the secret `{name}` was changed in the store or belongs to another row, and is not used: find out who writes to the store, then set the secret anew with `purser secret set {name}`"
    )]
    Tampered {
        /// The secret.
        name: SecretName,
    },
}

/// Seals a secret with a data key of its own.
pub fn seal(
    key: &SealingKey,
    name: &SecretName,
    version: u32,
    secret: &Secret,
    random: Randomness<'_>,
) -> SealedSecret {
    let mut data_key = Zeroizing::new([0; KEY]);
    random(data_key.as_mut());
    SealedSecret {
        name: name.clone(),
        version,
        key: key.id(),
        wrapped_key: encrypt(&key.wrapping(), data_key.as_ref(), &bound("key", name, version), random),
        sealed: encrypt(&data_key, secret.reveal().as_bytes(), &bound("secret", name, version), random),
    }
}

/// Opens a sealed secret.
///
/// # Errors
/// It was sealed with another key, or is not what was sealed.
pub fn open(key: &SealingKey, sealed: &SealedSecret) -> Result<Secret, OpenError> {
    let (name, version) = (&sealed.name, sealed.version);
    if sealed.key != key.id() {
        let (sealed_with, here) = (sealed.key.clone(), key.id());
        return Err(OpenError::OtherKey { name: name.clone(), sealed_with, here });
    }
    let data_key = decrypt(&key.wrapping(), &sealed.wrapped_key, &bound("key", name, version), name)?;
    let data_key =
        <&[u8; KEY]>::try_from(data_key.as_slice()).map_err(|_| OpenError::Tampered { name: name.clone() })?;
    let text = decrypt(data_key, &sealed.sealed, &bound("secret", name, version), name)?;
    // A sealed value was a secret once: what is no text, or empty, was not sealed here.
    let text = std::str::from_utf8(&text).map_err(|_| OpenError::Tampered { name: name.clone() })?;
    Secret::new(text).map_err(|_| OpenError::Tampered { name: name.clone() })
}

/// Opens a secret with one key and seals it with another; its version stays.
///
/// # Errors
/// It cannot be opened.
pub fn reseal(
    from: &SealingKey,
    to: &SealingKey,
    sealed: &SealedSecret,
    random: Randomness<'_>,
) -> Result<SealedSecret, OpenError> {
    let secret = open(from, sealed)?;
    Ok(seal(to, &sealed.name, sealed.version, &secret, random))
}

/// What is authenticated beside the content: which half it is, of which secret.
fn bound(half: &str, name: &SecretName, version: u32) -> Vec<u8> {
    // A name holds no line end, so that no two of these are the same text.
    format!("purser sealed 1\n{half}\n{name}\n{version}").into_bytes()
}

/// A data key seals once, and the host's key so few of them that random nonces do not meet.
fn encrypt(key: &[u8; KEY], content: &[u8], bound: &[u8], random: Randomness<'_>) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    random(&mut nonce);
    // Room for the tag, so that the content is not left behind where a growing buffer was.
    let mut sealed = Vec::with_capacity(NONCE + content.len() + CHACHA20_POLY1305.tag_len());
    sealed.extend_from_slice(content);
    cipher(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), &mut sealed)
        .expect("the cipher only fails on 256 GiB, which no secret has");
    sealed.splice(0..0, nonce);
    sealed
}

fn decrypt(key: &[u8; KEY], sealed: &[u8], bound: &[u8], name: &SecretName) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let Some((nonce, content)) = sealed.split_first_chunk::<NONCE>() else {
        return Err(OpenError::Truncated { name: name.clone() });
    };
    let mut opened = Zeroizing::new(content.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = match cipher(key).open_in_place(nonce, Aad::from(bound), &mut opened) {
        Ok(content) => content.len(),
        Err(_) => return Err(OpenError::Tampered { name: name.clone() }),
    };
    opened.truncate(length);
    Ok(opened)
}

fn cipher(key: &[u8; KEY]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).expect("the cipher takes keys of 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that are all different from the ones before.
    fn counting() -> impl FnMut(&mut [u8]) {
        let mut count = 0_u64;
        move |bytes| {
            for chunk in bytes.chunks_mut(8) {
                count += 1;
                chunk.copy_from_slice(&blake3::hash(&count.to_le_bytes()).as_bytes()[..chunk.len()]);
            }
        }
    }

    fn key(seed: u8) -> SealingKey {
        let mut random = counting();
        for _ in 0..seed {
            random(&mut [0; 32]);
        }
        SealingKey::make(&mut random)
    }

    fn name(text: &str) -> SecretName {
        text.parse().unwrap()
    }

    fn sealed(of: &str, version: u32, text: &str) -> SealedSecret {
        let mut random = counting();
        // Other bytes than those of the keys.
        random(&mut [0; 512]);
        seal(&key(1), &name(of), version, &Secret::new(text).unwrap(), &mut random)
    }

    #[test]
    fn what_was_sealed_is_opened_and_does_not_stand_there_in_clear() {
        let sealed = sealed("crm", 3, "hunter2 is my password");
        assert_eq!(open(&key(1), &sealed).unwrap().reveal(), "hunter2 is my password");
        let everything = [sealed.wrapped_key.clone(), sealed.sealed.clone()].concat();
        assert!(!everything.windows(7).any(|bytes| bytes == b"hunter2"));
        assert_eq!(format!("{sealed:?}"), format!("SealedSecret(crm version 3, key {})", key(1).id()));
    }

    #[test]
    fn the_same_secret_is_sealed_differently_each_time() {
        let mut random = counting();
        let secret = Secret::new("hunter2").unwrap();
        let one = seal(&key(1), &name("crm"), 1, &secret, &mut random);
        let two = seal(&key(1), &name("crm"), 1, &secret, &mut random);
        assert_ne!(one.wrapped_key, two.wrapped_key);
        assert_ne!(one.sealed, two.sealed);
    }

    #[test]
    fn another_key_is_refused_and_both_keys_are_named() {
        let sealed = sealed("crm", 1, "hunter2");
        let error = open(&key(2), &sealed).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, OpenError::OtherKey { .. }) && text.contains("`crm`"), "{text}");
        assert!(text.contains(&key(1).id().0) && text.contains(&key(2).id().0), "{text}");
        // Also where somebody wrote the wrong key's name into the row.
        let renamed = SealedSecret { key: key(2).id(), ..sealed };
        assert_eq!(open(&key(2), &renamed).unwrap_err(), OpenError::Tampered { name: name("crm") });
    }

    #[test]
    fn every_single_bit_counts() {
        let good = sealed("crm", 1, "hunter2");
        for bit in 0..good.sealed.len() * 8 {
            let mut changed = good.clone();
            changed.sealed[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&key(1), &changed).unwrap_err(), OpenError::Tampered { name: name("crm") });
        }
        for bit in 0..good.wrapped_key.len() * 8 {
            let mut changed = good.clone();
            changed.wrapped_key[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(&key(1), &changed).unwrap_err(), OpenError::Tampered { name: name("crm") });
        }
    }

    #[test]
    fn what_is_cut_short_is_refused_wherever_it_ends() {
        let good = sealed("crm", 1, "hunter2");
        for length in 0..good.sealed.len() {
            let cut = SealedSecret { sealed: good.sealed[..length].to_vec(), ..good.clone() };
            let short = SealedSecret { wrapped_key: good.wrapped_key[..length].to_vec(), ..good.clone() };
            for changed in [cut, short] {
                let error = open(&key(1), &changed).unwrap_err();
                assert_eq!(matches!(error, OpenError::Truncated { .. }), length < NONCE, "{length}: {error}");
            }
        }
    }

    #[test]
    fn no_row_takes_the_place_of_another() {
        let (crm, mail, older) = (sealed("crm", 2, "of crm"), sealed("mail", 2, "of mail"), sealed("crm", 1, "old"));
        for other in [&mail, &older] {
            let swapped = [
                SealedSecret { wrapped_key: other.wrapped_key.clone(), sealed: other.sealed.clone(), ..crm.clone() },
                SealedSecret { wrapped_key: other.wrapped_key.clone(), ..crm.clone() },
                SealedSecret { sealed: other.sealed.clone(), ..crm.clone() },
                SealedSecret { sealed: crm.wrapped_key.clone(), wrapped_key: crm.sealed.clone(), ..crm.clone() },
            ];
            for row in swapped {
                assert_eq!(open(&key(1), &row).unwrap_err(), OpenError::Tampered { name: name("crm") });
            }
        }
    }

    #[test]
    fn after_resealing_only_the_new_key_opens() {
        let (old, new) = (key(1), key(2));
        let resealed = reseal(&old, &new, &sealed("crm", 7, "hunter2"), &mut counting()).unwrap();
        assert_eq!((open(&new, &resealed).unwrap().reveal(), resealed.version), ("hunter2", 7));
        assert!(matches!(open(&old, &resealed), Err(OpenError::OtherKey { .. })));
    }
}
