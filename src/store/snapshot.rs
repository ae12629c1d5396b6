//! The reading side: the store as it stood at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeBounds;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use super::codec::{Decoder, Dictionaries, Frame};
use super::{Class, Error, key, lineage, schema};
use crate::record::Sibling;
use crate::record::identifier::OrderKey;

/// How many records the store knows, by class.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Metadata is public.
    pub public: u64,
    /// Withdrawn, with or without a visible tombstone.
    pub tombstoned: u64,
    /// Metadata is restricted.
    pub restricted: u64,
}

impl Totals {
    /// Every id the store knows.
    pub fn minted(&self) -> u64 {
        self.public + self.tombstoned + self.restricted
    }
}

/// A record as stored: its body still compressed, so that the thread that reads only moves
/// bytes and the threads that work decompress.
#[derive(Debug, Clone)]
pub struct Row {
    pk: i64,
    /// The record id.
    pub id: String,
    /// Number of its last change.
    pub seq: u64,
    /// What of its visibility holds at any as-of.
    pub class: Class,
    /// Smallest creation time seen with this content: canonical, or empty.
    pub created: String,
    /// Smallest update time seen with this content: canonical, or empty.
    pub updated: String,
    /// Key of the family.
    pub family: String,
    /// 1-based place among the public members of the family, oldest first; 0 if not public.
    pub position: u32,
    /// Public members of the family; 0 if not public.
    pub members: u32,
    frame: Frame,
}

impl Row {
    /// Where the record stands in the order of packs.
    pub fn key(&self) -> OrderKey {
        key::order(self.pk)
    }

    /// Length of the body in bytes.
    pub fn size(&self) -> usize {
        self.frame.size
    }

    /// Puts the verbatim native JSON into `out`, whose memory is reused.
    ///
    /// # Errors
    /// [`Error::Codec`] if the file is damaged.
    pub fn decode(&self, decoder: &mut Decoder, out: &mut String) -> Result<(), Error> {
        decoder.decode(&self.frame, out)
    }
}

/// The records of one group of neighbours, such as a frame.
#[derive(Debug)]
pub struct Group {
    /// What the grouping function said of them.
    pub key: u64,
    /// In pack order, of every class.
    pub rows: Vec<Row>,
    /// The public members, oldest first, of every family with more than one of which `rows`
    /// holds a public member; sorted by family key.
    pub families: Vec<(String, Vec<Sibling>)>,
}

impl Group {
    /// The public members of a family, oldest first; empty for a family of one.
    pub fn siblings(&self, family: &str) -> &[Sibling] {
        match self.families.binary_search_by(|(key, _)| key.as_str().cmp(family)) {
            Ok(index) => &self.families[index].1,
            Err(_) => &[],
        }
    }
}

/// A changed record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The record id.
    pub id: String,
    /// Its place in pack order.
    pub key: OrderKey,
    /// Number of its last change.
    pub seq: u64,
    /// What it is now.
    pub class: Class,
    /// Key of its family.
    pub family: String,
}

/// A community that a public record or an imported list names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Community {
    /// The key.
    pub slug: String,
    /// Display name; the slug if no source gave one.
    pub title: String,
    /// Number of the last change of the title.
    pub seq: u64,
}

/// A family that has a DOI of its own record in a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concept {
    /// Key of the family.
    pub id: String,
    /// Bare, lower case.
    pub doi: String,
}

/// The store as it stood when the snapshot was taken. Can be sent to another thread; several
/// snapshots do not disturb each other or the writer.
pub struct Snapshot {
    pub(super) connection: Connection,
    dictionaries: Dictionaries,
    last_seq: u64,
    totals: Totals,
    identity: String,
}

const ROW: &str = "
    SELECT pk, id, seq, class, created, updated, family, position, members, dictionary, size, body
    FROM records WHERE pk BETWEEN ?1 AND ?2 ORDER BY pk";
const CHANGE: &str = "SELECT pk, id, seq, class, family FROM records";

