//! Runs every parser over its corpus, and over what becomes of it by mutation. The seed is fixed, so that a failure is one
//! that comes again; `cargo xtask fuzz` searches for further ones.

use purser_fuzz::TARGETS;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// Mutated inputs of each parser.
const MUTATIONS: u32 = 5_000;
/// The longest input that is made.
const LONGEST: usize = 4 << 10;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The inputs of a target, in the order of their names.
fn inputs(target: &str) -> Vec<Vec<u8>> {
    let folder = corpus().join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("an input can be read")).collect()
}

/// One input out of another, and of a third that it may be spliced with.
fn mutated(input: &[u8], other: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..random.random_range(1..=4) {
        let place = random.random_range(0..=bytes.len());
        match random.random_range(0..6) {
            0 if place < bytes.len() => bytes[place] ^= 1 << random.random_range(0..8),
            1 => bytes.truncate(place),
            2 => bytes
                .insert(place, [0, 0xff, b'/', b'.', b'%', b'(', b'"', b'{', b'\n', b'0'][random.random_range(0..10)]),
            3 if !other.is_empty() => {
                let from = random.random_range(0..other.len());
                bytes.truncate(place);
                bytes.extend_from_slice(&other[from..]);
            }
            4 if !bytes.is_empty() => {
                let from = random.random_range(0..bytes.len());
                let piece = bytes[from..(from + 16).min(bytes.len())].to_vec();
                bytes.splice(place..place, piece);
            }
            _ if place < bytes.len() => drop(bytes.remove(place)),
            _ => {}
        }
    }
    bytes.truncate(LONGEST);
    bytes
}

#[test]
fn every_parser_takes_its_corpus_and_what_becomes_of_it() {
    for (name, parser) in TARGETS {
        let inputs = inputs(name);
        assert!(inputs.len() >= 2, "corpus/{name} has {} inputs", inputs.len());
        let mut random = StdRng::seed_from_u64(42);
        let try_with = |bytes: &[u8]| {
            let ended = catch_unwind(|| parser(bytes));
            assert!(ended.is_ok(), "{name} panics at: {}", bytes.escape_ascii());
        };
        inputs.iter().for_each(|input| try_with(input));
        for _ in 0..MUTATIONS {
            let input = &inputs[random.random_range(0..inputs.len())];
            let other = &inputs[random.random_range(0..inputs.len())];
            try_with(&mutated(input, other, &mut random));
        }
    }
}

#[test]
fn every_corpus_has_a_parser() {
    let folders: BTreeSet<String> = fs::read_dir(corpus())
        .expect("the corpus is there")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(folders, TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect());
}
