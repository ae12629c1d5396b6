//! A file of new and edited records: big zstd frames, each followed by a list of its ids.
//!
//! ```text
//! data frame | ids | data frame | ids | … | end of archive (tar)
//! ```
//!
//! The ids stand in a skippable frame, so that `zstd -d` and `tar --zstd` see records only.
//! Unlike a pack the file is read from front to back, so frames are cut by size and large: what
//! small frames cost in compression is what a delta must not cost.

use std::io::{BufRead, BufReader, Read, Take, Write as _};

use super::super::fetch::Source;
use super::super::hash::Hashing;
use super::super::layout::{Container, Format};
use super::super::pack::index::END_OF_ARCHIVE;
use super::super::pack::member::{Records, append};
use super::super::pack::{Cursor, FrameEncoder, MAX_FRAME_RAW, skippable};
use super::super::stage::{Stage, StagedFile};
use super::{DeltaError, Rows};
use crate::record::identifier::{OrderKey, is_record_id, order_key};

/// Uncompressed bytes after which a frame ends.
const CHUNK: usize = 8 << 20;
/// zstd level of every file of a delta: part of the format's bytes, whatever the dumps' level.
pub(super) const LEVEL: i32 = 6;
/// Skippable frame that holds the ids of the frame before it.
const IDS_MAGIC: u32 = 0x184D_2A52;
const MARK: &[u8; 8] = b"OFPU\x01\0\0\0";
/// Most bytes of an id with its mark and line end.
const MAX_ID_LINE: usize = 66;
/// Most compressed bytes of the ids of one frame.
const MAX_IDS: u32 = 64 << 20;

/// One record of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) key: OrderKey,
    pub(super) id: String,
    /// Whether the release that the delta starts from has no such record.
    pub(super) added: bool,
    pub(super) body: Vec<u8>,
}

/// Writes the rows of one format, in pack order.
pub(super) struct RowsWriter<'a> {
    file: StagedFile<'a>,
    container: Container,
    encoder: FrameEncoder,
    raw: Vec<u8>,
    ids: Vec<u8>,
    in_chunk: u32,
    records: u64,
}

impl<'a> RowsWriter<'a> {
    pub(super) fn new(stage: &'a Stage, format: Format) -> Result<Self, DeltaError> {
        Ok(RowsWriter {
            file: stage.file()?,
            container: format.container(),
            encoder: FrameEncoder::new(LEVEL).map_err(cannot_write)?,
            raw: Vec::new(),
            ids: Vec::new(),
            in_chunk: 0,
            records: 0,
        })
    }

    pub(super) fn push(&mut self, id: &str, added: bool, body: &[u8]) -> Result<(), DeltaError> {
        append(self.container, id, &mut self.raw, |out| out.extend_from_slice(body))
            .map_err(|error| DeltaError::damaged(id, error))?;
        if added {
            self.ids.push(b'+');
        }
        self.ids.extend_from_slice(id.as_bytes());
        self.ids.push(b'\n');
        self.in_chunk += 1;
        self.records += 1;
        if self.raw.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), DeltaError> {
        let data = self.encoder.encode(&self.raw).map_err(cannot_write)?;
        let ids = self.encoder.encode(&self.ids).map_err(cannot_write)?;
        let mut payload = MARK.to_vec();
        payload.extend(self.in_chunk.to_le_bytes());
        payload.extend((self.ids.len() as u32).to_le_bytes());
        payload.extend(ids);
        self.file.write_all(&data).map_err(cannot_write)?;
        self.file.write_all(&skippable(IDS_MAGIC, &payload)).map_err(cannot_write)?;
        self.raw.clear();
        self.ids.clear();
        self.in_chunk = 0;
        Ok(())
    }

    /// Puts the file at `path`; `None`, and no file, when there was no row.
    pub(super) fn finish(mut self, path: &str) -> Result<Option<Rows>, DeltaError> {
        if self.records == 0 {
            self.file.discard()?;
            return Ok(None);
        }
        if self.in_chunk > 0 {
            self.flush()?;
        }
        if self.container == Container::Tar {
            let end = self.encoder.encode(&[0; END_OF_ARCHIVE]).map_err(cannot_write)?;
            self.file.write_all(&end).map_err(cannot_write)?;
        }
        let records = self.records;
        let written = self.file.keep(path)?;
        let (path, bytes, sha256) = (written.path, written.bytes, written.sha256);
        Ok(Some(Rows { path, bytes, sha256, records }))
    }
}

pub(super) fn cannot_write(source: std::io::Error) -> DeltaError {
    DeltaError::Io { path: "a delta".into(), source }
}

/// A file of a delta on its way in: bounded by its listed size, hashed as it is read.
pub(super) type Incoming = BufReader<Hashing<Take<Box<dyn Read + Send>>>>;

pub(super) fn open(source: &Source, rows: &Rows) -> Result<Incoming, DeltaError> {
    let reader = source.reader(&rows.path)?.take(rows.bytes.saturating_add(1));
    Ok(BufReader::with_capacity(1 << 16, Hashing::new(reader)))
}

