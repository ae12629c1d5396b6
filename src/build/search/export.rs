//! The dictionary and its lists out of a tantivy segment: docs/search-format.md, "Dictionary",
//! "Lists".
//!
//! The term dictionary is passed over once, in the order of keys; terms are then printed in the
//! order of their places, part by part (`parts`).

use std::path::Path;

use rayon::prelude::*;
use tantivy::postings::{BlockSegmentPostings, TermInfo};

use crate::release::search::bits::{BitWriter, put_varint, rice_parameter};
use crate::release::search::code::{Code, Codes};
use crate::release::search::key::{FINGERPRINTS, Place};
use crate::release::search::lists::{GROUPED, INLINE};

use super::SearchError;
use super::best::{BestOfAll, BestOfTwo};
use super::blocks::BlockWriter;
use super::document::Field;
use super::index::Inverted;
use super::levels::{BINS, Bin, Histogram, Lengths};
use super::parts::{Gathered, Parts};
use super::sort::{distribute, in_order};
use super::stream::StreamWriter;
use super::terms::{Source, Term, Terms, each_posting, each_posting_of, each_term, place};

/// Terms a bucket, and most buckets: their table is read on the first visit.
const BUCKET_TERMS: u64 = 200;
const BUCKETS: u64 = 1 << 17;
/// Buckets that are encoded in parallel before they are written.
const BATCH: usize = 256;
/// A group has at least one of so many records of those before it, and this many; in the best part
/// of a list, one of so many of its records, where words of titles are, it may be smaller.
const GROWTH: usize = 8;
const GROWTH_BEST: usize = 16;
const BEST_PART: usize = 8;
const GROUP: usize = 2;
/// One of so many terms is looked at to find how frequent levels are, where there are many.
const SAMPLED: u32 = 16;
const SAMPLE_FROM: u64 = 100_000;
/// What says that postings are places: docs/search-format.md, "Dictionary".
pub(super) const PLACES: u32 = 0b10;
/// What says that there are levels that are not of a stem in the text, and what follows where
/// these are at record numbers; at places the parameter of their code does, from the other on.
const LEVELS: u32 = 0b11;
const AT_RECORDS: u32 = 1;
const FIRST_PARAMETER: u32 = 2;
/// Fields whose terms are in the dictionary.
const IN_DICTIONARY: [Field; 5] =
    [Field::All, Field::Title, Field::Names, Field::Keywords, Field::Keys];

/// Mean lengths of the fields of the dictionary.
pub(super) type Averages = [f64; 5];

/// What postings of each source are decoded with, made when first needed.
type Decoders = [Option<BlockSegmentPostings>; IN_DICTIONARY.len()];

/// Prints dictionary and lists.
pub(super) struct Exporter {
    sources: Vec<Source>,
    /// Document of the segment → record.
    records: Vec<u32>,
    codes: Codes,
    parts: Parts,
    best: BestOfAll,
    /// By which impacts were found.
    pub(super) averages: Averages,
    /// How many there are.
    pub(super) buckets: u32,
}

/// A record and what a term says of it.
pub(super) type Posting = (u32, Bin);

/// What a thread needs for a bucket, and has again for the next.
#[derive(Default)]
struct Room {
    postings: Vec<Posting>,
    other: Vec<Posting>,
    decoders: Decoders,
}

/// A bucket but for its head.
struct Bucket {
    entries: u32,
    bits: Vec<u8>,
    lists: Vec<u8>,
    /// Those of stems in the text, by where they begin in `lists`.
    places: Vec<ListPlace>,
}

/// Where the list of a key is.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListPlace {
    place: Place,
    /// How long it is.
    pub(super) records: u32,
    /// In `lists`.
    pub(super) offset: u64,
    /// Its size.
    pub(super) bytes: u32,
}

/// Where lists of stems in the text are, by place.
#[derive(Debug)]
pub(super) struct ListPlaces {
    places: Vec<ListPlace>,
    buckets: u32,
}

