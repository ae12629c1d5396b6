//! Deltas: what turns the dumps of one release into those of a later one.
//!
//! A delta holds the records that are new or other in each dump format, whole, and the ids of
//! those that went. Two things follow from rows being whole. *Closure*: base packs and delta give
//! the next release's packs byte for byte ([`apply`]). *Merging*: of several deltas in a row the
//! last word on a record wins ([`windows`](shelf)), so a merged delta also serves whoever stands
//! anywhere inside it.
//!
//! Making one needs the packs of both releases and nothing else: what is equal is passed over by
//! hash, pack by pack and frame by frame, and only the frames that differ are decoded. A build
//! that goes on from the release before has the records that differ [in hand](InHand).

pub mod apply;
mod edits;
mod in_hand;
mod make;
mod merge;
mod reasons;
mod rows;
pub mod shelf;
pub mod since;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use serde::{Deserialize, Serialize};

use super::canonical::CanonicalError;
use super::fetch::{FetchError, Source};
use super::hash::{is_sha256, sha256};
use super::layout::{Container, Format, Spans, is_release_id, is_safe_path};
use super::manifest::{Encoder, FORMAT, Manifest};
use super::pack::{Fault, PackError};
use super::pointer::{PointerError, ReleaseLine};
use super::stage::StageError;

pub use in_hand::{Bodies, Edit, InHand};
pub use make::make;
pub use merge::{Change, Merged, What};

/// Largest `delta.json` a reader accepts.
pub const MAX_DELTA_JSON: u64 = 4 << 20;

/// Name of a delta's description in its directory.
pub const DELTA_JSON: &str = "delta.json";

/// Directory of the deltas.
pub const DELTA_DIR: &str = "dumps/delta";

/// Directory of a delta: `dumps/delta/<from>..<to>`.
pub fn delta_dir(from: &str, to: &str) -> String {
    format!("{DELTA_DIR}/{from}..{to}")
}

/// `delta.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// [`FORMAT`].
    pub format: u32,
    /// The release it starts from, as `releases.json` lists it.
    pub from: ReleaseLine,
    /// The release it leads to.
    pub to: ReleaseLine,
    /// What made the frames of both; `None` when that changed between them. Then the records
    /// can be read, but packs cannot be made.
    pub encoder: Option<Encoder>,
    /// Format → how ids map to packs and frames, in both releases.
    pub spans: BTreeMap<Format, Spans>,
    /// Format → its new and edited records; a format without any is absent.
    pub upserts: BTreeMap<Format, Rows>,
    /// The records that went; `None` when there are none.
    pub deletes: Option<Rows>,
    /// How many of what changed.
    pub changes: Changes,
}

/// One file of a delta.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Path from the web root.
    pub path: String,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Records, or lines, in it.
    pub records: u64,
}

/// Counts of what changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Public records that were not before.
    pub added: u64,
    /// Records of which a byte is other in some format.
    pub edited: u64,
    /// Records that are no longer public.
    pub withdrawn: u64,
    /// Member of the native JSON (members of `metadata` singly) → edited records in which it is
    /// other. In a merged delta the sum over its parts.
    pub fields: BTreeMap<String, u64>,
    /// Resource type → what happened to records of it. In a merged delta the sum over its parts.
    pub types: BTreeMap<String, TypeChanges>,
}

/// Counts of one resource type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeChanges {
    /// New records.
    pub added: u64,
    /// Edited records.
    pub edited: u64,
    /// Records that went.
    pub withdrawn: u64,
}

impl Changes {
    /// The counts by field and type of `self` and `other` together, without the totals.
    fn details_with(&self, other: &Changes) -> Changes {
        let mut sum = Changes::default();
        for part in [self, other] {
            for (field, count) in &part.fields {
                *sum.fields.entry(field.clone()).or_default() += count;
            }
            for (name, counts) in &part.types {
                let known = sum.types.entry(name.clone()).or_default();
                known.added += counts.added;
                known.edited += counts.edited;
                known.withdrawn += counts.withdrawn;
            }
        }
        sum
    }
}

/// One line of `deletes.jsonl.zst`: a record that is in no dump any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// When: the removal date of its tombstone, else the as-of of the release without it.
    pub deleted: String,
    /// Its DOI, where the ledger of removals has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doi: Option<String>,
    /// Record id.
    pub id: String,
    /// Reason id of its tombstone; `restricted` or `withheld` for a record that has none.
    pub reason: String,
    /// In a merged delta: it came and went inside, the first release does not have it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unseen: bool,
}

