//! Writing into a web root so that a kill at any instant leaves it whole.
//!
//! Files are written in `<root>/.stage/`, flushed to the disk, and renamed into place; the
//! directories they went to are flushed once, in [`Stage::settle`], before any pointer moves.
//! The next build empties what a killed one left. One build at a time per root is the caller's
//! business.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::hash::{Hashing, sha256};
use super::variants::Precompress;

/// Name of the staging directory in the web root; never listed, never served.
pub const STAGE_DIR: &str = ".stage";

/// An error with the file it happened to.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {path}")]
pub struct StageError {
    /// What was being done.
    pub action: &'static str,
    /// To which file or directory.
    pub path: String,
    /// Cause.
    pub source: io::Error,
}

pub(super) type Result<T> = std::result::Result<T, StageError>;

pub(super) fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StageError {
    move |source| StageError { action, path: path.display().to_string(), source }
}

/// Whether file contents reach the disk before their names do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// `fsync` each file before its rename and each directory in [`Stage::settle`].
    Synced,
    /// Leave it to the operating system; for tests and throw-away builds.
    Relaxed,
}

/// A file in its final place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Path from the web root.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
    /// Whether it stood there already and was left alone.
    pub reused: bool,
}

/// The staging area of one build in one web root. Shared by threads.
#[derive(Debug)]
pub struct Stage {
    root: PathBuf,
    dir: PathBuf,
    durability: Durability,
    next: AtomicU64,
    touched: Mutex<BTreeSet<PathBuf>>,
    /// Whether pages are created at their paths where nothing stands.
    fills: bool,
    /// Whether pages were written that no flush covers yet.
    pages: AtomicBool,
    precompress: Precompress,
}

