//! Terms of a tantivy segment by their places in the dictionary.

use std::sync::Arc;

use rayon::prelude::*;
use tantivy::InvertedIndexReader;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::schema::IndexRecordOption;

use crate::release::search::key::{Place, is_triple};

use super::SearchError;
use super::document::Field;
use super::levels::Lengths;
use super::within::Bases;

/// Records that three words in a row need to be a key.
const ROW_RECORDS: u32 = 6;

/// What of a field the export needs.
pub(super) struct Source {
    pub(super) field: Field,
    pub(super) terms: Arc<InvertedIndexReader>,
    pub(super) norms: Option<FieldNormReader>,
    pub(super) lengths: Lengths,
}

/// Where tantivy has the postings of a term.
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
#[derive(Clone, Copy)]
pub(super) struct Term {
    pub(super) place: Place,
    /// Where tantivy has its postings.
    pub(super) postings: Stretch,
    /// Where it has a base, where its places begin in [`Terms::places`].
    pub(super) places: u32,
    /// Records of the base; 0 if there is none.
    pub(super) base: u16,
    /// Whether the base is the second of the two that it could be.
    pub(super) is_second: bool,
    /// Which of the sources it is of.
    pub(super) source: u8,
}

/// Terms by place, with the places of words in a row in the lists of their bases.
pub(super) struct Terms {
    terms: Vec<Term>,
    places: Vec<u16>,
}

impl Terms {
    /// Those of a bucket, in order.
    pub(super) fn in_bucket(&self, bucket: u32) -> &[Term] {
        of_bucket(&self.terms, |term| term.place, bucket)
    }

    /// Of a pair with a base.
    pub(super) fn places(&self, term: &Term) -> &[u16] {
        &self.places[term.places as usize..][..term.postings.records as usize]
    }
}

/// Of what is in the order of its places, that of a bucket.
pub(super) fn of_bucket<T>(sorted: &[T], place: impl Fn(&T) -> Place, bucket: u32) -> &[T] {
    let start = sorted.partition_point(|one| place(one).bucket < bucket);
    let end = sorted.partition_point(|one| place(one).bucket <= bucket);
    &sorted[start..end]
}

/// Terms as they come.
pub(super) struct Gathered<'a> {
    sources: &'a [Source],
    terms: Vec<Term>,
    bases: Option<Bases<'a>>,
}

impl<'a> Gathered<'a> {
    /// For about `count` terms.
    pub(super) fn new(sources: &'a [Source], count: u64) -> Self {
        let of = |field| sources.iter().find(|source| source.field == field);
        let bases = of(Field::All).zip(of(Field::Keys)).map(|(text, keys)| Bases::new(text, keys));
        Gathered { sources, terms: Vec::with_capacity(count as usize), bases }
    }

    /// Takes a term of a source.
    pub(super) fn add(
        &mut self,
        key: &[u8],
        place: Place,
        source: usize,
        info: &TermInfo,
    ) -> Result<(), SearchError> {
        if self.sources[source].field == Field::Keys {
            // Few records are found by the pairs of three words as well.
            if info.doc_freq < ROW_RECORDS && is_triple(key) {
                return Ok(());
            }
            if let Some(bases) = &mut self.bases {
                bases.add(key, info.doc_freq, self.terms.len())?;
            }
        }
        self.terms.push(Term {
            place,
            postings: Stretch::new(info)?,
            places: 0,
            base: 0,
            is_second: false,
            source: source as u8,
        });
        Ok(())
    }

    /// Puts them in order. `records`: document of the segment → record.
    pub(super) fn finish(mut self, records: &[u32]) -> Result<Terms, SearchError> {
        let places = match self.bases {
            Some(bases) => bases.finish(records, &mut self.terms)?,
            None => Vec::new(),
        };
        let mut terms = self.terms;
        terms.par_sort_unstable_by_key(|term| (term.place, term.source, term.postings));
        Ok(Terms { terms, places })
    }
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
