//! What printing asks of the catalogue and puts into it.

use rusqlite::{OptionalExtension, params};

use super::{Card, Catalogue, CatalogueError, Facet, Spot, place};
use crate::release::manifest::SitePack;

/// A list of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// `facet:key`.
    pub name: String,
    /// Records in it.
    pub entries: u64,
}

/// A file printed from the catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileRow {
    /// Path from the web root.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Newest day in a sitemap, else empty.
    pub day: String,
    /// Digest of what a page or feed of a list was made of, beside the content of its cards;
    /// empty for other files. Given only to [`note_file`](Catalogue::note_file).
    pub made: String,
    /// The group that holds it, if the site stands in packs; given only to
    /// [`note_file`](Catalogue::note_file).
    pub group: Vec<u8>,
}

/// A site list of files printed from the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Last key in it; [`Spot::last`]'s for one that is open.
    pub last: String,
    /// Name of the range.
    pub range: String,
    /// Path from the web root.
    pub path: String,
    /// Size of the list.
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
    /// Files in it.
    pub files: u64,
    /// The pack that holds these files, if the site stands in packs.
    pub packs: Vec<SitePack>,
}

/// Texts from `prefix` to `after(prefix)` are those that begin with the prefix: no path ends in the
/// last of all characters.
fn after(prefix: &str) -> String {
    format!("{prefix}{}", char::MAX)
}

