//! The database file: schema, versions, connection settings.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::Error;

/// `OFPR`, in the header of the file: tells a store from any other database.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"OFPR");

/// Version of the schema below. A program opens stores of its own version only.
const VERSION: i32 = 1;

/// Bodies average 1.1 KB, with a tail of tens of KB: fewer reads a scan and less waste at the
/// end of pages than with 4096, and still little to write for one changed record.
const PAGE_BYTES: u32 = 8192;

/// How long a connection waits for another writer's transaction.
const BUSY: Duration = Duration::from_secs(30);

/// `records` lists the body last, so that reading the other columns never touches its
/// overflow pages.
const TABLES: &str = "
CREATE TABLE records (
    pk INTEGER PRIMARY KEY,     -- pack order, see key.rs
    id TEXT NOT NULL,
    seq INTEGER NOT NULL,       -- number of the last change, unique
    class INTEGER NOT NULL,     -- 0 public, 1 tombstone, 2 hidden tombstone, 3 restricted
    origin INTEGER NOT NULL,    -- 0 own id, 1 id from a DOI, 2 ledger, 3 absent, 4 purged
    source INTEGER NOT NULL,    -- of the content, 0: none
    hash BLOB NOT NULL,         -- SHA-256 of the canonical content
    revision INTEGER NOT NULL,  -- greatest seen with this content
    newest TEXT,                -- `updated` of that revision; NULL: same as `updated`
    updated TEXT NOT NULL,      -- smallest seen with this content
    created TEXT NOT NULL,      -- smallest seen with this content
    embargo TEXT,               -- day on which files open
    family TEXT NOT NULL,
    claimed INTEGER,            -- position as the source has it
    published TEXT NOT NULL,
    version TEXT,
    doi TEXT,
    position INTEGER NOT NULL,  -- among public members, from 1; 0: not public
    members INTEGER NOT NULL,   -- public members; 0: not public
    dictionary INTEGER NOT NULL,
    size INTEGER NOT NULL,      -- of the body, uncompressed
    body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX records_seq ON records (seq);
CREATE INDEX records_family ON records (family);
-- All that a list of versions needs, for families with several public members.
CREATE INDEX records_siblings ON records (family, claimed, published, id, version, doi)
    WHERE members > 1;
CREATE INDEX records_embargo ON records (embargo) WHERE embargo IS NOT NULL;
CREATE INDEX records_withdrawn ON records (pk) WHERE class IN (1, 2);

-- Contents that lost, so that the outcome does not depend on the order of arrival.
CREATE TABLE history (
    pk INTEGER NOT NULL,
    hash BLOB NOT NULL,
    updated TEXT NOT NULL,
    created TEXT NOT NULL,
    PRIMARY KEY (pk, hash)
) STRICT, WITHOUT ROWID;

-- Families that a record left for another.
CREATE TABLE departures (family TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE concepts (id TEXT PRIMARY KEY, doi TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE communities (
    slug TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    rank TEXT NOT NULL,         -- of the title, see aside.rs
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dictionaries (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;

CREATE TABLE sources (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    identity BLOB NOT NULL,
    consumed INTEGER NOT NULL,  -- items of the source behind the cursor
    done INTEGER NOT NULL,
    new INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    superseded INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    aside INTEGER NOT NULL
) STRICT;

CREATE TABLE rejects (
    source INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    member TEXT,
    line INTEGER,
    path TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (source, ordinal)
) STRICT, WITHOUT ROWID;

-- One row. Counts by class are kept here because counting rows would read the whole file.
CREATE TABLE state (
    last_seq INTEGER NOT NULL,
    public INTEGER NOT NULL,
    tombstones INTEGER NOT NULL,
    hidden INTEGER NOT NULL,
    restricted INTEGER NOT NULL,
    identity TEXT NOT NULL      -- tells this store from one that took its place
) STRICT;
INSERT INTO state VALUES (0, 0, 0, 0, 0, hex(randomblob(16)));
";

/// Creates the file, complete or not at all: it is built under another name and renamed.
pub(super) fn create(path: &Path) -> Result<(), Error> {
    let io = |source| Error::Io { path: path.to_owned(), source };
    if path.try_exists().map_err(io)? {
        return Err(Error::Exists { path: path.to_owned() });
    }
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = Path::new(&unfinished);
    if unfinished.try_exists().map_err(io)? {
        fs::remove_file(unfinished).map_err(io)?;
    }
    let connection = Connection::open(unfinished)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.execute_batch(&format!(
        "BEGIN; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION}; \
         {TABLES} COMMIT;"
    ))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.close().map_err(|(_, error)| error)?;
    fs::rename(unfinished, path).map_err(io)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new("."))).and_then(|dir| dir.sync_all()).map_err(io)
}

/// Checks that the file is a store of this program's version.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    let metadata =
        fs::metadata(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    if !metadata.is_file() {
        return Err(Error::NotAStore { path: path.to_owned() });
    }
    let connection = reader(path)?;
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let application = number("application_id").map_err(|error| not_a_store(path, error))?;
    if application != APPLICATION_ID {
        return Err(Error::NotAStore { path: path.to_owned() });
    }
    let found = number("user_version")?;
    if found != VERSION {
        return Err(Error::Version { path: path.to_owned(), found, supported: VERSION });
    }
    Ok(())
}

fn not_a_store(path: &Path, error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => Error::NotAStore { path: path.to_owned() },
        _ => Error::Sqlite(error),
    }
}

/// A connection that cannot write.
pub(super) fn reader(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    Ok(connection)
}

/// The writing connection. A commit is on disk when it returns (`synchronous = FULL`): with
/// thousands of records a transaction its fsync costs microseconds a record.
pub(super) fn writer(path: &Path) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "synchronous", "FULL")?;
    // 32 MiB, negative for KiB: the upper levels of a million records' indexes.
    connection.pragma_update(None, "cache_size", -32 << 10)?;
    // Pages that several batches touch are copied into the database once.
    connection.pragma_update(None, "wal_autocheckpoint", (32 << 20) / PAGE_BYTES)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_created_once_and_told_from_other_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        assert!(matches!(check(&path), Err(Error::Io { .. })));
        create(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing left over");
        check(&path).unwrap();
        assert!(matches!(create(&path), Err(Error::Exists { .. })));

        let text = folder.path().join("text");
        fs::write(&text, "not a database, whatever its length may be".repeat(100)).unwrap();
        assert!(matches!(check(&text), Err(Error::NotAStore { .. })));
        assert!(matches!(check(folder.path()), Err(Error::NotAStore { .. })));
        let empty = folder.path().join("empty");
        fs::write(&empty, "").unwrap();
        assert!(matches!(check(&empty), Err(Error::NotAStore { .. })));

        writer(&path).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
        assert!(matches!(check(&path), Err(Error::Version { found: 2, supported: 1, .. })));
    }
}
