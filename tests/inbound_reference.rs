//! Every importable document of the reference data is converted, or refused for a listed
//! reason. Skipped, by name, when `OFFPRINT_REFERENCE_DATA` is unset.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "test harness")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};

use offprint::crosswalk::inbound::{Inbound, InboundOptions, Kind, detect, to_native};
use offprint::record::{Record, canonical, identifier};

/// The reference data folder; `None` skips the test.
fn reference() -> Option<PathBuf> {
    let root = std::env::var("OFFPRINT_REFERENCE_DATA");
    if root.is_err() {
        eprintln!("skipped: OFFPRINT_REFERENCE_DATA is not set");
    }
    root.ok().map(PathBuf::from)
}

fn lines(path: &Path) -> Vec<String> {
    let mut text = String::new();
    let file = std::fs::File::open(path).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// What became of a set of documents, for a snapshot.
#[derive(Default)]
struct Tally {
    records: usize,
    concepts: usize,
    ids: BTreeSet<String>,
    rejected: BTreeMap<String, usize>,
    issues: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn add(&mut self, document: &str, expect: Kind) {
        let options = InboundOptions { doi_pattern: "10.5281/zenodo.N", stem: None };
        let kind = match detect::kind(document.as_bytes()) {
            Ok(kind) => kind,
            Err(reason) => return self.reject(format!("unrecognised: {reason}")),
        };
        assert_eq!(kind, expect, "{}", &document[..document.len().min(200)]);
        match to_native(kind, document, &options) {
            Ok(Inbound::Record { json, issues }) => {
                let record = Record::parse(&json).unwrap_or_else(|error| panic!("{error}\n{json}"));
                if !identifier::is_record_id(&record.id) {
                    return self.reject("native without a record id".to_owned());
                }
                self.records += 1;
                self.ids.insert(record.id.to_string());
                for issue in issues {
                    *self.issues.entry(issue.code).or_default() += 1;
                }
            }
            Ok(Inbound::Concept { versions, .. }) => {
                assert!(!versions.is_empty());
                self.concepts += 1;
            }
            Err(rejected) => {
                let place =
                    if rejected.path.starts_with("byte ") { "byte N" } else { &rejected.path };
                self.reject(format!("{} at {place}: {}", rejected.code, rejected.message));
            }
        }
    }

    fn reject(&mut self, reason: String) {
        *self.rejected.entry(reason).or_default() += 1;
    }

    fn report(&self) -> String {
        let mut out = format!(
            "records {} with {} ids, concepts {}\n",
            self.records,
            self.ids.len(),
            self.concepts
        );
        for (reason, count) in &self.rejected {
            writeln!(out, "rejected {count}: {reason}").unwrap();
        }
        for (code, count) in &self.issues {
            writeln!(out, "issues {count}: {code}").unwrap();
        }
        out
    }
}

fn tally(path: &Path, expect: Kind) -> String {
    let mut tally = Tally::default();
    for line in lines(path) {
        tally.add(&line, expect);
    }
    tally.report()
}

#[test]
fn legacy_json() {
    let Some(root) = reference() else { return };
    insta::assert_snapshot!(tally(&root.join("zenodo-legacy-api/records.jsonl.gz"), Kind::Legacy));
}

#[test]
fn datacite_json() {
    let Some(root) = reference() else { return };
    let folder = root.join("datacite-json");
    insta::assert_snapshot!(
        "datacite_json_plain",
        tally(&folder.join("prod-plain.jsonl.gz"), Kind::DataciteJson)
    );
    insta::assert_snapshot!(
        "datacite_json_rest",
        tally(&folder.join("prod-rest-api.jsonl.gz"), Kind::DataciteJson)
    );
    insta::assert_snapshot!(
        "datacite_json_staging",
        tally(&folder.join("staging-rest-api.jsonl.gz"), Kind::DataciteJson)
    );
}

/// The `xml` member of each line.
fn wrapped_xml(path: &Path) -> Vec<String> {
    let unwrap = |line: String| {
        let mut document: serde_json::Value = serde_json::from_str(&line).unwrap();
        document["xml"].take().as_str().unwrap().to_owned()
    };
    lines(path).into_iter().map(unwrap).collect()
}

#[test]
fn datacite_xml() {
    let Some(root) = reference() else { return };
    let mut tally = Tally::default();
    for xml in wrapped_xml(&root.join("datacite-xml/records.jsonl.gz")) {
        tally.add(&xml, Kind::DataciteXml);
    }
    insta::assert_snapshot!("datacite_xml_records", tally.report());

    let mut tally = Tally::default();
    for xml in wrapped_xml(&root.join("oai/record-with-datacite.jsonl.gz")) {
        tally.add(&xml, Kind::DataciteXml);
    }
    insta::assert_snapshot!("datacite_xml_in_oai", tally.report());

    let mut tally = Tally::default();
    let folder = std::fs::read_dir(root.join("datacite-xml/official-examples")).unwrap();
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ext| ext == "xml")) {
        tally.add(&std::fs::read_to_string(path).unwrap(), Kind::DataciteXml);
    }
    insta::assert_snapshot!("datacite_xml_official", tally.report());
}

