//! Copies the standing release of a web root to where it is served from: a directory, or a
//! bucket of S3, Google Cloud Storage or Azure.
//!
//! Order makes it safe: objects that are written once first, then pages, then the pointers,
//! `release.json` last. What is on the target is known from what the target itself says: its
//! manifest and site lists, and the `ledger` of publications that did not come to their end.
//! So nothing is sent twice, nothing that is no longer wanted stays, and a publication that was
//! killed is finished by the next. One publisher at a time: the ledger is a lease, and every
//! write of it a conditional one.

mod cloud;
mod directory;
mod ledger;
mod objects;
mod pages;
mod send;
mod target;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::canonical::CanonicalError;
use super::fetch::{FetchError, Source};
use super::hash::sha256;
use super::layout::{LATEST_JSON, LOG_NDJSON, LOG_SIGNATURE, RELEASE_JSON, RELEASES_JSON};
use super::manifest::{MAX_MANIFEST, Manifest, ManifestError};
use super::pointer::{MAX_POINTER, Named, PointerError, ReleasePointer, Releases};
use super::site_pack::{Shelf, ShelfError};
use super::stage::StageError;

use ledger::{Begun, Ledger, Token};
use objects::{Objects, OnTarget};
use pages::Pages;
use send::Sender;
use target::{Condition, Target};

pub use cloud::Credentials;
pub use target::Place;

/// How an object is to be served; only stores that keep headers with objects use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// `Content-Type`.
    pub media_type: &'static str,
    /// `Content-Encoding`: for precompressed variants, whose type is that of their file.
    pub encoding: Option<&'static str>,
    /// `Cache-Control`.
    pub cache: &'static str,
    /// Whether the name holds a hash of the content, so that equal size means equal bytes.
    pub hashed: bool,
}

/// Told how far a publication is, from many threads.
pub trait Progress: Sync {
    /// `bytes` more are on the target, or were there.
    fn advance(&self, bytes: u64);
}

impl Progress for () {
    fn advance(&self, _: u64) {}
}

/// What publishing takes from outside.
pub struct Settings<'a> {
    /// Web root of the release.
    pub root: PathBuf,
    /// Who publishes: the same text for the same repository on the same machine, where a second
    /// publisher is impossible. It may take over what an earlier one left, without waiting.
    pub owner: String,
    /// How the file of a path is served.
    pub served: &'a (dyn Fn(&str) -> Served + Sync),
    /// The clock.
    pub now: &'a (dyn Fn() -> Timestamp + Sync),
    /// How long an object stays that no release needs any more.
    pub grace: Duration,
    /// The release that the last purge made: a target that holds an earlier one loses at once
    /// what it does not need any more, whatever the grace.
    pub purged: Option<String>,
    /// How long a publisher that says nothing holds the target.
    pub lease: Duration,
    /// Requests (or files) at a time.
    pub parallel: usize,
    /// Whether a store must honour conditional writes.
    pub fence: bool,
    /// Send everything, whatever the target is known to have.
    pub again: bool,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// Name every file in the report.
    pub name_files: bool,
    /// Told of what is done.
    pub progress: &'a dyn Progress,
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

/// What a publication did, or would do.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Release id.
    pub release: String,
    /// Digest of its manifest.
    pub manifest_sha256: String,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// The fencing token: how many publications the target has seen.
    pub sequence: u64,
    /// Sent, by kind.
    pub sent: BTreeMap<&'static str, Tally>,
    /// Known to be there, by kind.
    pub known: BTreeMap<&'static str, Tally>,
    /// Files removed.
    pub removed: u64,
    /// Objects that no release needs, kept until their grace ends.
    pub waiting: u64,
    /// Paths sent, in order of kind; only when asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
}

