//! The lists of site files: one line a file, one zstd frame for the files of some records.
//!
//! Being cut where the dumps are cut, the list of a range is made anew by copying the parts of
//! frames without a change, and in a part the lines of neighbours without one stay compressed.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use zstd::bulk::Compressor;
use zstd::zstd_safe::find_frame_compressed_size;

use crate::record::identifier::{OrderKey, order_key};
use crate::release::encoding::{compressed, inflated};
use crate::release::manifest::{SiteEntry, SiteLine};

use super::BuildError;
use super::known::Known;

/// Level of the lists of site files. Half of a line is a digest, which nothing makes shorter: level 3
/// finds a few false friends in it, for twice the time and a tenth more bytes.
pub(super) const LEVEL: i32 = 1;

/// Most bytes of the lines of neighbours, so that a damaged file cannot ask for all memory.
const GROUP_BYTES: usize = 256 << 20;

/// Records whose lines are compressed together: numbers that differ in so many last bits only, or
/// other ids whose hashes do, of [`OrderKey`]. A change of one compresses them all.
const NUMERIC_BITS: u32 = 5;
const HASHED_BITS: u32 = 25;

fn group_of(id: &str) -> (bool, u64) {
    match order_key(id) {
        OrderKey::Numeric(number) => (false, number >> NUMERIC_BITS),
        OrderKey::Hashed(bits) => (true, bits >> HASHED_BITS),
    }
}

fn failed(source: io::Error) -> BuildError {
    BuildError::Write { what: "a site list", source }
}

/// Puts a part together, record by record. Used again and again: its buffers are kept.
#[derive(Default)]
pub(super) struct PartWriter {
    part: Vec<u8>,
    group: Option<(bool, u64)>,
    /// The lines of the group at hand, but for those of `copied`.
    lines: Vec<u8>,
    /// Records whose lines follow, as the part before has them.
    copied: Vec<String>,
    compressor: Compressor<'static>,
}

impl PartWriter {
    /// Appends a line of a record; `before` is the part before, if there was one.
    pub(super) fn append(
        &mut self,
        id: &str,
        line: &SiteLine,
        before: Option<&Lines>,
    ) -> Result<(), BuildError> {
        self.enter(id, before)?;
        self.copy_lines(before)?;
        serde_json::to_writer(&mut self.lines, line).map_err(|error| failed(error.into()))?;
        self.lines.push(b'\n');
        Ok(())
    }

    /// Appends the lines that a record had in the part before, as they are.
    pub(super) fn copy(&mut self, id: &str, before: &mut Lines) -> Result<(), BuildError> {
        if before.leave(id) {
            self.enter(id, Some(before))?;
            self.copied.push(id.to_owned());
        }
        Ok(())
    }

    /// The part; nothing for no lines.
    pub(super) fn finish(&mut self, before: Option<&Lines>) -> Result<Vec<u8>, BuildError> {
        self.end_group(before)?;
        self.group = None;
        Ok(std::mem::take(&mut self.part))
    }

    /// Drops what was not finished.
    pub(super) fn clear(&mut self) {
        self.part.clear();
        self.lines.clear();
        self.copied.clear();
        self.group = None;
    }

    fn enter(&mut self, id: &str, before: Option<&Lines>) -> Result<(), BuildError> {
        let group = group_of(id);
        if self.group.replace(group) != Some(group) {
            self.end_group(before)?;
        }
        Ok(())
    }

    fn copy_lines(&mut self, before: Option<&Lines>) -> Result<(), BuildError> {
        let Some(before) = before else { return Ok(()) };
        for id in self.copied.drain(..) {
            self.lines.extend_from_slice(before.text(&id)?);
        }
        Ok(())
    }

    fn end_group(&mut self, before: Option<&Lines>) -> Result<(), BuildError> {
        let whole = before.filter(|_| self.lines.is_empty());
        if let Some(group) = whole.and_then(|before| before.group(&self.copied)) {
            self.part.extend_from_slice(group);
            self.copied.clear();
        }
        self.copy_lines(before)?;
        if !self.lines.is_empty() {
            let group = compressed(&self.lines, LEVEL, &mut self.compressor).map_err(failed)?;
            self.part.extend(group);
            self.lines.clear();
        }
        Ok(())
    }
}

