//! Imports of real deliveries, found through `OFFPRINT_REFERENCE_DATA`; skipped without it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on says where, one that is skipped says so"
)]

use std::path::PathBuf;

use offprint::store::import::{Importer, Input, Options};
use offprint::store::{Counts, Error, Group, Store};

fn reference_data() -> Option<PathBuf> {
    let path = std::env::var_os("OFFPRINT_REFERENCE_DATA").map(PathBuf::from);
    if path.is_none() {
        eprintln!("skipped: OFFPRINT_REFERENCE_DATA is not set");
    }
    path
}

struct Repo {
    store: Store,
    folder: tempfile::TempDir,
}

impl Repo {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Repo { store: Store::create(&folder.path().join("store.db")).unwrap(), folder }
    }

    fn import(&self, path: PathBuf) -> Counts {
        let options = Options {
            doi_pattern: "10.5281/zenodo.N".into(),
            kind: None,
            strict: false,
            complete: false,
            rejects: self.folder.path().join("rejects"),
        };
        let mut importer = Importer::new(&self.store, options).unwrap();
        let outcome = importer.source(Input::Path(path), &()).unwrap();
        eprintln!("{}: {:?}", outcome.source, outcome.counts);
        outcome.counts
    }

    fn view(&self) -> Vec<String> {
        let snapshot = self.store.snapshot().unwrap();
        let mut decoder = snapshot.dictionaries().decoder();
        let (mut body, mut lines) = (String::new(), Vec::new());
        let visit = |group: Group| {
            for row in &group.rows {
                row.decode(&mut decoder, &mut body)?;
                let mut content = Vec::new();
                offprint::record::canonical::content(&body, &mut content);
                lines.push(format!(
                    "{} {} {} {} {:?} {}",
                    row.id,
                    row.created,
                    row.updated,
                    row.position,
                    group.siblings(&row.family),
                    String::from_utf8_lossy(&content)
                ));
            }
            Ok::<(), Error>(())
        };
        snapshot.scan_groups(.., |_| 0, visit).unwrap();
        lines
    }
}

#[test]
fn a_community_at_three_dates_is_the_same_in_any_order() {
    let Some(data) = reference_data() else { return };
    let delivery =
        |date: &str| data.join(format!("zenodo-community-snapshots/ipbes-{date}.jsonl.gz"));
    let dates = ["2023-11-15", "2024-07-01", "2026-01-07"];
    let forward = Repo::new();
    for date in dates {
        let counts = forward.import(delivery(date));
        assert_eq!(counts.rejected, 0);
        assert_eq!(counts.superseded, 0);
    }
    let backward = Repo::new();
    for date in [dates[2], dates[0], dates[1], dates[0]] {
        backward.import(delivery(date));
    }
    assert_eq!(forward.view(), backward.view());
    let seq = forward.store.snapshot().unwrap().last_seq();
    let again = forward.import(delivery(dates[2]));
    assert_eq!((again.new, again.changed), (0, 0));
    assert_eq!(forward.store.snapshot().unwrap().last_seq(), seq);
}

#[test]
fn every_set_of_records_is_accounted_for() {
    let Some(data) = reference_data() else { return };
    for (set, records) in [
        ("zenodo-legacy-api/records.jsonl.gz", true),
        ("inveniordm", true),
        ("datacite-json/prod-plain.jsonl.gz", true),
        ("datacite-json/prod-rest-api.jsonl.gz", true),
        ("datacite-json/staging-rest-api.jsonl.gz", true),
        ("datacite-xml/official-examples", true),
        ("zenodo-legacy-demo/deposit-records.jsonl.gz", false),
        ("commonmeta/records.jsonl.gz", false),
    ] {
        let repo = Repo::new();
        let counts = repo.import(data.join(set));
        let minted = repo.store.snapshot().unwrap().totals().minted();
        assert_eq!(minted, counts.new, "{set}");
        assert!(counts.read() > 0, "{set}");
        assert_eq!(counts.new > 0, records, "{set}");
        for file in repo.folder.path().join("rejects").read_dir().into_iter().flatten() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            assert_eq!(text.lines().count() as u64, counts.rejected, "{set}");
            for line in text.lines().take(5) {
                eprintln!("  {line}");
            }
        }
    }
}
