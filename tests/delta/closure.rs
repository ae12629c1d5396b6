//! Base and deltas give the next release, whatever the base; and nothing too much moves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use offprint::release::delta::What;
use offprint::release::delta::shelf::{REACH, Shelf};
use offprint::release::delta::since::since;
use offprint::release::fetch::Source;
use offprint::release::layout::Format;
use offprint::release::pull::{self, Options, Selection};
use offprint::release::verify::{Depth, verify};
use serde_json::Value;

use crate::harness::{Repo, assert_good, assert_mirrors, pull, serve};

const MONTHS: u32 = 14;

/// Id → native JSON of every record of the standing release.
fn records(source: &Source) -> BTreeMap<String, String> {
    let mut text = Vec::new();
    offprint::release::cat::cat_all(source, Format::NativeJson, &mut text).unwrap();
    let lines = String::from_utf8(text).unwrap();
    let id = |line: &str| -> String {
        let value: Value = serde_json::from_str(line).unwrap();
        value["id"].as_str().unwrap().to_owned()
    };
    lines.lines().map(|line| (id(line), line.to_owned())).collect()
}

#[test]
fn a_mirror_of_any_age_comes_to_the_same_packs_with_at_most_four_deltas() {
    let repo = Repo::new(150, false);
    let root = repo.root().to_string_lossy().into_owned();
    let source = Source::open(&root);
    let mut known: Vec<(String, BTreeMap<String, String>)> = Vec::new();
    for month in 1..=MONTHS {
        let report = repo.month(month);
        let mirror = repo.beside(&format!("mirror-{month}"));
        pull(&root, &mirror).unwrap();
        if let Some((_, before)) = known.last() {
            let after = records(&source);
            let changes = report.changes.unwrap();
            let added = after.keys().filter(|id| !before.contains_key(*id)).count();
            let withdrawn = before.keys().filter(|id| !after.contains_key(*id)).count();
            assert_eq!(changes.added as usize, added);
            assert_eq!(changes.withdrawn as usize, withdrawn);
            let edited =
                after.iter().filter(|(id, line)| before.get(*id).is_some_and(|old| old != *line));
            assert_eq!(changes.edited as usize, edited.count(), "native JSON shows every edit");
        }
        known.push((report.release, records(&source)));
    }
    assert_good(&repo.root());
    let now = known.last().unwrap().1.clone();
    for month in 1..MONTHS {
        let mirror = repo.beside(&format!("mirror-{month}"));
        let report = pull(&root, &mirror).unwrap();
        assert!(report.warnings.is_empty(), "{:?}", report.warnings);
        if u64::from(MONTHS - month) <= REACH {
            assert!((1..=4).contains(&report.deltas.len()), "{month}: {:?}", report.deltas);
        }
        if month == MONTHS - 1 {
            assert_eq!(report.fetched["packs"].files, 0);
            assert!(report.made.files > 0);
        }
        assert_mirrors(&repo.root(), &mirror);
        assert_good(&mirror);
        // What changed, told from the outside.
        let (release, before) = &known[month as usize - 1];
        if u64::from(MONTHS - month) > REACH {
            continue;
        }
        let mut told = before.clone();
        for change in since(&source, release, Format::NativeJson).unwrap() {
            let change = change.unwrap();
            match change.what {
                What::Upsert { body, .. } => {
                    told.insert(change.id, String::from_utf8(body).unwrap());
                }
                What::Delete(deleted) => {
                    assert!(!now.contains_key(&deleted.id) && !deleted.reason.is_empty());
                    told.remove(&change.id);
                }
            }
        }
        assert!(told == now, "from month {month}");
    }
}

#[test]
fn rows_are_shipped_once_and_only_where_they_differ() {
    let repo = Repo::new(400, false);
    repo.month(1);
    let source = Source::open(&repo.root().to_string_lossy());
    let all = |format| -> BTreeSet<Vec<u8>> {
        let mut text = Vec::new();
        offprint::release::cat::cat_all(&source, format, &mut text).unwrap();
        let lines = match format {
            // Documents end in a tag and the line feed that `cat` adds.
            Format::DataciteXml => String::from_utf8(text).unwrap().replace('\n', "\r"),
            _ => String::from_utf8(text).unwrap(),
        };
        lines.split("\r<?xml").flat_map(|l| l.split('\n')).map(|l| l.as_bytes().to_vec()).collect()
    };
    let before: BTreeMap<Format, _> = Format::ALL.into_iter().map(|f| (f, all(f))).collect();
    repo.month(2);
    let shelf = Shelf::read(&source).unwrap();
    let delta = shelf.deltas[0].read(&source).unwrap();
    for format in [Format::DataciteJson, Format::NativeJson] {
        let now = all(format);
        let other = now.difference(&before[&format]).count() as u64;
        assert_eq!(delta.upserts[&format].records, other, "{format}");
    }
}

