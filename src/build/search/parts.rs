//! Terms as they come, by part of the dictionary: as many as are held at a time. Where these are
//! not all, they wait in a file for each part, with copies of their postings, so that tantivy's
//! files are passed over once. Those that are told by places wait twice: first with others that
//! have the same base, so that each base is read once, then with their places.

use std::path::Path;

use rayon::prelude::*;
use tantivy::postings::{BlockSegmentPostings, TermInfo};

use crate::release::search::analyse::Analyser;
use crate::release::search::key::{Place, is_triple};

use super::SearchError;
use super::copies::{Copier, Copies, is_copied};
use super::document::Field;
use super::shared::{Shared, Sharing};
use super::spool::{By, Row, Spool};
use super::terms::{Source, Stretch, Term, Terms, each_posting, of_term};
use super::within::{self, Bases, Told};

/// Terms held at a time, at 32 bytes, 80 where they wait for their places, and some 10 for copies of
/// their postings, or places.
const TERMS: u64 = 4_000_000;
/// Records that three words in a row need to be a key.
const ROW_RECORDS: u32 = 6;

/// Terms of all sources, on their way into parts.
pub(super) struct Gathered<'a> {
    sources: &'a [Source],
    bases: Option<Bases<'a>>,
    parts: Parts,
    /// Terms that have a base, those of one together; none where all terms are held.
    based: Vec<Spool>,
    sharing: Sharing,
    /// Of the dictionary.
    buckets: u32,
    copier: Copier,
    analyser: Analyser,
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
        let of_part = buckets.div_ceil(parts);
        let bases = of_bases(sources);
        let stems = bases.map_or(0, |[text, _]| text.terms.terms().num_terms() as u64);
        let (parts, based) = if parts == 1 {
            (vec![Part::Held(Held::with_capacity(count as usize))], Vec::new())
        } else {
            let spools = |name: &str| -> Result<Vec<Spool>, SearchError> {
                let path = |number| beside.with_extension(format!("{name}{number}"));
                (0..parts).map(|number| Spool::new(path(number))).collect()
            };
            let based = spools("based")?;
            (spools("terms")?.into_iter().map(Part::Spooled).collect(), based)
        };
        Ok(Gathered {
            sources,
            bases: bases.map(Bases::new),
            parts: Parts { parts, buckets: of_part, shared: Shared::default() },
            based,
            sharing: Sharing::new(stems),
            buckets,
            copier: Copier::default(),
            analyser: Analyser::new(),
        })
    }

    /// Takes a term of a source; those of a source in the order of keys, stems in the text first.
    /// `decoder`: of that source.
    pub(super) fn add(
        &mut self,
        key: &[u8],
        place: Place,
        source: usize,
        info: &TermInfo,
        decoder: &mut Option<BlockSegmentPostings>,
    ) -> Result<(), SearchError> {
        let mut by = By::Records;
        let of = &self.sources[source];
        // Few records are found by the pairs of three words as well.
        if of.field == Field::Keys && info.doc_freq < ROW_RECORDS && is_triple(key) {
            return Ok(());
        }
        self.sharing.add(place, of.field == Field::All);
        if let Some(bases) = &mut self.bases {
            let base = match of.field {
                Field::Keys => bases.find(key, info.doc_freq)?,
                Field::Title | Field::Keywords => bases.of_stem(key)?,
                Field::Names => {
                    let name = String::from_utf8_lossy(key);
                    bases.of_stem(self.analyser.stem(&name).as_bytes())?
                }
                Field::All | Field::Words => None,
            };
            by = base.map_or(By::Records, By::Base);
        }
        let row = Row { place, postings: Stretch::new(info)?, source: source as u8, by };
        let spool = match (self.parts.of(place), by) {
            (Part::Held(held), _) => {
                held.add(row);
                return Ok(());
            }
            (Part::Spooled(_), By::Base(base)) => {
                let part = base.postings.part(self.based.len());
                &mut self.based[part]
            }
            (Part::Spooled(spool), _) => spool,
        };
        let copier = &mut self.copier;
        copier.clear();
        if is_copied(info.doc_freq) {
            let has_levels = of.norms.is_some();
            each_posting(of, info, decoder, |doc, impact| {
                copier.add(doc, has_levels.then_some(impact));
            })?;
        }
        spool.write(row, &copier.bytes)
    }

    /// All of them. `records`: document of the segment → record.
    pub(super) fn finish(self, records: &[u32]) -> Result<Parts, SearchError> {
        let Gathered { sources, mut parts, based, sharing, buckets, .. } = self;
        if let Some([text, _]) = of_bases(sources) {
            parts.shared = sharing.finish(text, buckets)?;
        }
        let mut copy = Vec::new();
        for spool in based {
            let mut held = spool.read()?;
            held.tell(sources, records, &parts.shared)?;
            for (term, original) in held.terms.iter().zip(held.originals) {
                let Term { place, base, is_second, source, .. } = *term;
                let (by, copy) = match base {
                    0 => (By::Records, held.copies.bytes(term).unwrap_or_default()),
                    _ => {
                        copy.clear();
                        let width = sources[usize::from(source)].width();
                        let places = of_term(&held.places, term, width).iter();
                        copy.extend(places.flat_map(|place| place.to_le_bytes()));
                        (By::Places { base, is_second }, copy.as_slice())
                    }
                };
                if let Part::Spooled(spool) = parts.of(place) {
                    spool.write(Row { place, postings: original, source, by }, copy)?;
                }
            }
        }
        Ok(parts)
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
    /// Stems that are no bases.
    pub(super) shared: Shared,
}

impl Parts {
    fn of(&mut self, place: Place) -> &mut Part {
        &mut self.parts[(place.bucket / self.buckets) as usize]
    }
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
    /// segment → record; `shared`: what is no base.
    pub(super) fn terms(
        self,
        sources: &[Source],
        records: &[u32],
        shared: &Shared,
    ) -> Result<Terms, SearchError> {
        let mut held = match self {
            Part::Held(held) => held,
            Part::Spooled(spool) => spool.read()?,
        };
        held.tell(sources, records, shared)?;
        let Held { mut terms, places, copies, .. } = held;
        terms.par_sort_unstable_by_key(|term| (term.place, term.source, term.postings));
        Ok(Terms { terms, places, copies })
    }
}

/// Terms in memory.
#[derive(Default)]
pub(super) struct Held {
    pub(super) terms: Vec<Term>,
    /// Those that have a base, while their places are not known.
    pub(super) found: Vec<Told>,
    pub(super) places: Vec<u16>,
    pub(super) copies: Copies,
    /// Of terms that wait for their places, where tantivy has their postings.
    pub(super) originals: Vec<Stretch>,
}

impl Held {
    pub(super) fn with_capacity(terms: usize) -> Held {
        Held { terms: Vec::with_capacity(terms), ..Held::default() }
    }

    /// Finds the places of terms that have a base.
    fn tell(
        &mut self,
        sources: &[Source],
        records: &[u32],
        shared: &Shared,
    ) -> Result<(), SearchError> {
        let found = std::mem::take(&mut self.found);
        if !found.is_empty() {
            let Held { terms, copies, .. } = self;
            self.places = within::tell(sources, found, records, copies, (terms, shared))?;
        }
        Ok(())
    }

    /// Takes a term whose places are not known yet.
    pub(super) fn add(&mut self, row: Row) {
        let Row { place, postings, source, by } = row;
        if let (By::Base(base), Ok(number)) = (by, u32::try_from(self.terms.len())) {
            self.found.push((base, number));
        }
        self.terms.push(Term { place, postings, places: 0, base: 0, is_second: false, source });
    }
}
