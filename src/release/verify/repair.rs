//! Replacing bad files by good ones of another copy.
//!
//! What is right is what this copy's own pointer and manifest say. Where those are bad, they are
//! taken from the other copy first, if that contradicts nothing that is known here.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Cursor, Read as _};

use super::super::canonical::{self, CanonicalError};
use super::super::fetch::{FetchError, Source};
use super::super::hash::sha256;
use super::super::layout::{
    LATEST_JSON, RELEASE_JSON, RELEASES_JSON, SHA256SUMS, is_safe_path, release_dir,
};
use super::super::manifest::{MAX_MANIFEST, Manifest, SiteEntry, SiteLine};
use super::super::pointer::{Latest, MAX_POINTER, Named, PointerError, ReleasePointer, Releases};
use super::super::search::pointer::{MAX_SEARCH_POINTER, SearchPointer, Tier, TierList};
use super::super::stage::{Stage, StageError};
use super::super::sums;
use super::Report;

/// Largest site list, compressed.
const MAX_LIST: u64 = 256 << 20;
/// Longest line of one.
const MAX_LINE: u64 = 1 << 14;

/// What a repair did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Repaired {
    /// Files replaced.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that stay bad, and why.
    pub left: Vec<(String, String)>,
}

/// Why nothing could be repaired.
#[derive(Debug, thiserror::Error)]
pub enum RepairError {
    /// Neither copy has a pointer and a manifest that belong together.
    #[error("neither copy has a release.json with its manifest")]
    NoManifest,
    /// A file cannot be written.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A pointer cannot be written.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// Repairs what `report` found in the web root of `stage`, from the copy `from`. Each file is
/// fetched, compared with the hash that is listed for it, and put in place by rename; a copy that
/// is bad itself replaces nothing. Memory: one entry for each bad file.
///
/// # Errors
/// When there is no manifest to go by, or this copy cannot be written.
pub fn repair(stage: &Stage, from: &Source, report: &Report) -> Result<Repaired, RepairError> {
    let here = Source::open(&stage.root().to_string_lossy());
    let mut work = Repair { stage, here: &here, from, done: Repaired::default() };
    let (manifest, index) = work.manifest()?;
    let bad: BTreeSet<&str> = report.problems.iter().map(|problem| problem.path.as_str()).collect();
    // Lists before what they list: a list that was bad tells of nothing.
    for entry in &manifest.site {
        let was_bad = bad.contains(entry.path.as_str());
        if was_bad && !work.file(&entry.path, entry.bytes, &entry.sha256)? {
            continue;
        }
        work.listed(entry, &bad, was_bad)?;
    }
    for (path, bytes, sha256) in manifest.objects() {
        if bad.contains(path) && !path.starts_with("site/") {
            work.file(path, bytes, sha256)?;
        }
    }
    if let Some(named) = &index {
        work.index(named, &bad)?;
    }
    stage.settle()?;
    Ok(work.done)
}

struct Repair<'a> {
    stage: &'a Stage,
    here: &'a Source,
    from: &'a Source,
    done: Repaired,
}

