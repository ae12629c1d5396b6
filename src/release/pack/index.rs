//! The tail of a pack: the record index, then the seek table of the zstd seekable format.
//!
//! The index says which frames exist and how many records each has; the sizes of everything
//! stand once, in the seek table. Both together cost 24 bytes a frame.

use super::super::layout::{Container, PackId, Place, Spans};
use super::{
    Cursor, EncodedFrame, Fault, INDEX_MAGIC, SEEK_FOOTER_MAGIC, SEEK_MAGIC, skippable,
    skippable_payload,
};

const MARK: &[u8; 4] = b"OFPX";
const VERSION: u8 = 1;
/// Payload of the index before its entries.
const HEAD: usize = 44;
/// Number of frames, descriptor, magic.
const FOOTER: usize = 9;

/// One data frame of a pack, as the tail describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameInfo {
    /// Number in the pack.
    pub frame: u32,
    /// Records in it.
    pub records: u32,
    /// Where the data begins in the file.
    pub offset: u64,
    /// Bytes of the zstd frame.
    pub data: u32,
    /// Bytes of the card that follows it.
    pub card: u32,
    /// Bytes of the data before compression.
    pub raw: u32,
}

/// What the tail of a pack says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// Which pack.
    pub pack: PackId,
    /// How records lie in it.
    pub container: Container,
    /// The frames that hold records, by number.
    pub frames: Vec<FrameInfo>,
    /// Sum of their records.
    pub records: u64,
    /// Compressed bytes of the end-of-archive frame that follows the last card; 0 if none.
    pub end: u32,
}

impl Tail {
    /// An empty tail, to be filled by [`Tail::push`].
    pub fn new(pack: PackId, container: Container) -> Self {
        Tail { pack, container, frames: Vec::new(), records: 0, end: 0 }
    }

    /// Where the next frame begins: the sum of everything pushed.
    pub fn data_end(&self) -> u64 {
        self.frames.last().map_or(0, |f| f.offset + u64::from(f.data) + u64::from(f.card))
    }

    /// Notes that `frame` was written at [`Tail::data_end`].
    pub fn push(&mut self, frame: &EncodedFrame) {
        self.frames.push(FrameInfo {
            frame: frame.place.frame,
            records: frame.records,
            offset: self.data_end(),
            data: frame.data.len() as u32,
            card: frame.card.len() as u32,
            raw: frame.raw_len,
        });
        self.records += u64::from(frame.records);
    }

    /// The frame with this number.
    pub fn find(&self, frame: u32) -> Option<&FrameInfo> {
        let at = self.frames.binary_search_by_key(&frame, |info| info.frame).ok()?;
        self.frames.get(at)
    }

    /// Both skippable frames.
    pub fn encode(&self, spans: &Spans) -> Vec<u8> {
        let mut out = skippable(INDEX_MAGIC, &self.index(spans));
        let mut sizes: Vec<(u32, u32)> =
            self.frames.iter().flat_map(|f| [(f.data, f.raw), (f.card, 0)]).collect();
        if self.end > 0 {
            sizes.push((self.end, END_OF_ARCHIVE as u32));
        }
        sizes.push((out.len() as u32, 0));
        let mut table: Vec<u8> = sizes
            .iter()
            .flat_map(|(compressed, raw)| [compressed.to_le_bytes(), raw.to_le_bytes()])
            .flatten()
            .collect();
        table.extend((sizes.len() as u32).to_le_bytes());
        table.push(0);
        table.extend(SEEK_FOOTER_MAGIC.to_le_bytes());
        out.extend(skippable(SEEK_MAGIC, &table));
        out
    }

    fn index(&self, spans: &Spans) -> Vec<u8> {
        let (kind, number, pack_span, frame_span) = identity(self.pack, spans);
        let mut out = MARK.to_vec();
        out.extend([VERSION, kind, self.container.code(), 0]);
        out.extend(number.to_le_bytes());
        out.extend(pack_span.to_le_bytes());
        out.extend(frame_span.to_le_bytes());
        out.extend((self.frames.len() as u32).to_le_bytes());
        out.extend(self.records.to_le_bytes());
        debug_assert_eq!(out.len(), HEAD);
        for info in &self.frames {
            out.extend(info.frame.to_le_bytes());
            out.extend(info.records.to_le_bytes());
        }
        out
    }

