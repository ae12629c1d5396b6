//! A synthetic repository of any size, for trying out, testing and measuring.
//!
//! Pure: seed in, text out. Record `n` is worked out from `(seed, n)` alone, so the corpus
//! streams at constant memory, any record can be written on its own, and the same seed gives
//! the same bytes on every machine (integer arithmetic only).
//!
//! Lengths, counts and oddities follow public statistics of real repositories: descriptions
//! with a long tail, Zipfian words that compress as real text does, versions, embargoes,
//! every script, identifiers with valid check digits, and rare giants (thousands of creators,
//! 46 KB of description, hundreds of related works, thousands of files). Nothing resolves:
//! DOIs carry DataCite's test prefix, hosts end in `.example`.

mod description;
mod distributions;
mod document;
mod family;
mod files;
mod json;
mod kinds;
mod metadata;
mod month;
mod names;
mod people;
mod prose;
mod quirks;
mod rng;
mod tongues;
mod words;
mod works;

use document::Document;
use family::Families;
use month::{Fate, Timeline};
use rng::{Rng, mix};

pub use month::MAX_MONTH;

/// The synthetic repository's own DOIs, up to the record number: 10.5072 is DataCite's prefix
/// for tests.
pub const DOI_PREFIX: &str = "10.5072/zenodo.";

/// Where the synthetic repository pretends to be.
pub const BASE_URL: &str = "https://repository.example";

/// Ids of records start here, those of families far above, so that frames of consecutive ids
/// hold records only.
const FIRST_RECORD: u64 = 1_000_000;
const FIRST_CONCEPT: u64 = 900_000_000;

/// Of 14 consecutive ids 13 are records (93 %); in a real repository the rest are drafts
/// that were never published.
const SPAN: u64 = 14;

/// The record id of the record with this ordinal; strictly increasing.
///
/// ```
/// use offprint::record::synth::record_id;
/// assert!(record_id(0) >= 1_000_000);
/// assert!(record_id(255) - record_id(0) < 280);
/// ```
pub const fn record_id(ordinal: u64) -> u64 {
    let (block, place) = (ordinal / (SPAN - 1), ordinal % (SPAN - 1));
    let hole = Rng::new(0x401E, block, 0).below(SPAN);
    FIRST_RECORD + block * SPAN + place + (place >= hole) as u64
}

/// A synthetic repository: so many records at the end of month 1 under one seed.
#[derive(Debug, Clone, Copy)]
pub struct Synth {
    records: u64,
    seed: u64,
}

/// Why a record is in a month's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// First version of a work, or a new version of one.
    New,
    /// Same id, changed metadata, `revision_id` one higher.
    Edited,
    /// Withdrawn: `deletion_status` is `D` and there is a tombstone.
    Withdrawn,
}

impl Synth {
    /// The repository with `records` records at the end of month 1.
    pub const fn new(records: u64, seed: u64) -> Self {
        Synth { records, seed: mix(seed) }
    }

    /// What `month` brings, in ascending id order; months count from 1 to [`MAX_MONTH`] and
    /// are clamped to that.
    ///
    /// Month 1 is the whole repository. Every later month brings about 4 % new records (some
    /// of them new versions of older works), edits 1.6 %, 70 % of them among the newest three
    /// months' ids, and withdraws 0.2 %. Cost beyond the records written: one hash for every
    /// record there is.
    pub fn month(&self, month: u32) -> Month {
        let month = month.clamp(1, MAX_MONTH);
        let timeline = Timeline::new(self.records, self.seed, month);
        Month { seed: self.seed, month, timeline, next: 0 }
    }

    /// Appends the record with this ordinal (0-based) as it stands at the end of month 1: one
    /// line of native JSON without a line end. Ordinals beyond the corpus work too.
    pub fn write_record(&self, ordinal: u64, out: &mut Vec<u8>) {
        let timeline = Timeline::new(self.records, self.seed, 1);
        write(self.seed, &timeline, 1, ordinal, &Fate::default(), out);
    }
}

/// What one month brings: a stream of records.
#[derive(Debug)]
pub struct Month {
    seed: u64,
    month: u32,
    timeline: Timeline,
    next: u64,
}

impl Month {
    /// Appends the next record, one line of JSON without a line end, and says why it is there;
    /// `None` when there is no more.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Option<Change> {
        let end = self.timeline.count(i64::from(self.month));
        let opening =
            if self.month == 1 { 0 } else { self.timeline.count(i64::from(self.month) - 1) };
        while self.next < end {
            let ordinal = self.next;
            self.next += 1;
            if ordinal >= opening {
                write(self.seed, &self.timeline, self.month, ordinal, &Fate::default(), out);
                return Some(Change::New);
            }
            if !self.timeline.touched(ordinal) {
                continue;
            }
            let fate = self.timeline.fate(ordinal);
            let change = match fate.withdrawn {
                None => Change::Edited,
                Some(month) if month == self.month => Change::Withdrawn,
                Some(_) => continue,
            };
            write(self.seed, &self.timeline, self.month, ordinal, &fate, out);
            return Some(change);
        }
        None
    }
}

fn write(seed: u64, timeline: &Timeline, month: u32, ordinal: u64, fate: &Fate, out: &mut Vec<u8>) {
    let last = fate.withdrawn.or(fate.edited.last().copied());
    let changed = last.map(|month| timeline.event_time(ordinal, month));
    let place = Families { seed }.place(ordinal);
    let horizon = timeline.count(i64::from(month));
    let times = (timeline.created(ordinal), changed);
    Document::new(seed, ordinal, place, horizon, times, fate).write(out);
}
