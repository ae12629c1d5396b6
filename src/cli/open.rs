//! The repository that a command works on.

use std::fs::{File, TryLockError};

use anyhow::{Context as _, Result};

use super::args::Global;
use super::config::Config;
use super::init::STORE_FILE;
use super::terminal::{Hint, UsageError};
use crate::store::Store;

/// The configuration of the repository at `-C`.
///
/// # Errors
/// Those of [`Config::load`], as usage errors.
pub(super) fn config(global: &Global) -> Result<Config> {
    Config::load(&global.directory, |name| std::env::var(name).ok(), &global.sets)
        .map_err(|error| UsageError(error).into())
}

/// The store of the repository at `-C`.
///
/// # Errors
/// When there is none or it is of another version.
pub(super) fn store(global: &Global) -> Result<Store> {
    let path = global.directory.join(STORE_FILE);
    Ok(Store::open(&path)?)
}

/// Held while a command writes the web root; the system lets go of it when the process ends.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "holding it is its use")] File);

impl Lock {
    /// Takes the lock of the repository at `-C`.
    ///
    /// # Errors
    /// When another process holds it, or a purge was begun and not finished: what such a
    /// repository prints may still hold what was to go.
    pub(super) fn take(global: &Global) -> Result<Lock> {
        let lock = Lock::take_in_purge(global)?;
        match super::purge::is_unfinished(global)? {
            false => Ok(lock),
            true => Err(Hint {
                message: "a purge of this repository was begun and is not finished".into(),
                hint: "run the same `offprint purge` again".into(),
            }
            .into()),
        }
    }

    /// The same, also while a purge is unfinished.
    ///
    /// # Errors
    /// When another process holds it.
    pub(super) fn take_in_purge(global: &Global) -> Result<Lock> {
        let path = global.directory.join("build.lock");
        let file =
            File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(Hint {
                message: format!("another build holds {}", path.display()),
                hint: "wait for it to end; the lock goes with the process".into(),
            }
            .into()),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

/// Held while a command relies on the store's dictionaries, or takes them away.
#[derive(Debug)]
pub(super) struct StoreLock(#[expect(dead_code, reason = "holding it is its use")] File);

impl StoreLock {
    /// For an import: any number of them at a time.
    ///
    /// # Errors
    /// When a purge is under way.
    pub(super) fn share(global: &Global) -> Result<StoreLock> {
        StoreLock::take(global, File::try_lock_shared, "a purge is under way")
    }

    /// For a purge.
    ///
    /// # Errors
    /// When an import is under way.
    pub(super) fn alone(global: &Global) -> Result<StoreLock> {
        StoreLock::take(global, File::try_lock, "an import is under way")
    }

    fn take(
        global: &Global,
        lock: fn(&File) -> Result<(), TryLockError>,
        held: &str,
    ) -> Result<StoreLock> {
        let path = global.directory.join("store.lock");
        let file =
            File::create(&path).with_context(|| format!("cannot open {}", path.display()))?;
        match lock(&file) {
            Ok(()) => Ok(StoreLock(file)),
            Err(TryLockError::WouldBlock) => Err(Hint {
                message: format!("{held}: it holds {}", path.display()),
                hint: "wait for it to end; the lock goes with the process".into(),
            }
            .into()),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}
