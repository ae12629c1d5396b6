//! The search index: public records → tantivy → static files under `search/`.
//!
//! Passes of its own over the snapshot. The first gathers the pairs of words that records are
//! named by (`vocabulary`). In the second, workers parse each public record once more and analyse
//! it (`document`); the documents go into a tantivy index beside the store, which inverts
//! them (`index`), their cards into a spool. Then records are numbered by what they are
//! filtered by (`order`) and the index is printed in the layout of `docs/search-format.md`
//! (`export`). Memory: about 90 bytes a record, tantivy's buffer, and what
//! `export` holds at a time.
//!
//! The newest versions make one tier, the older ones another. A build that goes on from one
//! that stands adds a tier of what changed (`update`), by what it knows of the places of
//! records (`places`). Names of tiers follow from their content.

mod best;
mod blocks;
mod copies;
pub(crate) mod document;
mod export;
mod index;
mod levels;
mod order;
mod parts;
mod places;
mod shared;
mod sort;
mod spool;
mod stream;
mod terms;
mod tier;
mod update;
pub(crate) mod vocabulary;
mod within;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Bound;
use std::path::Path;

use crate::record::access::{Visibility, visibility};
use crate::record::identifier::OrderKey;
use crate::record::{Lineage, Published, Record};
use crate::release::canonical::{self, CanonicalError};
use crate::release::fetch::Source;
use crate::release::hash::sha256;
use crate::release::pointer::{Named, ReleasePointer};
use crate::release::search::analyse::{ANALYSER, Analyser};
use crate::release::search::pointer::{PACK_BYTES, Phrases, SEARCH_FORMAT, SearchPointer, Tier};
use crate::release::stage::{Stage, StageError, Written};
use crate::store::{Class, Group, Snapshot};

use super::meter::Meter;
use super::pipeline::{self, Halt};
use super::standing::Plan;
use super::state::Remembered;
use super::{BuildError, Settings, Tally};
use document::Document;
use places::{Placed, Places};
use tier::{Making, TierMaker};
use vocabulary::{Gathered, Naming, Vocabulary};

/// Name of the file with the places of records, in the directory of the index.
const PLACES: &str = "places.db";

