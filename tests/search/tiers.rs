//! An index that goes on from the one before: which files come and go, and that it answers as
//! one that is made anew.

use std::collections::{BTreeMap, BTreeSet};

use offprint::release::fetch::Source;
use offprint::release::pull::{Options, pull};
use offprint::release::search::evaluate::{Answer, Hit};
use offprint::release::search::tables::inflated;
use offprint::release::verify::{Depth, verify};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::repository::{Repository, synthetic};

fn edited(line: &str, revision: u64, title: &str) -> Value {
    let mut record: Value = serde_json::from_str(line).unwrap();
    record["revision_id"] = (1000 + revision).into();
    record["metadata"]["title"] = title.into();
    record
}

fn assert_good(repository: &Repository) {
    let source = Source::open(repository.root().to_str().unwrap());
    let checked = verify(&source, Depth::Full, &());
    assert!(checked.problems.is_empty() && checked.warnings.is_empty(), "{checked:?}");
}

#[test]
fn a_change_adds_a_tier_and_touches_no_file() {
    let lines = synthetic(500);
    let repository = Repository::of_lines(&lines);
    repository.build(1, 1);
    let mirror = repository.dir.path().join("mirror");
    for (day, title) in [(2, "Quokka observations"), (3, "Numbat observations")] {
        let before = repository.files();
        let (standing, tiers) = (repository.pointer_path(), repository.pointer().tiers.len());
        repository.add(&edited(lines.lines().next().unwrap(), day, title).to_string());
        repository.build(day as u32, 1);
        let now = repository.files();
        // But for the pointer before the last, which nobody reads any more.
        for (path, bytes) in &before {
            if *path == standing || !path.contains("/pointer-") {
                assert_eq!(now.get(path), Some(bytes), "{path}");
            }
        }
        let pointer = repository.pointer();
        assert_eq!(pointer.tiers.len(), tiers + 1);
        assert!(pointer.tiers.iter().any(|tier| tier.dead.is_some()));
        assert_good(&repository);
        let source = Source::open(repository.root().to_str().unwrap());
        pull(&source, &mirror, &Options::default(), &()).unwrap();
        let checked = verify(&Source::open(mirror.to_str().unwrap()), Depth::Full, &());
        assert!(checked.problems.is_empty() && checked.warnings.is_empty(), "{checked:?}");
        for tier in &pointer.tiers {
            assert!(tier.dead.iter().all(|dead| mirror.join(&dead.path).is_file()));
        }
    }
    assert_eq!((repository.search("quokka").total, repository.search("numbat").total), (0, 1));
    // Words of one record are completed too where records are few.
    assert_eq!((repository.search("quok*").total, repository.search("numba*").total), (0, 1));
    let pointers = repository.files().into_keys().filter(|path| path.contains("/pointer-"));
    assert_eq!(pointers.count(), 2);
    // A list of dead that was tampered with is found, and not mirrored.
    let dead = repository.pointer().tiers.into_iter().find_map(|tier| tier.dead).unwrap();
    std::fs::write(repository.root().join(&dead.path), vec![1; dead.bytes as usize]).unwrap();
    let source = Source::open(repository.root().to_str().unwrap());
    let checked = verify(&source, Depth::Full, &());
    assert_eq!(checked.problems.iter().map(|p| p.path.as_str()).collect::<Vec<_>>(), [&dead.path]);
    std::fs::remove_dir_all(&mirror).unwrap();
    assert!(pull(&source, &mirror, &Options::default(), &()).is_err());
}

/// Whether the word is in a byte of these files, compressed or not.
fn holds(files: &BTreeMap<String, Vec<u8>>, word: &str) -> bool {
    let has = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase().contains(word);
    files.values().any(|bytes| {
        let inside = |start| inflated(&bytes[start..], &[], 1 << 20).is_some_and(|out| has(&out));
        has(bytes) || (0..bytes.len()).any(inside)
    })
}

type Change = fn(&mut Value);

