//! A build that goes on from the one before gives byte for byte what a full one gives, over
//! random histories of a repository.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use offprint::build::site::Brand;
use offprint::build::{DeltaSettings, DumpSettings, Form, Report, Settings, SiteSettings, build};
use offprint::crosswalk::Format;
use offprint::record::Repository;
use offprint::release::encoding::Encoding;
use offprint::release::fetch::Source;
use offprint::release::layout::{self, Spans};
use offprint::release::pull::{Options as PullOptions, pull};
use offprint::release::search::pointer::Phrases;
use offprint::release::verify::{Depth, verify};
use offprint::store::Store;
use offprint::store::import::{Importer, Input, Options};
use proptest::prelude::*;
use serde_json::{Value, json};

/// One thing that happens to a repository.
#[derive(Debug, Clone)]
enum Event {
    /// A new work, maybe with an id that is not a number.
    Add { work: u32, named: bool },
    /// Another title.
    Edit { pick: usize },
    /// A new version of a work.
    Version { pick: usize },
    /// Gone, with or without a tombstone to see.
    Withdraw { pick: usize, visible: bool },
    /// Metadata no longer public, or public again.
    Restrict { pick: usize, restricted: bool },
    /// Files closed until some day of November.
    Embargo { pick: usize, day: u32 },
    /// In this community, or in none.
    Join { pick: usize, community: Option<u8> },
    /// Something a build cannot print: no year.
    Spoil { pick: usize },
}

fn event() -> impl Strategy<Value = Event> {
    let pick = any::<prop::sample::Index>().prop_map(|index| index.index(1 << 16));
    prop_oneof![
        3 => (0u32..600, any::<bool>()).prop_map(|(work, named)| Event::Add { work, named }),
        2 => pick.clone().prop_map(|pick| Event::Edit { pick }),
        2 => pick.clone().prop_map(|pick| Event::Version { pick }),
        1 => (pick.clone(), any::<bool>())
            .prop_map(|(pick, visible)| Event::Withdraw { pick, visible }),
        1 => (pick.clone(), any::<bool>())
            .prop_map(|(pick, restricted)| Event::Restrict { pick, restricted }),
        1 => (pick.clone(), 2u32..28).prop_map(|(pick, day)| Event::Embargo { pick, day }),
        1 => (pick.clone(), prop::option::of(0u8..3))
            .prop_map(|(pick, community)| Event::Join { pick, community }),
        1 => pick.prop_map(|pick| Event::Spoil { pick }),
    ]
}

/// What the source holds, by id.
#[derive(Default)]
struct World {
    records: BTreeMap<String, Value>,
    revision: u64,
}

impl World {
    fn record(&mut self, id: &str, parent: &str, version: u32) -> Value {
        self.revision += 1;
        json!({
            "id": id,
            "revision_id": self.revision,
            "created": format!("2026-0{}-01T00:00:00.000000+00:00", 1 + self.revision % 9),
            "updated": format!("2026-10-01T00:{:02}:00.000000+00:00", self.revision % 60),
            "parent": {"id": parent, "communities": {"entries": []}},
            "versions": {"index": version},
            "pids": {"doi": {"identifier": format!("10.5281/zenodo.{id}")}},
            "access": {"record": "public", "files": "public"},
            "files": {"enabled": true, "entries": {"a.csv": {"key": "a.csv", "size": 7}}},
            "metadata": {
                "title": format!("Work {id}"),
                "publication_date": "2026-01-01",
                "publisher": "A",
                "resource_type": {"id": "dataset"},
                "creators": [{"person_or_org": {"type": "personal", "name": "Roe, J",
                    "family_name": "Roe", "given_name": "J"}}],
            },
        })
    }

