//! Groups: a few whole files in one zstd frame.
//!
//! Before compression: the number of files (u32); for each the length of its path (u16), the
//! path, its size (u32); then the files one after another.

use std::io;
use std::ops::Range;

use zstd::dict::DecoderDictionary;
use zstd::zstd_safe::{self, CParameter, find_frame_compressed_size, get_frame_content_size};

use super::super::pack::Cursor;
use super::{ENCODER, Fault, Index, MAX_GROUP_RAW, Row, key, key_hash};

/// Groups that follow each other, as they lie in a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// The frames.
    pub data: Vec<u8>,
    /// Where each group is; offsets from the beginning of `data`.
    pub rows: Vec<Row>,
    /// Keys of the files, with the number of the group in this block.
    pub keys: Vec<(u64, u32)>,
}

impl Block {
    /// Appends one group.
    fn push(&mut self, frame: &[u8], raw: u32, files: u32, keys: impl Iterator<Item = u64>) {
        let number = self.rows.len() as u32;
        self.keys.extend(keys.map(|key| (key, number)));
        let (offset, bytes) = (self.data.len() as u64, frame.len() as u32);
        self.rows.push(Row { offset, bytes, raw, files });
        self.data.extend_from_slice(frame);
    }

    /// Appends the groups that hold these files (path and size), compressed as they stand at the
    /// beginning of `frames`. Nothing is decompressed.
    ///
    /// # Errors
    /// When there are not as many zstd frames.
    pub fn copy<'a>(
        &mut self,
        frames: &[u8],
        files: impl Iterator<Item = (&'a str, u64)>,
        limit: usize,
    ) -> Result<(), Fault> {
        let mut rest = frames;
        for Planned { files, keys } in plan(files, limit) {
            let number = self.rows.len() as u32;
            let (frame, after) = split(rest).ok_or(Fault::Frame(number))?;
            let raw = get_frame_content_size(frame).ok().flatten();
            let raw = raw.and_then(|raw| u32::try_from(raw).ok()).ok_or(Fault::Frame(number))?;
            self.push(frame, raw, files, keys.into_iter());
            rest = after;
        }
        Ok(())
    }

    /// Appends the groups of a pack, from `data`, the stretch of it that begins at `at`.
    pub fn copy_indexed(&mut self, index: &Index, at: u64, data: Vec<u8>) {
        let end = at + data.len() as u64;
        let first = index.rows.partition_point(|row| row.offset < at);
        let last = index.rows.partition_point(|row| row.offset < end);
        let (base, before) = (self.rows.len() as u32, self.data.len() as u64);
        let rows = index.rows[first..last].iter();
        self.rows.extend(rows.map(|row| Row { offset: row.offset - at + before, ..*row }));
        let range = first as u32..last as u32;
        let own = index.keys.iter().filter(|(_, group)| range.contains(group));
        self.keys.extend(own.map(|(key, group)| (*key, group - range.start + base)));
        if self.data.is_empty() {
            self.data = data;
        } else {
            self.data.extend_from_slice(&data);
        }
    }
}

/// The zstd frame at the beginning of `bytes`, and what follows it.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = find_frame_compressed_size(bytes).ok()?;
    bytes.split_at_checked(length)
}

/// How many bytes of `bytes` so many zstd frames at its beginning are.
pub fn frames_bytes(bytes: &[u8], frames: usize) -> Option<usize> {
    let rest = (0..frames).try_fold(bytes, |rest, _| split(rest).map(|(_, rest)| rest))?;
    Some(bytes.len() - rest.len())
}

/// What a packer keeps of the room that a group took: pages of megabytes are rare.
const ROOM: usize = 1 << 20;

/// Puts files into groups and compresses them. Keep one per thread: its state is reused.
///
/// Equal files in equal order give equal bytes, whatever came before.
pub struct Packer {
    compressor: zstd::bulk::Compressor<'static>,
    /// A group does not grow beyond this by a further file.
    limit: usize,
    directory: Vec<u8>,
    contents: Vec<u8>,
    files: u32,
    keys: Vec<u64>,
    /// The key of the file before, for runs of files beside one page.
    last: String,
    frame: Vec<u8>,
}

/// Whether a further file of this path and size goes into a group that has `raw` bytes.
fn joins(raw: usize, path: &str, bytes: u64, limit: usize) -> bool {
    raw == 0 || (raw as u64).saturating_add(entry_bytes(path, bytes)) <= limit as u64
}

