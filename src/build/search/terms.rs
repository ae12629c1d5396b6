//! Terms of a tantivy segment by their places in the dictionary.

use std::hint::black_box;
use std::sync::Arc;

use tantivy::InvertedIndexReader;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;

use crate::release::search::bits::{put_varint, varint};
use crate::release::search::key::Place;

use super::SearchError;
use super::copies::Copies;
use super::document::Field;
use super::levels::{Bin, Lengths};

/// What of a field the export needs.
pub(super) struct Source {
    pub(super) field: Field,
    pub(super) terms: Arc<InvertedIndexReader>,
    pub(super) norms: Option<FieldNormReader>,
    pub(super) lengths: Lengths,
}

impl Source {
    /// Numbers a place: itself, and in fields with levels the rank of its impact.
    pub(super) fn width(&self) -> usize {
        1 + usize::from(self.norms.is_some())
    }
}

/// Where tantivy has the postings of a term, or where their copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stretch {
    start: u64,
    bytes: u32,
    /// How many there are.
    pub(super) records: u32,
}

impl Stretch {
    pub(super) fn new(info: &TermInfo) -> Result<Stretch, SearchError> {
        let bytes = u32::try_from(info.postings_range.len()).map_err(|_| SearchError::TooMany)?;
        let start = info.postings_range.start as u64;
        Ok(Stretch { start, bytes, records: info.doc_freq })
    }

    /// That of a copy.
    pub(super) fn of_copy(start: u64, bytes: u32, records: u32) -> Stretch {
        Stretch { start, bytes, records }
    }

    /// What it is of all bytes.
    pub(super) fn of<'a>(&self, all: &'a [u8]) -> &'a [u8] {
        let start = (self.start as usize).min(all.len());
        &all[start..all.len().min(start + self.bytes as usize)]
    }

    /// Where they begin in the postings of a field.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Appends records, start and bytes, for [`take`](Self::take).
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        put_varint(out, u64::from(self.records));
        put_varint(out, self.start);
        put_varint(out, u64::from(self.bytes));
    }

    /// Reads them at `at`, which moves behind them.
    pub(super) fn take(bytes: &[u8], at: &mut usize) -> Option<Stretch> {
        let mut number = || varint(bytes, at);
        Some(Stretch { records: number()? as u32, start: number()?, bytes: number()? as u32 })
    }

    /// Which of `parts` it is in, the same each time: places in a file are as good as random.
    pub(super) fn part(&self, parts: usize) -> usize {
        (self.start % parts as u64) as usize
    }

    /// What tantivy needs to decode them.
    pub(super) fn info(&self) -> TermInfo {
        let start = self.start as usize;
        TermInfo {
            doc_freq: self.records,
            postings_range: start..start + self.bytes as usize,
            positions_range: 0..0,
        }
    }
}

/// A term with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) place: Place,
    /// Where its postings are.
    pub(super) postings: Stretch,
    /// Where it has a base, where its places begin in [`Terms::places`]: numbers as [`Source::width`]
    /// says.
    pub(super) places: u32,
    /// Records of the base; 0 if there is none.
    pub(super) base: u16,
    /// Whether the base is the second of the two that it could be.
    pub(super) is_second: bool,
    /// Which of the sources it is of.
    pub(super) source: u8,
}

/// Terms by place, with the places of some in the lists of their bases.
pub(super) struct Terms {
    pub(super) terms: Vec<Term>,
    pub(super) places: Vec<u16>,
    pub(super) copies: Copies,
}

impl Terms {
    /// Those of a bucket, in order; what is had of them is [touched](Copies::touch).
    pub(super) fn in_bucket(&self, bucket: u32) -> &[Term] {
        let terms = of_bucket(&self.terms, |term| term.place, bucket);
        self.copies.touch(terms.iter());
        let first = |term: &Term| self.places.get(term.places as usize);
        let places = terms.iter().filter(|term| term.base > 0).filter_map(first);
        black_box(places.fold(0, |sum: u16, place| sum.wrapping_add(*place)));
        terms
    }

    /// Of a term with a base, `width` numbers each.
    pub(super) fn places(&self, term: &Term, width: usize) -> &[u16] {
        of_term(&self.places, term, width)
    }
}

/// Of the places of some terms those of one.
pub(super) fn of_term<'p>(places: &'p [u16], term: &Term, width: usize) -> &'p [u16] {
    &places[term.places as usize..][..width * term.postings.records as usize]
}

/// Of what is in the order of its places, that of a bucket.
pub(super) fn of_bucket<T>(sorted: &[T], place: impl Fn(&T) -> Place, bucket: u32) -> &[T] {
    let start = sorted.partition_point(|one| place(one).bucket < bucket);
    let end = sorted.partition_point(|one| place(one).bucket <= bucket);
    &sorted[start..end]
}

/// Hands over the terms of a source, in order.
pub(super) fn each_term(
    source: &Source,
    mut each: impl FnMut(&[u8], &TermInfo) -> Result<(), SearchError>,
) -> Result<(), SearchError> {
    let mut stream = source.terms.terms().stream().map_err(SearchError::Write)?;
    while stream.advance() {
        each(stream.key(), stream.value())?;
    }
    Ok(())
}

/// Place of a key of a source, of `buckets` buckets.
pub(super) fn place(source: &Source, key: &[u8], buckets: u32) -> Place {
    Place::of([source.field.prefix().as_bytes(), key], 0, buckets)
}

/// Hands over the postings of a term, a block at a time.
pub(super) fn each_block(
    source: &Source,
    info: &TermInfo,
    decoder: &mut Option<BlockSegmentPostings>,
    mut each: impl FnMut(&BlockSegmentPostings),
) -> Result<(), SearchError> {
    let terms = &source.terms;
    // A decoder is large beside the few postings that most terms have.
    let block = match decoder {
        Some(block) => {
            let reset = terms.reset_block_postings_from_terminfo(info, block);
            reset.map_err(SearchError::Write)?;
            block
        }
        None => {
            let option = IndexRecordOption::WithFreqs;
            let opened = terms.read_block_postings_from_terminfo(info, option);
            decoder.insert(opened.map_err(SearchError::Write)?)
        }
    };
    while block.block_len() > 0 {
        each(block);
        block.advance();
    }
    Ok(())
}

/// Hands over documents of the segment with the impact of the term in them.
pub(super) fn each_posting(
    source: &Source,
    info: &TermInfo,
    decoder: &mut Option<BlockSegmentPostings>,
    mut each: impl FnMut(u32, Bin),
) -> Result<(), SearchError> {
    each_block(source, info, decoder, |block| match &source.norms {
        None => block.docs().iter().for_each(|doc| each(*doc, Bin::PRESENT)),
        Some(norms) => {
            for (doc, frequency) in block.docs().iter().zip(block.freqs()) {
                let length = norms.fieldnorm_id(*doc);
                each(*doc, source.lengths.impact(*frequency, length));
            }
        }
    })
}

/// The same of a term whose postings may be copied.
pub(super) fn each_posting_of(
    term: &Term,
    copies: &Copies,
    source: &Source,
    decoder: &mut Option<BlockSegmentPostings>,
    mut each: impl FnMut(u32, Bin),
) -> Result<(), SearchError> {
    match copies.of(term, source.norms.is_some()) {
        Some(copy) => {
            copy.for_each(|(doc, impact)| each(doc, impact));
            Ok(())
        }
        None => each_posting(source, &term.postings.info(), decoder, each),
    }
}
