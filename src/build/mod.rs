//! Floor 3: snapshot → artifacts.
//!
//! A build is a function: its bytes depend on the snapshot, the settings, the templates, the
//! program version and the as-of, and on nothing else. Frames are printed in parallel
//! (`frame`) and put together in id order (`sink`); the pointer moves last.

mod around;
pub mod dump;
mod frame;
pub mod meter;
mod pipeline;
mod sink;
pub mod site;
mod standing;
mod sweep;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::crosswalk::Format;
use crate::record::Repository;
use crate::release::layout::{self, PackId, Place, Spans};
use crate::release::manifest::{Counts, Encoder, FORMAT, Licence, Manifest, RepositoryName, Tool};
use crate::release::pack::codec::EncodeError;
use crate::release::pointer::{self, PointerError};
use crate::release::stage::{Durability, Stage, StageError};
use crate::store::{Error as StoreError, Snapshot, Store};

use dump::DumpOptions;
use dump::compat::CompatOptions;
use frame::FrameWorker;
use meter::{Meter, Seconds};
use pipeline::Stopped;
use sink::Sink;
use site::{Renderer, SiteConfig, SiteError};

/// What a build needs to know, resolved from configuration and command line.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The repository.
    pub repository: Repository,
    /// The as-of.
    pub as_of: jiff::Timestamp,
    /// Dumps.
    pub dump: DumpSettings,
    /// Pages.
    pub site: SiteSettings,
    /// Worker threads, at least 1. Never changes a byte.
    pub threads: usize,
    /// Make everything anew even if nothing changed.
    pub full: bool,
    /// Where the build remembers what it saw; not in the web root.
    pub state_file: std::path::PathBuf,
}

/// Settings of the dumps.
#[derive(Debug, Clone)]
pub struct DumpSettings {
    /// Formats written as packs, in canonical order.
    pub formats: Vec<layout::Format>,
    /// zstd level.
    pub level: i32,
    /// Packs and frames.
    pub spans: Spans,
    /// Also write the incumbent's solid archives.
    pub compat: bool,
}

/// Settings of the pages.
#[derive(Debug, Clone)]
pub struct SiteSettings {
    /// Write pages at all.
    pub pages: bool,
    /// Exports beside each page.
    pub exports: Vec<Format>,
    /// Directory of overriding templates.
    pub templates: Option<std::path::PathBuf>,
    /// Newest records on the home page.
    pub latest: usize,
}

/// Files and bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many.
    pub files: u64,
    /// Their sizes.
    pub bytes: u64,
}

impl Tally {
    fn add(&mut self, bytes: u64) {
        self.files += 1;
        self.bytes += bytes;
    }
}

/// What a build did; `offprint build --json` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Release id.
    pub release: String,
    /// RFC 3339.
    pub as_of: String,
    /// Digest of the manifest: equal digests, equal releases.
    pub manifest_sha256: String,
    /// The completeness equation.
    pub records: Counts,
    /// Lines of `exceptions.ndjson`.
    pub exceptions: u64,
    /// Whether the previous release stands because nothing changed.
    pub unchanged: bool,
    /// Files written, by kind.
    pub written: BTreeMap<&'static str, Tally>,
    /// Files found equal and left alone, by kind.
    pub reused: BTreeMap<&'static str, Tally>,
    /// Wall and CPU time by stage.
    pub seconds: BTreeMap<&'static str, Seconds>,
    /// Peak resident memory of the process.
    pub peak_rss_bytes: u64,
}

