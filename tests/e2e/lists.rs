//! Communities, browsing, feeds, sitemaps and the addresses that lead to a record.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{Repo, assert_same_tree, python, run, tree};

/// A native record of the family `family`.
fn record(id: u32, family: u32, changes: Value) -> Value {
    let mut record = json!({
        "id": id.to_string(),
        "created": format!("2024-01-01T00:00:{:02}.000000+00:00", id % 60),
        "updated": "2024-02-02T00:00:00.000000+00:00",
        "revision_id": 1,
        "parent": {"id": family.to_string(), "communities": {"entries": []},
            "pids": {"doi": {"identifier": format!("10.5072/Concept.{family}")}}},
        "pids": {"doi": {"identifier": format!("10.5072/Example.{id}")}},
        "access": {"record": "public", "files": "public"},
        "files": {"enabled": false},
        "metadata": {
            "title": format!("Work {id}"),
            "publication_date": "2024-01-01",
            "resource_type": {"id": "dataset"},
            "publisher": "Example",
            "creators": [{"person_or_org": {"type": "personal", "family_name": "Doe"}}],
            "rights": [{"id": "cc-by-4.0"}],
            "subjects": [{"subject": "Sea Ice"}]
        }
    });
    merge(&mut record, changes);
    record
}

fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (key, value) in changes {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, changes) => *into = changes,
    }
}

fn communities(slugs: &[&str]) -> Value {
    let entry = |slug: &&str| {
        json!({"id": format!("uuid-{slug}"), "slug": slug,
            "metadata": {"title": format!("Community {slug}")}})
    };
    json!({"communities": {"entries": slugs.iter().map(entry).collect::<Vec<_>>()}})
}

fn import(repo: &Repo, records: &[Value]) {
    let path = repo.path().join("records.jsonl");
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    fs::write(&path, lines.join("\n")).unwrap();
    repo.import(&[&path], 0);
}

fn build(repo: &Repo, day: u32, code: i32) -> Value {
    repo.run(&["build", "--json", "--as-of", &format!("2026-11-{day:02}T00:00:00Z")]).json(code)
}

fn read(repo: &Repo, path: &str) -> Option<String> {
    fs::read_to_string(repo.public().join(path)).ok()
}

/// Everything but dumps and what names them.
fn site(repo: &Repo) -> BTreeMap<String, Vec<u8>> {
    let mut files = tree(&repo.public());
    files.retain(|path, _| {
        let kept = ["records/", "communities", "browse", "newest", "doi/", "badge/", "sitemap"];
        kept.iter().any(|prefix| path.starts_with(prefix)) || path == "feed.atom"
    });
    files
}

