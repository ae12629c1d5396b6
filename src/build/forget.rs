//! After a purge: nothing but the standing release is left, in the web root and beside the store.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::release::delta::shelf;
use crate::release::fetch::Source;
use crate::release::hash::sha256;
use crate::release::manifest::{MAX_MANIFEST, Manifest};
use crate::release::pointer::{PointerError, ReleasePointer};
use crate::release::stage::{Durability, Stage};

use super::state::StateError;
use super::{BuildError, Settings, search, sweep};

/// Removes what a build keeps of the past although nothing of the standing release needs it:
/// the dumps of every earlier release and their site lists, deltas, the search index of the
/// release before; and from the build's own files the pages of the database that are no longer
/// in use. `dumps/releases.json` and the log keep every line.
///
/// Call it after a [`build`](super::build()) that was full and wrote no delta, under the same
/// lock. Doing it twice changes nothing.
///
/// # Errors
/// When a list cannot be read or a file not be removed; the standing release stands.
pub fn forget_earlier(root: &Path, settings: &Settings) -> Result<(), BuildError> {
    let source = Source::open(&root.to_string_lossy());
    let Some(pointer) = ReleasePointer::read(&source)? else { return Ok(()) };
    let path = root.join(&pointer.manifest.path);
    let bytes =
        source.read_all(&pointer.manifest.path, MAX_MANIFEST).map_err(PointerError::from)?;
    let manifest = Some(bytes).filter(|bytes| sha256(bytes) == pointer.manifest.sha256);
    let manifest = manifest.and_then(|bytes| Manifest::from_bytes(&bytes).ok());
    let changed = || io::Error::other("it is not what release.json names");
    let manifest = manifest.ok_or_else(|| BuildError::Standing { path, source: changed() })?;
    let stage = Stage::open(root, Durability::Synced)?;
    crate::release::sweep::sweep(&stage, 1)?;
    match root.join(shelf::DELTAS_JSON).exists() {
        true => shelf::clear(&stage)?,
        false => shelf::sweep(&stage)?,
    };
    sweep::lists(root, &manifest)?;
    search::sweep(root, [pointer.search, None])?;
    stage.close()?;
    let catalogue = settings.catalogue_file();
    for left in ["new", "heap"] {
        let path = catalogue.with_extension(left);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(BuildError::Sweep { dir: path, source });
            }
            _ => {}
        }
    }
    for file in [&settings.state_file, &catalogue] {
        rewrite(file).map_err(StateError::from)?;
    }
    Ok(())
}

/// Writes a database anew from what stands in it, and empties its log.
fn rewrite(file: &PathBuf) -> Result<(), rusqlite::Error> {
    if !file.is_file() {
        return Ok(());
    }
    let connection = Connection::open(file)?;
    connection.execute_batch("VACUUM")?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
}

/// Removes the index that the search files are made from, so that the next build makes it anew
/// from what is in the store.
///
/// # Errors
/// When a file cannot be removed.
pub fn forget_index(settings: &Settings) -> Result<(), BuildError> {
    let dir = settings.search_dir();
    match fs::remove_dir_all(&dir) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(BuildError::Sweep { dir, source })
        }
        _ => Ok(()),
    }
}