/// The lines of a part by record. Those of most records are copied, which needs no look at them.
pub(super) struct Lines {
    part: Vec<u8>,
    groups: Vec<Group>,
    places: BTreeMap<String, Place>,
}

/// Where the lines of a record are: in which group, and there which.
struct Place {
    group: usize,
    lines: Range<usize>,
    /// Whether they were [left](Lines::leave) to be copied.
    is_left: bool,
}

/// Lines that are compressed together.
struct Group {
    /// In the part.
    bytes: Range<usize>,
    records: usize,
    lines: usize,
    /// And where each line ends; once it was needed.
    text: OnceCell<(Vec<u8>, Vec<usize>)>,
}

impl Lines {
    /// The lines of `part`, in which the records `known` follow each other.
    pub(super) fn new(known: &Known, part: Vec<u8>) -> Result<Lines, BuildError> {
        let (mut groups, mut places) = (Vec::<Group>::new(), BTreeMap::new());
        let mut last = None;
        for (id, files) in known.files().filter(|(_, files)| *files > 0) {
            let group = group_of(id);
            if last.replace(group) != Some(group) {
                let start = groups.last().map_or(0, |group| group.bytes.end);
                let rest = part.get(start..).filter(|rest| !rest.is_empty());
                let size = rest.and_then(|rest| find_frame_compressed_size(rest).ok());
                let bytes = start..start + size.ok_or_else(cut_short)?;
                groups.push(Group { bytes, records: 0, lines: 0, text: OnceCell::new() });
            }
            let at = groups.len() - 1;
            let group = &mut groups[at];
            let lines = group.lines..group.lines + files;
            group.records += 1;
            group.lines = lines.end;
            places.insert(id.to_owned(), Place { group: at, lines, is_left: false });
        }
        match groups.last().map_or(0, |group| group.bytes.end) == part.len() {
            true => Ok(Lines { part, groups, places }),
            false => Err(cut_short()),
        }
    }

    /// The lines of a record; none for one that has none.
    pub(super) fn of(&self, id: &str) -> Result<Vec<SiteLine>, BuildError> {
        self.places.get(id).map_or(Ok(Vec::new()), |place| self.parsed(place))
    }

    /// [`of`](Self::of), which are then no longer here.
    pub(super) fn take(&mut self, id: &str) -> Result<Vec<SiteLine>, BuildError> {
        self.places.remove(id).map_or(Ok(Vec::new()), |place| self.parsed(&place))
    }

    /// Those that are still here.
    pub(super) fn rest(&self) -> Result<Vec<SiteLine>, BuildError> {
        let rest = self.places.values().filter(|place| !place.is_left);
        let rest: Result<Vec<_>, _> = rest.map(|place| self.parsed(place)).collect();
        Ok(rest?.into_iter().flatten().collect())
    }

    /// Leaves the lines of a record to be copied; `false` if it has none here.
    fn leave(&mut self, id: &str) -> bool {
        self.places.get_mut(id).map(|place| place.is_left = true).is_some()
    }

    /// The group of these records as it is compressed, if it is of no others.
    fn group(&self, ids: &[String]) -> Option<&[u8]> {
        let group_of = |id: &String| self.places.get(id).map(|place| place.group);
        let group = ids.first().and_then(group_of)?;
        let is_whole = ids.len() == self.groups[group].records
            && ids.iter().all(|id| group_of(id) == Some(group));
        is_whole.then(|| &self.part[self.groups[group].bytes.clone()])
    }

    /// The lines of a record as they are.
    fn text(&self, id: &str) -> Result<&[u8], BuildError> {
        self.places.get(id).map_or(Ok(&[]), |place| self.lines(place))
    }

    fn lines(&self, place: &Place) -> Result<&[u8], BuildError> {
        let group = &self.groups[place.group];
        let (text, ends) = match group.text.get() {
            Some(text) => text,
            None => {
                let bytes = &self.part[group.bytes.clone()];
                let text = inflated(bytes, GROUP_BYTES).map_err(failed)?;
                let ends: Vec<_> = memchr::memchr_iter(b'\n', &text).map(|end| end + 1).collect();
                if ends.len() != group.lines {
                    return Err(cut_short());
                }
                group.text.get_or_init(|| (text, ends))
            }
        };
        let end = |line: usize| line.checked_sub(1).map_or(0, |line| ends[line]);
        Ok(&text[end(place.lines.start)..end(place.lines.end)])
    }

