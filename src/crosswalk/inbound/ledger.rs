//! Zenodo's deletion ledger, `records-deleted.csv`: one row → one tombstone.
//!
//! Columns by name, whatever their order; `record_id` is required, the others may be missing
//! or empty. Written by zenodo-rdm's exporter with Python's `csv.writer` (CRLF, minimal
//! quoting); `citation_text` is blank when the reason is `spam`.

use std::borrow::Cow;

use csv::StringRecord;
use serde::Serialize;

use super::Rejected;
use super::native::{Parent, Pid, Pids, Str, Term};
use crate::record::{date, identifier, vocabulary};

/// Columns in the order in which the exporter writes them.
pub const COLUMNS: [&str; 8] = [
    "record_id",
    "doi",
    "parent_id",
    "parent_doi",
    "removal_note",
    "removal_reason",
    "removal_date",
    "citation_text",
];

/// Where each of [`COLUMNS`] stands in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    positions: [Option<usize>; COLUMNS.len()],
}

impl Ledger {
    /// Reads the header row. Unknown columns are ignored.
    ///
    /// # Errors
    /// [`Rejected`] with code `ledger-header` when there is no column `record_id`.
    pub fn from_header(header: &StringRecord) -> Result<Self, Rejected> {
        let position = |name: &str| {
            header.iter().position(|cell| cell.trim_start_matches('\u{feff}').trim() == name)
        };
        let ledger = Ledger { positions: COLUMNS.map(position) };
        if ledger.positions[0].is_none() {
            return Err(Rejected::new(".", "ledger-header", "no column `record_id`"));
        }
        Ok(ledger)
    }

    /// One row as the native JSON of a withdrawn record.
    ///
    /// The row's note, reason, date and citation become a visible tombstone: the ledger lists
    /// only what was withdrawn in public. A reason outside the vocabulary and a date that is
    /// not one are left out.
    ///
    /// # Errors
    /// [`Rejected`] with code `no-id` when `record_id` is not a record id.
    pub fn tombstone(&self, row: &StringRecord) -> Result<String, Rejected> {
        let cell = |column: usize| -> Option<&str> {
            let text = row.get(self.positions[column]?)?.trim();
            (!text.is_empty()).then_some(text)
        };
        let id = cell(0).unwrap_or_default();
        if !identifier::is_record_id(id) {
            return Err(Rejected::new("record_id", "no-id", format!("not a record id: {id:?}")));
        }
        let parent =
            Parent { id: cell(2).map(Cow::Borrowed), pids: pids(cell(3)), ..Parent::default() };
        let withdrawn = Withdrawn {
            id,
            pids: pids(cell(1)),
            parent: (!parent.is_empty()).then_some(parent),
            deletion_status: Deletion { is_deleted: true, status: "D" },
            tombstone: Tombstone {
                removal_reason: cell(5)
                    .and_then(vocabulary::removal_reason)
                    .map(|reason| Term::known(reason.id)),
                note: cell(4).map(Cow::Borrowed),
                removal_date: cell(6).and_then(date::timestamp),
                citation_text: cell(7).map(Cow::Borrowed),
                is_visible: true,
            },
        };
        serde_json::to_string(&withdrawn)
            .map_err(|error| Rejected::new(".", "shape", error.to_string()))
    }
}

fn pids(doi: Option<&str>) -> Pids<'_> {
    let doi = doi.and_then(identifier::doi);
    Pids { doi: doi.map(|identifier| Pid { identifier, provider: "datacite" }), oai: None }
}

#[derive(Serialize)]
struct Withdrawn<'a> {
    id: &'a str,
    pids: Pids<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<Parent<'a>>,
    deletion_status: Deletion,
    tombstone: Tombstone<'a>,
}

#[derive(Serialize)]
struct Deletion {
    is_deleted: bool,
    status: &'static str,
}

#[derive(Serialize)]
struct Tombstone<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    removal_reason: Option<Term<'static>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<Str<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removal_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    citation_text: Option<Str<'a>>,
    is_visible: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::record::access::{Visibility, visibility};

    fn rows(csv: &str) -> Vec<Result<String, Rejected>> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(csv.as_bytes());
        let ledger = Ledger::from_header(reader.headers().unwrap()).unwrap();
        reader.records().map(|row| ledger.tombstone(&row.unwrap())).collect()
    }

    #[test]
    fn a_full_row_becomes_a_visible_tombstone() {
        let json = rows(
            "record_id,doi,parent_id,parent_doi,removal_note,removal_reason,removal_date,\
             citation_text\r\n\
             42,10.5281/zenodo.42,41,10.5281/zenodo.41,\"by \"\"owner\"\", twice\",duplicate,\
             2025-03-04T05:06:07.000089+00:00,\"Doe, J. (2024). On moths\"\r\n",
        );
        assert_eq!(
            json[0].as_deref().unwrap(),
            r#"{"id":"42","pids":{"doi":{"identifier":"10.5281/zenodo.42","provider":"datacite"}},"#
                .to_owned()
                + r#""parent":{"id":"41","pids":{"doi":{"identifier":"10.5281/zenodo.41","#
                + r#""provider":"datacite"}}},"deletion_status":{"is_deleted":true,"status":"D"},"#
                + r#""tombstone":{"removal_reason":{"id":"duplicate"},"#
                + r#""note":"by \"owner\", twice","#
                + r#""removal_date":"2025-03-04T05:06:07.000089+00:00","#
                + r#""citation_text":"Doe, J. (2024). On moths","is_visible":true}}"#
        );
        let record = Record::parse(json[0].as_deref().unwrap()).unwrap();
        let seen = visibility(&record, "2026-01-01");
        assert_eq!(seen, Visibility::Tombstone { visible: true });
    }

    #[test]
    fn what_the_incumbent_crashes_on_or_blanks_is_left_out() {
        let json = rows("record_id,doi,removal_reason,removal_date\n7,,spam,soon\n8\n,10.1/x,,\n");
        assert_eq!(
            json[0].as_deref().unwrap(),
            r#"{"id":"7","pids":{},"deletion_status":{"is_deleted":true,"status":"D"},"#.to_owned()
                + r#""tombstone":{"removal_reason":{"id":"spam"},"is_visible":true}}"#
        );
        assert!(json[1].as_deref().unwrap().starts_with(r#"{"id":"8","pids":{},"#));
        assert_eq!(json[2].as_ref().unwrap_err().code, "no-id");
    }

    #[test]
    fn a_header_without_record_id_is_refused() {
        let header = StringRecord::from(vec!["id", "doi"]);
        assert_eq!(Ledger::from_header(&header).unwrap_err().code, "ledger-header");
    }
}