/// Reads what is left of a file and compares size and hash.
pub(super) fn close(mut reader: Incoming, rows: &Rows) -> Result<(), DeltaError> {
    let fail = |what: &str| Err(DeltaError::damaged(&rows.path, what));
    if std::io::copy(&mut reader, &mut std::io::sink()).is_err() {
        return fail("breaks off");
    }
    let (_, bytes, sha256) = reader.into_inner().finish();
    if bytes != rows.bytes || sha256 != rows.sha256 {
        return fail("is not the listed file");
    }
    Ok(())
}

/// Reads the rows of one format, in pack order. After the last row the file's hash is known to
/// be the listed one; before that nothing is.
pub(super) struct RowsReader {
    reader: Option<Incoming>,
    listed: Rows,
    container: Container,
    left: u64,
    chunk: std::vec::IntoIter<Row>,
    last: Option<(OrderKey, String)>,
}

impl RowsReader {
    pub(super) fn new(source: &Source, rows: &Rows, format: Format) -> Result<Self, DeltaError> {
        Ok(RowsReader {
            reader: Some(open(source, rows)?),
            listed: rows.clone(),
            container: format.container(),
            left: rows.records,
            chunk: Vec::new().into_iter(),
            last: None,
        })
    }

    pub(super) fn next(&mut self) -> Result<Option<Row>, DeltaError> {
        loop {
            if let Some(row) = self.chunk.next() {
                let follows =
                    self.last.as_ref().is_none_or(|(key, id)| (*key, id) < (row.key, &row.id));
                if !follows {
                    return Err(self.damaged("records out of order"));
                }
                self.last = Some((row.key, row.id.clone()));
                return Ok(Some(row));
            }
            if self.left == 0 {
                return match self.reader.take() {
                    Some(reader) => close(reader, &self.listed).map(|()| None),
                    None => Ok(None),
                };
            }
            let rows = self.read_chunk()?;
            self.left = (self.left.checked_sub(rows.len() as u64))
                .filter(|_| !rows.is_empty())
                .ok_or_else(|| self.damaged("another number of records than listed"))?;
            self.chunk = rows.into_iter();
        }
    }

    fn read_chunk(&mut self) -> Result<Vec<Row>, DeltaError> {
        let path = self.listed.path.clone();
        let broken = |what: &str| DeltaError::damaged(&path, what);
        let Some(reader) = &mut self.reader else { return Ok(Vec::new()) };
        let raw = one_frame(reader).ok_or_else(|| broken("a frame that does not decode"))?;
        let (ids, records) = read_ids(reader).ok_or_else(|| broken("a frame without its ids"))?;
        let mut rows = Vec::with_capacity(records.min(1 << 16));
        let mut lines = ids.lines();
        for record in Records::new(self.container, &raw) {
            let (name, body) = record.map_err(DeltaError::fault(&path))?;
            let line = lines.next().ok_or_else(|| broken("a record without id"))?;
            let (added, id) = line.strip_prefix('+').map_or((false, line), |id| (true, id));
            if !is_record_id(id) || name.is_some_and(|name| name != id) {
                return Err(broken("a record of another id than listed"));
            }
            let (key, id) = (order_key(id), id.to_owned());
            rows.push(Row { key, id, added, body: body.to_vec() });
        }
        if lines.next().is_some() || rows.len() != records {
            return Err(broken("more ids than records"));
        }
        Ok(rows)
    }

    fn damaged(&self, what: &str) -> DeltaError {
        DeltaError::damaged(&self.listed.path, what)
    }
}

/// Exactly one zstd frame off the front; the reader then stands after it.
fn one_frame(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let decoder = zstd::stream::read::Decoder::with_buffer(reader).ok()?.single_frame();
    let mut raw = Vec::new();
    decoder.take(MAX_FRAME_RAW as u64 + 1).read_to_end(&mut raw).ok()?;
    (raw.len() <= MAX_FRAME_RAW).then_some(raw)
}

/// The ids and how many there are.
fn read_ids(reader: &mut impl BufRead) -> Option<(String, usize)> {
    let mut head = [0; 8];
    reader.read_exact(&mut head).ok()?;
    let mut cursor = Cursor(&head);
    let (magic, size) = (cursor.u32()?, cursor.u32()?);
    if magic != IDS_MAGIC || size > MAX_IDS {
        return None;
    }
    let mut payload = Vec::new();
    reader.take(u64::from(size)).read_to_end(&mut payload).ok()?;
    if payload.len() != size as usize {
        return None;
    }
    let mut cursor = Cursor(&payload);
    let mark = cursor.take(MARK.len())?;
    let (records, bytes) = (cursor.u32()? as usize, cursor.u32()? as usize);
    if mark != MARK || bytes > records.checked_mul(MAX_ID_LINE)? || bytes > MAX_FRAME_RAW {
        return None;
    }
    let ids = zstd::bulk::decompress(cursor.0, bytes).ok()?;
    let ids = String::from_utf8(ids).ok().filter(|ids| ids.len() == bytes)?;
    Some((ids, records))
}
