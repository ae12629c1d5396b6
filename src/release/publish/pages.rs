//! Pages: files under one name for ever, replaced when what they show changes.
//!
//! What the target has is known from the site lists of the releases that were published there.
//! Lists of one id range are compared with each other, by eight bytes of a path's hash and eight
//! of its content's: a page stands if every release that may have left it there has it alike.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use super::super::fetch::Source;
use super::super::hash::sha256;
use super::super::layout::{PackId, is_safe_path};
use super::super::manifest::{Manifest, SiteEntry, SiteLine};
use super::ledger::{Begun, Token};
use super::objects::{is_page, manifest};
use super::send::{Item, Sender};
use super::target::Target;
use super::{PublishError, Result, Standing, Tally};

/// Pages sent between two looks at the ledger.
const CHUNK: usize = 4096;
/// Seconds between two notes of how far it is: each flushes what was written.
const NOTE_SECONDS: i64 = 5;
/// Pages of one release compared at a time.
const AT_ONCE: u64 = 1 << 20;
/// Longest line of a site list.
const MAX_LINE: u64 = 1 << 14;
/// Largest site list that is fetched from the target.
const MAX_LIST: u64 = 256 << 20;

/// Sends pages that the target has not, and removes those that are no longer printed.
pub(super) struct Pages<'a> {
    pub(super) source: &'a Source,
    pub(super) standing: &'a Standing,
    pub(super) target: &'a dyn Target,
    pub(super) sender: &'a Sender<'a>,
    /// Releases that may have left pages on the target.
    pub(super) states: &'a [Begun],
    /// Whether one of them was published to its end. If none was, pages may be missing that all
    /// of them have alike.
    pub(super) whole: bool,
    /// Pages of this release, in order, that were sent before.
    pub(super) done: u64,
}

/// Lists that are compared with each other.
#[derive(Default)]
struct Group {
    new: Vec<SiteEntry>,
    /// For each state.
    old: Vec<Vec<SiteEntry>>,
}

/// Where the work is.
struct Position {
    /// Pages passed, in the order of the lists.
    passed: u64,
    chunk: Vec<Item>,
    noted: i64,
}

/// Hashes of path and content.
type Mark = (u64, u64);

