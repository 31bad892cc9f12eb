//! The marks of a listing: one bit for each object that it has seen.

use crate::failure::Result;
use crate::transaction::Transaction;
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, BTreeSet};

/// Two chunks fill a page of the file.
const NUMBERS: i64 = 16_000;
const BYTES: usize = NUMBERS as usize / 8;

/// All that a run has seen of one table.
pub(crate) struct Marks(BTreeMap<i64, Vec<u8>>);

impl Marks {
    /// Reads the marks of a run.
    pub(crate) fn of_run(connection: &Connection, run: i64, objects: &str) -> Result<Self> {
        let mut query = connection.prepare_cached("SELECT chunk, bits FROM seen WHERE run = ?1 AND objects = ?2")?;
        let chunks = query.query_map((run, objects), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Self(chunks.collect::<rusqlite::Result<_>>()?))
    }

    /// Whether this object was seen.
    pub(crate) fn hold(&self, number: i64) -> bool {
        self.0.get(&chunk(number)).is_some_and(|bits| is_set(bits, number))
    }
}

/// The chunk of a number.
pub(crate) fn chunk(number: i64) -> i64 {
    number.div_euclid(NUMBERS)
}

/// The byte of a number in its chunk, and its bit there.
fn place(number: i64) -> (usize, u8) {
    let within = number.rem_euclid(NUMBERS) as usize;
    (within / 8, 1 << (within % 8))
}

/// Whether the bits of its chunk hold a number.
pub(crate) fn is_set(bits: &[u8], number: i64) -> bool {
    let (byte, bit) = place(number);
    bits.get(byte).is_some_and(|byte| byte & bit != 0)
}

/// Marks objects as seen by a run.
pub(crate) fn set(tx: &Transaction<'_>, run: i64, objects: &str, numbers: &[i64]) -> Result<()> {
    let numbers: BTreeSet<i64> = numbers.iter().copied().collect();
    let mut chunks: BTreeMap<i64, Vec<u8>> = BTreeMap::new();
    let mut read = tx.prepare_cached("SELECT bits FROM seen WHERE run = ?1 AND objects = ?2 AND chunk = ?3")?;
    for number in numbers {
        let chunk = chunk(number);
        let bits = match chunks.entry(chunk) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(unknown) => {
                let kept = read.query_row((run, objects, chunk), |row| row.get(0)).optional()?;
                unknown.insert(kept.unwrap_or_else(|| vec![0; BYTES]))
            }
        };
        let (byte, bit) = place(number);
        bits[byte] |= bit;
    }
    let mut write = tx.prepare_cached(
        "INSERT INTO seen (run, objects, chunk, bits) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT (run, objects, chunk) DO UPDATE SET bits = excluded.bits",
    )?;
    for (chunk, bits) in chunks {
        write.execute((run, objects, chunk, bits))?;
    }
    Ok(())
}

/// A new account may have the number of one that was deleted: it does not have its marks.
pub(crate) fn withdraw_from_new(tx: &Transaction<'_>, number: i64) -> Result<()> {
    let mut read = tx.prepare_cached("SELECT rowid, bits FROM seen WHERE objects = 'account' AND chunk = ?1")?;
    let chunks = read.query_map([chunk(number)], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
    let chunks: Vec<_> = chunks.collect::<rusqlite::Result<_>>()?;
    for (row, mut bits) in chunks.into_iter().filter(|(_, bits)| is_set(bits, number)) {
        let (byte, bit) = place(number);
        bits[byte] &= !bit;
        tx.prepare_cached("UPDATE seen SET bits = ?2 WHERE rowid = ?1")?.execute((row, bits))?;
    }
    Ok(())
}

/// Forgets the marks of the runs before a complete one of the same target.
pub(crate) fn forget_before(tx: &Transaction<'_>, kind: &str, subject: &str, run: i64) -> Result<()> {
    tx.prepare_cached(
        "DELETE FROM seen WHERE run IN (SELECT number FROM run WHERE kind = ?1 AND subject = ?2 AND number < ?3)",
    )?
    .execute((kind, subject, run))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_bit_of_its_own() {
        let mut bits = vec![0; BYTES];
        for number in [0, 7, 8, 15_999] {
            assert!(!is_set(&bits, number));
            let (byte, bit) = place(number);
            bits[byte] |= bit;
            assert!(is_set(&bits, number));
        }
        assert_eq!(bits.iter().map(|byte| byte.count_ones()).sum::<u32>(), 4);
        assert_eq!((chunk(15_999), chunk(16_000), place(16_001)), (0, 1, (0, 2)));
    }
}