impl ListPlaces {
    /// That of a stem in the text, if it has one.
    pub(super) fn of(&self, stem: &str) -> Option<&ListPlace> {
        let place = Place::of([stem.as_bytes(), b""], 0, self.buckets);
        let at = self.places.binary_search_by_key(&place, |known| known.place).ok()?;
        self.places.get(at)
    }
}

impl Exporter {
    /// Prepares: opens the fields, takes their terms and finds codes for levels. `averages`: those
    /// of the tier that this one is read with; its own if there is none. `beside`: where files may
    /// be made.
    pub(super) fn new(
        inverted: &Inverted,
        records: Vec<u32>,
        averages: Option<Averages>,
        beside: &Path,
    ) -> Result<Exporter, SearchError> {
        let segment = &inverted.segment;
        let mut sources = Vec::new();
        let mut used = Averages::default();
        for (number, field) in IN_DICTIONARY.into_iter().enumerate() {
            let terms = segment.inverted_index(inverted.field(field))?;
            let norms = match field.is_text() {
                true => Some(segment.get_fieldnorms_reader(inverted.field(field))?),
                false => None,
            };
            let own = terms.total_num_tokens() as f64 / f64::from(segment.max_doc());
            let average = averages.map_or(own, |averages| averages[number]);
            used[number] = average;
            sources.push(Source { field, terms, norms, lengths: Lengths::new(average) });
        }
        let terms: u64 = sources.iter().map(|source| source.terms.terms().num_terms() as u64).sum();
        let buckets = (terms / BUCKET_TERMS).clamp(1, BUCKETS) as u32;
        let Found { codes, parts, frequent } =
            all_terms(&sources, &records, terms, buckets, beside)?;
        let text = sources.iter().find(|source| source.field == Field::All);
        let best = text.map(|text| BestOfAll::new(text, frequent, &records, buckets));
        let best = best.transpose()?.unwrap_or_default();
        Ok(Exporter { sources, records, codes, parts, best, averages: used, buckets })
    }

    /// Least records of the words of which each two have their best records told.
    pub(super) fn frequent(&self) -> u32 {
        self.best.frequent
    }

    /// The section `levels`.
    pub(super) fn levels(&self) -> Vec<u8> {
        self.codes.iter().flat_map(Code::lengths).copied().collect()
    }

    /// Writes both streams, the first in blocks of `block` bytes; returns the section `buckets`, and
    /// where lists are.
    pub(super) fn print(
        &mut self,
        dict: &mut StreamWriter<'_>,
        block: usize,
        lists: &mut StreamWriter<'_>,
    ) -> Result<(Vec<u8>, ListPlaces), SearchError> {
        let (mut places, mut dict) = (Vec::new(), BlockWriter::new(dict, block));
        let numbers: Vec<u32> = (0..self.buckets).collect();
        let of_parts = numbers.chunks(self.parts.buckets as usize);
        for (numbers, part) in of_parts.zip(std::mem::take(&mut self.parts.parts)) {
            let terms = part.terms(&self.sources, &self.records, &self.parts.shared)?;
            for batch in numbers.chunks(BATCH) {
                let encoded: Vec<_> = batch
                    .par_iter()
                    .map_init(Room::default, |room, bucket| self.bucket(&terms, *bucket, room))
                    .collect();
                for bucket in encoded {
                    let bucket = bucket?;
                    lists.keep_together(bucket.lists.len())?;
                    let mut bytes = Vec::with_capacity(bucket.bits.len() + 2048);
                    put_varint(&mut bytes, u64::from(bucket.entries));
                    put_varint(&mut bytes, lists.bytes());
                    bytes.extend_from_slice(&bucket.bits);
                    dict.put(&bytes)?;
                    let base = lists.bytes();
                    places.extend(
                        bucket
                            .places
                            .into_iter()
                            .map(|list| ListPlace { offset: base + list.offset, ..list }),
                    );
                    lists.write(&bucket.lists)?;
                }
            }
        }
        Ok((dict.finish()?, ListPlaces { places, buckets: self.buckets }))
    }