/// Why a publication failed. The release that stood on the target stands.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The text names no target.
    #[error("{0:?} is not a target; give a directory, s3://BUCKET/PREFIX, gs://… or az://…")]
    BadTarget(String),
    /// The target is the web root, or one is inside the other.
    #[error("the target {0} and the web root are inside one another")]
    SamePlace(String),
    /// There is nothing to publish.
    #[error("{0} holds no release; build one first")]
    NoRelease(String),
    /// A file of the release cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// Which.
        path: String,
        /// Cause.
        source: std::io::Error,
    },
    /// A file of the release is not as listed.
    #[error("{path} is not what the release lists; run `offprint verify`, then build --full")]
    Changed {
        /// Which.
        path: String,
    },
    /// A pointer of the web root or of the target cannot be used.
    #[error(transparent)]
    Pointer(#[from] PointerError),
    /// A file of the web root cannot be used.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The manifest cannot be used.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A page cannot be read from the site pack that it is in.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// A file cannot be written into the target directory.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A request to the target failed for good. Holds no credentials.
    #[error("cannot {action} {path}: {message}")]
    Store {
        /// What was asked for.
        action: &'static str,
        /// Of which object.
        path: String,
        /// What the store said.
        message: String,
    },
    /// No program of requests could be started.
    #[error("cannot start the client")]
    Client(#[source] std::io::Error),
    /// What the target says of itself cannot be understood.
    #[error("{path} on the target cannot be understood: {message}")]
    Ledger {
        /// Which file.
        path: &'static str,
        /// Why.
        message: String,
    },
    /// Another publisher holds the target.
    #[error("another publisher ({owner}) holds the target until {until}")]
    Held {
        /// Who.
        owner: String,
        /// RFC 3339, or a word.
        until: String,
    },
    /// Another publisher took the target over; the pointers were not moved.
    #[error("lost the target to another publisher; the pointers were not moved")]
    Lost,
    /// The store accepts conditional writes and does not honour them.
    #[error("the store ignores conditional writes ({0}): two publishers could interleave")]
    Unfenced(&'static str),
    /// The target has a release that this web root's list has not, or has otherwise.
    #[error("the target holds release {0}, which this repository does not list")]
    Foreign(String),
    /// The signed log of the target is not the beginning of the web root's.
    #[error("the release log of the target is not the beginning of this repository's")]
    Forked,
    /// Something has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// Stands for the time since when an object of the ledger is not needed: it goes at once.
const PURGED: &str = "purged";

type Result<T> = std::result::Result<T, PublishError>;

/// The pointers, in the order in which they move. The log stands between the lists and what
/// names the standing release.
pub const POINTERS: [&str; 6] =
    [RELEASES_JSON, "dumps/deltas.json", LOG_NDJSON, LOG_SIGNATURE, LATEST_JSON, RELEASE_JSON];

/// The release of the web root that is to be published.
struct Standing {
    manifest: Manifest,
    /// Path, size and hash of the manifest.
    begun: Begun,
    releases: Releases,
    /// The pointer of the search index.
    search: Option<Named>,
    /// Pointers there are, with their content.
    pointers: Vec<(&'static str, Vec<u8>)>,
}

impl Standing {
    fn read(source: &Source) -> Result<Standing> {
        let pointer = ReleasePointer::read(source)?;
        let pointer = pointer.ok_or_else(|| PublishError::NoRelease(source.place("")))?;
        let named = pointer.manifest;
        let bytes = source.read_all(&named.path, MAX_MANIFEST)?;
        if sha256(&bytes) != named.sha256 {
            return Err(PublishError::Changed { path: named.path });
        }
        let mut pointers = Vec::new();
        for path in POINTERS {
            match source.read_all(path, MAX_POINTER) {
                Err(FetchError::NotFound(_)) => {}
                other => pointers.push((path, other?)),
            }
        }
        Ok(Standing {
            manifest: Manifest::from_bytes(&bytes)?,
            begun: Begun { release: pointer.release, manifest: named },
            releases: Releases::read(source)?,
            search: pointer.search,
            pointers,
        })
    }
}

/// Publishes the standing release of `settings.root` to `place`.
///
/// Memory: a few megabytes for each request under way, and 24 bytes for each of up to a million
/// pages that are compared at a time.
///
/// # Errors
/// [`PublishError`]. Up to the last pointer the earlier release stands on the target; running it
/// again goes on where it stopped.
pub fn publish(place: &Place, settings: &Settings<'_>) -> Result<Report> {
    let source = Source::open(&settings.root.to_string_lossy());
    let standing = Standing::read(&source)?;
    let target = place.open(settings)?;
    let target = target.as_ref();
    let mut report = Report {
        release: standing.begun.release.clone(),
        manifest_sha256: standing.begun.manifest.sha256.clone(),
        dry_run: settings.dry_run,
        ..Report::default()
    };
    if settings.dry_run {
        let ledger = ledger::read(target)?.0;
        let work = Work { settings, source: &source, standing: &standing, target, token: None };
        report.sequence = ledger.sequence;
        work.run(ledger, &mut report)?;
        return Ok(report);
    }
    if settings.fence {
        target.probe(&settings.owner)?;
    }
    let (token, ledger) = Token::take(target, settings)?;
    report.sequence = token.sequence();
    let outcome = token.keep_alive(|| {
        let work =
            Work { settings, source: &source, standing: &standing, target, token: Some(&token) };
        work.run(ledger, &mut report)
    });
    // After a failure too: the next publisher need not wait. The first failure is the one to tell.
    let released = token.release();
    outcome.and(released)?;
    target.close()?;
    Ok(report)
}

struct Work<'a> {
    settings: &'a Settings<'a>,
    source: &'a Source,
    standing: &'a Standing,
    target: &'a dyn Target,
    /// `None` in a dry run.
    token: Option<&'a Token<'a>>,
}

/// What stands on the target.
struct There {
    pointer: Option<ReleasePointer>,
    /// On which condition `release.json` may be replaced.
    condition: Condition,
    releases: Releases,
    log: Vec<u8>,
}

impl Work<'_> {
    fn run(&self, ledger: Ledger, report: &mut Report) -> Result<()> {
        let there = self.there()?;
        self.check_history(&there)?;
        let own = &self.standing.begun;
        // Releases whose files may be there, oldest first.
        let mut states = ledger.begun.clone();
        let stands = there.pointer.as_ref().map(|pointer| Begun {
            release: pointer.release.clone(),
            manifest: pointer.manifest.clone(),
        });
        if let Some(stands) = &stands
            && !states.contains(stands)
        {
            states.insert(0, stands.clone());
        }
        let at_once = self.is_before_purge(&states);
        let goes_on = ledger.begun.last() == Some(own) && !self.settings.again;
        let done = if goes_on { ledger.done } else { 0 };
        // This release itself says nothing on what others left, unless it was published whole.
        states.retain(|begun| begun != own);
        let begun: Vec<Begun> = states.iter().chain([own]).cloned().collect();
        if ledger.begun.is_empty() && stands.as_ref() == Some(own) {
            states.push(own.clone());
        }
        let served = self.settings.served;
        let objects = Objects::gather(self.source, self.standing, served)?;
        if let Some(token) = self.token {
            token.update(|ledger| {
                ledger.begun = begun;
                ledger.done = done;
                ledger.beside.extend(objects.beside.iter().cloned());
            })?;
        }
        let shelf = Shelf::open(self.source, &self.standing.manifest)?;
        let packed = shelf.as_ref().map(|shelf| (self.source, shelf));
        let sender = Sender::new(self.settings, self.target, self.token, packed)?;
        let settled = ledger.begun.is_empty();
        let on_target = OnTarget::read(self.target, self.source, &there, &states, settled)?;
        objects.send(&sender, &on_target, own)?;
        self.settle()?;
        let (source, standing, target) = (self.source, self.standing, self.target);
        let whole = there.pointer.is_some();
        Pages { source, standing, target, sender: &sender, states: &states, whole, done }.send()?;
        self.settle()?;
        self.move_pointers(&there, &sender)?;
        let gone = self.gone(&objects, &on_target, ledger, at_once)?;
        report.waiting = self.clear(gone, &objects, &sender)?;
        sender.report(report);
        Ok(())
    }

    fn there(&self) -> Result<There> {
        let fail = |path, error: serde_json::Error| PublishError::Ledger {
            path,
            message: error.to_string(),
        };
        let found = self.target.get(RELEASE_JSON, MAX_POINTER)?;
        let pointer = match &found {
            Some((bytes, _)) => {
                Some(serde_json::from_slice(bytes).map_err(|error| fail(RELEASE_JSON, error))?)
            }
            None => None,
        };
        let condition = found.map_or(Condition::Absent, |(_, version)| Condition::Is(version));
        let releases = match self.target.get(RELEASES_JSON, MAX_POINTER)? {
            Some((bytes, _)) => {
                serde_json::from_slice(&bytes).map_err(|error| fail(RELEASES_JSON, error))?
            }
            None => Releases::default(),
        };
        let log = self.target.get(LOG_NDJSON, MAX_POINTER)?.map(|(bytes, _)| bytes);
        Ok(There { pointer, condition, releases, log: log.unwrap_or_default() })
    }

    /// A target never goes back: the releases and the log that it has must be the beginning of
    /// those of the web root.
    fn check_history(&self, there: &There) -> Result<()> {
        let own = &self.standing.releases.releases;
        if let Some(line) = there.releases.releases.iter().find(|line| !own.contains(line)) {
            return Err(PublishError::Foreign(line.release.clone()));
        }
        let log = self.standing.pointers.iter().find(|(path, _)| *path == LOG_NDJSON);
        let log = log.map(|(_, bytes)| bytes.as_slice()).unwrap_or_default();
        if log.starts_with(&there.log) { Ok(()) } else { Err(PublishError::Forked) }
    }

    fn settle(&self) -> Result<()> {
        if self.token.is_some() { self.target.settle() } else { Ok(()) }
    }

    /// Moves the pointers; `release.json` only if nobody else moved it since this run began.
    fn move_pointers(&self, there: &There, sender: &Sender<'_>) -> Result<()> {
        if let Some(token) = self.token {
            token.update(|_| {})?;
        }
        for (path, bytes) in &self.standing.pointers {
            sender.sent(path, bytes.len() as u64);
            let Some(token) = self.token else { continue };
            token.check()?;
            let served = (self.settings.served)(path);
            if *path != RELEASE_JSON {
                self.target.put(path, bytes.clone(), served)?;
                continue;
            }
            self.target.settle()?;
            if !self.settings.fence {
                self.target.put(path, bytes.clone(), served)?;
            } else if self.target.put_if(path, bytes.clone(), served, &there.condition)?.is_none() {
                // The reply to a write that happened may have been lost.
                let now = self.target.get(path, MAX_POINTER)?;
                if now.is_none_or(|(now, _)| now != *bytes) {
                    return Err(PublishError::Lost);
                }
            }
        }
        self.settle()
    }

    /// Objects that may be on the target and that nothing needs, with the time since when.
    fn gone(
        &self,
        objects: &Objects,
        on_target: &OnTarget,
        ledger: Ledger,
        at_once: bool,
    ) -> Result<BTreeMap<String, String>> {
        let now = (self.settings.now)().to_string();
        let served = self.settings.served;
        let fresh = on_target.paths(served).chain(ledger.beside.iter().map(String::as_str));
        let mut gone: BTreeMap<String, String> =
            fresh.map(|path| (path.to_owned(), now.clone())).collect();
        gone.extend(ledger.gone);
        gone.retain(|path, _| !objects.has(path) && !objects.keeps_release_of(path));
        if at_once {
            gone.values_mut().for_each(|since| PURGED.clone_into(since));
        }
        Ok(gone)
    }

    /// Whether one of these releases, which may be on the target, is from before the last purge.
    fn is_before_purge(&self, there: &[Begun]) -> bool {
        let releases = &self.standing.releases.releases;
        let place = |id: &str| releases.iter().position(|line| line.release == id);
        let purged = self.settings.purged.as_deref().and_then(place);
        purged.is_some_and(|purged| there.iter().any(|begun| place(&begun.release) < Some(purged)))
    }

    /// Removes what was gone long enough and ends the publication in the ledger. Returns how
    /// many objects wait.
    fn clear(
        &self,
        mut gone: BTreeMap<String, String>,
        objects: &Objects,
        sender: &Sender<'_>,
    ) -> Result<u64> {
        let now = (self.settings.now)();
        let is_due = |since: &String| {
            // A time that cannot be read, as `PURGED`, is taken as long ago.
            let Ok(since) = since.parse::<Timestamp>() else { return true };
            now.duration_since(since).unsigned_abs() >= self.settings.grace
        };
        let due = gone.iter().filter(|(_, since)| is_due(since)).map(|(path, _)| path.clone());
        let due: Vec<String> = due.collect();
        if let Some(token) = self.token {
            // Before the removal: what is killed in it is in the list still.
            let all = gone.clone();
            token.update(|ledger| ledger.gone = all)?;
        }
        sender.remove_all(&due)?;
        due.iter().for_each(|path| {
            gone.remove(path);
        });
        let waiting = gone.len() as u64;
        if let Some(token) = self.token {
            self.target.settle()?;
            token.update(|ledger| {
                ledger.begun.clear();
                ledger.done = 0;
                ledger.gone = gone;
                ledger.beside = objects.beside.iter().cloned().collect();
            })?;
        }
        Ok(waiting)
    }
}
