//! The tables of a tier: docs/search-format.md, "tables.bin".

use std::io::Read as _;

use flate2::bufread::DeflateDecoder;
use serde::Deserialize;

use super::bits::varint;
use super::code::{Code, Codes, LEVELS};
use super::pointer::{HEADER, Tier};

/// Most bytes of a section, so that hostile bytes cannot ask for all memory.
const MAX_SECTION: u64 = 256 << 20;

/// Most blocks of words that are read for a prefix.
const PREFIX_BLOCKS: usize = 8;

/// A run of records that share what they are filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Number of its first record.
    pub first: u32,
    /// Records in it.
    pub records: u32,
    /// Index into [`Values::types`].
    pub kind: u32,
    /// Index into [`Values::access`].
    pub access: u32,
    /// Index into [`Values::licences`].
    pub licence: u32,
    /// Year of publication; 0 for none.
    pub year: u32,
    /// Index into [`TierTables::days`] of its first record's.
    pub day: usize,
}

/// What the numbers in runs stand for.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Values {
    /// Ids of resource types.
    pub types: Vec<String>,
    /// Access statuses.
    pub access: Vec<String>,
    /// Ids of licences.
    pub licences: Vec<String>,
    /// Slug, title and records of the largest communities.
    pub communities: Vec<(String, String, u64)>,
}

/// A block of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordBlock {
    /// Its first word.
    pub first: String,
    /// Offset in the stream.
    pub offset: u64,
    /// Its size.
    pub bytes: u64,
    /// Most records that a word in it has.
    pub most: u64,
}

/// The tables of a tier, decoded.
#[derive(Debug)]
pub struct TierTables {
    /// Offset in `dict` of the block that each bucket begins in, and of the end.
    pub buckets: Vec<u64>,
    /// Offset in `cards` of the block that each page begins in, and of the end.
    pub pages: Vec<u64>,
    /// In order.
    pub runs: Vec<Run>,
    /// How levels are written.
    pub codes: Codes,
    /// Days in runs, for every 64th record.
    pub days: Vec<u16>,
    /// What runs speak of.
    pub values: Values,
    /// Preset dictionary of the pages.
    pub dictionary: Vec<u8>,
    /// In order.
    pub words: Vec<WordBlock>,
}

/// Inflates a raw deflate stream with a preset dictionary, at most `limit` bytes.
pub fn inflated(bytes: &[u8], dictionary: &[u8], limit: u64) -> Option<Vec<u8>> {
    // As clients without preset dictionaries do: a stored block leaves it in the window.
    let length = u16::try_from(dictionary.len()).ok()?;
    let mut head = Vec::with_capacity(dictionary.len() + 5 + bytes.len());
    if length > 0 {
        head.push(0);
        head.extend(length.to_le_bytes());
        head.extend((!length).to_le_bytes());
        head.extend_from_slice(dictionary);
    }
    head.extend_from_slice(bytes);
    let mut out = Vec::new();
    let limit = limit + u64::from(length);
    let read = DeflateDecoder::new(&head[..]).take(limit + 1).read_to_end(&mut out);
    if read.is_err() || out.len() as u64 > limit {
        return None;
    }
    Some(out.split_off(dictionary.len().min(out.len())))
}

/// The codes of the section `levels`.
fn codes(lengths: &[u8]) -> Option<Codes> {
    let (stems, others) = lengths.split_at_checked(LEVELS)?;
    Some([Code::from_lengths(stems)?, Code::from_lengths(others)?])
}

