//! Purging: a record becomes a tombstone for good, and no byte of it stays in the file.
//!
//! What a record says may be in more places than its row: in pages of the database that earlier
//! revisions left free, in the write-ahead log, in the dictionary that was trained on it, in
//! what was said of a document that could not be read. [`Store::scrub`] leaves none of them.

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::json;

use super::codec::{self, Encoder, Frame, PLAIN};
use super::prepare::{Claim, Prepared, Preparer};
use super::upsert::ORIGIN_PURGED;
use super::{Class, Error, Snapshot, Store, absent, key, snapshot};

/// Bodies that a new dictionary is trained on, at most.
const SAMPLES: u64 = 4096;
/// Bodies that are compressed anew in one transaction.
const BATCH: usize = 4096;

/// What the tombstones of purged records say.
#[derive(Debug, Clone)]
pub struct Removal<'a> {
    /// An id of the vocabulary of removal reasons.
    pub reason: Option<&'a str>,
    /// Public note.
    pub note: Option<&'a str>,
    /// RFC 3339.
    pub date: &'a str,
}

impl Snapshot {
    /// Whether a record was purged; `None` if the store does not know the id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_purged(&self, id: &str) -> Result<Option<bool>, Error> {
        let keys = key::candidates(id);
        let mut query = self.connection.prepare_cached(
            "SELECT origin = ?4 FROM records WHERE pk BETWEEN ?1 AND ?2 AND id = ?3",
        )?;
        let values = params![keys.start(), keys.end(), id, ORIGIN_PURGED];
        Ok(query.query_row(values, |row| row.get(0)).optional()?)
    }
}

impl Store {
    /// Replaces these records by tombstones, which no import replaces unless it is said to
    /// ([`Importer::with_purged`](super::import::Importer::with_purged)). Ids that are not there
    /// or purged already are passed over. What was there is gone from the file only after
    /// [`Store::scrub`]. Returns how many were replaced.
    ///
    /// # Errors
    /// When the store cannot be read or written; then nothing is replaced.
    pub fn purge(
        &self,
        ids: &[String],
        removal: &Removal<'_>,
        doi_pattern: &str,
    ) -> Result<u64, Error> {
        let mut writer = self.writer()?;
        let preparer = writer.preparer(doi_pattern)?;
        let snapshot = self.snapshot()?;
        let mut decoder = snapshot.dictionaries().decoder();
        let mut body = String::new();
        let mut tombstones = Vec::new();
        for id in ids {
            let Some(row) = snapshot.get(id)? else { continue };
            if snapshot.is_purged(id)? != Some(false) {
                continue;
            }
            row.decode(&mut decoder, &mut body)?;
            let visible = matches!(row.class, Class::Public | Class::Tombstone);
            tombstones.extend(tombstone(&body, id, visible, removal, &preparer)?);
        }
        drop(snapshot);
        writer.connection.pragma_update(None, "secure_delete", true)?;
        writer.bury(tombstones, ORIGIN_PURGED)
    }

    /// Writes the file anew from what stands in it, bodies under a new dictionary, and forgets
    /// what was said of documents that were rejected. For as long as it runs it needs twice the
    /// size of the file on the disk. No import may run: it would use a dictionary that is no
    /// longer there. Killed, it is to be run again; the store is whole at any time.
    ///
    /// # Errors
    /// [`Error::InUse`] if somebody reads the store and keeps the log from being emptied.
    pub fn scrub(&self) -> Result<(), Error> {
        let writer = self.writer()?;
        writer.connection.pragma_update(None, "secure_delete", true)?;
        writer.connection.execute("DELETE FROM rejects", [])?;
        if snapshot::dictionaries(&writer.connection)?.newest().is_some() {
            let encoder = self.retrain(&writer.connection)?;
            recode(&writer.connection, &encoder)?;
            let number = encoder.number();
            writer.connection.execute("DELETE FROM dictionaries WHERE number <> ?1", [number])?;
        }
        writer.connection.execute_batch("VACUUM")?;
        let busy = writer
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))?;
        if busy { Err(Error::InUse { path: self.path.clone() }) } else { Ok(()) }
    }

    /// A dictionary from an even choice of what is public now, stored beside those there are; an
    /// encoder without one if there is too little to train on.
    fn retrain(&self, connection: &Connection) -> Result<Encoder, Error> {
        let snapshot = self.snapshot()?;
        let step = (snapshot.totals().public / SAMPLES).max(1);
        let mut decoder = snapshot.dictionaries().decoder();
        let (mut bodies, mut seen) = (Vec::new(), 0);
        snapshot.scan(.., |row| {
            if row.class == Class::Public {
                if seen % step == 0 {
                    let mut body = String::new();
                    row.decode(&mut decoder, &mut body)?;
                    bodies.push(body);
                }
                seen += 1;
            }
            Ok::<(), Error>(())
        })?;
        let bodies: Vec<&str> = bodies.iter().map(String::as_str).collect();
        let Some(dictionary) = codec::train(&bodies) else {
            return Ok(Encoder::new(PLAIN, Vec::new()));
        };
        connection.execute("INSERT INTO dictionaries (bytes) VALUES (?1)", [&dictionary])?;
        Ok(Encoder::new(connection.last_insert_rowid(), dictionary))
    }
}

/// Compresses every body anew that another dictionary compressed, a batch at a time.
fn recode(connection: &Connection, encoder: &Encoder) -> Result<(), Error> {
    let mut decoder = snapshot::dictionaries(connection)?.decoder();
    let mut find = connection.prepare(
        "SELECT pk, dictionary, size, body FROM records
        WHERE pk >= ?1 AND dictionary NOT IN (?2, ?3) ORDER BY pk LIMIT ?4",
    )?;
    let mut write = connection
        .prepare("UPDATE records SET dictionary = ?2, size = ?3, body = ?4 WHERE pk = ?1")?;
    let mut from = 0;
    loop {
        let values = params![from, PLAIN, encoder.number(), BATCH as i64];
        let rows = find.query_map(values, |row| {
            let (dictionary, size): (i64, i64) = (row.get(1)?, row.get(2)?);
            let bytes: Vec<u8> = row.get(3)?;
            Ok((row.get(0)?, Frame { dictionary, size: size as usize, bytes: bytes.into() }))
        })?;
        let rows: Vec<(i64, Frame)> = rows.collect::<Result<_, _>>()?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        from = last + 1;
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut body = String::new();
        for (pk, frame) in rows {
            decoder.decode(&frame, &mut body)?;
            let frame = encoder.compress(&body)?;
            write.execute(params![pk, frame.dictionary, frame.size as i64, frame.bytes])?;
        }
        connection.execute_batch("COMMIT")?;
    }
}

fn tombstone(
    body: &str,
    id: &str,
    visible: bool,
    removal: &Removal<'_>,
    preparer: &Preparer,
) -> Result<Option<Prepared>, Error> {
    let mut why = json!({});
    if let Some(reason) = removal.reason {
        why["removal_reason"] = json!({ "id": reason });
    }
    if let Some(note) = removal.note {
        why["note"] = note.into();
    }
    if let Some(made) = absent::tombstone(body, visible, removal.date, why.clone(), preparer)? {
        return Ok(Some(made));
    }
    // A body that this version cannot read any more: of that nothing stays but the id.
    why["removal_date"] = removal.date.into();
    why["is_visible"] = visible.into();
    let deleted = json!({"is_deleted": true, "status": "D"});
    let native = json!({"id": id, "deletion_status": deleted, "tombstone": why});
    Ok(preparer.prepare(&native.to_string(), Claim::Own)?.ok())
}