impl Stage {
    /// Makes `root` if needed and an empty staging directory in it.
    ///
    /// # Errors
    /// When a directory cannot be made or a left-over cannot be removed.
    pub fn open(root: &Path, durability: Durability) -> Result<Stage> {
        let dir = root.join(STAGE_DIR);
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(at("remove", &dir)(error));
            }
            _ => {}
        }
        fs::create_dir_all(&dir).map_err(at("create", &dir))?;
        Ok(Stage {
            root: root.to_owned(),
            dir,
            durability,
            next: AtomicU64::new(0),
            touched: Mutex::default(),
            fills: false,
            pages: AtomicBool::new(false),
            precompress: Precompress::default(),
        })
    }

    /// The same stage, for which [`Stage::variants`] writes these.
    #[must_use]
    pub fn with_precompress(self, precompress: Precompress) -> Stage {
        Stage { precompress, ..self }
    }

    pub(super) fn precompress(&self) -> &Precompress {
        &self.precompress
    }

    /// The same stage, for who reads every page again after a kill: if the root is empty, pages
    /// are created at their paths.
    #[must_use]
    pub fn filling(self) -> Stage {
        Stage { fills: is_empty(&self.root), ..self }
    }

    /// Whether nothing stands in the root but what this stage put there.
    pub(super) fn fills(&self) -> bool {
        self.fills
    }

    /// The web root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A new file, hashed as it is written; nothing is visible until [`StagedFile::keep`].
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn file(&self) -> Result<StagedFile<'_>> {
        let temporary = self.dir.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
            .map_err(at("create", &temporary))?;
        let out = Hashing::new(BufWriter::with_capacity(1 << 16, file));
        Ok(StagedFile { stage: self, temporary, out })
    }

    /// Writes a whole file at `path` from the web root. If the same bytes stand there, they stay.
    ///
    /// # Errors
    /// When any step fails; the old file then still stands.
    pub fn write(&self, path: &str, bytes: &[u8]) -> Result<Written> {
        let target = self.root.join(path);
        if holds(&target, bytes) {
            let (path, sha256) = (path.to_owned(), sha256(bytes));
            return Ok(Written { path, bytes: bytes.len() as u64, sha256, reused: true });
        }
        let mut file = self.file()?;
        file.write_all(bytes).map_err(at("write", &target))?;
        file.keep(path)
    }

    /// Writes one of very many small files, such as a page. If the same bytes stand there, they
    /// stay. Unlike [`Stage::write`] it flushes nothing by itself, at 7 ms a file:
    /// [`Stage::settle`] then flushes the whole file system, once.
    ///
    /// # Errors
    /// When any step fails; the old file then still stands.
    pub fn write_page(&self, path: &str, bytes: &[u8]) -> Result<Written> {
        let target = self.root.join(path);
        let (size, sha256) = (bytes.len() as u64, sha256(bytes));
        let created = self.fills && self.create_page(&target, bytes)?;
        if !created && holds(&target, bytes) {
            return Ok(Written { path: path.to_owned(), bytes: size, sha256, reused: true });
        }
        if !created {
            self.replace_page(&target, bytes)?;
        }
        Ok(Written { path: path.to_owned(), bytes: size, sha256, reused: false })
    }

    /// [`write_page`](Self::write_page) without looking at what stands there, and without a hash.
    ///
    /// # Errors
    /// When any step fails; the old file then still stands.
    pub fn put_page(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let target = self.root.join(path);
        if self.fills && self.create_page(&target, bytes)? {
            return Ok(());
        }
        self.replace_page(&target, bytes)
    }

    /// Creates a page where nothing stands; `false` if something does.
    fn create_page(&self, target: &Path, bytes: &[u8]) -> Result<bool> {
        let create = || OpenOptions::new().write(true).create_new(true).open(target);
        let mut created = create();
        if created.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            let parent = target.parent().unwrap_or(&self.root);
            fs::create_dir_all(parent).map_err(at("create", parent))?;
            created = create();
        }
        // What the reason is, replacing it will tell.
        let Ok(mut file) = created else { return Ok(false) };
        file.write_all(bytes).map_err(at("write", target))?;
        self.pages.store(true, Ordering::Relaxed);
        Ok(true)
    }

    fn replace_page(&self, target: &Path, bytes: &[u8]) -> Result<()> {
        let temporary = self.dir.join(self.next.fetch_add(1, Ordering::Relaxed).to_string());
        fs::write(&temporary, bytes).map_err(at("write", &temporary))?;
        self.rename_page(&temporary, target)
    }

    fn rename_page(&self, from: &Path, target: &Path) -> Result<()> {
        if let Err(error) = fs::rename(from, target) {
            if error.kind() != io::ErrorKind::NotFound {
                return Err(at("rename to", target)(error));
            }
            let parent = target.parent().unwrap_or(&self.root);
            fs::create_dir_all(parent).map_err(at("create", parent))?;
            fs::rename(from, target).map_err(at("rename to", target))?;
        }
        self.pages.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Puts a finished file of the same file system, such as one that was downloaded, at `path`
    /// from the web root, flushing its content first. What stands there is replaced.
    ///
    /// # Errors
    /// When any step fails; the old file then still stands.
    pub fn adopt(&self, file: &Path, path: &str) -> Result<()> {
        if self.durability == Durability::Synced {
            File::open(file).and_then(|f| f.sync_data()).map_err(at("flush", file))?;
        }
        self.place(file, path)
    }

    /// [`adopt`](Self::adopt) for one of very many small files, which [`Stage::settle`] flushes
    /// together.
    ///
    /// # Errors
    /// When any step fails; the old file then still stands.
    pub fn adopt_page(&self, file: &Path, path: &str) -> Result<()> {
        let target = self.root.join(path);
        self.rename_page(file, &target)
    }

    /// An empty directory of that name, which goes with the stage.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn scratch(&self, name: &str) -> Result<PathBuf> {
        let dir = self.dir.join(name);
        fs::create_dir(&dir).map_err(at("create", &dir))?;
        Ok(dir)
    }

    /// Flushes every directory that got a file since the last call. After it, everything kept so
    /// far survives a power cut; call it before moving a pointer.
    ///
    /// # Errors
    /// When a directory cannot be flushed.
    pub fn settle(&self) -> Result<()> {
        let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        for dir in std::mem::take(&mut *touched) {
            sync_dir(&dir)?;
        }
        if self.pages.swap(false, Ordering::Relaxed) && self.durability == Durability::Synced {
            let root = File::open(&self.root).map_err(at("flush", &self.root))?;
            rustix::fs::syncfs(root).map_err(|error| at("flush", &self.root)(error.into()))?;
        }
        Ok(())
    }

    /// Flushes and removes the staging directory.
    ///
    /// # Errors
    /// When a directory cannot be flushed or removed.
    pub fn close(self) -> Result<()> {
        self.settle()?;
        fs::remove_dir_all(&self.dir).map_err(at("remove", &self.dir))
    }

    fn place(&self, temporary: &Path, path: &str) -> Result<()> {
        let target = self.root.join(path);
        let parent = target.parent().unwrap_or(&self.root);
        let made = missing_ancestors(parent);
        fs::create_dir_all(parent).map_err(at("create", parent))?;
        fs::rename(temporary, &target).map_err(at("rename to", &target))?;
        if self.durability == Durability::Synced {
            let mut touched = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
            touched.insert(parent.to_owned());
            touched.extend(made);
        }
        Ok(())
    }
}

