//! A directory as target. Files are written in its stage, flushed and renamed, as a build does.
//!
//! A lock of the system makes the publisher the only one: it goes with the process, so that what
//! a killed publisher left can be taken up at once.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::super::hash::sha256;
use super::super::stage::{Durability, Stage, at};
use super::ledger::STATE_DIR;
use super::target::{Condition, Outgoing, Target, Version};
use super::{PublishError, Result, Served};

/// Bytes copied at a time.
const PIECE: usize = 1 << 18;

#[derive(Debug)]
pub(super) struct Directory {
    root: PathBuf,
    /// `None` when only looking.
    writing: Option<(Stage, File)>,
}

impl Directory {
    /// Takes the lock and makes the directory if needed.
    pub(super) fn open(root: &Path, web_root: &Path) -> Result<Directory> {
        let state = root.join(STATE_DIR);
        fs::create_dir_all(&state).map_err(at("create", &state))?;
        let same = |path: &Path| fs::canonicalize(path).map_err(at("find", path));
        let (to, from) = (same(root)?, same(web_root)?);
        if to.starts_with(&from) || from.starts_with(&to) {
            return Err(PublishError::SamePlace(root.display().to_string()));
        }
        let path = state.join("lock");
        let lock = File::create(&path).map_err(at("open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let owner = "a process of this machine".to_owned();
                return Err(PublishError::Held { owner, until: "it ends".to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(at("lock", &path)(error).into()),
        }
        let stage = Stage::open(root, Durability::Synced)?;
        Ok(Directory { root: root.to_owned(), writing: Some((stage, lock)) })
    }

    /// Reads only; nothing is made.
    pub(super) fn look(root: &Path) -> Directory {
        Directory { root: root.to_owned(), writing: None }
    }

    fn stage(&self) -> Result<&Stage> {
        let looking = || io::Error::from(io::ErrorKind::ReadOnlyFilesystem);
        let stage = self.writing.as_ref().map(|(stage, _)| stage);
        Ok(stage.ok_or_else(|| at("write to", &self.root)(looking()))?)
    }
}

fn absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

impl Target for Directory {
    fn get(&self, path: &str, limit: u64) -> Result<Option<(Vec<u8>, Version)>> {
        let path = self.root.join(path);
        let file = match File::open(&path) {
            Err(error) if absent(&error) => return Ok(None),
            other => other.map_err(at("read", &path))?,
        };
        let mut bytes = Vec::new();
        file.take(limit + 1).read_to_end(&mut bytes).map_err(at("read", &path))?;
        if bytes.len() as u64 > limit {
            let error = io::Error::other(format!("longer than {limit} bytes"));
            return Err(at("read", &path)(error).into());
        }
        let version = version(&bytes);
        Ok(Some((bytes, version)))
    }

    fn size(&self, path: &str) -> Result<Option<u64>> {
        let path = self.root.join(path);
        match fs::metadata(&path) {
            Err(error) if absent(&error) => Ok(None),
            other => {
                let meta = other.map_err(at("look at", &path))?;
                Ok(meta.is_file().then_some(meta.len()))
            }
        }
    }

    fn put(&self, path: &str, bytes: Vec<u8>, _: Served) -> Result<()> {
        Ok(self.stage()?.put_page(path, &bytes)?)
    }

    fn put_if(
        &self,
        path: &str,
        bytes: Vec<u8>,
        _: Served,
        condition: &Condition,
    ) -> Result<Option<Version>> {
        // Nobody else writes while the lock is held.
        let there = self.get(path, u64::MAX - 1)?.map(|(_, version)| version);
        let holds = match condition {
            Condition::Absent => there.is_none(),
            Condition::Is(version) => there.as_ref() == Some(version),
        };
        if !holds {
            return Ok(None);
        }
        self.stage()?.write(path, &bytes)?;
        self.stage()?.settle()?;
        Ok(Some(version(&bytes)))
    }

    fn send(&self, outgoing: Outgoing<'_>, mut file: File, from: &Path) -> Result<()> {
        let mut staged = self.stage()?.file()?;
        let mut piece = vec![0; PIECE];
        loop {
            let n = file.read(&mut piece).map_err(|source| PublishError::Read {
                path: from.display().to_string(),
                source,
            })?;
            if n == 0 {
                break;
            }
            staged.write_all(&piece[..n]).map_err(at("write", &self.root.join(outgoing.path)))?;
        }
        let sealed = staged.seal()?;
        let right = sealed.bytes == outgoing.bytes
            && outgoing.sha256.is_none_or(|sha256| sha256 == sealed.sha256);
        if !right {
            return Err(PublishError::Changed { path: outgoing.path.to_owned() });
        }
        sealed.keep(outgoing.path)?;
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<()> {
        let file = self.root.join(path);
        match fs::remove_file(&file) {
            Err(error) if !absent(&error) => return Err(at("remove", &file)(error).into()),
            _ => {}
        }
        // Most often it is not empty.
        for dir in file.ancestors().skip(1).take_while(|dir| *dir != self.root) {
            if fs::remove_dir(dir).is_err() {
                break;
            }
        }
        Ok(())
    }

    fn settle(&self) -> Result<()> {
        Ok(self.stage()?.settle()?)
    }

    fn probe(&self, _owner: &str) -> Result<()> {
        Ok(())
    }

    fn is_exclusive(&self) -> bool {
        true
    }

    fn close(&self) -> Result<()> {
        let dir = self.root.join(super::super::stage::STAGE_DIR);
        fs::remove_dir_all(&dir).map_err(at("remove", &dir))?;
        Ok(())
    }
}

fn version(bytes: &[u8]) -> Version {
    Version { tag: Some(sha256(bytes)), number: None }
}
