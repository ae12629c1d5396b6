//! The dictionary and its lists out of a tantivy segment: docs/search-format.md, "Dictionary",
//! "Lists".
//!
//! Terms are taken in the order of their places. As many as fit in [`TERMS`] are held at a
//! time: the term dictionary is passed over once for every so many, which costs far less than
//! the postings do.

use std::sync::Arc;

use rayon::prelude::*;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{Postings as _, TermInfo};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet as _, InvertedIndexReader, TERMINATED};

use crate::release::search::bits::{BitWriter, put_varint, rice_parameter};
use crate::release::search::key::{FINGERPRINTS, Place};
use crate::release::search::pointer::LEVELS;

use super::SearchError;
use super::document::Field;
use super::index::Inverted;
use super::levels::{Histogram, Lengths, Levels};
use super::stream::StreamWriter;

/// Terms held at a time, at 32 bytes.
const TERMS: u64 = 6_000_000;
/// Terms a bucket.
const BUCKET_TERMS: u64 = 200;
/// Buckets that are encoded in parallel before they are written.
const BATCH: usize = 256;
/// Longest list that stands in its bucket.
const INLINE: u32 = 128;
/// Shortest list that is ordered by level.
const GROUPED: u32 = 4096;
/// One of so many terms is looked at to find levels, where there are many.
const SAMPLED: u32 = 16;
const SAMPLE_FROM: u64 = 100_000;
/// Bytes that buckets are a multiple of.
const UNIT: usize = 64;
/// The level of what is just there.
const PRESENT: u8 = LEVELS as u8 - 1;
/// Fields whose terms are in the dictionary.
const IN_DICTIONARY: [Field; 5] =
    [Field::All, Field::Title, Field::Names, Field::Keywords, Field::Keys];

/// Mean lengths of the fields of the dictionary.
pub(super) type Averages = [f64; 5];

/// What of a field the export needs.
struct Source {
    field: Field,
    terms: Arc<InvertedIndexReader>,
    norms: Option<FieldNormReader>,
    lengths: Lengths,
}

/// A term with its place.
#[derive(Clone, Copy)]
struct Term {
    place: Place,
    source: u8,
    records: u32,
    start: u64,
    end: u64,
}

/// Prints dictionary and lists.
pub(super) struct Exporter {
    sources: Vec<Source>,
    /// Document of the segment → record.
    records: Vec<u32>,
    levels: Levels,
    terms: u64,
    /// By which impacts were found.
    pub(super) averages: Averages,
    /// How many there are.
    pub(super) buckets: u32,
}

/// A bucket but for its head.
struct Bucket {
    entries: u32,
    bits: Vec<u8>,
    lists: Vec<u8>,
}

impl Exporter {
    /// Prepares: opens the fields and finds levels. `averages`: those of the tier that this one
    /// is read with; its own if there is none.
    pub(super) fn new(
        inverted: &Inverted,
        records: Vec<u32>,
        averages: Option<Averages>,
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
        let terms = sources.iter().map(|source| source.terms.terms().num_terms() as u64).sum();
        let levels = histogram(&sources, terms)?.levels();
        let buckets = (terms / BUCKET_TERMS).clamp(1, 1 << 20) as u32;
        Ok(Exporter { sources, records, levels, terms, averages: used, buckets })
    }

    /// What levels are worth.
    pub(super) fn values(&self) -> Vec<u32> {
        self.levels.values.clone()
    }

