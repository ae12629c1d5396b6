//! Which two and three stems in a row are keys of the index: those that some record is named by.
//!
//! Of three, only those both of whose pairs are frequent in names: where one is rare, the two pairs
//! tell the records well enough.
//!
//! A pair is known by a hash of 56 bits, three by one of 32; what shares it with another is a key
//! as well, which costs a few bytes and nothing else. Memory: 8 bytes a pair and 4 for three, twice
//! that while they are gathered; synthetic records have six pairs each that no other has.

use std::ops::Range;

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

const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
/// The bits of a pair that count.
const COUNT: u64 = 0xff;

/// Two stems in order as a number, and how often they came: once, if not put together with others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PairHash(u64);

impl PairHash {
    pub(crate) fn of(first: StemHash, second: StemHash) -> PairHash {
        let mixed = (first.0.wrapping_mul(ODD) ^ second.0).wrapping_mul(ODD);
        PairHash((mixed ^ (mixed >> 32)) & !COUNT | 1)
    }

    fn is(self, other: PairHash) -> bool {
        (self.0 ^ other.0) <= COUNT
    }

    /// Adds how often it came to `kept`, if that is the same pair.
    fn joins(&mut self, kept: &mut PairHash) -> bool {
        let is_same = self.is(*kept);
        if is_same {
            kept.0 = kept.0 & !COUNT | (kept.count() + self.count()).min(COUNT);
        }
        is_same
    }

    /// At most 255.
    fn count(self) -> u64 {
        self.0 & COUNT
    }
}

/// Three stems in order as a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TripleHash(u32);

impl TripleHash {
    /// Of the two pairs that they are.
    pub(crate) fn of(first: PairHash, second: PairHash) -> TripleHash {
        let mixed = (first.0 | COUNT).wrapping_mul(ODD) ^ (second.0 | COUNT);
        TripleHash((mixed.wrapping_mul(ODD) >> 32) as u32)
    }
}

/// What some records are named by.
#[derive(Debug, Default)]
pub(crate) struct Naming {
    pub(crate) pairs: Vec<PairHash>,
    pub(crate) triples: Vec<TripleHash>,
}

/// Fewer numbers than this wait to be sorted.
const UNSETTLED: usize = 1 << 16;

/// Numbers on their way into a set.
#[derive(Debug, Default)]
struct Settling<T> {
    all: Vec<T>,
    /// How many of them are sorted, each once.
    settled: usize,
}

impl<T: Ord + Copy + Send> Settling<T> {
    /// Takes more, in any order. `is_same`: of one and the one that is kept, as
    /// [`Vec::dedup_by`] calls it.
    fn add(&mut self, more: &[T], is_same: fn(&mut T, &mut T) -> bool) {
        self.all.extend_from_slice(more);
        if self.all.len() - self.settled > self.settled.max(UNSETTLED) {
            self.settle(is_same);
        }
    }

    fn settle(&mut self, is_same: fn(&mut T, &mut T) -> bool) {
        self.all.par_sort_unstable();
        self.all.dedup_by(is_same);
        self.settled = self.all.len();
    }
}

/// Pairs and threes on their way into a vocabulary.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    pairs: Settling<PairHash>,
    triples: Settling<TripleHash>,
}

impl Gathered {
    /// Takes names in any order.
    pub(crate) fn add(&mut self, named: &Naming) {
        self.pairs.add(&named.pairs, PairHash::joins);
        self.triples.add(&named.triples, |next, kept| next == kept);
    }

    /// The vocabulary of all that was taken.
    pub(crate) fn finish(mut self) -> Vocabulary {
        self.pairs.settle(PairHash::joins);
        self.triples.settle(|next, kept| next == kept);
        let (pairs, triples) = (self.pairs.all, self.triples.all);
        let by_pair = Starts::of(pairs.iter().map(|pair| pair.0));
        let by_triple = Starts::of(triples.iter().map(|triple| u64::from(triple.0) << 32));
        Vocabulary { pairs, by_pair, triples, by_triple }
    }
}

/// What records are named by. Immutable, shared between threads.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    /// Sorted.
    pairs: Vec<PairHash>,
    by_pair: Starts,
    triples: Vec<TripleHash>,
    by_triple: Starts,
}

/// First bits have about so many numbers.
const PER_START: usize = 8;

/// Where sorted numbers with the same first bits begin; one more: the end.
#[derive(Debug)]
struct Starts {
    starts: Vec<u32>,
    shift: u32,
}

impl Starts {
    fn of(numbers: impl ExactSizeIterator<Item = u64>) -> Starts {
        let bits = (numbers.len() / PER_START).max(2).ilog2();
        let shift = u64::BITS - bits;
        let end = numbers.len() as u32;
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        for (at, number) in (0..).zip(numbers) {
            while starts.len() as u64 <= number >> shift {
                starts.push(at);
            }
        }
        starts.resize((1 << bits) + 1, end);
        Starts { starts, shift }
    }

    fn near(&self, number: u64) -> Range<usize> {
        let first = (number >> self.shift) as usize;
        self.starts[first] as usize..self.starts[first + 1] as usize
    }
}

impl Vocabulary {
    /// How often a pair names a record, at most 255; 0 if it names none.
    pub(crate) fn count(&self, pair: PairHash) -> u64 {
        let near = &self.pairs[self.by_pair.near(pair.0)];
        near.iter().find(|known| known.is(pair)).map_or(0, |known| known.count())
    }

    /// Whether three in a row name a record.
    pub(crate) fn has(&self, triple: TripleHash) -> bool {
        self.triples[self.by_triple.near(u64::from(triple.0) << 32)].contains(&triple)
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
        let three = |n: usize| TripleHash::of(pair(&format!("ice {n}")), pair(&format!("{n} sea")));
        for count in [0, 1, 7, 1000, 3 * UNSETTLED] {
            let mut gathered = Gathered::default();
            for n in 0..count {
                // Some come again, one always.
                let pairs = [n, n / 2, 0].map(|n| pair(&format!("ice {n}")));
                gathered.add(&Naming { pairs: pairs.to_vec(), triples: vec![three(n)] });
            }
            let vocabulary = gathered.finish();
            assert_eq!(vocabulary.pairs.len(), count);
            for n in 0..count {
                // As itself, as half of two others, and the first with each.
                let halves = [2 * n, 2 * n + 1].into_iter().filter(|n| *n < count).count();
                let expected = 1 + halves + if n == 0 { count } else { 0 };
                let found = vocabulary.count(pair(&format!("ice {n}")));
                assert_eq!(found, expected.min(255) as u64, "{count} {n}");
                assert!(vocabulary.has(three(n)), "{count} {n}");
            }
            for other in ["ice -1", "0 ice", "ice 0x", "sea ice"] {
                assert_eq!(vocabulary.count(pair(other)), 0, "{count} {other}");
            }
            assert!(!vocabulary.has(TripleHash::of(pair("0 sea"), pair("ice 0"))));
        }
    }
}
