//! Copies of postings: those of the terms of a part of the dictionary, in a row.
//!
//! Terms are printed in the order of their hashes, in which tantivy's postings lie all over its
//! file. Where that is larger than memory, each of them would be a read of the disk; a copy is
//! made in the order of keys, and is read in the order of parts. Postings of a term that has groups
//! are not copied: they are long, and few.

use crate::release::search::bits::{put_varint, varint};
use crate::release::search::lists::GROUPED;

use super::levels::Bin;
use super::terms::Stretch;

/// Whether postings of so many records are copied.
pub(super) fn is_copied(records: u32) -> bool {
    records < GROUPED
}

/// Copies one term's postings: document numbers, each as its distance from the one before; in
/// fields with levels each with its impact.
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
            self.bytes.extend(impact.to_bytes());
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

    /// That of a term; `None` if its postings are to be had from tantivy alone. `has_levels`:
    /// whether the field has.
    pub(super) fn of(&self, postings: &Stretch, has_levels: bool) -> Option<Copy<'_>> {
        let all = self.0.as_ref().filter(|_| is_copied(postings.records))?;
        Some(Copy { rest: postings.of(all), before: 0, has_levels })
    }

    /// The places of a term that begin at a byte, `count` of them.
    pub(super) fn places(&self, start: usize, count: usize) -> Option<impl Iterator<Item = u32>> {
        let rest = self.0.as_ref()?.get(start..).unwrap_or_default();
        let places = Copy { rest, before: 0, has_levels: false };
        Some(places.take(count).map(|(place, _)| place))
    }

    /// The copy of a term's postings, as [`Copier`] made it.
    pub(super) fn bytes(&self, postings: &Stretch) -> &[u8] {
        let all = self.0.as_ref().filter(|_| is_copied(postings.records));
        all.map(|all| postings.of(all)).unwrap_or_default()
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
            let (bytes, rest) = self.rest.split_first_chunk()?;
            (impact, self.rest) = (Bin::from_bytes(*bytes), rest);
        }
        Some((self.before, impact))
    }
}
