//! One frame in and out of zstd.
//!
//! Every frame states its content size and ends in a checksum; no dictionary is used. Equal
//! input, level and zstd version give equal bytes, whatever the thread.

use std::io;

use zstd::zstd_safe::{self, CParameter, find_frame_compressed_size, get_frame_content_size};

use super::super::layout::{Place, Spans};
use super::{Fault, MAX_FRAME_RAW, card};

/// Compresses frames at one level. Keep one per thread: its state is large (a few MB) and reused.
pub struct FrameEncoder {
    compressor: zstd::bulk::Compressor<'static>,
    scratch: Vec<u8>,
}

/// Why a frame could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// zstd refused: a level that does not exist, or no memory.
    #[error("zstd cannot compress")]
    Zstd(#[from] io::Error),
    /// The records do not make a frame.
    #[error("frame {frame} of pack {pack} cannot be made: {fault}")]
    Frame {
        /// Pack name.
        pack: String,
        /// Frame number in the pack.
        frame: u32,
        /// What is wrong.
        fault: Fault,
    },
}

impl FrameEncoder {
    /// An encoder at zstd `level`.
    ///
    /// # Errors
    /// When zstd does not accept the level.
    pub fn new(level: i32) -> io::Result<Self> {
        let mut compressor = zstd::bulk::Compressor::new(level)?;
        compressor.set_parameter(CParameter::ContentSizeFlag(true))?;
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        Ok(FrameEncoder { compressor, scratch: Vec::new() })
    }

    /// `raw` as one zstd frame.
    ///
    /// # Errors
    /// When zstd fails, which only memory can make it do.
    pub fn encode(&mut self, raw: &[u8]) -> io::Result<Vec<u8>> {
        self.scratch.clear();
        self.scratch.reserve(zstd_safe::compress_bound(raw.len()));
        self.compressor.compress_to_buffer(raw, &mut self.scratch)?;
        // A copy of the exact size: frames wait in queues, the bound is several times larger.
        Ok(self.scratch.as_slice().to_vec())
    }
}

/// A frame ready to be written to a pack: the data and its card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedFrame {
    /// Where it belongs.
    pub place: Place,
    /// Records in it; never 0.
    pub records: u32,
    /// Id of the first record.
    pub first_id: String,
    /// Id of the last record.
    pub last_id: String,
    /// Bytes before compression.
    pub raw_len: u32,
    /// The zstd frame.
    pub data: Vec<u8>,
    /// The card, a skippable frame.
    pub card: Vec<u8>,
}

impl EncodedFrame {
    /// Compresses `raw`, the records `ids` in that order, into the frame at `place`.
    ///
    /// # Errors
    /// When `ids` is empty, out of order or of another frame, or `raw` exceeds
    /// [`MAX_FRAME_RAW`].
    pub fn new(
        spans: &Spans,
        place: Place,
        ids: &[String],
        raw: &[u8],
        encoder: &mut FrameEncoder,
    ) -> Result<Self, EncodeError> {
        let fail =
            |fault| EncodeError::Frame { pack: place.pack.to_string(), frame: place.frame, fault };
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else {
            return Err(fail(Fault::Card("no id")));
        };
        if raw.len() > MAX_FRAME_RAW {
            let (expected, found) = (MAX_FRAME_RAW as u64, raw.len() as u64);
            return Err(fail(Fault::Size { expected, found }));
        }
        Ok(EncodedFrame {
            place,
            records: ids.len() as u32,
            first_id: first.clone(),
            last_id: last.clone(),
            raw_len: raw.len() as u32,
            data: encoder.encode(raw)?,
            card: card::encode(spans, place, ids).map_err(fail)?,
        })
    }

    /// Whether its records are these, in this order, as far as first, last and number tell.
    pub fn holds<S: AsRef<str>>(&self, ids: &[S]) -> bool {
        let is = |id: Option<&S>, own: &str| id.is_some_and(|id| id.as_ref() == own);
        ids.len() == self.records as usize
            && is(ids.first(), &self.first_id)
            && is(ids.last(), &self.last_id)
    }
}

/// Largest buffer that a decoder keeps for later: twice what a full frame usually takes.
const SPARE: usize = 8 << 20;

