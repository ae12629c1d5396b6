//! The writing side: batches, each one transaction.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::aside::{Aside, Communities};
use super::codec::{self, Encoder, PLAIN};
use super::prepare::{Prepared, Preparer};
use super::rejects::{self, Position, Reject};
use super::upsert::{ClassChanges, Counts, ORIGIN_ABSENT, Upserts, Verdict};
use super::{Error, lineage, schema, snapshot};

/// How far an import got: commits with the batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The source's number in the store.
    pub(super) source: i64,
    /// Documents of the source behind the cursor.
    pub(super) consumed: u64,
}

/// What is applied at once.
#[derive(Debug, Default)]
pub struct Batch {
    /// Records with ordinal and position in the source.
    pub records: Vec<(u64, Position, Prepared)>,
    /// Documents that are no records.
    pub asides: Vec<(u64, Aside)>,
    /// Documents that are not stored, with a reason already known.
    pub rejects: Vec<Reject>,
    /// Set by an import.
    pub cursor: Option<Cursor>,
    /// Whether a collision undoes the whole batch, as [`Error::Strict`].
    pub(super) strict: bool,
    /// Whether records that were purged may come back.
    pub(super) allow_purged: bool,
    /// Whether the ids of this batch are to be remembered as seen by a complete delivery.
    pub(super) seen: bool,
}

impl From<Vec<Prepared>> for Batch {
    /// Records that come from no import.
    fn from(records: Vec<Prepared>) -> Self {
        let records = (0..).zip(records);
        Batch {
            records: records.map(|(n, record)| (n, Position::default(), record)).collect(),
            ..Batch::default()
        }
    }
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Applied {
    /// Figures.
    pub counts: Counts,
    /// All rejects in the order of the source: those given, and collisions.
    pub rejects: Vec<Reject>,
}

/// The one who writes. Every call of [`Writer::apply`] is one transaction, on disk when it
/// returns.
pub struct Writer {
    pub(super) connection: Connection,
    communities: Communities,
}

impl Writer {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let connection = schema::writer(path)?;
        Ok(Writer { connection, communities: Communities::default() })
    }

    /// What turns documents into rows for this store.
    ///
    /// `doi_pattern` is the repository's, see
    /// [`datacite_record_id`](crate::record::identifier::datacite_record_id).
    pub fn preparer(&self, doi_pattern: &str) -> Result<Preparer, Error> {
        let newest = snapshot::dictionaries(&self.connection)?.newest();
        let (number, dictionary) = newest.unwrap_or((PLAIN, Vec::new()));
        Ok(Preparer::new(doi_pattern, Encoder::new(number, dictionary)))
    }

    /// Whether the store has a dictionary, or is to have none from an import.
    pub(super) fn is_trained(&self) -> Result<bool, Error> {
        // What was purged must not come back through the dictionary of an import that still
        // holds it.
        let purged = self.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM records WHERE class IN (1, 2) AND origin = 4)",
            [],
            |row| row.get::<_, bool>(0),
        )?;
        Ok(purged || snapshot::dictionaries(&self.connection)?.newest().is_some())
    }

    /// Trains a dictionary on these bodies, unless they are too few, for preparers made from
    /// now on.
    pub(super) fn train(&mut self, bodies: &[&str]) -> Result<(), Error> {
        if let Some(dictionary) = codec::train(bodies) {
            self.connection
                .execute("INSERT INTO dictionaries (bytes) VALUES (?1)", [dictionary])?;
        }
        Ok(())
    }

    /// Stores a batch, settles the families it touches and moves the cursor.
    pub fn apply(&mut self, batch: Batch) -> Result<Applied, Error> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match apply(&transaction, &mut self.communities, batch) {
            Ok(applied) => match transaction.commit() {
                Ok(()) => Ok(applied),
                Err(error) => {
                    self.communities.clear();
                    Err(error.into())
                }
            },
            Err(error) => {
                self.communities.clear();
                Err(error)
            }
        }
    }

    /// Replaces these records by tombstones, which stand until the record comes back. Ids that
    /// are not there are skipped. Returns how many were replaced.
    pub(super) fn withdraw(&mut self, tombstones: Vec<Prepared>) -> Result<u64, Error> {
        self.bury(tombstones, ORIGIN_ABSENT)
    }

    /// Replaces these records by tombstones of this origin, in one transaction.
    pub(super) fn bury(&mut self, tombstones: Vec<Prepared>, origin: i64) -> Result<u64, Error> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let start = last_seq(&transaction)?;
        let mut withdrawn = 0;
        let mut upserts = Upserts::new(&transaction, start)?;
        for mut tombstone in tombstones {
            withdrawn += u64::from(upserts.bury(&mut tombstone, origin)?);
        }
        let seq = lineage::settle(&transaction, &upserts.touched, start, upserts.seq)?;
        save_state(&transaction, seq, &upserts.classes)?;
        drop(upserts);
        transaction.commit()?;
        Ok(withdrawn)
    }
}