fn entry_bytes(path: &str, bytes: u64) -> u64 {
    bytes.saturating_add(path.len() as u64 + 6)
}

/// What a group will have.
#[derive(Debug, Default)]
pub struct Planned {
    /// Files in it.
    pub files: u32,
    /// Hashes of their keys.
    pub keys: Vec<u64>,
}

/// The groups of `limit` that these files (path and size) make, from an empty one on.
pub fn plan<'a>(files: impl Iterator<Item = (&'a str, u64)>, limit: usize) -> Vec<Planned> {
    let mut groups: Vec<Planned> = Vec::new();
    let (mut raw, mut last) = (0_u64, String::new());
    for (path, bytes) in files {
        if groups.is_empty() || !joins(raw as usize, path, bytes, limit) {
            groups.push(Planned::default());
            raw = 0;
            last.clear();
        }
        raw += entry_bytes(path, bytes);
        let Some(group) = groups.last_mut() else { continue };
        group.files += 1;
        note_key(path, &mut last, &mut group.keys);
    }
    groups
}

/// Adds the hash of the key of `path` unless it is there; `last` is the key before.
fn note_key(path: &str, last: &mut String, keys: &mut Vec<u64>) {
    let key = key(path);
    if *key == **last {
        return;
    }
    let hash = key_hash(&key);
    if !keys.contains(&hash) {
        keys.push(hash);
    }
    key.as_ref().clone_into(last);
}

impl Packer {
    /// A packer whose groups hold up to `limit` bytes, or one file.
    ///
    /// # Errors
    /// When there is no memory for its state.
    pub fn new(limit: usize) -> io::Result<Packer> {
        let mut compressor = zstd::bulk::Compressor::with_prepared_dictionary(&ENCODER)?;
        compressor.set_parameter(CParameter::ContentSizeFlag(true))?;
        compressor.set_parameter(CParameter::ChecksumFlag(true))?;
        Ok(Packer {
            compressor,
            limit,
            directory: Vec::new(),
            contents: Vec::new(),
            files: 0,
            keys: Vec::new(),
            last: String::new(),
            frame: Vec::new(),
        })
    }

    /// Whether no file is waiting.
    pub fn is_empty(&self) -> bool {
        self.files == 0
    }

    /// Adds a file. If it does not fit, what waits becomes a group of `out` first.
    ///
    /// # Errors
    /// When zstd fails, which only memory can make it do, or a file is larger than a group can
    /// be.
    pub fn push(&mut self, path: &str, bytes: &[u8], out: &mut Block) -> io::Result<()> {
        let raw = self.directory.len() + self.contents.len();
        if !joins(raw, path, bytes.len() as u64, self.limit) {
            self.end(out)?;
        }
        let length = u16::try_from(path.len()).map_err(io::Error::other)?;
        let size = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        if u64::from(size) + u64::from(length) + 16 > MAX_GROUP_RAW {
            return Err(io::Error::other(format!("{path} is too large for a site pack")));
        }
        self.directory.extend_from_slice(&length.to_le_bytes());
        self.directory.extend_from_slice(path.as_bytes());
        self.directory.extend_from_slice(&size.to_le_bytes());
        self.contents.extend_from_slice(bytes);
        self.files += 1;
        note_key(path, &mut self.last, &mut self.keys);
        Ok(())
    }

    /// Makes what waits a group of `out`.
    ///
    /// # Errors
    /// As [`Packer::push`].
    pub fn end(&mut self, out: &mut Block) -> io::Result<()> {
        if self.files == 0 {
            return Ok(());
        }
        let mut raw = Vec::with_capacity(4 + self.directory.len() + self.contents.len());
        raw.extend_from_slice(&self.files.to_le_bytes());
        raw.extend_from_slice(&self.directory);
        raw.extend_from_slice(&self.contents);
        self.contents.clear();
        self.contents.shrink_to(ROOM);
        self.frame.clear();
        self.frame.reserve(zstd_safe::compress_bound(raw.len()));
        self.compressor.compress_to_buffer(&raw, &mut self.frame)?;
        out.push(&self.frame, raw.len() as u32, self.files, self.keys.drain(..));
        self.discard();
        Ok(())
    }

    /// Forgets what waits.
    pub fn discard(&mut self) {
        self.directory.clear();
        self.contents.clear();
        self.files = 0;
        self.keys.clear();
        self.last.clear();
        self.contents.shrink_to(ROOM);
        self.frame.shrink_to(ROOM);
    }
}