#[test]
fn what_is_no_longer_public_leaves_every_file() {
    let lines = synthetic(120);
    let gone: [(&str, Change); 3] = [
        ("restricted", |record| record["access"]["record"] = "restricted".into()),
        ("withdrawn", |record| {
            record["deletion_status"] = json!({"is_deleted": true, "status": "D"});
            record["tombstone"] = json!({"is_visible": true, "note": "gone",
                "removal_reason": {"id": "retracted"}, "removal_date": "2026-10-03"});
        }),
        ("not printable", |record| {
            record["metadata"].as_object_mut().unwrap().remove("publication_date");
            record.as_object_mut().unwrap().remove("created");
        }),
    ];
    for (what, go) in gone {
        let repository = Repository::of_lines(&lines);
        let mut pair: Vec<Value> = lines
            .lines()
            .filter(|line| line.contains("\"record\":\"public\""))
            .take(2)
            .map(|line| edited(line, 1, "Notes on the secretcanary"))
            .collect();
        let add =
            |pair: &[Value]| pair.iter().for_each(|record| repository.add(&record.to_string()));
        add(&pair);
        repository.build(1, 1);
        // They stand in the base, dead, and in a tier that was added.
        for record in &mut pair {
            record["revision_id"] = 2000.into();
            record["metadata"]["title"] = "More notes on the secretcanary".into();
        }
        add(&pair);
        repository.build(2, 1);
        assert!(repository.pointer().tiers.iter().any(|tier| tier.dead.is_some()), "{what}");
        assert!(holds(&repository.files(), "secretcanary"), "{what}: the test sees nothing");
        let before = repository.files();
        for record in &mut pair {
            record["revision_id"] = 3000.into();
            go(record);
        }
        add(&pair);
        repository.build(3, 1);
        assert_eq!(repository.search("secretcanary").total, 0, "{what}");
        let now = repository.files();
        assert!(!holds(&now, "secretcanary"), "{what}");
        let stays = |path: &&String| before.contains_key(*path) && !path.contains("/older-");
        assert_eq!(now.keys().find(stays), None, "{what}");
        assert_good(&repository);
    }
}

/// One thing that happens to a repository.
#[derive(Debug, Clone)]
enum Event {
    Add(u32),
    Edit(usize, u32),
    Version(usize, u32),
    Withdraw(usize, bool),
    Restrict(usize, bool),
    Embargo(usize, u32),
    Join(usize, u32),
}

fn event() -> impl Strategy<Value = Event> {
    let pick = || any::<prop::sample::Index>().prop_map(|index| index.index(1 << 16));
    prop_oneof![
        6 => any::<u32>().prop_map(Event::Add),
        6 => (pick(), any::<u32>()).prop_map(|(pick, seed)| Event::Edit(pick, seed)),
        4 => (pick(), any::<u32>()).prop_map(|(pick, seed)| Event::Version(pick, seed)),
        1 => (pick(), any::<bool>()).prop_map(|(pick, seen)| Event::Withdraw(pick, seen)),
        1 => (pick(), any::<bool>()).prop_map(|(pick, closed)| Event::Restrict(pick, closed)),
        3 => (pick(), 2u32..28).prop_map(|(pick, day)| Event::Embargo(pick, day)),
        2 => (pick(), 0u32..3).prop_map(|(pick, community)| Event::Join(pick, community)),
    ]
}

const WORDS: [&str; 16] = [
    "ocean", "ice", "wind", "river", "coral", "forest", "soil", "cloud", "desert", "delta", "lava",
    "marsh", "reef", "tundra", "canyon", "glacier",
];
const TYPES: [&str; 4] = ["dataset", "software", "publication-article", "publication-report"];

/// What the source holds, by id.
#[derive(Default)]
struct World {
    records: BTreeMap<String, Value>,
    revision: u64,
}