/// Why a delta could not be made, read or applied.
#[derive(Debug, thiserror::Error)]
pub enum DeltaError {
    /// A file could not be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A file could not be written.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A pack is damaged.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A pack could not be written.
    #[error(transparent)]
    Write(#[from] super::pack::writer::WriteError),
    /// A frame could not be made.
    #[error(transparent)]
    Encode(#[from] super::pack::codec::EncodeError),
    /// A list of releases could not be read.
    #[error(transparent)]
    Pointer(#[from] PointerError),
    /// A value has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// Bytes could not be passed on, or zstd could not start.
    #[error("cannot write {path}")]
    Io {
        /// Which file.
        path: String,
        /// Cause.
        source: io::Error,
    },
    /// A file of a delta is not what its description says.
    #[error("{path}: {what}")]
    Damaged {
        /// Which file.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// Two releases cut their ids in different ways or have different formats.
    #[error("releases {from} and {to} have other formats or spans; no delta leads over that")]
    Apart {
        /// Release id.
        from: String,
        /// Release id.
        to: String,
    },
    /// This program cannot make the bytes that the release has.
    #[error("release {release} was made by another encoder (zstd {zstd}, level {level})")]
    Encoder {
        /// Release id.
        release: String,
        /// Its zstd.
        zstd: String,
        /// Its level.
        level: i32,
    },
    /// What came out is not the pack that the manifest lists.
    #[error("{0} does not come out as the manifest lists it")]
    Open(String),
}

impl DeltaError {
    fn damaged(path: &str, what: impl ToString) -> DeltaError {
        DeltaError::Damaged { path: path.to_owned(), what: what.to_string() }
    }

    fn fault(path: &str) -> impl Fn(Fault) -> DeltaError + '_ {
        move |fault| DeltaError::damaged(path, fault)
    }
}

impl Delta {
    /// Reads and checks `delta.json` at `path`, which must have this hash.
    ///
    /// # Errors
    /// When it is absent, another file, or names what cannot be.
    pub fn read(source: &Source, path: &str, hash: &str) -> Result<Delta, DeltaError> {
        let bytes = source.read_all(path, MAX_DELTA_JSON)?;
        if sha256(&bytes) != hash {
            return Err(DeltaError::damaged(path, "is not the listed file"));
        }
        let delta: Delta =
            serde_json::from_slice(&bytes).map_err(|error| DeltaError::damaged(path, error))?;
        delta.check().map_err(|what| DeltaError::damaged(path, what))?;
        Ok(delta)
    }

    /// Every file beside `delta.json`, upserts first.
    pub fn files(&self) -> impl Iterator<Item = &Rows> {
        self.upserts.values().chain(&self.deletes)
    }

    /// The files that it takes to use it for these formats.
    pub fn files_of<'a>(&'a self, formats: &'a [Format]) -> impl Iterator<Item = &'a Rows> {
        let rows = self.upserts.iter().filter(|(format, _)| formats.contains(format));
        rows.map(|(_, rows)| rows).chain(&self.deletes)
    }

    /// Directory of its files.
    pub fn dir(&self) -> String {
        delta_dir(&self.from.release, &self.to.release)
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.format != FORMAT {
            return Err("is of another format");
        }
        let sides = [&self.from, &self.to];
        let named =
            |line: &&ReleaseLine| is_release_id(&line.release) && is_sha256(&line.manifest.sha256);
        if !sides.iter().all(named) || self.from.sequence >= self.to.sequence {
            return Err("names releases that cannot be");
        }
        if self.spans.values().any(|spans| spans.validate().is_err()) {
            return Err("has spans that cannot be");
        }
        let dir = self.dir();
        let mine = |rows: &Rows| {
            is_safe_path(&rows.path)
                && rows.path.strip_prefix(&dir).is_some_and(|name| name.starts_with('/'))
                && is_sha256(&rows.sha256)
        };
        if !self.files().all(mine) {
            return Err("names files that cannot be");
        }
        if self.upserts.keys().any(|format| !self.spans.contains_key(format)) {
            return Err("has records of a format without spans");
        }
        Ok(())
    }
}

/// A release as a delta sees it.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// Its line in `releases.json`.
    pub line: &'a ReleaseLine,
    /// Its manifest.
    pub manifest: &'a Manifest,
}

/// The formats and spans that both have, if those are the same in both.
fn shared_spans(from: &Side<'_>, to: &Side<'_>) -> Result<BTreeMap<Format, Spans>, DeltaError> {
    let spans = |side: &Side<'_>| -> BTreeMap<Format, Spans> {
        side.manifest.dumps.iter().map(|(format, dump)| (*format, dump.spans)).collect()
    };
    let (mine, theirs) = (spans(from), spans(to));
    let packs: BTreeSet<u64> = mine.values().map(|spans| spans.pack_ids).collect();
    let bits: BTreeSet<u32> = mine.values().map(|spans| spans.hash_pack_bits).collect();
    if mine == theirs && packs.len() <= 1 && bits.len() <= 1 {
        return Ok(mine);
    }
    let (from, to) = (from.line.release.clone(), to.line.release.clone());
    Err(DeltaError::Apart { from, to })
}

/// File name of the rows of a format.
fn rows_name(format: Format) -> String {
    let suffix = match format.container() {
        Container::Tar => "tar.zst",
        Container::Lines => "jsonl.zst",
    };
    format!("upserts.{format}.{suffix}")
}
