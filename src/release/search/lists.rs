//! Buckets and lists taken apart: docs/search-format.md, "Dictionary", "Lists".

use super::bits::{BitReader, rice_parameter, varint};
use super::code::{Codes, PRESENT, worth};
use super::key::FINGERPRINTS;

/// Longest list that stands in its bucket.
pub const INLINE: u32 = 128;
/// Shortest list that is in groups, the best first.
pub const GROUPED: u32 = 8192;
/// A word, or two in a row, that are in as many records are no base.
pub const BASE: u32 = 65536;

/// How many records are the best of two frequent words.
pub const BEST: u32 = 12;
/// Bits that say how good one of them is.
pub const BEST_BITS: u32 = 10;
/// What says so where others have the parameter of the code of places.
pub const BEST_PARAMETER: u32 = 31;
/// Where two frequent words have more postings, their best records are told. A posting of a long
/// list takes about a byte.
pub const TOGETHER: u32 = 64 << 10;

/// Weight of a key that `with` of `all` records have: docs/search-format.md, "Score".
pub fn idf(all: f64, with: f64) -> f64 {
    (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
}

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

    /// The records at these places of the list of a base. None, as if the key were not there, where
    /// a place is beyond it: then the entry is that of another key.
    pub(super) fn within(&self, base: &List) -> List {
        let record = |(place, says): &Posting| Some((base.postings.get(*place as usize)?.0, *says));
        let postings = self.postings.iter().map(record).collect::<Option<_>>();
        postings.map(|postings| List { records: self.records, postings }).unwrap_or_default()
    }
}

/// What postings are, where they are not in groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Record numbers. The base of three words, if of two.
    Plain,
    /// Of a stem in the text: record numbers, each with a level. The base of pairs.
    Stem,
    /// Of a field, or of several keys: record numbers, each with a level; or places in the list of
    /// the word in the text, with the parameter of their code.
    Levels {
        /// Of the Rice code of places.
        k: Option<u32>,
    },
    /// Places in the list of the first or the second word of a pair, with the parameter of their
    /// code.
    Places {
        /// Which of the two.
        is_second: bool,
        /// Of the Rice code.
        k: u32,
    },
    /// The best records of two frequent words; how many have both is told instead of how many
    /// there are.
    Best,
}

impl Kind {
    /// Whether a list of so many records is in groups.
    pub(super) fn is_grouped(self, records: u32) -> bool {
        records >= GROUPED && !matches!(self, Kind::Places { .. } | Kind::Levels { k: Some(_) })
    }
}

/// Where an entry, or a word, says a list is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outside {
    pub(super) records: u32,
    pub(super) offset: u64,
    pub(super) bytes: u64,
    pub(super) kind: Kind,
}

/// What an entry of a bucket holds. Until they are looked up, places stand where records do.
#[derive(Debug, Clone)]
pub(super) enum Found {
    Inside(List, Kind),
    Outside(Outside),
}

impl Found {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Found::Inside(_, kind) => *kind,
            Found::Outside(Outside { kind, .. }) => *kind,
        }
    }

    pub(super) fn records(&self) -> u32 {
        match self {
            Found::Inside(list, _) => list.records,
            Found::Outside(Outside { records, .. }) => *records,
        }
    }
}

/// The entries of a bucket that are wanted.
pub(super) fn entries(
    bytes: &[u8],
    range: u32,
    codes: &Codes,
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
        let told = bits.gamma()?;
        let kind = kind(&mut bits)?;
        let (records, count) = match kind {
            Kind::Best => (told - 1, BEST),
            _ => (told, told),
        };
        if records > range {
            return None;
        }
        if count <= INLINE {
            let mut postings = Vec::with_capacity(count as usize);
            by_number(&mut bits, count, range, kind, codes, &mut postings)?;
            let list = Found::Inside(List { records, postings }, kind);
            found.extend(keys.map(|(key, _)| ((*key).clone(), list.clone())));
        } else {
            let bytes = u64::from(bits.gamma()?);
            let list = Found::Outside(Outside { records, offset, bytes, kind });
            found.extend(keys.map(|(key, _)| ((*key).clone(), list.clone())));
            offset = offset.checked_add(bytes)?;
        }
    }
    Some(found)
}