impl Repair<'_> {
    /// The manifest to go by, with the pointers that belong to it put right, and where the pointer
    /// of the search index is.
    fn manifest(&mut self) -> Result<(Manifest, Option<Named>), RepairError> {
        let here = ReleasePointer::read(self.here).ok().flatten();
        let (pointer, found) = [here, ReleasePointer::read(self.from).ok().flatten()]
            .into_iter()
            .flatten()
            .find_map(|pointer| self.named(&pointer).map(|found| (pointer, found)))
            .ok_or(RepairError::NoManifest)?;
        let (bytes, manifest) = found;
        self.put(&pointer.manifest.path, &bytes)?;
        let dir = release_dir(&manifest.release);
        let sums = sums::text(&manifest, &pointer.manifest.sha256);
        self.put(&format!("{dir}/{SHA256SUMS}"), sums.as_bytes())?;
        let latest = Latest::new(&manifest, pointer.manifest.clone());
        if Latest::read(self.here).ok().as_ref() != Some(&latest) {
            self.put(LATEST_JSON, &canonical::to_bytes(&latest)?)?;
        }
        let lists = |source: &Source| -> Result<bool, PointerError> {
            let list = Releases::read(source)?.releases;
            Ok(list.iter().any(|line| line.manifest == pointer.manifest))
        };
        if !lists(self.here).unwrap_or(false) {
            match self.from.read_all(RELEASES_JSON, MAX_POINTER) {
                Ok(bytes) if lists(self.from).unwrap_or(false) => {
                    self.put(RELEASES_JSON, &bytes)?
                }
                _ => self.leave(RELEASES_JSON, "the other copy does not list the release either"),
            }
        }
        let index = pointer.search.clone();
        self.put(
            RELEASE_JSON,
            &canonical::to_bytes(&ReleasePointer { dumps: latest, ..pointer })?,
        )?;
        Ok((manifest, index))
    }

    /// Repairs the search index: its pointer, the lists of its tiers, what these list.
    fn index(&mut self, named: &Named, bad: &BTreeSet<&str>) -> Result<(), RepairError> {
        let was_bad = bad.contains(named.path.as_str());
        if was_bad && !self.file(&named.path, named.bytes, &named.sha256)? {
            return Ok(());
        }
        let bytes = self.here.read_all(&named.path, MAX_SEARCH_POINTER).ok();
        match bytes.and_then(|bytes| SearchPointer::from_bytes(&bytes).ok()) {
            Some(pointer) => {
                pointer.tiers.iter().try_for_each(|tier| self.tier(tier, bad, was_bad))
            }
            None => {
                self.leave(&named.path, "cannot be read");
                Ok(())
            }
        }
    }

    /// Repairs a tier; `all` if nothing of it was looked at.
    fn tier(&mut self, tier: &Tier, bad: &BTreeSet<&str>, all: bool) -> Result<(), RepairError> {
        let path = tier.list_path();
        let all = all || bad.contains(path.as_str());
        if all && !self.by_name(&path, |bytes| tier.is_list(bytes))? {
            return Ok(());
        }
        let bytes = self.here.read_all(&path, MAX_SEARCH_POINTER).ok();
        let Some(list) = bytes.and_then(|bytes| TierList::from_bytes(&bytes).ok()) else {
            self.leave(&path, "cannot be read");
            return Ok(());
        };
        for file in &list.files {
            self.mend((&tier.file_path(file), file.bytes, &file.sha256), bad, all)?;
        }
        if let Some(dead) = tier.dead.as_ref().filter(|d| all || bad.contains(d.path.as_str())) {
            self.by_name(&dead.path, |bytes| dead.is(bytes))?;
        }
        Ok(())
    }

    /// Sees to it that a small file of the index stands, whose name tells what is right. Whether
    /// it does.
    fn by_name(&mut self, path: &str, right: impl Fn(&[u8]) -> bool) -> Result<bool, RepairError> {
        let read = |source: &Source| {
            let bytes = source.read_all(path, MAX_SEARCH_POINTER).ok();
            bytes.filter(|bytes| right(bytes))
        };
        if read(self.here).is_some() {
            return Ok(true);
        }
        let Some(bytes) = read(self.from) else {
            self.leave(path, "the other copy is not the listed one either");
            return Ok(false);
        };
        self.put(path, &bytes)?;
        Ok(true)
    }

    /// The manifest that a pointer names, from either copy.
    fn named(&self, pointer: &ReleasePointer) -> Option<(Vec<u8>, Manifest)> {
        [self.here, self.from].into_iter().find_map(|source| {
            let bytes = source.read_all(&pointer.manifest.path, MAX_MANIFEST).ok()?;
            let right = sha256(&bytes) == pointer.manifest.sha256;
            let manifest = right.then(|| Manifest::from_bytes(&bytes).ok())??;
            Some((bytes, manifest))
        })
    }

    /// Repairs the files of a site list that are bad, or may be: of a list that could not be
    /// read, no file was looked at.
    fn listed(
        &mut self,
        entry: &SiteEntry,
        bad: &BTreeSet<&str>,
        all: bool,
    ) -> Result<(), RepairError> {
        let Ok(list) = self.here.read_all(&entry.path, entry.bytes.min(MAX_LIST)) else {
            self.leave(&entry.path, "cannot be read");
            return Ok(());
        };
        let Ok(text) = zstd::stream::read::Decoder::new(Cursor::new(list)) else {
            self.leave(&entry.path, "cannot be decompressed");
            return Ok(());
        };
        let (mut text, mut line) = (BufReader::new(text), Vec::new());
        loop {
            line.clear();
            match text.by_ref().take(MAX_LINE).read_until(b'\n', &mut line) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) => {
                    self.leave(&entry.path, &error.to_string());
                    return Ok(());
                }
            }
            let Ok(SiteLine { path, bytes, sha256 }) = serde_json::from_slice(&line) else {
                self.leave(&entry.path, "holds a line that is none");
                return Ok(());
            };
            if is_safe_path(&path) {
                self.mend((&path, bytes, &sha256), bad, all)?;
            }
        }
    }

    /// Repairs a file of a list, its path, size and hash, if it is bad; or if it may be, because
    /// nothing of the list was looked at, and is.
    fn mend(
        &mut self,
        (path, bytes, listed): (&str, u64, &str),
        bad: &BTreeSet<&str>,
        all: bool,
    ) -> Result<(), RepairError> {
        if bad.contains(path) || (all && !self.is_sound(path, bytes, listed)) {
            self.file(path, bytes, listed)?;
        }
        Ok(())
    }

    fn is_sound(&self, path: &str, bytes: u64, listed: &str) -> bool {
        self.here.read_all(path, bytes).is_ok_and(|found| sha256(&found) == listed)
    }

    /// Fetches one file, and puts it in place if it is the listed one. Whether it was.
    fn file(&mut self, path: &str, bytes: u64, listed: &str) -> Result<bool, RepairError> {
        let mut staged = self.stage.file()?;
        let fetched: Result<(), FetchError> = self.from.reader(path).and_then(|reader| {
            let failed = |source| FetchError::Io { path: path.to_owned(), source };
            let mut reader = reader.take(bytes.saturating_add(1));
            std::io::copy(&mut reader, &mut staged).map(|_| ()).map_err(failed)
        });
        if let Err(error) = fetched {
            staged.discard()?;
            self.leave(path, &error.to_string());
            return Ok(false);
        }
        let sealed = staged.seal()?;
        if (sealed.bytes, sealed.sha256.as_str()) != (bytes, listed) {
            self.leave(path, "the other copy is not the listed one either");
            return Ok(false);
        }
        sealed.keep(path)?;
        self.done.files += 1;
        self.done.bytes += bytes;
        Ok(true)
    }

    /// Puts a small file in place, if another stands there.
    fn put(&mut self, path: &str, bytes: &[u8]) -> Result<(), RepairError> {
        if !self.stage.write(path, bytes)?.reused {
            self.done.files += 1;
            self.done.bytes += bytes.len() as u64;
        }
        Ok(())
    }

    fn leave(&mut self, path: &str, why: &str) {
        self.done.left.push((path.to_owned(), why.to_owned()));
    }
}
