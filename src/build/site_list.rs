//! The lists of site files: one line a file, one zstd frame for the files of one dump frame.
//!
//! Being cut where the dumps are cut, the list of a range is made anew by copying the parts of
//! frames without a change.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use zstd::bulk::Compressor;

use crate::release::encoding::{compressed, inflated};
use crate::release::manifest::{SiteEntry, SiteLine};

use super::BuildError;
use super::known::Known;

/// Level of the lists of site files. Half of a line is a digest, which nothing makes shorter: level 3
/// finds a few false friends in it, for twice the time and a tenth more bytes.
pub(super) const LEVEL: i32 = 1;

/// Most bytes of one part, so that a damaged file cannot ask for all memory.
const PART_BYTES: usize = 256 << 20;

fn failed(source: io::Error) -> BuildError {
    BuildError::Write { what: "a site list", source }
}

/// Appends a line.
pub(super) fn append(line: &SiteLine, out: &mut Vec<u8>) -> Result<(), BuildError> {
    serde_json::to_writer(&mut *out, line).map_err(|error| failed(error.into()))?;
    out.push(b'\n');
    Ok(())
}

/// The part that these lines make; nothing for no lines.
pub(super) fn compress(
    lines: &[u8],
    compressor: &mut Compressor<'_>,
) -> Result<Vec<u8>, BuildError> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    compressed(lines, LEVEL, compressor).map_err(failed)
}

/// The lines of a part by record. Those of most records are copied, which needs no look at them.
pub(super) struct Lines {
    text: Vec<u8>,
    places: BTreeMap<String, Range<usize>>,
}

impl Lines {
    /// The lines of `part`, in which the records `known` follow each other.
    pub(super) fn new(known: &Known, part: &[u8]) -> Result<Lines, BuildError> {
        let mut lines = Lines { text: Vec::new(), places: BTreeMap::new() };
        if part.is_empty() {
            return Ok(lines);
        }
        lines.text = inflated(part, PART_BYTES).map_err(failed)?;
        let mut ends = memchr::memchr_iter(b'\n', &lines.text).map(|end| end + 1);
        let mut at = 0;
        for (id, files) in known.files().filter(|(_, files)| *files > 0) {
            let end = ends.nth(files - 1).unwrap_or(lines.text.len());
            lines.places.insert(id.to_owned(), at..end);
            at = end;
        }
        Ok(lines)
    }

    /// The lines of a record; none for one that has none.
    pub(super) fn of(&self, id: &str) -> Result<Vec<SiteLine>, BuildError> {
        self.places.get(id).map_or(Ok(Vec::new()), |place| self.parsed(place))
    }

    /// [`of`](Self::of), which are then no longer here.
    pub(super) fn take(&mut self, id: &str) -> Result<Vec<SiteLine>, BuildError> {
        self.places.remove(id).map_or(Ok(Vec::new()), |place| self.parsed(&place))
    }

    /// Moves the lines of a record to the end of `out`, as they are.
    pub(super) fn copy(&mut self, id: &str, out: &mut Vec<u8>) {
        let place = self.places.remove(id);
        out.extend_from_slice(place.and_then(|place| self.text.get(place)).unwrap_or_default());
    }

    /// Those that are still here.
    pub(super) fn rest(&self) -> Result<Vec<SiteLine>, BuildError> {
        let rest: Result<Vec<_>, _> =
            self.places.values().map(|place| self.parsed(place)).collect();
        Ok(rest?.into_iter().flatten().collect())
    }

    fn parsed(&self, place: &Range<usize>) -> Result<Vec<SiteLine>, BuildError> {
        let text = self.text.get(place.clone()).unwrap_or_default();
        let lines = serde_json::Deserializer::from_slice(text).into_iter::<SiteLine>();
        lines.collect::<Result<_, _>>().map_err(|error| failed(error.into()))
    }
}

/// Reads the parts of the standing lists, front to back.
pub(super) struct Parts<'a> {
    root: &'a Path,
    lists: &'a [SiteEntry],
    open: Option<(String, PathBuf, File)>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(root: &'a Path, lists: &'a [SiteEntry]) -> Self {
        Parts { root, lists, open: None }
    }

    /// The next `bytes` of the list of `range`. Ranges come one after the other.
    pub(super) fn next(&mut self, range: &str, bytes: u64) -> Result<Vec<u8>, BuildError> {
        let mut part = Vec::new();
        if bytes == 0 {
            return Ok(part);
        }
        if self.open.as_ref().is_none_or(|(open, ..)| open != range) {
            let entry = self.lists.iter().find(|entry| entry.range == range);
            let missing = || failed(io::Error::other(format!("no list of {range}")));
            let path = self.root.join(&entry.ok_or_else(missing)?.path);
            let file = File::open(&path).map_err(|e| unreadable(&path, e))?;
            self.open = Some((range.to_owned(), path, file));
        }
        let Some((_, path, file)) = &mut self.open else { return Ok(part) };
        part.resize(bytes as usize, 0);
        file.read_exact(&mut part).map_err(|e| unreadable(path, e))?;
        Ok(part)
    }
}

fn unreadable(path: &Path, source: io::Error) -> BuildError {
    BuildError::Standing { path: path.to_owned(), source }
}
