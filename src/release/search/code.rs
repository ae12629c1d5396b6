//! How levels are written: docs/search-format.md, "Levels".

use super::bits::{BitReader, BitWriter};

/// How many levels there are.
pub const LEVELS: usize = 256;
/// Longest code, bits.
const LONGEST: u32 = 12;

/// What a posting of a level is worth, in 1/65536: the middle of the level. Levels are even steps
/// of the square, so the best records are told apart the finest.
pub fn worth(level: u8) -> u16 {
    (4096.0 * (f64::from(level) + 0.5).sqrt()) as u16
}

/// What a posting is worth that is just there.
pub const PRESENT: u16 = u16::MAX;

/// The codes of levels of stems in the text, and of others.
pub type Codes = [Code; 2];

/// A prefix code of levels, frequent ones short.
#[derive(Debug, Clone)]
pub struct Code {
    lengths: [u8; LEVELS],
    /// Lowest bit first.
    codes: [u16; LEVELS],
    /// By the next bits: level and length.
    table: Vec<(u8, u8)>,
}

impl Code {
    /// The code that fits how often levels occur: Huffman's, with counts raised until no code is
    /// longer than 12 bits.
    pub fn fitting(counts: &[u64; LEVELS]) -> Code {
        let total: u64 = counts.iter().sum::<u64>() + LEVELS as u64;
        let mut least = 1 + total / (1 << (LONGEST + 4));
        loop {
            let lengths = huffman(&counts.map(|count| count.max(least)));
            if let Some(code) = Code::from_lengths(&lengths) {
                return code;
            }
            // Ends: equal counts give every level 8 bits.
            least *= 2;
        }
    }

    /// The code with these lengths, one a level; `None` if there is none that is complete.
    pub fn from_lengths(lengths: &[u8]) -> Option<Code> {
        let lengths: [u8; LEVELS] = lengths.try_into().ok()?;
        let in_bounds = lengths.iter().all(|length| (1..=LONGEST).contains(&u32::from(*length)));
        let taken: u32 = lengths.iter().map(|length| (1 << LONGEST) >> u32::from(*length)).sum();
        if !in_bounds || taken != 1 << LONGEST {
            return None;
        }
        let mut order: Vec<usize> = (0..LEVELS).collect();
        order.sort_by_key(|level| lengths[*level]);
        let (mut codes, mut table) = ([0; LEVELS], vec![(0, 0); 1 << LONGEST]);
        // Codes rise when the first bit is the highest, at a fixed length.
        let mut next = 0u32;
        for level in order {
            let length = u32::from(lengths[level]);
            let code = (next << (32 - LONGEST)).reverse_bits();
            codes[level] = code as u16;
            for at in (code..1 << LONGEST).step_by(1 << length) {
                table[at as usize] = (level as u8, length as u8);
            }
            next += (1 << LONGEST) >> length;
        }
        Some(Code { lengths, codes, table })
    }

    /// Bits of each level's code.
    pub fn lengths(&self) -> &[u8] {
        &self.lengths
    }

    /// Appends a level.
    pub fn put(&self, level: u8, out: &mut BitWriter) {
        let level = usize::from(level);
        out.bits(u32::from(self.codes[level]), u32::from(self.lengths[level]));
    }

    /// Reads a level.
    pub fn take(&self, bits: &mut BitReader<'_>) -> Option<u8> {
        let (level, length) = self.table[bits.peek(LONGEST) as usize];
        bits.bits(u32::from(length))?;
        Some(level)
    }
}

/// Lengths of Huffman's code. Of equal counts the lower level, or the earlier sum, goes first.
fn huffman(counts: &[u64; LEVELS]) -> [u8; LEVELS] {
    // Nodes: leaves by count, then sums in the order made, which rise.
    let mut leaves: Vec<usize> = (0..LEVELS).collect();
    leaves.sort_by_key(|level| counts[*level]);
    let mut weights: Vec<u64> = leaves.iter().map(|level| counts[*level]).collect();
    let mut parents = vec![0; 2 * LEVELS - 1];
    let (mut leaf, mut sum) = (0, LEVELS);
    for node in LEVELS..2 * LEVELS - 1 {
        let mut weight = 0;
        for _ in 0..2 {
            let is_leaf = leaf < LEVELS && (sum >= node || weights[leaf] <= weights[sum]);
            let least = if is_leaf { &mut leaf } else { &mut sum };
            weight += weights[*least];
            parents[*least] = node;
            *least += 1;
        }
        weights.push(weight);
    }
    let mut depths = vec![0u8; 2 * LEVELS - 1];
    for node in (0..2 * LEVELS - 2).rev() {
        depths[node] = depths[parents[node]] + 1;
    }
    let mut lengths = [0; LEVELS];
    for (at, level) in leaves.into_iter().enumerate() {
        lengths[level] = depths[at];
    }
    lengths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: [u64; LEVELS], most: f64) {
        let code = Code::fitting(&counts);
        let mut out = BitWriter::default();
        (0..=255).for_each(|level| code.put(level, &mut out));
        let bytes = out.finish();
        let mut bits = BitReader::new(&bytes);
        (0..=255).for_each(|level| assert_eq!(code.take(&mut bits), Some(level)));
        let same = Code::from_lengths(code.lengths()).unwrap();
        assert_eq!(same.codes, code.codes);
        let all: u64 = counts.iter().sum::<u64>().max(1);
        let bits: u64 = counts.iter().zip(code.lengths).map(|(n, bits)| n * u64::from(bits)).sum();
        assert!(bits as f64 / all as f64 <= most, "{}", bits as f64 / all as f64);
    }

    #[test]
    fn levels_are_read_as_written_and_frequent_ones_are_short() {
        check([0; LEVELS], 8.0);
        check([7; LEVELS], 8.0);
        check(std::array::from_fn(|level| if level == 9 { 1 << 40 } else { 0 }), 1.01);
        check(std::array::from_fn(|level| 1 << (level / 8)), 5.2);
    }

    #[test]
    fn codes_that_cannot_be_are_refused() {
        assert!(Code::from_lengths(&[8; LEVELS]).is_some());
        for lengths in [vec![8; 255], vec![7; LEVELS], vec![9; LEVELS], vec![0; LEVELS]] {
            assert!(Code::from_lengths(&lengths).is_none());
        }
    }
}