impl TierTables {
    /// Decodes `tables.bin`; `None` if it is not what the tier says.
    pub fn decode(bytes: &[u8], tier: &Tier) -> Option<TierTables> {
        let section = |name: &str| {
            let (offset, length) = *tier.tables.sections.get(name)?;
            let end = offset.checked_add(length)?;
            let bytes = bytes.get(usize::try_from(offset).ok()?..usize::try_from(end).ok()?)?;
            inflated(bytes, &[], MAX_SECTION)
        };
        let values: Values = serde_json::from_slice(&section("values")?).ok()?;
        let (runs, days) = (runs(&section("runs")?, &values)?, section("days")?);
        let mut day_list = Vec::new();
        let mut at = 0;
        while at < days.len() {
            day_list.push(u16::try_from(varint(&days, &mut at)?).ok()?);
        }
        let records: u64 = runs.iter().map(|run| u64::from(run.records)).sum();
        let pages = offsets(&section("pages")?, tier.blocks.cards)?;
        let buckets = offsets(&section("buckets")?, tier.blocks.dict)?;
        let fits = records == u64::from(tier.records)
            && pages.len() as u64 == records.div_ceil(u64::from(tier.page_records)) + 1
            && buckets.len() as u64 == u64::from(tier.buckets) + 1
            && runs
                .last()
                .is_none_or(|last| last.day + last.records.div_ceil(64) as usize == day_list.len());
        fits.then_some(TierTables {
            buckets,
            pages,
            codes: codes(&section("levels")?)?,
            runs,
            days: day_list,
            values,
            dictionary: section("dictionary")?,
            words: words(&section("words")?)?,
        })
    }

    /// The run that a record is in.
    pub fn run_of(&self, record: u32) -> Option<&Run> {
        let after = self.runs.partition_point(|run| run.first <= record);
        self.runs.get(after.checked_sub(1)?)
    }

    /// The blocks to look in for words that begin with `prefix`, in order: where there are many,
    /// those with the most frequent words.
    pub fn blocks(&self, prefix: &str) -> Vec<&WordBlock> {
        let after = self.words.partition_point(|block| block.first.as_str() <= prefix);
        let blocks = self.words[after.saturating_sub(1)..].iter();
        let holds =
            |block: &&WordBlock| block.first.as_str() <= prefix || block.first.starts_with(prefix);
        let mut blocks: Vec<&WordBlock> = blocks.take_while(holds).collect();
        blocks.sort_by_key(|block| std::cmp::Reverse(block.most));
        blocks.truncate(PREFIX_BLOCKS);
        blocks.sort_by_key(|block| block.offset);
        blocks
    }
}

/// Of the blocks between those that things begin in: where these are, behind a header of one.
fn offsets(section: &[u8], block: usize) -> Option<Vec<u64>> {
    let block = block as u64;
    let (mut offsets, mut at, mut offset) = (vec![block], 0, block);
    while at < section.len() {
        offset = offset.checked_add(varint(section, &mut at)?.checked_mul(block)?)?;
        offsets.push(offset);
    }
    Some(offsets)
}

fn runs(section: &[u8], values: &Values) -> Option<Vec<Run>> {
    let (mut numbers, mut at) = (Vec::new(), 0);
    while at < section.len() {
        numbers.push(u32::try_from(varint(section, &mut at)?).ok()?);
    }
    if numbers.len() % 5 != 0 {
        return None;
    }
    let (mut runs, mut first, mut day) = (Vec::new(), 0u32, 0);
    let count = numbers.len() / 5;
    for run in 0..count {
        let [kind, access, licence, year, records] =
            std::array::from_fn(|column| numbers[column * count + run]);
        let year = year.saturating_sub(1);
        let known = (kind as usize) < values.types.len()
            && (access as usize) < values.access.len()
            && (licence as usize) < values.licences.len();
        if !known {
            return None;
        }
        runs.push(Run { first, records, kind, access, licence, year, day });
        first = first.checked_add(records)?;
        day += records.div_ceil(64) as usize;
    }
    Some(runs)
}

fn words(section: &[u8]) -> Option<Vec<WordBlock>> {
    let mut offset = HEADER as u64;
    let lines = std::str::from_utf8(section).ok()?.lines();
    lines
        .map(|line| {
            let mut columns = line.split('\t');
            let (first, most, bytes) = (columns.next()?, columns.next()?, columns.next()?);
            let (first, most) = (first.to_owned(), most.parse().ok()?);
            let block = WordBlock { first, offset, bytes: bytes.parse().ok()?, most };
            offset = offset.checked_add(block.bytes)?;
            Some(block)
        })
        .collect()
}
