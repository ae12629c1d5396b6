//! `dumps/deltas.json`: which deltas there are, and which of them lead from one release to
//! another.
//!
//! Beside the delta of each release to the one before, there are merged ones: *windows* of 2, 4
//! and 8 releases. A window of *k* releases ends at every release whose sequence number is one
//! more than a multiple of *k*, and is made from the two windows of half its width. As rows are
//! whole and the last word wins, a window serves every release inside it; so whoever is up to
//! twelve releases behind needs at most four.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::super::canonical::{self, CanonicalError};
use super::super::fetch::{FetchError, Source};
use super::super::hash::is_sha256;
use super::super::layout::{Format, MANIFEST_JSON, release_dir};
use super::super::manifest::{FORMAT, Manifest};
use super::super::pointer::{MAX_POINTER, PointerError, ReleaseLine};
use super::super::stage::{Stage, Written};
use super::merge::compose;
use super::writer::Made;
use super::{DELTA_DIR, DELTA_JSON, Delta, DeltaError, InHand, Side, delta_dir, make};

/// The list of deltas; replaced with every release, before the pointers.
pub const DELTAS_JSON: &str = "dumps/deltas.json";

/// Releases back from which deltas lead to the standing one.
pub const REACH: u64 = 12;
/// Most deltas that it takes, as far as windows could be made.
pub const MOST: usize = 4;
/// Widths of the windows, narrow to wide.
const WIDTHS: [u64; 3] = [2, 4, 8];

/// `dumps/deltas.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// [`FORMAT`].
    pub format: u32,
    /// The deltas, by the sequence numbers of their ends.
    pub deltas: Vec<DeltaLine>,
}

/// One delta.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeltaLine {
    /// Sequence number of the first release it serves.
    pub from_sequence: u64,
    /// Its release id.
    pub from: String,
    /// Sequence number of the release it leads to.
    pub to_sequence: u64,
    /// Its release id.
    pub to: String,
    /// Path of `delta.json`.
    pub path: String,
    /// Size of `delta.json`.
    pub bytes: u64,
    /// SHA-256 of `delta.json`.
    pub sha256: String,
    /// Format → bytes of its rows.
    pub upserts: BTreeMap<Format, u64>,
    /// Bytes of the deletions.
    pub deletes: u64,
}

impl DeltaLine {
    fn new(delta: &Delta, written: &Written) -> DeltaLine {
        let (upserts, deletes) = sizes(delta);
        DeltaLine {
            from_sequence: delta.from.sequence,
            from: delta.from.release.clone(),
            to_sequence: delta.to.sequence,
            to: delta.to.release.clone(),
            path: written.path.clone(),
            bytes: written.bytes,
            sha256: written.sha256.clone(),
            upserts,
            deletes,
        }
    }

    /// Bytes it takes to use it for these formats.
    pub fn cost(&self, formats: impl IntoIterator<Item = Format>) -> u64 {
        let wanted = formats.into_iter().filter_map(|format| self.upserts.get(&format));
        wanted
            .fold(self.bytes.saturating_add(self.deletes), |sum, bytes| sum.saturating_add(*bytes))
    }

    fn is_plausible(&self) -> bool {
        self.from_sequence < self.to_sequence
            && is_sha256(&self.sha256)
            && self.path == format!("{}/{DELTA_JSON}", delta_dir(&self.from, &self.to))
            && super::is_release_id(&self.from)
            && super::is_release_id(&self.to)
    }

    /// Its description, which must be of these two releases.
    ///
    /// # Errors
    /// When it is absent, another one, or names files of other sizes.
    pub fn read(&self, source: &Source) -> Result<Delta, DeltaError> {
        let delta = Delta::read(source, &self.path, &self.sha256)?;
        let ends = (&delta.from.release, delta.from.sequence, &delta.to.release, delta.to.sequence);
        if ends != (&self.from, self.from_sequence, &self.to, self.to_sequence) {
            return Err(DeltaError::damaged(&self.path, "is of other releases than listed"));
        }
        if sizes(&delta) != (self.upserts.clone(), self.deletes) {
            return Err(DeltaError::damaged(&self.path, "has files of other sizes than listed"));
        }
        Ok(delta)
    }
}

