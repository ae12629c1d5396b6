//! Mirrors a release: from a directory or over plain HTTP, whatever the server is.
//!
//! When nothing changed, that is one small conditional request. Otherwise: pointer and manifest
//! are read and [accepted](accept), log and signatures checked if a key is given; objects that
//! are not there are fetched, several at a time, a broken one going on where it stopped; packs are
//! made from deltas where that moves fewer bytes, or, with the site, from native JSON; of the
//! pages only those whose hash is another; every file is hashed before it takes its place; the
//! pointers move last, `release.json` after all others; then what is no longer listed goes.
//!
//! Invariants: a mirror never serves a mix through `release.json`; killed at any instant, a
//! re-run finishes; nothing a server says makes a write outside the mirror, or one longer than
//! the manifest lists.

pub mod accept;
mod dumps;
mod mirror;
mod objects;
pub mod rebuild;
pub mod reprint;
mod search;
mod site;
mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::canonical::CanonicalError;
use super::delta::DeltaError;
use super::delta::shelf::{self, Shelf};
use super::fetch::{FetchError, Fresh, Source};
use super::hash::sha256;
use super::layout::{LATEST_JSON, RELEASE_JSON, RELEASES_JSON, SHA256SUMS, release_dir};
use super::manifest::Manifest;
use super::pack::writer::WriteError;
use super::pointer::{MAX_POINTER, PointerError, ReleasePointer, Releases};
use super::stage::{Durability, Stage, StageError};
use super::sums;
use super::sweep::SweepError;
use super::trust::{PublicKey, TrustError};
use super::verify::Progress;

pub use accept::Offer;
pub use mirror::{MIRROR_DIR, selection};
use reprint::Reprint;

/// What of a release is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Packs, release directory, deltas.
    pub dumps: bool,
    /// Pages, exports, assets, lists of them.
    pub site: bool,
    /// The search index.
    #[serde(default)]
    pub search: bool,
}

impl Selection {
    /// Whether a file that the manifest lists at this path is part of it.
    pub fn has(&self, path: &str) -> bool {
        if dumps::is_dump(path) { self.dumps } else { self.site }
    }
}

impl Default for Selection {
    /// Everything.
    fn default() -> Self {
        Selection { dumps: true, site: true, search: true }
    }
}

/// Who is believed, and when.
#[derive(Debug, Clone)]
pub struct Trust {
    /// Whose signatures.
    pub key: PublicKey,
    /// The time.
    pub now: Timestamp,
}

/// How to pull.
#[derive(Debug, Clone)]
pub struct Options {
    /// What.
    pub select: Selection,
    /// Requests under way at once, at least 1.
    pub connections: usize,
    /// Whether packs may be made from deltas.
    pub deltas: bool,
    /// Who makes packs of other formats from those of native JSON, so that these are fetched and
    /// the others only where they come out as others than the manifest lists; `None`: all are
    /// fetched.
    pub rebuild: Option<Arc<dyn rebuild::Maker>>,
    /// Who prints the site and the solid archives of native JSON, if the dumps are mirrored too;
    /// what comes out otherwise than listed is fetched. `None`: all is fetched.
    pub reprint: Option<Arc<dyn reprint::Printer>>,
    /// Who is believed; `None`: whoever answers.
    pub trust: Option<Trust>,
}

impl Default for Options {
    /// Everything, four at a time, with deltas, from whoever answers.
    fn default() -> Self {
        let select = Selection::default();
        let (rebuild, reprint, trust) = (None, None, None);
        Options { select, connections: 4, deltas: true, rebuild, reprint, trust }
    }
}

/// Files and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// How many.
    pub files: u64,
    /// Their sizes.
    pub bytes: u64,
}

impl Moved {
    fn join(&mut self, more: Moved) {
        self.files += more.files;
        self.bytes += more.bytes;
    }
}

/// Packs made from those of native JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// How many.
    pub files: u64,
    /// Their sizes.
    pub bytes: u64,
    /// Frames made, also of packs that came out as others than listed.
    pub frames_made: u64,
    /// Frames copied from the release before, where the native frame is the same.
    pub frames_copied: u64,
}

