//! Reads the index by ranges, from a directory or over HTTP.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::super::fetch::{FetchError, RangeSource as _, Source};
use super::super::hash::sha256;
use super::super::pointer::{PointerError, ReleasePointer};
use super::bits::{BitReader, rice_parameter, varint};
use super::key::{FINGERPRINTS, Place};
use super::pointer::{MAX_SEARCH_POINTER, SearchPointer, SearchPointerError, Stream, Tier};
use super::tables::{TierTables, inflated};

/// Largest `tables.bin` a reader accepts.
const MAX_TABLES: u64 = 64 << 20;
/// Largest part of a stream that is read at a time.
const MAX_PART: u64 = 256 << 20;
/// Largest page of cards, or block of words, inflated.
const MAX_INFLATED: u64 = 4 << 20;
/// Words that a prefix stands for.
const PREFIX_WORDS: usize = 32;
/// Longest list that stands in its bucket.
const INLINE: u32 = 128;
/// Shortest list in groups.
const GROUPED: u32 = 4096;

/// Why a search failed.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Something could not be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// `release.json` cannot be used.
    #[error(transparent)]
    Release(#[from] PointerError),
    /// The search pointer cannot be used.
    #[error("{path} cannot be used")]
    Pointer {
        /// Which.
        path: String,
        /// Cause.
        source: SearchPointerError,
    },
    /// There is no search index.
    #[error("{0} has no search index")]
    None(String),
    /// Bytes that are not what the format says.
    #[error("{path}: {what} is damaged")]
    Damaged {
        /// Which file or tier.
        path: String,
        /// What of it.
        what: &'static str,
    },
}

/// A posting: record and level.
pub type Posting = (u32, u8);

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

/// How much of long lists is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// All.
    Complete,
    /// The first `begin` bytes of lists longer than `whole` bytes: enough to show first results.
    FirstPaint {
        /// Longest list that is read whole.
        whole: u64,
        /// Bytes read of others, of those in groups.
        begin: u64,
    },
}

/// A tier with its tables.
pub(super) struct OpenTier {
    pub(super) tier: Tier,
    pub(super) tables: TierTables,
    /// Rising.
    pub(super) dead: Vec<u32>,
}

impl OpenTier {
    /// Whether a record no longer counts.
    pub(super) fn is_dead(&self, record: u32) -> bool {
        !self.dead.is_empty() && self.dead.binary_search(&record).is_ok()
    }

    /// How many of these no longer count.
    pub(super) fn dead_among(&self, postings: &[Posting]) -> u32 {
        let held = |dead: &&u32| postings.binary_search_by_key(*dead, |(at, _)| *at).is_ok();
        match self.dead.len() < postings.len() {
            true => self.dead.iter().filter(held).count() as u32,
            false => postings.iter().filter(|(at, _)| self.is_dead(*at)).count() as u32,
        }
    }
}

/// An opened index.
pub struct Searcher<'s> {
    pub(super) source: &'s Source,
    pointer: SearchPointer,
    pub(super) tiers: Vec<OpenTier>,
    /// Reads that had to wait for each other since the tables were read.
    pub(super) rounds: u32,
}

/// Where an entry says its list is.
enum Found {
    Inside(List),
    Outside { records: u32, offset: u64, bytes: u64 },
}