#[test]
fn communities_and_versions_follow_the_records() {
    let repo = Repo::new();
    let first = record(10, 1, json!({"parent": communities(&["ice", "snow"])}));
    let other = record(20, 2, json!({"parent": communities(&["ice"])}));
    import(&repo, &[first, other]);
    let _ = build(&repo, 1, 0);
    for (path, parts) in [
        ("communities.html", vec!["Community ice", "/communities/snow"]),
        ("communities/ice.html", vec!["2 records", "/records/10", "/records/20", "feed.atom"]),
        ("communities/snow.html", vec!["1 record,", "/records/10"]),
        ("browse.html", vec!["/browse/type/dataset", "/browse/year/2024"]),
        ("browse/licence/cc-by-4.0.html", vec!["Creative Commons", "/records/20"]),
        ("newest.html", vec!["/records/10", "/records/20"]),
        ("feed.atom", vec!["<title>Work 10</title>"]),
        ("doi/10.5072/example.10.html", vec!["url=/records/10\""]),
        ("doi/10.5072/concept.1.html", vec!["url=/records/10\""]),
        ("badge/DOI/10.5072/concept.1.svg", vec!["10.5072/concept.1"]),
        ("records/1.html", vec!["url=/records/10\""]),
        ("records/10/latest.html", vec!["url=/records/10\""]),
        ("families/1.atom", vec!["<title>Work 10</title>"]),
        ("llms.txt", vec!["2 published records", "/sitemap.xml"]),
    ] {
        let text = read(&repo, path).unwrap_or_else(|| panic!("no {path}"));
        for part in parts {
            assert!(text.contains(part), "{path} lacks {part}:\n{text}");
        }
    }
    let subject = tree(&repo.public().join("browse/subject"));
    assert_eq!(subject.len(), 1, "one spelling or another, one page: {:?}", subject.keys());

    // A new version takes the old one's place and leaves a community.
    let newer =
        record(30, 1, json!({"parent": communities(&["ice"]), "metadata": {"version": "2"}}));
    let older = record(10, 1, json!({"parent": communities(&["ice"]), "revision_id": 2}));
    import(&repo, &[newer, older]);
    let _ = build(&repo, 2, 0);
    assert!(read(&repo, "communities/snow.html").is_none(), "nobody is in it");
    assert!(!repo.public().join("communities/snow").exists());
    let ice = read(&repo, "communities/ice.html").unwrap();
    assert!(ice.contains("/records/30") && !ice.contains("/records/10"), "{ice}");
    for path in ["records/1.html", "records/10/latest.html", "doi/10.5072/concept.1.html"] {
        assert!(read(&repo, path).unwrap().contains("url=/records/30\""), "{path}");
    }
    assert!(read(&repo, "doi/10.5072/example.10.html").unwrap().contains("url=/records/10\""));
    let versions = read(&repo, "families/1.atom").unwrap();
    assert_eq!(versions.matches("<entry>").count(), 2, "{versions}");
    assert!(versions.contains("<title>Work 30 (2)</title>"), "{versions}");

    // The newest version is withdrawn: everything leads to the older one again.
    let gone = record(
        30,
        1,
        json!({"revision_id": 2, "deletion_status": {"is_deleted": true, "status": "D"},
            "tombstone": {"note": "withdrawn"}}),
    );
    import(&repo, &[gone]);
    let _ = build(&repo, 3, 0);
    assert!(read(&repo, "records/1.html").unwrap().contains("url=/records/10\""));
    assert!(read(&repo, "doi/10.5072/example.30.html").is_none());
    assert!(read(&repo, "badge/DOI/10.5072/example.30.svg").is_none());
    assert!(!read(&repo, "communities/ice.html").unwrap().contains("/records/30"));

    let verified = run(crate::harness::offprint()
        .args(["verify", "--depth", "full", "--json"])
        .arg(repo.public()))
    .json(0);
    let warnings: Vec<&Value> = verified["warnings"].as_array().unwrap().iter().collect();
    // Lists of older releases stay with those.
    let left_over = warnings.iter().filter(|text| !text.as_str().unwrap().starts_with("site/"));
    assert_eq!(left_over.count(), 0, "{warnings:?}");
    let fresh = Repo::new();
    fs::copy(repo.path().join("store.db"), fresh.path().join("store.db")).unwrap();
    let _ = build(&fresh, 3, 0);
    assert!(site(&repo) == site(&fresh), "the history shows");
}

#[test]
fn what_pages_in_caches_ask_for_is_no_left_over() {
    let repo = Repo::new();
    import(&repo, &[record(1, 1, json!({}))]);
    let _ = build(&repo, 1, 0);
    let later = ["build", "--as-of", "2026-11-02T00:00:00Z", "--set", "site.accent=\"#8b1a4f\""];
    let _ = repo.run(&later).exits(0);
    let assets = tree(&repo.public().join("assets"));
    let sheets = assets.keys().filter(|path| path.ends_with(".css")).count();
    assert_eq!(sheets, 2, "that of the release before stays: {:?}", assets.keys());
    let stray = repo.public().join("assets/style.00000000.css");
    fs::write(&stray, "p{}").unwrap();
    let verified = run(crate::harness::offprint().args(["verify", "--json"]).arg(repo.public()));
    let warnings = verified.json(0)["warnings"].take();
    assert_eq!(warnings, json!(["assets/style.00000000.css: is listed nowhere"]));
}

#[test]
fn what_cannot_be_a_path_or_is_taken_is_an_exception() {
    let repo = Repo::new();
    let doi = |doi: &str| json!({"pids": {"doi": {"identifier": doi}}});
    import(
        &repo,
        &[
            record(10, 1, doi("10.1016/shared")),
            record(20, 2, doi("10.1016/SHARED")),
            record(30, 3, doi("10.1016/../../../escape")),
            record(40, 10, json!({"parent": communities(&["../up", "ok", ".hidden"])})),
        ],
    );
    let report = build(&repo, 1, 3);
    assert_eq!(report["records"]["public"], 4, "the records stay");
    assert!(read(&repo, "doi/10.1016/shared.html").unwrap().contains("url=/records/10\""));
    let page = read(&repo, "records/10.html").unwrap();
    assert!(page.contains("Work 10"), "a concept does not take the page of a record");
    let path = "dumps/20261101T000000Z/exceptions.ndjson";
    let lines: BTreeSet<(String, String)> = read(&repo, path)
        .unwrap()
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| line[key].as_str().unwrap().to_owned();
            (text("id"), text("code"))
        })
        .collect();
    let expected = [("20", "doi-taken"), ("30", "doi-path"), ("40", "community-path")];
    let expected = expected.map(|(id, code)| (id.to_owned(), code.to_owned()));
    assert_eq!(lines, expected.into());
    let outside: Vec<String> = tree(repo.path())
        .into_keys()
        .filter(|path| path.contains("escape") || path.contains("up."))
        .collect();
    assert!(outside.is_empty(), "{outside:?}");
}