    fn bucket(&self, all: &Terms, number: u32, room: &mut Room) -> Result<Bucket, SearchError> {
        let Room { postings, other, decoders } = room;
        let terms = all.in_bucket(number);
        let mut bucket =
            Bucket { entries: 0, bits: Vec::new(), lists: Vec::new(), places: Vec::new() };
        let range = self.records.len() as u32;
        let mut bits = BitWriter::default();
        // Terms that share a place share an entry.
        let mut prints: Vec<u32> = terms.iter().map(|term| term.place.fingerprint).collect();
        prints.dedup();
        // One that shares a place with a term is left out: no entry can be both.
        let is_free = |two: &&BestOfTwo| prints.binary_search(&two.place.fingerprint).is_err();
        let best: Vec<_> = self.best.in_bucket(number).iter().filter(is_free).collect();
        prints.extend(best.iter().map(|two| two.place.fingerprint));
        prints.sort_unstable();
        let mut best = best.into_iter().peekable();
        bucket.entries = prints.len() as u32;
        rising(prints.into_iter().map(|print| (print, ())), FINGERPRINTS, &mut bits, |(), _| {});
        for same in terms.chunk_by(|a, b| a.place == b.place) {
            while let Some(two) = best.next_if(|two| two.place < same[0].place) {
                two.put(range, &mut bits);
            }
            postings.clear();
            // Of pairs that share an entry, records are told: their bases differ.
            if let [term] = same
                && term.base > 0
            {
                let width = self.source(term).width();
                let posting = |place: &[u16]| match *place {
                    [place, rank] => (u32::from(place), Bin::of_rank(rank.into())),
                    _ => (u32::from(place[0]), Bin::PRESENT),
                };
                postings.extend(all.places(term, width).chunks_exact(width).map(posting));
                let (base, has_levels) = (u32::from(term.base), width > 1);
                let k = rice_parameter(base, term.postings.records);
                bits.gamma(term.postings.records);
                match has_levels {
                    true => bits.bits(LEVELS, 2),
                    false => bits.bits(PLACES | u32::from(term.is_second) << 2, 3),
                }
                bits.gamma(k + if has_levels { FIRST_PARAMETER } else { 1 });
                let by = By::Record(has_levels.then_some(&self.codes[1]));
                keep(postings, base, &by, &mut bits, &mut bucket.lists);
                continue;
            }
            for term in same {
                self.postings(all, term, decoders, postings)?;
            }
            if same.len() == 1 {
                in_order(postings, range, other);
            } else {
                postings.sort_unstable_by_key(|(record, bin)| (*record, bin.rank()));
                postings.dedup_by_key(|(record, _)| *record);
            }
            let count = postings.len() as u32;
            bits.gamma(count);
            // Keys that share an entry have levels, so that one without is of one key: a base.
            let has_levels = same.len() > 1 || self.source(&same[0]).norms.is_some();
            // A list that is of other keys too is no base, and no word leads to it.
            let is_stem = same.len() == 1 && self.source(&same[0]).field == Field::All;
            bits.bits(u32::from(has_levels) | u32::from(has_levels && !is_stem) << 1, 2);
            if has_levels && !is_stem {
                bits.gamma(AT_RECORDS);
            }
            let code = has_levels.then(|| &self.codes[usize::from(!is_stem)]);
            let by = if count < GROUPED { By::Record(code) } else { By::Group };
            let offset = bucket.lists.len() as u64;
            let bytes = keep(postings, range, &by, &mut bits, &mut bucket.lists);
            if is_stem && bytes > 0 {
                let place = same[0].place;
                bucket.places.push(ListPlace { place, records: count, offset, bytes });
            }
        }
        best.for_each(|two| two.put(range, &mut bits));
        bucket.bits = bits.finish();
        Ok(bucket)
    }

