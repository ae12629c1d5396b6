//! Puts a delta together: the rows of every format, the deletions, the description.

use std::collections::BTreeMap;
use std::io::Write as _;

use super::super::canonical;
use super::super::layout::{Format, Spans};
use super::super::manifest::{Encoder, FORMAT};
use super::super::pack::FrameEncoder;
use super::super::pointer::ReleaseLine;
use super::super::stage::{Stage, Written};
use super::rows::{LEVEL, RowsWriter, cannot_write};
use super::{Changes, DELTA_JSON, Deleted, Delta, DeltaError, Rows, delta_dir, rows_name};

/// A delta that was written, and its `delta.json`.
#[derive(Debug, Clone)]
pub struct Made {
    /// What it says.
    pub delta: Delta,
    /// Where that stands.
    pub written: Written,
}

/// What a delta is between.
pub(super) struct Ends<'a> {
    pub(super) from: &'a ReleaseLine,
    pub(super) to: &'a ReleaseLine,
    pub(super) encoder: Option<Encoder>,
    pub(super) spans: BTreeMap<Format, Spans>,
}

/// One writer a format, in the order of the dumps.
pub(super) fn rows_writers<'a>(
    stage: &'a Stage,
    spans: &BTreeMap<Format, Spans>,
) -> Result<Vec<(Format, RowsWriter<'a>)>, DeltaError> {
    spans.keys().map(|format| Ok((*format, RowsWriter::new(stage, *format)?))).collect()
}

/// Ends the files and writes `delta.json`. Doing it twice changes nothing.
pub(super) fn finish(
    stage: &Stage,
    ends: Ends<'_>,
    rows: Vec<(Format, RowsWriter<'_>)>,
    deletes: Deletes<'_>,
    changes: Changes,
) -> Result<Made, DeltaError> {
    let dir = delta_dir(&ends.from.release, &ends.to.release);
    let mut upserts = BTreeMap::new();
    for (format, rows) in rows {
        if let Some(rows) = rows.finish(&format!("{dir}/{}", rows_name(format)))? {
            upserts.insert(format, rows);
        }
    }
    let deletes = deletes.finish(&format!("{dir}/deletes.jsonl.zst"))?;
    let delta = Delta {
        format: FORMAT,
        from: ends.from.clone(),
        to: ends.to.clone(),
        encoder: ends.encoder,
        spans: ends.spans,
        upserts,
        deletes,
        changes,
    };
    let written = stage.write(&format!("{dir}/{DELTA_JSON}"), &canonical::to_bytes(&delta)?)?;
    Ok(Made { delta, written })
}

/// Lines of deletions, compressed as frames of a few MiB.
pub(super) struct Deletes<'a> {
    file: super::super::stage::StagedFile<'a>,
    encoder: FrameEncoder,
    lines: Vec<u8>,
    records: u64,
}

/// Uncompressed bytes after which a frame of deletions ends.
const CHUNK: usize = 4 << 20;

impl<'a> Deletes<'a> {
    pub(super) fn new(stage: &'a Stage) -> Result<Self, DeltaError> {
        let encoder = FrameEncoder::new(LEVEL).map_err(cannot_write)?;
        Ok(Deletes { file: stage.file()?, encoder, lines: Vec::new(), records: 0 })
    }

    pub(super) fn push(&mut self, deleted: &Deleted) -> Result<(), DeltaError> {
        self.lines.extend(canonical::to_bytes(deleted)?);
        self.records += 1;
        if self.lines.len() >= CHUNK { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), DeltaError> {
        let data = self.encoder.encode(&self.lines).map_err(cannot_write)?;
        self.lines.clear();
        self.file.write_all(&data).map_err(cannot_write)
    }

    fn finish(mut self, path: &str) -> Result<Option<Rows>, DeltaError> {
        if self.records == 0 {
            self.file.discard()?;
            return Ok(None);
        }
        if !self.lines.is_empty() {
            self.flush()?;
        }
        let records = self.records;
        let written = self.file.keep(path)?;
        let (path, bytes, sha256) = (written.path, written.bytes, written.sha256);
        Ok(Some(Rows { path, bytes, sha256, records }))
    }
}