fn apply(
    transaction: &Transaction<'_>,
    communities: &mut Communities,
    mut batch: Batch,
) -> Result<Applied, Error> {
    let start = last_seq(transaction)?;
    let source = batch.cursor.map_or(0, |cursor| cursor.source);
    // Neighbours in the table are written one after the other. The sort is stable: of several
    // deliveries of one id the order stays.
    batch.records.sort_by_cached_key(|(_, _, record)| *super::key::candidates(&record.id).start());
    let mut applied = Applied { rejects: batch.rejects, counts: Counts::default() };
    let mut upserts = Upserts::new(transaction, start)?;
    upserts.allow_purged = batch.allow_purged;
    let mut see = match batch.seen {
        true => Some(transaction.prepare_cached("INSERT OR IGNORE INTO temp.seen VALUES (?1)")?),
        false => None,
    };
    for (ordinal, position, record) in batch.records {
        match upserts.upsert(&record, source)? {
            Ok((pk, verdict)) => {
                communities.record(transaction, &record)?;
                if let Some(see) = &mut see {
                    see.execute([pk])?;
                }
                *count(&mut applied.counts, verdict) += 1;
            }
            Err(problem) => {
                let reject = Reject { ordinal, position, problem };
                if batch.strict {
                    return Err(Error::Strict(Box::new(reject)));
                }
                applied.rejects.push(reject);
            }
        }
    }
    if let Some(see) = &mut see {
        // A record that cannot be read is not absent.
        for id in applied.rejects.iter().filter_map(|reject| reject.problem.id.as_deref()) {
            if let Some(pk) = upserts.find_pk(id)? {
                see.execute([pk])?;
            }
        }
    }
    for (_, aside) in &batch.asides {
        communities.aside(transaction, aside)?;
    }
    upserts.seq = communities.flush(transaction, upserts.seq)?;
    applied.counts.aside = batch.asides.len() as u64;
    applied.counts.rejected = applied.rejects.len() as u64;
    applied.rejects.sort_by_key(|reject| reject.ordinal);
    let seq = lineage::settle(transaction, &upserts.touched, start, upserts.seq)?;
    save_state(transaction, seq, &upserts.classes)?;
    if let Some(cursor) = batch.cursor {
        for reject in &applied.rejects {
            rejects::add(transaction, cursor.source, reject)?;
        }
        advance(transaction, cursor, &applied.counts)?;
    }
    Ok(applied)
}

fn count(counts: &mut Counts, verdict: Verdict) -> &mut u64 {
    match verdict {
        Verdict::New => &mut counts.new,
        Verdict::Changed => &mut counts.changed,
        Verdict::Unchanged => &mut counts.unchanged,
        Verdict::Superseded => &mut counts.superseded,
    }
}

fn last_seq(connection: &Connection) -> Result<i64, Error> {
    Ok(connection.query_row("SELECT last_seq FROM state", [], |row| row.get(0))?)
}

fn save_state(connection: &Connection, seq: i64, classes: &ClassChanges) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE state SET last_seq = ?1, public = public + ?2, tombstones = tombstones + ?3,
                hidden = hidden + ?4, restricted = restricted + ?5",
        )?
        .execute(params![seq, classes[0], classes[1], classes[2], classes[3]])?;
    Ok(())
}

fn advance(connection: &Connection, cursor: Cursor, counts: &Counts) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE sources SET consumed = ?2, new = new + ?3, changed = changed + ?4,
                unchanged = unchanged + ?5, superseded = superseded + ?6,
                rejected = rejected + ?7, aside = aside + ?8
            WHERE number = ?1",
        )?
        .execute(params![
            cursor.source,
            cursor.consumed as i64,
            counts.new as i64,
            counts.changed as i64,
            counts.unchanged as i64,
            counts.superseded as i64,
            counts.rejected as i64,
            counts.aside as i64,
        ])?;
    Ok(())
}

/// An import's entry: where to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Started {
    pub(super) source: i64,
    /// Documents to skip.
    pub(super) consumed: u64,
    /// Figures up to there.
    pub(super) counts: Counts,
}

impl Writer {
    /// Begins or resumes the import of a source. It is resumed if the last one did not end and
    /// the source has the same `identity`; otherwise figures and rejects start anew.
    pub(super) fn begin(
        &mut self,
        name: &str,
        identity: &[u8],
        resume: bool,
    ) -> Result<Started, Error> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let standing = transaction
            .query_row(
                "SELECT number, consumed, new, changed, unchanged, superseded, rejected, aside,
                    identity = ?2 AND done = 0
                FROM sources WHERE name = ?1",
                params![name, identity],
                |row| Ok((started(row)?, row.get::<_, bool>(8)?)),
            )
            .optional()?;
        let started = match standing {
            Some((started, true)) if resume => started,
            Some((Started { source, .. }, _)) => {
                transaction.execute(
                    "UPDATE sources SET identity = ?2, consumed = 0, done = 0, new = 0,
                        changed = 0, unchanged = 0, superseded = 0, rejected = 0, aside = 0
                    WHERE number = ?1",
                    params![source, identity],
                )?;
                transaction.execute("DELETE FROM rejects WHERE source = ?1", [source])?;
                Started { source, consumed: 0, counts: Counts::default() }
            }
            None => {
                transaction.execute(
                    "INSERT INTO sources VALUES (NULL, ?1, ?2, 0, 0, 0, 0, 0, 0, 0, 0)",
                    params![name, identity],
                )?;
                let source = transaction.last_insert_rowid();
                Started { source, consumed: 0, counts: Counts::default() }
            }
        };
        transaction.commit()?;
        Ok(started)
    }

    /// Marks an import as ended: the next one begins at the beginning.
    pub(super) fn end(&mut self, source: i64) -> Result<(), Error> {
        self.connection.execute("UPDATE sources SET done = 1 WHERE number = ?1", [source])?;
        Ok(())
    }
}

fn started(row: &rusqlite::Row<'_>) -> rusqlite::Result<Started> {
    let number = |column| row.get::<_, i64>(column).map(|number| number as u64);
    Ok(Started {
        source: row.get(0)?,
        consumed: number(1)?,
        counts: Counts {
            new: number(2)?,
            changed: number(3)?,
            unchanged: number(4)?,
            superseded: number(5)?,
            rejected: number(6)?,
            aside: number(7)?,
        },
    })
}
