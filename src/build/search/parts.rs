//! Terms as they come, by part of the dictionary: as many as are held at a time. Where these are
//! not all, they wait in a file for each part, with copies of their postings, so that tantivy's
//! files are passed over once.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tantivy::postings::{BlockSegmentPostings, TermInfo};

use crate::release::search::bits::{put_varint, varint};
use crate::release::search::key::{Place, is_triple};

use super::copies::{Copier, Copies, is_copied};
use super::document::Field;
use super::terms::{Source, Stretch, Term, Terms, each_posting};
use super::within::{self, Base, Bases, Told};
use super::{SearchError, file_error};

/// Terms held at a time, at 32 bytes and as many for those that have a base, and some 10 for copies
/// of their postings.
const TERMS: u64 = 4_000_000;
/// Records that three words in a row need to be a key.
const ROW_RECORDS: u32 = 6;
/// Bytes that are written at once.
const CHUNK: usize = 1 << 18;

/// A term as it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    place: Place,
    postings: Stretch,
    source: u8,
    base: Option<Base>,
}

/// Terms of all sources, on their way into parts.
pub(super) struct Gathered<'a> {
    sources: &'a [Source],
    bases: Option<Bases<'a>>,
    parts: Parts,
    copier: Copier,
}

impl<'a> Gathered<'a> {
    /// For `count` terms in `buckets` buckets. Files, where they are needed, are made beside
    /// `beside` and have no name.
    pub(super) fn new(
        sources: &'a [Source],
        count: u64,
        buckets: u32,
        beside: &Path,
    ) -> Result<Self, SearchError> {
        let parts = count.div_ceil(TERMS).max(1) as u32;
        let buckets = buckets.div_ceil(parts);
        let part = |number| match parts {
            1 => Ok(Part::Held(Held::with_capacity(count as usize))),
            _ => Spool::new(beside.with_extension(format!("terms{number}"))).map(Part::Spooled),
        };
        let parts = (0..parts).map(part).collect::<Result<_, _>>()?;
        let bases = of_bases(sources).map(Bases::new);
        let parts = Parts { parts, buckets };
        Ok(Gathered { sources, bases, parts, copier: Copier::default() })
    }

    /// Takes a term of a source; those of a source in the order of keys. `decoder`: of that source.
    pub(super) fn add(
        &mut self,
        key: &[u8],
        place: Place,
        source: usize,
        info: &TermInfo,
        decoder: &mut Option<BlockSegmentPostings>,
    ) -> Result<(), SearchError> {
        let mut base = None;
        let of = &self.sources[source];
        if of.field == Field::Keys {
            // Few records are found by the pairs of three words as well.
            if info.doc_freq < ROW_RECORDS && is_triple(key) {
                return Ok(());
            }
            if let Some(bases) = &mut self.bases {
                base = bases.find(key, info.doc_freq)?;
            }
        }
        let row = Row { place, postings: Stretch::new(info)?, source: source as u8, base };
        let Parts { parts, buckets } = &mut self.parts;
        match &mut parts[(place.bucket / *buckets) as usize] {
            Part::Held(held) => held.add(row),
            Part::Spooled(spool) => {
                let copier = &mut self.copier;
                copier.clear();
                if is_copied(info.doc_freq) {
                    let has_levels = of.norms.is_some();
                    each_posting(of, info, decoder, |doc, impact| {
                        copier.add(doc, has_levels.then_some(impact));
                    })?;
                }
                spool.write(row, &copier.bytes)?;
            }
        }
        Ok(())
    }

    /// All of them.
    pub(super) fn finish(self) -> Parts {
        self.parts
    }
}

/// Those of the stems in the text, and of the keys.
fn of_bases(sources: &[Source]) -> Option<[&Source; 2]> {
    let of = |field| sources.iter().find(|source| source.field == field);
    Some([of(Field::All)?, of(Field::Keys)?])
}

