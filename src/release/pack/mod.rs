//! Packs: the dump files, readable whole by any zstd tool and record by record through ranges.
//!
//! ```text
//! data frame | card | data frame | card | … | end-of-archive frame (tar) | record index | seek table
//! ```
//!
//! A *data frame* is an independent zstd frame of whole records. The *card* after it, a skippable
//! frame, lists the ids in it. The *tail* (record index and seek table) is read with one range
//! request; the data frame and its card with a second. `docs/format.md` has the byte tables.

pub mod card;
pub mod codec;
pub mod index;
pub mod member;
pub mod reader;
pub mod writer;

pub use codec::{EncodedFrame, FrameDecoder, FrameEncoder};
pub use index::{FrameInfo, Tail};
pub use reader::{DecodedFrame, PackError, PackReader, PackRef};
pub use writer::PackWriter;

/// Most bytes of one frame before compression: bounds what a reader must hold. About a thousand
/// times the usual frame.
pub const MAX_FRAME_RAW: usize = 1 << 30;

/// Most bytes of a tail: what [`Spans::MAX_FRAMES`](super::Spans::MAX_FRAMES) frames need.
pub const MAX_TAIL: u64 = 2 << 20;

/// Skippable frame that holds a card.
pub(crate) const CARD_MAGIC: u32 = 0x184D_2A50;
/// Skippable frame that holds the record index.
pub(crate) const INDEX_MAGIC: u32 = 0x184D_2A51;
/// Skippable frame that holds the seek table, from the zstd seekable format.
pub(crate) const SEEK_MAGIC: u32 = 0x184D_2A5E;
/// Last four bytes of a seekable zstd file.
pub(crate) const SEEK_FOOTER_MAGIC: u32 = 0x8F92_EAB1;

/// What is wrong with the bytes of a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The tail is not a record index followed by a seek table.
    #[error("tail: {0}")]
    Tail(&'static str),
    /// The list of ids of a frame is not one.
    #[error("id list: {0}")]
    Card(&'static str),
    /// The data is not one zstd frame with size and checksum.
    #[error("not one zstd frame with size and checksum")]
    FrameHeader,
    /// The zstd frame does not decode.
    #[error("{0}")]
    Decode(String),
    /// The frame is larger than [`MAX_FRAME_RAW`] or not of the size the seek table says.
    #[error("{found} bytes uncompressed where {expected} are allowed")]
    Size {
        /// What the seek table or the limit says.
        expected: u64,
        /// What the frame header says.
        found: u64,
    },
    /// The uncompressed bytes of a frame are not whole records.
    #[error("record {ordinal}: {why}")]
    Record {
        /// Position in the frame, from 0.
        ordinal: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// Index, id list and content disagree on how many records a frame has.
    #[error("{found} records where {expected} are listed")]
    Count {
        /// As listed.
        expected: u64,
        /// As found.
        found: u64,
    },
    /// A tar member has another name than the id list says.
    #[error("record {ordinal}: named {found:?}, listed as {expected:?}")]
    Name {
        /// Position in the frame, from 0.
        ordinal: usize,
        /// Id in the list.
        expected: String,
        /// Id in the member name.
        found: String,
    },
}

/// Wraps `payload` into a skippable frame.
pub(crate) fn skippable(magic: u32, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + payload.len());
    out.extend_from_slice(&magic.to_le_bytes());
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(payload);
    out
}

/// The payload of `bytes` if it is exactly one skippable frame with this magic.
pub(crate) fn skippable_payload(magic: u32, bytes: &[u8]) -> Option<&[u8]> {
    let mut cursor = Cursor(bytes);
    let found = cursor.u32()?;
    let size = cursor.u32()?;
    (found == magic && size as usize == cursor.0.len()).then_some(cursor.0)
}

/// Reads little-endian numbers off the front of a slice; `None` at its end.
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}