/// Decompresses groups into bounded buffers.
pub struct Unpacker<'a>(zstd::bulk::Decompressor<'a>);

/// The dictionary of a release, ready for use.
pub struct Dictionary {
    prepared: DecoderDictionary<'static>,
    bytes: Vec<u8>,
}

impl Dictionary {
    /// Of these bytes.
    pub fn new(bytes: &[u8]) -> Dictionary {
        Dictionary { prepared: DecoderDictionary::copy(bytes), bytes: bytes.to_vec() }
    }

    pub(super) fn prepared(&self) -> &DecoderDictionary<'static> {
        &self.prepared
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl std::fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Dictionary")
    }
}

/// Whether `frame` is one zstd frame with a checksum, as large as `row` says on both sides.
pub(super) fn is_frame(row: &Row, frame: &[u8]) -> bool {
    let checked = frame.starts_with(&zstd_safe::MAGICNUMBER.to_le_bytes())
        && frame.get(4).is_some_and(|descriptor| descriptor & 4 != 0);
    checked
        && frame.len() == row.bytes as usize
        && get_frame_content_size(frame).ok().flatten() == Some(u64::from(row.raw))
        && find_frame_compressed_size(frame) == Ok(frame.len())
}

impl<'a> Unpacker<'a> {
    /// A decompressor with this dictionary.
    ///
    /// # Errors
    /// When there is no memory for its state.
    pub fn new(dictionary: &'a Dictionary) -> io::Result<Unpacker<'a>> {
        zstd::bulk::Decompressor::with_prepared_dictionary(dictionary.prepared()).map(Unpacker)
    }

    /// The files of group `number`, whose row and frame these are.
    ///
    /// # Errors
    /// Says what is wrong with the group. At most [`MAX_GROUP_RAW`] bytes are allocated.
    pub fn open(&mut self, number: u32, row: &Row, frame: &[u8]) -> Result<Opened, Fault> {
        if u64::from(row.raw) > MAX_GROUP_RAW || !is_frame(row, frame) {
            return Err(Fault::Frame(number));
        }
        let raw = self.0.decompress(frame, row.raw as usize);
        let raw = raw.map_err(|error| Fault::Decode(number, error.to_string()))?;
        Opened::parse(raw, row.files).ok_or(Fault::Directory(number))
    }
}

/// A group that was decompressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    raw: Vec<u8>,
    /// Where paths and contents are.
    files: Vec<(Range<usize>, Range<usize>)>,
}

impl Opened {
    fn parse(raw: Vec<u8>, files: u32) -> Option<Opened> {
        let entries = directory(&raw, files)?;
        let mut at = entries.1;
        let mut found = Vec::with_capacity(entries.0.len());
        for (path, size) in entries.0 {
            let end = at.checked_add(size)?;
            raw.get(at..end)?;
            found.push((path, at..end));
            at = end;
        }
        (at == raw.len()).then_some(Opened { raw, files: found })
    }

    /// Path and content of its files, in order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let text = |range: &Range<usize>| {
            // The directory was found to be UTF-8.
            std::str::from_utf8(&self.raw[range.clone()]).unwrap_or_default()
        };
        self.files.iter().map(move |(path, content)| (text(path), &self.raw[content.clone()]))
    }

    /// The content of one file, in the buffer it came in.
    pub fn take(self, path: &str) -> Option<Vec<u8>> {
        let (_, content) =
            self.files.iter().find(|(name, _)| self.raw[name.clone()] == *path.as_bytes())?;
        let content = content.clone();
        let mut raw = self.raw;
        raw.truncate(content.end);
        raw.drain(..content.start);
        Some(raw)
    }
}

/// Paths (as ranges of `raw`) and sizes, and where the contents begin.
pub(super) type Directory = (Vec<(Range<usize>, usize)>, usize);

/// Reads the directory at the front of `raw`, which must be of `files` files.
pub(super) fn directory(raw: &[u8], files: u32) -> Option<Directory> {
    let mut cursor = Cursor(raw);
    if cursor.u32()? != files || files as usize > raw.len() / 6 {
        return None;
    }
    let mut entries = Vec::with_capacity(files as usize);
    for _ in 0..files {
        let length = cursor.take(2)?;
        let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
        let start = raw.len() - cursor.0.len();
        std::str::from_utf8(cursor.take(length)?).ok()?;
        entries.push((start..start + length, cursor.u32()? as usize));
    }
    Some((entries, raw.len() - cursor.0.len()))
}