#[test]
fn a_mirror_over_http_follows_the_whole_site() {
    let repo = Repo::new(60, true);
    repo.month(1);
    let url = serve(&repo.root());
    let mirror = repo.beside("mirror");
    let first = pull(&url, &mirror).unwrap();
    assert!(first.fetched["pages"].files > 200, "{:?}", first.fetched);
    assert_good(&mirror);

    let nothing = pull(&url, &mirror).unwrap();
    assert!(nothing.unchanged);
    assert_eq!(nothing.requests, 1);
    assert!(nothing.bytes <= 2048, "{}", nothing.bytes);

    for month in 2..=3 {
        repo.month(month);
        let next = pull(&url, &mirror).unwrap();
        assert!(!next.unchanged && next.warnings.is_empty(), "{:?}", next.warnings);
        assert!(next.reused["pages"].files > next.fetched["pages"].files, "{:?}", next.fetched);
        assert_mirrors(&repo.root(), &mirror);
        assert_good(&mirror);
    }
    // Another selection is another mirror: what it lacks comes.
    let packs = repo.beside("packs");
    let select = Selection { dumps: true, site: false, search: false };
    let options = Options { select, ..Options::default() };
    pull::pull(&Source::open(&url), &packs, &options, &()).unwrap();
    let checked = verify(&Source::open(&packs.to_string_lossy()), Depth::Full, &());
    assert!(checked.problems.is_empty(), "{:?}", checked.problems);
    assert_eq!(checked.warnings, ["is a mirror of a part of the release"]);
    assert!(!packs.join("index.html").exists());
    pull(&url, &packs).unwrap();
    assert_mirrors(&repo.root(), &packs);
    // A mirror can be mirrored.
    let second = serve(&mirror);
    pull(&second, &repo.beside("second")).unwrap();
    assert_mirrors(&repo.root(), &repo.beside("second"));
}

#[test]
fn a_release_that_shrinks_is_stopped_before_anything_is_written() {
    let repo = Repo::new(250, false);
    repo.month(1);
    let before = crate::harness::tree(&repo.root());
    let source = Source::open(&repo.root().to_string_lossy());
    let mut lines = Vec::new();
    for line in records(&source).values().take(120) {
        let mut record: Value = serde_json::from_str(line).unwrap();
        record["revision_id"] = 99.into();
        record["updated"] = "2030-01-01T00:00:00+00:00".into();
        record["deletion_status"] = serde_json::json!({"is_deleted": true, "status": "D"});
        record["tombstone"] = serde_json::json!({"is_visible": true, "note": "gone",
            "removal_reason": {"id": "spam"}, "removal_date": "2026-10-03"});
        serde_json::to_writer(&mut lines, &record).unwrap();
        lines.push(b'\n');
    }
    repo.import("withdrawn.jsonl", &lines);
    let error = repo.build(2).unwrap_err().to_string();
    assert!(error.contains("more than 5 % fewer"), "{error}");
    assert!(crate::harness::tree(&repo.root()) == before);
    let mut settings = repo.settings(2);
    settings.delta.max_shrink = None;
    let store = offprint::store::Store::open(&repo.beside("store.db")).unwrap();
    let report = offprint::build::build(&store, &repo.root(), &settings, &|_| {}).unwrap();
    assert_eq!(report.changes.unwrap().withdrawn, 120);
    assert_good(&repo.root());
    let deleted = fs::read_dir(repo.root().join("dumps/delta")).unwrap().count();
    assert_eq!(deleted, 1);
}

#[test]
fn what_a_killed_build_left_of_a_delta_is_swept_by_the_next() {
    let repo = Repo::new(100, false);
    repo.month(1);
    let pointers = ["release.json", "dumps/latest.json", "dumps/releases.json"];
    let before = pointers.map(|path| fs::read(repo.root().join(path)).unwrap());
    repo.month(2);
    // As if it had been killed right before the pointers moved.
    for (path, bytes) in pointers.iter().zip(before) {
        fs::write(repo.root().join(path), bytes).unwrap();
    }
    let report = repo.build(3).unwrap();
    assert!(report.changes.unwrap().added > 0);
    let source = Source::open(&repo.root().to_string_lossy());
    let deltas = Shelf::read(&source).unwrap().deltas;
    let ends: Vec<(u64, u64, &str)> = deltas
        .iter()
        .map(|line| (line.from_sequence, line.to_sequence, line.to.as_str()))
        .collect();
    assert_eq!(ends, [(1, 2, "20240301T000000Z")]);
    assert_good(&repo.root());
}
