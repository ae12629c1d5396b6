//! Numbers as bits and bytes: docs/search-format.md, "Bits".

/// Most ones of a unary number. A reader meets hostile bytes; a writer stays far below, as the
/// parameter of a Rice code fits the mean gap.
const MAX_UNARY: u32 = 1 << 24;

/// Appends a varint.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads a varint at `at`, which moves behind it; `None` at the end of `bytes` or beyond 2^53.
pub fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..56).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return (value <= 1 << 53).then_some(value);
        }
    }
    None
}

/// The parameter of the Rice code of `count` numbers out of `range`.
pub fn rice_parameter(range: u32, count: u32) -> u32 {
    (range / count.max(1)).checked_ilog2().unwrap_or(0)
}

/// Writes bits, the lowest of a byte first.
#[derive(Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    pending: u64,
    held: u32,
}

impl BitWriter {
    /// Appends the lowest `count` bits of `value`, at most 32.
    pub fn bits(&mut self, value: u32, count: u32) {
        self.append(u64::from(value) & ((1 << count) - 1), count);
    }

    /// Appends `value`, which has at most `count` bits.
    fn append(&mut self, value: u64, count: u32) {
        self.pending |= value << self.held;
        self.held += count;
        // Fewer than 32 bits are held between calls.
        if self.held >= 32 {
            self.bytes.extend_from_slice(&(self.pending as u32).to_le_bytes());
            self.pending >>= 32;
            self.held -= 32;
        }
    }

    fn unary(&mut self, mut value: u32) {
        while value >= 16 {
            self.bits(0xffff, 16);
            value -= 16;
        }
        self.bits((1 << value) - 1, value + 1);
    }

    /// A number of at least 1.
    pub fn gamma(&mut self, value: u32) {
        let length = value.max(1).ilog2();
        self.unary(length);
        self.bits(value, length);
    }

    /// A number of at least 0.
    pub fn rice(&mut self, value: u32, k: u32) {
        let high = value >> k;
        if high < 32 && high + 1 + k <= 32 {
            let low = u64::from(value) & ((1 << k) - 1);
            self.append(low << (high + 1) | ((1 << high) - 1), high + 1 + k);
            return;
        }
        self.unary(high);
        self.bits(value, k);
    }

    /// The bytes, zeros up to a whole one.
    pub fn finish(mut self) -> Vec<u8> {
        let left = self.held.div_ceil(8) as usize;
        self.bytes.extend_from_slice(&self.pending.to_le_bytes()[..left]);
        self.bytes
    }
}

/// Reads what [`BitWriter`] wrote. Every method gives `None` past the end.
#[derive(Debug, Clone)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
    pending: u64,
    held: u32,
}

impl<'a> BitReader<'a> {
    /// From the first bit of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        BitReader { bytes, at: 0, pending: 0, held: 0 }
    }

    fn fill(&mut self) {
        while self.held <= 56 {
            let Some(byte) = self.bytes.get(self.at) else { return };
            self.pending |= u64::from(*byte) << self.held;
            self.held += 8;
            self.at += 1;
        }
    }

    /// The next `count` bits, at most 32, which stay; zeros past the end.
    pub fn peek(&mut self, count: u32) -> u32 {
        if self.held < count {
            self.fill();
        }
        (self.pending & ((1 << count) - 1)) as u32
    }

    /// `count` bits, at most 32.
    pub fn bits(&mut self, count: u32) -> Option<u32> {
        if self.held < count {
            self.fill();
        }
        self.held = self.held.checked_sub(count)?;
        let value = self.pending & ((1 << count) - 1);
        self.pending >>= count;
        Some(value as u32)
    }

    fn unary(&mut self) -> Option<u32> {
        let mut value = 0;
        loop {
            if self.held == 0 {
                self.fill();
            }
            if self.held == 0 || value > MAX_UNARY {
                return None;
            }
            let ones = self.pending.trailing_ones().min(self.held);
            value += ones;
            if ones < self.held {
                self.skip(ones + 1)?;
                return Some(value);
            }
            self.skip(ones)?;
        }
    }

    fn skip(&mut self, count: u32) -> Option<u32> {
        self.held = self.held.checked_sub(count)?;
        self.pending = self.pending.checked_shr(count).unwrap_or(0);
        Some(0)
    }

    /// A number of at least 1.
    pub fn gamma(&mut self) -> Option<u32> {
        let length = self.unary().filter(|length| *length < 32)?;
        Some((1 << length) | self.bits(length)?)
    }

    /// A number of at least 0.
    pub fn rice(&mut self, k: u32) -> Option<u32> {
        let high = self.unary()?.checked_shl(k).filter(|_| k < 32)?;
        high.checked_add(self.bits(k)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bits_are_as_specified() {
        let mut out = BitWriter::default();
        out.gamma(1);
        out.gamma(5);
        out.rice(9, 2);
        out.bits(63, 6);
        // 0, 110 10, 110 10, 111111, each from the lowest bit up.
        assert_eq!(out.finish(), [0b1101_0110, 0b1111_1010, 0b0000_0001]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            numbers in prop::collection::vec((1u32..2_000_000, 8u32..24), 0..200)
        ) {
            let mut out = BitWriter::default();
            for (number, k) in &numbers {
                out.gamma(*number);
                out.rice(*number, *k);
                out.bits(*number, 6);
            }
            let bytes = out.finish();
            let mut read = BitReader::new(&bytes);
            for (number, k) in &numbers {
                prop_assert_eq!(read.gamma(), Some(*number));
                prop_assert_eq!(read.rice(*k), Some(*number));
                prop_assert_eq!(read.bits(6), Some(*number & 63));
            }
            let mut bytes = Vec::new();
            numbers.iter().for_each(|(number, _)| put_varint(&mut bytes, u64::from(*number)));
            let mut at = 0;
            for (number, _) in &numbers {
                prop_assert_eq!(varint(&bytes, &mut at), Some(u64::from(*number)));
            }
        }

        #[test]
        fn hostile_bits_end(bytes in prop::collection::vec(any::<u8>(), 0..64), k in 0u32..40) {
            let mut read = BitReader::new(&bytes);
            while read.gamma().is_some() && read.rice(k).is_some() {}
            varint(&bytes, &mut 0);
        }
    }
}
