//! `deleted.csv.gz`: every removed record, in the columns of Zenodo's exporter.

use std::io;

use flate2::write::GzEncoder;

use super::{file_entry, gzip};
use crate::crosswalk::inbound::ledger::COLUMNS;
use crate::release::layout::release_dir;
use crate::release::manifest::FileEntry;
use crate::release::stage::{Stage, StageError, StagedFile};

/// One removed record; empty text where something is not known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Removal<'a> {
    /// Record id.
    pub record_id: &'a str,
    /// DOI of the record.
    pub doi: &'a str,
    /// Id of its family.
    pub parent_id: &'a str,
    /// Concept DOI.
    pub parent_doi: &'a str,
    /// Public note of the tombstone.
    pub removal_note: &'a str,
    /// Reason id, such as `retracted` or `spam`.
    pub removal_reason: &'a str,
    /// When it was removed, as the tombstone has it.
    pub removal_date: &'a str,
    /// Citation of what was there. Not written when the reason is `spam`, as it would spread it.
    pub citation_text: &'a str,
}

/// Why the ledger could not be written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file could not be.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A row could not be written.
    #[error("cannot write deleted.csv.gz")]
    Row(#[from] csv::Error),
    /// The last bytes could not be written.
    #[error("cannot write deleted.csv.gz")]
    End(#[source] io::Error),
}

/// Writes the ledger row by row.
pub struct LedgerWriter<'a> {
    rows: csv::Writer<GzEncoder<StagedFile<'a>>>,
    count: u64,
}

impl<'a> LedgerWriter<'a> {
    /// Starts the file with its header row.
    ///
    /// # Errors
    /// When the staged file cannot be created.
    pub fn new(stage: &'a Stage) -> Result<Self, LedgerError> {
        let mut rows = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .from_writer(gzip::writer(stage.file()?));
        rows.write_record(COLUMNS)?;
        Ok(LedgerWriter { rows, count: 0 })
    }

    /// Appends a row; rows come in order of their record's key, then id.
    ///
    /// # Errors
    /// When writing fails.
    pub fn push(&mut self, row: &Removal<'_>) -> Result<(), LedgerError> {
        let citation = if row.removal_reason == "spam" { "" } else { row.citation_text };
        self.rows.write_record([
            row.record_id,
            row.doi,
            row.parent_id,
            row.parent_doi,
            row.removal_note,
            row.removal_reason,
            row.removal_date,
            citation,
        ])?;
        self.count += 1;
        Ok(())
    }

    /// Ends the file and puts it into the release directory.
    ///
    /// # Errors
    /// When any step fails.
    pub fn finish(self, release: &str) -> Result<FileEntry, LedgerError> {
        let encoder =
            self.rows.into_inner().map_err(|error| LedgerError::End(error.into_error()))?;
        let file = encoder.finish().map_err(LedgerError::End)?;
        let written = file.keep(&format!("{}/deleted.csv.gz", release_dir(release)))?;
        Ok(file_entry(written, "application/gzip", "deleted", Some(self.count)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::release::stage::Durability;

    #[test]
    fn rows_are_quoted_as_python_does_and_spam_is_not_cited() {
        let root = tempfile::tempdir().unwrap();
        let stage = Stage::open(root.path(), Durability::Relaxed).unwrap();
        let mut ledger = LedgerWriter::new(&stage).unwrap();
        let removal = Removal {
            record_id: "7",
            removal_note: "a \"b\", c\nd",
            removal_reason: "retracted",
            citation_text: "X (2020)",
            ..Removal::default()
        };
        ledger.push(&removal).unwrap();
        ledger.push(&Removal { record_id: "8", removal_reason: "spam", ..removal }).unwrap();
        let entry = ledger.finish("20261101T000000Z").unwrap();
        assert_eq!(entry.records, Some(2));
        let file = std::fs::File::open(root.path().join(&entry.path)).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
        let want = "record_id,doi,parent_id,parent_doi,removal_note,removal_reason,removal_date,\
                    citation_text\r\n\
                    7,,,,\"a \"\"b\"\", c\nd\",retracted,,X (2020)\r\n\
                    8,,,,\"a \"\"b\"\", c\nd\",spam,,\r\n";
        assert_eq!(text, want);
    }
}
