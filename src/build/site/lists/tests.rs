//! Printing what changed gives what printing everything gives.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::print::{Plan, print};
use crate::build::catalogue::{Card, Catalogue, Loader, place};
use crate::build::site::Brand;
use crate::build::site::{Renderer, SiteConfig};
use crate::build::{Form, SiteSettings};
use crate::record::Repository;
use crate::release::search::pointer::Phrases;
use crate::release::stage::{Durability, Stage};

/// What a store would hold: a record is public with a card, or only exists.
type World = BTreeMap<(i64, String), Option<Card>>;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn renderer() -> Renderer {
    let repository = Repository {
        name: "Example".into(),
        base_url: "https://repository.example/base".into(),
        publisher: None,
        doi_pattern: "10.5072/N".into(),
        oai_namespace: "example".into(),
    };
    Renderer::new(&repository, SiteConfig::default(), None).unwrap()
}

fn settings() -> SiteSettings {
    SiteSettings {
        pages: true,
        form: Form::default(),
        exports: Vec::new(),
        templates: None,
        latest: 10,
        resolvers: true,
        badges: true,
        feeds: true,
        subject_min: 2,
        browse_limit: 150,
        search: false,
        phrases: Phrases::Known,
        brand: Brand::default(),
        precompress: Vec::new(),
    }
}

fn card(dice: &mut Dice, number: u64) -> Card {
    let id = if number.is_multiple_of(9) { format!("x{number}") } else { number.to_string() };
    let time = format!("20{:02}-03-0{}T00:00:00.000000+00:00", dice.roll(20), 1 + dice.roll(9));
    let small = |dice: &mut Dice, word: &str, sides| format!("{word}{}", dice.roll(sides));
    // The first communities are large, so that only parts of them are printed.
    let mut communities = vec!["all".to_owned()];
    communities.extend((dice.roll(3) > 0).then(|| small(dice, "c", 6)));
    let subjects = (0..dice.roll(3)).map(|_| match dice.roll(2) {
        0 => small(dice, "Word ", 30),
        _ => small(dice, "word ", 30),
    });
    let mut subjects: Vec<String> = subjects.collect();
    subjects.sort();
    subjects.dedup_by_key(|words| words.to_lowercase());
    Card {
        doi: (dice.roll(8) > 0).then(|| format!("10.5072/{}", dice.roll(2000))),
        concept_doi: Some(format!("10.5072/{}", 1000 + dice.roll(1500))),
        family: (5000 + dice.roll(60) + number).to_string(),
        title: small(dice, "Title <", 1000),
        kind: ["dataset", "software", "publication-article"][dice.roll(3) as usize].to_owned(),
        year: Some(2000 + dice.roll(4) as i32),
        licences: vec!["cc-by-4.0".to_owned()],
        latest: dice.roll(10) > 0,
        created: if dice.roll(40) == 0 { String::new() } else { time.clone() },
        updated: time,
        id,
        communities,
        subjects,
        ..Card::default()
    }
}

/// Prints a catalogue of everything into a new directory.
fn whole(world: &World, titles: &BTreeMap<&str, String>, root: &Path, file: &Path) -> Catalogue {
    let mut loader = Loader::new(file).unwrap();
    for ((_, id), card) in world {
        match card {
            Some(card) => loader.push(card).unwrap(),
            None => loader.hide(id).unwrap(),
        }
    }
    let mut catalogue = loader.finish().unwrap();
    step(&mut catalogue, titles, root);
    catalogue
}

fn step(catalogue: &mut Catalogue, titles: &BTreeMap<&str, String>, root: &Path) {
    catalogue.name_communities(titles.iter().map(|(slug, title)| (*slug, title.as_str()))).unwrap();
    let stage = Stage::open(root, Durability::Relaxed).unwrap();
    let (renderer, site) = (renderer(), settings());
    let plan =
        Plan { renderer: &renderer, stage: &stage, site: &site, threads: 2, interrupted: false };
    let printed = print(catalogue, &plan).unwrap();
    for path in printed.gone {
        let _ = fs::remove_file(root.join(path));
    }
    stage.close().unwrap();
}

/// Files with content, but the site lists that an older state left.
fn tree(root: &Path, catalogue: &Catalogue) -> BTreeMap<String, Vec<u8>> {
    let listed: Vec<String> =
        catalogue.sheets().unwrap().into_iter().map(|sheet| sheet.path).collect();
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(root) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if !path.starts_with("site/") || listed.contains(&path) {
                files.insert(path, fs::read(entry.path()).unwrap());
            }
        }
    }
    files
}

fn change(dice: &mut Dice, world: &mut World, catalogue: &mut Catalogue) {
    let number = 1 + dice.roll(900);
    let new = card(dice, number);
    let key = (place(&new.id), new.id.clone());
    let old = world.get(&key).cloned().flatten();
    match (dice.roll(10), old) {
        (0, _) => {
            world.remove(&key);
            catalogue.forget(&key.1).unwrap();
        }
        (1, _) => {
            world.insert(key.clone(), None);
            catalogue.hide(&key.1).unwrap();
        }
        // A small edit: one field of a record that stands.
        (2..=5, Some(mut old)) => {
            match dice.roll(5) {
                0 => old.title = new.title,
                1 => old.communities = new.communities,
                2 => old.latest = !old.latest,
                3 => old.updated = new.updated,
                _ => old.created = new.created,
            }
            world.insert(key, Some(old.clone()));
            catalogue.put(&old).unwrap();
        }
        _ => {
            catalogue.put(&new).unwrap();
            world.insert(key, Some(new));
        }
    }
}

