//! How long, how many, how often: the measured shape of real repositories as integer tables.
//!
//! The tables follow percentiles of public Zenodo, DataCite, CERN Open Data and Crossref
//! metadata; between two points values are interpolated linearly. Integers only, because
//! floating-point logarithms differ in the last bit between machines.

use super::rng::Rng;

/// A distribution given by some of its quantiles: (share of 100,000 at or below, value).
///
/// The first share must be 0 and the last 100,000; both columns ascend.
pub(super) struct Quantiles(pub(super) &'static [(u32, u64)]);

impl Quantiles {
    /// Draws one value.
    pub(super) fn draw(&self, rng: &mut Rng) -> usize {
        let at = rng.below(100_000) as u32;
        let above = self.0.partition_point(|&(share, _)| share <= at);
        let (Some(&(s0, v0)), Some(&(s1, v1))) =
            (self.0.get(above.wrapping_sub(1)), self.0.get(above))
        else {
            return 0;
        };
        (v0 + (v1 - v0) * u64::from(at - s0) / u64::from(s1 - s0)) as usize
    }
}

/// Characters of the description's text, without its markup. 2 % have none.
pub(super) const DESCRIPTION_CHARS: Quantiles = Quantiles(&[
    (0, 0),
    (2_000, 0),
    (2_001, 12),
    (10_000, 76),
    (25_000, 300),
    (50_000, 690),
    (75_000, 1_230),
    (90_000, 1_900),
    (97_000, 2_900),
    (99_000, 3_900),
    (99_900, 9_000),
    (99_990, 20_000),
    (100_000, 30_000),
]);

/// Characters of the title.
pub(super) const TITLE_CHARS: Quantiles = Quantiles(&[
    (0, 4),
    (10_000, 38),
    (50_000, 84),
    (90_000, 148),
    (99_000, 205),
    (99_900, 330),
    (100_000, 730),
]);

/// Creators of one record.
pub(super) const CREATORS: Quantiles = Quantiles(&[
    (0, 1),
    (44_000, 1),
    (44_001, 2),
    (65_000, 2),
    (65_001, 3),
    (77_000, 3),
    (86_000, 5),
    (89_500, 7),
    (97_000, 10),
    (99_000, 16),
    (99_900, 40),
    (100_000, 140),
]);

/// Contributors of one record.
pub(super) const CONTRIBUTORS: Quantiles =
    Quantiles(&[(0, 0), (92_000, 0), (97_000, 2), (99_000, 6), (99_900, 25), (100_000, 118)]);

/// Keywords of one record.
pub(super) const KEYWORDS: Quantiles = Quantiles(&[
    (0, 0),
    (38_000, 0),
    (38_001, 1),
    (60_000, 4),
    (90_000, 7),
    (99_000, 12),
    (99_990, 40),
    (100_000, 200),
]);

/// Related works of one record.
pub(super) const RELATED: Quantiles = Quantiles(&[
    (0, 0),
    (68_000, 0),
    (68_001, 1),
    (87_000, 1),
    (89_500, 2),
    (97_000, 4),
    (99_000, 10),
    (99_900, 40),
    (100_000, 140),
]);

/// Bibliographic references of one record.
pub(super) const REFERENCES: Quantiles =
    Quantiles(&[(0, 0), (97_500, 0), (99_000, 10), (99_900, 40), (100_000, 220)]);

/// Files of one record that has files.
pub(super) const FILES: Quantiles = Quantiles(&[
    (0, 1),
    (86_000, 1),
    (86_001, 2),
    (91_500, 3),
    (98_000, 5),
    (99_000, 13),
    (99_900, 40),
    (100_000, 160),
]);

/// Bytes of one file.
pub(super) const FILE_BYTES: Quantiles = Quantiles(&[
    (0, 0),
    (10_000, 15_200),
    (50_000, 506_000),
    (90_000, 7_870_000),
    (99_000, 342_000_000),
    (99_900, 9_600_000_000),
    (100_000, 64_000_000_000),
]);

/// Values with weights; they need not add up to anything.
pub(super) struct Weighted<T: 'static>(pub(super) &'static [(u32, T)]);

impl<T> Weighted<T> {
    /// Draws one value.
    pub(super) fn draw(&self, rng: &mut Rng) -> &'static T {
        let total: u64 = self.0.iter().map(|&(weight, _)| u64::from(weight)).sum();
        let mut at = rng.below(total);
        for (weight, value) in self.0 {
            match at.checked_sub(u64::from(*weight)) {
                Some(rest) => at = rest,
                None => return value,
            }
        }
        &self.0[0].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(
        name: &str,
        quantiles: &Quantiles,
        wanted: &[(usize, std::ops::RangeInclusive<usize>)],
    ) {
        let points = quantiles.0;
        assert_eq!((points[0].0, points[points.len() - 1].0), (0, 100_000), "{name}");
        assert!(points.windows(2).all(|p| p[0].0 < p[1].0 && p[0].1 <= p[1].1), "{name} ascends");
        let mut rng = Rng::new(7, 7, 7);
        let mut draws: Vec<usize> = (0..20_000).map(|_| quantiles.draw(&mut rng)).collect();
        draws.sort_unstable();
        for (percent, range) in wanted {
            let value = draws[draws.len() * percent / 100];
            assert!(range.contains(&value), "{name} p{percent} is {value}, not in {range:?}");
        }
    }

    #[test]
    fn quantiles_come_out_as_put_in() {
        check(
            "description",
            &DESCRIPTION_CHARS,
            &[(10, 60..=90), (50, 600..=1_100), (90, 1_800..=2_100), (99, 3_500..=4_500)],
        );
        check("title", &TITLE_CHARS, &[(50, 80..=90), (99, 190..=220)]);
        check("creators", &CREATORS, &[(50, 2..=3), (90, 7..=11), (99, 15..=71)]);
        check("contributors", &CONTRIBUTORS, &[(50, 0..=0), (99, 5..=59)]);
        check("keywords", &KEYWORDS, &[(30, 0..=0), (99, 10..=18)]);
        check("related", &RELATED, &[(50, 0..=0), (90, 2..=2), (99, 9..=40)]);
        check("references", &REFERENCES, &[(90, 0..=0), (99, 9..=12)]);
        check("files", &FILES, &[(50, 1..=1), (90, 2..=4), (99, 12..=28)]);
        check("file bytes", &FILE_BYTES, &[(50, 450_000..=560_000)]);
    }

    #[test]
    fn weights_decide() {
        let table = Weighted(&[(1, 'a'), (0, 'b'), (99, 'c')]);
        let mut rng = Rng::new(1, 1, 1);
        let drawn: String = (0..10_000).map(|_| table.draw(&mut rng)).collect();
        assert!((60..160).contains(&drawn.matches('a').count()));
        assert_eq!(drawn.matches('b').count(), 0);
    }
}
