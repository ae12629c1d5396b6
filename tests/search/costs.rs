//! What searching costs and how well it answers, by class of query: the table of
//! `benches/search`, on few records.

use serde_json::Value;

use super::harness::{Repo, synth};

/// Of a class: least agreement and score ratio of final answers, least score ratio of first ones.
const MUSTS: [(&str, f64, f64, f64); 13] = [
    ("1 rare", 0.97, 0.999, 0.995),
    ("1 mid", 0.97, 0.999, 0.995),
    ("2 mid", 0.97, 0.999, 0.995),
    ("words of a phrase", 0.97, 0.999, 0.95),
    ("author, 2 names", 0.97, 0.999, 0.95),
    ("1 common", 0.97, 0.999, 0.95),
    ("5 title words", 0.97, 0.999, 0.95),
    ("2 mid + 1 common", 0.97, 0.999, 0.95),
    ("1 mid + 1 common", 0.97, 0.999, 0.95),
    ("2 common", 0.97, 0.999, 0.95),
    // How often a phrase is there is not known.
    ("phrase of 2", 0.99, 0.9, 0.9),
    ("phrase of 3", 0.99, 0.9, 0.9),
    ("phrase of 5", 0.99, 0.9, 0.9),
];

#[test]
fn every_class_of_query_costs_little_and_is_answered_well() {
    let repo = Repo::new();
    let scratch = tempfile::tempdir().unwrap();
    let records = synth(scratch.path(), 4000, 1);
    repo.import(&[&records], 0);
    let only = ["--set", "site.pages=false", "--set", "dump.formats=[\"native-json\"]"];
    assert!(matches!(repo.build(&only).code, Some(0 | 3)));
    let told = || -> Vec<Value> {
        let told = repo.run(&["bench", "search", records.to_str().unwrap()]).exits(0);
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let lines = told();
    check(&lines, &MUSTS);
    let class = |name: &str| lines.iter().find(|line| line["class"] == name);
    for (plain, with) in [
        ("1 mid", "1 mid, filtered"),
        ("1 mid", "1 mid, newest"),
        ("1 common", "1 common, filtered"),
        ("1 common", "1 common, newest"),
    ] {
        let bytes = |name| class(name).unwrap()["stages"]["first"]["bytes"]["median"].as_u64();
        assert!(bytes(with).unwrap() <= bytes(plain).unwrap() + (64 << 10), "{with}");
    }
    let later = ["build", "--as-of", "2026-12-01T00:00:00Z", "--set", "site.phrases=\"text\""];
    assert!(matches!(repo.run(&[&later[..], &only].concat()).code, Some(0 | 3)));
    check(&told(), &MUSTS);
}

/// What each query may cost, and how well the classes of `musts` are to be answered.
fn check(lines: &[Value], musts: &[(&str, f64, f64, f64)]) {
    let class = |name: &str| lines.iter().find(|line| line["class"] == name);
    for line in lines.iter().filter(|line| line["class"].is_string()) {
        let first = &line["stages"]["first"];
        assert!(first["rounds"]["max"].as_u64().unwrap() <= 3, "{line}");
        assert!(first["requests"]["max"].as_u64().unwrap() <= 20, "{line}");
        assert!(first["bytes"]["median"].as_u64().unwrap() <= 140_000, "{line}");
        assert!(first["bytes"]["p90"].as_u64().unwrap() <= 230_000, "{line}");
        assert_eq!(line["stages"]["final"]["wrong_counts"], 0, "{line}");
    }
    for &(name, agreement, ratio, first) in musts {
        let stages = &class(name).unwrap_or_else(|| panic!("no {name}"))["stages"];
        let found = |stage: &str, what: &str| stages[stage][what].as_f64().unwrap();
        assert!(found("final", "agreement") >= agreement, "{name}: {stages}");
        assert!(found("final", "score_ratio") >= ratio, "{name}: {stages}");
        assert!(found("first", "score_ratio") >= first, "{name}: {stages}");
    }
}
