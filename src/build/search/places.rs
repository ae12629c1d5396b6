//! Which tier holds each record, and as which number: what lets a build add a tier instead of
//! making all of them anew.
//!
//! A SQLite file beside the store, derived and never published. All that a build changes in it
//! is one transaction, which ends after the build's own state is committed and is marked with
//! what that state saw: whatever was killed in between, the marks differ and everything is made
//! anew.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::record::identifier::{OrderKey, order_key};
use crate::release::pointer::Named;
use crate::release::search::pointer::Tier;

use super::SearchError;
use super::export::Averages;

/// Version of the tables; another one means that everything is made anew.
const VERSION: i32 = 1;

const TABLES: &str = "
-- Tiers by key: 0 and 1 the bases of newest and older versions, from 2 on what was added.
CREATE TABLE tiers (
    key INTEGER PRIMARY KEY,
    tier TEXT NOT NULL,         -- its entry in the pointer, JSON, without the dead
    averages TEXT NOT NULL      -- Averages as JSON, the bits of each
) STRICT;
-- Where each record that counts stands.
CREATE TABLE records (
    place INTEGER NOT NULL,     -- by the order of packs, so that a base is written from end to end
    id TEXT NOT NULL,
    tier INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (place, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX added ON records (tier) WHERE tier > 1;
-- Numbers that no longer count.
CREATE TABLE dead (
    tier INTEGER NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (tier, number)
) STRICT, WITHOUT ROWID;
-- The build and the search pointer that all this belongs to.
CREATE TABLE mark (
    only INTEGER PRIMARY KEY CHECK (only = 0), build TEXT NOT NULL, pointer TEXT NOT NULL
) STRICT;
";

/// First key of a tier that is no base.
pub(super) const FIRST_ADDED: i64 = 2;

/// A tier and its key.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) key: i64,
    /// Without its dead.
    pub(super) tier: Tier,
    pub(super) averages: Averages,
}

/// The open file, in a transaction that is dropped unless it is settled.
#[derive(Debug)]
pub(super) struct Places {
    connection: Connection,
}

impl Places {
    /// An empty file.
    pub(super) fn create(path: &Path) -> Result<Places, SearchError> {
        let connection = Connection::open(path)?;
        connection.execute_batch(TABLES)?;
        connection.pragma_update(None, "user_version", VERSION)?;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Places { connection })
    }

    /// What the build with this mark left, and the pointer it made; `None` if that is not there
    /// or cannot be read.
    pub(super) fn open(path: &Path, mark: &str) -> Option<(Places, Named)> {
        if !path.is_file() {
            return None;
        }
        let connection = Connection::open(path).ok()?;
        let version = connection.pragma_query_value(None, "user_version", |row| row.get(0));
        if version.ok() != Some(VERSION) {
            return None;
        }
        connection.execute_batch("BEGIN IMMEDIATE").ok()?;
        let sql = "SELECT pointer FROM mark WHERE build = ?1";
        let pointer: String = connection.query_row(sql, [mark], |row| row.get(0)).ok()?;
        Some((Places { connection }, serde_json::from_str(&pointer).ok()?))
    }

    /// All tiers in the order of the pointer.
    pub(super) fn tiers(&self) -> Result<Vec<Placed>, SearchError> {
        let mut query = self.connection.prepare("SELECT key, tier, averages FROM tiers")?;
        let mut rows = query.query([])?;
        let mut tiers = Vec::new();
        while let Some(row) = rows.next()? {
            let (tier, averages): (String, String) = (row.get(1)?, row.get(2)?);
            let tier = serde_json::from_str(&tier).map_err(SearchError::Entry)?;
            let bits: [u64; 5] = serde_json::from_str(&averages).map_err(SearchError::Entry)?;
            tiers.push(Placed { key: row.get(0)?, tier, averages: bits.map(f64::from_bits) });
        }
        tiers.sort_by_key(|placed| (placed.tier.older, placed.key));
        Ok(tiers)
    }

    /// Takes a tier.
    pub(super) fn put_tier(&self, placed: &Placed) -> Result<(), SearchError> {
        let tier = serde_json::to_string(&placed.tier).map_err(SearchError::Entry)?;
        let bits = placed.averages.map(f64::to_bits);
        let averages = serde_json::to_string(&bits).map_err(SearchError::Entry)?;
        let sql = "INSERT INTO tiers VALUES (?1, ?2, ?3)";
        self.connection.execute(sql, params![placed.key, tier, averages])?;
        Ok(())
    }

    /// Forgets a tier whose records stand elsewhere.
    pub(super) fn drop_tier(&self, key: i64) -> Result<(), SearchError> {
        self.connection.execute("DELETE FROM dead WHERE tier = ?1", [key])?;
        self.connection.execute("DELETE FROM tiers WHERE key = ?1", [key])?;
        Ok(())
    }

    /// Key of the tier and number in it of a record that counts.
    pub(super) fn find(&self, id: &str) -> Result<Option<(i64, u32)>, SearchError> {
        let sql = "SELECT tier, number FROM records WHERE place = ?1 AND id = ?2";
        let mut query = self.connection.prepare_cached(sql)?;
        let found = query.query_row(params![place(id), id], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(found.optional()?)
    }

    /// Notes where a record stands now.
    pub(super) fn put(&self, id: &str, tier: i64, number: u32) -> Result<(), SearchError> {
        let sql = "INSERT OR REPLACE INTO records VALUES (?1, ?2, ?3, ?4)";
        let mut query = self.connection.prepare_cached(sql)?;
        query.execute(params![place(id), id, tier, number])?;
        Ok(())
    }

    /// The records that stand in a tier that is no base.
    pub(super) fn of_added(&self, tier: i64) -> Result<Vec<String>, SearchError> {
        let sql = "SELECT id FROM records WHERE tier = ?1 AND tier > 1";
        let mut query = self.connection.prepare_cached(sql)?;
        let ids = query.query_map([tier], |row| row.get(0))?;
        Ok(ids.collect::<Result<_, _>>()?)
    }

    /// Notes a number that no longer counts.
    pub(super) fn kill(&self, tier: i64, number: u32) -> Result<(), SearchError> {
        let mut query = self.connection.prepare_cached("INSERT INTO dead VALUES (?1, ?2)")?;
        query.execute(params![tier, number])?;
        Ok(())
    }

    /// Numbers of a tier that no longer count, rising.
    pub(super) fn dead(&self, tier: i64) -> Result<Vec<u32>, SearchError> {
        let sql = "SELECT number FROM dead WHERE tier = ?1 ORDER BY number";
        let mut query = self.connection.prepare_cached(sql)?;
        let numbers = query.query_map([tier], |row| row.get(0))?;
        Ok(numbers.collect::<Result<_, _>>()?)
    }

    /// How many numbers of all tiers no longer count.
    pub(super) fn deaths(&self) -> Result<u64, SearchError> {
        let count = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        Ok(self.connection.query_row("SELECT count(*) FROM dead", [], count)? as u64)
    }

    /// Makes it last, as what the build with this mark left.
    pub(super) fn settle(self, mark: &str, pointer: &Named) -> Result<(), SearchError> {
        let pointer = serde_json::to_string(pointer).map_err(SearchError::Entry)?;
        let sql = "INSERT OR REPLACE INTO mark VALUES (0, ?1, ?2)";
        self.connection.execute(sql, [mark, &pointer])?;
        self.connection.execute_batch("COMMIT")?;
        Ok(())
    }
}

/// Rises with the order of packs: numbers of 18 digits are below 2^60, hashes have 40 bits.
fn place(id: &str) -> i64 {
    match order_key(id) {
        OrderKey::Numeric(number) => number as i64,
        OrderKey::Hashed(hash) => (1 << 62) + hash as i64,
    }
}
