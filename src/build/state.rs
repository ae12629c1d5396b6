//! What the last build printed, frame by frame: the memory that lets a build do only what
//! changed.
//!
//! A SQLite file beside the store, not in the web root: the change sequence in it depends on
//! the order of imports, and no published byte may. Losing it costs one full build.
//!
//! A build works against it as against a ledger: it is marked unfinished, the frames printed
//! anew are written in one transaction that is committed when all files are on the disk and
//! before the pointer moves, and the mark goes when what is no longer printed was removed.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zstd::bulk::Compressor;

use super::Tally;
use super::known::Known;
use super::summary::Summary;
use crate::release::encoding::{compressed, inflated};
use crate::release::site_pack::Block;

/// Version of the tables and of what is in them; another one means a full build.
const VERSION: i32 = 4;

const TABLES: &str = "
-- What the build as a whole saw; one row.
CREATE TABLE build (only INTEGER PRIMARY KEY CHECK (only = 0), remembered TEXT NOT NULL) STRICT;
-- One row a frame that holds records, by its number.
CREATE TABLE frames (
    number INTEGER PRIMARY KEY,
    list_bytes INTEGER NOT NULL,    -- of its part of the site list
    files INTEGER NOT NULL,         -- files named there
    bytes INTEGER NOT NULL,         -- sum of their sizes
    pages_bytes INTEGER NOT NULL,   -- of its groups in a site pack
    summary BLOB NOT NULL,          -- Memo::summary as JSON, zstd
    known BLOB NOT NULL             -- Memo::known as JSON, zstd; read for frames that are printed
) STRICT;
-- Files of the web root that are no longer printed and not yet removed.
CREATE TABLE gone (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
-- Has a row while a build is under way: what makes its pages what they are.
CREATE TABLE unfinished (only INTEGER PRIMARY KEY CHECK (only = 0), made TEXT NOT NULL) STRICT;
";

/// Level of the memos: they are read often.
const MEMO_LEVEL: i32 = 1;

/// Most bytes of a memo, so that a damaged file cannot ask for all memory.
const MEMO_BYTES: usize = 64 << 20;

/// Why the state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The database refuses.
    #[error("the build's state file cannot be used")]
    Database(#[from] rusqlite::Error),
    /// A memo cannot be read or written.
    #[error("the build's state file holds a frame that cannot be read")]
    Memo(#[source] std::io::Error),
    /// A frame that was listed is not there.
    #[error("the build's state file lost a frame while it was read")]
    Lost,
    /// The file cannot be removed.
    #[error("cannot remove {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
}

/// What the last finished build saw.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// Digest of settings, templates and program version.
    pub(super) fingerprint: String,
    /// Which store.
    pub(super) store: String,
    /// The last change it saw there.
    pub(super) last_seq: u64,
    /// Its as-of.
    pub(super) as_of: String,
    /// The release it made.
    pub(super) release: String,
    /// Digest of the manifest.
    pub(super) manifest_sha256: String,
    /// The manifest, so that nothing in the web root need be believed.
    pub(super) manifest: String,
}

impl Remembered {
    /// Tells this build from every other of the store: what it made, and the last change it saw.
    pub(super) fn mark(&self) -> String {
        format!("{} {}", self.manifest_sha256, self.last_seq)
    }
}

/// What a frame became, without the files themselves.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// What the frame adds to the totals.
    pub(super) summary: Summary,
    /// Its records. Empty for a frame that is kept.
    pub(super) known: Known,
}

/// A row of `frames`.
#[derive(Debug, Clone)]
pub(super) struct FrameRow {
    pub(super) list_bytes: u64,
    pub(super) files: u64,
    pub(super) bytes: u64,
    pub(super) pages_bytes: u64,
    summary: Vec<u8>,
    /// Written, and read back by [`State::known`] only.
    known: Vec<u8>,
}

impl FrameRow {
    pub(super) fn new(
        memo: &Memo,
        list: &[u8],
        pages: &Block,
        listed: Tally,
        compressor: &mut Compressor<'_>,
    ) -> Result<Self, StateError> {
        Ok(FrameRow {
            list_bytes: list.len() as u64,
            files: listed.files,
            bytes: listed.bytes,
            pages_bytes: pages.data.len() as u64,
            summary: pack(&memo.summary, compressor)?,
            known: pack(&memo.known, compressor)?,
        })
    }

    /// What the frame adds to the totals.
    pub(super) fn summary(&self) -> Result<Summary, StateError> {
        unpack(&self.summary)
    }
}

fn pack(value: &impl Serialize, compressor: &mut Compressor<'_>) -> Result<Vec<u8>, StateError> {
    let json = serde_json::to_vec(value).map_err(|error| StateError::Memo(error.into()))?;
    compressed(&json, MEMO_LEVEL, compressor).map_err(StateError::Memo)
}

fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StateError> {
    let json = inflated(bytes, MEMO_BYTES).map_err(StateError::Memo)?;
    serde_json::from_slice(&json).map_err(|error| StateError::Memo(error.into()))
}

/// The state file, open for reading what the build before left.
#[derive(Debug)]
pub(super) struct State {
    connection: Connection,
    path: PathBuf,
}

impl State {
    /// Opens the file; one that is absent, of another version or damaged is made anew.
    pub(super) fn open(path: &Path) -> Result<State, StateError> {
        match State::existing(path) {
            Ok(Some(state)) => Ok(state),
            Ok(None) | Err(_) => State::create(path),
        }
    }

    fn existing(path: &Path) -> Result<Option<State>, rusqlite::Error> {
        if !path.is_file() {
            return Ok(None);
        }
        let connection = connect(path)?;
        let version: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        Ok((version == VERSION).then(|| State { connection, path: path.to_owned() }))
    }

