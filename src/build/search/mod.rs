//! The search index: public records → tantivy → static files under `search/`.
//!
//! A pass of its own over the snapshot. Workers parse each public record once more and analyse
//! it ([`document`]); the documents go into a tantivy index beside the store, which inverts
//! them ([`index`]), their cards into a spool. Then records are numbered by what they are
//! filtered by ([`order`]) and the index is printed in the layout of `docs/search-format.md`
//! ([`export`]). Memory: about 40 bytes a record, tantivy's buffer, and what
//! [`export`] holds at a time.
//!
//! The newest versions make one tier, the older ones another; each is written anew when a
//! record changed, under a name that follows from its content.

mod document;
mod export;
mod index;
mod levels;
mod order;
mod stream;
mod tier;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::record::access::{Visibility, visibility};
use crate::record::{Lineage, Published, Record};
use crate::release::canonical::{self, CanonicalError};
use crate::release::fetch::Source;
use crate::release::hash::sha256;
use crate::release::pointer::{Named, ReleasePointer};
use crate::release::search::analyse::{ANALYSER, Analyser};
use crate::release::search::pointer::{PACK_BYTES, SEARCH_FORMAT, SearchPointer};
use crate::release::stage::{Stage, StageError};
use crate::store::{Class, Group, Snapshot};

use super::pipeline::{self, Halt};
use super::{BuildError, Settings, Tally};
use document::Document;
use tier::TierMaker;

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
    /// A value has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// What was printed.
#[derive(Debug)]
pub(super) struct PrintedSearch {
    /// For `release.json`.
    pub(super) pointer: Named,
    pub(super) written: Tally,
    pub(super) reused: Tally,
}

impl PrintedSearch {
    /// Notes what was written; gives what `release.json` names.
    pub(super) fn enter(
        self,
        written: &mut BTreeMap<&'static str, Tally>,
        reused: &mut BTreeMap<&'static str, Tally>,
    ) -> Named {
        written.entry("search").or_default().join(self.written);
        reused.entry("search").or_default().join(self.reused);
        self.pointer
    }
}

/// Indexes and prints every public record of the snapshot but `withheld`.
///
/// # Errors
/// When the store cannot be read or a file not be written.
pub(super) fn print(
    snapshot: &Snapshot,
    settings: &Settings,
    stage: &Stage,
    withheld: &BTreeSet<String>,
) -> Result<PrintedSearch, BuildError> {
    let dir = settings.search_dir();
    match fs::remove_dir_all(&dir) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            return Err(file_error("clear", &dir)(source).into());
        }
        _ => {}
    }
    let mut newest = TierMaker::new(&dir.join("newest"))?;
    let mut older = TierMaker::new(&dir.join("older"))?;
    documents(snapshot, settings, withheld, |document| match document.older {
        false => newest.add(document),
        true => older.add(document),
    })?;
    let mut printed = Tally::default();
    let mut reused = Tally::default();
    let mut tiers = Vec::new();
    for (maker, name, is_older) in [(newest, "newest", false), (older, "older", true)] {
        let Some((tier, files)) = maker.print(stage, name, is_older)? else { continue };
        for file in files {
            if file.reused { &mut reused } else { &mut printed }.add(file.bytes);
        }
        tiers.push(tier);
    }
    let pointer =
        SearchPointer { format: SEARCH_FORMAT, analyser: ANALYSER, pack_bytes: PACK_BYTES, tiers };
    let bytes = canonical::to_bytes(&pointer).map_err(SearchError::from)?;
    let hash = sha256(&bytes);
    let path = format!("search/pointer-{}.json", &hash[..12]);
    let file = stage.write(&path, &bytes)?;
    if file.reused { &mut reused } else { &mut printed }.add(file.bytes);
    let pointer = Named { path, bytes: file.bytes, sha256: hash };
    Ok(PrintedSearch { pointer, written: printed, reused })
}

fn file_error(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SearchError {
    let path = path.display().to_string();
    move |source| SearchError::File { action, path, source }
}

/// Hands the document of every public record but `withheld` to `sink`, in pack order.
fn documents(
    snapshot: &Snapshot,
    settings: &Settings,
    withheld: &BTreeSet<String>,
    mut sink: impl FnMut(Document) -> Result<(), SearchError> + Send,
) -> Result<(), BuildError> {
    let as_of = settings.as_of.to_string();
    let day = as_of.get(..10).unwrap_or(&as_of);
    let dictionaries = snapshot.dictionaries();
    let spans = settings.dump.spans;
    pipeline::ordered(
        settings.threads,
        || Ok((dictionaries.decoder(), Analyser::new(), String::new())),
        |hand| {
            let group_of = |key| spans.number_of(key);
            snapshot.scan_groups(.., group_of, |group| hand(group).map_err(Fed::Stopped)).map_err(
                |fed: Fed| match fed {
                    Fed::Stopped(_) => Halt::Stopped,
                    Fed::Store(error) => Halt::Failed(error.into()),
                },
            )
        },
        |(decoder, analyser, body), group: Group| {
            let mut documents = Vec::new();
            for row in group.rows.iter().filter(|row| row.class == Class::Public) {
                if withheld.contains(&row.id) {
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
                documents.push(Document::of(&published, analyser));
            }
            Ok(documents)
        },
        |documents| Ok(documents.into_iter().try_for_each(&mut sink)?),
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
            kept.extend(pointer.tiers.into_iter().map(|tier| tier.dir));
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