/// Format → bytes of its rows; bytes of the deletions.
fn sizes(delta: &Delta) -> (BTreeMap<Format, u64>, u64) {
    let upserts = delta.upserts.iter().map(|(format, rows)| (*format, rows.bytes)).collect();
    (upserts, delta.deletes.as_ref().map_or(0, |rows| rows.bytes))
}

impl Shelf {
    /// Reads the list; an empty one when there is none.
    ///
    /// # Errors
    /// When it cannot be read or is not one.
    pub fn read(source: &Source) -> Result<Shelf, DeltaError> {
        let bytes = match source.read_all(DELTAS_JSON, MAX_POINTER) {
            Err(FetchError::NotFound(_)) => return Ok(Shelf { format: FORMAT, deltas: vec![] }),
            other => other?,
        };
        let shelf: Shelf = serde_json::from_slice(&bytes)
            .map_err(|source| PointerError::Json { path: DELTAS_JSON, source })?;
        if shelf.format != FORMAT || !shelf.deltas.iter().all(DeltaLine::is_plausible) {
            let what = format!("format {} or a line", shelf.format);
            return Err(PointerError::Member { path: DELTAS_JSON, what }.into());
        }
        Ok(shelf)
    }

    /// Writes the list, if it is another than the one that stands.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, stage: &Stage) -> Result<(), DeltaError> {
        stage.write(DELTAS_JSON, &self.to_bytes()?)?;
        Ok(())
    }

    /// The bytes of `deltas.json`, its lines by release.
    ///
    /// # Errors
    /// When a value has no canonical form.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        let sorted: BTreeMap<(u64, u64), &DeltaLine> =
            self.deltas.iter().map(|l| ((l.to_sequence, l.from_sequence), l)).collect();
        let deltas = sorted.into_values().cloned().collect();
        canonical::to_bytes(&Shelf { format: FORMAT, deltas })
    }

    /// The deltas that lead from release number `at` to number `head`, oldest first: at most
    /// [`MOST`] of them if that can be, and of such ways the one that costs least.
    pub fn way(
        &self,
        at: u64,
        head: u64,
        cost: impl Fn(&DeltaLine) -> u64,
    ) -> Option<Vec<&DeltaLine>> {
        let few = self.cheapest(at, head, MOST, &cost);
        few.or_else(|| self.cheapest(at, head, self.deltas.len(), &cost))
    }

    fn cheapest(
        &self,
        at: u64,
        head: u64,
        most: usize,
        cost: &impl Fn(&DeltaLine) -> u64,
    ) -> Option<Vec<&DeltaLine>> {
        let mut lines: Vec<&DeltaLine> =
            self.deltas.iter().filter(|line| line.to_sequence <= head).collect();
        lines.sort_by_key(|line| (line.to_sequence, line.from_sequence));
        // Place → for each number of deltas used, the least cost and the way.
        type Ways<'a> = BTreeMap<usize, (u64, Vec<&'a DeltaLine>)>;
        let mut known: BTreeMap<u64, Ways<'_>> = BTreeMap::new();
        known.insert(at, Ways::from([(0, (0, Vec::new()))]));
        for line in lines {
            let reached: Vec<(usize, u64, Vec<&DeltaLine>)> = known
                .range(line.from_sequence..line.to_sequence)
                .flat_map(|(_, ways)| ways)
                .filter(|(used, _)| **used < most)
                .map(|(used, (sum, way))| {
                    let way = way.iter().copied().chain([line]).collect();
                    (used + 1, sum.saturating_add(cost(line)), way)
                })
                .collect();
            let ways = known.entry(line.to_sequence).or_default();
            for (used, sum, way) in reached {
                if ways.get(&used).is_none_or(|(best, _)| sum < *best) {
                    ways.insert(used, (sum, way));
                }
            }
        }
        let ways = known.remove(&head)?;
        ways.into_values().min_by_key(|(sum, way)| (*sum, way.len())).map(|(_, way)| way)
    }

    fn find(&self, from: u64, to: u64) -> Option<&DeltaLine> {
        self.deltas.iter().find(|line| (line.from_sequence, line.to_sequence) == (from, to))
    }
}

