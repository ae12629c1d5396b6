//! How much a word says of a record: docs/search-format.md, "Levels".

use tantivy::fieldnorm::FieldNormReader;

use crate::release::search::code::{Code, LEVELS, PRESENT};

/// How finely impacts are told apart while lists are made.
pub(super) const BINS: usize = 4096;
const LAST: u16 = BINS as u16 - 1;

/// Frequencies below this are looked up: nearly all are.
const OFTEN: usize = 16;

/// What the impact of a posting depends on besides its frequency: the length of the field, as
/// one of tantivy's 256.
#[derive(Debug, Clone)]
pub(super) struct Lengths {
    lengths: [f32; 256],
    /// By length and frequency.
    bins: Box<[[Bin; OFTEN]; 256]>,
}

impl Lengths {
    /// For fields of `average` tokens.
    pub(super) fn new(average: f64) -> Lengths {
        let average = average.max(1e-9);
        let lengths = std::array::from_fn(|id| {
            let length = f64::from(FieldNormReader::id_to_fieldnorm(id as u8));
            (1.2 * (0.25 + 0.75 * length / average)) as f32
        });
        let of = |length| std::array::from_fn(|frequency| impact(frequency as u32, length));
        Lengths { lengths, bins: Box::new(lengths.map(of)) }
    }

    /// What a word says of a field of a length that has it so often.
    pub(super) fn impact(&self, frequency: u32, length: u8) -> Bin {
        let length = usize::from(length);
        match self.bins[length].get(frequency as usize) {
            Some(bin) => *bin,
            None => impact(frequency, self.lengths[length]),
        }
    }
}

fn impact(frequency: u32, length: f32) -> Bin {
    let frequency = frequency as f32;
    Bin::of(frequency / (frequency + length))
}

/// An impact, as one of 4096 bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bin(u16);

impl Bin {
    /// That of a term that is just there.
    pub(super) const PRESENT: Bin = Bin(LAST);

    /// Of an impact between 0 and 1.
    pub(super) fn of(impact: f32) -> Bin {
        Bin(((impact * BINS as f32) as u16).min(LAST))
    }

    /// How many are better.
    pub(super) fn rank(self) -> usize {
        usize::from(LAST - self.0)
    }

    /// That of which so many are better.
    pub(super) fn of_rank(rank: usize) -> Bin {
        Bin(LAST.saturating_sub(rank as u16))
    }

    /// The level it is in: its square, in 1/256.
    pub(super) fn level(self) -> u8 {
        let twice = u32::from(self.0) * 2 + 1;
        ((twice * twice) >> 18) as u8
    }

    /// Its middle, in 1/65536.
    pub(super) fn worth(self) -> u16 {
        match self {
            Bin::PRESENT => PRESENT,
            Bin(at) => at * 16 + 8,
        }
    }
}

/// Counts how often levels occur.
pub(super) struct Histogram(Box<[u64; LEVELS]>);

impl Histogram {
    pub(super) fn new() -> Histogram {
        Histogram(Box::new([0; LEVELS]))
    }

    pub(super) fn add(&mut self, impact: Bin) {
        self.0[usize::from(impact.level())] += 1;
    }

    /// The code that fits.
    pub(super) fn code(&self) -> Code {
        Code::fitting(&self.0)
    }
}
