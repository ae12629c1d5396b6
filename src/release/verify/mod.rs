//! Checks a release against its manifest, from a directory or over HTTP.
//!
//! `release.json` names the manifest by hash, the manifest names everything else: sizes, hashes,
//! the structure of packs down to single records, counts. What is found wrong is listed, never
//! an early end, except where nothing further can be known (no pointer, no manifest).

mod deltas;
pub(super) mod files;
mod pack;
mod repair;
mod search;
mod site_pack;
mod unlisted;

use std::fmt;
use std::io::{self, Read};

use rayon::prelude::*;
use serde::Serialize;

use super::fetch::{FetchError, Source};
use super::hash::Hashing;
use super::layout::{Format, LATEST_JSON, RELEASE_JSON, RELEASES_JSON, SHA256SUMS, release_dir};
use super::manifest::{MAX_MANIFEST, Manifest, PackEntry, SitePack};
use super::pack::FrameDecoder;
use super::pointer::{Latest, PointerError, ReleasePointer, Releases};
use super::pull::{Selection, selection};
use super::sums;

pub use repair::{RepairError, Repaired, repair};

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// Sizes, the small files' hashes, the tails of packs.
    Quick,
    /// Every byte hashed; the records of every 16th frame checked, and of first and last.
    Sampled,
    /// Every byte hashed, every record checked.
    Full,
}

/// What kind of thing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A pointer, manifest or list cannot be used.
    Pointer,
    /// A listed file is not there.
    Missing,
    /// A file has another size than listed.
    Size,
    /// A file has another hash than listed.
    Hash,
    /// The tail of a pack is wrong.
    Tail,
    /// A frame of a pack is wrong.
    Frame,
    /// Numbers contradict each other.
    Counts,
    /// `SHA256SUMS` contradicts the manifest.
    Sums,
    /// A file could not be read.
    Read,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Which file, from the web root.
    pub path: String,
    /// What kind.
    pub kind: Kind,
    /// What exactly, and where in the file.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl Problem {
    fn new(path: &str, kind: Kind, message: impl Into<String>) -> Problem {
        Problem { path: path.to_owned(), kind, message: message.into() }
    }

    fn fetch(path: &str, error: &FetchError) -> Problem {
        match error {
            FetchError::NotFound(_) => Problem::new(path, Kind::Missing, "is missing"),
            FetchError::Io { source, .. } => {
                Problem::new(path, Kind::Read, format!("cannot be read: {source}"))
            }
            FetchError::Short { end, .. } => {
                Problem::new(path, Kind::Size, format!("ends before byte {end}"))
            }
            other => Problem::new(path, Kind::Read, other.to_string()),
        }
    }
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Release id; empty when there is no usable pointer.
    pub release: String,
    /// Digest of the manifest; empty when there is no usable pointer.
    pub manifest_sha256: String,
    /// Files checked.
    pub files: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Frames decoded.
    pub frames: u64,
    /// Records checked, in all formats together.
    pub records: u64,
    /// What is wrong, by path; empty means: the release is good to this depth.
    pub problems: Vec<Problem>,
    /// What is odd but does no harm, such as files that nothing lists.
    pub warnings: Vec<String>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Told how far a verification is, from many threads.
pub trait Progress: Sync {
    /// How many files and bytes are listed.
    fn total(&self, files: u64, bytes: u64);
    /// `bytes` more are done.
    fn advance(&self, bytes: u64);
}

impl Progress for () {
    fn total(&self, _: u64, _: u64) {}
    fn advance(&self, _: u64) {}
}

/// Checks the standing release at `source`. Threads: the current rayon pool.
///
/// Memory: one frame per thread, and eight bytes per site file.
pub fn verify(source: &Source, depth: Depth, progress: &dyn Progress) -> Report {
    let mut report = Report::default();
    let before = source.traffic().bytes;
    match standing(source, &mut report) {
        Err(problem) => report.problems.push(problem),
        Ok((pointer, manifest)) => {
            let held = source.directory().and_then(selection).unwrap_or_default();
            if held != Selection::default() {
                report.warnings.push("is a mirror of a part of the release".to_owned());
            }
            let stands = |pack: &SitePack| matches!(source.size(&pack.path), Ok(Some(_)));
            let packed = manifest.site_packs().any(stands);
            let check = Check { source, held, manifest: &manifest, depth, progress, packed };
            check.everything(&pointer, &mut report);
        }
    }
    report.bytes = source.traffic().bytes - before;
    report.problems.sort();
    report.problems.dedup();
    report
}