    fn source(&self, term: &Term) -> &Source {
        &self.sources[usize::from(term.source)]
    }

    /// Appends records and impacts of a term, in no order.
    fn postings(
        &self,
        all: &Terms,
        term: &Term,
        decoders: &mut Decoders,
        out: &mut Vec<Posting>,
    ) -> Result<(), SearchError> {
        out.reserve(term.postings.records as usize);
        let decoder = &mut decoders[usize::from(term.source)];
        each_posting_of(term, &all.copies, self.source(term), decoder, |doc, impact| {
            out.push((self.records[doc as usize], impact));
        })
    }
}

/// How postings are written.
enum By<'a> {
    /// One by one, with levels if there is a code.
    Record(Option<&'a Code>),
    /// In groups; only in a list.
    Group,
}

/// Puts postings into the bucket if they are few, else into a list, whose bytes it gives.
fn keep(
    postings: &[Posting],
    range: u32,
    by: &By<'_>,
    bits: &mut BitWriter,
    lists: &mut Vec<u8>,
) -> u32 {
    let before = lists.len();
    match by {
        By::Record(code) if postings.len() as u32 <= INLINE => {
            by_record(postings, range, *code, bits);
            return 0;
        }
        By::Record(code) => {
            let mut list = BitWriter::default();
            by_record(postings, range, *code, &mut list);
            lists.extend(list.finish());
        }
        By::Group => in_groups(postings, range, lists),
    }
    let bytes = (lists.len() - before) as u32;
    bits.gamma(bytes);
    bytes
}

/// Record by record, of `range` records; with levels where there is a code.
fn by_record(postings: &[Posting], range: u32, code: Option<&Code>, bits: &mut BitWriter) {
    rising(postings.iter().copied(), range, bits, |bin, bits| {
        if let Some(code) = code {
            code.put(bin.level(), bits);
        }
    });
}

/// Numbers that rise below `range`, each with what `says` puts behind it.
pub(super) fn rising<T>(
    numbers: impl ExactSizeIterator<Item = (u32, T)>,
    range: u32,
    bits: &mut BitWriter,
    says: impl Fn(T, &mut BitWriter),
) {
    let k = rice_parameter(range, numbers.len() as u32);
    let mut next = 0;
    for (number, what) in numbers {
        bits.rice(number - next, k);
        says(what, bits);
        next = number + 1;
    }
}

/// Group by group, the best first; those that say the same are in one. Postings rise.
fn in_groups(postings: &[Posting], range: u32, out: &mut Vec<u8>) {
    let mut sizes = vec![0; BINS];
    postings.iter().for_each(|(_, bin)| sizes[bin.rank()] += 1);
    // By bin its group; how many records the groups have, and what these are worth together.
    let (mut of_bin, mut groups, mut worth) = (vec![0; BINS], Vec::new(), Vec::new());
    let (mut taken, mut least) = (0, 0);
    for (rank, size) in sizes.into_iter().enumerate().filter(|(_, size)| *size > 0) {
        if taken >= least {
            groups.push(0);
            worth.push(0);
            let growth = if taken < postings.len() / BEST_PART { GROWTH_BEST } else { GROWTH };
            least = taken + (taken / growth).max(GROUP);
        }
        let group = groups.len() - 1;
        of_bin[rank] = group;
        groups[group] += size;
        worth[group] += size as u64 * u64::from(Bin::of_rank(rank).worth());
        taken += size;
    }
    let mut grouped = Vec::new();
    distribute(postings, &mut grouped, groups.len(), |(_, bin)| of_bin[bin.rank()]);
    let mut rest = &grouped[..];
    for (count, worth) in groups.into_iter().zip(worth) {
        let (group, later) = rest.split_at(count);
        let mut bits = BitWriter::default();
        by_record(group, range, None, &mut bits);
        let bytes = bits.finish();
        out.extend(((worth / count as u64) as u16).to_le_bytes());
        put_varint(out, count as u64);
        put_varint(out, bytes.len() as u64);
        out.extend(bytes);
        rest = later;
    }
}

