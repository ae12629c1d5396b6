//! The synthetic repository from outside: stable bytes, real shapes, months that fit together.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::BTreeMap;
use std::ops::Range;

use offprint::record::synth::{Change, MAX_MONTH, Synth, record_id};
use offprint::record::{Record, model::check_json, validate::validate};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Everything a month brings.
fn month(synth: &Synth, month: u32) -> Vec<(Change, String)> {
    let mut stream = synth.month(month);
    let mut line = Vec::new();
    let mut all = Vec::new();
    while let Some(change) = stream.next(&mut line) {
        let text = String::from_utf8(std::mem::take(&mut line)).unwrap();
        all.push((change, text));
    }
    all
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let digest = |seed| -> String {
        let mut hash = Sha256::new();
        for (_, line) in month(&Synth::new(1_000, seed), 1) {
            hash.update(line);
            hash.update("\n");
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    // A change here changes every published figure: state it in the changelog.
    assert_eq!(digest(1), "c79bdaa6221f496d20b3ba338e96f7008fa7fd1d966359283fcbe1e6e648b8b0");
    assert_ne!(digest(1), digest(2));
}

#[test]
fn any_record_can_be_written_alone() {
    let synth = Synth::new(300, 9);
    for (ordinal, (change, line)) in month(&synth, 1).into_iter().enumerate() {
        let mut alone = Vec::new();
        synth.write_record(ordinal as u64, &mut alone);
        assert_eq!((change, line.as_bytes()), (Change::New, alone.as_slice()));
    }
}

#[test]
fn every_record_is_one_line_of_valid_native_json() {
    let mut last = 0;
    for (_, line) in month(&Synth::new(2_000, 1), 1) {
        check_json(&line).unwrap();
        assert!(!line.contains('\n'));
        let record = Record::parse(&line).unwrap();
        let id: u64 = record.id.parse().unwrap();
        assert!(id > last);
        last = id;
        assert!(!record.metadata.creators.is_empty());
        assert!(record.metadata.title.as_ref().is_some_and(|title| !title.is_empty()));
        assert!(record.parent.id.parse::<u64>().unwrap() >= 900_000_000);
        assert_eq!(record.files.count, Some(record.files.entries.len() as u64));
        // Oddities are of the text; ids, schemes and required fields are always right.
        for issue in validate(&record) {
            let wrong =
                ["missing", "unknown-id", "unknown-scheme", "invalid-timestamp", "invalid-value"];
            assert!(!wrong.contains(&issue.code), "{id}: {issue:?}");
        }
    }
    assert_eq!(last, record_id(1_999));
}

#[test]
fn ids_are_dense() {
    for first in [0, 5_000, 1_000_000] {
        let span = record_id(first + 10_000) - record_id(first);
        assert!((10_700..10_850).contains(&span), "{span} ids for 10,000 records");
    }
}

/// A corpus as values, for measuring.
struct Sample {
    values: Vec<Value>,
}

impl Sample {
    fn percentile(
        &self,
        name: &str,
        percent: usize,
        wanted: Range<usize>,
        of: &dyn Fn(&Value) -> usize,
    ) {
        let mut all: Vec<usize> = self.values.iter().map(of).collect();
        all.sort_unstable();
        let value = all[all.len() * percent / 100];
        assert!(wanted.contains(&value), "{name} p{percent} is {value}, not in {wanted:?}");
    }

    /// `wanted` in records of 10,000.
    fn share(&self, name: &str, wanted: Range<usize>, test: &dyn Fn(&Value) -> bool) {
        let count = self.values.iter().filter(|value| test(value)).count();
        let share = count * 10_000 / self.values.len();
        assert!(wanted.contains(&share), "{name}: {share} of 10,000, not in {wanted:?}");
    }
}

#[test]
fn sizes_and_counts_have_the_real_shape() {
    let records = month(&Synth::new(5_000, 1), 1);
    let mean = records.iter().map(|(_, line)| line.len()).sum::<usize>() / records.len();
    assert!((3_900..4_600).contains(&mean), "mean record is {mean} bytes");

    let values = records.iter().map(|(_, line)| serde_json::from_str(line).unwrap()).collect();
    let sample = Sample { values };
    let list = |key: &'static str| {
        move |record: &Value| record["metadata"][key].as_array().map_or(0, Vec::len)
    };
    let text = |key: &'static str| {
        move |record: &Value| {
            record["metadata"][key].as_str().map_or(0, |text| text.chars().count())
        }
    };
    sample.percentile("description", 10, 60..140, &text("description"));
    sample.percentile("description", 50, 600..1_100, &text("description"));
    sample.percentile("description", 99, 3_500..4_600, &text("description"));
    sample.percentile("title", 50, 78..92, &text("title"));
    sample.percentile("title", 99, 190..240, &text("title"));
    sample.percentile("creators", 50, 2..3, &list("creators"));
    sample.percentile("creators", 90, 6..12, &list("creators"));
    sample.percentile("creators", 99, 14..72, &list("creators"));
    sample.percentile("keywords", 99, 10..18, &list("subjects"));
    sample.percentile("related", 90, 2..3, &list("related_identifiers"));
    sample.percentile("related", 99, 8..41, &list("related_identifiers"));
    let files =
        |record: &Value| record["files"]["entries"].as_object().map_or(0, serde_json::Map::len);
    sample.percentile("files", 50, 1..2, &files);
    sample.percentile("files", 99, 10..29, &files);
    let index = |record: &Value| record["versions"]["index"].as_u64().unwrap() as usize;
    sample.percentile("version", 50, 1..2, &index);

    let metadata = |key: &'static str| move |v: &Value| !v["metadata"][key].is_null();
    sample.share("restricted files", 390..600, &|v| v["access"]["status"] == "restricted");
    sample.share("embargoed", 10..90, &|v| v["access"]["status"] == "embargoed");
    sample.share("restricted record", 2..30, &|v| v["access"]["record"] == "restricted");
    sample.share("foreign DOI", 140..270, &|v| v["pids"]["doi"]["provider"] == "external");
    sample.share("licence", 9_600..9_770, &metadata("rights"));
    sample.share("description", 9_720..9_870, &metadata("description"));
    sample.share("grant", 750..1_050, &metadata("funding"));
    sample.share("place", 170..330, &metadata("locations"));
    sample.share("markup", 8_000..9_500, &|v| {
        v["metadata"]["description"].as_str().is_some_and(|text| text.contains('<'))
    });
    sample.share("date is not a day", 300..550, &|v| {
        v["metadata"]["publication_date"].as_str().unwrap().len() != 10
    });
}