impl World {
    fn metadata(seed: u32) -> Value {
        let mut state = u64::from(seed);
        let mut roll = |sides: usize| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % sides
        };
        // Words at the beginning are common.
        let mut text = |words: usize| {
            let word = |_| WORDS[roll(WORDS.len()).min(roll(WORDS.len()))];
            (0..words).map(word).collect::<Vec<_>>().join(" ")
        };
        let (title, description, keyword) =
            (text(2 + seed as usize % 3), text(3 + seed as usize % 20), text(1));
        // A phrase that stands in no title, so that the base does not know it.
        let description = match seed % 16 {
            3 => format!("basalt atoll {description}"),
            _ => description,
        };
        let year = 2016 + roll(8);
        let date = format!("{year}-{:02}-{:02}", 1 + roll(12), 1 + roll(28));
        let kind = TYPES[roll(4)];
        let family = ["Roe", "Doe", "Poe"][roll(3)];
        let licence = ["cc-by-4.0", "cc0-1.0", "mit"][roll(3)];
        json!({
            "title": title,
            "description": description,
            "subjects": [{"subject": keyword}],
            "publication_date": date,
            "publisher": "A",
            "resource_type": {"id": kind},
            "rights": [{"id": licence}],
            "creators": [{"person_or_org": {"type": "personal", "name": "Roe, J",
                "family_name": family, "given_name": "J"}}],
        })
    }

    fn add(&mut self, id: String, parent: &str, version: usize, seed: u32) -> String {
        self.revision += 1;
        let record = json!({
            "id": id,
            "revision_id": self.revision,
            "created": "2026-01-01T00:00:00.000000+00:00",
            "updated": format!("2026-10-01T00:{:02}:00.000000+00:00", self.revision % 60),
            "parent": {"id": parent, "communities": {"entries": []}},
            "versions": {"index": version},
            "pids": {"doi": {"identifier": format!("10.5281/zenodo.{id}")}},
            "access": {"record": "public", "files": "public"},
            "files": {"enabled": true, "entries": {"a.csv": {"key": "a.csv", "size": 7}}},
            "metadata": World::metadata(seed),
        });
        self.records.insert(id.clone(), record);
        id
    }

    /// The id that the event changed.
    fn apply(&mut self, event: &Event) -> String {
        let next = 1_000 + 10 * self.revision;
        let (Event::Edit(pick, _)
        | Event::Version(pick, _)
        | Event::Withdraw(pick, _)
        | Event::Restrict(pick, _)
        | Event::Embargo(pick, _)
        | Event::Join(pick, _)) = event
        else {
            let Event::Add(seed) = event else { unreachable!() };
            return self.add((next + 1).to_string(), &next.to_string(), 1, *seed);
        };
        let id = self.records.keys().nth(pick % self.records.len()).unwrap().clone();
        if let Event::Version(_, seed) = event {
            let parent = self.records[&id]["parent"]["id"].as_str().unwrap().to_owned();
            let members = self.records.values().filter(|r| r["parent"]["id"] == *parent).count();
            return self.add((next + 2).to_string(), &parent, 1 + members, *seed);
        }
        self.revision += 1;
        let record = self.records.get_mut(&id).unwrap();
        record["revision_id"] = self.revision.into();
        match event {
            Event::Edit(_, seed) => record["metadata"] = World::metadata(*seed),
            Event::Withdraw(_, visible) => {
                record["deletion_status"] = json!({"is_deleted": true, "status": "D"});
                record["tombstone"] = json!({"is_visible": visible, "note": "gone",
                    "removal_reason": {"id": "retracted"}, "removal_date": "2026-10-03"});
            }
            Event::Restrict(_, closed) => {
                record["access"]["record"] = if *closed { "restricted" } else { "public" }.into();
            }
            Event::Embargo(_, day) => {
                record["access"] = json!({"record": "public", "files": "restricted", "embargo":
                    {"active": true, "until": format!("2026-11-{day:02}"), "reason": "a patent"}});
            }
            Event::Join(_, community) => {
                let slug = format!("c{community}");
                record["parent"]["communities"]["entries"] = json!([{"id": slug, "slug": slug,
                    "metadata": {"title": format!("Community {community}")}}]);
            }
            Event::Add(_) | Event::Version(..) => {}
        }
        id
    }
}

const QUERIES: [&str; 27] = [
    "",
    "ocean",
    "glacier",
    "ocean ice",
    "ocean wind tundra canyon",
    "+ocean ice",
    "reef AND coral",
    "ocean -ice",
    "-ocean",
    "nothinglikethis",
    "type:dataset",
    "type:publication ocean",
    "ice -type:software",
    "wind access:open",
    "access:embargoed",
    "license:mit",
    "soil license:cc-by-4.0 license:mit",
    "year:2018-2021 ocean ice",
    "creators:roe",
    "title:ocean",
    "keywords:ice keywords:lava",
    "communities:c1",
    "doi:10.5281/zenodo.1011",
    "10.5281/zenodo.1010",
    "creators:\"j roe\"",
    // Descriptions are on the cards, so that tiers which do not know it find it too.
    "\"lava reef\"",
    "\"basalt atoll\"",
];

/// By how much of itself the score of a record may be another: docs/search-format.md, "How tiers
/// come and go".
const CLOSE: f64 = 0.125;

fn ask(repository: &Repository, text: &str, newest: bool) -> Answer {
    repository.ask(text, |wanted| (wanted.limit, wanted.newest) = (10_000, newest))
}

