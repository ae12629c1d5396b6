//! Records that a complete delivery did not hold become tombstones.

use serde_json::json;

use super::prepare::{Claim, Prepared, Preparer};
use super::{Class, Error, Snapshot, Writer};
use crate::record::Record;

/// Tombstones written in one transaction.
const BATCH: usize = 4096;

/// Withdraws every record that is not in the writer's table `seen`. `snapshot` must have been
/// taken after the last source. Returns how many were withdrawn.
pub(super) fn withdraw(
    writer: &mut Writer,
    snapshot: &Snapshot,
    preparer: &Preparer,
    removal_date: &str,
) -> Result<u64, Error> {
    let mut withdrawn = 0;
    let mut batch = Vec::new();
    let mut absent = writer.absent(0)?;
    let mut decoder = snapshot.dictionaries().decoder();
    let mut body = String::new();
    while let Some((last, ids)) = absent {
        for id in ids {
            let Some(row) = snapshot.get(&id)? else { continue };
            row.decode(&mut decoder, &mut body)?;
            let visible = row.class == Class::Public;
            let reason = json!({"removal_reason": {"id": "absent"}});
            batch.extend(tombstone(&body, visible, removal_date, reason, preparer)?);
        }
        withdrawn += writer.withdraw(std::mem::take(&mut batch))?;
        absent = writer.absent(last + 1)?;
    }
    Ok(withdrawn)
}

impl Writer {
    /// The next public or restricted records from this primary key on that are not in `seen`,
    /// with the last of their keys.
    fn absent(&self, from: i64) -> Result<Option<(i64, Vec<String>)>, Error> {
        let mut query = self.connection.prepare_cached(
            "SELECT pk, id FROM records
            WHERE pk >= ?1 AND class IN (0, 3) AND pk NOT IN (SELECT pk FROM temp.seen)
            ORDER BY pk LIMIT ?2",
        )?;
        let rows = query.query_map([from, BATCH as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rows: Vec<(i64, String)> = rows.collect::<Result<_, _>>()?;
        let last = rows.last().map(|(pk, _)| *pk);
        Ok(last.map(|last| (last, rows.into_iter().map(|(_, id)| id).collect())))
    }
}

/// What a record leaves: its identifiers and family. `why` is an object, whose members go into
/// the tombstone.
pub(super) fn tombstone(
    body: &str,
    visible: bool,
    removal_date: &str,
    why: serde_json::Value,
    preparer: &Preparer,
) -> Result<Option<Prepared>, Error> {
    // Stored bodies have been parsed before.
    let Ok(record) = Record::parse(body) else { return Ok(None) };
    let doi = |pids: &crate::record::model::Pids<'_>| match &pids.doi {
        Some(doi) => json!({"doi": {"identifier": doi.identifier.as_str()}}),
        None => json!({}),
    };
    let mut native = json!({
        "id": record.id.as_str(),
        "pids": doi(&record.pids),
        "deletion_status": {"is_deleted": true, "status": "D"},
        "tombstone": why,
    });
    native["tombstone"]["removal_date"] = removal_date.into();
    native["tombstone"]["is_visible"] = visible.into();
    if !record.parent.id.is_empty() {
        native["parent"] =
            json!({"id": record.parent.id.as_str(), "pids": doi(&record.parent.pids)});
    }
    Ok(preparer.prepare(&native.to_string(), Claim::Own)?.ok())
}
