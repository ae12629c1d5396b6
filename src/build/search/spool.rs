//! Terms that wait in files: docs of `parts` say why.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::path::PathBuf;

use crate::release::search::bits::{put_varint, varint};
use crate::release::search::key::Place;

use super::copies::{Copies, is_copied};
use super::parts::Held;
use super::terms::{Stretch, Term};
use super::within::Base;
use super::{SearchError, file_error};

/// Bytes that are written at once.
const CHUNK: usize = 1 << 18;

/// What says how a term is told, and of a base that it is of a pair, and that it is the second;
/// below them the source.
const HAS_BASE: u8 = 0x80;
const HAS_PLACES: u8 = 0x40;
const OF_PAIR: u8 = 0x20;
const SECOND: u8 = 0x10;

/// A term as it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) place: Place,
    /// Where tantivy has its postings.
    pub(super) postings: Stretch,
    pub(super) source: u8,
    pub(super) by: By,
}

/// What a term is told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// Its postings.
    Records,
    /// Places in the list of a base, to be found.
    Base(Base),
    /// These, in a base of so many records.
    Places { base: u16, is_second: bool },
}

/// Terms in a file that has no name, each with a copy of its postings or with its places.
///
/// The file: chunks, each after its bytes as u32. A chunk: terms; each is one byte, which source it
/// is of and what it is told by; bucket and fingerprint, u32 each; then varints: records of the
/// term, start and bytes of its postings, bytes of the copy; then records, start and bytes of its
/// base, or records of the base of its places; then the copy, or the places, u16 each.
pub(super) struct Spool {
    file: File,
    /// Where it was made.
    path: PathBuf,
    chunk: Vec<u8>,
    terms: usize,
    /// Bytes of all copies.
    copied: usize,
}

impl Spool {
    pub(super) fn new(path: PathBuf) -> Result<Spool, SearchError> {
        let made = File::options().read(true).write(true).create_new(true).open(&path);
        let file = made.map_err(file_error("make", &path))?;
        fs::remove_file(&path).map_err(file_error("remove", &path))?;
        Ok(Spool { file, path, chunk: Vec::new(), terms: 0, copied: 0 })
    }

    /// Takes a term, and its postings if they are copied, or its places.
    pub(super) fn write(&mut self, row: Row, copy: &[u8]) -> Result<(), SearchError> {
        let Row { place, postings, source, by } = row;
        let chunk = &mut self.chunk;
        let second = |is_second| if is_second { SECOND } else { 0 };
        chunk.push(match by {
            By::Records => source,
            By::Places { is_second, .. } => source | HAS_PLACES | second(is_second),
            By::Base(Base { is_pair, is_second, .. }) => {
                source | HAS_BASE | second(is_second) | if is_pair { OF_PAIR } else { 0 }
            }
        });
        chunk.extend(place.bucket.to_le_bytes());
        chunk.extend(place.fingerprint.to_le_bytes());
        postings.put(chunk);
        put_varint(chunk, copy.len() as u64);
        match by {
            By::Records => {}
            By::Base(base) => base.postings.put(chunk),
            By::Places { base, .. } => put_varint(chunk, u64::from(base)),
        }
        chunk.extend_from_slice(copy);
        self.terms += 1;
        self.copied += copy.len();
        if self.chunk.len() >= CHUNK { self.end_chunk() } else { Ok(()) }
    }

    fn end_chunk(&mut self) -> Result<(), SearchError> {
        // Little more than `CHUNK`.
        let bytes = (self.chunk.len() as u32).to_le_bytes();
        let written = self.file.write_all(&bytes).and_then(|()| self.file.write_all(&self.chunk));
        self.chunk.clear();
        written.map_err(file_error("write", &self.path))
    }

    /// The terms as they came.
    pub(super) fn read(mut self) -> Result<Held, SearchError> {
        self.end_chunk()?;
        let Spool { mut file, path, mut chunk, terms, copied } = self;
        let read = || file_error("read", &path);
        file.rewind().map_err(read())?;
        let mut held = Held::with_capacity(terms);
        let mut copies = Vec::with_capacity(copied);
        while held.terms.len() < terms {
            let mut bytes = [0; 4];
            file.read_exact(&mut bytes).map_err(read())?;
            chunk.resize(u32::from_le_bytes(bytes) as usize, 0);
            file.read_exact(&mut chunk).map_err(read())?;
            let mut at = 0;
            while at < chunk.len() {
                let taken = take(&chunk, &mut at, &mut held, &mut copies);
                taken.ok_or(ErrorKind::InvalidData.into()).map_err(read())?;
            }
        }
        held.copies = Copies::new(copies);
        Ok(held)
    }
}