/// What a pull did; `offprint pull --json` prints it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The release that stands in the mirror now.
    pub release: String,
    /// Digest of its manifest.
    pub manifest_sha256: String,
    /// Whether it stood there before.
    pub unchanged: bool,
    /// Requests made.
    pub requests: u64,
    /// Bytes of bodies received.
    pub bytes: u64,
    /// Files fetched, by kind.
    pub fetched: BTreeMap<&'static str, Moved>,
    /// Files found in the mirror, by kind.
    pub reused: BTreeMap<&'static str, Moved>,
    /// Packs made from deltas.
    pub made: Moved,
    /// Packs made from those of native JSON.
    pub rebuilt: Rebuilt,
    /// Files of the site and solid archives printed of native JSON.
    pub printed: Moved,
    /// Directories of the deltas used, oldest first.
    pub deltas: Vec<String>,
    /// Files removed because the release does not list them.
    pub removed: u64,
    /// What is odd but did no harm.
    pub warnings: Vec<String>,
}

/// Why a pull did not come to its end. The release that stood in the mirror still does.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// A file could not be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A file could not be written.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A pointer is none.
    #[error(transparent)]
    Pointer(#[from] PointerError),
    /// A delta could not be used, for a reason that packs do not help with.
    #[error(transparent)]
    Delta(#[from] DeltaError),
    /// A pack could not be written.
    #[error(transparent)]
    Pack(#[from] WriteError),
    /// A value has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// What is no longer listed could not be removed.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// There is no release.
    #[error("there is no release at {0}")]
    NoRelease(String),
    /// The release was not accepted.
    #[error("the release at {place} is not accepted: {why}")]
    Refused {
        /// Where it was offered.
        place: String,
        /// Why.
        why: String,
    },
    /// The release is not to be believed.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The mirror was pulled with a key, and none is given.
    #[error(
        "{0} was pulled with a key, and is not pulled without one: give --key; who really wants \
         to do without removes .pull/trust.json in it"
    )]
    KeyNeeded(String),
    /// What the mirror remembers of trust cannot be understood.
    #[error(
        "{0} cannot be understood, so that an older release could not be told: restore it, or \
         remove it to begin anew"
    )]
    Memory(String),
    /// A file is not what the manifest lists.
    #[error("{path} is not what the manifest lists: {what}")]
    Tampered {
        /// Path or URL.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// The mirror's own files.
    #[error("cannot {action} {path}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// To what.
        path: String,
        /// Cause.
        source: io::Error,
    },
    /// Another pull works there.
    #[error("another pull works in {0}")]
    Busy(String),
    /// The directory is a repository's own web root, or another mirror's.
    #[error("{dir} holds a release that was not pulled from {place}")]
    Foreign {
        /// The directory.
        dir: String,
        /// Where the pull is from.
        place: String,
    },
}

/// Brings the mirror in the directory `root` to the release that stands at `source`.
///
/// Memory: the lists of site files of one id range, a pack's tail and a frame for each format;
/// nothing grows with packs.
///
/// # Errors
/// [`PullError`]; running it again goes on where it stopped.
pub fn pull(
    source: &Source,
    root: &Path,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Report, PullError> {
    let mut mirror = mirror::Mirror::open(source, root)?;
    if mirror.memory.is_some() && options.trust.is_none() {
        return Err(PullError::KeyNeeded(root.display().to_string()));
    }
    mirror.finish_removals()?;
    let Some(offer) = offer(source, &mirror, options)? else {
        let pointer = mirror.standing()?;
        if let (Some(pointer), Some(trust)) = (&pointer, &options.trust) {
            mirror.renew(source, pointer, trust)?;
        }
        return Ok(report_of(source, pointer, true, Report::default()));
    };
    let standing = mirror.standing()?;
    let (manifest, bytes) = accept::accept(source, standing.as_ref(), &offer)?;
    let proof = mirror.proof(source, &offer.pointer, options.trust.as_ref())?;
    let stage = Stage::open(root, Durability::Synced)?;
    let releases = source.read_all(RELEASES_JSON, MAX_POINTER)?;
    let list: Releases = serde_json::from_slice(&releases)
        .map_err(|source| PointerError::Json { path: RELEASES_JSON, source })?;
    let earlier = mirror.earlier(standing.as_ref())?;
    let thorough = mirror.is_unsettled(&options.select);
    mirror.begin(&offer, options, &bytes)?;
    let mut work = Work {
        source,
        mirror: &mirror,
        stage: &stage,
        options,
        progress,
        told: BTreeSet::new(),
        reprint: None,
        report: Report::default(),
    };
    let (files, total) = totals(&manifest, options);
    progress.total(files, total);
    let is_unpacked = options.select.site && work.is_unpacked(&manifest)?;
    work.reprint = Reprint::new(options, mirror.root(), &manifest, &stage, is_unpacked)?;
    let mut shelf = None;
    if options.select.dumps {
        shelf = Some(work.dumps(&manifest, &earlier, &list)?);
    }
    let mut gone = Vec::new();
    if options.select.site {
        gone = work.site(&manifest, is_unpacked, &earlier, thorough)?;
    }
    if let Some(reprint) = work.reprint.take() {
        work.report.warnings.extend(reprint.end()?);
    }
    let mut index = BTreeSet::new();
    if let Some(named) = offer.pointer.search.as_ref().filter(|_| options.select.search) {
        index = work.search(named)?;
    }
    let mut report = work.report;
    report.warnings.extend(proof.warning.clone());
    gone.extend(proof.gone());
    mirror.note_gone(&offer, &gone)?;
    mirror.remember_proof(&proof)?;
    let written = Accepted { manifest: &manifest, bytes: &bytes, offer: &offer, proof: &proof };
    point(&stage, &written, &releases, shelf.as_ref())?;
    report.removed += mirror.finish_removals()?;
    report.removed += mirror.clear(&stage, &manifest, is_unpacked, &index)?;
    mirror.end(&offer)?;
    stage.close()?;
    Ok(report_of(source, Some(offer.pointer), false, report))
}

/// What a pull works with.
struct Work<'a> {
    source: &'a Source,
    mirror: &'a mirror::Mirror,
    stage: &'a Stage,
    options: &'a Options,
    progress: &'a dyn Progress,
    /// Packs of which progress knows.
    told: BTreeSet<String>,
    /// What need not be fetched if it comes out as listed.
    reprint: Option<Reprint<'a>>,
    report: Report,
}

