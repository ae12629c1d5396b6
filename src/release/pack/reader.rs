//! Reads a pack through byte ranges: its tail, then single frames.

use super::super::fetch::{FetchError, RangeSource};
use super::super::layout::{Container, Format, PackId, Place, Spans};
use super::member::Records;
use super::{EncodedFrame, Fault, FrameDecoder, FrameInfo, MAX_TAIL, Tail, card};

/// What a pointer or manifest says about a pack file: enough to read its tail in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackRef {
    /// Format, which implies the container.
    pub format: Format,
    /// Which pack.
    pub pack: PackId,
    /// Path from the web root.
    pub path: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of the record index and the seek table at its end.
    pub tail_bytes: u64,
}

/// Why a pack could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Its bytes could not be had.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// There is no memory for a decoder.
    #[error("zstd cannot start")]
    Zstd(#[from] std::io::Error),
    /// Something at the end is wrong: index, seek table, or their sizes.
    #[error("{path}: {fault}")]
    Tail {
        /// The pack file.
        path: String,
        /// What is wrong.
        fault: Fault,
    },
    /// A frame is wrong.
    #[error("{path}: {frame} at byte {at}: {fault}")]
    Frame {
        /// The pack file.
        path: String,
        /// The frame in words, see [`Spans::describe`].
        frame: String,
        /// Where its data begins in the file.
        at: u64,
        /// What is wrong.
        fault: Fault,
    },
}

/// A frame, decoded and checked: as many records as ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodedFrame {
    /// Ids of its records, in order.
    pub ids: Vec<String>,
    /// The records, as tar members or lines.
    pub raw: Vec<u8>,
}

impl DecodedFrame {
    /// Id and document of each record, in order.
    pub fn records(&self, container: Container) -> impl Iterator<Item = (&str, &[u8])> {
        // Decoding saw to it that there are as many as ids, and that each can be read.
        let bodies = Records::new(container, &self.raw).filter_map(Result::ok);
        self.ids.iter().map(String::as_str).zip(bodies.map(|(_, body)| body))
    }
}

/// An open pack: its tail is known, frames are fetched one by one.
pub struct PackReader<'a, S: ?Sized> {
    source: &'a S,
    pack: PackRef,
    spans: Spans,
    tail: Tail,
}

impl<'a, S: RangeSource + ?Sized> PackReader<'a, S> {
    /// Reads the tail. One request of `pack.tail_bytes`.
    ///
    /// # Errors
    /// When the file is absent or its tail is not that of this pack.
    pub fn open(source: &'a S, pack: &PackRef, spans: Spans) -> Result<Self, PackError> {
        let fail = |fault| PackError::Tail { path: pack.path.clone(), fault };
        if pack.tail_bytes > MAX_TAIL || pack.tail_bytes > pack.bytes {
            return Err(fail(Fault::Tail("larger than a tail can be")));
        }
        let offset = pack.bytes - pack.tail_bytes;
        let tail = source.read_range(&pack.path, offset, pack.tail_bytes)?;
        let container = pack.format.container();
        let tail = Tail::parse(&tail, pack.bytes, pack.pack, container, &spans).map_err(fail)?;
        Ok(PackReader { source, pack: pack.clone(), spans, tail })
    }

    /// What the tail says.
    pub fn tail(&self) -> &Tail {
        &self.tail
    }

    /// The bytes of one record, `None` when the pack has none with this id. One request, for one
    /// frame and its card; none when no frame covers the id.
    ///
    /// # Errors
    /// When the frame cannot be fetched or is damaged.
    pub fn get(&self, id: &str) -> Result<Option<Vec<u8>>, PackError> {
        let place = self.spans.place(id);
        let Some(info) = self.tail.find(place.frame).filter(|_| place.pack == self.pack.pack)
        else {
            return Ok(None);
        };
        let bytes = self.fetch(info)?;
        let fail = |fault| self.damage(info, fault);
        let (data, card) = bytes.split_at(info.data as usize);
        let ids = card::parse(&self.spans, place, card).map_err(fail)?;
        let Some(ordinal) = ids.iter().position(|listed| listed == id) else {
            return Ok(None);
        };
        let frame = decode(&mut FrameDecoder::new()?, self.pack.format, info, data, ids);
        let raw = frame.map_err(fail)?.raw;
        let mut records = Records::new(self.pack.format.container(), &raw);
        let record = records.nth(ordinal).transpose().map_err(fail)?;
        Ok(record.map(|(_, bytes)| bytes.to_vec()))
    }

