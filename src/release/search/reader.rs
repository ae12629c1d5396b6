//! Reads the index by ranges, from a directory or over HTTP.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::super::fetch::{FetchError, RangeSource as _, Source};
use super::super::hash::sha256;
use super::super::pointer::{PointerError, ReleasePointer};
use super::bits::varint;
use super::blocks::joined;
use super::gather::{Known, Lists, Word};
use super::key::Place;
use super::lists::{Found, Kind, List, Outside, Posting, decoded, entries};
use super::pointer::{MAX_SEARCH_POINTER, SearchPointer, SearchPointerError, Stream, Tier};
use super::tables::{TierTables, inflated};

/// Largest `tables.bin` a reader accepts.
const MAX_TABLES: u64 = 64 << 20;
/// Largest part of a stream that is read at a time.
const MAX_PART: u64 = 256 << 20;
/// Largest page of cards, or block of words, inflated.
const MAX_INFLATED: u64 = 4 << 20;
/// Bytes of lists that a first answer may cost, also where the best records of two words are
/// known, and, without phrases, of these with what was read before; those that do not fit share
/// what is left, each at least so much, and at most that in a query of one part or with a phrase,
/// where more of a list changes little.
pub(super) const FIRST: u64 = 96 << 10;
pub(super) const BESIDE_BEST: u64 = 32 << 10;
pub(super) const BEFORE_CARDS: u64 = 106 << 10;
const LEAST: u64 = 8 << 10;
pub(super) const MOST: u64 = 32 << 10;

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

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// All.
    Complete,
    /// What the final answer of a page needs: all, but of two frequent words whose best records
    /// are known, only these and the best part of their lists.
    Final,
    /// What a first answer needs: at most twenty requests for a usual query, and of lists that
    /// do not fit, the best part.
    First,
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
        Searcher::of(source, pointer, all_versions)
    }

    /// Of an index whose pointer was read.
    pub(crate) fn of(
        source: &'s Source,
        pointer: SearchPointer,
        all_versions: bool,
    ) -> Result<Searcher<'s>, ReadError> {
        let wanted = pointer.tiers.iter().filter(|tier| all_versions || !tier.older);
        let tiers = wanted.map(|tier| open_tier(source, tier)).collect::<Result<_, _>>()?;
        Ok(Searcher { source, pointer, tiers, rounds: 0 })
    }

    /// Records searched: those that count.
    pub fn records(&self) -> u64 {
        let live = |open: &OpenTier| u64::from(open.tier.records) - open.dead.len() as u64;
        self.tiers.iter().map(live).sum()
    }

    /// What the buckets of tiers say of keys, and how many bytes these are.
    pub(super) fn find(
        &self,
        wanted: &BTreeSet<(usize, String)>,
    ) -> Result<(Known, u64), ReadError> {
        let mut by_bucket: BTreeMap<(usize, u32), Vec<(&String, u32)>> = BTreeMap::new();
        for (number, key) in wanted {
            let tier = &self.tiers[*number].tier;
            let place = Place::of([key.as_bytes(), b""], tier.seed, tier.buckets);
            by_bucket.entry((*number, place.bucket)).or_default().push((key, place.fingerprint));
        }
        let buckets: Vec<_> = by_bucket.into_iter().collect();
        let found = buckets.par_iter().map(|((number, bucket), wanted)| {
            let OpenTier { tier, tables, .. } = &self.tiers[*number];
            let bucket = *bucket as usize;
            let (block, places) = (tier.blocks.dict, &tables.buckets[bucket..=bucket + 1]);
            let blocks = self.blocks(tier, Stream::Dict, block, places)?;
            let found = joined(&blocks, block)
                .and_then(|bytes| entries(&bytes, tier.records, &tables.codes, wanted));
            let found = found.ok_or_else(|| damaged(tier, "its dictionary"))?;
            let found = found.into_iter().map(|(key, found)| ((*number, key), found));
            Ok((found.collect(), blocks.len() as u64))
        });
        let found = found.collect::<Result<Vec<(Vec<_>, u64)>, ReadError>>()?;
        let bytes = found.iter().map(|(_, bytes)| bytes).sum();
        Ok((found.into_iter().flat_map(|(found, _)| found).collect(), bytes))
    }

    /// Reads what was found, `room` bytes of it, those that are `whole` to their ends, of others
    /// `most` at most; whether there were lists to read.
    pub(super) fn load(
        &self,
        found: Known,
        whole: impl Fn(usize, &str) -> bool,
        [room, most]: [u64; 2],
        lists: &mut Lists,
    ) -> Result<bool, ReadError> {
        let mut outside = Vec::new();
        for ((tier, key), found) in found {
            match found {
                Found::Inside(list, _) => self.keep(tier, key, list, lists),
                Found::Outside(place) => outside.push((place, tier, key)),
            }
        }
        outside.sort_by(|(a, x, _), (b, y, _)| (a.bytes, x, a.offset).cmp(&(b.bytes, y, b.offset)));
        let (mut spent, count) = (0, outside.len());
        let planned = outside.into_iter().enumerate().map(|(at, (place, tier, key))| {
            let Outside { records, bytes, kind, .. } = place;
            let fits = whole(tier, &key) || spent + bytes <= room || !kind.is_grouped(records);
            let share = room.saturating_sub(spent) / (count - at) as u64;
            let most = if fits { bytes } else { share.clamp(LEAST, most) };
            // Without levels a list is one group, and its beginning nothing.
            let length = if kind == Kind::Plain && most < bytes { 0 } else { most.min(bytes) };
            spent += length;
            (place, tier, key, length)
        });
        let planned: Vec<_> = planned.collect();
        let read: Vec<_> = planned
            .into_par_iter()
            .map(|(place, tier, key, length)| Ok((tier, key, self.list(tier, place, length)?)))
            .collect::<Result<_, ReadError>>()?;
        let has_lists = !read.is_empty();
        read.into_iter().for_each(|(tier, key, list)| self.keep(tier, key, list, lists));
        Ok(has_lists)
    }

    fn keep(&self, tier: usize, key: String, list: List, lists: &mut Lists) {
        lists.entry(key).or_insert_with(|| vec![List::default(); self.tiers.len()])[tier] = list;
    }

    fn list(&self, tier: usize, place: Outside, length: u64) -> Result<List, ReadError> {
        let Outside { records, offset, bytes, kind } = place;
        let OpenTier { tier, tables, .. } = &self.tiers[tier];
        if records > tier.records {
            return Err(damaged(tier, "the length of a list"));
        }
        let read = self.part(tier, Stream::Lists, offset, length)?;
        let is_cut = length < bytes;
        let postings = decoded(&read, records, tier.records, kind, &tables.codes, is_cut);
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

    /// The blocks of what begins at some places that follow each other, but for the last, which is
    /// that of what comes next: the one before may end in the block where that begins, unless it
    /// begins a file.
    fn blocks(
        &self,
        tier: &Tier,
        stream: Stream,
        block: usize,
        places: &[u64],
    ) -> Result<Vec<u8>, ReadError> {
        let [start, .., next] = places else { return Ok(Vec::new()) };
        let size = tier.streams.get(&stream).copied().unwrap_or(0);
        let begins_file = next.is_multiple_of(self.pointer.pack_bytes);
        let end = if begins_file { *next } else { next.saturating_add(block as u64) };
        let length = end.min(size).checked_sub(*start);
        let length = length.ok_or_else(|| damaged(tier, "a table of places"))?;
        self.part(tier, stream, *start, length)
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
        // Neighbours are one request.
        let stretches: Vec<_> = pages.chunk_by(|a, b| (a.0, a.1 + 1) == *b).collect();
        let read = stretches.into_par_iter().map(|pages| {
            let (number, first) = pages[0];
            let OpenTier { tier, tables, .. } = &self.tiers[number];
            let offsets = tables.pages.get(first as usize..=first as usize + pages.len());
            let offsets = offsets.ok_or_else(|| damaged(tier, "the table of pages"))?;
            let block = tier.blocks.cards;
            let bytes = self.blocks(tier, Stream::Cards, block, offsets)?;
            let mut cards = Vec::new();
            for ((_, page), places) in pages.iter().zip(offsets.windows(2)) {
                let [from, next] = [places[0], places[1]].map(|at| (at - offsets[0]) as usize);
                let blocks = bytes.get(from..bytes.len().min(next + block));
                let page_bytes = blocks.and_then(|blocks| joined(blocks, block));
                let lines = page_bytes.and_then(|bytes| page_lines(&bytes, &tables.dictionary));
                let lines = lines.ok_or_else(|| damaged(tier, "a page of cards"))?;
                let first = page * tier.page_records;
                let line = |(at, line): (usize, &str)| ((number, first + at as u32), line.into());
                cards.extend(lines.lines().enumerate().map(line));
            }
            Ok(cards)
        });
        let read = read.collect::<Result<Vec<_>, ReadError>>()?;
        self.rounds += u32::from(!records.is_empty());
        Ok(read.into_iter().flatten().filter(|(place, _)| records.contains(place)).collect())
    }

    /// The words that begin with `prefix`, and the bytes of each request that took.
    pub(super) fn words(
        &self,
        prefix: &str,
    ) -> Result<(BTreeMap<String, Word>, Vec<u64>), ReadError> {
        let (mut words, mut requests) = (BTreeMap::<String, Word>::new(), Vec::new());
        for (number, OpenTier { tier, tables, .. }) in self.tiers.iter().enumerate() {
            let blocks = tables.blocks(prefix);
            // Neighbours are one request.
            for near in blocks.chunk_by(|a, b| a.offset + a.bytes == b.offset) {
                let bytes = near.iter().map(|block| block.bytes).sum();
                let read = self.part(tier, Stream::Words, near[0].offset, bytes)?;
                requests.push(bytes);
                let mut rest = read.as_slice();
                for block in near {
                    let (now, later) = rest.split_at(block.bytes as usize);
                    rest = later;
                    let lines = inflated(now, &[], MAX_INFLATED)
                        .and_then(|lines| words_of(&lines, prefix, number, &mut words));
                    lines.ok_or_else(|| damaged(tier, "a block of words"))?;
                }
            }
        }
        Ok((words, requests))
    }
}