/// Terms by part of the dictionary.
pub(super) struct Parts {
    /// Each of so many buckets as follow those before; the last may have fewer.
    pub(super) parts: Vec<Part>,
    /// How many; one at least.
    pub(super) buckets: u32,
}

/// Terms of a part.
pub(super) enum Part {
    /// In memory.
    Held(Held),
    /// In a file.
    Spooled(Spool),
}

impl Part {
    /// The terms in order, with the places of those that have a base. `records`: document of the
    /// segment → record.
    pub(super) fn terms(self, sources: &[Source], records: &[u32]) -> Result<Terms, SearchError> {
        let (Held { mut terms, found }, copies) = match self {
            Part::Held(held) => (held, Copies::default()),
            Part::Spooled(spool) => spool.read()?,
        };
        let places = match of_bases(sources) {
            Some(sources) => within::tell(sources, found, records, &copies, &mut terms)?,
            None => Vec::new(),
        };
        terms.par_sort_unstable_by_key(|term| (term.place, term.source, term.postings));
        Ok(Terms { terms, places, copies })
    }
}

/// Terms in memory.
#[derive(Default)]
pub(super) struct Held {
    terms: Vec<Term>,
    found: Vec<Told>,
}

impl Held {
    fn with_capacity(terms: usize) -> Held {
        Held { terms: Vec::with_capacity(terms), found: Vec::new() }
    }

    fn add(&mut self, row: Row) {
        let Row { place, postings, source, base } = row;
        if let (Some(base), Ok(number)) = (base, u32::try_from(self.terms.len())) {
            self.found.push((base, number));
        }
        self.terms.push(Term { place, postings, places: 0, base: 0, is_second: false, source });
    }
}

/// Terms in a file that has no name, each with the copy of its postings.
///
/// The file: chunks, each after its bytes as u32. A chunk: terms; each is one byte, which source it
/// is of and what else is told; bucket and fingerprint, u32 each; then varints: records of the
/// term, where its postings are, and those of its base in the same way. Where postings are: if they
/// are copied, bytes of the copy, which follows the term; else start and bytes.
pub(super) struct Spool {
    file: File,
    /// Where it was made.
    path: PathBuf,
    chunk: Vec<u8>,
    terms: usize,
    /// Bytes of all copies.
    copied: usize,
}

/// What says that a base follows, that it is of a pair, and that it is the second; below them the
/// source.
const HAS_BASE: u8 = 0x80;
const OF_PAIR: u8 = 0x40;
const SECOND: u8 = 0x20;

impl Spool {
    fn new(path: PathBuf) -> Result<Spool, SearchError> {
        let made = File::options().read(true).write(true).create_new(true).open(&path);
        let file = made.map_err(file_error("make", &path))?;
        fs::remove_file(&path).map_err(file_error("remove", &path))?;
        Ok(Spool { file, path, chunk: Vec::with_capacity(CHUNK), terms: 0, copied: 0 })
    }

    /// Takes a term, and its postings if they are copied.
    fn write(&mut self, row: Row, copy: &[u8]) -> Result<(), SearchError> {
        let Row { place, postings, source, base } = row;
        let chunk = &mut self.chunk;
        chunk.push(match base {
            None => source,
            Some(Base { is_pair, is_second, .. }) => {
                let pair = if is_pair { OF_PAIR } else { 0 };
                source | HAS_BASE | pair | if is_second { SECOND } else { 0 }
            }
        });
        chunk.extend(place.bucket.to_le_bytes());
        chunk.extend(place.fingerprint.to_le_bytes());
        put_varint(chunk, u64::from(postings.records));
        match is_copied(postings.records) {
            true => put_varint(chunk, copy.len() as u64),
            false => postings.put(chunk),
        }
        if let Some(Base { postings, .. }) = base {
            put_varint(chunk, u64::from(postings.records));
            postings.put(chunk);
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

    fn read(mut self) -> Result<(Held, Copies), SearchError> {
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
                let row = Row::take(&chunk, &mut at, &mut copies);
                held.add(row.ok_or(ErrorKind::InvalidData.into()).map_err(read())?);
            }
        }
        Ok((held, Copies::new(copies)))
    }
}

