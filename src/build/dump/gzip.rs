//! Deterministic gzip: no name, no time, unknown system.

use std::io::{self, Write};

use flate2::{Compress, Compression, Crc, FlushCompress, GzBuilder, write::GzEncoder};

/// zlib's usual level; what the archives are compared with uses it too.
const LEVEL: u32 = 6;

/// A gzip stream whose bytes depend on the content only.
pub fn writer<W: Write>(out: W) -> GzEncoder<W> {
    GzBuilder::new().mtime(0).operating_system(255).write(out, Compression::new(LEVEL))
}

/// A piece of a gzip stream, compressed on its own and ended at a byte boundary, so that pieces
/// made by many threads join into one member. One member, because streaming readers (Python's
/// `tarfile` in mode `r|gz`) stop after the first.
#[derive(Debug)]
pub struct Part {
    deflated: Vec<u8>,
    crc: Crc,
}

impl Part {
    /// Compresses `raw`.
    pub fn new(raw: &[u8]) -> Part {
        let mut crc = Crc::new();
        crc.update(raw);
        let mut deflate = Compress::new(Compression::new(LEVEL), false);
        let mut deflated = Vec::with_capacity(raw.len() / 4 + 64);
        loop {
            let done = deflate.total_in() as usize;
            // Deflate with room to write cannot fail: it has no invalid input.
            let status = deflate.compress_vec(&raw[done..], &mut deflated, FlushCompress::Sync);
            debug_assert!(status.is_ok());
            let all_in = deflate.total_in() as usize == raw.len();
            // Room left over means that the flush is complete.
            if all_in && deflated.len() < deflated.capacity() {
                return Part { deflated, crc };
            }
            deflated.reserve(deflated.capacity().max(64));
        }
    }
}

/// Joins parts, in the order they are pushed, into one gzip member.
#[derive(Debug)]
pub struct Joined<W> {
    out: W,
    crc: Crc,
}

impl<W: Write> Joined<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn new(mut out: W) -> io::Result<Self> {
        out.write_all(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])?;
        Ok(Joined { out, crc: Crc::new() })
    }

    /// Appends a part.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn push(&mut self, part: &Part) -> io::Result<()> {
        self.crc.combine(&part.crc);
        self.out.write_all(&part.deflated)
    }

    /// Ends the member and gives `out` back.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn finish(mut self) -> io::Result<W> {
        // An empty final block with fixed codes.
        self.out.write_all(&[3, 0])?;
        self.out.write_all(&self.crc.sum().to_le_bytes())?;
        self.out.write_all(&self.crc.amount().to_le_bytes())?;
        Ok(self.out)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn parts_make_one_member() {
        let noise: Vec<u8> =
            (0u32..200_000).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let raws = [&b"hello "[..], b"", &noise, &[b'a'; 1_000_000], b"."];
        let mut joined = Joined::new(Vec::new()).unwrap();
        for raw in raws {
            joined.push(&Part::new(raw)).unwrap();
        }
        let bytes = joined.finish().unwrap();
        let mut back = Vec::new();
        let mut one = flate2::bufread::GzDecoder::new(&bytes[..]);
        one.read_to_end(&mut back).unwrap();
        assert_eq!(back, raws.concat());
        assert_eq!(one.into_inner(), b"", "one member only");
    }

    #[test]
    fn header_says_nothing() {
        let bytes = writer(Vec::new()).finish().unwrap();
        assert_eq!(bytes[..8], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[9], 255);
    }
}
