//! Terms as they come, by part of the dictionary: as many as are held at a time. Where these are
//! not all, they wait in a file for each part, so that the term dictionary is passed over once.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tantivy::postings::TermInfo;

use crate::release::search::key::{Place, is_triple};

use super::document::Field;
use super::terms::{Source, Stretch, Term, Terms};
use super::within::{self, Base, Bases, Told};
use super::{SearchError, file_error};

/// Terms held at a time, at 32 bytes and as many for those that have a base.
const TERMS: u64 = 6_000_000;
/// Records that three words in a row need to be a key.
const ROW_RECORDS: u32 = 6;
/// Memory of a file that is written.
const BUFFER: usize = 1 << 18;

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
        Ok(Gathered { sources, bases, parts: Parts { parts, buckets } })
    }

    /// Takes a term of a source; those of a source in the order of keys.
    pub(super) fn add(
        &mut self,
        key: &[u8],
        place: Place,
        source: usize,
        info: &TermInfo,
    ) -> Result<(), SearchError> {
        let mut base = None;
        if self.sources[source].field == Field::Keys {
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
            Part::Spooled(spool) => spool.write(row)?,
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
        let Held { mut terms, found } = match self {
            Part::Held(held) => held,
            Part::Spooled(spool) => spool.read()?,
        };
        let places = match of_bases(sources) {
            Some(sources) => within::tell(sources, found, records, &mut terms)?,
            None => Vec::new(),
        };
        terms.par_sort_unstable_by_key(|term| (term.place, term.source, term.postings));
        Ok(Terms { terms, places })
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

/// Terms in a file that has no name.
pub(super) struct Spool {
    file: BufWriter<File>,
    /// Where it was made.
    path: PathBuf,
    terms: usize,
}

/// What says that a base follows, that it is of a pair, and that it is the second; below them the
/// source.
const HAS_BASE: u8 = 0x80;
const OF_PAIR: u8 = 0x40;
const SECOND: u8 = 0x20;

impl Spool {
    fn new(path: PathBuf) -> Result<Spool, SearchError> {
        let options = File::options().read(true).write(true).create_new(true).open(&path);
        let file = options.map_err(file_error("make", &path))?;
        fs::remove_file(&path).map_err(file_error("remove", &path))?;
        Ok(Spool { file: BufWriter::with_capacity(BUFFER, file), path, terms: 0 })
    }

    fn write(&mut self, row: Row) -> Result<(), SearchError> {
        let Row { place, postings, source, base } = row;
        let mut bytes = [0; 41];
        bytes[0] = source;
        bytes[1..5].copy_from_slice(&place.bucket.to_le_bytes());
        bytes[5..9].copy_from_slice(&place.fingerprint.to_le_bytes());
        bytes[9..25].copy_from_slice(&postings.to_bytes());
        let mut used = 25;
        if let Some(Base { is_pair, postings, is_second }) = base {
            bytes[0] |=
                HAS_BASE | if is_pair { OF_PAIR } else { 0 } | if is_second { SECOND } else { 0 };
            bytes[25..].copy_from_slice(&postings.to_bytes());
            used = 41;
        }
        self.terms += 1;
        self.file.write_all(&bytes[..used]).map_err(file_error("write", &self.path))
    }

    fn read(self) -> Result<Held, SearchError> {
        let Spool { file, path, terms } = self;
        let read = || file_error("read", &path);
        let file = file.into_inner().map_err(|error| error.into_error());
        let mut file = file.map_err(file_error("write", &path))?;
        file.rewind().map_err(read())?;
        let mut file = BufReader::with_capacity(BUFFER, file);
        let mut held = Held::with_capacity(terms);
        for _ in 0..terms {
            let (mut says, mut place, mut postings) = ([0], [[0; 4]; 2], [0; 16]);
            file.read_exact(&mut says).map_err(read())?;
            file.read_exact(place.as_flattened_mut()).map_err(read())?;
            file.read_exact(&mut postings).map_err(read())?;
            let [bucket, fingerprint] = place.map(u32::from_le_bytes);
            let mut row = Row {
                place: Place { bucket, fingerprint },
                postings: Stretch::from_bytes(postings),
                source: says[0] & (SECOND - 1),
                base: None,
            };
            if says[0] & HAS_BASE > 0 {
                file.read_exact(&mut postings).map_err(read())?;
                row.base = Some(Base {
                    is_pair: says[0] & OF_PAIR > 0,
                    postings: Stretch::from_bytes(postings),
                    is_second: says[0] & SECOND > 0,
                });
            }
            held.add(row);
        }
        Ok(held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_in_a_file_comes_as_it_went() {
        let dir = tempfile::tempdir().unwrap();
        let mut spool = Spool::new(dir.path().join("terms0")).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "it has no name");
        let info = |n: u32| TermInfo {
            doc_freq: n,
            postings_range: (n as usize) << 33..((n as usize) << 33) + u32::MAX as usize - 7,
            positions_range: 0..0,
        };
        let stretch = |n| Stretch::new(&info(n)).unwrap();
        let base = |is_pair, is_second| Base { is_pair, postings: stretch(77_000), is_second };
        let bases =
            [None, Some(base(false, false)), Some(base(true, false)), Some(base(true, true))];
        let rows: Vec<Row> = (0..40_000)
            .map(|n| Row {
                place: Place { bucket: n, fingerprint: u32::MAX - n },
                postings: stretch(n),
                source: (n % 5) as u8,
                base: bases[n as usize % 4],
            })
            .collect();
        rows.iter().for_each(|row| spool.write(*row).unwrap());
        let read = spool.read().unwrap();
        let mut expected = Held::default();
        rows.into_iter().for_each(|row| expected.add(row));
        assert_eq!(read.terms, expected.terms);
        assert_eq!(read.found, expected.found);
        assert_eq!(read.found.len(), 30_000);
    }
}