    /// A frame with its records. One request.
    ///
    /// # Errors
    /// When the frame cannot be fetched or is damaged.
    pub fn decoded(
        &self,
        info: &FrameInfo,
        decoder: &mut FrameDecoder,
    ) -> Result<DecodedFrame, PackError> {
        self.unpack(info, &self.fetch(info)?, decoder)
    }

    /// The records in the bytes that [`fetch`](Self::fetch) gave for this frame.
    ///
    /// # Errors
    /// When the frame is damaged.
    pub fn unpack(
        &self,
        info: &FrameInfo,
        bytes: &[u8],
        decoder: &mut FrameDecoder,
    ) -> Result<DecodedFrame, PackError> {
        let cut = Err(Fault::Card("not a card"));
        let parts = bytes.split_at_checked(info.data as usize).map_or(cut, Ok);
        parts
            .and_then(|(data, card)| {
                let ids = card::parse(&self.spans, self.place(info), card)?;
                decode(decoder, self.pack.format, info, data, ids)
            })
            .map_err(|fault| self.damage(info, fault))
    }

    /// A frame as it is, to be copied into another pack without decoding it. Its card is
    /// checked, its data is not: that is what the checksums are for. One request.
    ///
    /// # Errors
    /// When the frame cannot be fetched or its card is damaged.
    pub fn encoded(&self, info: &FrameInfo) -> Result<EncodedFrame, PackError> {
        self.encoded_in(info, Vec::new())
    }

    /// [`encoded`](Self::encoded) in the memory of `data`.
    pub(super) fn encoded_in(
        &self,
        info: &FrameInfo,
        mut data: Vec<u8>,
    ) -> Result<EncodedFrame, PackError> {
        self.fetch_into(info, &mut data)?;
        let card = data.split_off(info.data as usize);
        let place = self.place(info);
        let (first_id, last_id) = card::ends(&self.spans, place, &card, info.records)
            .map_err(|fault| self.damage(info, fault))?;
        Ok(EncodedFrame {
            place,
            records: info.records,
            first_id,
            last_id,
            raw_len: info.raw,
            data,
            card,
        })
    }

    /// The bytes of a frame and its card, unchecked: equal bytes, equal records. One request.
    ///
    /// # Errors
    /// When they cannot be fetched.
    pub fn fetch(&self, info: &FrameInfo) -> Result<Vec<u8>, PackError> {
        let mut bytes = Vec::new();
        self.fetch_into(info, &mut bytes)?;
        Ok(bytes)
    }

    fn fetch_into(&self, info: &FrameInfo, out: &mut Vec<u8>) -> Result<(), PackError> {
        let len = u64::from(info.data) + u64::from(info.card);
        Ok(self.source.read_range_into(&self.pack.path, info.offset, len, out)?)
    }

    fn place(&self, info: &FrameInfo) -> Place {
        info.place(self.pack.pack)
    }

    fn damage(&self, info: &FrameInfo, fault: Fault) -> PackError {
        PackError::Frame {
            path: self.pack.path.clone(),
            frame: self.spans.describe(self.place(info)),
            at: info.offset,
            fault,
        }
    }
}

/// Decodes `data` and checks it against the index and the ids of its card: as many records, and
/// in a tar the same names.
pub(crate) fn decode(
    decoder: &mut FrameDecoder,
    format: Format,
    info: &FrameInfo,
    data: &[u8],
    ids: Vec<String>,
) -> Result<DecodedFrame, Fault> {
    card::same_count(info.records, ids.len())?;
    let raw = decoder.decode(data, u64::from(info.raw))?;
    let mut found = 0;
    for record in Records::new(format.container(), &raw) {
        let (name, _) = record?;
        if let (Some(name), Some(id)) = (name, ids.get(found))
            && name != id
        {
            let (expected, found_name) = (id.clone(), name.to_owned());
            return Err(Fault::Name { ordinal: found, expected, found: found_name });
        }
        found += 1;
    }
    if found != ids.len() {
        return Err(Fault::Count { expected: ids.len() as u64, found: found as u64 });
    }
    Ok(DecodedFrame { ids, raw })
}
