//! Folders of files, in the order of their names. Links and hidden files are passed over.

use std::io;
use std::path::Path;
use std::sync::atomic::AtomicU64;

use sha2::{Digest, Sha256};
use walkdir::{DirEntry, WalkDir};

use super::sink::{Sink, Stopped};
use super::{read_file, stamp};
use crate::store::rejects::Position;

/// Every regular file, each folder sorted by file name.
fn files(root: &Path) -> impl Iterator<Item = walkdir::Result<DirEntry>> {
    let visible = |entry: &DirEntry| {
        entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
    };
    WalkDir::new(root)
        .follow_links(false)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(visible)
        .filter(|entry| entry.as_ref().map_or(true, |entry| entry.file_type().is_file()))
}

/// The path below the root, with `/`.
fn member(root: &Path, path: &Path) -> String {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

pub(super) fn read(root: &Path, sink: &mut Sink<'_>, read: &AtomicU64) -> Result<(), Stopped> {
    for entry in files(root) {
        match entry {
            Ok(entry) => read_file(entry.path(), Some(member(root, entry.path())), sink, read)?,
            Err(error) => {
                let member = error.path().map(|path| member(root, path));
                sink.broken(Position { member, line: None }, &error.into())?;
            }
        }
    }
    Ok(())
}

/// Names, sizes and times of all files.
pub(super) fn identify(root: &Path, digest: &mut Sha256) -> io::Result<()> {
    for entry in files(root) {
        let entry = entry?;
        digest.update(member(root, entry.path()));
        digest.update([0]);
        stamp(&entry.metadata()?, digest);
    }
    Ok(())
}

pub(super) fn total_bytes(root: &Path) -> u64 {
    let sizes = files(root).filter_map(|entry| entry.ok()?.metadata().ok());
    sizes.map(|metadata| metadata.len()).sum()
}