/// Whether there is nothing in a directory, or no directory; hidden names aside, such as the
/// stage of a build that was killed.
fn is_empty(root: &Path) -> bool {
    let hidden = |entry: &fs::DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
    match fs::read_dir(root) {
        Ok(entries) => entries.into_iter().all(|entry| entry.is_ok_and(|entry| hidden(&entry))),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Parents of the directories that must be made for `dir` to exist: they change too.
fn missing_ancestors(dir: &Path) -> Vec<PathBuf> {
    dir.ancestors()
        .take_while(|ancestor| !ancestor.is_dir())
        .filter_map(|ancestor| ancestor.parent().map(Path::to_owned))
        .collect()
}

/// Whether the file exists and holds exactly `bytes`.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    // Whatever is in the way of knowing, writing anew is right.
    let Ok(mut file) = File::open(path) else { return false };
    if !file.metadata().is_ok_and(|meta| meta.is_file() && meta.len() == bytes.len() as u64) {
        return false;
    }
    let mut old = Vec::with_capacity(bytes.len() + 1);
    file.read_to_end(&mut old).is_ok() && old == bytes
}

fn sync_dir(dir: &Path) -> Result<()> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(at("flush", dir))
}

/// A file being written in the stage.
#[derive(Debug)]
pub struct StagedFile<'a> {
    stage: &'a Stage,
    temporary: PathBuf,
    out: Hashing<BufWriter<File>>,
}

/// A finished staged file whose size and hash are known, but not yet its name.
#[derive(Debug)]
pub struct Sealed<'a> {
    stage: &'a Stage,
    temporary: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

impl<'a> StagedFile<'a> {
    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.out.bytes()
    }

    /// Ends writing and flushes the content to the disk.
    ///
    /// # Errors
    /// When the last bytes cannot be written.
    pub fn seal(self) -> Result<Sealed<'a>> {
        let StagedFile { stage, temporary, out } = self;
        let (writer, bytes, sha256) = out.finish();
        let file =
            writer.into_inner().map_err(|error| at("write", &temporary)(error.into_error()))?;
        if stage.durability == Durability::Synced {
            file.sync_data().map_err(at("flush", &temporary))?;
        }
        Ok(Sealed { stage, temporary, bytes, sha256 })
    }

    /// Ends writing and puts the file at `path` from the web root; see [`Sealed::keep`].
    ///
    /// # Errors
    /// When any step fails; nothing is then visible at `path`.
    pub fn keep(self, path: &str) -> Result<Written> {
        self.seal()?.keep(path)
    }

    /// Gives the file up.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn discard(self) -> Result<()> {
        fs::remove_file(&self.temporary).map_err(at("remove", &self.temporary))
    }
}

