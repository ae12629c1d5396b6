//! What a mirror remembers between pulls: `.pull/` in its root, never served.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::fetch::Source;
use super::super::hash::sha256;
use super::super::layout::{MANIFEST_JSON, is_release_id, is_safe_path, release_dir};
use super::super::manifest::{FORMAT, MAX_MANIFEST, Manifest};
use super::super::pointer::{ReleasePointer, Releases};
use super::super::stage::Stage;
use super::super::sweep::sweep;
use super::search::SEARCH_DIR;
use super::trust::Memory;
use super::{Offer, Options, PullError, Selection};

/// The mirror's own directory in its root.
pub const MIRROR_DIR: &str = ".pull";

const STATE: &str = "state.json";
const ATTEMPT: &str = "attempt.json";
const GONE: &str = "gone";
/// Longest line of the list of files to remove.
const MAX_LINE: u64 = 4096;

/// `.pull/state.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    format: u32,
    /// Where the release is from.
    source: String,
    /// Entity tag of the pointer that stands.
    etag: Option<String>,
    /// SHA-256 of the pointer that stands.
    pointer: String,
    select: Selection,
    /// Whether a pull is under way, or was killed: files may be of another release then.
    unfinished: bool,
}

/// What of its release a mirror holds; `None` when `root` is no mirror.
pub fn selection(root: &Path) -> Option<Selection> {
    let text = fs::read(root.join(MIRROR_DIR).join(STATE)).ok()?;
    serde_json::from_slice::<State>(&text).ok().map(|state| state.select)
}

/// A mirror that nobody else works on.
pub(super) struct Mirror {
    root: PathBuf,
    dir: PathBuf,
    state: Option<State>,
    source: String,
    /// What was believed last; kept apart from the state, which may be lost.
    pub(super) memory: Option<Memory>,
    _lock: File,
}

