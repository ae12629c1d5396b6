//! The tables of the catalogue.

use std::path::Path;

use rusqlite::Connection;

use super::CatalogueError;

/// Version of the tables below: a catalogue of another one is built anew.
pub(super) const VERSION: i32 = 3;

const TABLES: &str = "
-- Public records in pack order.
CREATE TABLE cards (
    ord INTEGER NOT NULL,       -- place in pack order, see `place`
    id TEXT NOT NULL,
    day TEXT NOT NULL,          -- of the last change, for sitemaps
    body TEXT NOT NULL,         -- Card as JSON
    PRIMARY KEY (ord, id)
) STRICT, WITHOUT ROWID;
-- Ids of records that are not public: nothing but that they are in use.
CREATE TABLE hidden (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
-- Which record is in which list, in the order of the list.
CREATE TABLE entries (
    list TEXT NOT NULL,         -- facet:key
    created INTEGER NOT NULL,   -- microseconds since 1970
    id TEXT NOT NULL,
    PRIMARY KEY (list, created, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE lists (
    list TEXT PRIMARY KEY,
    facet TEXT NOT NULL,
    entries INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX lists_by_size ON lists (facet, entries DESC, list);
-- How a list's name is spelled, where that varies.
CREATE TABLE spellings (
    list TEXT NOT NULL,
    words TEXT NOT NULL,
    entries INTEGER NOT NULL,
    PRIMARY KEY (list, words)
) STRICT, WITHOUT ROWID;
-- Display names of communities.
CREATE TABLE titles (slug TEXT PRIMARY KEY, title TEXT NOT NULL) STRICT, WITHOUT ROWID;
-- Addresses that lead to a record; the first row of an address has it.
CREATE TABLE claims (
    address TEXT NOT NULL,      -- doi/<doi> or concept/<family>
    rank INTEGER NOT NULL,
    ord INTEGER NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (address, rank, ord, id)
) STRICT, WITHOUT ROWID;
-- Claims that lost.
CREATE TABLE losers (
    address TEXT NOT NULL,
    rank INTEGER NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (address, rank, id)
) STRICT, WITHOUT ROWID;
-- Files printed from here, but those at addresses.
CREATE TABLE files (
    path TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    day TEXT NOT NULL,          -- newest day in a sitemap
    made TEXT NOT NULL,         -- digest of what a list page was made of beside its cards
    pack_group BLOB NOT NULL    -- its group, if the site stands in packs
) STRICT, WITHOUT ROWID;
-- Site lists of the files printed from here.
CREATE TABLE sheets (
    series TEXT NOT NULL,
    last TEXT NOT NULL,         -- last key in it
    range TEXT NOT NULL,
    path TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    files INTEGER NOT NULL,
    packs TEXT NOT NULL,        -- its packs as JSON
    PRIMARY KEY (series, last)
) STRICT, WITHOUT ROWID;
-- What changed and is not printed yet, kept until the release stands.
CREATE TABLE touched (
    series TEXT NOT NULL,       -- a list, or `records`, `addresses`, `files`
    at INTEGER NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (series, at, key)
) STRICT, WITHOUT ROWID;
-- Files to be removed once the release stands.
CREATE TABLE gone (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// A new, empty catalogue at `path`, in place of any that is there.
///
/// Nothing of it need survive a crash before it is renamed to its name: no journal.
pub(super) fn create(path: &Path) -> Result<Connection, CatalogueError> {
    for path in [path.to_owned(), heap(path)] {
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(CatalogueError::File { path, source });
            }
            _ => {}
        }
    }
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "page_size", 8192)?;
    connection.pragma_update(None, "journal_mode", "OFF")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "cache_size", -8 << 10)?;
    connection.pragma_update(None, "user_version", VERSION)?;
    connection.execute_batch(TABLES)?;
    Ok(connection)
}

/// Where a catalogue that is being made keeps what is not sorted yet.
pub(super) fn heap(path: &Path) -> std::path::PathBuf {
    path.with_extension("heap")
}
