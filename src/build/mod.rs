//! Floor 3: snapshot → artifacts.
//!
//! A build is a function: its bytes depend on the snapshot, the settings, the templates, the
//! program version and the as-of, and on nothing else. Frames are printed in parallel
//! (`frame`) and put together in id order (`sink`); the pointer moves last.

mod around;
pub mod catalogue;
mod delta;
pub mod dump;
mod feed;
mod forget;
mod frame;
pub mod hosting;
mod known;
pub mod meter;
mod pipeline;
pub mod remake;
pub mod search;
mod sink;
pub mod site;
mod site_list;
mod site_pack;
mod standing;
mod state;
mod summary;
mod sweep;
mod work;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::crosswalk::Format;
use crate::record::Repository;
use crate::release::delta::{Changes, DeltaError};
use crate::release::encoding::Encoding;
use crate::release::fetch::Source;
use crate::release::layout::{self, Spans};
use crate::release::manifest::{
    Counts, Dump, Encoder, FORMAT, Licence, Manifest, RepositoryName, Tool,
};
use crate::release::pack::codec::EncodeError;
use crate::release::pointer::{self, PointerError};
use crate::release::search::pointer::Phrases;
use crate::release::stage::{Durability, Stage, StageError};
use crate::release::variants::Precompress;
use crate::store::{Error as StoreError, Store};

use catalogue::Catalogue;
pub use delta::DeltaSettings;
use dump::DumpOptions;
use dump::compat::CompatOptions;
use feed::Prints;
pub use forget::{forget_earlier, forget_index};
use hosting::policy;
use meter::{Meter, Seconds};
use sink::{Ground, Sink};
use site::{Renderer, SiteConfig, SiteError};
use standing::{Plan, Seen};
use state::{State, StateError};

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
    /// Deltas.
    pub delta: DeltaSettings,
    /// Worker threads, at least 1. Never changes a byte.
    pub threads: usize,
    /// Make everything anew even if nothing changed.
    pub full: bool,
    /// Where the build remembers what it saw; not in the web root.
    pub state_file: std::path::PathBuf,
    /// What a release with pages holds for those who print it again: see `docs/format.md`.
    pub recipe: Option<Vec<u8>>,
    /// The packs, as a manifest lists them, where they and the search index come from elsewhere:
    /// then no index is made, and of packs only those of [`DumpSettings::formats`].
    pub elsewhere: Option<BTreeMap<layout::Format, Dump>>,
}

impl Settings {
    /// Where the catalogue of the lists is: beside the state file.
    pub(crate) fn catalogue_file(&self) -> std::path::PathBuf {
        self.state_file.with_file_name("catalogue.db")
    }

    /// Where the search index is made: beside the state file.
    pub(crate) fn search_dir(&self) -> std::path::PathBuf {
        self.state_file.with_file_name("search.db")
    }
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
    /// Releases whose dumps stay, the newest ones; 0 keeps all.
    pub keep: usize,
}

/// How the site's many small files stand in the web root.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// Each at its path, for any host.
    #[default]
    Files,
    /// In site packs, for `serve` and mirrors.
    Packs,
}

/// Settings of the pages.
#[derive(Debug, Clone)]
pub struct SiteSettings {
    /// Write pages at all.
    pub pages: bool,
    /// How they stand.
    pub form: Form,
    /// Exports beside each page.
    pub exports: Vec<Format>,
    /// Directory of overriding templates.
    pub templates: Option<std::path::PathBuf>,
    /// Newest records on the home page.
    pub latest: usize,
    /// Own look and words.
    pub brand: site::Brand,
    /// Codings in which text files also stand precompressed, in canonical order.
    pub precompress: Vec<Encoding>,
    /// A page for each DOI and concept, and `records/<id>/latest`.
    pub resolvers: bool,
    /// A badge for each DOI.
    pub badges: bool,
    /// A feed of new versions for each family.
    pub feeds: bool,
    /// Records that a subject needs to have a page.
    pub subject_min: u64,
    /// Newest records that a list other than a community's reaches back to.
    pub browse_limit: usize,
    /// Write the search index.
    pub search: bool,
    /// In what it finds phrases.
    pub phrases: Phrases,
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

