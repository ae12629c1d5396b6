//! The pages of a release: in packs, or by the lists of site files, only what is other.
//!
//! A release of packs may have been unpacked where it is pulled from: then its files are fetched.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::Path;

use super::super::manifest::{Manifest, SiteEntry, SiteLine};
use super::accept::is_mirrored;
use super::dumps::{is_dump, object};
use super::mirror::failed;
use super::objects::{Object, Origin};
use super::{Moved, PullError, Work};

/// Site files looked at between two reads of a list.
const BATCH: usize = 4096;
/// Longest line of a list.
const MAX_LINE: u64 = 1 << 14;

/// Eight bytes that stand for a text: what a list says of millions of files fits in memory. A
/// clash, of which the odds are one in 10^13 a file, leaves a page as it was until `verify`.
fn short(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Work<'_> {
    /// Whether the packs of a release were unpacked at the source.
    pub(super) fn is_unpacked(&self, new: &Manifest) -> Result<bool, PullError> {
        let Some(pack) = new.site_packs().next() else { return Ok(false) };
        Ok(self.source.size(&pack.path)?.is_none())
    }

    /// Sees to it that the site of `new` stands, as files if it `is_unpacked`; paths that only
    /// `earlier` releases have.
    ///
    /// What an unchanged list names is not looked at, nor what a list names as before, unless
    /// `thorough`: then every file is hashed.
    pub(super) fn site(
        &mut self,
        new: &Manifest,
        is_unpacked: bool,
        earlier: &[Manifest],
        thorough: bool,
    ) -> Result<Vec<String>, PullError> {
        let files = new.files.iter().filter(|file| !is_dump(&file.path));
        let files: Vec<Object> =
            files.map(|file| object(&file.path, file.bytes, &file.sha256, false)).collect();
        self.have_pages(&files)?;
        let lists: Vec<Object> =
            new.site.iter().map(|l| object(&l.path, l.bytes, &l.sha256, true)).collect();
        self.have_printed("lists", &lists)?;

        let packs = new.site_packs().filter(|_| !is_unpacked);
        let packs: Vec<Object> = packs.map(|p| object(&p.path, p.bytes, &p.sha256, true)).collect();
        self.have_printed("site packs", &packs)?;

        let root = self.mirror.root();
        let was_unpacked =
            |old: &Manifest| old.site_packs().next().is_some_and(|p| !root.join(&p.path).exists());
        let standing: Vec<&SiteEntry> = at_their_paths(new, is_unpacked).collect();
        let old: Vec<Vec<&SiteEntry>> =
            earlier.iter().map(|one| at_their_paths(one, was_unpacked(one)).collect()).collect();
        let paths = |lists: &Vec<&SiteEntry>| -> HashSet<String> {
            lists.iter().map(|list| list.path.clone()).collect()
        };
        let (now, then) = (paths(&standing), old.first().map(paths).unwrap_or_default());
        let changed: Vec<&SiteEntry> =
            standing.iter().copied().filter(|one| thorough || !then.contains(&one.path)).collect();
        let before: Vec<&SiteEntry> =
            old.into_iter().flatten().filter(|one| thorough || !now.contains(&one.path)).collect();
        let mut left = HashSet::new();
        for (ranges, group) in groups(&changed, &before) {
            let mut known: HashMap<u64, u64> = HashMap::new();
            for list in ranges {
                lines(self.mirror.root(), list, true, |lines| {
                    for line in lines {
                        known.insert(short(&line.path), short(&line.sha256));
                    }
                    Ok(())
                })?;
            }
            for list in group {
                self.list(list, &mut known, thorough)?;
            }
            left.extend(known.into_keys());
        }
        self.gone(new, &standing, earlier, &before, left)
    }

    /// Brings the files that one list names; what it names is no longer among `known`.
    fn list(
        &mut self,
        list: &SiteEntry,
        known: &mut HashMap<u64, u64>,
        thorough: bool,
    ) -> Result<(), PullError> {
        let root = self.mirror.root();
        lines(root, list, false, |lines| {
            let mut kept = Moved::default();
            let mut wanted = Vec::new();
            for line in lines {
                let old = known.remove(&short(&line.path));
                if !thorough && old == Some(short(&line.sha256)) {
                    kept.files += 1;
                    kept.bytes += line.bytes;
                } else {
                    wanted.push(object(&line.path, line.bytes, &line.sha256, false));
                }
            }
            self.book("pages", Origin::Mirror, kept);
            self.have_pages(&wanted)
        })
    }

    /// The paths of `left` that no list of `new` names after all: a file may have moved from
    /// one list to another.
    fn gone(
        &self,
        new: &Manifest,
        standing: &[&SiteEntry],
        earlier: &[Manifest],
        before: &[&SiteEntry],
        mut left: HashSet<u64>,
    ) -> Result<Vec<String>, PullError> {
        let mut gone = BTreeMap::new();
        let around: HashSet<&str> = new.files.iter().map(|file| file.path.as_str()).collect();
        let files = earlier.iter().flat_map(|old| &old.files);
        for file in files.filter(|file| !is_dump(&file.path)) {
            if !around.contains(file.path.as_str()) {
                left.insert(short(&file.path));
                gone.insert(short(&file.path), file.path.clone());
            }
        }
        if left.is_empty() {
            return Ok(Vec::new());
        }
        for list in standing {
            lines(self.mirror.root(), list, false, |lines| {
                for line in lines {
                    left.remove(&short(&line.path));
                }
                Ok(())
            })?;
        }
        for list in before {
            lines(self.mirror.root(), list, true, |lines| {
                for line in lines {
                    let key = short(&line.path);
                    if left.contains(&key) && !around.contains(line.path.as_str()) {
                        gone.insert(key, line.path);
                    }
                }
                Ok(())
            })?;
        }
        gone.retain(|key, path| left.contains(key) && is_mirrored(path));
        Ok(gone.into_values().collect())
    }
}

