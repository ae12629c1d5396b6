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
    /// When another process holds it.
    pub(super) fn take(global: &Global) -> Result<Lock> {
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