impl<'s> Searcher<'s> {
    /// Reads pointers and the tables of the tiers with newest versions; with `all_versions`,
    /// of all.
    ///
    /// # Errors
    /// When there is no index, or it cannot be read.
    pub fn open(source: &'s Source, all_versions: bool) -> Result<Searcher<'s>, ReadError> {
        let none = || ReadError::None(source.place(""));
        let release = ReleasePointer::read(source)?.ok_or_else(none)?;
        let named = release.search.ok_or_else(none)?;
        let bytes = source.read_all(&named.path, MAX_SEARCH_POINTER)?;
        if sha256(&bytes) != named.sha256 {
            return Err(ReadError::Damaged { path: named.path, what: "its hash" });
        }
        let pointer = SearchPointer::from_bytes(&bytes)
            .map_err(|source| ReadError::Pointer { path: named.path, source })?;
        let wanted = pointer.tiers.iter().filter(|tier| all_versions || !tier.older);
        let tiers = wanted.map(|tier| open_tier(source, tier)).collect::<Result<_, _>>()?;
        Ok(Searcher { source, pointer, tiers, rounds: 0 })
    }

    /// Records searched: those that count.
    pub fn records(&self) -> u64 {
        let live = |open: &OpenTier| u64::from(open.tier.records) - open.dead.len() as u64;
        self.tiers.iter().map(live).sum()
    }

    /// What each key has in each tier, in two rounds.
    pub(super) fn lists(
        &mut self,
        keys: &BTreeSet<String>,
        reading: Reading,
    ) -> Result<BTreeMap<String, Vec<List>>, ReadError> {
        let mut lists: BTreeMap<String, Vec<List>> = BTreeMap::new();
        for number in 0..self.tiers.len() {
            let found = self.find(number, keys)?;
            let read: Vec<_> = found
                .into_par_iter()
                .map(|(key, found)| Ok((key, self.list(number, found, reading)?)))
                .collect::<Result<_, ReadError>>()?;
            for (key, list) in read {
                lists.entry(key).or_insert_with(|| vec![List::default(); self.tiers.len()])
                    [number] = list;
            }
        }
        self.rounds += if keys.is_empty() { 0 } else { 2 };
        Ok(lists)
    }

    fn find(
        &self,
        tier: usize,
        keys: &BTreeSet<String>,
    ) -> Result<Vec<(String, Found)>, ReadError> {
        let OpenTier { tier, tables, .. } = &self.tiers[tier];
        let mut by_bucket: BTreeMap<u32, Vec<(&String, u32)>> = BTreeMap::new();
        for key in keys {
            let place = Place::of([key.as_bytes(), b""], tier.seed, tier.buckets);
            by_bucket.entry(place.bucket).or_default().push((key, place.fingerprint));
        }
        let buckets: Vec<_> = by_bucket.into_iter().collect();
        let found = buckets.par_iter().map(|(bucket, wanted)| {
            let bucket = *bucket as usize;
            let (start, end) = (tables.buckets[bucket], tables.buckets[bucket + 1]);
            let bytes = self.part(tier, Stream::Dict, start, end - start)?;
            let damaged = || damaged(tier, "its dictionary");
            entries(&bytes, tier.records, wanted).ok_or_else(damaged)
        });
        Ok(found.collect::<Result<Vec<_>, ReadError>>()?.into_iter().flatten().collect())
    }

    fn list(&self, tier: usize, found: Found, reading: Reading) -> Result<List, ReadError> {
        let (records, offset, bytes) = match found {
            Found::Inside(list) => return Ok(list),
            Found::Outside { records, offset, bytes } => (records, offset, bytes),
        };
        let tier = &self.tiers[tier].tier;
        let length = match reading {
            Reading::FirstPaint { whole, begin } if bytes > whole && records >= GROUPED => {
                begin.min(bytes)
            }
            _ => bytes,
        };
        let read = self.part(tier, Stream::Lists, offset, length)?;
        let postings = decoded(&read, records, tier.records, length < bytes);
        Ok(List { records, postings: postings.ok_or_else(|| damaged(tier, "a list"))? })
    }

    /// A part of a stream, which may cross files.
    fn part(
        &self,
        tier: &Tier,
        stream: Stream,
        offset: u64,
        bytes: u64,
    ) -> Result<Vec<u8>, ReadError> {
        let size = tier.streams.get(&stream).copied().unwrap_or(0);
        if bytes > MAX_PART || offset.checked_add(bytes).is_none_or(|end| end > size) {
            return Err(damaged(tier, "a place in a stream"));
        }
        let mut out = Vec::new();
        let (mut at, end) = (offset, offset + bytes);
        while at < end {
            let (file, inside) = (at / self.pointer.pack_bytes, at % self.pointer.pack_bytes);
            let now = (end - at).min(self.pointer.pack_bytes - inside);
            let path = format!("{}/{}", tier.dir, stream.file(file));
            out.extend(self.source.read_range(&path, inside, now)?);
            at += now;
        }
        Ok(out)
    }

    /// The lines of cards of records (tier, number), in one round.
    pub(super) fn cards(
        &mut self,
        records: &BTreeSet<(usize, u32)>,
    ) -> Result<BTreeMap<(usize, u32), String>, ReadError> {
        let of_page =
            |(tier, record): &(usize, u32)| (*tier, *record / self.tiers[*tier].tier.page_records);
        let pages: BTreeSet<(usize, u32)> = records.iter().map(of_page).collect();
        let pages: Vec<_> = pages.into_iter().collect();
        let read = pages.par_iter().map(|(number, page)| {
            let OpenTier { tier, tables, .. } = &self.tiers[*number];
            let offsets = tables.pages.get(*page as usize..*page as usize + 2);
            let offsets = offsets.ok_or_else(|| damaged(tier, "the table of pages"))?;
            let bytes = self.part(tier, Stream::Cards, offsets[0], offsets[1] - offsets[0])?;
            let lines = page_lines(&bytes, &tables.dictionary);
            let lines = lines.ok_or_else(|| damaged(tier, "a page of cards"))?;
            let first = page * tier.page_records;
            let line = |(at, line): (usize, &str)| ((*number, first + at as u32), line.to_owned());
            Ok(lines.lines().enumerate().map(line).collect::<Vec<_>>())
        });
        let read = read.collect::<Result<Vec<_>, ReadError>>()?;
        self.rounds += u32::from(!records.is_empty());
        Ok(read.into_iter().flatten().filter(|(place, _)| records.contains(place)).collect())
    }

    /// The words that begin with `prefix`, most records first.
    pub(super) fn words(&mut self, prefix: &str) -> Result<Vec<String>, ReadError> {
        let mut words: BTreeMap<String, u64> = BTreeMap::new();
        for OpenTier { tier, tables, .. } in &self.tiers {
            for block in tables.blocks(prefix) {
                let bytes = self.part(tier, Stream::Words, block.offset, block.bytes)?;
                let lines =
                    inflated(&bytes, &[], MAX_INFLATED).and_then(|b| String::from_utf8(b).ok());
                let lines = lines.ok_or_else(|| damaged(tier, "a block of words"))?;
                for (word, records) in lines.lines().filter_map(|line| line.split_once('\t')) {
                    if word.starts_with(prefix) {
                        *words.entry(word.to_owned()).or_default() += records.parse().unwrap_or(0);
                    }
                }
            }
        }
        self.rounds += 1;
        let mut words: Vec<(String, u64)> = words.into_iter().collect();
        words.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        words.truncate(PREFIX_WORDS);
        Ok(words.into_iter().map(|(word, _)| word).collect())
    }
}

fn damaged(tier: &Tier, what: &'static str) -> ReadError {
    ReadError::Damaged { path: tier.dir.clone(), what }
}

fn open_tier(source: &Source, tier: &Tier) -> Result<OpenTier, ReadError> {
    let path = format!("{}/tables.bin", tier.dir);
    let bytes = source.read_all(&path, MAX_TABLES)?;
    let tables = TierTables::decode(&bytes, tier).ok_or_else(|| damaged(tier, "tables.bin"))?;
    let mut dead = Vec::new();
    if let Some(list) = &tier.dead {
        let bytes = source.read_all(&list.path, MAX_TABLES)?;
        let bytes =
            inflated(&bytes, &[], MAX_PART).ok_or_else(|| damaged(tier, "the list of dead"))?;
        dead =
            dead_numbers(&bytes, tier.records).ok_or_else(|| damaged(tier, "the list of dead"))?;
    }
    Ok(OpenTier { tier: tier.clone(), tables, dead })
}

/// The numbers of a list of dead, rising and below `range`.
fn dead_numbers(bytes: &[u8], range: u32) -> Option<Vec<u32>> {
    let (mut at, mut next, mut dead) = (0, 0u64, Vec::new());
    while at < bytes.len() {
        let more = varint(bytes, &mut at)?;
        if more == 0 && !dead.is_empty() {
            return None;
        }
        next = next.checked_add(more)?;
        dead.push(u32::try_from(next).ok().filter(|number| *number < range)?);
    }
    Some(dead)
}

fn page_lines(bytes: &[u8], dictionary: &[u8]) -> Option<String> {
    let length = u16::from_le_bytes([*bytes.first()?, *bytes.get(1)?]);
    let stream = bytes.get(2..2 + usize::from(length))?;
    String::from_utf8(inflated(stream, dictionary, MAX_INFLATED)?).ok()
}

/// The entries of a bucket that are wanted.
fn entries(bytes: &[u8], range: u32, wanted: &[(&String, u32)]) -> Option<Vec<(String, Found)>> {
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
        if records > range {
            return None;
        }
        if records <= INLINE {
            let mut postings = Vec::with_capacity(records as usize);
            by_record(&mut bits, records, range, &mut postings)?;
            let list = List { records, postings };
            found.extend(keys.map(|(key, _)| ((*key).clone(), Found::Inside(list.clone()))));
        } else {
            let bytes = u64::from(bits.gamma()?);
            let place = || Found::Outside { records, offset, bytes };
            found.extend(keys.map(|(key, _)| ((*key).clone(), place())));
            offset = offset.checked_add(bytes)?;
        }
    }
    Some(found)
}

