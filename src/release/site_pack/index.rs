//! The index of a site pack: from a path to its group.

use super::super::fetch::{FetchError, RangeSource};
use super::super::manifest::SitePack;
use super::super::pack::{Cursor, skippable, skippable_payload};
use super::{Fault, INDEX_MAGIC, MAX_GROUP_RAW};

const MAGIC: &[u8; 4] = b"OFPS";
const VERSION: u8 = 1;
/// Bytes before the rows: the head of the skippable frame, magic, version, counts.
const HEAD: u64 = 24;
const ROW: u64 = 20;
const KEY: u64 = 12;
/// Keys read at once when looking one up.
const WINDOW: u64 = 512;

/// Where one group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// First byte in the file.
    pub offset: u64,
    /// Bytes of the frame.
    pub bytes: u32,
    /// Bytes before compression.
    pub raw: u32,
    /// Files in it.
    pub files: u32,
}

/// The whole index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Index {
    /// The groups in file order.
    pub rows: Vec<Row>,
    /// Hash of a key and number of a group that has files with it, sorted.
    pub keys: Vec<(u64, u32)>,
}

/// Bytes of the index of a pack with so many groups and keys; `None` for no index at all.
pub fn index_bytes(groups: u64, keys: u64) -> Option<u64> {
    let rows = groups.checked_mul(ROW)?;
    HEAD.checked_add(rows)?.checked_add(keys.checked_mul(KEY)?)
}

impl Index {
    /// The skippable frame; sorts the keys.
    pub fn encode(&mut self) -> Vec<u8> {
        self.keys.sort_unstable();
        self.keys.dedup();
        let mut payload = Vec::with_capacity(16 + self.rows.len() * 20 + self.keys.len() * 12);
        payload.extend_from_slice(MAGIC);
        payload.extend_from_slice(&[VERSION, 0, 0, 0]);
        payload.extend_from_slice(&(self.rows.len() as u32).to_le_bytes());
        payload.extend_from_slice(&(self.keys.len() as u32).to_le_bytes());
        for Row { offset, bytes, raw, files } in &self.rows {
            payload.extend_from_slice(&offset.to_le_bytes());
            for number in [bytes, raw, files] {
                payload.extend_from_slice(&number.to_le_bytes());
            }
        }
        for (key, group) in &self.keys {
            payload.extend_from_slice(&key.to_le_bytes());
            payload.extend_from_slice(&group.to_le_bytes());
        }
        skippable(INDEX_MAGIC, &payload)
    }

    /// Reads the index of `pack` from the bytes at its end: groups lie one after another from
    /// the beginning of the file up to the index, keys are sorted.
    ///
    /// # Errors
    /// Says what contradicts itself or the manifest.
    pub fn parse(bytes: &[u8], pack: &SitePack) -> Result<Index, Fault> {
        let bad = Fault::Index("not one of a site pack");
        let payload = skippable_payload(INDEX_MAGIC, bytes).ok_or(bad.clone())?;
        let mut cursor = Cursor(payload);
        let head = cursor.take(8).ok_or(bad.clone())?;
        let (groups, keys) = (cursor.u32().ok_or(bad.clone())?, cursor.u32().ok_or(bad.clone())?);
        if head[..4] != *MAGIC || head[4..] != [VERSION, 0, 0, 0] {
            return Err(bad);
        }
        let counted = (u64::from(groups), u64::from(keys)) == (pack.groups, pack.keys);
        if !counted || index_bytes(pack.groups, pack.keys) != Some(bytes.len() as u64) {
            return Err(Fault::Index("not of the listed size"));
        }
        let mut index = Index::default();
        let (mut end, mut files) = (0, 0_u64);
        for _ in 0..groups {
            let row = row(&mut cursor).ok_or(bad.clone())?;
            if row.offset != end || row.bytes == 0 || u64::from(row.raw) > MAX_GROUP_RAW {
                return Err(Fault::Index("groups do not follow each other"));
            }
            end = row.offset + u64::from(row.bytes);
            files += u64::from(row.files);
            index.rows.push(row);
        }
        if end.checked_add(bytes.len() as u64) != Some(pack.bytes) || files != pack.files {
            return Err(Fault::Index("groups do not add up to the pack"));
        }
        for _ in 0..keys {
            let key = (cursor.u64().ok_or(bad.clone())?, cursor.u32().ok_or(bad.clone())?);
            if key.1 >= groups || index.keys.last().is_some_and(|last| *last >= key) {
                return Err(Fault::Index("keys out of order"));
            }
            index.keys.push(key);
        }
        Ok(index)
    }

    /// Whether the index leads from this hash to this group.
    pub fn leads(&self, hash: u64, group: u32) -> bool {
        self.keys.binary_search(&(hash, group)).is_ok()
    }
}

fn row(cursor: &mut Cursor<'_>) -> Option<Row> {
    let (offset, bytes) = (cursor.u64()?, cursor.u32()?);
    Some(Row { offset, bytes, raw: cursor.u32()?, files: cursor.u32()? })
}

/// The groups of `pack` that have files with a key of this hash, with their numbers: nearly
/// always none or one. Most often one read of the keys, and one a group.
///
/// # Errors
/// When the pack cannot be read.
pub fn find<S: RangeSource + ?Sized>(
    source: &S,
    pack: &SitePack,
    hash: u64,
) -> Result<Vec<(u32, Row)>, FetchError> {
    let Some(index) = index_bytes(pack.groups, pack.keys).filter(|bytes| *bytes <= pack.bytes)
    else {
        return Ok(Vec::new());
    };
    let rows = pack.bytes - index + HEAD;
    let keys = rows + pack.groups * ROW;
    let read = |from: u64, to: u64| -> Result<Vec<(u64, u32)>, FetchError> {
        let bytes = source.read_range(&pack.path, keys + from * KEY, (to - from) * KEY)?;
        let mut cursor = Cursor(&bytes);
        let mut found = Vec::with_capacity((to - from) as usize);
        while let (Some(key), Some(group)) = (cursor.u64(), cursor.u32()) {
            found.push((key, group));
        }
        Ok(found)
    };
    // Hashes are spread evenly: guess, and halve where the guess is wrong.
    let (mut low, mut high) = (0, pack.keys);
    let mut guess = ((u128::from(hash) * u128::from(pack.keys)) >> 64) as u64;
    let mut groups = Vec::new();
    while low < high {
        let from =
            guess.saturating_sub(WINDOW / 2).clamp(low, high.saturating_sub(WINDOW).max(low));
        let to = (from + WINDOW).min(high);
        let window = read(from, to)?;
        let (Some(first), Some(last)) = (window.first(), window.last()) else { break };
        if hash < first.0 {
            high = from;
        } else if hash > last.0 {
            low = to;
        } else {
            // Equal hashes that reach over the window's edge would be a thousand files of one
            // record, each in a group of its own.
            groups.extend(window.iter().filter(|key| key.0 == hash).map(|key| key.1));
            break;
        }
        guess = low + (high - low) / 2;
    }
    let mut found = Vec::with_capacity(groups.len());
    for group in groups.into_iter().filter(|group| u64::from(*group) < pack.groups) {
        let bytes = source.read_range(&pack.path, rows + u64::from(group) * ROW, ROW)?;
        found.extend(row(&mut Cursor(&bytes)).map(|row| (group, row)));
    }
    Ok(found)
}
