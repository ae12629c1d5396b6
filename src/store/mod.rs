//! Floor 2: the local record database, the one source of every build.
//!
//! One SQLite file holds every record ever seen, in its winning revision, verbatim, with a
//! sequence number of its last change; the families, communities and withdrawals; and how far
//! each import got. [`Store`] names the file, [`Writer`] changes it a batch at a time,
//! [`Snapshot`] reads it as it stood at one moment while writes go on, [`import`] fills it.
//!
//! Invariants:
//! - what a snapshot shows depends on what was delivered, not on the order or the batches in
//!   which it was; the two exceptions, both of them choices between equals, are which of two
//!   colliding ids came first, and which of several deliveries of equal content gave the
//!   verbatim bytes;
//! - a record gets a new sequence number whenever an output of it may differ: its content, its
//!   smallest time stamps, its place in the family or the family's public members;
//! - a batch and the cursor of its import commit together or not at all;
//! - nothing here draws on the clock or prints.

use std::path::{Path, PathBuf};

mod absent;
pub mod aside;
mod codec;
pub mod import;
mod key;
mod lineage;
mod middle;
mod prepare;
mod purge;
mod rejects;
mod schema;
mod snapshot;
pub mod source;
mod upsert;
mod writer;

pub use codec::{Decoder, Dictionaries};
pub use prepare::{Claim, Prepared, Preparer, Problem};
pub use purge::Removal;
pub use rejects::{Position, Reject};
pub use snapshot::{Change, Community, Concept, Group, Row, Snapshot, Totals};
pub use upsert::Counts;
pub use writer::{Applied, Batch, Cursor, Writer};

/// What of a record's visibility holds at any as-of; see
/// [`access::visibility`](crate::record::access::visibility).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Metadata is public; files may be under embargo.
    Public,
    /// Withdrawn, with a visible tombstone.
    Tombstone,
    /// Withdrawn, and the tombstone is not shown either.
    Hidden,
    /// Metadata is restricted.
    Restricted,
}

impl Class {
    const ALL: [Class; 4] = [Class::Public, Class::Tombstone, Class::Hidden, Class::Restricted];

    /// The number in the database.
    const fn code(self) -> i64 {
        self as i64
    }

    const fn index(self) -> usize {
        self as usize
    }

    fn from_code(code: i64) -> Result<Self, Error> {
        let class = usize::try_from(code).ok().and_then(|index| Self::ALL.get(index));
        class.copied().ok_or(Error::Class { code })
    }
}

/// What can go wrong with a store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite's own errors: disk full, IO, a database locked for longer than 30 seconds.
    #[error("the store: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file system.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A body could not be compressed or, if the file is damaged, decompressed.
    #[error("a record body: {0}")]
    Codec(std::io::Error),
    /// The file exists and is something else.
    #[error("{} is not an offprint store", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// A store of another version of this program.
    #[error(
        "{} has store version {found}, this program reads version {supported}",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The file's version.
        found: i32,
        /// This program's.
        supported: i32,
    },
    /// Nothing is overwritten.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A collision of ids in a strict import; the batch was not stored.
    #[error("{}", .0.problem)]
    Strict(Box<Reject>),
    /// The write-ahead log cannot be emptied while somebody reads.
    #[error("another program reads {}; what was removed is still in its log", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A number that no version of this program writes.
    #[error("the store holds a record of unknown class {code}")]
    Class {
        /// The number.
        code: i64,
    },
}

/// A store: the name of its file. Connections are made by [`Store::writer`] and
/// [`Store::snapshot`].
#[derive(Debug, Clone)]
pub struct Store {
    path: PathBuf,
}

impl Store {
    /// Creates an empty store, completely or not at all.
    ///
    /// # Errors
    /// [`Error::Exists`] if there is a file of that name.
    pub fn create(path: &Path) -> Result<Self, Error> {
        schema::create(path)?;
        Ok(Store { path: path.to_owned() })
    }

    /// Opens a store.
    ///
    /// # Errors
    /// [`Error::Io`] if there is no such file, [`Error::NotAStore`], [`Error::Version`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        schema::check(path)?;
        Ok(Store { path: path.to_owned() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A connection that writes. Several may exist; their transactions wait for each other.
    pub fn writer(&self) -> Result<Writer, Error> {
        Writer::open(&self.path)
    }

    /// The store as it stands now, unmoved by later writes. An old snapshot keeps the
    /// write-ahead log from shrinking, nothing else.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        Snapshot::open(&self.path)
    }
}