    /// Writes both streams; returns the section `buckets`.
    pub(super) fn print(
        &self,
        dict: &mut StreamWriter<'_>,
        lists: &mut StreamWriter<'_>,
    ) -> Result<Vec<u8>, SearchError> {
        let passes = self.terms.div_ceil(TERMS).max(1) as u32;
        let per_pass = self.buckets.div_ceil(passes);
        let mut lengths = Vec::new();
        for first in (0..self.buckets).step_by(per_pass as usize) {
            let last = (first + per_pass).min(self.buckets);
            let terms = self.terms_of(first, last)?;
            let numbers: Vec<u32> = (first..last).collect();
            for batch in numbers.chunks(BATCH) {
                let encoded: Vec<_> = batch
                    .par_iter()
                    .map(|bucket| self.bucket(in_bucket(&terms, *bucket)))
                    .collect();
                for bucket in encoded {
                    let bucket = bucket?;
                    let mut bytes = Vec::with_capacity(bucket.bits.len() + 2048);
                    put_varint(&mut bytes, u64::from(bucket.entries));
                    put_varint(&mut bytes, lists.bytes());
                    bytes.extend_from_slice(&bucket.bits);
                    put_varint(&mut lengths, dict.write_padded(&bytes, UNIT)?);
                    lists.write(&bucket.lists)?;
                }
            }
        }
        Ok(lengths)
    }

    /// The terms of the buckets from `first` to before `last`, in order.
    fn terms_of(&self, first: u32, last: u32) -> Result<Vec<Term>, SearchError> {
        let mut terms = Vec::new();
        for (number, source) in self.sources.iter().enumerate() {
            each_term(source, |key, info| {
                let place = place(source, key, self.buckets);
                if (first..last).contains(&place.bucket) {
                    terms.push(Term {
                        place,
                        source: number as u8,
                        records: info.doc_freq,
                        start: info.postings_range.start as u64,
                        end: info.postings_range.end as u64,
                    });
                }
                Ok(())
            })?;
        }
        terms.par_sort_unstable_by_key(|term| (term.place, term.source, term.start));
        Ok(terms)
    }

    fn bucket(&self, terms: &[Term]) -> Result<Bucket, SearchError> {
        let mut bucket = Bucket { entries: 0, bits: Vec::new(), lists: Vec::new() };
        let range = self.records.len() as u32;
        let mut bits = BitWriter::default();
        // Terms that share a place share an entry.
        let mut prints: Vec<u32> = terms.iter().map(|term| term.place.fingerprint).collect();
        prints.dedup();
        bucket.entries = prints.len() as u32;
        let k = rice_parameter(FINGERPRINTS, bucket.entries);
        let mut next = 0;
        for print in prints {
            bits.rice(print - next, k);
            next = print + 1;
        }
        for same in terms.chunk_by(|a, b| a.place == b.place) {
            let mut postings = Vec::new();
            for term in same {
                self.postings(term, &mut postings)?;
            }
            postings.sort_unstable_by_key(|(record, level)| (*record, std::cmp::Reverse(*level)));
            postings.dedup_by_key(|(record, _)| *record);
            let count = postings.len() as u32;
            bits.gamma(count);
            if count <= INLINE {
                by_record(&postings, range, &mut bits);
                continue;
            }
            let before = bucket.lists.len();
            if count < GROUPED {
                let mut list = BitWriter::default();
                by_record(&postings, range, &mut list);
                bucket.lists.extend(list.finish());
            } else {
                by_level(&postings, range, &mut bucket.lists);
            }
            bits.gamma((bucket.lists.len() - before) as u32);
        }
        bucket.bits = bits.finish();
        Ok(bucket)
    }

    /// Appends records and levels of a term, in no order.
    fn postings(&self, term: &Term, out: &mut Vec<(u32, u8)>) -> Result<(), SearchError> {
        let source = &self.sources[usize::from(term.source)];
        let info = TermInfo {
            doc_freq: term.records,
            postings_range: term.start as usize..term.end as usize,
            positions_range: 0..0,
        };
        out.reserve(term.records as usize);
        each_posting(source, &info, |doc, impact| {
            let level = impact.map_or(PRESENT, |impact| self.levels.of(impact));
            out.push((self.records[doc as usize], level));
        })
    }
}

/// Record by record, of `range` records.
fn by_record(postings: &[(u32, u8)], range: u32, bits: &mut BitWriter) {
    let k = rice_parameter(range, postings.len() as u32);
    let mut next = 0;
    for (record, level) in postings {
        bits.rice(record - next, k);
        bits.bits(u32::from(*level), 6);
        next = record + 1;
    }
}

