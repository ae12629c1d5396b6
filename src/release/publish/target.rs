//! Where a release is published to, and what that must be able to do.

use std::fs::File;
use std::path::{Path, PathBuf};

use super::cloud::{Cloud, Credentials, Scheme};
use super::directory::Directory;
use super::{PublishError, Result, Served, Settings};

/// A target by name.
#[derive(Debug, Clone)]
pub enum Place {
    /// A directory of this machine.
    Directory(PathBuf),
    /// A bucket, or a part of one.
    Bucket {
        /// Whose interface.
        scheme: Scheme,
        /// Name of the bucket (the container, with Azure).
        bucket: String,
        /// Before every key, without slash at either end; may be empty.
        prefix: String,
        /// What opens it.
        credentials: Credentials,
    },
}

impl Place {
    /// Understands `s3://bucket/prefix`, `gs://…`, `az://…` and paths of directories.
    ///
    /// # Errors
    /// For another scheme, and a bucket without name.
    pub fn parse(text: &str, credentials: Credentials) -> Result<Place> {
        let bad = || PublishError::BadTarget(text.to_owned());
        let Some((scheme, rest)) = text.split_once("://") else {
            return match text {
                "" => Err(bad()),
                path => Ok(Place::Directory(path.into())),
            };
        };
        let scheme = Scheme::parse(scheme).ok_or_else(bad)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let prefix = prefix.trim_end_matches('/');
        if bucket.is_empty() || (!prefix.is_empty() && !super::super::layout::is_safe_path(prefix))
        {
            return Err(bad());
        }
        let (bucket, prefix) = (bucket.to_owned(), prefix.to_owned());
        Ok(Place::Bucket { scheme, bucket, prefix, credentials })
    }

    pub(super) fn open(&self, settings: &Settings<'_>) -> Result<Box<dyn Target>> {
        Ok(match self {
            Place::Directory(dir) if settings.dry_run => Box::new(Directory::look(dir)),
            Place::Directory(dir) => Box::new(Directory::open(dir, &settings.root)?),
            Place::Bucket { scheme, bucket, prefix, credentials } => {
                Box::new(Cloud::open(*scheme, bucket, prefix, credentials)?)
            }
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Directory(dir) => dir.display().fmt(f),
            Place::Bucket { scheme, bucket, prefix, .. } => {
                let slash = if prefix.is_empty() { "" } else { "/" };
                write!(f, "{}://{bucket}{slash}{prefix}", scheme.name())
            }
        }
    }
}

/// What tells two contents of one object apart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Version {
    pub(super) tag: Option<String>,
    pub(super) number: Option<String>,
}

/// When a conditional write may happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// There is no such object.
    Absent,
    /// The object is this one.
    Is(Version),
}

/// A file to be sent: read once, and checked on the way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outgoing<'a> {
    /// Path from the web root.
    pub(super) path: &'a str,
    /// Size that is listed.
    pub(super) bytes: u64,
    /// SHA-256 that is listed, if it is.
    pub(super) sha256: Option<&'a str>,
    pub(super) served: Served,
}

/// A target, used from many threads. Paths are those of the web root.
pub(super) trait Target: Sync {
    /// A small object whole, at most `limit` bytes; `None` if there is none.
    fn get(&self, path: &str, limit: u64) -> Result<Option<(Vec<u8>, Version)>>;
    /// Size of an object; `None` if there is none.
    fn size(&self, path: &str) -> Result<Option<u64>>;
    /// Replaces an object.
    fn put(&self, path: &str, bytes: Vec<u8>, served: Served) -> Result<()>;
    /// Replaces an object on a condition; `None` if it does not hold.
    fn put_if(
        &self,
        path: &str,
        bytes: Vec<u8>,
        served: Served,
        condition: &Condition,
    ) -> Result<Option<Version>>;
    /// Replaces an object by a file that is too large for memory.
    fn send(&self, outgoing: Outgoing<'_>, file: File, from: &Path) -> Result<()>;
    /// Removes an object, which may be gone already.
    fn remove(&self, path: &str) -> Result<()>;
    /// After it, everything put so far survives a power cut.
    fn settle(&self) -> Result<()>;
    /// Whether conditional writes are honoured: an error if not. Publishers (`owner`) may ask at
    /// the same time.
    fn probe(&self, owner: &str) -> Result<()>;
    /// Whether a publisher that left the target held cannot be alive.
    fn is_exclusive(&self) -> bool;
    /// Ends the work.
    fn close(&self) -> Result<()>;
}