/// Reads what [`Spool::write`] wrote at `at`, which moves behind it.
fn take(chunk: &[u8], at: &mut usize, held: &mut Held, copies: &mut Vec<u8>) -> Option<()> {
    let (says, rest) = chunk.get(*at..)?.split_first()?;
    let (bucket, rest) = rest.split_first_chunk()?;
    let (fingerprint, _) = rest.split_first_chunk()?;
    *at += 9;
    let place = Place {
        bucket: u32::from_le_bytes(*bucket),
        fingerprint: u32::from_le_bytes(*fingerprint),
    };
    let (source, is_second) = (says & (SECOND - 1), says & SECOND > 0);
    let mut postings = Stretch::take(chunk, at)?;
    let copied = varint(chunk, at)? as usize;
    let by = if says & HAS_BASE > 0 {
        held.originals.push(postings);
        let (is_pair, postings) = (says & OF_PAIR > 0, Stretch::take(chunk, at)?);
        By::Base(Base { is_pair, postings, is_second })
    } else if says & HAS_PLACES > 0 {
        By::Places { base: varint(chunk, at)? as u16, is_second }
    } else {
        By::Records
    };
    let copy = chunk.get(*at..*at + copied)?;
    *at += copied;
    if let By::Places { base, is_second } = by {
        // What shares its entry with another key is told by its postings all the same.
        let places = u32::try_from(held.places.len()).ok()?;
        held.places.extend(copy.as_chunks().0.iter().map(|place| u16::from_le_bytes(*place)));
        held.terms.push(Term { place, postings, places, base, is_second, source });
        return Some(());
    }
    if is_copied(postings.records) {
        postings = Stretch::of_copy(copies.len() as u64, copied as u32, postings.records);
        copies.extend_from_slice(copy);
    }
    held.add(Row { place, postings, source, by });
    Some(())
}

#[cfg(test)]
mod tests {
    use tantivy::postings::TermInfo;

    use super::super::copies::Copier;
    use super::super::levels::Bin;
    use super::super::terms::Terms;
    use super::*;

    #[test]
    fn what_waits_in_a_file_comes_as_it_went() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(dir.path().join("terms0")).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "it has no name");
        let stretch = |n: u32| {
            let start = (n as usize) << 33;
            let info = TermInfo {
                doc_freq: n,
                postings_range: start..start + u32::MAX as usize - 7,
                positions_range: 0..0,
            };
            Stretch::new(&info).unwrap()
        };
        let base =
            |is_pair, is_second| By::Base(Base { is_pair, postings: stretch(77_000), is_second });
        let told = [
            By::Records,
            base(false, false),
            base(true, false),
            base(true, true),
            By::Places { base: 8191, is_second: false },
            By::Places { base: 20_000, is_second: true },
        ];
        // One in seven of those that are not placed has so many postings that they are not copied.
        let is_long = |n: u32| n.is_multiple_of(7) && n % 6 < 4;
        let records = |n: u32| if is_long(n) { 8192 + n } else { n % 9 };
        let posting = |n: u32, at: u32| (n * at * at, Bin::of(at as f32 / 9.0));
        let has_levels = |n: u32| n.is_multiple_of(2);
        let is_placed = |row: &Row| matches!(row.by, By::Places { .. });
        let rows: Vec<Row> = (0..40_000)
            .map(|n| Row {
                place: Place { bucket: n, fingerprint: u32::MAX - n },
                postings: stretch(records(n)),
                source: (n % 5) as u8,
                by: told[n as usize % told.len()],
            })
            .collect();
        let mut copier = Copier::default();
        let placed = |n: u32| (0..records(n)).map(move |at| (n + at) as u16);
        for (n, row) in (0..).zip(&rows) {
            if is_placed(row) {
                let bytes: Vec<u8> = placed(n).flat_map(u16::to_le_bytes).collect();
                spool.write(*row, &bytes).unwrap();
                continue;
            }
            copier.clear();
            for (doc, impact) in (0..records(n).min(9)).map(|at| posting(n, at)) {
                copier.add(doc, has_levels(n).then_some(impact));
            }
            spool.write(*row, if is_copied(records(n)) { &copier.bytes } else { &[] }).unwrap();
        }
        let Held { terms, found, places, copies, originals } = spool.read().unwrap();
        assert_eq!((terms.len(), found.len(), originals.len()), (40_000, 20_001, 20_001));
        let based = rows.iter().filter(|row| matches!(row.by, By::Base(_)));
        assert!(based.map(|row| row.postings).eq(originals));
        let all = Terms { terms, places, copies };
        let mut found = found.into_iter();
        for ((n, row), term) in (0..).zip(&rows).zip(&all.terms) {
            assert_eq!((term.place, term.source), (row.place, row.source));
            assert_eq!(term.postings.records, records(n));
            if let By::Places { base, is_second } = row.by {
                assert!(all.places(term, 1).iter().copied().eq(placed(n)), "{n}");
                assert!(all.copies.of(term, false).is_none(), "{n}");
                assert_eq!((term.base, term.is_second), (base, is_second));
                assert_eq!(term.postings, row.postings, "of what it shares an entry with");
                continue;
            }
            assert_eq!((term.base, term.is_second), (0, false));
            if let By::Base(base) = row.by {
                assert_eq!(found.next(), Some((base, n)));
            }
            let Some(copied) = all.copies.of(term, has_levels(n)) else {
                assert!(!is_copied(records(n)) && term.postings == row.postings, "{n}");
                continue;
            };
            let postings = (0..records(n).min(9)).map(|at| posting(n, at));
            let present = |(doc, impact)| (doc, if has_levels(n) { impact } else { Bin::PRESENT });
            assert!(copied.eq(postings.map(present)), "{n}");
            let bytes = all.copies.bytes(term).map(<[u8]>::is_empty);
            assert_eq!(bytes, Some(records(n) == 0));
        }
        let none = Copies::default();
        assert!(all.terms.iter().all(|term| none.of(term, true).is_none()), "nothing is copied");
    }
}