    fn create(path: &Path) -> Result<State, StateError> {
        for suffix in ["", "-wal", "-shm"] {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            match fs::remove_file(&name) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(StateError::File { path: name.into(), source });
                }
                _ => {}
            }
        }
        let connection = connect(path)?;
        connection.execute_batch(TABLES)?;
        connection.pragma_update(None, "user_version", VERSION)?;
        Ok(State { connection, path: path.to_owned() })
    }

    /// What the last finished build saw.
    pub(super) fn remembered(&self) -> Result<Option<Remembered>, StateError> {
        let json: Option<String> = self
            .connection
            .query_row("SELECT remembered FROM build", [], |row| row.get(0))
            .optional()?;
        // What cannot be understood was not remembered.
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
    }

    /// What made the pages of a build that did not come to its end.
    pub(super) fn unfinished(&self) -> Result<Option<String>, StateError> {
        let mut query = self.connection.prepare("SELECT made FROM unfinished")?;
        Ok(query.query_row([], |row| row.get(0)).optional()?)
    }

    /// Marks a build as under way.
    pub(super) fn begin(&self, made: &str) -> Result<(), StateError> {
        self.connection.execute("INSERT OR REPLACE INTO unfinished VALUES (0, ?1)", [made])?;
        Ok(())
    }

    /// Forgets the files that were noted as gone, because they are removed.
    pub(super) fn swept(&self) -> Result<(), StateError> {
        self.connection.execute("DELETE FROM gone", [])?;
        Ok(())
    }

    /// Numbers of all frames, rising.
    pub(super) fn numbers(&self) -> Result<Vec<u64>, StateError> {
        let mut query = self.connection.prepare("SELECT number FROM frames ORDER BY number")?;
        let numbers = query.query_map([], |row| row.get::<_, i64>(0).map(|n| n as u64))?;
        Ok(numbers.collect::<Result<_, _>>()?)
    }

    /// One frame.
    pub(super) fn frame(&self, number: u64) -> Result<Option<FrameRow>, StateError> {
        let mut query = self.connection.prepare_cached(
            "SELECT list_bytes, files, bytes, pages_bytes, summary FROM frames WHERE number = ?1",
        )?;
        let row = query.query_row([number as i64], |row| {
            let count = |column| row.get::<_, i64>(column).map(|n| n as u64);
            Ok(FrameRow {
                list_bytes: count(0)?,
                files: count(1)?,
                bytes: count(2)?,
                pages_bytes: count(3)?,
                summary: row.get(4)?,
                known: Vec::new(),
            })
        });
        Ok(row.optional()?)
    }

    /// [`Memo::known`] of one frame; nothing for one that is not there.
    pub(super) fn known(&self, number: u64) -> Result<Known, StateError> {
        let mut query =
            self.connection.prepare_cached("SELECT known FROM frames WHERE number = ?1")?;
        let known: Option<Vec<u8>> =
            query.query_row([number as i64], |row| row.get(0)).optional()?;
        known.map_or(Ok(Known::default()), |known| unpack(&known))
    }

    /// A second connection, for writing what this build prints; `all` forgets every frame
    /// first.
    pub(super) fn writer(&self, all: bool) -> Result<StateWriter, StateError> {
        let connection = connect(&self.path)?;
        // Rows come in order and are not read again: what waits to be written is a page or two.
        connection.pragma_update(None, "cache_size", -256)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        if all {
            connection.execute("DELETE FROM frames", [])?;
        }
        Ok(StateWriter { connection })
    }

    /// Files that are no longer printed.
    pub(super) fn gone(&self) -> Result<Vec<String>, StateError> {
        let mut query = self.connection.prepare("SELECT path FROM gone ORDER BY path")?;
        let paths = query.query_map([], |row| row.get(0))?;
        Ok(paths.collect::<Result<_, _>>()?)
    }

    /// Marks the build as finished.
    pub(super) fn end(&self) -> Result<(), StateError> {
        self.connection.execute("DELETE FROM unfinished", [])?;
        Ok(())
    }
}

/// What a build prints, on its way into the state file. Dropped without
/// [`commit`](Self::commit), it leaves nothing.
#[derive(Debug)]
pub(super) struct StateWriter {
    connection: Connection,
}

impl StateWriter {
    /// Takes a frame in place of what was known of it.
    pub(super) fn put(&self, number: u64, row: &FrameRow) -> Result<(), StateError> {
        let mut query = self
            .connection
            .prepare_cached("INSERT OR REPLACE INTO frames VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        let [list_bytes, files, bytes, pages_bytes] =
            [row.list_bytes, row.files, row.bytes, row.pages_bytes].map(|count| count as i64);
        let number = number as i64;
        query.execute(params![
            number,
            list_bytes,
            files,
            bytes,
            pages_bytes,
            row.summary,
            row.known
        ])?;
        Ok(())
    }

    /// Notes a file that this build does not print any more.
    pub(super) fn lose(&self, path: &str) -> Result<(), StateError> {
        let mut query = self.connection.prepare_cached("INSERT OR IGNORE INTO gone VALUES (?1)")?;
        query.execute([path])?;
        Ok(())
    }

    /// Makes all of it last.
    pub(super) fn commit(self, remembered: &Remembered) -> Result<(), StateError> {
        let json =
            serde_json::to_string(remembered).map_err(|error| StateError::Memo(error.into()))?;
        self.connection.execute("INSERT OR REPLACE INTO build VALUES (0, ?1)", [json])?;
        self.connection.execute_batch("COMMIT")?;
        Ok(())
    }
}

/// With a journal that lets the reader read on while the writer writes.
fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -2 << 10)?;
    Ok(connection)
}