/// The lists whose files stand at their paths; those of the others are in packs.
fn at_their_paths(manifest: &Manifest, is_unpacked: bool) -> impl Iterator<Item = &SiteEntry> {
    manifest.site.iter().filter(move |list| is_unpacked || list.packs.is_empty())
}

/// Hands over the lines of a list that stands in the mirror. One that is not there may be
/// `absent`.
fn lines(
    root: &Path,
    list: &SiteEntry,
    absent: bool,
    mut each: impl FnMut(Vec<SiteLine>) -> Result<(), PullError>,
) -> Result<(), PullError> {
    let path = root.join(&list.path);
    let file = match File::open(&path) {
        Err(error) if absent && error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other.map_err(failed("read", &path))?,
    };
    let tampered = |what: String| Err(PullError::Tampered { path: list.path.clone(), what });
    let decoder = zstd::stream::read::Decoder::new(file).map_err(failed("read", &path))?;
    let mut reader = BufReader::new(decoder);
    let (mut batch, mut line, mut count) = (Vec::new(), Vec::new(), 0u64);
    loop {
        line.clear();
        let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        if read.map_err(failed("read", &path))? == 0 {
            break;
        }
        count += 1;
        let Ok(parsed) = serde_json::from_slice::<SiteLine>(&line) else {
            return tampered(format!("line {count} is none"));
        };
        if !is_mirrored(&parsed.path) {
            return tampered(format!("{:?} is no place for a page", parsed.path));
        }
        if count > list.files {
            return tampered(format!("has more than {} lines", list.files));
        }
        batch.push(parsed);
        if batch.len() == BATCH {
            each(std::mem::take(&mut batch))?;
        }
    }
    each(batch)
}

/// Lists that may name the same paths, old ones and new ones: those of one id range, and all
/// others together.
type Groups<'a> = Vec<(Vec<&'a SiteEntry>, Vec<&'a SiteEntry>)>;

fn groups<'a>(changed: &[&'a SiteEntry], before: &[&'a SiteEntry]) -> Groups<'a> {
    let group = |entry: &SiteEntry| match entry.range.split_once('-') {
        Some((kind, _)) => kind.to_owned(),
        None => entry.range.clone(),
    };
    let mut found: BTreeMap<String, (Vec<&SiteEntry>, Vec<&SiteEntry>)> = BTreeMap::new();
    for entry in before {
        found.entry(group(entry)).or_default().0.push(entry);
    }
    for entry in changed {
        found.entry(group(entry)).or_default().1.push(entry);
    }
    found.into_values().collect()
}