#[test]
fn native_json() {
    let Some(root) = reference() else { return };
    let mut tally = Tally::default();
    let folder = std::fs::read_dir(root.join("inveniordm")).unwrap();
    let mut paths: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        tally.add(&std::fs::read_to_string(path).unwrap(), Kind::Native);
    }
    insta::assert_snapshot!(tally.report());
}

#[test]
fn what_is_not_importable_is_refused() {
    let Some(root) = reference() else { return };
    for (name, path) in [
        ("refused_demo", "zenodo-legacy-demo/deposit-records.jsonl.gz"),
        ("refused_commonmeta", "commonmeta/records.jsonl.gz"),
        ("refused_figshare", "figshare/articles.jsonl.gz"),
        ("refused_dataverse", "dataverse/datasets.jsonl.gz"),
        ("refused_openaire", "openaire-graph/cz-datasets.jsonl.gz"),
        ("refused_biotools", "biotools/tools.jsonl.gz"),
    ] {
        insta::assert_snapshot!(name, tally(&root.join(path), Kind::Native));
    }
    let mut tally = Tally::default();
    for xml in wrapped_xml(&root.join("oai/oai_dc.jsonl.gz")) {
        tally.add(&xml, Kind::DataciteXml);
    }
    insta::assert_snapshot!("refused_oai_dc", tally.report());
}

/// Canonical content by record id.
fn contents(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for line in lines(path) {
        let options = InboundOptions { doi_pattern: "10.5281/zenodo.N", stem: None };
        let Ok(Inbound::Record { json, .. }) = to_native(Kind::Legacy, &line, &options) else {
            panic!("{line}")
        };
        let mut content = Vec::new();
        assert!(canonical::content(&json, &mut content));
        all.insert(Record::parse(&json).unwrap().id.to_string(), content);
    }
    all
}

/// One community, harvested three times; another tool wrote the first two harvests, with its
/// own names for fields. What did not change in substance must not differ in content:
/// `modified` changed on 150 of the 159 records kept by the last step.
#[test]
fn harvests_of_an_unchanged_record_have_equal_content() {
    let Some(root) = reference() else { return };
    let dates = ["2023-11-15", "2024-07-01", "2026-01-07"];
    let harvests = dates.map(|date| {
        contents(&root.join(format!("zenodo-community-snapshots/ipbes-{date}.jsonl.gz")))
    });
    let mut report = String::new();
    for (at, pair) in harvests.windows(2).enumerate() {
        let kept = pair[0].iter().filter_map(|(id, old)| Some((id, old, pair[1].get(id)?)));
        let (same, changed): (Vec<_>, Vec<_>) = kept.partition(|(_, old, new)| old == new);
        let changed: Vec<&str> = changed.iter().map(|(id, ..)| id.as_str()).collect();
        let (from, to) = (dates[at], dates[at + 1]);
        writeln!(report, "{from} to {to}: {} equal, changed {changed:?}", same.len()).unwrap();
    }
    insta::assert_snapshot!(report);
}
