//! Stems whose list is not theirs alone, so that nothing is told by places in it.
//!
//! Now and then two keys have bucket and fingerprint in common, and share an entry, whose list has
//! the records of both. Such keys are found as they come, without holding all of them: a filter
//! of the stems lets few other keys pass.

use std::collections::HashSet;

use crate::release::search::key::{FINGERPRINTS, Place};
use crate::release::search::lists::BASE;

use super::SearchError;
use super::terms::{Source, each_term, place};

/// Bits of the filter for a stem. With three of them set for each, of a hundred other keys one
/// passes, and of as many stems one is taken for shared though it is not, which costs a few bits.
const BITS: u64 = 16;

/// Keys that are looked at together: the filter is larger than a cache, and so they wait for memory
/// at once, not one after another.
const AT_ONCE: usize = 256;

/// Places of keys, on the way to those that a stem shares.
pub(super) struct Sharing {
    filter: Vec<u64>,
    /// Those that came last, and whether they are of stems.
    waiting: Vec<(Place, bool)>,
    /// Of keys that passed the filter.
    doubtful: Vec<Place>,
}

impl Sharing {
    /// For so many stems.
    pub(super) fn new(stems: u64) -> Sharing {
        let words = (stems * BITS).div_ceil(64).max(1) as usize;
        Sharing { filter: vec![0; words], waiting: Vec::new(), doubtful: Vec::new() }
    }

    /// Takes a key; stems in the text come before all others.
    pub(super) fn add(&mut self, place: Place, is_stem: bool) {
        self.waiting.push((place, is_stem));
        if self.waiting.len() == AT_ONCE {
            self.look();
        }
    }

    fn look(&mut self) {
        for (place, is_stem) in self.waiting.drain(..) {
            let bucket = u64::from(place.bucket) * u64::from(FINGERPRINTS);
            let number = bucket + u64::from(place.fingerprint);
            let hash = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let at = ((hash >> 32) * self.filter.len() as u64) >> 32;
            let bits = 1 << (hash & 63) | 1 << (hash >> 6 & 63) | 1 << (hash >> 12 & 63);
            let word = &mut self.filter[at as usize];
            if *word & bits == bits {
                self.doubtful.push(place);
            }
            if is_stem {
                *word |= bits;
            }
        }
    }

    /// The stems that no key may have as its base. `text`: their source; `buckets`: how many there
    /// are.
    pub(super) fn finish(mut self, text: &Source, buckets: u32) -> Result<Shared, SearchError> {
        self.look();
        let mut doubtful = self.doubtful;
        doubtful.sort_unstable();
        let mut shared = HashSet::new();
        each_term(text, |key, info| {
            let is_doubtful = || doubtful.binary_search(&place(text, key, buckets)).is_ok();
            if info.doc_freq < BASE && is_doubtful() {
                shared.insert(info.postings_range.start as u64);
            }
            Ok(())
        })?;
        Ok(Shared(shared))
    }
}

/// Stems that share an entry, by where their postings begin.
#[derive(Debug, Default)]
pub(super) struct Shared(HashSet<u64>);

impl Shared {
    /// Whether the stem whose postings begin here does.
    pub(super) fn has(&self, start: u64) -> bool {
        self.0.contains(&start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_all_keys_those_that_a_stem_shares_are_doubtful() {
        let place = |n: u64| {
            let n = n.wrapping_mul(0xd134_2543_de82_ef95) >> 21;
            let fingerprint = n as u32 % FINGERPRINTS;
            Place { bucket: (n >> 26) as u32, fingerprint }
        };
        const STEMS: u64 = 10_000;
        let mut sharing = Sharing::new(STEMS);
        (0..STEMS).for_each(|n| sharing.add(place(n), true));
        sharing.look();
        let of_stems = sharing.doubtful.len();
        sharing.add(place(77), true);
        (STEMS..4 * STEMS).for_each(|n| sharing.add(place(n), false));
        sharing.add(place(99), false);
        sharing.look();
        let of_others = sharing.doubtful.len() - of_stems - 2;
        assert!(sharing.doubtful.contains(&place(77)) && sharing.doubtful.contains(&place(99)));
        assert!(of_stems < STEMS as usize / 100, "{of_stems} stems");
        assert!(of_others < 3 * STEMS as usize / 50, "{of_others} others");
    }
}
