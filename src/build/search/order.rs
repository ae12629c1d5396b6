//! The numbers of the records: docs/search-format.md, "Order, facets, filters".

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::release::search::bits::put_varint;

use super::document::Order;

/// Records between two days that are written down.
const DAY_EVERY: u32 = 64;

/// Where a document's card is in the spool, and what it is numbered by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    kind: u32,
    access: u32,
    licence: u32,
    year: u16,
    day: u16,
    /// In the order of arrival.
    pub(super) number: u32,
    pub(super) offset: u64,
    pub(super) bytes: u32,
}

/// Strings by the order in which they were met.
#[derive(Debug, Default)]
struct Names(BTreeMap<String, u32>);

impl Names {
    fn id(&mut self, name: String) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(name).or_insert(next)
    }

    /// Per id its place among the sorted names.
    fn ranks(&self) -> Vec<u32> {
        let mut ranks = vec![0; self.0.len()];
        for (rank, id) in self.0.values().enumerate() {
            ranks[*id as usize] = rank as u32;
        }
        ranks
    }

    fn sorted(self) -> Vec<String> {
        self.0.into_keys().collect()
    }
}

/// Takes documents as they come. Memory: 32 bytes each.
#[derive(Debug, Default)]
pub(super) struct Orders {
    entries: Vec<Entry>,
    kinds: Names,
    access: Names,
    licences: Names,
}

/// The documents in the order of their numbers.
#[derive(Debug)]
pub(super) struct Ordered {
    pub(super) entries: Vec<Entry>,
    pub(super) kinds: Vec<String>,
    pub(super) access: Vec<String>,
    pub(super) licences: Vec<String>,
}

impl Orders {
    /// Documents so far.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Takes the next document, whose card is `bytes` long at `offset`.
    pub(super) fn push(&mut self, order: Order, offset: u64, bytes: u32) {
        let Order { kind, access, licence, year: Reverse(year), day: Reverse(day) } = order;
        self.entries.push(Entry {
            kind: self.kinds.id(kind),
            access: self.access.id(access),
            licence: self.licences.id(licence),
            year,
            day,
            number: self.entries.len() as u32,
            offset,
            bytes,
        });
    }

    /// Numbers them.
    pub(super) fn sort(self) -> Ordered {
        let Orders { mut entries, kinds, access, licences } = self;
        let ranks = [kinds.ranks(), access.ranks(), licences.ranks()];
        for entry in &mut entries {
            entry.kind = ranks[0][entry.kind as usize];
            entry.access = ranks[1][entry.access as usize];
            entry.licence = ranks[2][entry.licence as usize];
        }
        entries.sort_unstable_by_key(|e| {
            (e.kind, e.access, e.licence, Reverse((e.year, e.day)), e.number)
        });
        let (kinds, access, licences) = (kinds.sorted(), access.sorted(), licences.sorted());
        Ordered { entries, kinds, access, licences }
    }
}

impl Ordered {
    /// Per document, in the order of arrival, its number.
    pub(super) fn numbers(&self) -> Vec<u32> {
        let mut numbers = vec![0; self.entries.len()];
        for (number, entry) in self.entries.iter().enumerate() {
            numbers[entry.number as usize] = number as u32;
        }
        numbers
    }

    /// The sections `runs` and `days`.
    pub(super) fn sections(&self) -> (Vec<u8>, Vec<u8>) {
        let (mut columns, mut days) = ([const { Vec::new() }; 5], Vec::new());
        let run = |e: &Entry| (e.kind, e.access, e.licence, e.year);
        for entries in self.entries.chunk_by(|a, b| run(a) == run(b)) {
            let first = &entries[0];
            let year = if first.year == 0 { 0 } else { u32::from(first.year) + 1 };
            let values = [first.kind, first.access, first.licence, year, entries.len() as u32];
            for (column, value) in columns.iter_mut().zip(values) {
                put_varint(column, u64::from(value));
            }
            for entry in entries.iter().step_by(DAY_EVERY as usize) {
                put_varint(&mut days, u64::from(entry.day));
            }
        }
        // What is alike stands together: a third of the bytes, compressed.
        (columns.concat(), days)
    }
}
