//! Walking what is listed, and finding the files around a change.

use rusqlite::types::Value;

use super::cut::Cut;
use super::{Catalogue, CatalogueError};

/// Something that is cut into files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Series<'a> {
    /// A list of records, oldest first.
    List(&'a str),
    /// All public records in pack order.
    Records,
    /// All addresses that lead to a record, sorted.
    Addresses,
    /// All files printed from the catalogue but those at addresses, by path.
    Files,
}

/// A place in a series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// Creation time in microseconds, or place in pack order, or 0.
    pub at: i64,
    /// Record id, address or path: what decides whether a file ends here.
    pub key: String,
    /// Day of the last change, in [`Series::Records`].
    pub day: String,
}

/// Whole runs around a place.
#[derive(Debug, Default)]
pub struct Segment {
    /// Key of the entry before the first, which ends a run; `None` at the very beginning.
    pub before: Option<String>,
    /// The entries in order.
    pub spots: Vec<Spot>,
    /// Whether nothing follows.
    pub last: bool,
}

impl Series<'_> {
    /// The name under which changes are noted.
    pub(super) fn name(&self) -> &str {
        match self {
            Series::List(list) => list,
            Series::Records => "records",
            Series::Addresses => "addresses",
            Series::Files => "files",
        }
    }

    /// The query of a walk up from a place, or down from before it, and its parameters.
    fn query(self, from: &Spot, up: bool) -> (&'static str, Vec<Value>) {
        let place = || vec![Value::Integer(from.at), Value::Text(from.key.clone())];
        let key = || vec![Value::Text(from.key.clone())];
        match (self, up) {
            (Series::List(list), up) => {
                let mut values = place();
                values.push(Value::Text(list.to_owned()));
                let sql = match up {
                    true => {
                        "SELECT created, id, '' FROM entries
                         WHERE list = ?3 AND (created, id) >= (?1, ?2) ORDER BY created, id"
                    }
                    false => {
                        "SELECT created, id, '' FROM entries
                         WHERE list = ?3 AND (created, id) < (?1, ?2)
                         ORDER BY created DESC, id DESC"
                    }
                };
                (sql, values)
            }
            (Series::Records, true) => (
                "SELECT ord, id, day FROM cards WHERE (ord, id) >= (?1, ?2) ORDER BY ord, id",
                place(),
            ),
            (Series::Records, false) => (
                "SELECT ord, id, day FROM cards WHERE (ord, id) < (?1, ?2)
                 ORDER BY ord DESC, id DESC",
                place(),
            ),
            (Series::Addresses, true) => (
                "SELECT DISTINCT 0, address, '' FROM claims WHERE address >= ?1 ORDER BY address",
                key(),
            ),
            (Series::Addresses, false) => (
                "SELECT DISTINCT 0, address, '' FROM claims WHERE address < ?1
                 ORDER BY address DESC",
                key(),
            ),
            (Series::Files, true) => {
                ("SELECT 0, path, '' FROM files WHERE path >= ?1 ORDER BY path", key())
            }
            (Series::Files, false) => {
                ("SELECT 0, path, '' FROM files WHERE path < ?1 ORDER BY path DESC", key())
            }
        }
    }
}

impl Spot {
    /// Before everything.
    pub fn first() -> Spot {
        Spot { at: i64::MIN, key: String::new(), day: String::new() }
    }

    /// After everything: no key holds the last character of Unicode.
    pub fn last() -> Spot {
        Spot { at: i64::MAX, key: char::MAX.to_string(), day: String::new() }
    }
}

impl Catalogue {
    /// Passes the entries of a series to `visit` until it says `false`: upwards from `from` on,
    /// or downwards from the one before it.
    ///
    /// # Errors
    /// When they cannot be read, or those of `visit`.
    pub fn walk<E: From<CatalogueError>>(
        &self,
        series: Series<'_>,
        from: &Spot,
        up: bool,
        mut visit: impl FnMut(Spot) -> Result<bool, E>,
    ) -> Result<(), E> {
        let failed = |error| E::from(CatalogueError::Database(error));
        let (sql, values) = series.query(from, up);
        let mut query = self.connection.prepare_cached(sql).map_err(failed)?;
        let mut rows = query.query(rusqlite::params_from_iter(values)).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let spot = Spot {
                at: row.get(0).map_err(failed)?,
                key: row.get(1).map_err(failed)?,
                day: row.get(2).map_err(failed)?,
            };
            if !visit(spot)? {
                break;
            }
        }
        Ok(())
    }

    /// The run that holds `at`, or would, with `back` runs before it and `ahead` after it.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn segment(
        &self,
        series: Series<'_>,
        cut: Cut,
        at: &Spot,
        back: usize,
        ahead: usize,
    ) -> Result<Segment, CatalogueError> {
        let mut segment = Segment { last: true, ..Segment::default() };
        let mut ends = 0;
        self.walk(series, at, false, |spot| {
            ends += usize::from(cut.ends_run(&spot.key));
            if ends > back {
                segment.before = Some(spot.key);
                return Ok(false);
            }
            segment.spots.push(spot);
            Ok::<bool, CatalogueError>(true)
        })?;
        segment.spots.reverse();
        let mut ends = 0;
        self.walk(series, at, true, |spot| {
            // One more than wanted tells whether anything follows.
            if ends > ahead {
                segment.last = false;
                return Ok(false);
            }
            ends += usize::from(cut.ends_run(&spot.key));
            segment.spots.push(spot);
            Ok::<bool, CatalogueError>(true)
        })?;
        Ok(segment)
    }

    /// What of a series was touched, in order.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn touched(&self, series: Series<'_>) -> Result<Vec<Spot>, CatalogueError> {
        let mut query = self
            .connection
            .prepare_cached("SELECT at, key FROM touched WHERE series = ?1 ORDER BY at, key")?;
        let spots = query.query_map([series.name()], |row| {
            Ok(Spot { at: row.get(0)?, key: row.get(1)?, day: String::new() })
        })?;
        Ok(spots.collect::<Result<_, _>>()?)
    }
}