#[test]
fn what_is_not_public_changes_no_list() {
    let world = |secret: &str, many: u32| {
        let repo = Repo::new();
        let hidden = json!({
            "access": {"record": "restricted"},
            "parent": communities(&[secret, "ice"]),
            "pids": {"doi": {"identifier": format!("10.5072/{secret}")}},
            "created": format!("20{:02}-01-01T00:00:00.000000+00:00", many),
            "metadata": {"title": secret, "subjects": [{"subject": "Sea Ice"}, {"subject": secret}],
                "publication_date": format!("19{many}"), "rights": [{"id": secret}]}
        });
        let withdrawn = json!({
            "deletion_status": {"is_deleted": true, "status": "D"}, "tombstone": {"note": "n"},
            "parent": communities(&[secret]),
            "metadata": {"title": secret, "subjects": [{"subject": secret}]}
        });
        import(
            &repo,
            &[
                record(10, 1, json!({"parent": communities(&["ice"])})),
                record(11, 1, hidden.clone()),
                record(20, 2, hidden),
                record(30, 3, withdrawn),
            ],
        );
        let _ = build(&repo, 1, 0);
        repo
    };
    let (one, other) = (world("alpha", 20), world("omegaomega", 71));
    assert_same_tree(&one.public(), &other.public());
    let page = read(&one, "communities/ice.html").unwrap();
    let (_, main) = page.split_once("<main").unwrap();
    let (list, _) = main.split_once("</main>").unwrap();
    assert_eq!(list.matches("<li>").count(), 1);
}

#[test]
fn sitemaps_list_every_public_page_once() {
    let repo = Repo::new();
    let records: Vec<Value> = (1..=40).map(|id| record(id, 1000 + id, json!({}))).collect();
    import(&repo, &records);
    let base = ["--set", "repository.base_url=https://example.org/repo"];
    let _ = repo.build(&base).json(0);
    let locations = |path: &str, root: &str| -> Vec<String> {
        let text = read(&repo, path).unwrap_or_else(|| panic!("no {path}"));
        assert!(text.len() < 50 << 20, "{path}");
        assert!(text.contains(&format!("<{root} xmlns=\"http://www.sitemaps.org/schemas/")));
        let found = text.split("<loc>").skip(1).map(|rest| {
            let (location, after) = rest.split_once("</loc>").unwrap();
            if let Some(day) = after.strip_prefix("<lastmod>") {
                assert_eq!(&day[10..20], "</lastmod>", "{path}");
            }
            location.strip_prefix("https://example.org/repo/").expect("below the base").to_owned()
        });
        let found: Vec<String> = found.collect();
        assert!(found.len() <= 50_000);
        found
    };
    let sitemaps = locations("sitemap.xml", "sitemapindex");
    let files: Vec<String> = tree(&repo.public().join("sitemaps")).into_keys().collect();
    assert_eq!(sitemaps, files.iter().map(|file| format!("sitemaps/{file}")).collect::<Vec<_>>());
    let pages: Vec<String> =
        sitemaps.iter().flat_map(|sitemap| locations(sitemap, "urlset")).collect();
    let unique: BTreeSet<&String> = pages.iter().collect();
    assert_eq!(unique.len(), pages.len(), "an address twice");
    for page in &pages {
        assert!(repo.public().join(format!("{page}.html")).is_file(), "{page}");
    }
    for id in 1..=40 {
        assert!(unique.contains(&format!("records/{id}")));
    }
}

#[test]
fn robots_may_read_everything_and_two_parsers_agree() {
    let Some(python) = python() else { return };
    let repo = Repo::new();
    import(&repo, &[record(1, 2, json!({}))]);
    let _ = repo.build(&[]).json(0);
    let script = "
import sys, urllib.robotparser
from protego import Protego
text = open(sys.argv[1]).read()
other = urllib.robotparser.RobotFileParser()
other.parse(text.splitlines())
mine = Protego.parse(text)
base = 'http://127.0.0.1:8080'
for agent in ['*', 'Googlebot', 'GPTBot', 'curl/8']:
    for path in ['/', '/records/1', '/dumps/pool/x.zst', '/doi/10.1/a', '/sitemaps/records.xml']:
        assert mine.can_fetch(base + path, agent) is True, path
        assert other.can_fetch(agent, base + path) is True, path
    assert mine.crawl_delay(agent) is None and other.crawl_delay(agent) is None
assert list(mine.sitemaps) == other.site_maps() == [base + '/sitemap.xml'], list(mine.sitemaps)
";
    let _ = run(Command::new(python).arg("-c").arg(script).arg(repo.public().join("robots.txt")))
        .exits(0);
}
