//! Inputs: files, folders, archives and streams, cut into documents.
//!
//! Whatever comes in is hostile: compression is told by magic bytes, never by name; paths in
//! archives are labels and never touch the disk; links are not followed; nothing is held in
//! memory that is longer than [`DOCUMENT_BYTES`]. A stream that breaks off gives the documents
//! before the break and one reject that says where it broke.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::Error;
use super::rejects::Position;

mod archive;
mod compression;
mod folder;
mod text;

pub(super) mod convert;
pub(super) mod sink;

use sink::{Sink, Stopped};

/// Longest document that is read: a record with 100 files and 3,000 creators is below 1 MiB,
/// the longest XML known to us below 20.
pub const DOCUMENT_BYTES: usize = 64 << 20;

/// What is looked at to tell what a stream holds.
const HEAD_BYTES: usize = 64 << 10;

/// One thing to import.
pub enum Input {
    /// A file or a folder.
    Path(PathBuf),
    /// A stream, such as standard input. It cannot be resumed.
    Stream(Box<dyn Read + Send>),
}

impl Input {
    /// Name for messages; streams are `-`.
    pub fn name(&self) -> String {
        match self {
            Input::Path(path) => path.display().to_string(),
            Input::Stream(_) => "-".to_owned(),
        }
    }

    /// The name under which the store remembers how far the import got: absolute, so that it
    /// does not depend on the working directory.
    pub(super) fn key(&self) -> Result<String, Error> {
        match self {
            Input::Path(path) => {
                let absolute = path.canonicalize().map_err(|error| failed(path, error))?;
                Ok(absolute.display().to_string())
            }
            Input::Stream(_) => Ok("-".to_owned()),
        }
    }

    /// What tells this content from an earlier one of the same name, without reading it all:
    /// a resumed import skips documents by number. Empty for streams.
    pub(super) fn identity(&self) -> Result<Vec<u8>, Error> {
        let Input::Path(path) = self else { return Ok(Vec::new()) };
        let mut digest = Sha256::new();
        let metadata = fs::metadata(path).map_err(|error| failed(path, error))?;
        if metadata.is_dir() {
            folder::identify(path, &mut digest).map_err(|error| failed(path, error))?;
        } else {
            stamp(&metadata, &mut digest);
            let mut head = Vec::new();
            File::open(path)
                .and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head))
                .map_err(|error| failed(path, error))?;
            digest.update(&head);
        }
        Ok(digest.finalize().to_vec())
    }

    /// Bytes to read, as stored; `None` for streams.
    pub(super) fn total_bytes(&self) -> Option<u64> {
        let Input::Path(path) = self else { return None };
        let metadata = fs::metadata(path).ok()?;
        Some(if metadata.is_dir() { folder::total_bytes(path) } else { metadata.len() })
    }

    /// Cuts everything into documents, in a fixed order. `read` counts the bytes taken from
    /// the disk.
    pub(super) fn read(self, sink: &mut Sink<'_>, read: &AtomicU64) -> Result<(), Stopped> {
        match self {
            Input::Stream(stream) => read_stream(Counted(stream, read), &Place::default(), sink),
            Input::Path(path) if path.is_dir() => folder::read(&path, sink, read),
            Input::Path(path) => read_file(&path, None, sink, read),
        }
    }
}

fn failed(path: &Path, source: io::Error) -> Error {
    Error::Io { path: path.to_owned(), source }
}

/// Size and modification time.
fn stamp(metadata: &fs::Metadata, digest: &mut Sha256) {
    digest.update(metadata.len().to_le_bytes());
    let since = metadata.modified().ok().and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok());
    digest.update(since.map_or(0, |since| since.as_nanos()).to_le_bytes());
}

/// Where a stream comes from.
#[derive(Debug, Default, Clone)]
struct Place {
    /// Path in a folder.
    member: Option<String>,
    /// Base name without the extension of a compression; may be empty.
    name: String,
}

impl Place {
    fn position(&self, line: Option<u64>) -> Position {
        Position { member: self.member.clone(), line }
    }
}

/// The base name without `.gz`, `.zst` or `.bz2`.
fn plain_name(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let suffix = [".gz", ".zst", ".bz2"].into_iter().find(|suffix| name.ends_with(suffix));
    suffix.map_or(name, |suffix| &name[..name.len() - suffix.len()])
}

/// The part of a base name before its last dot.
fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Counts what is read from the disk, before decompression.
struct Counted<'a, R>(R, &'a AtomicU64);

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.0.read(buffer)?;
        self.1.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(bytes)
    }
}

fn read_file(
    path: &Path,
    member: Option<String>,
    sink: &mut Sink<'_>,
    read: &AtomicU64,
) -> Result<(), Stopped> {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let place = Place { member, name: plain_name(&name).to_owned() };
    match File::open(path) {
        Ok(file) => read_stream(Counted(file, read), &place, sink),
        Err(error) => sink.broken(place.position(None), &error),
    }
}

fn read_stream(stream: impl Read, place: &Place, sink: &mut Sink<'_>) -> Result<(), Stopped> {
    let opened = compression::open(stream);
    match opened {
        Err(error) => sink.broken(place.position(None), &error),
        Ok((head, content)) if archive::is_tar(&head) => {
            archive::read(io::Cursor::new(head).chain(content), place, sink)
        }
        Ok((head, content)) => text::read(head, content, place, sink),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_compression_and_folders() {
        let check = |path: &str, name: &str, stem_: &str| {
            assert_eq!((plain_name(path), stem(plain_name(path))), (name, stem_), "{path}");
        };
        check("a/12.json", "12.json", "12");
        check("records-deleted.csv.gz", "records-deleted.csv", "records-deleted");
        check("x.tar.zst", "x.tar", "x");
        check("12", "12", "12");
        check("..", "..", ".");
    }
}
