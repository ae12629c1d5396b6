//! Words in a row as places in the list of a part of them: docs/search-format.md, "Pairs".
//!
//! Where a pair is, both of its words are. So a pair says at which places of the list of the rarer
//! word its records stand: numbers below thousands, where record numbers are below millions. Three
//! words in a row are to their pairs what a pair is to its words.

use rayon::prelude::*;
use tantivy::postings::TermInfo;

use crate::release::search::key::PAIR;
use crate::release::search::lists::{GROUPED, ROW_BASE};

use super::SearchError;
use super::terms::{Source, Stretch, Term, each_block};

/// Bases whose terms a thread takes at a time.
const BASES: usize = 256;

/// What a term is told by.
#[derive(Debug, Clone, Copy)]
struct Base {
    /// Of a pair, not of a word.
    is_pair: bool,
    postings: Stretch,
    /// Whether it is the second of the two.
    is_second: bool,
    /// Number of the term.
    term: u32,
}

impl Base {
    fn id(&self) -> (bool, Stretch) {
        (self.is_pair, self.postings)
    }
}

/// Finds the bases of terms as they come, in the order of keys.
pub(super) struct Bases<'a> {
    text: &'a Source,
    keys: &'a Source,
    /// Of words and of pairs, what was looked for last as the first of two.
    first: [(Vec<u8>, Option<TermInfo>); 2],
    found: Vec<Base>,
}

impl<'a> Bases<'a> {
    /// `text`: of the stems in the text; `keys`: of the terms that come.
    pub(super) fn new(text: &'a Source, keys: &'a Source) -> Self {
        Bases { text, keys, first: Default::default(), found: Vec::new() }
    }

    /// Takes term `term` of key `key`, in `records` records.
    pub(super) fn add(&mut self, key: &[u8], records: u32, term: usize) -> Result<(), SearchError> {
        let Some(row) = key.strip_prefix(PAIR.as_bytes()) else { return Ok(()) };
        let mut spaces = memchr::memchr_iter(b' ', row);
        let Some(space) = spaces.next() else { return Ok(()) };
        let (first, is_pair) = match spaces.next() {
            None => (&row[..space], false),
            Some(last) => (&key[..PAIR.len() + last], true),
        };
        let terms = if is_pair { &self.keys.terms } else { &self.text.terms }.terms();
        let last = &mut self.first[usize::from(is_pair)];
        if last.0 != first {
            *last = (first.to_owned(), terms.get(first).map_err(SearchError::Write)?);
        }
        let Some(mut base) = last.1.clone() else { return Ok(()) };
        let mut is_second = false;
        // A part has no fewer records than the whole, so another is not looked for.
        if base.doc_freq > records {
            let rest = &row[space + 1..];
            let other = match is_pair {
                true => terms.get([PAIR.as_bytes(), rest].concat()),
                false => terms.get(rest),
            };
            let other = other.map_err(SearchError::Write)?;
            if let Some(other) = other.filter(|other| other.doc_freq < base.doc_freq) {
                (base, is_second) = (other, true);
            }
        }
        let most = if is_pair { ROW_BASE } else { GROUPED };
        if let (true, Ok(term)) = (base.doc_freq < most, u32::try_from(term)) {
            let postings = Stretch::new(&base)?;
            self.found.push(Base { is_pair, postings, is_second, term });
        }
        Ok(())
    }

    /// Gives `terms` their bases; returns their places, of each term rising. `records`: document of
    /// the segment → record.
    pub(super) fn finish(
        self,
        records: &[u32],
        terms: &mut [Term],
    ) -> Result<Vec<u16>, SearchError> {
        let Bases { text, keys, mut found, .. } = self;
        found.par_sort_unstable_by_key(|base| (base.id(), base.term));
        let bases: Vec<&[Base]> = found.chunk_by(|a, b| a.id() == b.id()).collect();
        let parts: Vec<Vec<u16>> = bases
            .par_chunks(BASES)
            .map(|bases| places(text, keys, bases, records, terms))
            .collect::<Result<_, _>>()?;
        let places = parts.concat();
        let mut at = 0u32;
        for base in &found {
            let term = &mut terms[base.term as usize];
            let Some(next) = at.checked_add(term.postings.records) else { break };
            (term.is_second, term.places) = (base.is_second, at);
            // Below `ROW_BASE`.
            term.base = base.postings.records as u16;
            at = next;
        }
        Ok(places)
    }
}

/// Places of the terms of some bases, one term after another.
fn places(
    text: &Source,
    keys: &Source,
    bases: &[&[Base]],
    records: &[u32],
    terms: &[Term],
) -> Result<Vec<u16>, SearchError> {
    let (mut of_text, mut of_keys) = (None, None);
    let (mut list, mut places) = (Vec::new(), Vec::new());
    for told in bases {
        let Some(base) = told.first() else { continue };
        let (source, decoder) =
            if base.is_pair { (keys, &mut of_keys) } else { (text, &mut of_text) };
        list.clear();
        each_block(source, &base.postings.info(), decoder, |block| {
            list.extend(block.docs().iter().map(|doc| records[*doc as usize]));
        })?;
        list.sort_unstable();
        for base in *told {
            let before = places.len();
            let info = terms[base.term as usize].postings.info();
            each_block(keys, &info, &mut of_keys, |block| {
                // Every record of the whole has its parts, so its place is where it would stand.
                let place = |record| list.partition_point(|other| *other < record) as u16;
                places.extend(block.docs().iter().map(|doc| place(records[*doc as usize])));
            })?;
            places[before..].sort_unstable();
        }
    }
    Ok(places)
}
