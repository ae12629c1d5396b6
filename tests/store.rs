//! The store: what wins, what changes, what a snapshot shows.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::BTreeMap;

use offprint::record::canonical;
use offprint::record::identifier::OrderKey;
use offprint::store::{
    Applied, Batch, Change, Claim, Class, Counts, Error, Group, Prepared, Snapshot, Store,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const PATTERN: &str = "10.5281/zenodo.N";

struct TestStore {
    store: Store,
    _folder: tempfile::TempDir,
}

impl TestStore {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(&folder.path().join("store.db")).unwrap();
        TestStore { store, _folder: folder }
    }

    fn prepare(&self, json: &Value, claim: Claim) -> Prepared {
        let preparer = self.store.writer().unwrap().preparer(PATTERN).unwrap();
        preparer.prepare(&json.to_string(), claim).unwrap().unwrap()
    }

    fn apply(&self, records: &[Value]) -> Applied {
        let records: Vec<_> = records.iter().map(|json| self.prepare(json, Claim::Own)).collect();
        self.store.writer().unwrap().apply(Batch::from(records)).unwrap()
    }

    fn snapshot(&self) -> Snapshot {
        self.store.snapshot().unwrap()
    }

    /// Ids of records changed after `seq`, sorted.
    fn changed_since(&self, seq: u64) -> Vec<String> {
        let mut ids = Vec::new();
        self.snapshot()
            .changes_since(seq, |change| {
                ids.push(change.id);
                Ok::<(), Error>(())
            })
            .unwrap();
        ids.sort();
        ids
    }
}

fn record(id: &str, family: &str, index: u32, revision: i64, title: &str) -> Value {
    json!({
        "id": id, "revision_id": revision,
        "created": "2024-01-01T00:00:00Z", "updated": format!("2024-01-{:02}T00:00:00Z", revision + 1),
        "parent": {"id": family}, "versions": {"index": index},
        "metadata": {"title": title, "publication_date": "2024", "version": format!("v{index}")},
    })
}

/// All that outputs may depend on, as text.
fn view(snapshot: &Snapshot) -> Vec<String> {
    let mut decoder = snapshot.dictionaries().decoder();
    let (mut body, mut lines) = (String::new(), Vec::new());
    let visit = |group: Group| {
        for row in &group.rows {
            row.decode(&mut decoder, &mut body)?;
            let mut content = Vec::new();
            assert!(canonical::content(&body, &mut content));
            let siblings: Vec<&str> =
                group.siblings(&row.family).iter().map(|s| s.id.as_str()).collect();
            lines.push(format!(
                "{} {:?} {} {} {} {}/{} {siblings:?} {}",
                row.id,
                row.class,
                row.created,
                row.updated,
                row.family,
                row.position,
                row.members,
                String::from_utf8(content).unwrap(),
            ));
        }
        Ok::<(), Error>(())
    };
    snapshot.scan_groups(.., |_| 0, visit).unwrap();
    lines.push(format!("{:?}", snapshot.totals()));
    for community in snapshot.communities().unwrap() {
        lines.push(format!("{} {}", community.slug, community.title));
    }
    lines
}

