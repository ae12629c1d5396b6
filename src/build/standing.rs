//! The standing release: is it still right, and what of it can be taken over.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::record::identifier::OrderKey;
use crate::release::fetch::Source;
use crate::release::hash::{hex, sha256};
use crate::release::layout::{MANIFEST_JSON, PackId, Spans, release_dir};
use crate::release::manifest::Manifest;
use crate::release::pointer::{Named, Releases};
use crate::store::{Change, Snapshot};

use super::catalogue::{Catalogue, Loader};
use super::dump::Standing;
use super::sink::Cards;
use super::site::Renderer;
use super::site_pack::Shelved;
use super::state::{Remembered, State};
use super::work::Changed;
use super::{BuildError, Report, Settings, release_id};

/// What this build sees, beside the records: decides what can be taken over.
#[derive(Debug)]
pub(super) struct Seen {
    /// Digest of everything but records and as-of that a build's bytes depend on.
    fingerprint: String,
    store: String,
    last_seq: u64,
    pub(super) as_of: String,
    pub(super) release: String,
}

impl Seen {
    pub(super) fn new(
        snapshot: &Snapshot,
        settings: &Settings,
        renderer: Option<&Renderer>,
    ) -> Seen {
        let templates = renderer.map(|renderer| hex(&renderer.fingerprint())).unwrap_or_default();
        let recipe = settings.recipe.as_deref().map(sha256).unwrap_or_default();
        let parts = format!(
            "{}\n{:?}\n{:?}\n{:?}\n{templates}\n{recipe}",
            env!("CARGO_PKG_VERSION"),
            settings.repository,
            settings.dump,
            settings.site
        );
        Seen {
            fingerprint: sha256(parts.as_bytes()),
            store: snapshot.identity().to_owned(),
            last_seq: snapshot.last_seq(),
            as_of: settings.as_of.to_string(),
            release: release_id(settings.as_of),
        }
    }

    /// Whether `last` saw the same store through the same settings.
    pub(super) fn goes_on_from(&self, last: &Remembered) -> bool {
        last.fingerprint == self.fingerprint && last.store == self.store
    }

    /// What makes the pages of this build what they are, beside the records. Of the as-of the
    /// day matters, which decides embargoes.
    pub(super) fn made(&self) -> String {
        let day = self.as_of.get(..10).unwrap_or(&self.as_of);
        format!("{} {} {day}", self.fingerprint, self.store)
    }

    /// What is remembered of the build that made this manifest.
    pub(super) fn remembered(&self, manifest: &Manifest) -> Result<Remembered, BuildError> {
        let failed = |error| BuildError::Write {
            what: "the build's state file",
            source: std::io::Error::other(error),
        };
        let bytes = manifest.to_bytes().map_err(failed)?;
        Ok(Remembered {
            fingerprint: self.fingerprint.clone(),
            store: self.store.clone(),
            last_seq: self.last_seq,
            as_of: self.as_of.clone(),
            release: self.release.clone(),
            manifest_sha256: sha256(&bytes),
            manifest: String::from_utf8_lossy(&bytes).into_owned(),
        })
    }
}

/// The report of the standing release, if a build now would print the same records the same
/// way: nothing written since, no embargo ended, same settings.
pub(super) fn unchanged(
    snapshot: &Snapshot,
    root: &Path,
    last: Option<&Remembered>,
    seen: &Seen,
) -> Result<Option<Report>, BuildError> {
    let Some(last) = last.filter(|last| seen.goes_on_from(last)) else { return Ok(None) };
    if last.last_seq != seen.last_seq || !opened(snapshot, last, seen)?.is_empty() {
        return Ok(None);
    }
    let path = root.join(release_dir(&last.release)).join(MANIFEST_JSON);
    let Ok(bytes) = fs::read(path) else { return Ok(None) };
    let Ok(manifest) = Manifest::from_bytes(&bytes) else { return Ok(None) };
    let pointed = fs::read(root.join("release.json")).ok();
    let pointed = pointed.and_then(|bytes| serde_json::from_slice::<PointerHead>(&bytes).ok());
    if sha256(&bytes) != last.manifest_sha256
        || pointed.is_none_or(|pointer| pointer.manifest.sha256 != last.manifest_sha256)
    {
        return Ok(None);
    }
    let exceptions = manifest.files.iter().find(|file| file.role == "exceptions");
    Ok(Some(Report {
        release: manifest.release,
        as_of: manifest.as_of,
        manifest_sha256: last.manifest_sha256.clone(),
        records: manifest.counts,
        exceptions: exceptions.and_then(|file| file.records).unwrap_or(0),
        unchanged: true,
        changes: None,
        written: BTreeMap::new(),
        reused: BTreeMap::new(),
        seconds: BTreeMap::new(),
        peak_rss_bytes: 0,
    }))
}

/// The records whose files open or close between two as-ofs.
fn opened(snapshot: &Snapshot, last: &Remembered, seen: &Seen) -> Result<Vec<Change>, BuildError> {
    let day = |as_of: &str| as_of.get(..10).unwrap_or(as_of).to_owned();
    let mut opened = Vec::new();
    snapshot.embargo_boundaries(&day(&last.as_of), &day(&seen.as_of), |change| {
        opened.push(change);
        Ok::<(), crate::store::Error>(())
    })?;
    Ok(opened)
}