/// Pointer and manifest, whose hash is as the pointer says.
fn standing(source: &Source, report: &mut Report) -> Result<(ReleasePointer, Manifest), Problem> {
    let pointer =
        ReleasePointer::read(source).map_err(|error| pointer_problem(RELEASE_JSON, &error))?;
    let pointer = pointer.ok_or_else(|| Problem::new(RELEASE_JSON, Kind::Missing, "is missing"))?;
    report.release.clone_from(&pointer.release);
    report.manifest_sha256.clone_from(&pointer.manifest.sha256);
    let named = &pointer.manifest;
    let bytes = source
        .read_all(&named.path, MAX_MANIFEST)
        .map_err(|error| Problem::fetch(&named.path, &error))?;
    let sha256 = super::hash::sha256(&bytes);
    if sha256 != named.sha256 {
        let message = format!("has SHA-256 {sha256}, release.json says {}", named.sha256);
        return Err(Problem::new(&named.path, Kind::Hash, message));
    }
    let manifest = Manifest::from_bytes(&bytes)
        .map_err(|error| Problem::new(&named.path, Kind::Pointer, error.to_string()))?;
    if manifest.release != pointer.release {
        let message = format!("is of release {}", manifest.release);
        return Err(Problem::new(&named.path, Kind::Pointer, message));
    }
    report.files += 2;
    Ok((pointer, manifest))
}

fn pointer_problem(path: &str, error: &PointerError) -> Problem {
    match error {
        PointerError::Fetch(error) => Problem::fetch(path, error),
        PointerError::Json { source, .. } => {
            Problem::new(path, Kind::Pointer, format!("is not a pointer: {source}"))
        }
        other => Problem::new(path, Kind::Pointer, other.to_string()),
    }
}

struct Check<'a> {
    source: &'a Source,
    /// What of the release is there at all: a mirror may be of a part.
    held: Selection,
    manifest: &'a Manifest,
    depth: Depth,
    progress: &'a dyn Progress,
    /// Whether the site stands in packs here. Where none of those that are listed is there, it
    /// was unpacked: its files are at their paths.
    packed: bool,
}

/// What one file's check found.
#[derive(Default)]
struct Findings {
    files: u64,
    frames: u64,
    records: u64,
    problems: Vec<Problem>,
    /// Hashes of the paths that a site list names.
    listed: Vec<u64>,
}

impl Findings {
    fn one(problem: Problem) -> Findings {
        Findings { files: 1, problems: vec![problem], ..Findings::default() }
    }

    fn join(mut self, other: Findings) -> Findings {
        self.files += other.files;
        self.frames += other.frames;
        self.records += other.records;
        self.problems.extend(other.problems);
        self.listed.extend(other.listed);
        self
    }
}

