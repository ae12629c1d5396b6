//! Words in a row, and words of fields, as places in the list of another key: docs/search-format.md,
//! "Places".
//!
//! Where a pair is, both of its words are. So a pair says at which places of the list of the rarer
//! word its records stand: numbers below thousands, where record numbers are below millions. Three
//! words in a row are to their pairs what a pair is to its words, and a word of a title is in the
//! text.

use std::collections::HashMap;

use rayon::prelude::*;
use tantivy::postings::TermInfo;

use crate::release::search::key::PAIR;
use crate::release::search::lists::BASE;

use super::SearchError;
use super::copies::Copies;
use super::document::Field;
use super::shared::Shared;
use super::sort::in_order;
use super::terms::{Source, Stretch, Term, each_block, each_posting_of};

/// Bases whose terms a thread takes at a time.
const BASES: usize = 256;
/// Terms of a base whose copies are touched at once: they stay in a cache.
const TOUCHED: usize = 512;

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
    /// Words that were looked for as the second, and will be again.
    second: HashMap<Vec<u8>, TermInfo>,
}

/// Records of a word that is looked for again and again: it is kept.
const KEPT: u32 = 64;

impl<'a> Bases<'a> {
    /// `text`: of the stems in the text; `keys`: of the terms that come.
    pub(super) fn new([text, keys]: [&'a Source; 2]) -> Self {
        Bases { text, keys, first: Default::default(), second: HashMap::new() }
    }

    /// That of a word of a field, whose stem this is.
    pub(super) fn of_stem(&self, stem: &[u8]) -> Result<Option<Base>, SearchError> {
        let base = self.text.terms.terms().get(stem).map_err(SearchError::Write)?;
        told_by(base, false, false)
    }

    /// That of words in a row, in `records` records, if it has one.
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
            let other = match (is_pair, self.second.get(rest)) {
                (false, Some(known)) => Some(known.clone()),
                (false, None) => {
                    let other = terms.get(rest).map_err(SearchError::Write)?;
                    if let Some(other) = other.as_ref().filter(|other| other.doc_freq >= KEPT) {
                        self.second.insert(rest.to_owned(), other.clone());
                    }
                    other
                }
                (true, _) => {
                    terms.get([PAIR.as_bytes(), rest].concat()).map_err(SearchError::Write)?
                }
            };
            if let Some(other) = other.filter(|other| other.doc_freq < base.doc_freq) {
                (base, is_second) = (other, true);
            }
        }
        told_by(Some(base), is_pair, is_second)
    }
}

/// A base of these postings, if they are few enough.
fn told_by(
    base: Option<TermInfo>,
    is_pair: bool,
    is_second: bool,
) -> Result<Option<Base>, SearchError> {
    let Some(base) = base.filter(|base| base.doc_freq < BASE) else { return Ok(None) };
    Ok(Some(Base { is_pair, postings: Stretch::new(&base)?, is_second }))
}

/// A base, and the number of the term that has it.
pub(super) type Told = (Base, u32);

/// What tells bases apart: of words and of pairs, where their postings begin.
fn id((base, _): &Told) -> u64 {
    base.postings.start() | u64::from(base.is_pair) << 63
}

/// Gives `terms` the bases that were found; returns their places, of each term rising, as many
/// numbers each as its source says. `records`: document of the segment → record; `copies`: what is
/// copied of the postings of terms; `shared`: stems that are no bases, so that what was found to have
/// one keeps its postings.
pub(super) fn tell(
    sources: &[Source],
    mut found: Vec<Told>,
    records: &[u32],
    copies: &Copies,
    (terms, shared): (&mut [Term], &Shared),
) -> Result<Vec<u16>, SearchError> {
    found.par_sort_unstable_by_key(|told| (id(told), told.1));
    let is_own = |base: &Base| base.is_pair || !shared.has(base.postings.start());
    let of_base = found.chunk_by(|a, b| id(a) == id(b));
    let bases: Vec<&[Told]> = of_base.filter(|told| is_own(&told[0].0)).collect();
    let parts: Vec<Vec<u16>> = bases
        .par_chunks(BASES)
        .map_init(
            || vec![0; records.len()],
            |of_doc, bases| places(sources, bases, records, (terms, copies), of_doc),
        )
        .collect::<Result<_, _>>()?;
    let places = parts.concat();
    let mut at = 0u32;
    for (base, term) in bases.into_iter().flatten() {
        let term = &mut terms[*term as usize];
        let width = sources[usize::from(term.source)].width() as u32;
        let next = width.checked_mul(term.postings.records).and_then(|all| at.checked_add(all));
        let Some(next) = next else { break };
        (term.is_second, term.places) = (base.is_second, at);
        // Below `BASE`.
        term.base = base.postings.records as u16;
        at = next;
    }
    Ok(places)
}

/// Places of the terms of some bases, one term after another. `of_doc` has room for the place of
/// each document.
fn places(
    sources: &[Source],
    bases: &[&[Told]],
    records: &[u32],
    (terms, copies): (&[Term], &Copies),
    of_doc: &mut [u16],
) -> Result<Vec<u16>, SearchError> {
    let mut decoders: Vec<_> = sources.iter().map(|_| None).collect();
    let (mut list, mut other) = (Vec::new(), Vec::new());
    let (mut own, mut places) = (Vec::new(), Vec::new());
    for told in bases {
        let Some((base, _)) = told.first() else { continue };
        let field = if base.is_pair { Field::Keys } else { Field::All };
        let Some(at) = sources.iter().position(|source| source.field == field) else { continue };
        list.clear();
        each_block(&sources[at], &base.postings.info(), &mut decoders[at], |block| {
            list.extend(block.docs().iter().map(|doc| (records[*doc as usize], *doc)));
        })?;
        in_order(&mut list, records.len() as u32, &mut other);
        for (place, (_, doc)) in (0..).zip(&list) {
            of_doc[*doc as usize] = place;
        }
        for told in told.chunks(TOUCHED) {
            copies.touch(told.iter().map(|(_, term)| &terms[*term as usize]));
            for (_, term) in told {
                let term = &terms[*term as usize];
                let at = usize::from(term.source);
                own.clear();
                // Every record of the whole has its parts, and what has a word in a field has it.
                // Sorted as one number, the place before the rank.
                each_posting_of(term, copies, &sources[at], &mut decoders[at], |doc, impact| {
                    own.push(u32::from(of_doc[doc as usize]) << 16 | impact.rank() as u32);
                })?;
                own.sort_unstable();
                let place = |one: &u32| (one >> 16) as u16;
                match sources[at].width() {
                    1 => places.extend(own.iter().map(place)),
                    _ => places.extend(own.iter().flat_map(|one| [place(one), *one as u16])),
                }
            }
        }
    }
    Ok(places)
}