/// Level by level, the highest first.
fn by_level(postings: &[(u32, u8)], range: u32, out: &mut Vec<u8>) {
    let mut groups: [Vec<u32>; LEVELS] = std::array::from_fn(|_| Vec::new());
    for (record, level) in postings {
        groups[usize::from(*level)].push(*record);
    }
    for (level, group) in groups.iter().enumerate().rev().filter(|(_, g)| !g.is_empty()) {
        let k = rice_parameter(range, group.len() as u32);
        let mut bits = BitWriter::default();
        let mut next = 0;
        for record in group {
            bits.rice(record - next, k);
            next = record + 1;
        }
        let bytes = bits.finish();
        out.push(level as u8);
        put_varint(out, group.len() as u64);
        put_varint(out, bytes.len() as u64);
        out.extend(bytes);
    }
}

fn in_bucket(terms: &[Term], bucket: u32) -> &[Term] {
    let start = terms.partition_point(|term| term.place.bucket < bucket);
    let end = terms.partition_point(|term| term.place.bucket <= bucket);
    &terms[start..end]
}

fn place(source: &Source, key: &[u8], buckets: u32) -> Place {
    Place::of([source.field.prefix().as_bytes(), key], 0, buckets)
}

fn histogram(sources: &[Source], terms: u64) -> Result<Histogram, SearchError> {
    let mut histogram = Histogram::new();
    let every = if terms < SAMPLE_FROM { 1 } else { SAMPLED };
    for source in sources.iter().filter(|source| source.field.is_text()) {
        each_term(source, |key, info| {
            if !place(source, key, 1).fingerprint.is_multiple_of(every) {
                return Ok(());
            }
            each_posting(source, info, |_, impact| histogram.add(impact.unwrap_or(1.0)))
        })?;
    }
    Ok(histogram)
}

fn each_term(
    source: &Source,
    mut each: impl FnMut(&[u8], &TermInfo) -> Result<(), SearchError>,
) -> Result<(), SearchError> {
    let mut stream = source.terms.terms().stream().map_err(SearchError::Write)?;
    while stream.advance() {
        each(stream.key(), stream.value())?;
    }
    Ok(())
}

/// Hands over documents of the segment with the impact of the term in them.
fn each_posting(
    source: &Source,
    info: &TermInfo,
    mut each: impl FnMut(u32, Option<f32>),
) -> Result<(), SearchError> {
    let option = IndexRecordOption::WithFreqs;
    let read = source.terms.read_postings_from_terminfo(info, option);
    let mut postings = read.map_err(SearchError::Write)?;
    let mut doc = postings.doc();
    while doc != TERMINATED {
        let impact = source
            .norms
            .as_ref()
            .map(|norms| source.lengths.impact(postings.term_freq(), norms.fieldnorm_id(doc)));
        each(doc, impact);
        doc = postings.advance();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::search::reader::decoded;

    #[test]
    fn lists_are_read_as_written_and_any_beginning_is_the_best() {
        let range = 1_000_000;
        let postings: Vec<(u32, u8)> =
            (0..5000).map(|n: u32| (n * 197 + n % 89, (n * n % 61) as u8)).collect();
        let mut list = Vec::new();
        by_level(&postings, range, &mut list);
        assert_eq!(decoded(&list, 5000, range, false).unwrap(), postings);
        let mut short = BitWriter::default();
        by_record(&postings[..200], range, &mut short);
        assert_eq!(decoded(&short.finish(), 200, range, false).unwrap(), postings[..200]);

        let begin = decoded(&list[..2000], 5000, range, true).unwrap();
        let worst = begin.iter().map(|(_, level)| *level).min().unwrap();
        let better = |level: u8| postings.iter().filter(move |(_, l)| *l >= level).count();
        assert!(!begin.is_empty() && begin.len() == better(worst) && begin.len() < 5000);
        assert!(decoded(&list[..2000], 5000, range, false).is_none());
        assert!(decoded(&list, 5000, 100, false).is_none());
    }
}