impl Row {
    /// Reads what [`Spool::write`] wrote at `at`, which moves behind it.
    fn take(chunk: &[u8], at: &mut usize, copies: &mut Vec<u8>) -> Option<Row> {
        let (says, rest) = chunk.get(*at..)?.split_first()?;
        let (bucket, rest) = rest.split_first_chunk()?;
        let (fingerprint, _) = rest.split_first_chunk()?;
        *at += 9;
        let place = Place {
            bucket: u32::from_le_bytes(*bucket),
            fingerprint: u32::from_le_bytes(*fingerprint),
        };
        let records = varint(chunk, at)? as u32;
        let mut copied = 0;
        let postings = if is_copied(records) {
            copied = varint(chunk, at)? as usize;
            Stretch::of_copy(copies.len() as u64, copied as u32, records)
        } else {
            Stretch::take(records, chunk, at)?
        };
        let mut base = None;
        if says & HAS_BASE > 0 {
            let records = varint(chunk, at)? as u32;
            base = Some(Base {
                is_pair: says & OF_PAIR > 0,
                postings: Stretch::take(records, chunk, at)?,
                is_second: says & SECOND > 0,
            });
        }
        copies.extend_from_slice(chunk.get(*at..*at + copied)?);
        *at += copied;
        Some(Row { place, postings, source: says & (SECOND - 1), base })
    }
}

#[cfg(test)]
mod tests {
    use super::super::levels::Bin;
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
        let base = |is_pair, is_second| Base { is_pair, postings: stretch(77_000), is_second };
        let bases =
            [None, Some(base(false, false)), Some(base(true, false)), Some(base(true, true))];
        // One in five has so many postings that they are not copied.
        let records = |n: u32| if n.is_multiple_of(5) { 8192 + n } else { n % 9 };
        let posting = |n: u32, at: u32| (n * at * at, Bin::of(at as f32 / 9.0));
        let has_levels = |n: u32| n.is_multiple_of(2);
        let rows: Vec<Row> = (0..40_000)
            .map(|n| Row {
                place: Place { bucket: n, fingerprint: u32::MAX - n },
                postings: stretch(records(n)),
                source: (n % 5) as u8,
                base: bases[n as usize % 4],
            })
            .collect();
        let mut copier = Copier::default();
        for (n, row) in (0..).zip(&rows) {
            copier.clear();
            for (doc, impact) in (0..records(n).min(9)).map(|at| posting(n, at)) {
                copier.add(doc, has_levels(n).then_some(impact));
            }
            spool.write(*row, if is_copied(records(n)) { &copier.bytes } else { &[] }).unwrap();
        }
        let (read, copies) = spool.read().unwrap();
        let mut expected = Held::default();
        rows.into_iter().for_each(|row| expected.add(row));
        assert_eq!(read.found, expected.found);
        assert_eq!(read.found.len(), 30_000);
        assert_eq!(read.terms.len(), 40_000);
        for (n, (read, expected)) in (0..).zip(read.terms.iter().zip(&expected.terms)) {
            let copied = copies.of(&read.postings, has_levels(n));
            if n.is_multiple_of(5) {
                assert!(copied.is_none() && read == expected, "{n}");
                continue;
            }
            let postings = (0..records(n)).map(|at| posting(n, at));
            let present = |(doc, impact)| (doc, if has_levels(n) { impact } else { Bin::PRESENT });
            assert!(copied.unwrap().eq(postings.map(present)), "{n}");
            assert_eq!(read.postings.records, records(n));
            assert_eq!(Term { postings: expected.postings, ..*read }, *expected);
        }
        assert!(Copies::default().of(&stretch(1), true).is_none(), "nothing is copied");
    }
}
