//! How much a word says of a record, as one of 64 levels: docs/search-format.md, "Score".

use tantivy::fieldnorm::FieldNormReader;

use crate::release::search::pointer::LEVELS;

/// Fineness of the histogram of impacts.
const BINS: usize = 4096;

/// What the impact of a posting depends on besides its frequency: the length of the field, as
/// one of tantivy's 256.
#[derive(Debug, Clone)]
pub(super) struct Lengths([f32; 256]);

impl Lengths {
    /// For fields of `average` tokens.
    pub(super) fn new(average: f64) -> Lengths {
        let average = average.max(1e-9);
        Lengths(std::array::from_fn(|id| {
            let length = f64::from(FieldNormReader::id_to_fieldnorm(id as u8));
            (1.2 * (0.25 + 0.75 * length / average)) as f32
        }))
    }

    /// Between 0 and 1.
    pub(super) fn impact(&self, frequency: u32, length: u8) -> f32 {
        let frequency = frequency as f32;
        frequency / (frequency + self.0[usize::from(length)])
    }
}

/// Counts impacts, to find levels that fit them.
pub(super) struct Histogram(Vec<u64>);

/// Impact → level, and what each level is worth.
pub(super) struct Levels {
    of_bin: Vec<u8>,
    /// In 1/65535, rising.
    pub(super) values: Vec<u32>,
}

impl Histogram {
    pub(super) fn new() -> Histogram {
        Histogram(vec![0; BINS])
    }

    pub(super) fn add(&mut self, impact: f32) {
        self.0[bin(impact)] += 1;
    }

    /// Levels as narrow as the fourth root of how many postings there are asks for. The cube root
    /// would lose least in the mean square; the best records of a word are where postings are few,
    /// and need levels too. Depends on the counts alone.
    pub(super) fn levels(&self) -> Levels {
        // One is added so that every impact has a level, whatever the sample missed.
        let weight = |count: &u64| ((count + 1) as f64).sqrt().sqrt();
        let total: f64 = self.0.iter().map(weight).sum();
        let mut of_bin = Vec::with_capacity(BINS);
        let mut sums = vec![(0u64, 0u64); LEVELS];
        let mut before = 0.0;
        for (at, count) in self.0.iter().enumerate() {
            let level = ((before / total * LEVELS as f64) as usize).min(LEVELS - 1);
            before += weight(count);
            of_bin.push(level as u8);
            // The middle of the bin, in 1/65535; a bin is 16 wide.
            sums[level].0 += (count + 1) * (at as u64 * 16 + 8);
            sums[level].1 += count + 1;
        }
        let values = sums.iter().map(|(sum, count)| (sum / (*count).max(1)).min(65535) as u32);
        Levels { of_bin, values: values.collect() }
    }
}

impl Levels {
    pub(super) fn of(&self, impact: f32) -> u8 {
        self.of_bin[bin(impact)]
    }
}

fn bin(impact: f32) -> usize {
    ((impact * BINS as f32) as usize).min(BINS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_rise_and_are_dense_where_postings_are() {
        let mut histogram = Histogram::new();
        (0..100_000).for_each(|n| histogram.add(0.4 + n as f32 / 1e6));
        let levels = histogram.levels();
        assert!(levels.values.is_sorted());
        let inside = levels.of(0.5) - levels.of(0.4);
        assert!(inside >= 20, "{inside}");
        for impact in [0.41, 0.45, 0.49] {
            let value = levels.values[usize::from(levels.of(impact))] as f32 / 65535.0;
            assert!((value - impact).abs() < 0.004, "{impact} {value}");
        }
    }
}