/// Why a build did not make a release. The previous one stands.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file could not be written.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A frame could not be made.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A page could not be rendered.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The pointers could not be moved.
    #[error(transparent)]
    Pointer(#[from] PointerError),
    /// zstd could not start.
    #[error("zstd cannot compress")]
    Zstd(#[source] std::io::Error),
    /// The dumps could not be written.
    #[error(transparent)]
    Dump(#[from] dump::writer::DumpError),
    /// The deletion ledger could not be written.
    #[error(transparent)]
    Ledger(#[from] dump::ledger::LedgerError),
    /// A list of lines could not be written.
    #[error(transparent)]
    Lines(#[from] dump::lines::LinesError),
    /// A solid archive could not be written.
    #[error(transparent)]
    Compat(#[from] dump::compat::CompatError),
    /// A left-over could not be removed; the new release stands.
    #[error("cannot clear left-overs in {}", dir.display())]
    Sweep {
        /// Where.
        dir: std::path::PathBuf,
        /// Cause.
        source: std::io::Error,
    },
    /// An export could not be written; its record has no DataCite form and is not printed.
    #[error(transparent)]
    Export(#[from] crate::crosswalk::datacite::Withheld),
    /// The release id is taken by another content.
    #[error("release {release} exists already, with other content")]
    Taken {
        /// The id.
        release: String,
    },
    /// Left-over packs could not be removed; the new release stands.
    #[error(transparent)]
    Clear(#[from] crate::release::sweep::SweepError),
    /// A stream into the stage failed.
    #[error("cannot write {what}")]
    Write {
        /// Which file.
        what: &'static str,
        /// Cause.
        source: std::io::Error,
    },
}

/// Prints `store` as a release into the web root `root`.
///
/// `advance` is told the number of records done. Memory is bounded by frames in flight, not by
/// the number of records. One build at a time per web root: the caller holds a lock.
///
/// # Errors
/// [`BuildError`]; the previous release then still stands and a re-run starts over.
pub fn build(
    store: &Store,
    root: &Path,
    settings: &Settings,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<Report, BuildError> {
    let mut meter = Meter::start();
    let snapshot = store.snapshot()?;
    let renderer = renderer(settings)?;
    let fingerprint = standing::fingerprint(settings, renderer.as_ref());
    if !settings.full
        && let Some(report) = standing::unchanged(&snapshot, root, settings, &fingerprint)?
    {
        meter.lap("plan");
        let peak_rss_bytes = meter::peak_rss_bytes();
        return Ok(Report { seconds: meter.finish(), peak_rss_bytes, ..report });
    }
    if standing::is_taken(&snapshot, root, settings, &fingerprint)? {
        return Err(BuildError::Taken { release: release_id(settings.as_of) });
    }
    meter.lap("plan");
    let stage = Stage::open(root, Durability::Synced)?;
    let options = dump_options(settings);
    let mut sink = Sink::new(&stage, settings, &options, renderer.as_ref(), advance)?;
    print_records(&snapshot, &stage, settings, &options, renderer.as_ref(), &mut sink)?;
    meter.lap("records");
    let outcome = sink.finish()?;
    meter.lap("files");
    let manifest = Manifest {
        format: FORMAT,
        release: release_id(settings.as_of),
        as_of: settings.as_of.to_string(),
        tool: Tool::this(),
        repository: repository_name(settings),
        licence: Licence::cc0(),
        counts: outcome.counts,
        encoder: Encoder::this(settings.dump.level, &settings.dump.spans),
        spans: settings.dump.spans,
        dumps: outcome.dumps,
        files: outcome.files,
        site: outcome.site,
    };
    // Before the pointers: a build killed between the two must know its own release again.
    standing::remember(&snapshot, settings, fingerprint, &manifest)?;
    let named = pointer::publish(&stage, &manifest, None)?;
    meter.lap("publish");
    sweep::pages(root, &outcome.pages, &settings.site.exports)?;
    sweep::lists(root, &manifest)?;
    crate::release::sweep::sweep(&stage)?;
    stage.close()?;
    meter.lap("sweep");
    Ok(Report {
        release: manifest.release,
        as_of: manifest.as_of,
        manifest_sha256: named.sha256,
        records: manifest.counts,
        exceptions: outcome.exceptions,
        unchanged: false,
        written: outcome.written,
        reused: outcome.reused,
        seconds: meter.finish(),
        peak_rss_bytes: meter::peak_rss_bytes(),
    })
}

fn renderer(settings: &Settings) -> Result<Option<Renderer>, BuildError> {
    let site = &settings.site;
    let config = SiteConfig { exports: site.exports.clone() };
    let make = || Renderer::new(&settings.repository, config, site.templates.as_deref());
    Ok(site.pages.then(make).transpose()?)
}

fn dump_options(settings: &Settings) -> DumpOptions {
    let compat = settings.dump.compat.then(|| CompatOptions {
        release: release_id(settings.as_of),
        datacentre_symbol: settings.repository.name.clone(),
        schema_version: crate::crosswalk::datacite::VERSION.to_owned(),
    });
    DumpOptions {
        spans: settings.dump.spans,
        level: settings.dump.level,
        formats: settings.dump.formats.clone(),
        compat,
    }
}

fn repository_name(settings: &Settings) -> RepositoryName {
    RepositoryName {
        name: settings.repository.name.clone(),
        base_url: settings.repository.base_url.clone(),
    }
}

/// The release id an as-of gives: `YYYYMMDDThhmmssZ`.
pub fn release_id(as_of: jiff::Timestamp) -> String {
    as_of.to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect()
}

fn print_records(
    snapshot: &Snapshot,
    stage: &Stage,
    settings: &Settings,
    options: &DumpOptions,
    renderer: Option<&Renderer>,
    sink: &mut Sink<'_>,
) -> Result<(), BuildError> {
    let as_of = settings.as_of.to_string();
    let day = as_of.get(..10).unwrap_or(&as_of);
    let spans = settings.dump.spans;
    let dictionaries = snapshot.dictionaries();
    pipeline::ordered(
        settings.threads,
        || FrameWorker::new(settings, options, stage, renderer, day, dictionaries.decoder()),
        |hand| {
            let frame_of = |key| frame_number(spans.place_of(key));
            snapshot.scan_groups(.., frame_of, |group| Ok(hand(group)?)).map_err(
                |halt: FeedError| match halt {
                    FeedError::Stopped(_) => pipeline::Halt::Stopped,
                    FeedError::Store(error) => pipeline::Halt::Failed(error.into()),
                },
            )
        },
        |worker, group| worker.print(group),
        |printed| sink.accept(printed),
    )
}

/// Why the scan ended early.
enum FeedError {
    Stopped(Stopped),
    Store(StoreError),
}

impl From<Stopped> for FeedError {
    fn from(stopped: Stopped) -> Self {
        FeedError::Stopped(stopped)
    }
}

impl From<StoreError> for FeedError {
    fn from(error: StoreError) -> Self {
        FeedError::Store(error)
    }
}

/// A number that tells a frame from its neighbours in the scan.
fn frame_number(place: Place) -> u64 {
    let (kind, pack) = match place.pack {
        PackId::Numeric(pack) => (0, pack),
        PackId::Hashed(pack) => (1, u64::from(pack)),
    };
    // Packs have at most 65,536 frames; a pack number that large is not an id that exists.
    (kind << 63) | (pack << 16) | u64::from(place.frame)
}