/// One delivery of one of a few records.
fn delivery() -> impl Strategy<Value = (Value, Claim)> {
    let ids = prop::sample::select(vec!["1", "2", "3", "x-4", "x-5"]);
    let families = prop::sample::select(vec!["1", "7"]);
    let numbers = (0..3i64, 0..3u32, 0..3u8, prop::option::of(1..4u32), 0..10u8);
    (ids, families, numbers).prop_map(|(id, family, (revision, title, day, index, state))| {
        let mut json = json!({
            "id": id, "revision_id": revision,
            "created": format!("2024-01-0{}T00:00:00Z", day + 1),
            "updated": format!("2024-02-0{}T00:00:00Z", day + 1),
            "parent": {"id": family, "communities": {"entries": [
                {"slug": "moths", "metadata": {"title": format!("Moths {title}")}}]}},
            "metadata": {"title": format!("title {title}"), "publication_date": "2024"},
        });
        if let Some(index) = index {
            json["versions"] = json!({"index": index, "is_latest": day == 0});
        }
        match state {
            0 => json["access"] = json!({"record": "restricted"}),
            1 => json["tombstone"] = json!({"note": format!("{title}")}),
            _ => {}
        }
        let claim = if state == 2 { Claim::Ledger } else { Claim::Own };
        if state == 2 {
            json["deletion_status"] = json!({"is_deleted": true, "status": "D"});
        }
        (json, claim)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn the_order_and_the_batches_of_arrival_do_not_matter(
        deliveries in prop::collection::vec(delivery(), 1..24),
        order in prop::collection::vec(any::<u16>(), 24),
        size in 1..6usize,
    ) {
        let forward = TestStore::new();
        let mut writer = forward.store.writer().unwrap();
        let all: Vec<Prepared> =
            deliveries.iter().map(|(json, claim)| forward.prepare(json, *claim)).collect();
        let mut counts = Counts::default();
        for chunk in all.chunks(size) {
            counts.add(&writer.apply(Batch::from(chunk.to_vec())).unwrap().counts);
        }
        prop_assert_eq!(counts.read() as usize, deliveries.len());

        let shuffled = TestStore::new();
        let mut indices: Vec<usize> = (0..all.len()).collect();
        indices.sort_by_key(|&index| (order[index], index));
        let mixed: Vec<Prepared> = indices.into_iter().map(|index| all[index].clone()).collect();
        shuffled.store.writer().unwrap().apply(Batch::from(mixed)).unwrap();
        prop_assert_eq!(view(&forward.snapshot()), view(&shuffled.snapshot()));

        // Delivered again, nothing moves.
        let before = forward.snapshot();
        let applied = writer.apply(Batch::from(all)).unwrap();
        prop_assert_eq!((applied.counts.new, applied.counts.changed), (0, 0));
        let after = forward.snapshot();
        prop_assert_eq!(before.last_seq(), after.last_seq());
        prop_assert_eq!(view(&before), view(&after));
    }
}

#[test]
fn a_delivery_with_equal_content_changes_nothing() {
    let test = TestStore::new();
    let in_community = |mut json: Value| {
        let entry = json!({"slug": "moths", "metadata": {"title": "Moths"}});
        json["parent"]["communities"] = json!({"entries": [entry]});
        json
    };
    test.apply(&[in_community(record("1", "1", 1, 1, "moths"))]);
    let seq = test.snapshot().last_seq();

    let mut touched = in_community(record("1", "1", 1, 9, "moths"));
    touched["stats"] = json!({"views": 7});
    touched["links"] = json!({"self": "https://repository.example/api/records/1"});
    touched["versions"]["is_latest"] = json!(true);
    let applied = test.apply(&[touched]);
    assert_eq!(applied.counts, Counts { unchanged: 1, ..Counts::default() });
    assert_eq!(test.snapshot().last_seq(), seq);
    let row = test.snapshot().get("1").unwrap().unwrap();
    assert_eq!(row.updated, "2024-01-02T00:00:00.000000+00:00", "the smallest seen");

    // But its revision counts from now on.
    let applied = test.apply(&[record("1", "1", 1, 5, "older")]);
    assert_eq!(applied.counts, Counts { superseded: 1, ..Counts::default() });
    let applied = test.apply(&[record("1", "1", 1, 10, "newer")]);
    assert_eq!(applied.counts, Counts { changed: 1, ..Counts::default() });
    assert_eq!(test.changed_since(seq), ["1"]);

    // An earlier time stamp of the same content is shown, so it is a change to look at.
    let seq = test.snapshot().last_seq();
    let mut earlier = record("1", "1", 1, 2, "newer");
    earlier["updated"] = json!("2024-01-01T12:00:00+02:00");
    assert_eq!(test.apply(&[earlier]).counts.unchanged, 1);
    assert_eq!(test.changed_since(seq), ["1"]);
    let row = test.snapshot().get("1").unwrap().unwrap();
    assert_eq!(row.updated, "2024-01-01T10:00:00.000000+00:00");
}

#[test]
fn a_content_that_comes_back_has_its_first_time_stamps() {
    let test = TestStore::new();
    for (revision, title) in [(1, "a"), (2, "b"), (3, "a")] {
        test.apply(&[record("1", "1", 1, revision, title)]);
    }
    let row = test.snapshot().get("1").unwrap().unwrap();
    assert_eq!(row.updated, "2024-01-02T00:00:00.000000+00:00");
}

#[test]
fn a_new_version_changes_its_siblings_and_nobody_else() {
    let test = TestStore::new();
    test.apply(&[
        record("1", "f", 1, 1, "a"),
        record("2", "f", 2, 1, "a"),
        record("9", "9", 1, 1, "b"),
    ]);
    let row = |id: &str| test.snapshot().get(id).unwrap().unwrap();
    assert_eq!((row("1").position, row("1").members, row("2").position), (1, 2, 2));
    assert_eq!((row("9").position, row("9").members), (1, 1));

    let seq = test.snapshot().last_seq();
    test.apply(&[record("3", "f", 3, 1, "a")]);
    assert_eq!(test.changed_since(seq), ["1", "2", "3"]);
    let siblings = test.snapshot().siblings("f").unwrap();
    let ids: Vec<&str> = siblings.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["1", "2", "3"]);
    assert_eq!(siblings[2].version.as_deref(), Some("v3"));

    // A title is not shown by siblings, a version label is.
    let seq = test.snapshot().last_seq();
    test.apply(&[record("2", "f", 2, 2, "new title")]);
    assert_eq!(test.changed_since(seq), ["2"]);
    let seq = test.snapshot().last_seq();
    let mut label = record("2", "f", 2, 3, "new title");
    label["metadata"]["version"] = json!("2.0");
    test.apply(&[label]);
    assert_eq!(test.changed_since(seq), ["1", "2", "3"]);

    // A claimed position that does not move anybody matters to nobody else.
    let seq = test.snapshot().last_seq();
    let mut index = record("3", "f", 30, 2, "a");
    index["metadata"]["version"] = json!("v3");
    test.apply(&[index]);
    assert_eq!(test.changed_since(seq), ["3"]);
    let seq = test.snapshot().last_seq();
    let mut index = record("1", "f", 99, 2, "a");
    index["metadata"]["version"] = json!("v1");
    test.apply(&[index]);
    assert_eq!(test.changed_since(seq), ["1", "2", "3"]);
    assert_eq!((row("2").position, row("3").position, row("1").position), (1, 2, 3));
}

#[test]
fn restricted_and_withdrawn_versions_have_no_place() {
    let test = TestStore::new();
    let mut hidden = record("2", "f", 2, 1, "b");
    hidden["access"] = json!({"record": "restricted"});
    test.apply(&[record("1", "f", 1, 1, "a"), hidden, record("3", "f", 3, 1, "c")]);
    let row = |id: &str| test.snapshot().get(id).unwrap().unwrap();
    assert_eq!((row("1").position, row("3").position, row("1").members), (1, 2, 2));
    assert_eq!((row("2").class, row("2").position, row("2").members), (Class::Restricted, 0, 0));

    let seq = test.snapshot().last_seq();
    let mut more = record("2", "f", 2, 2, "still hidden");
    more["access"] = json!({"record": "restricted"});
    test.apply(&[more]);
    assert_eq!(test.changed_since(seq), ["2"], "siblings do not tell");

    let seq = test.snapshot().last_seq();
    let mut gone = record("3", "f", 3, 2, "c");
    gone["tombstone"] = json!({"note": "duplicate"});
    test.apply(&[gone]);
    assert_eq!(test.changed_since(seq), ["1", "3"]);
    assert_eq!((row("1").members, row("3").position), (1, 0));
    let totals = test.snapshot().totals();
    assert_eq!((totals.public, totals.tombstoned, totals.restricted), (1, 1, 1));
    let mut tombstones = Vec::new();
    let visit = |row: offprint::store::Row| {
        tombstones.push(row.id);
        Ok::<(), Error>(())
    };
    test.snapshot().tombstones(visit).unwrap();
    assert_eq!(tombstones, ["3"]);
}

#[test]
fn a_record_that_moves_to_another_family_leaves_a_note() {
    let test = TestStore::new();
    test.apply(&[
        record("1", "f", 1, 1, "a"),
        record("2", "f", 2, 1, "a"),
        record("3", "g", 1, 1, "a"),
    ]);
    let seq = test.snapshot().last_seq();
    test.apply(&[record("2", "g", 2, 2, "a")]);
    assert_eq!(test.changed_since(seq), ["1", "2", "3"]);
    assert_eq!(test.snapshot().departures_since(seq).unwrap(), ["f"]);
    assert_eq!(test.snapshot().departures_since(test.snapshot().last_seq()).unwrap(), [""; 0]);
}

#[test]
fn a_ledger_is_final() {
    let test = TestStore::new();
    test.apply(&[record("1", "1", 1, 7, "a")]);
    let withdrawn = json!({"id": "1", "deletion_status": {"is_deleted": true, "status": "D"},
        "tombstone": {"note": "gone"}});
    let withdrawn = test.prepare(&withdrawn, Claim::Ledger);
    test.store.writer().unwrap().apply(Batch::from(vec![withdrawn])).unwrap();
    let applied = test.apply(&[record("1", "1", 1, 8, "b")]);
    assert_eq!(applied.counts.superseded, 1);
    assert_eq!(test.snapshot().get("1").unwrap().unwrap().class, Class::Tombstone);
}

#[test]
fn one_id_stands_for_one_doi() {
    let test = TestStore::new();
    let with_doi = |doi: &str| {
        let mut json = record("x7", "x7", 1, 1, "a");
        json["pids"] = json!({"doi": {"identifier": doi}});
        json
    };
    let apply = |json: &Value, claim| {
        let record = test.prepare(json, claim);
        test.store.writer().unwrap().apply(Batch::from(vec![record])).unwrap()
    };
    assert_eq!(apply(&with_doi("10.1/a"), Claim::Doi).counts.new, 1);
    assert_eq!(apply(&with_doi("10.1/A"), Claim::Doi).counts.rejected, 0);
    let applied = apply(&with_doi("10.1/b"), Claim::Own);
    assert_eq!(applied.counts.rejected, 1);
    let problem = &applied.rejects[0].problem;
    assert_eq!((problem.code, problem.path.as_str()), ("collision", "id"));
    assert_eq!(problem.reason, "the id x7 stands for 10.1/A, from another source, and for 10.1/b");
}

/// Two ids whose SHA-256 begins with the same 40 bits.
const TIED: [&str; 2] = ["w1232303", "w1272466"];

#[test]
fn ids_that_share_their_order_key_are_ordered_by_id() {
    let scan = |order: [usize; 2]| {
        let test = TestStore::new();
        for index in order {
            test.apply(&[record(TIED[index], TIED[index], 1, 1, "a")]);
        }
        assert_eq!(test.apply(&[record(TIED[0], TIED[0], 1, 1, "a")]).counts.unchanged, 1);
        for id in TIED {
            assert_eq!(test.snapshot().get(id).unwrap().unwrap().id, id);
        }
        let mut keys = Vec::new();
        let visit = |row: offprint::store::Row| {
            keys.push((row.key(), row.id));
            Ok::<(), Error>(())
        };
        test.snapshot().scan(.., visit).unwrap();
        keys
    };
    let keys = scan([0, 1]);
    assert_eq!(keys, scan([1, 0]));
    assert_eq!(keys[0].0, keys[1].0, "the test needs a collision");
    assert!(keys[0].1 < keys[1].1);
}

#[test]
fn a_snapshot_does_not_move() {
    let test = TestStore::new();
    test.apply(&[record("1", "1", 1, 1, "a")]);
    let snapshot = test.snapshot();
    let before = view(&snapshot);
    let writing = std::thread::scope(|scope| {
        let writes = scope.spawn(|| {
            for revision in 2..20 {
                test.apply(&[
                    record("1", "1", 1, revision, "b"),
                    record(&format!("1{revision}"), "1", 2, 1, "c"),
                ]);
            }
        });
        for _ in 0..20 {
            assert_eq!(view(&snapshot), before);
        }
        writes.join()
    });
    writing.unwrap();
    assert_eq!(view(&snapshot), before);
    assert_eq!(snapshot.totals().minted(), 1);
    assert_eq!(test.snapshot().totals().minted(), 19);
}

#[test]
fn a_cold_copy_of_file_and_log_is_the_store() {
    let test = TestStore::new();
    // Keeps the log from being folded into the file.
    let reader = test.snapshot();
    test.apply(&[record("1", "1", 1, 1, "a")]);
    let before = (test.snapshot().last_seq(), view(&test.snapshot()));
    let copy = tempfile::tempdir().unwrap();
    for name in ["store.db", "store.db-wal"] {
        std::fs::copy(test.store.path().with_file_name(name), copy.path().join(name)).unwrap();
    }
    let restored = Store::open(&copy.path().join("store.db")).unwrap();
    let snapshot = restored.snapshot().unwrap();
    assert_eq!((snapshot.last_seq(), view(&snapshot)), before);
    assert_eq!(reader.last_seq(), 0);
}

#[test]
fn ranges_and_groups_cut_where_they_are_told() {
    let test = TestStore::new();
    let records: Vec<Value> =
        [5, 300, 10, 256, 255].iter().map(|id| record(&id.to_string(), "f", *id, 1, "a")).collect();
    test.apply(&records);
    test.apply(&[record("abc", "abc", 1, 1, "a")]);
    let mut groups = Vec::new();
    let visit = |group: Group| {
        let ids: Vec<String> = group.rows.iter().map(|row| row.id.clone()).collect();
        groups.push((group.key, ids.join(" "), group.families.len()));
        Ok::<(), Error>(())
    };
    let frame = |key| match key {
        OrderKey::Numeric(value) => value / 256,
        OrderKey::Hashed(_) => u64::MAX,
    };
    test.snapshot().scan_groups(.., frame, visit).unwrap();
    assert_eq!(
        groups,
        [
            (0, "5 10 255".to_owned(), 1),
            (1, "256 300".to_owned(), 1),
            (u64::MAX, "abc".to_owned(), 0)
        ]
    );
    let mut ids = Vec::new();
    let visit = |row: offprint::store::Row| {
        ids.push(row.id);
        Ok::<(), Error>(())
    };
    test.snapshot().scan(OrderKey::Numeric(10)..OrderKey::Numeric(256), visit).unwrap();
    assert_eq!(ids, ["10", "255"]);
    let stop = test.snapshot().scan(.., |_| Err(Error::Class { code: 77 }));
    assert!(matches!(stop, Err(Error::Class { code: 77 })), "a visitor's error ends the scan");
}

#[test]
fn embargoes_between_two_days_are_found() {
    let test = TestStore::new();
    let embargoed = |id: &str, until: &str| {
        let mut json = record(id, id, 1, 1, "a");
        json["files"] = json!({"enabled": true});
        json["access"] =
            json!({"files": "restricted", "embargo": {"active": true, "until": until}});
        json
    };
    test.apply(&[
        embargoed("1", "2026-03-01"),
        embargoed("2", "2026-03-02"),
        record("3", "3", 1, 1, "a"),
    ]);
    let between = |one: &str, other: &str| {
        let mut ids = Vec::new();
        let visit = |change: Change| {
            ids.push(change.id);
            Ok::<(), Error>(())
        };
        test.snapshot().embargo_boundaries(one, other, visit).unwrap();
        ids
    };
    assert_eq!(between("2026-02-28", "2026-03-01"), ["1"]);
    assert_eq!(between("2026-03-01", "2026-03-02"), ["2"]);
    assert_eq!(between("2026-03-02", "2026-01-01"), ["1", "2"]);
    assert_eq!(between("2026-03-01", "2026-03-01"), [""; 0]);
    assert_eq!(between("2026-03-02", "2027-01-01"), [""; 0]);
}

#[test]
fn changes_come_once_each_in_order() {
    let test = TestStore::new();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for revision in 1..4 {
        test.apply(&[
            record("1", "f", 1, revision, &format!("{revision}")),
            record("2", "f", 2, 1, "b"),
        ]);
    }
    let mut last = 0;
    test.snapshot()
        .changes_since(0, |change| {
            assert!(change.seq > last);
            last = change.seq;
            assert_eq!(seen.insert(change.id, change.seq), None);
            Ok::<(), Error>(())
        })
        .unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!(last, test.snapshot().last_seq());
}
