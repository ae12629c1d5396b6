//! Which pairs of stems are keys of the index: those that some record is named by.
//!
//! A pair is known by a hash of 64 bits; one that shares it with another is a key as well, which
//! costs a few bytes and nothing else. Memory: 8 bytes a pair, twice that while they are gathered;
//! synthetic records have six pairs each that no other has.

use rayon::slice::ParallelSliceMut as _;

/// A stem as a number: FNV-1a.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StemHash(u64);

impl StemHash {
    pub(crate) fn of(stem: &str) -> StemHash {
        let step = |h: u64, byte: u8| (h ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        StemHash(stem.bytes().fold(0xcbf2_9ce4_8422_2325, step))
    }
}

/// Two stems in order as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PairHash(u64);

impl PairHash {
    pub(crate) fn of(first: StemHash, second: StemHash) -> PairHash {
        const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
        let mixed = (first.0.wrapping_mul(ODD) ^ second.0).wrapping_mul(ODD);
        PairHash(mixed ^ (mixed >> 32))
    }
}

/// Pairs on their way into a vocabulary.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pairs: Vec<PairHash>,
    /// How many of them are sorted, each once.
    settled: usize,
}

/// Fewer pairs than this wait to be sorted.
const UNSETTLED: usize = 1 << 16;

impl Gathered {
    /// Takes pairs in any order.
    pub(crate) fn add(&mut self, pairs: &[PairHash]) {
        self.pairs.extend_from_slice(pairs);
        if self.pairs.len() - self.settled > self.settled.max(UNSETTLED) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.pairs.par_sort_unstable();
        self.pairs.dedup();
        self.settled = self.pairs.len();
    }

    /// The vocabulary of all that was taken.
    pub(crate) fn finish(mut self) -> Vocabulary {
        self.settle();
        Vocabulary::new(self.pairs)
    }
}

/// A set of pairs. Immutable, shared between threads.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// Sorted.
    pairs: Vec<PairHash>,
    /// Where those with the same first bits begin; one more: the end.
    starts: Vec<u32>,
    shift: u32,
}

/// First bits have about so many pairs.
const PER_START: usize = 8;

impl Vocabulary {
    fn new(pairs: Vec<PairHash>) -> Vocabulary {
        let bits = (pairs.len() / PER_START).max(2).ilog2();
        let shift = u64::BITS - bits;
        let (mut starts, mut at) = (Vec::with_capacity((1 << bits) + 1), 0);
        for first in 0..1u64 << bits {
            while pairs.get(at).is_some_and(|pair| pair.0 >> shift < first) {
                at += 1;
            }
            starts.push(at as u32);
        }
        starts.push(pairs.len() as u32);
        Vocabulary { pairs, starts, shift }
    }

    /// Whether a pair is in it.
    pub(crate) fn has(&self, pair: PairHash) -> bool {
        let first = (pair.0 >> self.shift) as usize;
        let (start, end) = (self.starts[first] as usize, self.starts[first + 1] as usize);
        self.pairs[start..end].contains(&pair)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(text: &str) -> PairHash {
        let (first, second) = text.split_once(' ').unwrap();
        PairHash::of(StemHash::of(first), StemHash::of(second))
    }

    #[test]
    fn a_vocabulary_has_what_was_gathered_and_nothing_else() {
        for count in [0, 1, 7, 1000, 3 * UNSETTLED] {
            let mut gathered = Gathered::default();
            for n in 0..count {
                // Some come again.
                gathered.add(&[pair(&format!("ice {n}")), pair(&format!("ice {}", n / 2))]);
            }
            let vocabulary = gathered.finish();
            assert_eq!(vocabulary.pairs.len(), count);
            assert!((0..count).all(|n| vocabulary.has(pair(&format!("ice {n}")))));
            for other in ["ice", "0 ice", "ice 0x", "sea ice"] {
                let other = if other == "ice" { "ice -1" } else { other };
                assert!(!vocabulary.has(pair(other)), "{count} {other}");
            }
        }
    }
}