    /// The ids that the event changed.
    fn apply(&mut self, event: &Event) -> Vec<String> {
        if let Event::Add { work, named } = event {
            let (id, parent) = match named {
                true => (format!("work-{work}"), format!("concept-{work}")),
                false => (format!("{}", 10 * work + 1), format!("{}", 10 * work)),
            };
            if self.records.contains_key(&id) {
                return Vec::new();
            }
            let record = self.record(&id, &parent, 1);
            self.records.insert(id.clone(), record);
            return vec![id];
        }
        let (Event::Edit { pick }
        | Event::Version { pick }
        | Event::Withdraw { pick, .. }
        | Event::Restrict { pick, .. }
        | Event::Embargo { pick, .. }
        | Event::Join { pick, .. }
        | Event::Spoil { pick }) = event
        else {
            return Vec::new();
        };
        if self.records.is_empty() {
            return Vec::new();
        }
        let id = self.records.keys().nth(pick % self.records.len()).unwrap().clone();
        self.revision += 1;
        let revision = self.revision;
        if let Event::Version { .. } = event {
            let parent = self.records[&id]["parent"]["id"].as_str().unwrap().to_owned();
            let members = self.records.values().filter(|record| record["parent"]["id"] == *parent);
            let version = 1 + members.count() as u32;
            let id = format!("{}", 100_000 + 997 * revision);
            let record = self.record(&id, &parent, version);
            self.records.insert(id.clone(), record);
            return vec![id];
        }
        let record = self.records.get_mut(&id).unwrap();
        record["revision_id"] = json!(revision);
        record["updated"] = json!(format!("2026-10-02T00:{:02}:00.000000+00:00", revision % 60));
        match event {
            Event::Edit { .. } => {
                record["metadata"]["title"] = json!(format!("Edited {revision}"));
                record["metadata"]["publication_date"] = json!("2026-01-01");
            }
            Event::Withdraw { visible, .. } => {
                record["deletion_status"] = json!({"is_deleted": true, "status": "D"});
                record["tombstone"] = json!({"is_visible": visible, "note": "gone",
                    "removal_reason": {"id": "retracted"}, "removal_date": "2026-10-03"});
            }
            Event::Restrict { restricted, .. } => {
                record["access"]["record"] =
                    json!(if *restricted { "restricted" } else { "public" });
            }
            Event::Embargo { day, .. } => {
                record["access"] = json!({"record": "public", "files": "restricted", "embargo":
                    {"active": true, "until": format!("2026-11-{day:02}"), "reason": "a patent"}});
            }
            Event::Join { community, .. } => {
                let entries: Vec<Value> = community
                    .iter()
                    .map(|community| {
                        json!({
                    "id": format!("c{community}"), "slug": format!("c{community}"),
                    "metadata": {"title": format!("Community {community}")}})
                    })
                    .collect();
                record["parent"]["communities"]["entries"] = json!(entries);
            }
            Event::Spoil { .. } => {
                record["metadata"].as_object_mut().unwrap().remove("publication_date");
                record.as_object_mut().unwrap().remove("created");
            }
            Event::Add { .. } | Event::Version { .. } => {}
        }
        vec![id]
    }
}

/// Small spans, so that a few records lie in many frames and several packs.
fn settings(state: &Path, day: usize, threads: usize, form: Form) -> Settings {
    Settings {
        repository: Repository {
            name: "R".into(),
            base_url: "https://r.example".into(),
            publisher: None,
            doi_pattern: "10.5281/zenodo.N".into(),
            oai_namespace: "r.example".into(),
        },
        as_of: format!("2026-11-{day:02}T00:00:00Z").parse().unwrap(),
        dump: DumpSettings {
            formats: layout::Format::ALL.to_vec(),
            level: 1,
            spans: Spans { pack_ids: 4096, frame_ids: 64, hash_pack_bits: 1, hash_frame_bits: 2 },
            compat: false,
            keep: 0,
        },
        site: SiteSettings {
            pages: true,
            form,
            exports: vec![Format::Bibtex, Format::Linkset],
            templates: None,
            latest: 3,
            brand: Brand::default(),
            precompress: vec![Encoding::Gzip],
            resolvers: true,
            badges: true,
            feeds: true,
            subject_min: 1,
            browse_limit: 60,
            search: form == Form::Files,
            phrases: if form == Form::Files { Phrases::Text } else { Phrases::Known },
        },
        delta: DeltaSettings::default(),
        threads,
        full: false,
        state_file: state.to_owned(),
        recipe: None,
        elsewhere: None,
    }
}

fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(root)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(root).unwrap().to_string_lossy().into_owned();
            (path, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// The files but those of the search index: its tiers depend on the builds before, and what it
/// answers is compared in `tests/search/tiers.rs`.
fn without_search(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = files(root);
    files.retain(|path, _| !path.starts_with("search/"));
    let pointer = files.get_mut("release.json").unwrap();
    let mut value: Value = serde_json::from_slice(pointer).unwrap();
    value.as_object_mut().unwrap().remove("search").unwrap();
    *pointer = value.to_string().into_bytes();
    files
}

fn assert_equal(one: &Path, other: &Path) {
    let (one, other) = (without_search(one), without_search(other));
    let differ: Vec<&String> =
        one.keys().chain(other.keys()).filter(|path| one.get(*path) != other.get(*path)).collect();
    let Some(first) = differ.first() else { return };
    let lines = |files: &BTreeMap<String, Vec<u8>>| -> Vec<String> {
        let bytes = files.get(*first).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        bytes.map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
    };
    let (one, other) = (lines(&one), lines(&other));
    let pair = one.iter().zip(&other).find(|(one, other)| one != other);
    let counts = (one.len(), other.len());
    panic!("these differ: {differ:?}; {first} has {counts:?} lines, {pair:#?}");
}

fn import(folder: &Path, store: &Store, month: usize, lines: &str) {
    let path = folder.join(format!("month-{month}.jsonl"));
    fs::write(&path, lines).unwrap();
    let options = Options {
        doi_pattern: "10.5281/zenodo.N".into(),
        kind: None,
        strict: true,
        complete: false,
        rejects: folder.join("rejects"),
    };
    let mut importer = Importer::new(store, options).unwrap();
    assert!(importer.source(Input::Path(path), &()).unwrap().stopped.is_none());
}

fn run(store: &Store, root: &Path, settings: &Settings) -> Report {
    build(store, root, settings, &|_| {}).unwrap()
}

/// Months of changes, each built on the one before and from nothing.
fn going_on_equals_starting_over(
    months: Vec<Vec<Event>>,
    start: Vec<(u32, bool)>,
    form: Form,
) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let store = Store::create(&path("store.db")).unwrap();
    let mut world = World::default();
    let first = start.into_iter().map(|(work, named)| Event::Add { work, named }).collect();
    for (month, events) in std::iter::once(first).chain(months).enumerate() {
        let events: Vec<Event> = events;
        let mut lines = String::new();
        for event in &events {
            for id in world.apply(event) {
                lines.push_str(&world.records[&id].to_string());
                lines.push('\n');
            }
        }
        import(folder.path(), &store, month, &lines);
        let day = 1 + 5 * month;
        let going_on = settings(&path("going-on.db"), day, 2, form);
        let one = run(&store, &path("going-on"), &going_on);
        let full = Settings { full: true, ..settings(&path("full.db"), day, 1, form) };
        if one.unchanged {
            continue;
        }
        let other = run(&store, &path("full"), &full);
        prop_assert_eq!(&one.manifest_sha256, &other.manifest_sha256);
        assert_equal(&path("going-on"), &path("full"));
        let source = Source::open(&path("going-on").to_string_lossy());
        let checked = verify(&source, Depth::Full, &());
        prop_assert!(checked.problems.is_empty(), "{:?}", checked.problems);
        prop_assert!(checked.warnings.is_empty(), "{:?}", checked.warnings);

        // Every other month, so that it is also two releases behind.
        if month % 2 == 1 {
            continue;
        }
        let mirror = path("mirror");
        let pulled = pull(&source, &mirror, &PullOptions::default(), &()).unwrap();
        prop_assert!(pulled.warnings.is_empty(), "{:?}", pulled.warnings);
        let checked = verify(&Source::open(&mirror.to_string_lossy()), Depth::Full, &());
        prop_assert!(checked.is_good() && checked.warnings.is_empty(), "{checked:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn a_site_of_files(
        months in prop::collection::vec(prop::collection::vec(event(), 0..25), 2..5),
        start in prop::collection::vec((0u32..600, any::<bool>()), 40),
    ) {
        going_on_equals_starting_over(months, start, Form::Files)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn a_site_in_packs(
        months in prop::collection::vec(prop::collection::vec(event(), 0..25), 2..4),
        start in prop::collection::vec((0u32..600, any::<bool>()), 40),
    ) {
        going_on_equals_starting_over(months, start, Form::Packs)?;
    }
}
