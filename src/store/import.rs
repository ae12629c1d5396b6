//! Filling a store: sources → documents → rows.
//!
//! Three stages work on different chunks at a time: one thread reads and cuts, the rayon pool
//! converts, parses, hashes and compresses, one thread writes. Chunks keep the order of the
//! source, so figures, rejects and the store do not depend on the number of threads.
//!
//! A batch and the cursor behind it commit together. A source whose import did not end is
//! resumed behind its cursor if it still looks the same; anything else is read from its
//! beginning, which costs time and changes nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use super::middle::Middle;
use super::rejects::{self, Reject};
use super::source::sink::{Chunk, Sink, Spent, Stopped};
use super::writer::{Batch, Started};
use super::{Counts, Error, Store, Writer};
use crate::crosswalk::inbound::Kind;

pub use super::source::Input;

/// How to import.
#[derive(Debug, Clone)]
pub struct Options {
    /// The repository's own DOIs, see
    /// [`datacite_record_id`](crate::record::identifier::datacite_record_id).
    pub doi_pattern: String,
    /// The kind of all documents; `None` to tell it from each.
    pub kind: Option<Kind>,
    /// Stop at the first document that cannot be stored.
    pub strict: bool,
    /// The sources hold every record there is; see [`Importer::finish`]. Sources are then read
    /// from their beginning even after an interruption.
    pub complete: bool,
    /// Folder for lists of rejects, made when needed.
    pub rejects: PathBuf,
}

/// Who is told how an import goes, from another thread.
pub trait Progress: Sync {
    /// A source begins; `bytes` is its size as stored, `None` for a stream.
    fn begin(&self, source: &str, bytes: Option<u64>);
    /// So many documents are stored, and so many bytes read, since the beginning of the source.
    fn advance(&self, documents: u64, bytes: u64);
    /// Whether to stop after the batch under way. The import can be resumed.
    fn interrupted(&self) -> bool {
        false
    }
}

/// Tells nobody.
impl Progress for () {
    fn begin(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64, _: u64) {}
}

/// What became of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Its name.
    pub source: String,
    /// Figures, with those of an interrupted run that this one resumed.
    pub counts: Counts,
    /// Documents that the interrupted run had stored.
    pub resumed: u64,
    /// What conversion dropped or altered in this run, by code.
    pub issues: BTreeMap<&'static str, u64>,
    /// The list of rejects, if there are any.
    pub rejects: Option<PathBuf>,
    /// Why it ended before the source did.
    pub stopped: Option<Stop>,
}

/// Why an import ended early. What was stored stays, and a re-run goes on from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// [`Options::strict`], and a document that cannot be stored.
    Strict(Box<Reject>),
    /// [`Progress::interrupted`].
    Interrupted,
}

/// What [`Importer::finish`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    /// Absent records are left alone: the import was not said to be complete.
    NotAsked,
    /// Records that no source held are now withdrawn, reason `absent`.
    Withdrawn(u64),
    /// Nothing was withdrawn: so many documents could not be read far enough to know their
    /// ids, or an import ended early, and any record might be one of them.
    Refused {
        /// Documents without a readable id.
        unidentified: u64,
        /// Imports that ended early.
        stopped: u64,
    },
}

/// Imports sources one after the other.
pub struct Importer {
    store: Store,
    writer: Writer,
    options: Options,
    allow_purged: bool,
    unidentified: u64,
    stopped: u64,
}

impl Importer {
    /// Opens the store for writing.
    pub fn new(store: &Store, options: Options) -> Result<Self, Error> {
        let writer = store.writer()?;
        if options.complete {
            writer.connection.execute_batch("CREATE TEMP TABLE seen (pk INTEGER PRIMARY KEY)")?;
        }
        let store = store.clone();
        Ok(Importer { store, writer, options, allow_purged: false, unidentified: 0, stopped: 0 })
    }

    /// The same, which also brings back records that were purged.
    #[must_use]
    pub fn with_purged(self, allow: bool) -> Self {
        Importer { allow_purged: allow, ..self }
    }