    /// Reads `tail`, the last bytes of a pack file of `file_bytes` bytes that should be `pack`.
    ///
    /// # Errors
    /// Whatever does not add up: marks, numbers, order of frames, or sizes that do not sum to
    /// the file.
    pub fn parse(
        tail: &[u8],
        file_bytes: u64,
        pack: PackId,
        container: Container,
        spans: &Spans,
    ) -> Result<Tail, Fault> {
        let (index, sizes, seek_bytes) = split(tail)?;
        let entries = index_entries(index, pack, container, spans)?;
        let end = usize::from(container == Container::Tar);
        if sizes.len() != entries.frames.len() * 2 + end + 1 {
            return Err(Fault::Tail("index and seek table have different numbers of frames"));
        }
        let mut found = Tail::new(pack, container);
        for ((frame, records), pair) in entries.frames.into_iter().zip(sizes.chunks(2)) {
            let [(data, raw), (card, nothing)] = *pair else {
                return Err(Fault::Tail("a frame without id list"));
            };
            if nothing != 0 {
                return Err(Fault::Tail("an id list with content"));
            }
            let offset = found.data_end();
            found.frames.push(FrameInfo { frame, records, offset, data, card, raw });
            found.records += u64::from(records);
        }
        let rest = &sizes[found.frames.len() * 2..];
        found.end = if end == 1 { rest[0].0 } else { 0 };
        let (index_bytes, _) = rest[end];
        let sum = found.data_end() + u64::from(found.end) + u64::from(index_bytes) + seek_bytes;
        if u64::from(index_bytes) + seek_bytes != tail.len() as u64 || sum != file_bytes {
            return Err(Fault::Tail("sizes do not add up to the file"));
        }
        if found.records != entries.records {
            return Err(Fault::Count { expected: entries.records, found: found.records });
        }
        Ok(found)
    }
}

/// Uncompressed bytes that end a tar archive: two blocks of zeros.
pub(crate) const END_OF_ARCHIVE: usize = 1024;

fn identity(pack: PackId, spans: &Spans) -> (u8, u64, u64, u64) {
    match pack {
        PackId::Numeric(n) => (0, n, spans.pack_ids, u64::from(spans.frame_ids)),
        PackId::Hashed(n) => {
            (1, u64::from(n), u64::from(spans.hash_pack_bits), u64::from(spans.hash_frame_bits))
        }
    }
}

/// Payload of the index, (compressed, raw) of every entry of the seek table, bytes of the latter.
type Split<'a> = (&'a [u8], Vec<(u32, u32)>, u64);

fn split(tail: &[u8]) -> Result<Split<'_>, Fault> {
    let broken = Fault::Tail("no seek table at the end");
    let Some(footer) = tail.len().checked_sub(FOOTER) else { return Err(broken) };
    let mut cursor = Cursor(&tail[footer..]);
    let (Some(count), Some(0), Some(SEEK_FOOTER_MAGIC)) = (cursor.u32(), cursor.u8(), cursor.u32())
    else {
        return Err(broken);
    };
    let seek_bytes = 8 + u64::from(count) * 8 + FOOTER as u64;
    let Some(start) = (tail.len() as u64).checked_sub(seek_bytes) else { return Err(broken) };
    let (index, seek) = tail.split_at(start as usize);
    let table = skippable_payload(SEEK_MAGIC, seek).ok_or(broken)?;
    let mut cursor = Cursor(table);
    let mut sizes = Vec::with_capacity(count as usize);
    while let (true, Some(compressed), Some(raw)) =
        (sizes.len() < count as usize, cursor.u32(), cursor.u32())
    {
        sizes.push((compressed, raw));
    }
    let index = skippable_payload(INDEX_MAGIC, index).ok_or(Fault::Tail("no record index"))?;
    Ok((index, sizes, seek_bytes))
}

struct Entries {
    /// Number and records of each frame.
    frames: Vec<(u32, u32)>,
    records: u64,
}