/// The postings of a list of its own, by record; `None` if it is none. Of one that is cut, those
/// of the groups that are whole.
pub fn decoded(bytes: &[u8], records: u32, range: u32, is_cut: bool) -> Option<Vec<Posting>> {
    let mut postings = Vec::new();
    if records < GROUPED {
        by_record(&mut BitReader::new(bytes), records, range, &mut postings)?;
    } else {
        by_level(bytes, is_cut, range, &mut postings)?;
    }
    postings.sort_unstable();
    (is_cut || postings.len() == records as usize).then_some(postings)
}

fn by_record(
    bits: &mut BitReader<'_>,
    count: u32,
    range: u32,
    out: &mut Vec<Posting>,
) -> Option<()> {
    let k = rice_parameter(range, count);
    let mut next = 0u32;
    for _ in 0..count {
        let record = next.checked_add(bits.rice(k)?).filter(|record| *record < range)?;
        out.push((record, bits.bits(6)? as u8));
        next = record + 1;
    }
    Some(())
}

fn by_level(bytes: &[u8], is_cut: bool, range: u32, out: &mut Vec<Posting>) -> Option<()> {
    let mut at = 0;
    while at < bytes.len() {
        let level = bytes[at];
        at += 1;
        let head = varint(bytes, &mut at).zip(varint(bytes, &mut at));
        let (Some((count, length)), true) = (head, level < 64) else {
            return is_cut.then_some(());
        };
        let end = usize::try_from(length).ok().and_then(|length| at.checked_add(length))?;
        let Some(group) = bytes.get(at..end) else { return is_cut.then_some(()) };
        let count = u32::try_from(count).ok().filter(|count| *count <= range)?;
        let k = rice_parameter(range, count);
        let mut bits = BitReader::new(group);
        let mut next = 0u32;
        for _ in 0..count {
            let record = next.checked_add(bits.rice(k)?).filter(|record| *record < range)?;
            out.push((record, level));
            next = record + 1;
        }
        at = end;
    }
    Some(())
}