impl Mirror {
    pub(super) fn open(source: &Source, root: &Path) -> Result<Mirror, PullError> {
        let dir = root.join(MIRROR_DIR);
        let fresh = !dir.is_dir();
        if fresh && root.join(super::RELEASE_JSON).exists() {
            let (dir, place) = (root.display().to_string(), source.place(""));
            return Err(PullError::Foreign { dir, place });
        }
        fs::create_dir_all(dir.join("parts")).map_err(failed("create", &dir))?;
        let lock = dir.join("lock");
        let lock = File::create(&lock).map_err(failed("open", &lock))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(PullError::Busy(root.display().to_string()));
            }
            Err(TryLockError::Error(error)) => return Err(failed("lock", &dir)(error)),
        }
        // What cannot be understood was not remembered: then everything is looked at.
        let state = fs::read(dir.join(STATE)).ok();
        let state = state.and_then(|text| serde_json::from_slice::<State>(&text).ok());
        let state = state.filter(|state| state.format == FORMAT);
        let source = source.place("");
        let memory = Memory::read(&dir)?;
        Ok(Mirror { root: root.to_owned(), dir, state, source, memory, _lock: lock })
    }

    /// A place for a file that is being fetched. Two paths may have the same content.
    pub(super) fn part(&self, path: &str, hash: &str) -> PathBuf {
        self.dir.join("parts").join(sha256(format!("{hash} {path}").as_bytes()))
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    fn settled(&self, options: &Options) -> Option<&State> {
        let state = self.state.as_ref()?;
        let fits = !state.unfinished
            && state.select == options.select
            && state.source == self.source
            && self.remembers(options.trust.as_ref());
        let standing = fs::read(self.root.join(super::RELEASE_JSON)).ok()?;
        (fits && sha256(&standing) == state.pointer).then_some(state)
    }

    /// The entity tag of the pointer that stands, if nothing else need be done.
    pub(super) fn etag(&self, options: &Options) -> Option<&str> {
        self.settled(options)?.etag.as_deref()
    }

    /// Whether the release of the pointer with this hash stands, whole.
    pub(super) fn has(&self, pointer: &str, options: &Options) -> bool {
        self.settled(options).is_some_and(|state| state.pointer == pointer)
    }

    /// Whether files of the selection may be absent, or of a release that never stood.
    pub(super) fn is_unsettled(&self, select: &Selection) -> bool {
        self.state.as_ref().is_none_or(|state| state.unfinished || state.select != *select)
    }

    /// The pointer that stands.
    pub(super) fn standing(&self) -> Result<Option<ReleasePointer>, PullError> {
        Ok(ReleasePointer::read(&Source::open(&self.root.to_string_lossy()))?)
    }

    /// The manifests of which files may lie about: of the release that stands, and of one that
    /// was being pulled when the pull was killed.
    pub(super) fn earlier(
        &self,
        standing: Option<&ReleasePointer>,
    ) -> Result<Vec<Manifest>, PullError> {
        let mut found = Vec::new();
        if let Some(pointer) = standing {
            let path = self.root.join(release_dir(&pointer.release)).join(MANIFEST_JSON);
            let bytes = fs::read(path).ok().filter(|b| sha256(b) == pointer.manifest.sha256);
            found.extend(bytes.and_then(|bytes| Manifest::from_bytes(&bytes).ok()));
        }
        if let Ok(file) = File::open(self.dir.join(ATTEMPT)) {
            let mut bytes = Vec::new();
            let read = file.take(MAX_MANIFEST).read_to_end(&mut bytes);
            read.map_err(failed("read", &self.dir))?;
            found.extend(Manifest::from_bytes(&bytes).ok());
        }
        Ok(found)
    }

    /// Notes that files of the release with this manifest, its bytes, will be among those of the
    /// release that stands.
    pub(super) fn begin(
        &mut self,
        offer: &Offer,
        options: &Options,
        manifest: &[u8],
    ) -> Result<(), PullError> {
        self.replace(ATTEMPT, manifest)?;
        self.remember(State {
            format: FORMAT,
            source: self.source.clone(),
            etag: offer.etag.clone(),
            pointer: sha256(&offer.body),
            select: options.select,
            unfinished: true,
        })
    }

    /// Notes that the release stands, whole.
    pub(super) fn end(&mut self, offer: &Offer) -> Result<(), PullError> {
        let Some(state) = self.state.clone() else { return Ok(()) };
        let (etag, pointer) = (offer.etag.clone(), sha256(&offer.body));
        self.remember(State { etag, pointer, unfinished: false, ..state })?;
        self.remove_own(ATTEMPT)
    }

    fn remember(&mut self, state: State) -> Result<(), PullError> {
        let text = serde_json::to_vec(&state).map_err(|e| failed("write", &self.dir)(e.into()))?;
        self.state = Some(state);
        self.replace(STATE, &text)
    }

    pub(super) fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), PullError> {
        let (path, new) = (self.dir.join(name), self.dir.join(format!("{name}.new")));
        let write = || -> io::Result<()> {
            let mut file = File::create(&new)?;
            file.write_all(bytes)?;
            file.sync_data()?;
            fs::rename(&new, &path)?;
            File::open(&self.dir)?.sync_all()
        };
        write().map_err(failed("write", &path))
    }

    fn remove_own(&self, name: &str) -> Result<(), PullError> {
        let path = self.dir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("remove", &path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Notes what is to be removed once the pointer of `offer` stands.
    pub(super) fn note_gone(&self, offer: &Offer, gone: &[String]) -> Result<(), PullError> {
        let mut text = format!("{}\n", sha256(&offer.body));
        for path in gone {
            text.push_str(path);
            text.push('\n');
        }
        self.replace(GONE, text.as_bytes())
    }

    /// Removes what was noted, if the pointer that was to stand does. Returns how many files.
    pub(super) fn finish_removals(&self) -> Result<u64, PullError> {
        let path = self.dir.join(GONE);
        let Ok(file) = File::open(&path) else { return Ok(0) };
        let standing = fs::read(self.root.join(super::RELEASE_JSON)).unwrap_or_default();
        let mut lines = BufReader::new(file);
        let mut first = true;
        let mut removed = 0;
        loop {
            let mut line = String::new();
            let read = lines.by_ref().take(MAX_LINE).read_line(&mut line);
            if read.map_err(failed("read", &path))? == 0 {
                break;
            }
            let line = line.trim_end_matches('\n');
            if std::mem::take(&mut first) {
                if sha256(&standing) != line {
                    break;
                }
                continue;
            }
            removed += u64::from(self.remove(line)?);
        }
        self.remove_own(GONE)?;
        Ok(removed)
    }

    /// Removes a file and the directories that are empty then.
    fn remove(&self, path: &str) -> Result<bool, PullError> {
        if !is_safe_path(path) {
            return Ok(false);
        }
        let path = self.root.join(path);
        let was = match fs::remove_file(&path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(failed("remove", &path)(error)),
        };
        for dir in path.ancestors().skip(1).take_while(|dir| *dir != self.root) {
            // Most often it is not empty.
            if fs::remove_dir(dir).is_err() {
                break;
            }
        }
        Ok(was)
    }

    /// Removes what only earlier releases have: their directories, packs, lists and search index
    /// (all but `index`, names in its directory), and files that were being fetched. Returns how
    /// many files and directories.
    pub(super) fn clear(
        &self,
        stage: &Stage,
        manifest: &Manifest,
        is_unpacked: bool,
        index: &BTreeSet<String>,
    ) -> Result<u64, PullError> {
        let mut removed = 0;
        for name in names(&self.root.join("dumps"))? {
            if is_release_id(&name) && name != manifest.release {
                let dir = self.root.join(release_dir(&name));
                fs::remove_dir_all(&dir).map_err(failed("remove", &dir))?;
                removed += 1;
            }
        }
        let listed = Releases::read(&Source::open(&self.root.to_string_lossy()))?.releases;
        // Otherwise the packs of the release that stands would be left-overs.
        if listed.iter().any(|line| line.release == manifest.release) {
            removed += sweep(stage, 0)?.len() as u64;
        }
        let mut listed: BTreeSet<&str> = manifest.objects().map(|(path, ..)| path).collect();
        if is_unpacked {
            // One that stays from before would say that the site is in packs.
            manifest.site_packs().for_each(|pack| {
                listed.remove(pack.path.as_str());
            });
        }
        for name in names(&self.root.join("site"))? {
            let path = format!("site/{name}");
            if !listed.contains(path.as_str()) {
                removed += u64::from(self.remove(&path)?);
            }
        }
        let dir = self.root.join(SEARCH_DIR);
        for name in names(&dir)?.into_iter().filter(|name| !index.contains(name)) {
            let path = dir.join(name);
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }
                .map_err(failed("remove", &path))?;
            removed += 1;
        }
        if index.is_empty() {
            // Most often it is not there.
            let _ = fs::remove_dir(&dir);
        }
        for name in names(&self.dir.join("parts"))? {
            let path = self.dir.join("parts").join(name);
            fs::remove_file(&path).map_err(failed("remove", &path))?;
        }
        Ok(removed)
    }
}

pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PullError {
    move |source| PullError::Io { action, path: path.display().to_string(), source }
}

/// Names in a directory; none when it does not exist.
fn names(dir: &Path) -> Result<Vec<String>, PullError> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(failed("read", dir))?,
    };
    let name = |entry: io::Result<fs::DirEntry>| {
        Ok(entry.map_err(failed("read", dir))?.file_name().to_string_lossy().into_owned())
    };
    entries.map(name).collect()
}