fn index_entries(
    index: &[u8],
    pack: PackId,
    container: Container,
    spans: &Spans,
) -> Result<Entries, Fault> {
    let short = Fault::Tail("record index too short");
    let mut cursor = Cursor(index);
    let head = cursor.take(8).ok_or(short.clone())?;
    let (kind, number, pack_span, frame_span) = identity(pack, spans);
    if head[..5] != [MARK[0], MARK[1], MARK[2], MARK[3], VERSION] || head[7] != 0 {
        return Err(Fault::Tail("not a record index of version 1"));
    }
    let found = (cursor.u64(), cursor.u64(), cursor.u64());
    if head[5] != kind
        || head[6] != container.code()
        || found != (Some(number), Some(pack_span), Some(frame_span))
    {
        return Err(Fault::Tail("record index of another pack"));
    }
    let (Some(count), Some(records)) = (cursor.u32(), cursor.u64()) else { return Err(short) };
    if cursor.0.len() as u64 != u64::from(count) * 8 {
        return Err(short);
    }
    let mut frames: Vec<(u32, u32)> = Vec::with_capacity(count as usize);
    while let (Some(frame), Some(records)) = (cursor.u32(), cursor.u32()) {
        let known = u64::from(frame) < spans.frames(pack);
        if !known || records == 0 || frames.last().is_some_and(|(before, _)| *before >= frame) {
            return Err(Fault::Tail("frames out of order or empty"));
        }
        frames.push((frame, records));
    }
    Ok(Entries { frames, records })
}

impl FrameInfo {
    /// Where the frame is, given its pack.
    pub fn place(&self, pack: PackId) -> Place {
        Place { pack, frame: self.frame }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: u32, data: usize) -> EncodedFrame {
        EncodedFrame {
            place: Place { pack: PackId::Numeric(2), frame: number },
            records: 5,
            first_id: "1".into(),
            last_id: "9".into(),
            raw_len: 1000,
            data: vec![0; data],
            card: vec![0; 60],
        }
    }

    fn sample(container: Container) -> (Tail, Vec<u8>, u64) {
        let mut tail = Tail::new(PackId::Numeric(2), container);
        tail.push(&frame(0, 100));
        tail.push(&frame(17, 70_000));
        tail.end = if container == Container::Tar { 20 } else { 0 };
        let bytes = tail.encode(&Spans::default());
        let file = tail.data_end() + u64::from(tail.end) + bytes.len() as u64;
        (tail, bytes, file)
    }

    #[test]
    fn round_trip() {
        for container in [Container::Tar, Container::Lines] {
            let (tail, bytes, file) = sample(container);
            let parse = |bytes: &[u8], file| {
                Tail::parse(bytes, file, tail.pack, container, &Spans::default())
            };
            assert_eq!(parse(&bytes, file), Ok(tail.clone()));
            assert_eq!(
                parse(&bytes, file + 1),
                Err(Fault::Tail("sizes do not add up to the file"))
            );
            assert_eq!(tail.find(17).map(|f| f.offset), Some(160));
            assert_eq!(tail.find(3), None);
        }
    }

    #[test]
    fn another_pack_is_refused() {
        let (_, bytes, file) = sample(Container::Tar);
        let spans = Spans::default();
        let other = Err(Fault::Tail("record index of another pack"));
        let parse = |pack, container, spans| Tail::parse(&bytes, file, pack, container, spans);
        assert_eq!(parse(PackId::Numeric(3), Container::Tar, &spans), other);
        assert_eq!(parse(PackId::Numeric(2), Container::Lines, &spans), other);
        assert_eq!(parse(PackId::Hashed(2), Container::Tar, &spans), other);
        let wide = Spans { frame_ids: 512, ..spans };
        assert_eq!(parse(PackId::Numeric(2), Container::Tar, &wide), other);
    }

    #[test]
    fn every_cut_is_refused() {
        let (tail, bytes, file) = sample(Container::Lines);
        for start in 1..=bytes.len() {
            let cut = &bytes[start..];
            assert!(Tail::parse(cut, file, tail.pack, tail.container, &Spans::default()).is_err());
        }
    }
}
