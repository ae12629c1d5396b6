//! One real community at three dates, as three releases.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use offprint::release::cat::cat_all;
use offprint::release::delta::What;
use offprint::release::delta::since::since;
use offprint::release::fetch::Source;
use offprint::release::layout::Format;
use serde_json::Value;

use crate::harness::{Repo, assert_good, assert_mirrors};
use crate::rebuild::{rebuild, rebuilding};

const DATES: [&str; 3] = ["2023-11-15", "2024-07-01", "2026-01-07"];

fn snapshots() -> Option<Vec<PathBuf>> {
    let Some(dir) = std::env::var_os("OFFPRINT_REFERENCE_DATA").map(PathBuf::from) else {
        eprintln!("skipped: OFFPRINT_REFERENCE_DATA is not set");
        return None;
    };
    let dir = dir.join("zenodo-community-snapshots");
    Some(DATES.iter().map(|date| dir.join(format!("ipbes-{date}.jsonl.gz"))).collect())
}

fn records(source: &Source) -> BTreeMap<String, Value> {
    let mut text = Vec::new();
    cat_all(source, Format::NativeJson, &mut text).unwrap();
    let lines = String::from_utf8(text).unwrap();
    let parsed = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    parsed.map(|record| (record["id"].as_str().unwrap().to_owned(), record)).collect()
}

#[test]
fn the_delta_names_the_records_that_truly_changed() {
    let Some(files) = snapshots() else { return };
    let repo = Repo::new(0, false);
    let source = Source::open(&repo.root().to_string_lossy());
    let mut before: Option<(String, BTreeMap<String, Value>)> = None;
    for (month, file) in files.iter().enumerate() {
        repo.import_file(file);
        let report = repo.build(month as u32 + 1).unwrap();
        let (from, mirror) = (repo.root(), repo.beside("mirror"));
        let pulled = rebuild(&from.to_string_lossy(), &mirror, &rebuilding());
        assert!(pulled.warnings.is_empty() && pulled.rebuilt.files > 0, "{pulled:?}");
        assert_mirrors(&from, &mirror);
        let after = records(&source);
        let mut text = String::new();
        let input = flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap());
        std::io::BufReader::new(input).read_to_string(&mut text).unwrap();
        let moved = text.lines().count();
        if let Some((release, old)) = before {
            let mut told = BTreeMap::new();
            for change in since(&source, &release, Format::NativeJson).unwrap() {
                let change = change.unwrap();
                told.insert(change.id, matches!(change.what, What::Upsert { .. }));
            }
            let ids = after.keys().chain(old.keys()).collect::<std::collections::BTreeSet<_>>();
            let changed: BTreeMap<String, bool> = ids
                .into_iter()
                .filter(|id| after.get(*id) != old.get(*id))
                .map(|id| (id.clone(), after.contains_key(id)))
                .collect();
            assert_eq!(told, changed);
            let changes = report.changes.unwrap();
            eprintln!(
                "{}: {moved} records read, {} added, {} edited, {} withdrawn, fields {:?}",
                DATES[month], changes.added, changes.edited, changes.withdrawn, changes.fields
            );
            // A record of which only the time of change is other is no changed record.
            let only_updated = after.iter().filter(|(id, record)| {
                let same = |name: &str| old[*id].get(name) == record.get(name);
                old.contains_key(*id)
                    && !same("updated")
                    && record
                        .as_object()
                        .unwrap()
                        .keys()
                        .all(|name| name == "updated" || same(name))
            });
            assert_eq!(only_updated.count(), 0);
        }
        before = Some((report.release, after));
    }
    assert_good(&repo.root());
}
