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
use super::copies::Copies;
use super::sort::in_order;
use super::terms::{Source, Stretch, Term, each_block, each_posting_of};

/// Bases whose terms a thread takes at a time.
const BASES: usize = 256;

/// What a term is told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Base {
    /// Of a pair, not of a word.
    pub(super) is_pair: bool,
    pub(super) postings: Stretch,
    /// Whether it is the second of the two.
    pub(super) is_second: bool,
}

/// Finds the bases of terms as they come, in the order of keys.
pub(super) struct Bases<'a> {
    text: &'a Source,
    keys: &'a Source,
    /// Of words and of pairs, what was looked for last as the first of two.
    first: [(Vec<u8>, Option<TermInfo>); 2],
}

impl<'a> Bases<'a> {
    /// `text`: of the stems in the text; `keys`: of the terms that come.
    pub(super) fn new([text, keys]: [&'a Source; 2]) -> Self {
        Bases { text, keys, first: Default::default() }
    }

    /// That of a key in `records` records, if it has one.
    pub(super) fn find(&mut self, key: &[u8], records: u32) -> Result<Option<Base>, SearchError> {
        let Some(row) = key.strip_prefix(PAIR.as_bytes()) else { return Ok(None) };
        let mut spaces = memchr::memchr_iter(b' ', row);
        let Some(space) = spaces.next() else { return Ok(None) };
        let (first, is_pair) = match spaces.next() {
            None => (&row[..space], false),
            Some(last) => (&key[..PAIR.len() + last], true),
        };
        let terms = if is_pair { &self.keys.terms } else { &self.text.terms }.terms();
        let last = &mut self.first[usize::from(is_pair)];
        if last.0 != first {
            *last = (first.to_owned(), terms.get(first).map_err(SearchError::Write)?);
        }
        let Some(mut base) = last.1.clone() else { return Ok(None) };
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
        if base.doc_freq >= most {
            return Ok(None);
        }
        Ok(Some(Base { is_pair, postings: Stretch::new(&base)?, is_second }))
    }
}

/// A base, and the number of the term that has it.
pub(super) type Told = (Base, u32);

/// What tells bases apart, as one of two may be each.
fn id((base, _): &Told) -> (bool, Stretch) {
    (base.is_pair, base.postings)
}

/// Gives `terms` the bases that were found; returns their places, of each term rising. `records`:
/// document of the segment → record; `copies`: what is copied of the postings of terms.
pub(super) fn tell(
    sources: [&Source; 2],
    mut found: Vec<Told>,
    records: &[u32],
    copies: &Copies,
    terms: &mut [Term],
) -> Result<Vec<u16>, SearchError> {
    found.par_sort_unstable_by_key(|told| (id(told), told.1));
    let bases: Vec<&[Told]> = found.chunk_by(|a, b| id(a) == id(b)).collect();
    let parts: Vec<Vec<u16>> = bases
        .par_chunks(BASES)
        .map_init(
            || vec![0; records.len()],
            |of_doc, bases| places(sources, bases, records, (terms, copies), of_doc),
        )
        .collect::<Result<_, _>>()?;
    let places = parts.concat();
    let mut at = 0u32;
    for (base, term) in &found {
        let term = &mut terms[*term as usize];
        let Some(next) = at.checked_add(term.postings.records) else { break };
        (term.is_second, term.places) = (base.is_second, at);
        // Below `ROW_BASE`.
        term.base = base.postings.records as u16;
        at = next;
    }
    Ok(places)
}

/// Places of the terms of some bases, one term after another. `of_doc` has room for the place of
/// each document.
fn places(
    [text, keys]: [&Source; 2],
    bases: &[&[Told]],
    records: &[u32],
    (terms, copies): (&[Term], &Copies),
    of_doc: &mut [u16],
) -> Result<Vec<u16>, SearchError> {
    let (mut of_text, mut of_keys) = (None, None);
    let (mut list, mut other, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for told in bases {
        let Some((base, _)) = told.first() else { continue };
        let (source, decoder) =
            if base.is_pair { (keys, &mut of_keys) } else { (text, &mut of_text) };
        list.clear();
        each_block(source, &base.postings.info(), decoder, |block| {
            list.extend(block.docs().iter().map(|doc| (records[*doc as usize], *doc)));
        })?;
        in_order(&mut list, records.len() as u32, &mut other);
        for (place, (_, doc)) in (0..).zip(&list) {
            of_doc[*doc as usize] = place;
        }
        for (_, term) in *told {
            let before = places.len();
            let term = &terms[*term as usize];
            // Every record of the whole has its parts.
            each_posting_of(term, copies, keys, &mut of_keys, |doc, _| {
                places.push(of_doc[doc as usize]);
            })?;
            places[before..].sort_unstable();
        }
    }
    Ok(places)
}