impl Check<'_> {
    fn everything(&self, pointer: &ReleasePointer, report: &mut Report) {
        let (files, bytes) = self
            .manifest
            .objects()
            .filter(|(path, ..)| self.held.has(path))
            .fold((0, 0u64), |(n, sum), (_, bytes, _)| (n + 1, sum.saturating_add(bytes)));
        self.progress.total(files, bytes);
        self.pointers(pointer, report);
        self.sums(report);
        self.counts(report);
        let packs: Vec<(Format, &PackEntry)> = self
            .manifest
            .dumps
            .iter()
            .filter(|_| self.held.dumps)
            .flat_map(|(format, dump)| dump.packs.iter().map(|pack| (*format, pack)))
            .collect();
        let packs = packs
            .into_par_iter()
            .map_init(FrameDecoder::new, |decoder, (format, entry)| match decoder {
                Ok(decoder) => self.pack(format, entry, decoder),
                Err(error) => {
                    Findings::one(Problem::new(&entry.path, Kind::Read, error.to_string()))
                }
            })
            .reduce(Findings::default, Findings::join);
        let files = self
            .manifest
            .files
            .par_iter()
            .filter(|entry| self.held.has(&entry.path))
            .map(|entry| self.small_file(entry))
            .reduce(Findings::default, Findings::join);
        let mut found = packs.join(files);
        if self.held.dumps {
            found = found.join(self.deltas());
        }
        for entry in self.manifest.site.iter().filter(|_| self.held.site) {
            found = found.join(self.site(entry));
        }
        if let Some(named) = pointer.search.as_ref().filter(|_| self.held.search) {
            found = found.join(self.search(named));
        }
        report.files += found.files;
        report.frames = found.frames;
        report.records = found.records;
        report.problems.append(&mut found.problems);
        let standing = (self.manifest, self.packed);
        unlisted::warn(self.source, standing, pointer, found.listed, &mut report.warnings);
    }

    /// `latest.json` and `releases.json` say the same as `release.json` and the manifest.
    fn pointers(&self, pointer: &ReleasePointer, report: &mut Report) {
        let right = Latest::new(self.manifest, pointer.manifest.clone());
        if pointer.dumps != right {
            let problem = Problem::new(RELEASE_JSON, Kind::Pointer, "contradicts the manifest");
            report.problems.push(problem);
        }
        match Latest::read(self.source) {
            Ok(latest) if latest == right => {}
            Ok(_) => {
                let message = "contradicts the manifest";
                report.problems.push(Problem::new(LATEST_JSON, Kind::Pointer, message));
            }
            Err(error) => report.problems.push(pointer_problem(LATEST_JSON, &error)),
        }
        match Releases::read(self.source) {
            Ok(list) => {
                let mine = |line: &&super::pointer::ReleaseLine| line.release == pointer.release;
                let line = list.releases.iter().find(mine);
                if line.is_none_or(|line| line.manifest != pointer.manifest) {
                    let message = format!("does not list release {}", pointer.release);
                    report.problems.push(Problem::new(RELEASES_JSON, Kind::Pointer, message));
                }
            }
            Err(error) => report.problems.push(pointer_problem(RELEASES_JSON, &error)),
        }
        report.files += 2;
    }

    fn sums(&self, report: &mut Report) {
        report.files += 1;
        let path = format!("{}/{SHA256SUMS}", release_dir(&self.manifest.release));
        let bytes = match self.source.read_all(&path, MAX_MANIFEST) {
            Ok(bytes) => bytes,
            Err(error) => return report.problems.push(Problem::fetch(&path, &error)),
        };
        let text = String::from_utf8_lossy(&bytes);
        let Some(found) = sums::parse(&text) else {
            let message = "has a line that is not <sha256>  <path>";
            return report.problems.push(Problem::new(&path, Kind::Sums, message));
        };
        let right = sums::text(self.manifest, &report.manifest_sha256);
        let right = sums::parse(&right).unwrap_or_default();
        for (name, sum) in &right {
            match found.get(name) {
                None => {
                    let message = format!("does not list {name}");
                    report.problems.push(Problem::new(&path, Kind::Sums, message));
                }
                Some(other) if other != sum => {
                    let message = format!("gives {name} another hash than the manifest");
                    report.problems.push(Problem::new(&path, Kind::Sums, message));
                }
                Some(_) => {}
            }
        }
        for name in found.keys().filter(|name| !right.contains_key(*name)) {
            let message = format!("lists {name:?}, the manifest does not");
            report.problems.push(Problem::new(&path, Kind::Sums, message));
        }
    }

    /// Invariant: minted = public + tombstoned + restricted + withheld, and every format has
    /// every public record, in the same packs.
    fn counts(&self, report: &mut Report) {
        let Manifest { counts, dumps, release, .. } = self.manifest;
        let path = format!("{}/{}", release_dir(release), super::layout::MANIFEST_JSON);
        let mut fail = |message: String| {
            report.problems.push(Problem::new(&path, Kind::Counts, message));
        };
        if !counts.balance() {
            fail(format!("counts do not balance: {counts:?}"));
        }
        let shape = |dump: &super::manifest::Dump| -> Vec<_> {
            let line =
                |p: &PackEntry| (p.pack.clone(), p.records, p.first_id.clone(), p.last_id.clone());
            dump.packs.iter().map(line).collect()
        };
        let first = dumps.values().next().map(shape);
        for (format, dump) in dumps {
            let sum = dump.packs.iter().fold(0u64, |sum, pack| sum.saturating_add(pack.records));
            if sum != dump.records || sum != counts.public {
                let (listed, public) = (dump.records, counts.public);
                fail(format!(
                    "{format}: packs hold {sum} records, {listed} are listed, {public} are public"
                ));
            }
            if Some(shape(dump)) != first {
                fail(format!("{format}: not the same records as in the other formats"));
            }
        }
        for entry in self.manifest.files.iter().filter(|entry| entry.role == "deleted") {
            if entry.records != Some(counts.tombstoned) {
                let (rows, removed) = (entry.records, counts.tombstoned);
                fail(format!("{}: {rows:?} rows, {removed} records are removed", entry.path));
            }
        }
    }

    /// Reads `path` to its end through `each`, and compares size and hash.
    fn hashed(&self, path: &str, bytes: u64, sha256: &str) -> Vec<Problem> {
        let failed = |error| FetchError::Io { path: path.to_owned(), source: error };
        let read = self.source.reader(path).and_then(|reader| {
            // One byte more than listed is enough to know that the size is wrong.
            let mut reader = Hashing::new(reader.take(bytes.saturating_add(1)));
            io::copy(&mut reader, &mut io::sink()).map_err(failed)?;
            Ok(reader.finish())
        });
        self.progress.advance(bytes);
        match read {
            Ok((_, found, hash)) => compare(path, (bytes, sha256), (found, &hash)),
            Err(error) => vec![Problem::fetch(path, &error)],
        }
    }
}

/// Size and hash as listed and as found.
fn compare(path: &str, listed: (u64, &str), found: (u64, &str)) -> Vec<Problem> {
    if listed.0 != found.0 {
        let more = if found.0 > listed.0 { "more than " } else { "" };
        let has = if found.0 > listed.0 { listed.0 } else { found.0 };
        let message = format!("has {more}{has} bytes, {} are listed", listed.0);
        return vec![Problem::new(path, Kind::Size, message)];
    }
    if listed.1 != found.1 {
        let message = format!("has SHA-256 {}, {} is listed", found.1, listed.1);
        return vec![Problem::new(path, Kind::Hash, message)];
    }
    Vec::new()
}
