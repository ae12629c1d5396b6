//! The catalogue: a small database of what the lists, sitemaps and addresses of the site are
//! printed from.
//!
//! A pure cache beside the store. Its content is a function of the public records, whatever
//! the history: [`Loader`] makes it from all of them, [`Catalogue::put`] and its siblings bring
//! it up to date record by record and note what that touches. What is touched stays noted until
//! [`Catalogue::settle`], so a build that was killed in between is made up for by the next.

mod card;
mod cut;
mod load;
mod schema;
mod series;
mod shelf;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};

use crate::record::identifier::{OrderKey, order_key};

pub use card::{Card, Facet, Refused, folded};
pub use cut::{Cut, Cutter, hash};
pub use load::Loader;
pub use series::{Segment, Series, Spot};
pub use shelf::{FileRow, List, Sheet};

/// Why the catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The database refuses.
    #[error("the catalogue of lists cannot be used")]
    Database(#[from] rusqlite::Error),
    /// A card is not one: the file was changed by something else.
    #[error("the catalogue of lists holds a card that cannot be read")]
    Card(#[from] serde_json::Error),
    /// Its file cannot be moved or removed.
    #[error("cannot replace {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
}

/// The catalogue of one site.
#[derive(Debug)]
pub struct Catalogue {
    connection: Connection,
    path: PathBuf,
    /// Whether everything is to be printed.
    whole: bool,
}

/// Place in pack order as a number: numeric ids first, by value.
pub(super) fn place(id: &str) -> i64 {
    match order_key(id) {
        OrderKey::Numeric(value) => value as i64,
        OrderKey::Hashed(bits) => 1 << 62 | bits as i64,
    }
}

impl Catalogue {
    /// Opens the catalogue at `path` if it is there and was last settled with `mark`. Changes
    /// are in one transaction until [`keep`](Self::keep).
    ///
    /// # Errors
    /// Only if beginning a transaction fails; what cannot be opened is not there.
    pub fn open(path: &Path, mark: &str) -> Result<Option<Catalogue>, CatalogueError> {
        if !path.is_file() {
            return Ok(None);
        }
        let Ok(connection) = Connection::open(path) else { return Ok(None) };
        let version = connection.pragma_query_value(None, "user_version", |row| row.get(0));
        if version != Ok(schema::VERSION) {
            return Ok(None);
        }
        let found = connection
            .query_row("SELECT value FROM state WHERE key = 'mark'", [], |row| {
                row.get::<_, String>(0)
            })
            .optional();
        if !matches!(found, Ok(Some(found)) if found == mark) {
            return Ok(None);
        }
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Some(Catalogue { connection, path: path.to_owned(), whole: false }))
    }

    /// Whether everything is to be printed, not only what is touched.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Puts a public record in place of what was known under its id.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&mut self, card: &Card) -> Result<(), CatalogueError> {
        let old = self.card(&card.id)?;
        if old.as_ref() == Some(card) {
            return Ok(());
        }
        let hidden = self.unhide(&card.id)?;
        if old.is_none() && !hidden {
            self.touch("addresses", 0, &format!("concept/{}", card.id))?;
        }
        self.exchange(old.as_ref(), Some(card))?;
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO cards VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![place(&card.id), card.id, card.day(), serde_json::to_string(card)?])?;
        Ok(())
    }

    /// Notes that a record exists and is not public.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn hide(&mut self, id: &str) -> Result<(), CatalogueError> {
        let was_public = self.take(id)?;
        let new = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO hidden VALUES (?1)")?
            .execute([id])?;
        if new > 0 && !was_public {
            self.touch("addresses", 0, &format!("concept/{id}"))?;
        }
        Ok(())
    }

    /// Forgets an id, which then is free for a concept.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget(&mut self, id: &str) -> Result<(), CatalogueError> {
        if self.take(id)? | self.unhide(id)? {
            self.touch("addresses", 0, &format!("concept/{id}"))?;
        }
        Ok(())
    }

    /// Brings the display names of communities up to date: all of them, by slug.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn name_communities<'a>(
        &mut self,
        names: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), CatalogueError> {
        for (slug, title) in names {
            let changed = self
                .connection
                .prepare_cached(
                    "INSERT INTO titles VALUES (?1, ?2)
                     ON CONFLICT (slug) DO UPDATE SET title = ?2 WHERE title <> ?2",
                )?
                .execute([slug, title])?;
            if changed > 0 && !self.whole {
                self.touch(&Facet::Community.list(slug), i64::MIN, "")?;
            }
        }
        Ok(())
    }

    /// Commits changes and what they touch, before anything is printed.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&mut self) -> Result<(), CatalogueError> {
        if !self.connection.is_autocommit() {
            self.connection.execute_batch("COMMIT")?;
        }
        Ok(())
    }

    /// Forgets what was touched, because the release that shows it stands, and puts the
    /// catalogue into its place with `mark`.
    ///
    /// # Errors
    /// When it cannot be written or moved.
    pub fn settle(self, mark: &str) -> Result<(), CatalogueError> {
        self.connection.execute_batch("DELETE FROM touched; DELETE FROM gone;")?;
        self.connection.execute("INSERT OR REPLACE INTO state VALUES ('mark', ?1)", [mark])?;
        let Catalogue { connection, path, whole } = self;
        connection.close().map_err(|(_, error)| error)?;
        if whole {
            let target = path.with_extension("db");
            std::fs::rename(&path, &target)
                .map_err(|source| CatalogueError::File { path: target, source })?;
        }
        Ok(())
    }

    /// The card of a public record.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn card(&self, id: &str) -> Result<Option<Card>, CatalogueError> {
        let body: Option<String> = self
            .connection
            .prepare_cached("SELECT body FROM cards WHERE ord = ?1 AND id = ?2")?
            .query_row(params![place(id), id], |row| row.get(0))
            .optional()?;
        Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
    }

    /// Whether a record, public or not, has this id.
    pub(super) fn is_record(&self, id: &str) -> Result<bool, CatalogueError> {
        let mut query = self.connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM cards WHERE ord = ?1 AND id = ?2)
                OR EXISTS (SELECT 1 FROM hidden WHERE id = ?2)",
        )?;
        Ok(query.query_row(params![place(id), id], |row| row.get(0))?)
    }

    /// Removes the card of a record; whether there was one.
    fn take(&self, id: &str) -> Result<bool, CatalogueError> {
        let Some(old) = self.card(id)? else { return Ok(false) };
        self.exchange(Some(&old), None)?;
        self.connection
            .prepare_cached("DELETE FROM cards WHERE ord = ?1 AND id = ?2")?
            .execute(params![place(id), id])?;
        Ok(true)
    }

    fn unhide(&self, id: &str) -> Result<bool, CatalogueError> {
        let gone =
            self.connection.prepare_cached("DELETE FROM hidden WHERE id = ?1")?.execute([id])?;
        Ok(gone > 0)
    }

    /// Everything that follows from one card taking the place of another.
    fn exchange(&self, old: Option<&Card>, new: Option<&Card>) -> Result<(), CatalogueError> {
        let Some(any) = new.or(old) else { return Ok(()) };
        if old.map(Card::day) != new.map(Card::day) {
            self.touch("records", place(&any.id), &any.id)?;
        }
        let same = old.zip(new).is_some_and(|(old, new)| old.looks_like(new));
        let (was, is) = (old.map(Card::lists), new.map(Card::lists));
        let (was, is) = (was.unwrap_or_default(), is.unwrap_or_default());
        if let Some(old) = old {
            for entry in was.iter().filter(|entry| !(same && is.contains(entry))) {
                self.leave(entry, old)?;
            }
        }
        if let Some(new) = new {
            for entry in is.iter().filter(|entry| !(same && was.contains(entry))) {
                self.join(entry, new)?;
            }
        }
        let claims = |card: Option<&Card>| card.map(Card::addresses).unwrap_or_default();
        let (was, is) = (claims(old), claims(new));
        for claim in was.iter().filter(|claim| !is.contains(claim)) {
            self.claim(
                "DELETE FROM claims WHERE (address, rank, ord, id) = (?1, ?2, ?3, ?4)",
                claim,
                any,
            )?;
        }
        for claim in is.iter().filter(|claim| !was.contains(claim)) {
            self.claim("INSERT INTO claims VALUES (?1, ?2, ?3, ?4)", claim, any)?;
        }
        Ok(())
    }

    fn leave(&self, (list, words): &(String, &str), card: &Card) -> Result<(), CatalogueError> {
        let connection = &self.connection;
        let moment = card.moment();
        connection
            .prepare_cached("DELETE FROM entries WHERE (list, created, id) = (?1, ?2, ?3)")?
            .execute(params![list, moment, card.id])?;
        for sql in [
            "UPDATE lists SET entries = entries - 1 WHERE list = ?1",
            "DELETE FROM lists WHERE list = ?1 AND entries <= 0",
        ] {
            connection.prepare_cached(sql)?.execute([list])?;
        }
        if !words.is_empty() {
            for sql in [
                "UPDATE spellings SET entries = entries - 1 WHERE (list, words) = (?1, ?2)",
                "DELETE FROM spellings WHERE (list, words) = (?1, ?2) AND entries <= 0",
            ] {
                connection.prepare_cached(sql)?.execute([list.as_str(), words])?;
            }
        }
        self.touch(list, moment, &card.id)
    }

    fn join(&self, (list, words): &(String, &str), card: &Card) -> Result<(), CatalogueError> {
        let connection = &self.connection;
        let moment = card.moment();
        let facet = Facet::of_list(list).map_or("", |(facet, _)| facet.name());
        connection
            .prepare_cached("INSERT INTO entries VALUES (?1, ?2, ?3)")?
            .execute(params![list, moment, card.id])?;
        connection
            .prepare_cached(
                "INSERT INTO lists VALUES (?1, ?2, 1)
                 ON CONFLICT (list) DO UPDATE SET entries = entries + 1",
            )?
            .execute(params![list, facet])?;
        if !words.is_empty() {
            connection
                .prepare_cached(
                    "INSERT INTO spellings VALUES (?1, ?2, 1)
                     ON CONFLICT (list, words) DO UPDATE SET entries = entries + 1",
                )?
                .execute([list.as_str(), words])?;
        }
        self.touch(list, moment, &card.id)
    }

    fn claim(
        &self,
        sql: &str,
        (address, rank): &(String, i64),
        card: &Card,
    ) -> Result<(), CatalogueError> {
        self.connection.prepare_cached(sql)?.execute(params![
            address,
            rank,
            place(&card.id),
            card.id
        ])?;
        self.touch("addresses", 0, address)
    }

    /// Every row of every table that tells what there is, as text.
    #[cfg(test)]
    pub(super) fn dump(&self) -> Vec<String> {
        let tables = ["cards", "hidden", "entries", "lists", "spellings", "titles", "claims"];
        let printed = ["losers", "files", "sheets"];
        let mut rows = Vec::new();
        for table in tables.iter().chain(&printed) {
            let mut query = self.connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
            let columns = query.column_count();
            let found = query.query_map([], |row| {
                let values = (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at));
                Ok(format!("{table} {:?}", values.collect::<Result<Vec<_>, _>>()?))
            });
            rows.extend(found.unwrap().map(Result::unwrap));
        }
        rows.sort();
        rows
    }

    fn touch(&self, series: &str, at: i64, key: &str) -> Result<(), CatalogueError> {
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO touched VALUES (?1, ?2, ?3)")?
            .execute(params![series, at, key])?;
        Ok(())
    }
}