    /// Imports one source, to its end or to where it must stop.
    ///
    /// # Errors
    /// When the source cannot be opened or the store not be written. What is wrong inside the
    /// source is a reject.
    pub fn source(&mut self, input: Input, progress: &dyn Progress) -> Result<Outcome, Error> {
        let (name, key, identity) = (input.name(), input.key()?, input.identity()?);
        let resume = !self.options.complete && !identity.is_empty();
        let started = self.writer.begin(&key, &identity, resume)?;
        progress.begin(&name, input.total_bytes());
        let run = self.run(input, started, progress)?;
        if run.stopped.is_none() {
            self.writer.end(started.source)?;
        }
        self.stopped += u64::from(run.stopped.is_some());
        self.unidentified += run.unidentified;
        let folder = &self.options.rejects;
        let rejects = rejects::write(&self.writer.connection, started.source, &name, folder)?;
        let mut counts = started.counts;
        counts.add(&run.counts);
        Ok(Outcome {
            source: name,
            counts,
            resumed: started.consumed,
            issues: run.issues,
            rejects,
            stopped: run.stopped,
        })
    }

    /// Ends the import. If it was complete, every record that is not withdrawn and that no
    /// source held becomes a tombstone with this removal date (RFC 3339); the tombstone of a
    /// restricted record is not visible.
    pub fn finish(mut self, removal_date: &str) -> Result<Completion, Error> {
        if !self.options.complete {
            return Ok(Completion::NotAsked);
        }
        let (unidentified, stopped) = (self.unidentified, self.stopped);
        if unidentified + stopped > 0 {
            return Ok(Completion::Refused { unidentified, stopped });
        }
        let snapshot = self.store.snapshot()?;
        let preparer = self.writer.preparer(&self.options.doi_pattern)?;
        let withdrawn =
            super::absent::withdraw(&mut self.writer, &snapshot, &preparer, removal_date)?;
        Ok(Completion::Withdrawn(withdrawn))
    }

    fn run(
        &mut self,
        input: Input,
        started: Started,
        progress: &dyn Progress,
    ) -> Result<Run, Error> {
        let Importer { store, writer, options, allow_purged, .. } = self;
        let options = &*options;
        let how = Writing { strict: options.strict, allow_purged: *allow_purged };
        let bytes = AtomicU64::new(0);
        thread::scope(|scope| {
            // A channel that ends tells both neighbours to end: the reader when nobody takes
            // its chunks, the writer when no more batches come.
            let (to_prepare, chunks) = sync_channel::<Chunk>(1);
            let (spent, texts) = Spent::channel();
            let bytes = &bytes;
            scope.spawn(move || {
                let mut send = |chunk| to_prepare.send(chunk).map_err(|_| Stopped);
                let mut sink = Sink::new(started.consumed, texts, &mut send);
                // Stopped: the other side knows why.
                let _ = input.read(&mut sink, bytes).and_then(|()| sink.flush());
            });
            let Ok(first) = chunks.recv() else { return Ok(Run::default()) };
            let mut middle = Middle::new(store, writer, options, started.source, &first, spent)?;
            let (to_write, batches) = sync_channel::<Batch>(1);
            let writing =
                scope.spawn(move || write(writer, batches, started.consumed, progress, bytes, how));
            let prepared = middle.run(std::iter::once(first).chain(chunks), to_write);
            let written =
                writing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            let strict = prepared?;
            Ok(Run {
                counts: written.counts,
                issues: middle.issues,
                unidentified: written.unidentified,
                stopped: written.stopped.or(strict.map(Stop::Strict)),
            })
        })
    }
}

/// What a source's run gave.
#[derive(Default)]
struct Run {
    counts: Counts,
    issues: BTreeMap<&'static str, u64>,
    unidentified: u64,
    stopped: Option<Stop>,
}

/// What the last stage holds batches to.
#[derive(Clone, Copy)]
struct Writing {
    strict: bool,
    allow_purged: bool,
}

/// The last stage.
fn write(
    writer: &mut Writer,
    batches: Receiver<Batch>,
    skipped: u64,
    progress: &dyn Progress,
    bytes: &AtomicU64,
    how: Writing,
) -> Result<Run, Error> {
    let mut run = Run::default();
    for mut batch in batches {
        batch.strict = how.strict;
        batch.allow_purged = how.allow_purged;
        let consumed = batch.cursor.map_or(skipped, |cursor| cursor.consumed);
        let applied = match writer.apply(batch) {
            Err(Error::Strict(reject)) => {
                run.stopped = Some(Stop::Strict(reject));
                break;
            }
            applied => applied?,
        };
        run.counts.add(&applied.counts);
        let unknown = applied.rejects.iter().filter(|reject| reject.problem.id.is_none());
        run.unidentified += unknown.count() as u64;
        progress.advance(consumed, bytes.load(Ordering::Relaxed));
        if progress.interrupted() {
            run.stopped = Some(Stop::Interrupted);
            break;
        }
    }
    Ok(run)
}