/// Decompresses frames into bounded buffers.
pub struct FrameDecoder {
    decompressor: zstd::bulk::Decompressor<'static>,
    spare: Vec<Vec<u8>>,
}

impl FrameDecoder {
    /// A decoder.
    ///
    /// # Errors
    /// When there is no memory for its state.
    pub fn new() -> io::Result<Self> {
        let decompressor = zstd::bulk::Decompressor::new()?;
        Ok(FrameDecoder { decompressor, spare: Vec::new() })
    }

    /// Takes buffers back: what is decoded next goes into them. Fresh memory costs as much as
    /// decoding into it does. Those of unusually large frames are not kept.
    pub fn reuse(&mut self, buffers: impl IntoIterator<Item = Vec<u8>>) {
        self.spare.clear();
        self.spare.extend(buffers.into_iter().filter(|buffer| buffer.capacity() <= SPARE));
    }

    /// The content of `data`, which must be exactly one zstd frame with checksum whose header
    /// says `raw_len` bytes. At most [`MAX_FRAME_RAW`] bytes are allocated.
    ///
    /// # Errors
    /// Says what is wrong with the frame.
    pub fn decode(&mut self, data: &[u8], raw_len: u64) -> Result<Vec<u8>, Fault> {
        let size = get_frame_content_size(data).ok().flatten().ok_or(Fault::FrameHeader)?;
        if size != raw_len || size > MAX_FRAME_RAW as u64 {
            return Err(Fault::Size { expected: raw_len.min(MAX_FRAME_RAW as u64), found: size });
        }
        // Bit 2 of the descriptor after the magic: a checksum follows the last block. A
        // skippable frame has content size 0 and would pass without the magic test.
        let checked = data.starts_with(&zstd_safe::MAGICNUMBER.to_le_bytes())
            && data.get(4).is_some_and(|descriptor| descriptor & 4 != 0);
        if !checked || find_frame_compressed_size(data) != Ok(data.len()) {
            return Err(Fault::FrameHeader);
        }
        let mut raw = self.spare.pop().unwrap_or_default();
        raw.clear();
        raw.reserve_exact(size as usize);
        let done = self.decompressor.decompress_to_buffer(data, &mut raw);
        done.map_err(|error| Fault::Decode(error.to_string()))?;
        Ok(raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_no_trace_of_what_came_before() {
        let mut worn = FrameEncoder::new(3).unwrap();
        worn.encode(&[7; 100_000]).unwrap();
        for raw in [b"".to_vec(), b"abc".to_vec(), (0..=255).cycle().take(3_000_000).collect()] {
            let data = worn.encode(&raw).unwrap();
            assert_eq!(data, FrameEncoder::new(3).unwrap().encode(&raw).unwrap());
            let back = FrameDecoder::new().unwrap().decode(&data, raw.len() as u64);
            assert_eq!(back.unwrap(), raw);
            let mut used = FrameDecoder::new().unwrap();
            used.reuse([vec![9; 4_000_000], vec![]]);
            for _ in 0..3 {
                assert_eq!(used.decode(&data, raw.len() as u64).unwrap(), raw);
            }
        }
    }

    #[test]
    fn only_one_whole_checked_frame_is_accepted() {
        let data = FrameEncoder::new(3).unwrap().encode(b"hello hello hello").unwrap();
        let mut decoder = FrameDecoder::new().unwrap();
        let twice = [data.clone(), data.clone()].concat();
        assert_eq!(decoder.decode(&twice, 17), Err(Fault::FrameHeader));
        assert_eq!(decoder.decode(&data, 18), Err(Fault::Size { expected: 18, found: 17 }));
        assert_eq!(decoder.decode(&data[..data.len() - 1], 17), Err(Fault::FrameHeader));
        let unchecked = zstd::bulk::compress(b"hello hello hello", 3).unwrap();
        assert_eq!(decoder.decode(&unchecked, 17), Err(Fault::FrameHeader));
        let skip = super::super::skippable(0x184D_2A50, b"");
        assert_eq!(decoder.decode(&skip, 0), Err(Fault::FrameHeader));
        let mut bad = data;
        *bad.last_mut().unwrap() ^= 1;
        assert!(matches!(decoder.decode(&bad, 17), Err(Fault::Decode(_))));
    }
}