#[test]
fn giants_come_at_known_places() {
    let synth = Synth::new(100_000, 1);
    let value = |ordinal| -> Value {
        let mut line = Vec::new();
        synth.write_record(ordinal, &mut line);
        serde_json::from_slice(&line).unwrap()
    };
    let creators = value(13_777)["metadata"]["creators"].as_array().unwrap().len();
    assert!((1_000..=3_300).contains(&creators), "{creators}");
    assert!(value(16_543)["metadata"]["description"].as_str().unwrap().len() > 45_000);
    let related = value(11_111)["metadata"]["related_identifiers"].as_array().unwrap().len();
    assert!((500..=761).contains(&related), "{related}");
    assert!(value(17_001)["files"]["count"].as_u64().unwrap() > 4_900);
}

/// Applies one month to what is known so far and checks each change against it.
fn apply(latest: &mut BTreeMap<u64, Value>, changes: Vec<(Change, String)>) -> [usize; 4] {
    let newest = latest.keys().last().copied().unwrap_or(0);
    let [mut new, mut edited, mut gone, mut new_versions] = [0; 4];
    for (change, line) in changes {
        let record: Value = serde_json::from_str(&line).unwrap();
        let id: u64 = record["id"].as_str().unwrap().parse().unwrap();
        let deleted = record["deletion_status"]["is_deleted"] == true;
        assert_eq!(deleted, change == Change::Withdrawn);
        assert_eq!(deleted, record["tombstone"].is_object());
        if change == Change::New {
            assert!(id > newest && !latest.contains_key(&id));
            new += 1;
            new_versions += usize::from(record["versions"]["index"].as_u64().unwrap() > 1);
        } else {
            let previous = &latest[&id];
            assert_eq!(previous["deletion_status"]["status"], "P", "{id} is gone already");
            let revision = |record: &Value| record["revision_id"].as_u64().unwrap();
            assert_eq!(revision(&record), revision(previous) + 1);
            let updated = |record: &Value| record["updated"].as_str().unwrap().to_owned();
            assert!(updated(&record) > updated(previous));
            if change == Change::Edited {
                assert_ne!(record["metadata"], previous["metadata"], "{id}");
                edited += 1;
            } else {
                gone += 1;
            }
        }
        latest.insert(id, record);
    }
    [new, edited, gone, new_versions]
}

#[test]
fn months_follow_from_one_another() {
    let synth = Synth::new(6_000, 4);
    let mut latest = BTreeMap::new();
    let [new, edited, gone, _] = apply(&mut latest, month(&synth, 1));
    assert_eq!([new, edited, gone], [6_000, 0, 0]);
    for number in 2..=4 {
        let before = latest.len();
        let [new, edited, gone, new_versions] = apply(&mut latest, month(&synth, number));
        assert_eq!(new, before / 25);
        let edits = before * 16 / 1_000;
        assert!(edited.abs_diff(edits) < edits / 3, "month {number}: {edited} edits, not {edits}");
        let withdrawals = before / 500;
        assert!(gone.abs_diff(withdrawals) < withdrawals / 2, "month {number}: {gone} withdrawn");
        assert!(new_versions > 10, "month {number}: {new_versions} new versions");
    }
}

#[test]
fn versions_of_one_work_share_its_concept_and_count_up() {
    let mut families: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (_, line) in month(&Synth::new(6_000, 1), 1) {
        let record = Record::parse(&line).unwrap();
        let index = u64::from(record.versions.index.unwrap());
        families.entry(record.parent.id.to_string()).or_default().push(index);
    }
    assert!(families.values().all(|indexes| indexes.iter().copied().eq(1..=indexes.len() as u64)));
    assert!(families.values().any(|indexes| indexes.len() > 4));
}

#[test]
fn empty_and_extreme_requests_are_answered() {
    assert_eq!(month(&Synth::new(0, 1), 1).len(), 0);
    assert_eq!(month(&Synth::new(0, 1), 2).len(), 0);
    assert_eq!(month(&Synth::new(1, 1), 1).len(), 1);
    assert!(!month(&Synth::new(1, 1), 2).is_empty());
    let first = |number| month(&Synth::new(3, 1), number).swap_remove(0);
    assert_eq!(first(MAX_MONTH), first(u32::MAX), "months beyond the last are the last");
}