/// Takes in the lines of a block that begin with `prefix`.
fn words_of(
    lines: &[u8],
    prefix: &str,
    tier: usize,
    words: &mut BTreeMap<String, Word>,
) -> Option<()> {
    for line in std::str::from_utf8(lines).ok()?.lines().filter(|line| line.starts_with(prefix)) {
        let mut columns = line.split('\t');
        let (text, records) = (columns.next()?, columns.next()?.parse::<u64>().ok()?);
        let mut number = || columns.next()?.parse::<u64>().ok();
        let list = match (number(), number(), number()) {
            (Some(records), Some(offset), Some(bytes)) => {
                let records = u32::try_from(records).ok()?;
                Some(Outside { records, offset, bytes, kind: Kind::Stem })
            }
            _ => None,
        };
        let word = words.entry(text.to_owned()).or_default();
        word.records = word.records.checked_add(records)?;
        word.tiers.insert(tier, list);
    }
    Some(())
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

/// The cards of a page.
fn page_lines(page: &[u8], dictionary: &[u8]) -> Option<String> {
    let (size, rest) = page.split_first_chunk()?;
    let deflated = rest.get(..usize::from(u16::from_le_bytes(*size)))?;
    String::from_utf8(inflated(deflated, dictionary, MAX_INFLATED)?).ok()
}
