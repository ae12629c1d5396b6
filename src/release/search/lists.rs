//! Buckets and lists taken apart: docs/search-format.md, "Dictionary", "Lists".

use super::bits::{BitReader, rice_parameter, varint};
use super::code::{Code, PRESENT, worth};
use super::key::FINGERPRINTS;

/// Longest list that stands in its bucket.
pub const INLINE: u32 = 128;
/// Shortest list that is in groups, the best first.
pub const GROUPED: u32 = 4096;

/// A posting: record, and what the key says of it in 1/65536.
pub type Posting = (u32, u16);

/// The postings of a key in one tier.
#[derive(Debug, Clone, Default)]
pub struct List {
    /// In how many records the key is.
    pub records: u32,
    /// By record; the best of them if there are fewer than `records`.
    pub postings: Vec<Posting>,
}

impl List {
    /// Whether all of it was read.
    pub fn is_complete(&self) -> bool {
        self.postings.len() as u64 == u64::from(self.records)
    }
}

/// Where an entry, or a word, says a list is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outside {
    pub(super) records: u32,
    pub(super) offset: u64,
    pub(super) bytes: u64,
    /// Whether its postings have levels, where it is not in groups.
    pub(super) has_levels: bool,
}

/// What an entry of a bucket holds.
#[derive(Debug, Clone)]
pub(super) enum Found {
    Inside(List),
    Outside(Outside),
}

/// The entries of a bucket that are wanted.
pub(super) fn entries(
    bytes: &[u8],
    range: u32,
    code: &Code,
    wanted: &[(&String, u32)],
) -> Option<Vec<(String, Found)>> {
    let mut at = 0;
    let count = usize::try_from(varint(bytes, &mut at)?).ok()?;
    let mut offset = varint(bytes, &mut at)?;
    let mut bits = BitReader::new(bytes.get(at..)?);
    let k = rice_parameter(FINGERPRINTS, u32::try_from(count).ok()?);
    let (mut fingerprints, mut next) = (Vec::new(), 0u32);
    for _ in 0..count {
        let print = next.checked_add(bits.rice(k)?).filter(|print| *print < FINGERPRINTS)?;
        fingerprints.push(print);
        next = print + 1;
    }
    let mut found = Vec::new();
    for fingerprint in fingerprints {
        let keys = wanted.iter().filter(|(_, wanted)| *wanted == fingerprint);
        let records = bits.gamma()?;
        let has_levels = bits.bits(1)? == 1;
        if records > range {
            return None;
        }
        if records <= INLINE {
            let mut postings = Vec::with_capacity(records as usize);
            let code = has_levels.then_some(code);
            by_record(&mut bits, records, range, |bits| says(code, bits), &mut postings)?;
            let list = List { records, postings };
            found.extend(keys.map(|(key, _)| ((*key).clone(), Found::Inside(list.clone()))));
        } else {
            let bytes = u64::from(bits.gamma()?);
            let list = Found::Outside(Outside { records, offset, bytes, has_levels });
            found.extend(keys.map(|(key, _)| ((*key).clone(), list.clone())));
            offset = offset.checked_add(bytes)?;
        }
    }
    Some(found)
}

/// The postings of a list of its own, by record; `None` if it is none. `code`: of its levels, if
/// it has any. Of one that is cut, those of the groups that are whole.
pub fn decoded(
    bytes: &[u8],
    records: u32,
    range: u32,
    code: Option<&Code>,
    is_cut: bool,
) -> Option<Vec<Posting>> {
    let mut postings = Vec::new();
    if records < GROUPED {
        let mut bits = BitReader::new(bytes);
        by_record(&mut bits, records, range, |bits| says(code, bits), &mut postings)?;
    } else {
        in_groups(bytes, is_cut, range, &mut postings)?;
    }
    postings.sort_unstable();
    (is_cut || postings.len() == records as usize).then_some(postings)
}

/// What the posting that comes next says, with the code of its level if it has one.
fn says(code: Option<&Code>, bits: &mut BitReader<'_>) -> Option<u16> {
    match code {
        Some(code) => code.take(bits).map(worth),
        None => Some(PRESENT),
    }
}

/// Appends `count` postings, whose record numbers rise below `range`; `says` reads the rest.
fn by_record(
    bits: &mut BitReader<'_>,
    count: u32,
    range: u32,
    mut says: impl FnMut(&mut BitReader<'_>) -> Option<u16>,
    out: &mut Vec<Posting>,
) -> Option<()> {
    let k = rice_parameter(range, count);
    let mut next = 0u32;
    for _ in 0..count {
        let record = next.checked_add(bits.rice(k)?).filter(|record| *record < range)?;
        out.push((record, says(bits)?));
        next = record + 1;
    }
    Some(())
}

fn in_groups(bytes: &[u8], is_cut: bool, range: u32, out: &mut Vec<Posting>) -> Option<()> {
    let mut at = 0;
    while at < bytes.len() {
        let Some(says) = bytes.get(at..at + 2) else { return is_cut.then_some(()) };
        let says = u16::from_le_bytes([says[0], says[1]]);
        at += 2;
        let head = varint(bytes, &mut at).zip(varint(bytes, &mut at));
        let Some((count, length)) = head else { return is_cut.then_some(()) };
        let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length))?;
        let Some(group) = bytes.get(at..end) else { return is_cut.then_some(()) };
        let count = u32::try_from(count).ok().filter(|count| *count <= range)?;
        by_record(&mut BitReader::new(group), count, range, |_| Some(says), out)?;
        at = end;
    }
    Some(())
}