impl Catalogue {
    /// The lists of a facet with at least `least` entries, at most `most` of them: the longest
    /// first, or by name.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn lists(
        &self,
        facet: Facet,
        least: u64,
        most: usize,
        longest_first: bool,
    ) -> Result<Vec<List>, CatalogueError> {
        let order = if longest_first { "entries DESC, list" } else { "list" };
        let mut query = self.connection.prepare_cached(&format!(
            "SELECT list, entries FROM lists WHERE facet = ?1 AND entries >= ?2
             ORDER BY {order} LIMIT ?3"
        ))?;
        let lists = query.query_map(params![facet.name(), least as i64, most as i64], |row| {
            Ok(List { name: row.get(0)?, entries: row.get::<_, i64>(1)? as u64 })
        })?;
        Ok(lists.collect::<Result<_, _>>()?)
    }

    /// How many lists of a facet have at least `least` entries.
    ///
    /// # Errors
    /// When they cannot be counted.
    pub fn count_lists(&self, facet: Facet, least: u64) -> Result<u64, CatalogueError> {
        let mut query = self
            .connection
            .prepare_cached("SELECT count(*) FROM lists WHERE facet = ?1 AND entries >= ?2")?;
        Ok(query.query_row(params![facet.name(), least as i64], |row| row.get::<_, i64>(0))? as u64)
    }

    /// Passes all lists of any facet to `visit`, by name.
    ///
    /// # Errors
    /// When they cannot be read, or those of `visit`.
    pub fn each_list<E: From<CatalogueError>>(
        &self,
        mut visit: impl FnMut(&List) -> Result<(), E>,
    ) -> Result<(), E> {
        let failed = |error| E::from(CatalogueError::Database(error));
        let mut query = self
            .connection
            .prepare_cached("SELECT list, entries FROM lists ORDER BY list")
            .map_err(failed)?;
        let mut rows = query.query([]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let entries: i64 = row.get(1).map_err(failed)?;
            visit(&List { name: row.get(0).map_err(failed)?, entries: entries as u64 })?;
        }
        Ok(())
    }

    /// Records in a list.
    ///
    /// # Errors
    /// When they cannot be counted.
    pub fn entries(&self, list: &str) -> Result<u64, CatalogueError> {
        let mut query =
            self.connection.prepare_cached("SELECT entries FROM lists WHERE list = ?1")?;
        let entries: Option<i64> = query.query_row([list], |row| row.get(0)).optional()?;
        Ok(entries.unwrap_or(0) as u64)
    }

    /// The lists that were touched, by name.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn touched_lists(&self) -> Result<Vec<String>, CatalogueError> {
        let mut query = self.connection.prepare_cached(
            "SELECT DISTINCT series FROM touched WHERE series LIKE '%:%' ORDER BY series",
        )?;
        let names = query.query_map([], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    /// The most frequent spelling of a list's name, of equal ones the first.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn spelling(&self, list: &str) -> Result<Option<String>, CatalogueError> {
        // Sorted here: SQLite compiles a query with parameter and order anew for each value.
        let mut query = self
            .connection
            .prepare_cached("SELECT entries, words FROM spellings WHERE list = ?1")?;
        let mut rows = query.query([list])?;
        let mut best: Option<(i64, String)> = None;
        while let Some(row) = rows.next()? {
            let (entries, words): (i64, String) = (row.get(0)?, row.get(1)?);
            let better = best.as_ref().is_none_or(|(most, first)| {
                entries > *most || (entries == *most && words < *first)
            });
            if better {
                best = Some((entries, words));
            }
        }
        Ok(best.map(|(_, words)| words))
    }

    /// The display name of a community.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn community_title(&self, slug: &str) -> Result<Option<String>, CatalogueError> {
        let mut query =
            self.connection.prepare_cached("SELECT title FROM titles WHERE slug = ?1")?;
        Ok(query.query_row([slug], |row| row.get(0)).optional()?)
    }

    /// The stored form of a card, for [`Card`]'s parser: decoding is left to the threads that
    /// render.
    ///
    /// # Errors
    /// When it cannot be read or is missing.
    pub fn card_text(&self, id: &str) -> Result<String, CatalogueError> {
        let mut query =
            self.connection.prepare_cached("SELECT body FROM cards WHERE ord = ?1 AND id = ?2")?;
        Ok(query.query_row(params![place(id), id], |row| row.get(0))?)
    }

    /// The newest records, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn newest(&self, count: usize) -> Result<Vec<Card>, CatalogueError> {
        let mut cards = Vec::new();
        if count == 0 {
            return Ok(cards);
        }
        let list = Facet::Newest.list("");
        self.walk(super::Series::List(&list), &Spot::last(), false, |spot| {
            cards.push(serde_json::from_str(&self.card_text(&spot.key)?)?);
            Ok::<bool, CatalogueError>(cards.len() < count)
        })?;
        Ok(cards)
    }

    /// Everything that claims an address as (rank, record id): the first has it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn claims(&self, address: &str) -> Result<Vec<(i64, String)>, CatalogueError> {
        // Sorted here, as spellings are.
        let mut query = self
            .connection
            .prepare_cached("SELECT rank, ord, id FROM claims WHERE address = ?1")?;
        let claims =
            query.query_map([address], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut claims: Vec<(i64, i64, String)> = claims.collect::<Result<_, _>>()?;
        claims.sort_unstable();
        Ok(claims.into_iter().map(|(rank, _, id)| (rank, id)).collect())
    }

    /// Notes who claimed an address and did not get it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_losers(
        &self,
        address: &str,
        losers: &[(i64, String)],
    ) -> Result<(), CatalogueError> {
        if !self.is_whole() {
            self.connection
                .prepare_cached("DELETE FROM losers WHERE address = ?1")?
                .execute([address])?;
        }
        for (rank, id) in losers {
            self.connection
                .prepare_cached("INSERT OR IGNORE INTO losers VALUES (?1, ?2, ?3)")?
                .execute(params![address, rank, id])?;
        }
        Ok(())
    }

    /// All who claimed a DOI that another record has, as (record id, rank).
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn losers(&self) -> Result<Vec<(String, i64)>, CatalogueError> {
        let mut query = self.connection.prepare_cached(
            "SELECT id, rank FROM losers WHERE address LIKE 'doi/%' ORDER BY id, rank",
        )?;
        let losers = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(losers.collect::<Result<_, _>>()?)
    }

    /// A printed file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn file(&self, path: &str) -> Result<Option<FileRow>, CatalogueError> {
        let mut query = self
            .connection
            .prepare_cached("SELECT path, bytes, sha256, day FROM files WHERE path = ?1")?;
        Ok(query.query_row([path], file_row).optional()?)
    }

    /// Whether a printed file was made of this, see [`FileRow::made`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_made_of(&self, path: &str, made: &str) -> Result<bool, CatalogueError> {
        let mut query = self.connection.prepare_cached("SELECT made FROM files WHERE path = ?1")?;
        let found: Option<String> = query.query_row([path], |row| row.get(0)).optional()?;
        Ok(found.is_some_and(|found| found == made))
    }

    /// The group that holds a printed file; empty if there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn group(&self, path: &str) -> Result<Vec<u8>, CatalogueError> {
        let mut query =
            self.connection.prepare_cached("SELECT pack_group FROM files WHERE path = ?1")?;
        Ok(query.query_row([path], |row| row.get(0)).optional()?.unwrap_or_default())
    }

    /// The printed files whose path begins with `prefix`, by path; at most `most`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn files_under(&self, prefix: &str, most: usize) -> Result<Vec<FileRow>, CatalogueError> {
        self.files_between(prefix, &after(prefix), most)
    }

    /// The printed files from `first` to `last`, both of them included, by path; at most `most`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn files_between(
        &self,
        first: &str,
        last: &str,
        most: usize,
    ) -> Result<Vec<FileRow>, CatalogueError> {
        let mut query = self.connection.prepare_cached(
            "SELECT path, bytes, sha256, day FROM files WHERE path >= ?1 AND path <= ?2
             ORDER BY path LIMIT ?3",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let files = query.query_map(params![first, last, most], file_row)?;
        Ok(files.collect::<Result<_, _>>()?)
    }

    /// Notes a printed file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_file(&self, file: &FileRow) -> Result<(), CatalogueError> {
        let changed = self
            .connection
            .prepare_cached(
                "INSERT INTO files VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (path)
                 DO UPDATE SET bytes = ?2, sha256 = ?3, day = ?4, made = ?5, pack_group = ?6
                 WHERE sha256 <> ?3 OR day <> ?4 OR made <> ?5",
            )?
            .execute(params![
                file.path,
                file.bytes as i64,
                file.sha256,
                file.day,
                file.made,
                file.group
            ])?;
        if changed > 0 && !self.is_whole() {
            self.touch("files", 0, &file.path)?;
        }
        self.connection
            .prepare_cached("DELETE FROM gone WHERE path = ?1")?
            .execute([&file.path])?;
        Ok(())
    }

    /// Notes that a file is not printed any more and is to be removed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn drop_file(&self, path: &str) -> Result<(), CatalogueError> {
        self.connection.prepare_cached("DELETE FROM files WHERE path = ?1")?.execute([path])?;
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO gone VALUES (?1)")?
            .execute([path])?;
        self.touch("files", 0, path)
    }

    /// Notes a file at an address as one to be removed, or as one that stands.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note_gone(&self, path: &str, gone: bool) -> Result<(), CatalogueError> {
        let sql = match gone {
            true => "INSERT OR IGNORE INTO gone VALUES (?1)",
            false => "DELETE FROM gone WHERE path = ?1",
        };
        self.connection.prepare_cached(sql)?.execute([path])?;
        Ok(())
    }

    /// The files to be removed once the release stands.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn gone(&self) -> Result<Vec<String>, CatalogueError> {
        let mut query = self.connection.prepare_cached("SELECT path FROM gone ORDER BY path")?;
        let paths = query.query_map([], |row| row.get(0))?;
        Ok(paths.collect::<Result<_, _>>()?)
    }

    /// Puts site lists in place of those that end in `(after, last]`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn put_sheets(
        &self,
        series: super::Series<'_>,
        after: &str,
        last: &str,
        sheets: &[Sheet],
    ) -> Result<(), CatalogueError> {
        self.connection
            .prepare_cached("DELETE FROM sheets WHERE series = ?1 AND last > ?2 AND last <= ?3")?
            .execute([series.name(), after, last])?;
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO sheets VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
        for sheet in sheets {
            insert.execute(params![
                series.name(),
                sheet.last,
                sheet.range,
                sheet.path,
                sheet.bytes as i64,
                sheet.sha256,
                sheet.files as i64,
                serde_json::to_string(&sheet.packs)?
            ])?;
        }
        Ok(())
    }

    /// All site lists of what is printed from here, in order.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn sheets(&self) -> Result<Vec<Sheet>, CatalogueError> {
        let mut query = self.connection.prepare_cached(
            "SELECT last, range, path, bytes, sha256, files, packs FROM sheets
             ORDER BY series, last",
        )?;
        let sheets = query.query_map([], |row| {
            let packs: String = row.get(6)?;
            let sheet = Sheet {
                last: row.get(0)?,
                range: row.get(1)?,
                path: row.get(2)?,
                bytes: row.get::<_, i64>(3)? as u64,
                sha256: row.get(4)?,
                files: row.get::<_, i64>(5)? as u64,
                packs: Vec::new(),
            };
            Ok((sheet, packs))
        })?;
        sheets
            .map(|row| {
                let (sheet, packs) = row?;
                Ok(Sheet { packs: serde_json::from_str(&packs)?, ..sheet })
            })
            .collect()
    }

    /// Begins a transaction of what printing notes; each of these ends with
    /// [`keep`](Self::keep).
    ///
    /// # Errors
    /// When the database refuses.
    pub fn begin(&self) -> Result<(), CatalogueError> {
        if self.connection.is_autocommit() {
            self.connection.execute_batch("BEGIN")?;
        }
        Ok(())
    }
}

fn file_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<FileRow> {
    Ok(FileRow {
        path: row.get(0)?,
        bytes: row.get::<_, i64>(1)? as u64,
        sha256: row.get(2)?,
        day: row.get(3)?,
        made: String::new(),
        group: Vec::new(),
    })
}
