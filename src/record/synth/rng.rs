//! Counter-keyed random numbers: the same key gives the same numbers on every machine.

/// One stream of numbers, keyed by seed, ordinal and field.
///
/// `splitmix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014):
/// eight bytes of state and integer arithmetic only, so any record can be written without the
/// ones before it, and a field that draws more numbers does not disturb its neighbours.
#[derive(Debug, Clone)]
pub(super) struct Rng {
    state: u64,
}

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Scrambles one word; a bijection.
pub(super) const fn mix(word: u64) -> u64 {
    let mut z = word.wrapping_add(GOLDEN);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Rng {
    /// The stream `field` of item `ordinal` under `seed`.
    pub(super) const fn new(seed: u64, ordinal: u64, field: u64) -> Self {
        Rng { state: mix(mix(mix(seed) ^ ordinal) ^ field) }
    }

    /// 64 random bits.
    pub(super) const fn bits(&mut self) -> u64 {
        let word = mix(self.state);
        self.state = self.state.wrapping_add(GOLDEN);
        word
    }

    /// A number in `0..bound`; 0 for a bound of 0.
    pub(super) const fn below(&mut self, bound: u64) -> u64 {
        ((self.bits() as u128 * bound as u128) >> 64) as u64
    }

    /// A number in `low..=high`.
    pub(super) const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True in `share` of 100,000 draws.
    pub(super) const fn chance(&mut self, share: u32) -> bool {
        self.below(100_000) < share as u64
    }

    /// One element; `items` must not be empty.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, items: &'a [&'a T]) -> &'a T {
        items[self.below(items.len() as u64) as usize]
    }

    /// An index in `0..2^octaves`, the small ones likelier: every power-of-two span weighs
    /// the same, which is Zipf's law with exponent 1 in steps.
    pub(super) const fn zipf(&mut self, octaves: u32) -> usize {
        let octave = self.below(octaves as u64);
        ((1u64 << octave) + self.below(1 << octave) - 1) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_independent_and_fixed() {
        let draw = |seed, ordinal, field| Rng::new(seed, ordinal, field).bits();
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF, "first output of the published splitmix64(0)");
        assert_ne!(draw(1, 2, 3), draw(1, 3, 2));
        assert_ne!(draw(1, 2, 3), draw(2, 2, 3));
        assert_eq!(draw(1, 2, 3), draw(1, 2, 3));
    }

    #[test]
    fn ranges_hold_their_bounds() {
        let mut rng = Rng::new(0, 0, 0);
        for _ in 0..10_000 {
            assert!(rng.below(7) < 7);
            assert!((3..=5).contains(&rng.between(3, 5)));
            assert!(rng.zipf(12) < 4095);
        }
        assert_eq!(rng.below(0), 0);
        assert!(!rng.chance(0));
        assert!(rng.chance(100_000));
    }
}