impl Snapshot {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let connection = schema::reader(path)?;
        // 4 MiB: the reader passes once over the table; families are all that is read twice.
        connection.pragma_update(None, "cache_size", -4 << 10)?;
        // A deferred transaction takes its snapshot with the first read, the next line.
        connection.execute_batch("BEGIN DEFERRED")?;
        let (last_seq, totals, identity) = connection.query_row(
            "SELECT last_seq, public, tombstones + hidden, restricted, identity FROM state",
            [],
            |row| {
                let number = |column| row.get::<_, i64>(column).map(|number| number as u64);
                let (public, tombstoned, restricted) = (number(1)?, number(2)?, number(3)?);
                Ok((number(0)?, Totals { public, tombstoned, restricted }, row.get(4)?))
            },
        )?;
        let dictionaries = dictionaries(&connection)?;
        Ok(Snapshot { connection, dictionaries, last_seq, totals, identity })
    }

    /// What tells this store from any other, such as one that took its place under its name:
    /// numbers of changes mean nothing across stores. Reaches no output.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Number of the last change in this snapshot; 0 for an empty store.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// How many records there are. Costs nothing.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// What decodes the bodies of this snapshot's rows.
    pub fn dictionaries(&self) -> Dictionaries {
        self.dictionaries.clone()
    }

    /// One record.
    pub fn get(&self, id: &str) -> Result<Option<Row>, Error> {
        let keys = key::candidates(id);
        let mut query = self.connection.prepare_cached(ROW)?;
        let mut rows = query.query(params![keys.start(), keys.end()])?;
        while let Some(row) = rows.next()? {
            if row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)? == id {
                return Ok(Some(read(row)?));
            }
        }
        Ok(None)
    }

    /// The public members of a family, oldest first.
    pub fn siblings(&self, family: &str) -> Result<Vec<Sibling>, Error> {
        lineage::siblings(&self.connection, family)
    }

    /// Passes every record of the range to `visit`, in pack order, until it fails. Holds one
    /// record at a time.
    pub fn scan<E: From<Error>>(
        &self,
        range: impl RangeBounds<OrderKey>,
        mut visit: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let (low, high) = key::bounds(&range);
        let mut query = self.connection.prepare_cached(ROW).map_err(Error::from)?;
        let mut rows = query.query(params![low, high]).map_err(Error::from)?;
        // Ids that share their order key stand in order of arrival in the table.
        let mut tied: Vec<Row> = Vec::new();
        while let Some(row) = rows.next().map_err(Error::from)? {
            let row = read(row)?;
            if tied.first().is_some_and(|first| first.key() != row.key()) {
                tied.drain(..).try_for_each(&mut visit)?;
            }
            match row.key() {
                OrderKey::Numeric(_) => visit(row)?,
                OrderKey::Hashed(_) => {
                    let place = tied.partition_point(|other| other.id < row.id);
                    tied.insert(place, row);
                }
            }
        }
        tied.drain(..).try_for_each(&mut visit)
    }

    /// Passes the records of the range to `visit` in groups: runs of neighbours in pack order
    /// for which `group_of` says the same. Holds one group at a time, so `group_of` bounds the
    /// memory.
    pub fn scan_groups<E: From<Error>>(
        &self,
        range: impl RangeBounds<OrderKey>,
        group_of: impl Fn(OrderKey) -> u64,
        mut visit: impl FnMut(Group) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut current: Option<(u64, Vec<Row>)> = None;
        self.scan(range, |row| {
            let group = group_of(row.key());
            match &mut current {
                Some((key, rows)) if *key == group => rows.push(row),
                _ => {
                    if let Some((key, rows)) = current.replace((group, vec![row])) {
                        visit(self.group(key, rows)?)?;
                    }
                }
            }
            Ok::<(), E>(())
        })?;
        match current {
            Some((key, rows)) => visit(self.group(key, rows)?),
            None => Ok(()),
        }
    }

    fn group(&self, key: u64, rows: Vec<Row>) -> Result<Group, Error> {
        let shared: BTreeSet<&str> =
            rows.iter().filter(|row| row.members > 1).map(|row| row.family.as_str()).collect();
        let families = shared
            .into_iter()
            .map(|family| Ok((family.to_owned(), self.siblings(family)?)))
            .collect::<Result<_, Error>>()?;
        Ok(Group { key, rows, families })
    }

    /// Records whose outputs may differ from those after change `seq`, in order of change.
    pub fn changes_since<E: From<Error>>(
        &self,
        seq: u64,
        visit: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        self.changes(&format!("{CHANGE} WHERE seq > ?1 ORDER BY seq"), params![seq as i64], visit)
    }

    /// Families that a member left for another after change `seq`, by key. Those that lost a
    /// member otherwise, or gained one, are the families of changed records.
    pub fn departures_since(&self, seq: u64) -> Result<Vec<String>, Error> {
        let mut query = self
            .connection
            .prepare_cached("SELECT family FROM departures WHERE seq > ?1 ORDER BY family")?;
        let families = query.query_map([seq as i64], |row| row.get(0))?;
        Ok(families.collect::<Result<_, _>>()?)
    }

    /// Records whose files open or close between two as-of days (`YYYY-MM-DD`), in pack order.
    /// Days may come in either order.
    pub fn embargo_boundaries<E: From<Error>>(
        &self,
        one_day: &str,
        other_day: &str,
        visit: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        let (from, to) = (one_day.min(other_day), one_day.max(other_day));
        let sql = format!("{CHANGE} WHERE embargo > ?1 AND embargo <= ?2 ORDER BY pk");
        self.changes(&sql, params![from, to], visit)
    }

    /// Withdrawn records, visible or not, in pack order.
    pub fn tombstones<E: From<Error>>(
        &self,
        mut visit: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut ids = Vec::new();
        let sql = format!("{CHANGE} WHERE class IN (1, 2) ORDER BY pk");
        // Ties of order keys are rare and few: only ids are held, and those of one key.
        let mut flush = |ids: &mut Vec<Change>| -> Result<(), E> {
            ids.sort_by(|a: &Change, b| a.id.cmp(&b.id));
            for change in ids.drain(..) {
                if let Some(row) = self.get(&change.id)? {
                    visit(row)?;
                }
            }
            Ok(())
        };
        self.changes(&sql, params![], |change| {
            if ids.first().is_some_and(|first: &Change| first.key != change.key) {
                flush(&mut ids)?;
            }
            ids.push(change);
            Ok::<(), E>(())
        })?;
        flush(&mut ids)
    }

    /// All communities by slug.
    pub fn communities(&self) -> Result<Vec<Community>, Error> {
        let mut query = self
            .connection
            .prepare_cached("SELECT slug, title, seq FROM communities ORDER BY slug")?;
        let communities = query.query_map([], |row| {
            let seq = row.get::<_, i64>(2)? as u64;
            Ok(Community { slug: row.get(0)?, title: row.get(1)?, seq })
        })?;
        Ok(communities.collect::<Result<_, _>>()?)
    }

    /// The concept of a family, if a source delivered it as an item of its own.
    pub fn concept(&self, family: &str) -> Result<Option<Concept>, Error> {
        let mut query = self.connection.prepare_cached("SELECT doi FROM concepts WHERE id = ?1")?;
        let doi = query.query_row([family], |row| row.get(0)).optional()?;
        Ok(doi.map(|doi| Concept { id: family.to_owned(), doi }))
    }

    fn changes<E: From<Error>>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        mut visit: impl FnMut(Change) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut query = self.connection.prepare_cached(sql).map_err(Error::from)?;
        let mut rows = query.query(parameters).map_err(Error::from)?;
        while let Some(row) = rows.next().map_err(Error::from)? {
            visit(change(row)?)?;
        }
        Ok(())
    }
}