impl Pages<'_> {
    pub(super) fn send(&self) -> Result<()> {
        let mut manifests = Vec::new();
        for state in self.states {
            manifests.push(manifest(self.target, self.source, &state.manifest)?);
        }
        // Of a state that cannot be read nothing is known, so no page is.
        let readable: Option<Vec<Manifest>> = manifests.iter().cloned().collect();
        let trusted = readable.filter(|states| !states.is_empty());
        let trusted = trusted.filter(|_| self.whole && !self.sender.settings.again);
        let removable: Vec<&Manifest> = manifests.iter().flatten().collect();
        let now = (self.sender.settings.now)().as_second();
        let mut position = Position { passed: 0, chunk: Vec::new(), noted: now };
        for mut group in self.groups(&removable) {
            // What a list said that is lost cannot be known: its pages are sent, and nothing is
            // removed.
            let mut readable = true;
            for old in group.old.iter().flatten() {
                readable &= self.is_there(old)?;
            }
            if !readable {
                group.old.clear();
            }
            self.group(&group, readable && trusted.is_some(), &mut position)?;
        }
        self.flush(&mut position, true)?;
        self.around(&removable, trusted.is_some())
    }

    /// Pages that the manifest lists itself: the home page and the like.
    fn around(&self, states: &[&Manifest], trusted: bool) -> Result<()> {
        let served = self.sender.settings.served;
        let pages = |manifest: &Manifest| -> BTreeMap<String, (u64, String)> {
            let files = manifest.files.iter().filter(|file| is_page(&file.path, served));
            files.map(|file| (file.path.clone(), (file.bytes, file.sha256.clone()))).collect()
        };
        let new = pages(&self.standing.manifest);
        let old: Vec<_> = states.iter().map(|manifest| pages(manifest)).collect();
        let mut missing = Vec::new();
        for (path, (bytes, sha256)) in &new {
            let same = |old: &BTreeMap<_, (u64, String)>| {
                old.get(path).is_some_and(|(_, there)| there == sha256)
            };
            if trusted && old.iter().all(same) {
                self.sender.knows(path, Tally { files: 1, bytes: *bytes });
            } else {
                let (path, sha256) = (path.clone(), Some(sha256.clone()));
                missing.push(Item { path, bytes: *bytes, sha256 });
            }
        }
        self.sender.send_all(&missing)?;
        let lost: BTreeSet<String> = old
            .into_iter()
            .flatten()
            .map(|(path, _)| path)
            .filter(|p| !new.contains_key(p))
            .collect();
        self.sender.remove_all(&lost.into_iter().collect::<Vec<_>>())
    }

    /// Lists by id range, those of everything else together: their cuts move.
    fn groups(&self, states: &[&Manifest]) -> Vec<Group> {
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        let empty = || Group { new: Vec::new(), old: vec![Vec::new(); states.len()] };
        let key = |entry: &SiteEntry| match entry.range.parse::<PackId>() {
            Ok(_) => entry.range.clone(),
            Err(_) => String::new(),
        };
        for entry in &self.standing.manifest.site {
            groups.entry(key(entry)).or_insert_with(empty).new.push(entry.clone());
        }
        for (number, state) in states.iter().enumerate() {
            for entry in &state.site {
                groups.entry(key(entry)).or_insert_with(empty).old[number].push(entry.clone());
            }
        }
        groups.into_values().collect()
    }

    fn group(&self, group: &Group, trusted: bool, position: &mut Position) -> Result<()> {
        let everywhere: BTreeSet<&str> = group
            .new
            .iter()
            .map(|entry| entry.path.as_str())
            .filter(|path| group.old.iter().all(|old| old.iter().any(|entry| entry.path == *path)))
            .collect();
        let same = |entry: &&SiteEntry| trusted && everywhere.contains(entry.path.as_str());
        for entry in group.new.iter().filter(same) {
            // Its pages are numbered all the same: where a killed run stopped is a number.
            position.passed += entry.files;
            self.sender.knows("index.html", Tally { files: entry.files, bytes: 0 });
        }
        let new: Vec<&SiteEntry> = group.new.iter().filter(|entry| !same(entry)).collect();
        let old: Vec<Vec<&SiteEntry>> =
            group.old.iter().map(|old| old.iter().filter(|entry| !same(entry)).collect()).collect();
        let count = |lists: &[&SiteEntry]| lists.iter().map(|entry| entry.files).sum::<u64>();
        let largest = old.iter().map(|old| count(old)).max().unwrap_or(0).max(count(&new));
        let passes = if old.is_empty() { 1 } else { largest.div_ceil(AT_ONCE).max(1) };
        for pass in 0..passes {
            let mine = |path: u64| path % passes == pass;
            self.pass(&new, &old, trusted, &mine, position)?;
        }
        Ok(())
    }

    /// Compares, sends and removes the pages whose path hash is `mine`.
    fn pass(
        &self,
        new: &[&SiteEntry],
        old: &[Vec<&SiteEntry>],
        trusted: bool,
        mine: &dyn Fn(u64) -> bool,
        position: &mut Position,
    ) -> Result<()> {
        let mut known: Vec<Vec<Mark>> = Vec::new();
        for lists in old {
            let mut marks = Vec::new();
            for entry in lists {
                self.lines(entry, &mut |line| {
                    let mark = mark(&line);
                    if mine(mark.0) {
                        marks.push(mark);
                    }
                    Ok(())
                })?;
            }
            marks.sort_unstable();
            known.push(marks);
        }
        let mut printed: Vec<u64> = Vec::new();
        for entry in new {
            self.lines(entry, &mut |line| {
                let mark = mark(&line);
                if !mine(mark.0) {
                    return Ok(());
                }
                if !old.is_empty() {
                    printed.push(mark.0);
                }
                position.passed += 1;
                let sent = position.passed <= self.done;
                let stands =
                    trusted && known.iter().all(|marks| marks.binary_search(&mark).is_ok());
                if sent || stands {
                    self.sender.knows(&line.path, Tally { files: 1, bytes: line.bytes });
                    return Ok(());
                }
                let SiteLine { path, bytes, sha256 } = line;
                position.chunk.push(Item { path, bytes, sha256: Some(sha256) });
                self.flush(position, false)
            })?;
        }
        printed.sort_unstable();
        self.remove(old, &known, &printed, mine)
    }

    fn remove(
        &self,
        old: &[Vec<&SiteEntry>],
        known: &[Vec<Mark>],
        printed: &[u64],
        mine: &dyn Fn(u64) -> bool,
    ) -> Result<()> {
        let mut lost = Vec::new();
        for (number, lists) in old.iter().enumerate() {
            let (marks, earlier) = (&known[number], &known[..number]);
            // Most often nothing is lost; then the lists are not read once more.
            if marks.iter().all(|mark| printed.binary_search(&mark.0).is_ok()) {
                continue;
            }
            for entry in lists {
                self.lines(entry, &mut |line| {
                    let path = mark(&line).0;
                    let had = |marks: &Vec<Mark>| {
                        let at = marks.partition_point(|mark| mark.0 < path);
                        marks.get(at).is_some_and(|mark| mark.0 == path)
                    };
                    let gone = mine(path) && printed.binary_search(&path).is_err();
                    if gone && !earlier.iter().any(had) {
                        lost.push(line.path);
                    }
                    if lost.len() >= CHUNK {
                        self.sender.remove_all(&std::mem::take(&mut lost))?;
                    }
                    Ok(())
                })?;
            }
        }
        self.sender.remove_all(&lost)
    }

    /// Sends what was gathered, if that is enough or the `last`.
    fn flush(&self, position: &mut Position, last: bool) -> Result<()> {
        if position.chunk.len() < CHUNK && !last {
            return Ok(());
        }
        self.sender.send_all(&position.chunk)?;
        position.chunk.clear();
        let Some(token) = self.sender.token else { return Ok(()) };
        let now = (self.sender.settings.now)().as_second();
        if last || now - position.noted >= NOTE_SECONDS {
            note(self.target, token, position.passed)?;
            position.noted = now;
        }
        Ok(())
    }

    /// Whether a list can be read, here or there.
    fn is_there(&self, entry: &SiteEntry) -> Result<bool> {
        let size = self.source.size(&entry.path)?;
        Ok(size == Some(entry.bytes) || self.target.size(&entry.path)? == Some(entry.bytes))
    }

    /// Gives every line of a site list: from the web root, or else from the target.
    fn lines(&self, entry: &SiteEntry, each: &mut dyn FnMut(SiteLine) -> Result<()>) -> Result<()> {
        let changed = || PublishError::Changed { path: entry.path.clone() };
        let failed = |source| PublishError::Read { path: entry.path.clone(), source };
        let file = self.sender.settings.root.join(&entry.path);
        let packed: Box<dyn Read> = match File::open(&file) {
            Ok(file) if file.metadata().is_ok_and(|meta| meta.len() == entry.bytes) => {
                Box::new(file)
            }
            _ => match self.target.get(&entry.path, MAX_LIST)? {
                Some((bytes, _)) if sha256(&bytes) == entry.sha256 => {
                    Box::new(std::io::Cursor::new(bytes))
                }
                _ => return Err(changed()),
            },
        };
        let text = zstd::stream::read::Decoder::new(packed).map_err(failed)?;
        let (mut text, mut line) = (BufReader::new(text), Vec::new());
        loop {
            line.clear();
            let n = text.by_ref().take(MAX_LINE).read_until(b'\n', &mut line).map_err(failed)?;
            if n == 0 {
                return Ok(());
            }
            let line: SiteLine = serde_json::from_slice(&line).map_err(|_| changed())?;
            if !is_safe_path(&line.path) {
                return Err(changed());
            }
            each(line)?;
        }
    }
}

/// Notes that the first `passed` pages are on the target for good.
fn note(target: &dyn Target, token: &Token<'_>, passed: u64) -> Result<()> {
    target.settle()?;
    token.update(|ledger| ledger.done = passed)
}

/// Eight bytes each for path and content.
fn mark(line: &SiteLine) -> Mark {
    // FNV-1a: it needs to spread, not to resist; a content that is taken for another needs a
    // clash of both.
    let path = line.path.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let content = line.sha256.get(..16).and_then(|hex| u64::from_str_radix(hex, 16).ok());
    (path, content.unwrap_or(0))
}