/// The windows that end at a release, narrow to wide: (from, to) by sequence number.
pub fn windows(sequence: u64) -> impl Iterator<Item = (u64, u64)> {
    let ends = WIDTHS
        .into_iter()
        .filter(move |width| sequence > *width && (sequence - 1).is_multiple_of(*width));
    ends.map(move |width| (sequence - width, sequence))
}

/// Writes the delta that leads to the release `to`, about to be made from `from`, and the windows
/// that end there. What is there is not made again. Returns the list of deltas as it is to be, all
/// of them on the disk, and the new delta; the list goes with the pointers, after the list of
/// releases that it speaks of.
///
/// # Errors
/// When a pack cannot be read or a file not be written. [`DeltaError::Apart`] is none: then
/// deltas begin anew, and there is no new one.
pub fn extend(
    stage: &Stage,
    listed: &[ReleaseLine],
    from: Side<'_>,
    to: Side<'_>,
    in_hand: &InHand,
) -> Result<(Shelf, Option<Delta>), DeltaError> {
    let source = Source::open(&stage.root().to_string_lossy());
    let sequence = to.line.sequence;
    let mut shelf = Shelf::read(&source)?;
    // A build that was killed may have listed deltas to a release that never stood.
    let stands = |number: u64, release: &str| {
        (number == sequence && release == to.line.release)
            || listed.iter().any(|line| line.sequence == number && line.release == release)
    };
    shelf.deltas.retain(|line| {
        stands(line.from_sequence, &line.from)
            && stands(line.to_sequence, &line.to)
            && line.to_sequence + REACH > sequence
    });
    let known = shelf.find(from.line.sequence, sequence).and_then(|line| line.read(&source).ok());
    let known = known
        .filter(|delta| (&delta.from, &delta.to) == (from.line, to.line) && is_whole(stage, delta));
    let delta = match known {
        Some(delta) => delta,
        None => match make(stage, &source, from, to, in_hand) {
            Err(DeltaError::Apart { .. }) => return Ok((shelf, None)),
            made => put(&mut shelf, made?),
        },
    };
    for (start, end) in windows(sequence) {
        let middle = start + (end - start) / 2;
        let halves = (shelf.find(start, middle), shelf.find(middle, end));
        let (Some(first), Some(second)) = halves else { continue };
        let parts = [first.read(&source)?, second.read(&source)?];
        let known = shelf.find(start, end).and_then(|line| line.read(&source).ok());
        if known.is_some_and(|window| window.to == *to.line && is_whole(stage, &window)) {
            continue;
        }
        match compose(stage, &source, &parts) {
            Err(DeltaError::Apart { .. }) => {}
            made => {
                put(&mut shelf, made?);
            }
        }
    }
    // What will be listed must be on the disk.
    stage.settle()?;
    Ok((shelf, Some(delta)))
}

fn put(shelf: &mut Shelf, made: Made) -> Delta {
    let line = DeltaLine::new(&made.delta, &made.written);
    let ends = (line.from_sequence, line.to_sequence);
    shelf.deltas.retain(|other| (other.from_sequence, other.to_sequence) != ends);
    shelf.deltas.push(line);
    made.delta
}

/// Whether all files of a delta are there, by size.
fn is_whole(stage: &Stage, delta: &Delta) -> bool {
    delta.files().all(|rows| {
        fs::metadata(stage.root().join(&rows.path)).is_ok_and(|meta| meta.len() == rows.bytes)
    })
}

/// Removes deltas that `deltas.json` does not list. Returns their directories, sorted.
///
/// # Errors
/// Before anything is removed when the list cannot be read; otherwise when a removal fails.
pub fn sweep(stage: &Stage) -> Result<Vec<String>, DeltaError> {
    let source = Source::open(&stage.root().to_string_lossy());
    let listed = Shelf::read(&source)?.deltas;
    let kept: BTreeSet<String> =
        listed.iter().map(|line| delta_dir(&line.from, &line.to)).collect();
    let fail = |source| DeltaError::Io { path: DELTA_DIR.to_owned(), source };
    let entries = match fs::read_dir(stage.root().join(DELTA_DIR)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(fail)?,
    };
    let mut removed = Vec::new();
    for entry in entries {
        let entry = entry.map_err(fail)?;
        let dir = format!("{DELTA_DIR}/{}", entry.file_name().to_string_lossy());
        if !kept.contains(&dir) {
            let kind = entry.file_type().map_err(fail)?;
            let path = entry.path();
            if kind.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
                .map_err(fail)?;
            removed.push(dir);
        }
    }
    removed.sort();
    Ok(removed)
}

