//! `offprint init`

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};

use anyhow::{Context as _, Result, bail};

use super::args::{Global, Init};
use super::config;
use super::exit::Exit;
use super::terminal::say;
use crate::store::Store;

/// The store's file name inside a repository directory.
pub(super) const STORE_FILE: &str = "store.db";

pub(super) fn run(global: &Global, init: &Init) -> Result<Exit> {
    let dir = global.directory.join(&init.dir);
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let path = dir.join(config::FILE_NAME);
    let store = dir.join(STORE_FILE);
    if fs::exists(&store)? {
        bail!("{} exists already; this is a repository", store.display());
    }
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(mut file) => file
            .write_all(config::TEMPLATE.as_bytes())
            .and_then(|()| file.sync_all())
            .with_context(|| format!("cannot write {}", path.display()))?,
        // A configuration written before `init`, or left by an interrupted one, is kept.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error).with_context(|| format!("cannot make {}", path.display())),
    }
    Store::create(&store).with_context(|| format!("cannot make {}", store.display()))?;
    say(global.quiet, format_args!("made {} and {}", path.display(), store.display()));
    Ok(Exit::Success)
}