/// Whether the release id of this as-of is in use by what is not the same build: other records
/// or settings. Found before anything is written, because files of that release would be
/// overwritten otherwise.
pub(super) fn is_taken(
    root: &Path,
    last: Option<&Remembered>,
    seen: &Seen,
) -> Result<bool, BuildError> {
    let releases = Releases::read(&Source::open(&root.to_string_lossy()))?;
    if !releases.releases.iter().any(|line| line.release == seen.release) {
        return Ok(false);
    }
    let same = |last: &Remembered| {
        last.release == seen.release && seen.goes_on_from(last) && last.last_seq == seen.last_seq
    };
    Ok(!last.is_some_and(same))
}

#[derive(Deserialize)]
struct PointerHead {
    manifest: Named,
}

/// What a build has to do.
#[derive(Debug)]
pub(super) struct Plan {
    /// The release to go on from; `None` to print everything.
    pub(super) base: Option<Base>,
    /// Which records of a frame that is printed have other pages than before.
    pub(super) changed: Changed,
}

/// A release to go on from.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) manifest: Manifest,
    /// Digest of its manifest.
    pub(super) manifest_sha256: String,
    /// [`Remembered::mark`] of the build that made it.
    pub(super) mark: String,
    /// Frames that hold records there, rising.
    pub(super) numbers: Vec<u64>,
    /// Frames with a record that changed.
    pub(super) touched: BTreeSet<u64>,
    packs: BTreeSet<PackId>,
    /// What its lists were printed from; `None` without pages, or once taken.
    catalogue: Option<Catalogue>,
}

impl Plan {
    /// Goes on from the last build if it may and all it made is still there.
    pub(super) fn new(
        snapshot: &Snapshot,
        root: &Path,
        settings: &Settings,
        state: &State,
        last: Option<Remembered>,
        seen: &Seen,
    ) -> Result<Plan, BuildError> {
        let full = Plan { base: None, changed: Changed::default() };
        let Some(last) = last.filter(|last| !settings.full && seen.goes_on_from(last)) else {
            return Ok(full);
        };
        // Solid archives hold every record.
        if settings.dump.compat || last.last_seq > seen.last_seq {
            return Ok(full);
        }
        let Ok(manifest) = Manifest::from_bytes(last.manifest.as_bytes()) else {
            return Ok(full);
        };
        if !is_complete(&manifest, root) {
            return Ok(full);
        }
        // A build that was killed may have printed pages that this one would leave as they are.
        if state.unfinished()?.is_some_and(|made| made != seen.made()) {
            return Ok(full);
        }
        let catalogue = match settings.site.pages {
            true => Catalogue::open(&settings.catalogue_file(), &last.manifest_sha256)?,
            false => None,
        };
        if catalogue.is_none() && settings.site.pages {
            return Ok(full);
        }
        let spans = settings.dump.spans;
        let mut touched = BTreeSet::new();
        let mut touch = |key: OrderKey| touched.insert(spans.number_of(key));
        snapshot.changes_since(last.last_seq, |change| {
            touch(change.key);
            Ok::<(), crate::store::Error>(())
        })?;
        let opened = opened(snapshot, &last, seen)?;
        for change in &opened {
            touch(change.key);
        }
        let packs = touched.iter().map(|number| spans.place_of_number(*number).pack).collect();
        let opened = opened.into_iter().map(|change| change.id).collect();
        let (mark, numbers) = (last.mark(), state.numbers()?);
        let manifest_sha256 = last.manifest_sha256;
        Ok(Plan {
            base: Some(Base {
                manifest,
                manifest_sha256,
                mark,
                numbers,
                touched,
                packs,
                catalogue,
            }),
            changed: Changed { going_on: true, since: last.last_seq, opened },
        })
    }

    /// Whether everything is printed.
    pub(super) fn is_full(&self) -> bool {
        self.base.is_none()
    }

    /// Where the cards of the lists go.
    pub(super) fn cards(&mut self, settings: &Settings) -> Result<Cards, BuildError> {
        if !settings.site.pages {
            return Ok(Cards::Unwanted);
        }
        match self.base.as_mut().and_then(|base| base.catalogue.take()) {
            Some(catalogue) => Ok(Cards::Changed(catalogue)),
            None => Ok(Cards::All(Loader::new(&settings.catalogue_file())?)),
        }
    }

    /// The dumps that can be taken over.
    pub(super) fn standing<'a>(&'a self, source: &'a Source) -> Option<Standing<'a>> {
        let base = self.base.as_ref()?;
        Some(Standing { source, dumps: &base.manifest.dumps, touched: base.packs.clone() })
    }

    /// The site packs that can be taken over.
    pub(super) fn shelved(&self, spans: &Spans) -> Shelved {
        let Some(base) = &self.base else { return Shelved::default() };
        let touched = base.touched.iter().map(|number| spans.place_of_number(*number));
        Shelved::new(&base.manifest, touched)
    }
}

/// Whether every pack and site list of a release is there, by size.
fn is_complete(manifest: &Manifest, root: &Path) -> bool {
    let packs = manifest.dumps.values().flat_map(|dump| &dump.packs);
    let packs = packs.map(|pack| (&pack.path, pack.bytes));
    let lists = manifest.site.iter().map(|list| (&list.path, list.bytes));
    let site = manifest.site_packs().map(|pack| (&pack.path, pack.bytes));
    packs.chain(lists).chain(site).all(|(path, bytes)| {
        fs::metadata(root.join(path)).is_ok_and(|meta| meta.is_file() && meta.len() == bytes)
    })
}
