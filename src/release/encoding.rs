//! Precompressed variants: `<file>.gz` and `<file>.zst` beside a text file of the site.
//!
//! A server that finds one sends it to a client that accepts the coding, and compresses nothing
//! itself. The bytes depend on the content, this program's version and nothing else.

use std::io::{self, Read as _, Write as _};

use flate2::{Compression, GzBuilder, bufread::GzDecoder};
use zstd::bulk::Compressor;
use zstd::zstd_safe::CParameter;

/// zlib's highest level. On pages of 13 KB it is within 1 % of level 6 in size and time; it
/// pays on lists and scripts.
const GZIP_LEVEL: u32 = 9;
/// A page of 13 KB is 3252 bytes at 9, 3194 at 15 for eight times the work, and 3257 as gzip:
/// zstd is for the larger files, and for clients that unpack it faster.
const ZSTD_LEVEL: i32 = 9;

/// Files smaller than this have no variant: a response of one packet gets no faster.
pub const MIN_BYTES: usize = 1024;

/// A content coding (RFC 9110 §8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// RFC 1952; every client knows it.
    Gzip,
    /// RFC 8878; browsers since 2024.
    Zstd,
}

impl Encoding {
    /// Every coding, in order of file name ending.
    pub const ALL: [Encoding; 2] = [Encoding::Gzip, Encoding::Zstd];

    /// Name in configuration and in HTTP headers.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::Gzip => "gzip",
            Encoding::Zstd => "zstd",
        }
    }

    /// Appended to the file's name.
    pub const fn suffix(self) -> &'static str {
        match self {
            Encoding::Gzip => ".gz",
            Encoding::Zstd => ".zst",
        }
    }

    /// Media type of the variant as a file of its own.
    pub const fn media_type(self) -> &'static str {
        match self {
            Encoding::Gzip => "application/gzip",
            Encoding::Zstd => "application/zstd",
        }
    }

    /// The coding of a [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Encoding> {
        Encoding::ALL.into_iter().find(|encoding| encoding.name() == name)
    }

    /// `raw`, compressed; gzip without name and time.
    ///
    /// # Errors
    /// When the compressor cannot start, for want of memory.
    pub fn compress(self, raw: &[u8]) -> io::Result<Vec<u8>> {
        match self {
            Encoding::Gzip => {
                let out = Vec::with_capacity(raw.len() / 3);
                let level = Compression::new(GZIP_LEVEL);
                let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(out, level);
                gzip.write_all(raw)?;
                gzip.finish()
            }
            Encoding::Zstd => zstd::bulk::compress(raw, ZSTD_LEVEL),
        }
    }

    /// Whether `packed` is a whole variant of exactly `raw`. Reads at most one byte more than
    /// `raw` has.
    pub fn holds(self, packed: &[u8], raw: &[u8]) -> bool {
        let limit = raw.len() + 1;
        match self {
            Encoding::Gzip => {
                let mut out = Vec::with_capacity(limit);
                let read = GzDecoder::new(packed).take(limit as u64).read_to_end(&mut out);
                read.is_ok() && out == raw
            }
            Encoding::Zstd => zstd::bulk::decompress(packed, limit).is_ok_and(|out| out == raw),
        }
    }
}

/// `raw` as one zstd frame, by a compressor that is used again: to make one costs more than to
/// compress a few kilobytes.
///
/// # Errors
/// When zstd does not accept the level, or for want of memory.
pub fn compressed(raw: &[u8], level: i32, by: &mut Compressor<'_>) -> io::Result<Vec<u8>> {
    by.set_parameter(CParameter::CompressionLevel(level))?;
    by.compress(raw)
}

/// What one zstd frame holds, at most `limit` bytes. Memory is taken for as many as the frame says
/// that it holds.
///
/// # Errors
/// When it is no frame, damaged, or holds more.
pub fn inflated(frame: &[u8], limit: usize) -> io::Result<Vec<u8>> {
    let said = zstd::zstd_safe::get_frame_content_size(frame).ok().flatten();
    let size = said.and_then(|size| usize::try_from(size).ok()).unwrap_or(limit);
    zstd::bulk::decompress(frame, size.min(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_inflated_within_its_limit_whatever_it_says() {
        let raw = vec![7; 5000];
        let sized = zstd::bulk::compress(&raw, 1).unwrap();
        let streamed = zstd::encode_all(raw.as_slice(), 1).unwrap();
        for frame in [&sized, &streamed] {
            assert_eq!(inflated(frame, 5000).unwrap(), raw);
            assert!(inflated(frame, 4999).is_err());
            assert!(inflated(&frame[..frame.len() - 1], 5000).is_err());
        }
        assert_eq!(inflated(&sized, usize::MAX).unwrap().capacity(), 5000);
        assert!(inflated(b"no frame", 9).is_err());
    }

    #[test]
    fn a_variant_is_deterministic_and_holds_its_content_only() {
        let raw = "<p>text of a page</p>".repeat(200).into_bytes();
        for encoding in Encoding::ALL {
            let packed = encoding.compress(&raw).unwrap();
            assert_eq!(packed, encoding.compress(&raw).unwrap());
            assert!(packed.len() < raw.len() / 10);
            assert!(encoding.holds(&packed, &raw));
            assert!(!encoding.holds(&packed, &raw[1..]));
            assert!(!encoding.holds(&packed[..packed.len() - 1], &raw));
            assert!(!encoding.holds(b"", &raw));
            assert!(!encoding.holds(&raw, &raw));
            assert_eq!(Encoding::from_name(encoding.name()), Some(encoding));
        }
        let gzip = Encoding::Gzip.compress(&raw).unwrap();
        assert_eq!(gzip[3..10], [0, 0, 0, 0, 0, 2, 255], "no name, no time, no system");
    }
}
