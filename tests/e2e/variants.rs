//! Precompressed variants and the marks of tombstones, as files of a release.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use crate::harness::{Repo, assert_same_tree, offprint, run, synth, tree};

const BOTH: &str = "site.precompress=[\"gzip\", \"zstd\"]";

/// Files of the site, dumps left out.
fn site(repo: &Repo) -> BTreeMap<String, Vec<u8>> {
    let mut files = tree(&repo.public());
    files.retain(|name, _| !name.starts_with("dumps/") || name.starts_with("dumps/index.html"));
    files.retain(|name, _| !name.starts_with("site/") && name != "release.json");
    files
}

fn unpack(name: &str, bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    if let Some(file) = name.strip_suffix(".gz") {
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
        return Some((file.to_owned(), out));
    }
    let file = name.strip_suffix(".zst")?;
    Some((file.to_owned(), zstd::stream::decode_all(bytes).unwrap()))
}

/// Lists, what is at addresses, and the search index, which is packed, have no variants.
const WITHOUT: [&str; 9] = [
    "badge/",
    "browse",
    "communities",
    "doi/",
    "feed.atom",
    "newest",
    "search/",
    "sitemap",
    "families/",
];

/// Every variant is of the file beside it, every text file of 1 KiB has both.
fn check_variants(repo: &Repo) {
    let files = site(repo);
    for (name, bytes) in &files {
        if let Some((file, unpacked)) = unpack(name, bytes) {
            assert!(files[&file] == unpacked, "{name} is of another content");
            assert!(bytes.len() < unpacked.len(), "{name} saves nothing");
        } else if bytes.len() >= 1024 && !WITHOUT.iter().any(|prefix| name.starts_with(prefix)) {
            for ending in [".gz", ".zst"] {
                assert!(files.contains_key(&format!("{name}{ending}")), "{name} has no {ending}");
            }
        }
    }
}

fn verify(repo: &Repo) {
    let verified = run(offprint().args(["verify", "--json", "--depth", "full"]).arg(repo.public()));
    assert_eq!(verified.json(0)["problems"], serde_json::json!([]));
}

#[test]
fn variants_come_change_and_go_with_their_files() {
    let scratch = tempfile::tempdir().unwrap();
    let (first, next) = (synth(scratch.path(), 100, 1), synth(scratch.path(), 100, 2));
    let repo = Repo::new();
    repo.import(&[&first], 0);
    let _ = repo.build(&["--set", BOTH]).json(0);
    check_variants(&repo);
    verify(&repo);
    let plain = site(&repo).keys().filter(|name| unpackable(name)).count();
    assert!(plain > 200, "{plain} variants");

    // What changes takes its variants along; the outcome is that of a build from nothing.
    repo.import(&[&next], 0);
    let later = ["build", "--as-of", "2026-12-01T00:00:00Z", "--json", "--set", BOTH];
    let _ = repo.run(&later).json(0);
    check_variants(&repo);
    verify(&repo);
    let fresh = Repo::new();
    fresh.import(&[&first, &next], 0);
    let _ = fresh.run(&later).json(0);
    assert_same_site(&repo, &fresh);

    // A damaged variant is found by verify and made again by the next build.
    let page = site(&repo).into_keys().find(|name| name.ends_with(".html.gz")).unwrap();
    let whole = fs::read(repo.public().join(&page)).unwrap();
    fs::write(repo.public().join(&page), &whole[..whole.len() / 2]).unwrap();
    let found = run(offprint().args(["verify", "--json"]).arg(repo.public()));
    assert!(found.exits(1).contains(&page));
    let _ = repo.run(&[&later[..], &["--full"]].concat()).json(0);
    assert!(fs::read(repo.public().join(&page)).unwrap() == whole);

    // Not wanted any more: none is left, and every list forgets them.
    let _ = repo.run(&["build", "--as-of", "2026-12-02T00:00:00Z", "--json"]).json(0);
    assert!(!site(&repo).keys().any(|name| unpackable(name)));
    verify(&repo);
}

fn unpackable(name: &str) -> bool {
    name.ends_with(".gz") || name.ends_with(".zst")
}

fn assert_same_site(left: &Repo, right: &Repo) {
    assert_eq!(left.manifest()["site"], right.manifest()["site"]);
    for folder in ["records", "assets"] {
        assert_same_tree(&left.public().join(folder), &right.public().join(folder));
    }
    for file in ["index.html.gz", "404.html.zst", "dumps/index.html.gz"] {
        let read = |repo: &Repo| fs::read(repo.public().join(file)).ok();
        assert!(read(left) == read(right), "{file} differs");
    }
}

#[test]
fn a_tombstone_has_its_mark_and_nothing_else_has() {
    let scratch = tempfile::tempdir().unwrap();
    let records = synth(scratch.path(), 300, 1);
    let changes = synth(scratch.path(), 300, 2);
    let repo = Repo::new();
    repo.import(&[&records], 0);
    let early = ["build", "--as-of", "2026-10-01T00:00:00Z", "--json"];
    let _ = repo.run(&early).json(0);
    repo.import(&[&changes], 0);
    let report = repo.build(&[]).json(0);
    assert!(report["records"]["tombstoned"].as_u64().unwrap() > 0, "{report}");
    let marks: Vec<String> =
        site(&repo).into_keys().filter(|name| name.ends_with(".gone")).collect();
    assert!(!marks.is_empty());
    for mark in &marks {
        let page = repo.public().join(mark).with_extension("html");
        let page = fs::read_to_string(page).unwrap();
        assert!(page.contains("noindex") || page.to_lowercase().contains("removed"), "{mark}");
        let folder = repo.public().join(mark.trim_end_matches(".gone"));
        assert!(!folder.exists(), "{mark} has exports");
    }
    verify(&repo);
    // A mark beside a living record would take its page from the web.
    let living = living(&repo.public(), &marks);
    let stray = repo.public().join("records").join(format!("{living}.gone"));
    fs::write(&stray, "").unwrap();
    let _ = repo.build(&["--full"]).json(0);
    assert!(!stray.exists());
}

/// The id of a record that has exports.
fn living(public: &Path, marks: &[String]) -> String {
    let entries = fs::read_dir(public.join("records")).unwrap();
    let mut folders = entries.map(|entry| entry.unwrap()).filter(|entry| entry.path().is_dir());
    let name = folders.next().unwrap().file_name().into_string().unwrap();
    assert!(!marks.contains(&format!("records/{name}.gone")));
    name
}