/// Why the search index could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// tantivy refuses.
    #[error("cannot index for search")]
    Index(#[from] tantivy::TantivyError),
    /// A file beside the store could not be used.
    #[error("cannot {action} {path}")]
    File {
        /// What was being done.
        action: &'static str,
        /// To which.
        path: String,
        /// Cause.
        source: std::io::Error,
    },
    /// A file of the web root could not be written.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A stream could not be written.
    #[error("cannot write the search index")]
    Write(#[source] std::io::Error),
    /// More records than a tier can number.
    #[error("more than 2^31 records in a tier")]
    TooMany,
    /// The places of records cannot be kept.
    #[error("cannot keep the places of records in the search index")]
    Places(#[from] rusqlite::Error),
    /// An entry there cannot be read or written.
    #[error("an entry in the places of the search index cannot be used")]
    Entry(#[source] serde_json::Error),
    /// A value has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// What an index is made of, and where it goes.
pub(super) struct Job<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) settings: &'a Settings,
    pub(super) stage: &'a Stage,
    /// Public records that are not printed all the same.
    pub(super) withheld: &'a BTreeSet<String>,
    /// How many records are printed.
    pub(super) public: u64,
}

/// Files written, and files found equal.
#[derive(Debug, Default)]
struct Tallies {
    written: Tally,
    reused: Tally,
}

impl Tallies {
    fn add(&mut self, files: Vec<Written>) {
        for file in files {
            if file.reused { &mut self.reused } else { &mut self.written }.add(file.bytes);
        }
    }
}

/// What was printed.
#[derive(Debug)]
pub(super) struct PrintedSearch {
    pointer: Named,
    places: Places,
    tallies: Tallies,
    keeps_before: bool,
}

/// What was printed, and what it was made from is kept.
#[derive(Debug)]
pub(super) struct Settled {
    /// For `release.json`.
    pub(super) pointer: Named,
    /// Whether the index before may stay for pages that are open: it holds no record that is
    /// no longer public.
    pub(super) keeps_before: bool,
}

impl PrintedSearch {
    /// Notes what was written.
    pub(super) fn enter(
        &self,
        written: &mut BTreeMap<&'static str, Tally>,
        reused: &mut BTreeMap<&'static str, Tally>,
    ) {
        written.entry("search").or_default().join(self.tallies.written);
        reused.entry("search").or_default().join(self.tallies.reused);
    }

    /// Keeps the places of records, as those of the build that is remembered so; the build's own
    /// state must be committed.
    pub(super) fn settle(self, build: &Remembered) -> Result<Settled, SearchError> {
        let PrintedSearch { pointer, places, keeps_before, .. } = self;
        places.settle(&build.mark(), &pointer)?;
        Ok(Settled { pointer, keeps_before })
    }
}

/// Indexes and prints every public record of the snapshot; goes on from the index that stands if
/// the plan does, and that can be. `named` are the pairs that all of them are named by, if a
/// [`Namer`] gathered them.
///
/// # Errors
/// When the store cannot be read or a file not be written.
pub(super) fn print(
    job: &Job<'_>,
    plan: &Plan,
    named: Option<Gathered>,
    meter: &mut Meter,
) -> Result<PrintedSearch, BuildError> {
    if let Some(base) = &plan.base
        && let Some(printed) = update::print(job, base, &plan.changed, meter)?
    {
        return Ok(printed);
    }
    let dir = job.settings.search_dir();
    clear(&dir)?;
    let mut newest = TierMaker::new(&dir.join("newest"), false)?;
    let mut older = TierMaker::new(&dir.join("older"), false)?;
    let phrases = job.settings.site.phrases;
    let vocabulary = match (phrases, named) {
        (Phrases::Known, Some(named)) => Some(named.finish()),
        (Phrases::Known, None) => Some(vocabulary(job)?),
        (Phrases::Text, _) => None,
    };
    documents(job, None, vocabulary.as_ref(), |document| match document.older {
        false => newest.add(document),
        true => older.add(document),
    })?;
    drop(vocabulary);
    let places = Places::create(&dir.join(PLACES))?;
    let (mut tallies, mut tiers, mut averages) = (Tallies::default(), Vec::new(), None);
    for (key, maker, name, older) in [(0, newest, "newest", false), (1, older, "older", true)] {
        let making = Making { name, older, phrases, averages };
        let put = |id: &str, number| places.put(id, key, number);
        let made = maker.print(job.stage, making, meter, put)?;
        if let Some(made) = made {
            tallies.add(made.files);
            averages = Some(made.averages);
            let placed = Placed { key, tier: made.tier, averages: made.averages };
            places.put_tier(&placed)?;
            tiers.push(placed.tier);
        }
    }
    // Whether all that the index before holds is still public is not known.
    Ok(finish(job, tiers, places, tallies, false)?)
}

/// Writes the pointer.
fn finish(
    job: &Job<'_>,
    tiers: Vec<Tier>,
    places: Places,
    mut tallies: Tallies,
    keeps_before: bool,
) -> Result<PrintedSearch, SearchError> {
    let pointer =
        SearchPointer { format: SEARCH_FORMAT, analyser: ANALYSER, pack_bytes: PACK_BYTES, tiers };
    let bytes = canonical::to_bytes(&pointer)?;
    let hash = sha256(&bytes);
    let path = format!("search/pointer-{}.json", &hash[..12]);
    let file = job.stage.write(&path, &bytes)?;
    let pointer = Named { path, bytes: file.bytes, sha256: hash };
    tallies.add(vec![file]);
    Ok(PrintedSearch { pointer, places, tallies, keeps_before })
}

/// Removes a directory, if it is there.
fn clear(dir: &Path) -> Result<(), SearchError> {
    match fs::remove_dir_all(dir) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(file_error("clear", dir)(source))
        }
        _ => Ok(()),
    }
}

fn file_error(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SearchError {
    move |source| SearchError::File { action, path: path.display().to_string(), source }
}

/// Some records, and the frames they are in.
struct Wanted {
    ids: BTreeSet<String>,
    frames: BTreeSet<u64>,
}

/// Hands the document of every public record that is wanted to `sink`, in pack order, with its
/// pairs that are in `vocabulary`, or all.
fn documents(
    job: &Job<'_>,
    wanted: Option<&Wanted>,
    vocabulary: Option<&Vocabulary>,
    sink: impl FnMut(Document) -> Result<(), SearchError> + Send,
) -> Result<(), BuildError> {
    let make = |published: &Published<'_>, analyser: &mut Analyser| {
        Document::of(published, vocabulary, analyser)
    };
    each_public(job, wanted, make, sink)
}

/// Gathers what records are named by while these are printed, so that nothing is read
/// twice. One per thread.
pub(super) struct Namer {
    analyser: Analyser,
    named: Naming,
}

impl Namer {
    /// `None` if the index of this build has no use for it: only one of all records that knows
    /// some phrases has.
    pub(super) fn of(settings: &Settings, goes_on: bool) -> Option<Namer> {
        let wanted = is_wanted(settings) && settings.site.phrases == Phrases::Known && !goes_on;
        wanted.then(|| Namer { analyser: Analyser::new(), named: Naming::default() })
    }

    /// Takes a record that is printed.
    pub(super) fn add(&mut self, published: &Published<'_>) {
        document::naming(published, &mut self.analyser, &mut self.named);
    }

    /// What came together since the last time.
    pub(super) fn take(&mut self) -> Naming {
        std::mem::take(&mut self.named)
    }
}

