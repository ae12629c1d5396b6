//! Everything that is not a pack: the small files, and the pages by their lists.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read};

use rayon::prelude::*;
use serde::Deserialize;

use super::super::fetch::FetchError;
use super::super::layout::is_safe_path;
use super::super::manifest::{FileEntry, SiteEntry, SiteLine};
use super::unlisted::path_hash;
use super::{Check, Depth, Findings, Kind, Problem, compare};

/// Longest line of a site list: a path, a size and a hash.
const MAX_LINE: u64 = 1 << 14;
/// Largest site list, compressed.
pub(in crate::release) const MAX_LIST: u64 = 256 << 20;
/// Site files checked between two reads of the list.
const BATCH: usize = 4096;
/// Largest file whose bytes are read at [`Depth::Quick`].
const MAX_QUICK: u64 = 16 << 20;

impl Check<'_> {
    pub(super) fn small_file(&self, entry: &FileEntry) -> Findings {
        if self.depth == Depth::Quick && entry.bytes > MAX_QUICK {
            return self.sized(&entry.path, entry.bytes);
        }
        let mut problems = self.hashed(&entry.path, entry.bytes, &entry.sha256);
        if problems.is_empty() && self.depth > Depth::Quick {
            match self.rows(entry) {
                Ok(problem) => problems.extend(problem),
                Err(error) => problems.push(Problem::new(
                    &entry.path,
                    Kind::Read,
                    format!("cannot be read: {error}"),
                )),
            }
        }
        Findings { files: 1, problems, ..Findings::default() }
    }

    /// Rows or lines against the listed number, and against the counts of the release.
    fn rows(&self, entry: &FileEntry) -> io::Result<Option<Problem>> {
        let open = || self.source.reader(&entry.path).map_err(io::Error::other);
        let rows = match entry.role.as_str() {
            "deleted" => csv_rows(flate2::read::MultiGzDecoder::new(open()?))?,
            "exceptions" => {
                let (lines, ids) = exceptions(BufReader::new(open()?))?;
                if ids < self.manifest.counts.withheld {
                    let withheld = self.manifest.counts.withheld;
                    let message = format!("explains {ids} records, {withheld} are withheld");
                    return Ok(Some(Problem::new(&entry.path, Kind::Counts, message)));
                }
                lines
            }
            _ => return Ok(None),
        };
        if entry.records == Some(rows) {
            return Ok(None);
        }
        let message = format!("has {rows} rows, {} are listed", entry.records.unwrap_or(0));
        Ok(Some(Problem::new(&entry.path, Kind::Counts, message)))
    }

    pub(super) fn site(&self, entry: &SiteEntry) -> Findings {
        let list = match self.source.read_all(&entry.path, entry.bytes.min(MAX_LIST)) {
            Ok(list) => list,
            Err(FetchError::TooLong { .. }) => {
                let message = format!("has more than {} bytes, as many are listed", entry.bytes);
                return Findings::one(Problem::new(&entry.path, Kind::Size, message));
            }
            Err(error) => return Findings::one(Problem::fetch(&entry.path, &error)),
        };
        self.progress.advance(entry.bytes);
        let found = (list.len() as u64, super::super::hash::sha256(&list));
        let problems = compare(&entry.path, (entry.bytes, &entry.sha256), (found.0, &found.1));
        let findings = Findings { files: 1, problems, ..Findings::default() };
        if !findings.problems.is_empty() {
            return findings;
        }
        if self.packed && !entry.packs.is_empty() {
            return self.packed_site(entry, &list, findings);
        }
        let before = findings.files;
        let (mut findings, read) = self.site_lines(&list, findings);
        let lines = findings.files - before;
        if let Err(error) = read {
            let message = format!("is not a list of files: {error}");
            findings.problems.push(Problem::new(&entry.path, Kind::Pointer, message));
        } else if lines != entry.files {
            let message = format!("has {lines} lines, {} are listed", entry.files);
            findings.problems.push(Problem::new(&entry.path, Kind::Counts, message));
        }
        findings
    }

    fn site_lines(&self, list: &[u8], mut findings: Findings) -> (Findings, io::Result<()>) {
        let mut lines = match zstd::stream::read::Decoder::new(list) {
            Ok(decoder) => BufReader::new(decoder),
            Err(error) => return (findings, Err(error)),
        };
        loop {
            let batch = match next_batch(&mut lines) {
                Ok(batch) if batch.is_empty() => return (findings, Ok(())),
                Ok(batch) => batch,
                Err(error) => return (findings, Err(error)),
            };
            let checked = batch
                .par_iter()
                .map(|line| self.site_file(line))
                .reduce(Findings::default, Findings::join);
            findings = findings.join(checked);
            findings.listed.extend(batch.iter().map(|line| path_hash(&line.path)));
        }
    }

    fn site_file(&self, line: &SiteLine) -> Findings {
        let SiteLine { path, bytes, sha256 } = line;
        if !is_safe_path(path) {
            let message = "is not a path inside a release";
            return Findings::one(Problem::new(path, Kind::Pointer, message));
        }
        if self.depth == Depth::Quick {
            return self.sized(path, *bytes);
        }
        Findings { files: 1, problems: self.hashed(path, *bytes, sha256), ..Findings::default() }
    }

    /// Compares the size only.
    pub(super) fn sized(&self, path: &str, bytes: u64) -> Findings {
        let problems = match self.source.size(path) {
            Ok(Some(found)) => compare(path, (bytes, ""), (found, "")),
            Ok(None) => vec![Problem::new(path, Kind::Missing, "is missing")],
            Err(error) => vec![Problem::fetch(path, &error)],
        };
        Findings { files: 1, problems, ..Findings::default() }
    }
}

fn next_batch(lines: &mut impl BufRead) -> io::Result<Vec<SiteLine>> {
    next_lines(lines, BATCH)
}

/// The next lines of a site list, at most so many.
pub(in crate::release) fn next_lines(
    lines: &mut impl BufRead,
    most: usize,
) -> io::Result<Vec<SiteLine>> {
    let mut batch = Vec::new();
    let mut line = Vec::new();
    while batch.len() < most {
        line.clear();
        if lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        batch.push(serde_json::from_slice(&line)?);
    }
    Ok(batch)
}

/// Rows after the header.
fn csv_rows(from: impl Read) -> io::Result<u64> {
    let mut rows = csv::Reader::from_reader(from);
    let mut record = csv::ByteRecord::new();
    let mut count = 0;
    while rows.read_byte_record(&mut record).map_err(io::Error::other)? {
        count += 1;
    }
    Ok(count)
}

/// Lines, and distinct ids in them.
fn exceptions(mut from: impl BufRead) -> io::Result<(u64, u64)> {
    #[derive(Deserialize)]
    struct Line {
        id: String,
    }
    let mut ids = BTreeSet::new();
    let mut line = Vec::new();
    let mut lines = 0;
    loop {
        line.clear();
        if from.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok((lines, ids.len() as u64));
        }
        ids.insert(serde_json::from_slice::<Line>(&line)?.id);
        lines += 1;
    }
}