/// The release that stands at `source`; `None` when the mirror has just that.
fn offer(
    source: &Source,
    mirror: &mirror::Mirror,
    options: &Options,
) -> Result<Option<Offer>, PullError> {
    let etag = mirror.etag(options);
    let fresh = match source.read_unless(RELEASE_JSON, etag, MAX_POINTER) {
        Err(FetchError::NotFound(place)) => return Err(PullError::NoRelease(place)),
        other => other?,
    };
    let Fresh::New { body, etag } = fresh else { return Ok(None) };
    if mirror.has(&sha256(&body), options) {
        return Ok(None);
    }
    let pointer = ReleasePointer::from_bytes(&body)?;
    Ok(Some(Offer { body, etag, pointer }))
}

fn totals(manifest: &Manifest, options: &Options) -> (u64, u64) {
    let wanted = manifest.objects().filter(|(path, ..)| options.select.has(path));
    wanted.fold((0, 0u64), |(files, sum), (_, bytes, _)| (files + 1, sum.saturating_add(bytes)))
}

/// What a pull is to end with.
struct Accepted<'a> {
    manifest: &'a Manifest,
    bytes: &'a [u8],
    offer: &'a Offer,
    proof: &'a trust::Proof,
}

/// Moves the pointers, now that everything they lead to is there.
fn point(
    stage: &Stage,
    accepted: &Accepted<'_>,
    releases: &[u8],
    shelf: Option<&Shelf>,
) -> Result<(), PullError> {
    let Accepted { manifest, bytes, offer, proof } = accepted;
    let named = &offer.pointer.manifest;
    let dir = release_dir(&manifest.release);
    stage.write(&named.path, bytes)?;
    stage.write(&format!("{dir}/{SHA256SUMS}"), sums::text(manifest, &named.sha256).as_bytes())?;
    stage.settle()?;
    stage.write(RELEASES_JSON, releases)?;
    if let Some(shelf) = shelf {
        shelf.write(stage)?;
    }
    stage.write(LATEST_JSON, &offer.latest()?)?;
    proof.write(stage)?;
    stage.settle()?;
    stage.write(RELEASE_JSON, &offer.body)?;
    stage.settle()?;
    shelf::sweep(stage)?;
    Ok(())
}

fn report_of(
    source: &Source,
    pointer: Option<ReleasePointer>,
    unchanged: bool,
    report: Report,
) -> Report {
    let traffic = source.traffic();
    let (release, manifest_sha256) =
        pointer.map(|pointer| (pointer.release, pointer.manifest.sha256)).unwrap_or_default();
    let (requests, bytes) = (traffic.requests, traffic.bytes);
    Report { release, manifest_sha256, unchanged, requests, bytes, ..report }
}
