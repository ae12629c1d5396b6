//! `unpack` against a build into files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::repo::{Pair, assert_same, offprint, records, run, text, tree};

/// What says which release it is, and so in which form it was built.
fn names_the_release(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap();
    ["manifest.json", "SHA256SUMS", "latest.json", "releases.json", "release.json"].contains(&last)
        || path.ends_with(".dict")
}

fn check(sources: &[PathBuf], settings: &[&str]) {
    let pair = Pair::build(sources, settings);
    let (packs, to) = (pair.packs(), pair.scratch("unpacked"));
    run(&mut offprint(["unpack", text(&packs), text(&to)]), 0);
    let site = |root: &Path| {
        let mut files = tree(root);
        files.retain(|path, _| !names_the_release(path));
        files
    };
    assert_same(&site(&to), &site(&pair.files()));
    // The release is the same in both places, and good in both.
    let release = |root: &Path| fs::read(root.join("release.json")).unwrap();
    assert_eq!(release(&to), release(&packs));
    for root in [&packs, &to] {
        for depth in ["quick", "sampled", "full"] {
            let mut verify = offprint(["verify", "--json", "--depth", depth, text(root)]);
            let report: serde_json::Value = serde_json::from_str(&run(&mut verify, 0)).unwrap();
            assert_eq!(report["warnings"], serde_json::json!([]), "{}", root.display());
        }
    }
    assert!(tree(&packs).len() < 60 + tree(&packs.join("site")).len());

    // Again: nothing to do but to remove what is not of the release and mend what is not right.
    fs::create_dir_all(to.join("records/old")).unwrap();
    fs::write(to.join("records/old/record.json"), "{}").unwrap();
    fs::write(to.join("newest.html"), "spoiled").unwrap();
    let again = run(&mut offprint(["unpack", "--json", text(&packs), text(&to)]), 0);
    let report: serde_json::Value = serde_json::from_str(&again).unwrap();
    let counts = ["written", "copied", "removed"].map(|name| report[name].as_u64().unwrap());
    assert_eq!(counts, [1, 0, 1], "{report}");
    assert!(!to.join("records/old").exists());
    assert_same(&site(&to), &site(&pair.files()));
}

#[test]
fn unpacked_packs_are_the_site_in_files() {
    let scratch = tempfile::tempdir().unwrap();
    check(&[records(scratch.path(), 120)], &["--set", "site.precompress=[\"gzip\"]"]);
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    let names = ["records.jsonl", "legacy.jsonl", "datacite", "records-deleted.csv"];
    check(&names.map(|name| sample.join(name)), &[]);
}

#[test]
fn nobody_loses_files_to_a_mistyped_directory() {
    let scratch = tempfile::tempdir().unwrap();
    let pair = Pair::build(&[records(scratch.path(), 3)], &[]);
    let (packs, other) = (pair.packs(), pair.scratch("photos"));
    fs::create_dir(&other).unwrap();
    fs::write(other.join("cat.jpg"), "cat").unwrap();
    for (from, to) in [(&packs, &other), (&packs, &packs), (&pair.files(), &pair.scratch("new"))] {
        run(&mut offprint(["unpack", text(from), text(to)]), 1);
    }
    assert_eq!(fs::read(other.join("cat.jpg")).unwrap(), b"cat");
    assert!(!pair.scratch("new").exists());
}

#[test]
fn changing_the_form_leaves_nothing_of_the_other() {
    let scratch = tempfile::tempdir().unwrap();
    let pair = Pair::build(&[records(scratch.path(), 15)], &[]);
    for (from, to) in [("files", "packs"), ("packs", "files")] {
        let repo = pair.scratch(from);
        let form = format!("site.form={to}");
        let build = ["-C", text(&repo), "build", "--as-of", "2026-12-01T00:00:00Z", "--set", &form];
        let status = offprint(build).output().unwrap().status;
        assert!(matches!(status.code(), Some(0 | 3)));
        let other = pair.scratch(to).join("public");
        let site = |root: &Path| {
            let mut files = tree(root);
            // Two releases against one.
            files.retain(|path, _| !path.starts_with("dumps/") && !names_the_release(path));
            files.retain(|path, _| !["index.html", "robots.txt"].contains(&path.as_str()));
            files
        };
        assert_same(&site(&repo.join("public")), &site(&other));
        let mut verify = offprint(["verify", "--depth", "full", text(&repo.join("public"))]);
        run(&mut verify, 0);
        // The other one, so that the next round compares equals.
        let form = format!("site.form={from}");
        let back = ["-C", text(&repo), "build", "--as-of", "2026-12-02T00:00:00Z", "--set", &form];
        assert!(matches!(offprint(back).output().unwrap().status.code(), Some(0 | 3)));
    }
}