fn kind(bits: &mut BitReader<'_>) -> Option<Kind> {
    Some(match (bits.bits(1)?, bits.bits(1)?) {
        (0, 0) => Kind::Plain,
        (1, 0) => Kind::Stem,
        // 1, or the parameter of places plus 2.
        (1, _) => Kind::Levels { k: bits.gamma()?.checked_sub(2) },
        _ => match (bits.bits(1)? == 1, bits.gamma()? - 1) {
            (false, BEST_PARAMETER) => Kind::Best,
            (is_second, k) => Kind::Places { is_second, k },
        },
    })
}

/// The postings of a list of its own, by record; `None` if it is none. Of one that is
/// cut, those of the groups that are whole.
pub fn decoded(
    bytes: &[u8],
    records: u32,
    range: u32,
    kind: Kind,
    codes: &Codes,
    is_cut: bool,
) -> Option<Vec<Posting>> {
    let mut postings = Vec::new();
    if kind.is_grouped(records) {
        in_groups(bytes, is_cut, range, &mut postings)?;
    } else {
        by_number(&mut BitReader::new(bytes), records, range, kind, codes, &mut postings)?;
    }
    postings.sort_unstable();
    (is_cut || postings.len() == records as usize).then_some(postings)
}

/// Appends `count` postings of a kind, of records below `range`.
fn by_number(
    bits: &mut BitReader<'_>,
    count: u32,
    range: u32,
    kind: Kind,
    codes: &Codes,
    out: &mut Vec<Posting>,
) -> Option<()> {
    let own = rice_parameter(range, count);
    let (range, k) = match kind {
        Kind::Places { k, .. } | Kind::Levels { k: Some(k) } => (BASE, k),
        _ => (range, own),
    };
    let [stems, levels] = codes;
    match kind {
        Kind::Stem => rising(bits, count, range, k, |bits| stems.take(bits).map(worth), out),
        Kind::Levels { .. } => {
            rising(bits, count, range, k, |bits| levels.take(bits).map(worth), out)
        }
        Kind::Plain | Kind::Places { .. } => rising(bits, count, range, k, |_| Some(PRESENT), out),
        Kind::Best => {
            let says =
                |bits: &mut BitReader<'_>| Some((bits.bits(BEST_BITS)? as u16) << (16 - BEST_BITS));
            rising(bits, count, range, k, says, out)
        }
    }
}

/// Appends `count` postings, whose numbers rise below `range`; `says` reads the rest.
fn rising(
    bits: &mut BitReader<'_>,
    count: u32,
    range: u32,
    k: u32,
    mut says: impl FnMut(&mut BitReader<'_>) -> Option<u16>,
    out: &mut Vec<Posting>,
) -> Option<()> {
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
        let k = rice_parameter(range, count);
        rising(&mut BitReader::new(group), count, range, k, |_| Some(says), out)?;
        at = end;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_records_of_another_list_or_none() {
        let list = |numbers: &[u32]| List {
            records: numbers.len() as u32,
            postings: numbers.iter().map(|number| (*number, PRESENT)).collect(),
        };
        let base = list(&[3, 7, 100]);
        let check = |places: &[u32], expected: &[u32]| {
            let (found, expected) = (list(places).within(&base), list(expected));
            assert_eq!(found.records, expected.records, "{places:?}");
            assert_eq!(found.postings, expected.postings, "{places:?}");
        };
        check(&[0, 2], &[3, 100]);
        check(&[0, 1, 2], &[3, 7, 100]);
        check(&[0, 3], &[]);
    }
}