    fn parsed(&self, place: &Place) -> Result<Vec<SiteLine>, BuildError> {
        let lines = serde_json::Deserializer::from_slice(self.lines(place)?);
        let lines = lines.into_iter::<SiteLine>();
        lines.collect::<Result<_, _>>().map_err(|error| failed(error.into()))
    }
}

fn cut_short() -> BuildError {
    failed(io::Error::other("its lines are not those of its records"))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(id: &str, turn: u64) -> Vec<SiteLine> {
        let files = id.len() as u64 + id.bytes().map(u64::from).sum::<u64>() % 3;
        let line = |file| SiteLine {
            path: format!("records/{id}/{file}"),
            bytes: file * 1000 + turn,
            sha256: format!("{:064x}", turn * 7919 + file),
        };
        (0..files).map(line).collect()
    }

    /// The part of records that became what they are in turns, and what is known of them.
    fn part(records: &[(&str, u64)]) -> (Vec<u8>, Known) {
        let (mut writer, mut known) = (PartWriter::default(), Known::default());
        for (id, turn) in records {
            let lines = lines(id, *turn);
            known.push(id, &lines, None);
            lines.iter().for_each(|line| writer.append(id, line, None).unwrap());
        }
        (writer.finish(None).unwrap(), known)
    }

    const IDS: [&str; 7] = ["1", "31", "32", "63", "99", "a-b", "x.y"];

    #[test]
    fn a_part_that_goes_on_from_another_is_that_of_its_records() {
        let all = IDS.map(|id| (id, 0));
        // By record: left out, as before, or changed.
        for mut choice in 0..3usize.pow(IDS.len() as u32) {
            let (mut now, mut kept) = (Vec::new(), Vec::new());
            for id in IDS {
                match choice % 3 {
                    0 => {}
                    1 => now.push((id, 0)),
                    _ => now.push((id, 1)),
                }
                choice /= 3;
            }
            let (before, known) = part(&all);
            let mut before = Lines::new(&known, before).unwrap();
            let mut writer = PartWriter::default();
            for (id, turn) in &now {
                if *turn == 0 {
                    writer.copy(id, &mut before).unwrap();
                    kept.push(*id);
                    continue;
                }
                assert_eq!(before.take(id).unwrap(), lines(id, 0));
                for line in lines(id, *turn) {
                    writer.append(id, &line, Some(&before)).unwrap();
                }
            }
            assert!(writer.finish(Some(&before)).unwrap() == part(&now).0, "{now:?}");
            let lost = IDS.iter().filter(|id| now.iter().all(|(now, _)| now != *id));
            let mut lost: Vec<_> = lost.flat_map(|id| lines(id, 0)).collect();
            let mut rest = before.rest().unwrap();
            lost.sort_by(|a, b| a.path.cmp(&b.path));
            rest.sort_by(|a, b| a.path.cmp(&b.path));
            assert_eq!(rest, lost);
        }
    }

    #[test]
    fn only_lines_beside_a_change_are_looked_at() {
        let (before, known) = part(&IDS.map(|id| (id, 0)));
        let whole = before.clone();
        let mut before = Lines::new(&known, before).unwrap();
        let mut writer = PartWriter::default();
        IDS.iter().for_each(|id| writer.copy(id, &mut before).unwrap());
        assert_eq!(writer.finish(Some(&before)).unwrap(), whole);
        assert!(before.groups.iter().all(|group| group.text.get().is_none()));
        assert_eq!(before.groups.len(), 5);
    }

    #[test]
    fn a_part_of_other_records_is_refused() {
        let (good, known) = part(&IDS.map(|id| (id, 0)));
        let (_, fewer) = part(&[("1", 0), ("2", 0)]);
        assert!(Lines::new(&fewer, good.clone()).is_err());
        assert!(Lines::new(&known, good[..good.len() - 1].to_vec()).is_err());
        assert!(Lines::new(&known, Vec::new()).is_err());
        // A record more in a group.
        let (_, more) = part(&["1", "3", "31", "32", "63", "99", "a-b", "x.y"].map(|id| (id, 0)));
        let lines = Lines::new(&more, good).unwrap();
        assert!(lines.of("1").is_err());
        assert_eq!(lines.of("99").unwrap().len(), super::tests::lines("99", 0).len());
    }
}