/// Forgets and removes every delta: after a take-down, as merged rows may hold what was taken
/// down, and deltas begin anew.
///
/// # Errors
/// When a file cannot be written or removed.
pub fn clear(stage: &Stage) -> Result<Vec<String>, DeltaError> {
    Shelf::default().write(stage)?;
    stage.settle()?;
    sweep(stage)
}

/// The manifest of a listed release, if it is there and the one that is listed, and all its
/// packs are there by size.
///
/// # Errors
/// When the directory cannot be read.
pub fn complete_release(
    source: &Source,
    line: &ReleaseLine,
) -> Result<Option<Manifest>, FetchError> {
    let path = format!("{}/{MANIFEST_JSON}", release_dir(&line.release));
    let bytes = match source.read_all(&path, super::super::manifest::MAX_MANIFEST) {
        Err(FetchError::NotFound(_)) => return Ok(None),
        other => other?,
    };
    let listed = super::sha256(&bytes) == line.manifest.sha256;
    let Some(manifest) = Manifest::from_bytes(&bytes).ok().filter(|_| listed) else {
        return Ok(None);
    };
    for pack in manifest.dumps.values().flat_map(|dump| &dump.packs) {
        if source.size(&pack.path)? != Some(pack.bytes) {
            return Ok(None);
        }
    }
    Ok(Some(manifest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(from: u64, to: u64) -> DeltaLine {
        let id = |n: u64| format!("{:08}T000000Z", 20_000_000 + n);
        DeltaLine {
            from_sequence: from,
            from: id(from),
            to_sequence: to,
            to: id(to),
            path: format!("{}/delta.json", delta_dir(&id(from), &id(to))),
            bytes: 1,
            sha256: "a".repeat(64),
            upserts: BTreeMap::new(),
            deletes: 0,
        }
    }

    #[test]
    fn whoever_is_up_to_twelve_releases_behind_needs_at_most_four_deltas() {
        let mut shelf = Shelf { format: FORMAT, deltas: Vec::new() };
        for head in 2..=200 {
            // As in `extend`.
            shelf.deltas.retain(|line| line.to_sequence + REACH > head);
            shelf.deltas.push(line(head - 1, head));
            for (start, end) in windows(head) {
                let middle = start + (end - start) / 2;
                assert!(shelf.find(start, middle).is_some() && shelf.find(middle, end).is_some());
                shelf.deltas.push(line(start, end));
            }
            for at in head.saturating_sub(REACH).max(1)..head {
                let weights: [fn(&DeltaLine) -> u64; 3] = [
                    |line| line.to_sequence - line.from_sequence,
                    |line| 100 * (line.to_sequence - line.from_sequence),
                    |_| 1,
                ];
                for cost in weights {
                    let way = shelf.way(at, head, cost).unwrap();
                    assert!(way.len() <= MOST, "{at} to {head}: {way:?}");
                    let mut place = at;
                    for line in &way {
                        assert!(line.from_sequence <= place && place < line.to_sequence);
                        place = line.to_sequence;
                    }
                    assert_eq!(place, head);
                }
            }
        }
        assert!(shelf.deltas.len() < 48, "{}", shelf.deltas.len());
    }

    #[test]
    fn the_cheapest_way_is_taken_and_a_gap_is_none() {
        let deltas = vec![line(1, 2), line(2, 3), line(1, 3), line(4, 5)];
        let shelf = Shelf { format: FORMAT, deltas };
        let dear = |line: &DeltaLine| 10 * (line.to_sequence - line.from_sequence).pow(2);
        let ends = |at, head| -> Option<Vec<(u64, u64)>> {
            let way = shelf.way(at, head, dear)?;
            Some(way.iter().map(|line| (line.from_sequence, line.to_sequence)).collect())
        };
        assert_eq!(ends(1, 3), Some(vec![(1, 2), (2, 3)]));
        assert_eq!(ends(2, 3), Some(vec![(2, 3)]));
        assert_eq!(ends(1, 5), None);
        assert_eq!(ends(3, 3), Some(vec![]));
    }
}