impl Sealed<'_> {
    /// Puts the file at `path` from the web root. If the same bytes stand there, they stay.
    ///
    /// # Errors
    /// When any step fails.
    pub fn keep(self, path: &str) -> Result<Written> {
        let same = self.same_size(path) && {
            let target = self.stage.root.join(path);
            let mut old = Hashing::new(File::open(&target).map_err(at("read", &target))?);
            io::copy(&mut old, &mut io::sink()).map_err(at("read", &target))?;
            old.finish().2 == self.sha256
        };
        self.settle_as(path, same)
    }

    /// Puts a file named by its hash at `path`: if one of the same size stands there, it is the
    /// same file and stays.
    ///
    /// # Errors
    /// When any step fails.
    pub fn keep_once(self, path: &str) -> Result<Written> {
        let same = self.same_size(path);
        self.settle_as(path, same)
    }

    /// Gives the file up.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn discard(self) -> Result<()> {
        fs::remove_file(&self.temporary).map_err(at("remove", &self.temporary))
    }

    fn same_size(&self, path: &str) -> bool {
        let target = self.stage.root.join(path);
        fs::metadata(target).is_ok_and(|meta| meta.is_file() && meta.len() == self.bytes)
    }

    fn settle_as(self, path: &str, reused: bool) -> Result<Written> {
        if reused {
            fs::remove_file(&self.temporary).map_err(at("remove", &self.temporary))?;
        } else {
            self.stage.place(&self.temporary, path)?;
        }
        let (bytes, sha256) = (self.bytes, self.sha256);
        Ok(Written { path: path.to_owned(), bytes, sha256, reused })
    }
}

impl Write for StagedFile<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.out.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_appear_whole_and_left_overs_go() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join(".stage/old")).unwrap();
        for durability in [Durability::Synced, Durability::Relaxed] {
            let stage = Stage::open(root.path(), durability).unwrap();
            assert_eq!(fs::read_dir(root.path().join(STAGE_DIR)).unwrap().count(), 0);
            let mut file = stage.file().unwrap();
            file.write_all(b"abc").unwrap();
            assert!(!root.path().join("x/y/z").exists() || durability == Durability::Relaxed);
            let sealed = file.seal().unwrap();
            let reused = durability == Durability::Relaxed;
            assert_eq!(sealed.keep_once("x/y/z").unwrap().reused, reused);
            assert_eq!(stage.write("p.json", b"{}").unwrap().reused, reused);
            stage.close().unwrap();
            assert_eq!(fs::read(root.path().join("x/y/z")).unwrap(), b"abc");
            assert!(!root.path().join(STAGE_DIR).exists());
        }
    }

    #[test]
    fn a_page_that_a_kill_cut_short_is_made_whole() {
        let root = tempfile::tempdir().unwrap();
        let page = |stage: &Stage, bytes: &[u8]| {
            let reused = stage.write_page("records/1/a", bytes).unwrap().reused;
            assert_eq!(fs::read(root.path().join("records/1/a")).unwrap(), bytes);
            reused
        };
        let open = || Stage::open(root.path(), Durability::Relaxed).unwrap().filling();
        let killed = open();
        assert!(killed.fills());
        assert!(!page(&killed, b"who"));
        assert_eq!(fs::read_dir(root.path().join(STAGE_DIR)).unwrap().count(), 0);
        // Twice in one build: the later one stands.
        assert!(!page(&killed, b"what"));
        drop(killed);
        let next = open();
        assert!(!next.fills());
        assert!(!page(&next, b"whole"));
        assert!(page(&next, b"whole"));
    }

    #[test]
    fn a_pointer_is_replaced_and_a_named_file_is_not() {
        let root = tempfile::tempdir().unwrap();
        let stage = Stage::open(root.path(), Durability::Relaxed).unwrap();
        stage.write("p", b"old").unwrap();
        assert!(!stage.write("p", b"new").unwrap().reused);
        assert_eq!(fs::read(root.path().join("p")).unwrap(), b"new");
        let error = stage.write("p/q", b"").unwrap_err();
        assert_eq!(error.action, "create");
    }
}