/// How far the scores of the two are apart, at most.
fn compare(text: &str, going_on: &Repository, anew: &Repository) -> Result<f64, TestCaseError> {
    let (one, other) = (ask(going_on, text, false), ask(anew, text, false));
    prop_assert_eq!((one.total, one.exact), (other.total, true), "{}", text);
    prop_assert_eq!(&one.facets, &other.facets, "{}", text);
    // A record as it is shown, but for its score.
    let shown = |hit: &Hit| Hit { score: 0.0, ..hit.clone() };
    let by_id = |answer: &Answer| -> BTreeMap<String, Hit> {
        answer.hits.iter().map(|hit| (hit.id.clone(), shown(hit))).collect()
    };
    prop_assert_eq!(one.hits.len() as u64, one.total);
    prop_assert_eq!(by_id(&one), by_id(&other), "{}", text);
    let score: BTreeMap<&str, f64> =
        other.hits.iter().map(|hit| (hit.id.as_str(), hit.score)).collect();
    let (mut least, mut apart) = (f64::INFINITY, 0.0f64);
    for hit in &one.hits {
        let exact = score[hit.id.as_str()];
        if exact > 0.0 {
            apart = apart.max((hit.score / exact - 1.0).abs());
        }
        prop_assert!(exact <= least * (1.0 + CLOSE), "{}: {} is too late", text, hit.id);
        least = least.min(exact);
    }
    prop_assert!(apart <= CLOSE, "{}: scores are {} apart", text, apart);
    let (one, other) = (ask(going_on, text, true), ask(anew, text, true));
    let dates = |answer: &Answer| -> Vec<String> {
        answer.hits.iter().map(|hit| hit.date.clone()).collect()
    };
    prop_assert_eq!(dates(&one), dates(&other), "{}", text);
    prop_assert_eq!(by_id(&one), by_id(&other), "{}", text);
    Ok(apart)
}

/// Months of changes; how many builds went on from the one before, how many tiers were read at
/// most, and how far scores were apart.
fn answers_equal(
    start: Vec<u32>,
    months: Vec<Vec<Event>>,
) -> Result<(usize, usize, f64), TestCaseError> {
    let (going_on, anew) = (Repository::of(&[]), Repository::of(&[]));
    let mut world = World::default();
    let first = start.into_iter().map(Event::Add).collect();
    let (mut added, mut most, mut apart) = (0, 0, 0.0f64);
    let mut before = BTreeSet::new();
    for (month, events) in std::iter::once(first).chain(months).enumerate() {
        let events: Vec<Event> = events;
        let ids: BTreeSet<String> = events.iter().map(|event| world.apply(event)).collect();
        let lines: Vec<String> = ids.iter().map(|id| world.records[id].to_string()).collect();
        if !lines.is_empty() {
            going_on.add(&lines.join("\n"));
            anew.add(&lines.join("\n"));
        }
        let day = 1 + 4 * month as u32;
        going_on.build(day, 1);
        anew.build_anew(day);
        let tiers: Vec<String> =
            going_on.pointer().tiers.into_iter().map(|tier| tier.dir).collect();
        most = most.max(tiers.len());
        added += usize::from(month > 0 && tiers.iter().any(|dir| before.contains(dir)));
        before = tiers.into_iter().collect();
        let source = Source::open(going_on.root().to_str().unwrap());
        let checked = verify(&source, Depth::Full, &());
        prop_assert!(checked.problems.is_empty(), "{:?}", checked.problems);
        for text in QUERIES {
            apart = apart.max(compare(text, &going_on, &anew)?);
            apart = apart.max(compare(&format!("{text} versions:all"), &going_on, &anew)?);
        }
    }
    Ok((added, most, apart))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn any_history_answers_as_one_made_anew(
        start in prop::collection::vec(any::<u32>(), 150..200),
        months in prop::collection::vec(prop::collection::vec(event(), 0..6), 3..6),
    ) {
        let (added, most, apart) = answers_equal(start, months)?;
        println!("{added} builds went on, {most} tiers at most, scores {apart:.4} apart");
    }
}

#[test]
fn tiers_merge_and_answer_as_one_made_anew() {
    let start = (0..300u32).map(|n| n.wrapping_mul(2654435761)).collect();
    let months = (0..6).map(|month: u32| {
        let pick = |n: u32| (month * 7919 + n * 104_729) as usize;
        vec![
            Event::Add(month * 31 + 1),
            Event::Edit(pick(1), month * 17 + 5),
            Event::Version(pick(2), month + 99),
            Event::Embargo(pick(3), 4 + 4 * month),
        ]
    });
    let (added, most, apart) = answers_equal(start, months.collect()).unwrap();
    println!("{added} builds went on, {most} tiers at most, scores {apart:.4} apart");
    assert_eq!(added, 6);
    // Both bases, and at most three more of each.
    assert!((5..=8).contains(&most), "{most}");
}
