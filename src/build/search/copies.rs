//! Copies of postings: those of the terms of a part of the dictionary, in a row.
//!
//! Terms are printed in the order of their hashes, in which tantivy's postings lie all over its
//! file. Where that is larger than memory, each of them would be a read of the disk; a copy is
//! made in the order of keys, and is read in the order of parts. Postings of a term that has groups
//! are not copied: they are long, and few.

use std::hint::black_box;

use crate::release::search::bits::{put_varint, varint};
use crate::release::search::lists::GROUPED;

use super::levels::Bin;
use super::terms::Term;

/// Whether postings of so many records are copied.
pub(super) fn is_copied(records: u32) -> bool {
    records < GROUPED
}

/// Copies one term's postings: document numbers, each as its distance from the one before; in
/// fields with levels each with the rank of its impact, u16.
#[derive(Default)]
pub(super) struct Copier {
    pub(super) bytes: Vec<u8>,
    before: u32,
}

impl Copier {
    /// Begins with another term.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.before = 0;
    }

    /// Appends a posting; documents rise.
    pub(super) fn add(&mut self, doc: u32, impact: Option<Bin>) {
        put_varint(&mut self.bytes, u64::from(doc - self.before));
        self.before = doc;
        if let Some(impact) = impact {
            self.bytes.extend((impact.rank() as u16).to_le_bytes());
        }
    }
}

/// Copies of some terms' postings, if they are copied.
#[derive(Debug, Default)]
pub(super) struct Copies(Option<Vec<u8>>);

impl Copies {
    /// These; a term's own are where its stretch says.
    pub(super) fn new(bytes: Vec<u8>) -> Copies {
        Copies(Some(bytes))
    }

    /// That of a term, as [`Copier`] made it; `None` if its postings are to be had from tantivy
    /// alone, as are those of a term whose places are known.
    pub(super) fn bytes(&self, term: &Term) -> Option<&[u8]> {
        let is_copied = is_copied(term.postings.records) && term.base == 0;
        Some(term.postings.of(self.0.as_ref().filter(|_| is_copied)?))
    }

    /// Reads a byte of each: copies lie all over memory, and so it is waited for at once, not for
    /// one after another when they are read.
    pub(super) fn touch<'t>(&self, terms: impl Iterator<Item = &'t Term>) {
        let bytes = terms.filter_map(|term| self.bytes(term)?.first());
        black_box(bytes.fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
    }

    /// The postings in it. `has_levels`: whether the field has.
    pub(super) fn of(&self, term: &Term, has_levels: bool) -> Option<Copy<'_>> {
        Some(Copy { rest: self.bytes(term)?, before: 0, has_levels })
    }
}

/// One term's postings.
pub(super) struct Copy<'a> {
    rest: &'a [u8],
    before: u32,
    has_levels: bool,
}

impl Iterator for Copy<'_> {
    type Item = (u32, Bin);

    fn next(&mut self) -> Option<(u32, Bin)> {
        let mut at = 0;
        self.before += varint(self.rest, &mut at)? as u32;
        self.rest = &self.rest[at..];
        let mut impact = Bin::PRESENT;
        if self.has_levels {
            let (rank, rest) = self.rest.split_first_chunk()?;
            (impact, self.rest) = (Bin::of_rank(u16::from_le_bytes(*rank).into()), rest);
        }
        Some((self.before, impact))
    }
}