    /// Takes a file away that was counted.
    fn less(&mut self, bytes: u64) {
        self.files = self.files.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    fn join(&mut self, more: Tally) {
        self.files += more.files;
        self.bytes += more.bytes;
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
    /// What is other than in the release before; `None` without a delta.
    pub changes: Option<Changes>,
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
    /// The search index could not be made.
    #[error(transparent)]
    Search(#[from] search::SearchError),
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
    /// The catalogue of the lists could not be used.
    #[error(transparent)]
    Catalogue(#[from] catalogue::CatalogueError),
    /// A site pack could not be written.
    #[error(transparent)]
    SitePack(#[from] crate::release::site_pack::writer::WriteError),
    /// A site pack of the release before cannot be read.
    #[error(transparent)]
    Shelf(#[from] crate::release::site_pack::ShelfError),
    /// A list of lines could not be written.
    #[error(transparent)]
    Lines(#[from] dump::lines::LinesError),
    /// A solid archive could not be written.
    #[error(transparent)]
    Compat(#[from] dump::compat::CompatError),
    /// The state file could not be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// A file of the release before is not as it was.
    #[error("cannot read {}", path.display())]
    Standing {
        /// Which.
        path: std::path::PathBuf,
        /// Cause.
        source: std::io::Error,
    },
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
    /// The delta could not be made.
    #[error(transparent)]
    Delta(#[from] DeltaError),
    /// Fewer public records than a release may have after the one before.
    #[error(
        "{before} records were public in release {release}, now {after} are: more than {percent} % fewer"
    )]
    Shrunk {
        /// The release before.
        release: String,
        /// Public records there.
        before: u64,
        /// Public records now.
        after: u64,
        /// How many percent may go.
        percent: u8,
    },
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
    let state = State::open(&settings.state_file)?;
    let seen = Seen::new(&snapshot, settings, renderer.as_ref());
    let last = state.remembered()?;
    if !settings.full
        && let Some(report) = standing::unchanged(&snapshot, root, last.as_ref(), &seen)?
    {
        meter.lap("plan");
        let peak_rss_bytes = meter::peak_rss_bytes();
        return Ok(Report { seconds: meter.finish(), peak_rss_bytes, ..report });
    }
    if standing::is_taken(root, last.as_ref(), &seen)? {
        return Err(BuildError::Taken { release: seen.release });
    }
    delta::check_shrink(root, snapshot.totals(), settings)?;
    let same_make = last.as_ref().is_some_and(|last| seen.goes_on_from(last));
    let mut plan = Plan::new(&snapshot, root, settings, &state, last, &seen)?;
    let cards = plan.cards(settings)?;
    // What the last build could not remove any more, before this one prints such a file anew.
    sweep::files(root, &state.gone()?)?;
    state.swept()?;
    let interrupted = state.unfinished()?.is_some();
    state.begin(&seen.made())?;
    meter.lap("plan");
    let stage = Stage::open(root, Durability::Synced)?.filling();
    let stage = stage.with_precompress(precompress(settings, same_make));
    let options = dump_options(settings);
    let source = Source::open(&root.to_string_lossy());
    let (standing, shelved) = (plan.standing(&source), plan.shelved(&settings.dump.spans));
    let writer = state.writer(plan.is_full())?;
    let ground = Ground { standing, shelved, state: writer, cards, interrupted };
    let mut sink = Sink::new(&stage, settings, &options, renderer.as_ref(), advance, ground)?;
    let prints =
        Prints { snapshot: &snapshot, settings, options: &options, plan: &plan, source: &source };
    prints.records(&stage, &state, renderer.as_ref(), &mut sink)?;
    meter.lap("records");
    let communities = snapshot.communities()?;
    let names = communities.iter().map(|known| (known.slug.as_str(), known.title.as_str()));
    let catalogue = sink.print_lists(names)?;
    meter.lap("lists");
    let mut outcome = sink.finish(catalogue)?;
    meter.lap("files");
    let withheld = &outcome.withheld;
    let public = outcome.counts.public;
    let job = search::Job { snapshot: &snapshot, settings, stage: &stage, withheld, public };
    let named = outcome.named.take();
    let search = search::is_wanted(settings)
        .then(|| search::print(&job, &plan, named, &mut meter))
        .transpose()?;
    if let Some(search) = &search {
        search.enter(&mut outcome.written, &mut outcome.reused);
    }
    meter.lap("search");
    let manifest = Manifest {
        format: FORMAT,
        release: seen.release.clone(),
        as_of: seen.as_of.clone(),
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
    // What is remembered must be on the disk. Before the pointers: a build killed between the
    // two must know its own release again.
    stage.settle()?;
    let remembered = seen.remembered(&manifest)?;
    outcome.state.commit(&remembered)?;
    if let Some(catalogue) = outcome.catalogue {
        catalogue.settle(&remembered.manifest_sha256)?;
    }
    let search = search.map(|search| search.settle(&remembered)).transpose()?;
    let keeps_before = search.as_ref().is_some_and(|search| search.keeps_before);
    let search = search.map(|search| search.pointer);
    // Of deltas from another release than the one gone on from nothing is in hand.
    let base = plan.base.as_ref().map(|base| base.manifest_sha256.as_str());
    let in_hand = base.map(|base| (base, &outcome.in_hand));
    let delta::Shelved { shelf, made: delta } = delta::write(&stage, settings, &manifest, in_hand)?;
    meter.lap("delta");
    let before = search::standing(root)?.filter(|_| keeps_before);
    let named = pointer::publish(&stage, &manifest, search.clone(), shelf.as_ref())?;
    meter.lap("publish");
    if plan.is_full() {
        let mark = &remembered.manifest_sha256;
        let catalogue = Catalogue::open(&settings.catalogue_file(), mark)?;
        sweep::pages(root, &outcome.pages, &state, settings.site.form)?;
        sweep::listings(root, catalogue.filter(|_| settings.site.pages).as_ref(), &settings.site)?;
    }
    sweep::files(root, &state.gone()?)?;
    state.swept()?;
    sweep::around(root, &manifest)?;
    crate::release::sweep::sweep(&stage, settings.dump.keep)?;
    crate::release::delta::shelf::sweep(&stage)?;
    sweep::lists(root, &manifest)?;
    search::sweep(root, [before, search])?;
    state.end()?;
    stage.close()?;
    meter.lap("sweep");
    let mut written = outcome.written;
    let changes = delta.map(|(changes, tally)| {
        written.insert("deltas", tally);
        changes
    });
    Ok(Report {
        release: manifest.release,
        as_of: manifest.as_of,
        manifest_sha256: named.sha256,
        records: manifest.counts,
        exceptions: outcome.exceptions,
        unchanged: false,
        changes,
        written,
        reused: outcome.reused,
        seconds: meter.finish(),
        peak_rss_bytes: meter::peak_rss_bytes(),
    })
}

fn precompress(settings: &Settings, same_make: bool) -> Precompress {
    Precompress {
        encodings: settings.site.precompress.clone(),
        keep: !settings.full && same_make,
        is_text: Some(|path| policy::is_compressible(policy::media_type(path))),
    }
}

fn renderer(settings: &Settings) -> Result<Option<Renderer>, BuildError> {
    let site = &settings.site;
    let config = SiteConfig {
        exports: site.exports.clone(),
        brand: site.brand.clone(),
        feeds: site.feeds,
        search: site.search,
    };
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
        publisher: settings.repository.publisher.clone(),
    }
}

/// The release id an as-of gives: `YYYYMMDDThhmmssZ`.
pub fn release_id(as_of: jiff::Timestamp) -> String {
    as_of.to_string().chars().filter(|c| !matches!(c, '-' | ':')).collect()
}
