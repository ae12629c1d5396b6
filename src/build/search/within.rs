//! Pairs of words as places in the list of one of the two: docs/search-format.md, "Pairs".
//!
//! Where a pair is, both of its words are. So a pair says at which places of the list of the rarer
//! word its records stand: numbers below thousands, where record numbers are below millions.

use rayon::prelude::*;
use tantivy::postings::TermInfo;

use crate::release::search::key::PAIR;
use crate::release::search::lists::GROUPED;

use super::SearchError;
use super::terms::{Source, Stretch, Term, each_block};

/// Words whose pairs a thread takes at a time.
const WORDS: usize = 256;

/// The word that a pair is told by.
#[derive(Debug, Clone, Copy)]
struct Base {
    postings: Stretch,
    /// Whether it is the second of the two.
    is_second: bool,
    /// Number of the pair's term.
    term: u32,
}

/// Finds the bases of pairs as they come, in the order of keys.
pub(super) struct Bases<'a> {
    text: &'a Source,
    first: Vec<u8>,
    known: Option<TermInfo>,
    found: Vec<Base>,
}

impl<'a> Bases<'a> {
    /// `text`: of the stems in the text.
    pub(super) fn new(text: &'a Source) -> Self {
        Bases { text, first: Vec::new(), known: None, found: Vec::new() }
    }

    /// Takes term `term` of key `key`, in `records` records.
    pub(super) fn add(&mut self, key: &[u8], records: u32, term: usize) -> Result<(), SearchError> {
        let Some(pair) = key.strip_prefix(PAIR.as_bytes()) else { return Ok(()) };
        let Some(space) = pair.iter().position(|byte| *byte == b' ') else { return Ok(()) };
        let (first, second) = (&pair[..space], &pair[space + 1..]);
        let stems = self.text.terms.terms();
        if self.first != first {
            self.first = first.to_owned();
            self.known = stems.get(first).map_err(SearchError::Write)?;
        }
        let Some(mut base) = self.known.clone() else { return Ok(()) };
        let mut is_second = false;
        // A word has no fewer records than its pair, so another is not looked for.
        if base.doc_freq > records {
            let other = stems.get(second).map_err(SearchError::Write)?;
            if let Some(other) = other.filter(|other| other.doc_freq < base.doc_freq) {
                (base, is_second) = (other, true);
            }
        }
        if let (true, Ok(term)) = (base.doc_freq < GROUPED, u32::try_from(term)) {
            self.found.push(Base { postings: Stretch::new(&base)?, is_second, term });
        }
        Ok(())
    }

    /// Gives `terms`, of which those of pairs are of `keys`, their bases; returns their places, of
    /// each pair rising. `records`: document of the segment → record.
    pub(super) fn finish(
        self,
        keys: &Source,
        records: &[u32],
        terms: &mut [Term],
    ) -> Result<Vec<u16>, SearchError> {
        let Bases { text, mut found, .. } = self;
        found.par_sort_unstable_by_key(|base| (base.postings, base.term));
        let words: Vec<&[Base]> = found.chunk_by(|a, b| a.postings == b.postings).collect();
        let parts: Vec<Vec<u16>> = words
            .par_chunks(WORDS)
            .map(|words| places(text, keys, words, records, terms))
            .collect::<Result<_, _>>()?;
        let places = parts.concat();
        let mut at = 0u32;
        for base in &found {
            let term = &mut terms[base.term as usize];
            let Some(next) = at.checked_add(term.postings.records) else { break };
            (term.is_second, term.places) = (base.is_second, at);
            // Below `GROUPED`.
            term.base = base.postings.records as u16;
            at = next;
        }
        Ok(places)
    }
}

/// Places of the pairs of some words, one pair after another.
fn places(
    text: &Source,
    keys: &Source,
    words: &[&[Base]],
    records: &[u32],
    terms: &[Term],
) -> Result<Vec<u16>, SearchError> {
    let (mut of_text, mut of_keys) = (None, None);
    let (mut list, mut places) = (Vec::new(), Vec::new());
    for pairs in words {
        let Some(base) = pairs.first() else { continue };
        list.clear();
        each_block(text, &base.postings.info(), &mut of_text, |block| {
            list.extend(block.docs().iter().map(|doc| records[*doc as usize]));
        })?;
        list.sort_unstable();
        for pair in *pairs {
            let before = places.len();
            let info = terms[pair.term as usize].postings.info();
            each_block(keys, &info, &mut of_keys, |block| {
                // Every record of a pair has both words, so its place is where it would stand.
                let place = |record| list.partition_point(|other| *other < record) as u16;
                places.extend(block.docs().iter().map(|doc| place(records[*doc as usize])));
            })?;
            places[before..].sort_unstable();
        }
    }
    Ok(places)
}