fn read(row: &rusqlite::Row<'_>) -> Result<Row, Error> {
    Ok(Row {
        pk: row.get(0)?,
        id: row.get(1)?,
        seq: row.get::<_, i64>(2)? as u64,
        class: Class::from_code(row.get(3)?)?,
        created: row.get(4)?,
        updated: row.get(5)?,
        family: row.get(6)?,
        position: row.get(7)?,
        members: row.get(8)?,
        frame: Frame {
            dictionary: row.get(9)?,
            size: row.get::<_, i64>(10)? as usize,
            bytes: row.get_ref(11)?.as_blob().map_err(rusqlite::Error::from)?.into(),
        },
    })
}

fn change(row: &rusqlite::Row<'_>) -> Result<Change, Error> {
    Ok(Change {
        key: key::order(row.get(0).map_err(Error::from)?),
        id: row.get(1)?,
        seq: row.get::<_, i64>(2)? as u64,
        class: Class::from_code(row.get(3)?)?,
        family: row.get(4)?,
    })
}

/// All dictionaries.
pub(super) fn dictionaries(connection: &Connection) -> Result<Dictionaries, Error> {
    let mut query = connection.prepare_cached("SELECT number, bytes FROM dictionaries")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Dictionaries::new(rows.collect::<Result<BTreeMap<_, _>, _>>()?))
}
