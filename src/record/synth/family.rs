//! Which record is a version of which: families without a list of families.

use super::rng::Rng;

/// Family links of all records under one seed.
///
/// Every record may have one successor and one predecessor at a few fixed distances. A link
/// stands when both ends choose the same distance, so predecessor and successor are found by
/// arithmetic, never branch, and cost the same at any corpus size. All distances are
/// multiples of [`CLASSES`], so a family stays in one residue class: class 0 is the often
/// updated kind, which gives the long tail (about 1.3 versions a family, p99 near 6).
/// Once in [`SERIES_BLOCK`] records one family is a series of 30 to 163 versions.
#[derive(Debug, Clone, Copy)]
pub(super) struct Families {
    pub(super) seed: u64,
}

/// A record's place in its family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Ordinal of the first version; names the family.
    pub(super) root: u64,
    /// 1-based.
    pub(super) index: u32,
    /// Ordinal of the next version, which may not have been published yet.
    pub(super) next: Option<u64>,
}

const CLASSES: u64 = 16;
/// Ordinals between a version and the next: days, weeks, months, years apart.
const DISTANCES: [u64; 4] = [3 * CLASSES, 151 * CLASSES, 1_201 * CLASSES, 4_099 * CLASSES];
const SERIES_BLOCK: u64 = 32_768;
const SERIES_STEP: u64 = 11 * CLASSES;
const SERIES_LONGEST: u64 = 163;

const SUCCESSOR: u64 = 101;
const PREDECESSOR: u64 = 102;
const SERIES: u64 = 103;

impl Families {
    /// The place of record `ordinal`.
    pub(super) fn place(self, ordinal: u64) -> Place {
        let (mut root, mut index) = (ordinal, 1);
        while let Some(before) = self.previous(root) {
            root = before;
            index += 1;
        }
        Place { root, index, next: self.next(ordinal) }
    }

    fn previous(self, ordinal: u64) -> Option<u64> {
        if let Some((position, _)) = self.series(ordinal) {
            return (position > 0).then(|| ordinal - SERIES_STEP);
        }
        let distance = self.distance(ordinal, PREDECESSOR)?;
        let before = ordinal.checked_sub(distance)?;
        let linked =
            self.series(before).is_none() && self.distance(before, SUCCESSOR) == Some(distance);
        linked.then_some(before)
    }

    fn next(self, ordinal: u64) -> Option<u64> {
        if let Some((position, length)) = self.series(ordinal) {
            return (position + 1 < length).then(|| ordinal + SERIES_STEP);
        }
        let distance = self.distance(ordinal, SUCCESSOR)?;
        let after = ordinal + distance;
        let linked =
            self.series(after).is_none() && self.distance(after, PREDECESSOR) == Some(distance);
        linked.then_some(after)
    }

    /// The distance that one end of a possible link chooses.
    fn distance(self, ordinal: u64, end: u64) -> Option<u64> {
        // Shares of 1000; a link's probability is the sum of their squares: 0.70 and 0.19.
        let shares: [u64; 4] =
            if ordinal.is_multiple_of(CLASSES) { [160, 820, 10, 10] } else { [150, 350, 200, 100] };
        let mut at = Rng::new(self.seed, ordinal, end).below(1000);
        for (share, distance) in shares.into_iter().zip(DISTANCES) {
            if at < share {
                return Some(distance);
            }
            at -= share;
        }
        None
    }

    /// Position in the block's series and the series' length, if `ordinal` belongs to it.
    fn series(self, ordinal: u64) -> Option<(u64, u64)> {
        let block = ordinal / SERIES_BLOCK;
        let mut rng = Rng::new(self.seed, block, SERIES);
        let length = rng.between(30, SERIES_LONGEST);
        let room = SERIES_BLOCK - SERIES_LONGEST * SERIES_STEP;
        let first = block * SERIES_BLOCK + rng.below(room);
        let offset = ordinal.checked_sub(first)?;
        let position = offset / SERIES_STEP;
        (offset.is_multiple_of(SERIES_STEP) && position < length).then_some((position, length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_agree_in_both_directions() {
        let families = Families { seed: 3 };
        for ordinal in 0..40_000 {
            let place = families.place(ordinal);
            assert!(place.root <= ordinal && place.index >= 1);
            if let Some(next) = place.next {
                let after = families.place(next);
                assert_eq!((after.root, after.index), (place.root, place.index + 1));
            }
        }
    }

    #[test]
    fn family_sizes_have_the_real_shape() {
        let families = Families { seed: 1 };
        let mut indexes: Vec<u32> = (0..100_000).map(|o| families.place(o).index).collect();
        let concepts = indexes.iter().filter(|&&index| index == 1).count();
        indexes.sort_unstable();
        let versions = 100_000 * 100 / concepts;
        assert!((122..=140).contains(&versions), "{versions} versions per 100 families");
        assert_eq!(indexes[50_000], 1);
        assert!((4..=8).contains(&indexes[99_000]), "p99 {}", indexes[99_000]);
        assert!((60..=163).contains(&indexes[99_999]), "longest {}", indexes[99_999]);
    }
}
