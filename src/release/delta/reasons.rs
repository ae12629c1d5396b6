//! Why records went: from the ledger of removals and the exceptions of the newer release.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read as _};

use serde::Deserialize;

use super::super::fetch::Source;
use super::super::manifest::Manifest;
use super::{Deleted, DeltaError};

/// Longest line of `exceptions.ndjson` that is understood.
const MAX_LINE: u64 = 1 << 14;

/// The lines for records that went with `to`, in the order of `ids`. Memory grows with the number
/// of ids, not with the ledger.
pub(super) fn explain(
    source: &Source,
    to: &Manifest,
    ids: &[String],
) -> Result<Vec<Deleted>, DeltaError> {
    let mut wanted: BTreeMap<&str, Option<Deleted>> =
        ids.iter().map(|id| (id.as_str(), None)).collect();
    for entry in to.files.iter().filter(|entry| entry.role == "deleted") {
        if !ids.is_empty() {
            ledger(source, &entry.path, &mut wanted)?;
        }
    }
    let mut withheld = BTreeSet::new();
    if wanted.values().any(Option::is_none) {
        for entry in to.files.iter().filter(|entry| entry.role == "exceptions") {
            exceptions(source, &entry.path, &wanted, &mut withheld)?;
        }
    }
    let line = |id: &String| match wanted.get(id.as_str()).cloned().flatten() {
        Some(deleted) if deleted.deleted.is_empty() => {
            Deleted { deleted: to.as_of.clone(), ..deleted }
        }
        Some(deleted) => deleted,
        None => Deleted {
            deleted: to.as_of.clone(),
            doi: None,
            id: id.clone(),
            reason: if withheld.contains(id) { "withheld" } else { "restricted" }.into(),
            unseen: false,
        },
    };
    Ok(ids.iter().map(line).collect())
}

fn ledger(
    source: &Source,
    path: &str,
    wanted: &mut BTreeMap<&str, Option<Deleted>>,
) -> Result<(), DeltaError> {
    #[derive(Deserialize)]
    struct Row {
        record_id: String,
        #[serde(default)]
        doi: String,
        #[serde(default)]
        removal_reason: String,
        #[serde(default)]
        removal_date: String,
    }
    let fail = |error: csv::Error| DeltaError::damaged(path, error);
    let file = flate2::read::MultiGzDecoder::new(source.reader(path)?);
    let mut rows = csv::Reader::from_reader(file);
    let headers = rows.headers().map_err(fail)?.clone();
    let mut raw = csv::StringRecord::new();
    while rows.read_record(&mut raw).map_err(fail)? {
        let Some(place) = raw.get(0).and_then(|id| wanted.get_mut(id)) else { continue };
        let row: Row = raw.deserialize(Some(&headers)).map_err(fail)?;
        *place = Some(Deleted {
            deleted: row.removal_date,
            doi: Some(row.doi).filter(|doi| !doi.is_empty()),
            id: row.record_id,
            reason: Some(row.removal_reason).filter(|r| !r.is_empty()).unwrap_or("removed".into()),
            unseen: false,
        });
    }
    Ok(())
}

fn exceptions(
    source: &Source,
    path: &str,
    wanted: &BTreeMap<&str, Option<Deleted>>,
    withheld: &mut BTreeSet<String>,
) -> Result<(), DeltaError> {
    #[derive(Deserialize)]
    struct Line {
        id: String,
    }
    let mut lines = BufReader::new(source.reader(path)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = lines.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
        if read.map_err(|error| DeltaError::damaged(path, error))? == 0 {
            return Ok(());
        }
        if let Ok(Line { id }) = serde_json::from_slice(&line)
            && wanted.contains_key(id.as_str())
        {
            withheld.insert(id);
        }
    }
}