#[test]
fn printing_changes_is_printing_everything() {
    for seed in 0..3 {
        let dir = tempfile::tempdir().unwrap();
        let (root, file) = (dir.path().join("site"), dir.path().join("catalogue.db"));
        let mut dice = Dice(seed);
        let mut world = World::new();
        for number in 1..=if seed == 2 { 60 } else { 650 } {
            let card = card(&mut dice, number);
            world.insert((place(&card.id), card.id.clone()), Some(card));
        }
        let mut titles = BTreeMap::from([("all", "All of it".to_owned())]);
        whole(&world, &titles, &root, &file).settle("0").unwrap();
        for round in 1..=5_u64 {
            let mark = (round - 1).to_string();
            let mut catalogue = Catalogue::open(&file, &mark).unwrap().expect("it was settled");
            for _ in 0..[60, 1, 3, 20, 250][(round % 5) as usize] {
                change(&mut dice, &mut world, &mut catalogue);
            }
            if round.is_multiple_of(5) {
                titles.insert("c1", format!("Title {round}"));
            }
            step(&mut catalogue, &titles, &root);
            let fresh = dir.path().join(format!("fresh-{round}"));
            let anew = whole(&world, &titles, &fresh, &dir.path().join("fresh.db"));
            let (left, right) = (catalogue.dump(), anew.dump());
            for (left, right) in left.iter().zip(&right) {
                assert_eq!(left, right, "seed {seed}, round {round}");
            }
            assert_eq!(left.len(), right.len());
            let (left, right) = (tree(&root, &catalogue), tree(&fresh, &anew));
            let names =
                |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
            assert_eq!(names(&left), names(&right), "seed {seed}, round {round}");
            assert!(left == right, "seed {seed}, round {round}: contents differ");
            catalogue.settle(&round.to_string()).unwrap();
        }
    }
}

#[test]
fn a_killed_build_is_made_up_for() {
    let dir = tempfile::tempdir().unwrap();
    let (root, file) = (dir.path().join("site"), dir.path().join("catalogue.db"));
    let mut dice = Dice(7);
    let mut world = World::new();
    for number in 1..=500 {
        let card = card(&mut dice, number);
        world.insert((place(&card.id), card.id.clone()), Some(card));
    }
    let titles = BTreeMap::new();
    whole(&world, &titles, &root, &file).settle("a").unwrap();
    // Changes are kept, nothing is printed.
    let mut catalogue = Catalogue::open(&file, "a").unwrap().unwrap();
    for _ in 0..40 {
        change(&mut dice, &mut world, &mut catalogue);
    }
    catalogue.keep().unwrap();
    drop(catalogue);
    // Changes of the next one are not kept: it is as if it had not begun.
    let mut lost = Catalogue::open(&file, "a").unwrap().unwrap();
    change(&mut dice, &mut world.clone(), &mut lost);
    drop(lost);
    let mut catalogue = Catalogue::open(&file, "a").unwrap().unwrap();
    step(&mut catalogue, &titles, &root);
    let fresh = dir.path().join("fresh");
    let anew = whole(&world, &titles, &fresh, &dir.path().join("fresh.db"));
    assert!(tree(&root, &catalogue) == tree(&fresh, &anew));
    catalogue.settle("b").unwrap();
    assert!(Catalogue::open(&file, "a").unwrap().is_none(), "of another build");
    fs::write(&file, "not a database").unwrap();
    assert!(Catalogue::open(&file, "b").unwrap().is_none(), "unreadable is absent");
}

#[test]
fn one_change_prints_few_files() {
    let dir = tempfile::tempdir().unwrap();
    let (root, file) = (dir.path().join("site"), dir.path().join("catalogue.db"));
    let mut dice = Dice(1);
    let mut world = World::new();
    for number in 1..=1500 {
        let card = card(&mut dice, number);
        world.insert((place(&card.id), card.id.clone()), Some(card));
    }
    let titles = BTreeMap::new();
    whole(&world, &titles, &root, &file).settle("a").unwrap();
    let mut catalogue = Catalogue::open(&file, "a").unwrap().unwrap();
    let old = world.values().flatten().find(|card| card.latest).unwrap();
    catalogue.put(&Card { title: "Another".into(), ..old.clone() }).unwrap();
    let stage = Stage::open(&root, Durability::Relaxed).unwrap();
    let (renderer, site) = (renderer(), settings());
    let plan =
        Plan { renderer: &renderer, stage: &stage, site: &site, threads: 1, interrupted: false };
    let printed = print(&mut catalogue, &plan).unwrap();
    assert!(printed.written.files <= 20, "{:?}", printed.written);
    assert!(printed.written.files + printed.reused.files < 120, "{:?}", printed.reused);
}
