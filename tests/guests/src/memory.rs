//! Looks into the linear memories of the guests that exist in a process at this moment, as a dump of them would.
//!
//! The runtime keeps them in one place, where each lies between guards of gigabytes: that is how they are told apart from
//! everything else that the process holds, and the host's own memory, which does hold secrets, is not looked at.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;

/// What lies behind a memory is at least this large: the rest of the 4 GiB that it may reach without a check.
const SMALLEST_REST: u64 = 1 << 30;
/// What lies before it: the rest of the memory before, or the guard of the first one.
const SMALLEST_GUARD: u64 = 16 << 20;
/// How much is read at once.
const PIECE: u64 = 1 << 20;

/// A mapping of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mapping {
    from: u64,
    to: u64,
    /// Whether it can be read and written; what can be neither is a guard.
    access: Access,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    ReadAndWrite,
    None,
    Other,
}

impl Mapping {
    fn size(self) -> u64 {
        self.to - self.from
    }

    fn is_guard_of(self, smallest: u64) -> bool {
        self.access == Access::None && self.size() >= smallest
    }
}

/// Shows every piece of the guests' memories in this process, or in the one with this id; pieces overlap by `overlap`
/// bytes, so that what is shorter is found whole in one of them. Says how many memories there were.
///
/// # Errors
/// The process is gone, or may not be looked into.
pub fn look_through(process: Option<u32>, overlap: usize, mut show: impl FnMut(&[u8])) -> io::Result<usize> {
    let folder = process.map_or_else(|| "/proc/self".to_owned(), |id| format!("/proc/{id}"));
    let memories = memories(&fs::read_to_string(format!("{folder}/maps"))?);
    let file = File::open(format!("{folder}/mem"))?;
    let mut piece = Vec::new();
    for memory in &memories {
        let mut from = memory.from;
        while from < memory.to {
            let length = (memory.to - from).min(PIECE + overlap as u64);
            piece.resize(usize::try_from(length).unwrap_or(0), 0);
            // A memory may shrink or go while it is read; what is gone is nowhere any more.
            if file.read_exact_at(&mut piece, from).is_ok() {
                show(&piece);
            }
            from += PIECE;
        }
    }
    Ok(memories.len())
}

/// The linear memories among the mappings of a process, in the form of proc(5).
fn memories(maps: &str) -> Vec<Mapping> {
    let mappings: Vec<Mapping> = maps.lines().filter_map(mapping).collect();
    let mut memories = Vec::new();
    let mut place = 0;
    while place < mappings.len() {
        let from = place;
        while place < mappings.len()
            && mappings[place].access == Access::ReadAndWrite
            && adjoins(&mappings, from, place)
        {
            place += 1;
        }
        if place == from {
            place += 1;
            continue;
        }
        let (first, last) = (mappings[from], mappings[place - 1]);
        let before = from.checked_sub(1).map(|before| mappings[before]);
        let is_guarded = before.is_some_and(|guard| guard.to == first.from && guard.is_guard_of(SMALLEST_GUARD))
            && mappings.get(place).is_some_and(|rest| rest.from == last.to && rest.is_guard_of(SMALLEST_REST));
        if is_guarded {
            memories.push(Mapping { to: last.to, ..first });
        }
    }
    memories
}

fn adjoins(mappings: &[Mapping], first: usize, place: usize) -> bool {
    place == first || mappings[place - 1].to == mappings[place].from
}

fn mapping(line: &str) -> Option<Mapping> {
    let mut fields = line.split_ascii_whitespace();
    let (from, to) = fields.next()?.split_once('-')?;
    let access = match fields.next()?.get(..2)? {
        "rw" => Access::ReadAndWrite,
        "--" => Access::None,
        _ => Access::Other,
    };
    Some(Mapping { from: u64::from_str_radix(from, 16).ok()?, to: u64::from_str_radix(to, 16).ok()?, access })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_lies_between_guards_and_nothing_else_does() {
        let maps = "\
            7f0000000000-7f0002000000 ---p 00000000 00:00 0\n\
            7f0002000000-7f0002100000 rw-p 00000000 00:01 7 /memfd:wasm-memory-image\n\
            7f0002100000-7f0002200000 rw-p 00000000 00:00 0\n\
            7f0002200000-7f0102000000 ---p 00000000 00:00 0\n\
            7f0102000000-7f0102010000 rw-p 00000000 00:00 0\n\
            7f0102010000-7f0204000000 ---p 00000000 00:00 0\n\
            7f0204000000-7f0204100000 rw-p 00000000 00:00 0 [heap]\n\
            7f0204100000-7f0208000000 ---p 00000000 00:00 0\n\
            7f0208000000-7f0208100000 r-xp 00000000 08:01 9 /usr/bin/purser\n";
        let found: Vec<_> = memories(maps).iter().map(|memory| (memory.from, memory.size())).collect();
        assert_eq!(found, [(0x7f00_0200_0000, 2 << 20), (0x7f01_0200_0000, 64 << 10)]);
    }
}