/// What a pass over all terms finds.
struct Found {
    codes: Codes,
    parts: Parts,
    /// Stems in the text whose lists are in groups.
    frequent: Vec<(Vec<u8>, TermInfo)>,
}

fn all_terms(
    sources: &[Source],
    records: &[u32],
    terms: u64,
    buckets: u32,
    beside: &Path,
) -> Result<Found, SearchError> {
    let mut histograms = [Histogram::new(), Histogram::new()];
    let mut gathered = Gathered::new(sources, terms, buckets, beside)?;
    let mut frequent = Vec::new();
    let every = if terms < SAMPLE_FROM { 1 } else { SAMPLED };
    for (number, source) in sources.iter().enumerate() {
        let mut decoder = None;
        let histogram = &mut histograms[usize::from(source.field != Field::All)];
        each_term(source, |key, info| {
            let place = place(source, key, buckets);
            gathered.add(key, place, number, info, &mut decoder)?;
            if source.field == Field::All && info.doc_freq >= GROUPED {
                frequent.push((key.to_owned(), info.clone()));
            }
            if source.norms.is_none() || !place.fingerprint.is_multiple_of(every) {
                return Ok(());
            }
            each_posting(source, info, &mut decoder, |_, impact| histogram.add(impact))
        })?;
    }
    let codes = histograms.map(|histogram| histogram.code());
    Ok(Found { codes, parts: gathered.finish(records)?, frequent })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::search::code::{PRESENT, worth};
    use crate::release::search::lists::{Kind, decoded};

    #[test]
    fn lists_are_read_as_written_and_any_beginning_is_the_best() {
        let range = 1_000_000;
        let postings: Vec<Posting> = (0..9000)
            .map(|n: u32| (n * 107 + n % 89, Bin::of((n * n % 977) as f32 / 1000.0)))
            .collect();
        let codes = [Code::fitting(&[1; 256]), Code::fitting(&[2; 256])];
        let mut list = Vec::new();
        in_groups(&postings, range, &mut list);
        let read =
            |bytes: &[u8], range, is_cut| decoded(bytes, 9000, range, Kind::Plain, &codes, is_cut);
        let whole = read(&list, range, false).unwrap();
        for ((record, bin), (read, worth)) in postings.iter().zip(&whole) {
            // The best are told apart as finely as they are known, others are put together.
            let near = if bin.worth() > 63_000 { 16 } else { 5000 };
            assert!(record == read && bin.worth().abs_diff(*worth) <= near, "{bin:?} {worth}");
        }
        let (mut short, mut plain) = (BitWriter::default(), BitWriter::default());
        by_record(&postings[..200], range, Some(&codes[1]), &mut short);
        by_record(&postings[..200], range, None, &mut plain);
        let levels = |(record, bin): &Posting| (*record, worth(bin.level()));
        let expected: Vec<_> = postings[..200].iter().map(levels).collect();
        let levels = decoded(&short.finish(), 200, range, Kind::Levels { k: None }, &codes, false);
        assert_eq!(levels.unwrap(), expected);
        let plain = decoded(&plain.finish(), 200, range, Kind::Plain, &codes, false).unwrap();
        assert!(plain.iter().zip(&expected).all(|(a, b)| *a == (b.0, PRESENT)));

        let begin = read(&list[..2000], range, true).unwrap();
        let worst = begin.iter().map(|(_, worth)| *worth).min().unwrap();
        let better = whole.iter().filter(|(_, worth)| *worth >= worst);
        assert!(!begin.is_empty() && begin.len() == better.count() && begin.len() < 9000);
        assert!(read(&list[..2000], range, false).is_none());
        assert!(read(&list, 100, false).is_none());
    }
}
