//! The sample repository stays what its README says.

use std::path::{Path, PathBuf};

use offprint::record::access::{FilesAccess, Visibility, visibility};
use offprint::record::{Record, model::check_json, validate::validate};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data").join(name)
}

#[test]
fn records_show_every_kind_of_access() {
    let text = std::fs::read_to_string(sample("records.jsonl")).unwrap();
    let mut seen = Vec::new();
    for line in text.lines() {
        let record = Record::parse(line).unwrap();
        assert_eq!(validate(&record), [], "{}", record.id.as_str());
        let shown = match visibility(&record, "2026-11-01") {
            Visibility::Public(FilesAccess::Open) => "open",
            Visibility::Public(FilesAccess::Embargoed { until }) => until,
            Visibility::Public(FilesAccess::Restricted) => "files restricted",
            Visibility::Public(FilesAccess::MetadataOnly) => "no files",
            Visibility::Tombstone { .. } => "withdrawn",
            Visibility::Restricted => "hidden",
        };
        if shown != "open" {
            seen.push(format!("{} {shown}", record.id.as_str()));
        }
    }
    let wanted = [
        "1014 2027-06-01",
        "1016 files restricted",
        "1018 hidden",
        "1020 withdrawn",
        "1030 no files",
    ];
    assert_eq!(seen, wanted);
    assert_eq!(text.lines().count(), 16);
}

#[test]
fn the_other_files_are_what_they_claim() {
    let legacy = std::fs::read_to_string(sample("legacy.jsonl")).unwrap();
    assert!(legacy.lines().all(|line| check_json(line).is_ok()));
    assert_eq!(legacy.lines().count(), 3);

    let broken = std::fs::read_to_string(sample("broken.jsonl")).unwrap();
    let error = Record::parse(broken.trim_end()).unwrap_err();
    assert!(error.message.contains("EOF while parsing"), "{error}");

    let mut ledger = csv::Reader::from_path(sample("records-deleted.csv")).unwrap();
    assert_eq!(ledger.headers().unwrap().get(0), Some("record_id"));
    assert_eq!(ledger.records().map(Result::unwrap).count(), 3);

    for entry in std::fs::read_dir(sample("datacite")).unwrap() {
        let mut reader = quick_xml::Reader::from_file(entry.unwrap().path()).unwrap();
        let mut buffer = Vec::new();
        while reader.read_event_into(&mut buffer).unwrap() != quick_xml::events::Event::Eof {
            buffer.clear();
        }
    }
}
