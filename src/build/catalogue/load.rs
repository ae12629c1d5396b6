//! Making a catalogue from all records at once.
//!
//! Cards come in pack order and are appended. Entries and claims come in no order that is
//! theirs: they are heaped, sorted once and appended, which costs a third of inserting each
//! into a tree.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, params};

use super::{Card, Catalogue, CatalogueError, Facet, place, schema};

/// A catalogue in the making. Memory: the caches of the database.
#[derive(Debug)]
pub struct Loader {
    connection: Connection,
    path: std::path::PathBuf,
}

const HEAP: &str = "
CREATE TABLE heap.entries (list TEXT, created INTEGER, id TEXT, words TEXT) STRICT;
CREATE TABLE heap.claims (address TEXT, rank INTEGER, ord INTEGER, id TEXT) STRICT;
PRAGMA heap.journal_mode = OFF;
PRAGMA heap.synchronous = OFF;
BEGIN;";

impl Loader {
    /// Starts beside `path`; the catalogue that stands there stays until
    /// [`Catalogue::settle`].
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn new(path: &Path) -> Result<Loader, CatalogueError> {
        let path = path.with_extension("new");
        let connection = schema::create(&path)?;
        let heap = schema::heap(&path);
        connection.execute("ATTACH ?1 AS heap", [heap.to_string_lossy()])?;
        connection.execute_batch(HEAP)?;
        Ok(Loader { connection, path })
    }

    /// Adds the next public record in pack order.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn push(&mut self, card: &Card) -> Result<(), CatalogueError> {
        let ord = place(&card.id);
        let body = serde_json::to_string(card)?;
        self.connection
            .prepare_cached("INSERT INTO cards VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![ord, card.id, card.day(), body])?;
        let mut entry =
            self.connection.prepare_cached("INSERT INTO heap.entries VALUES (?1, ?2, ?3, ?4)")?;
        let moment = card.moment();
        for (list, words) in card.lists() {
            entry.execute(params![list, moment, card.id, words])?;
        }
        let mut claim =
            self.connection.prepare_cached("INSERT INTO heap.claims VALUES (?1, ?2, ?3, ?4)")?;
        for (address, rank) in card.addresses() {
            claim.execute(params![address, rank, ord, card.id])?;
        }
        Ok(())
    }

    /// Adds a record that is not public.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn hide(&mut self, id: &str) -> Result<(), CatalogueError> {
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO hidden VALUES (?1)")?
            .execute([id])?;
        Ok(())
    }

    /// Sorts, and gives the catalogue with nothing printed yet.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<Catalogue, CatalogueError> {
        self.sort_entries()?;
        self.connection.execute_batch(
            "INSERT OR IGNORE INTO claims SELECT address, rank, ord, id FROM heap.claims
                ORDER BY address, rank, ord, id;
             COMMIT;
             DETACH heap;",
        )?;
        let heap = schema::heap(&self.path);
        std::fs::remove_file(&heap)
            .map_err(|source| CatalogueError::File { path: heap, source })?;
        Ok(Catalogue { connection: self.connection, path: self.path, whole: true })
    }

    fn sort_entries(&self) -> Result<(), CatalogueError> {
        let connection = &self.connection;
        let mut heap = connection
            .prepare("SELECT list, created, id, words FROM heap.entries ORDER BY 1, 2, 3")?;
        let mut rows = heap.query([])?;
        let mut insert = connection.prepare("INSERT INTO entries VALUES (?1, ?2, ?3)")?;
        let mut list = String::new();
        let mut entries = 0_i64;
        let mut spellings = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let next = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
            if next != list {
                self.end_list(&list, entries, &mut spellings)?;
                next.clone_into(&mut list);
                entries = 0;
            }
            let id = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
            insert.execute(params![list, row.get::<_, i64>(1)?, id])?;
            entries += 1;
            let words = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
            if !words.is_empty() {
                match spellings.get_mut(words) {
                    Some(count) => *count += 1,
                    None => {
                        spellings.insert(words.to_owned(), 1);
                    }
                }
            }
        }
        self.end_list(&list, entries, &mut spellings)
    }

    fn end_list(
        &self,
        list: &str,
        entries: i64,
        spellings: &mut BTreeMap<String, i64>,
    ) -> Result<(), CatalogueError> {
        let Some((facet, _)) = Facet::of_list(list) else { return Ok(()) };
        self.connection
            .prepare_cached("INSERT INTO lists VALUES (?1, ?2, ?3)")?
            .execute(params![list, facet.name(), entries])?;
        let mut insert =
            self.connection.prepare_cached("INSERT INTO spellings VALUES (?1, ?2, ?3)")?;
        for (words, entries) in std::mem::take(spellings) {
            insert.execute(params![list, words, entries])?;
        }
        Ok(())
    }
}