/// Whether a build with these settings prints an index.
pub(super) fn is_wanted(settings: &Settings) -> bool {
    settings.site.search && settings.elsewhere.is_none()
}

/// What public records are named by, where nobody gathered them: in a build that goes
/// on from another and makes the index anew.
fn vocabulary(job: &Job<'_>) -> Result<Vocabulary, BuildError> {
    let make = |published: &Published<'_>, analyser: &mut Analyser| {
        let mut named = Naming::default();
        document::naming(published, analyser, &mut named);
        named
    };
    let mut gathered = Gathered::default();
    each_public(job, None, make, |named| {
        gathered.add(&named);
        Ok(())
    })?;
    Ok(gathered.finish())
}

/// Hands what `make` makes of every public record that is wanted to `sink`, in pack order.
fn each_public<T: Send>(
    job: &Job<'_>,
    wanted: Option<&Wanted>,
    make: impl Fn(&Published<'_>, &mut Analyser) -> T + Sync,
    mut sink: impl FnMut(T) -> Result<(), SearchError> + Send,
) -> Result<(), BuildError> {
    let Job { snapshot, settings, withheld, .. } = *job;
    let as_of = settings.as_of.to_string();
    let day = as_of.get(..10).unwrap_or(&as_of);
    let dictionaries = snapshot.dictionaries();
    let spans = settings.dump.spans;
    pipeline::ordered(
        settings.threads,
        || Ok((dictionaries.decoder(), Analyser::new(), String::new())),
        |hand| {
            let group_of = |key| spans.number_of(key);
            let mut scan = |range: (Bound<OrderKey>, Bound<OrderKey>)| {
                let scanned = snapshot
                    .scan_groups(range, group_of, |group| hand(group).map_err(Fed::Stopped));
                scanned.map_err(|fed: Fed| match fed {
                    Fed::Stopped(_) => Halt::Stopped,
                    Fed::Store(error) => Halt::Failed(error.into()),
                })
            };
            let Some(wanted) = wanted else { return scan((Bound::Unbounded, Bound::Unbounded)) };
            wanted.frames.iter().try_for_each(|frame| {
                let keys = spans.keys(*frame);
                scan((Bound::Included(*keys.start()), Bound::Included(*keys.end())))
            })
        },
        |(decoder, analyser, body), group: Group| {
            let mut made = Vec::new();
            for row in group.rows.iter().filter(|row| row.class == Class::Public) {
                let is_wanted = wanted.is_none_or(|wanted| wanted.ids.contains(&row.id));
                if !is_wanted || withheld.contains(&row.id) {
                    continue;
                }
                row.decode(decoder, body)?;
                let Ok(record) = Record::parse(body) else { continue };
                let Visibility::Public(files) = visibility(&record, day) else { continue };
                let published = Published {
                    record: &record,
                    raw: body,
                    created: &row.created,
                    updated: &row.updated,
                    files,
                    lineage: Lineage::among(&row.id, group.siblings(&row.family)),
                    repository: &settings.repository,
                };
                made.push(make(&published, analyser));
            }
            Ok(made)
        },
        |made| Ok(made.into_iter().try_for_each(&mut sink)?),
    )
}

/// Why the scan of the store ended early.
enum Fed {
    Stopped(pipeline::Stopped),
    Store(crate::store::Error),
}

impl From<crate::store::Error> for Fed {
    fn from(error: crate::store::Error) -> Self {
        Fed::Store(error)
    }
}

/// The search pointer of the release that stands.
pub(super) fn standing(root: &Path) -> Result<Option<Named>, BuildError> {
    let release = ReleasePointer::read(&Source::open(&root.to_string_lossy()))?;
    Ok(release.and_then(|release| release.search))
}

/// Removes what neither of two search pointers leads to: that of the release that stands now,
/// and that of the one before, which pages that are open still read.
pub(super) fn sweep(root: &Path, pointers: [Option<Named>; 2]) -> Result<(), SearchError> {
    let mut kept = BTreeSet::new();
    for named in pointers.into_iter().flatten() {
        let bytes = fs::read(root.join(&named.path)).unwrap_or_default();
        if let Ok(pointer) = SearchPointer::from_bytes(&bytes) {
            for tier in pointer.tiers {
                kept.insert(tier.dir);
                kept.extend(tier.dead.map(|dead| dead.path));
            }
        }
        kept.insert(named.path);
    }
    let dir = root.join("search");
    let entries = match fs::read_dir(&dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(file_error("read", &dir))?,
    };
    for entry in entries {
        let entry = entry.map_err(file_error("read", &dir))?;
        let path = entry.path();
        if kept.contains(&format!("search/{}", entry.file_name().to_string_lossy())) {
            continue;
        }
        let removed =
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.map_err(file_error("remove", &path))?;
    }
    Ok(())
}
