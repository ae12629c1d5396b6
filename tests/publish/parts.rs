//! Parts of a release that no manifest lists, and a site that stands in packs.

use std::fs;
use std::path::Path;

use crate::harness::{Repo, offprint, read_json, run, synth, tree};
use crate::{assert_published, build_with, next_month, publish, small, visible};

const PACKS: [&str; 1] = ["site.form=\"packs\""];

#[test]
fn a_site_in_packs_is_published_as_files() {
    let scratch = tempfile::tempdir().unwrap();
    let (packs, files) = (Repo::new(), Repo::new());
    let (target, unpacked) = (scratch.path().join("www"), scratch.path().join("unpacked"));
    let (to, from) = (target.to_str().unwrap(), packs.public());
    let (mirror, changed) = (scratch.path().join("mirror"), scratch.path().join("changed"));
    let mut sent = Vec::new();
    for month in [11_u32, 12] {
        let records = synth(scratch.path(), 60, month - 10);
        packs.import(&[&records], 0);
        files.import(&[&records], 0);
        build_with(&packs, month, &PACKS);
        build_with(&files, month, &[]);
        let dry = run(&mut publish(&packs, to, &["--dry-run"])).json(0);
        let report = run(&mut publish(&packs, to, &["--set", "publish.grace=0"])).json(0);
        assert_eq!(dry["sent"], report["sent"]);
        sent.push(report["sent"]["pages"]["files"].as_u64().unwrap());
        let mut command = offprint();
        let _ = run(command.arg("unpack").arg(&from).arg(&unpacked)).exits(0);
        let (there, right) = (visible(&target), tree(&unpacked));
        let differ = |path: &&String| there.get(*path) != right.get(*path);
        let wrong: Vec<_> = there.keys().chain(right.keys()).filter(differ).collect();
        assert!(wrong.is_empty(), "month {month}: these differ: {wrong:?}");
        assert!(there.keys().all(|path| !path.ends_with(".pages")));
        // Not one page less than a repository of files has, and to the byte.
        for (path, bytes) in tree(&files.public()) {
            if path.starts_with("records/") {
                assert!(there.get(&path) == Some(&bytes), "month {month}: {path}");
            }
        }
        let _ = run(offprint().args(["verify", to])).exits(0);
        // Who mirrors the target gets files too, whatever the mirror had.
        for (place, before) in [(&mirror, to), (&changed, from.to_str().unwrap())] {
            let place = place.to_str().unwrap();
            if month == 11 {
                let _ = run(offprint().args(["pull", before, place])).exits(0);
            } else {
                let _ = run(offprint().args(["pull", to, place])).exits(0);
                let mut mirrored = tree(Path::new(place));
                mirrored.retain(|path, _| !path.starts_with(".pull/"));
                // A mirror has one release; the target keeps what the one before had.
                let kept =
                    |path: &str| ["dumps/", "site/", "search/"].iter().any(|d| path.starts_with(d));
                let differ = |path: &&String| {
                    mirrored.get(*path) != there.get(*path)
                        && (!kept(path) || mirrored.contains_key(*path))
                };
                let wrong: Vec<_> = mirrored.keys().chain(there.keys()).filter(differ).collect();
                assert!(wrong.is_empty(), "{place}: {wrong:?}");
                let _ = run(offprint().args(["verify", place])).exits(0);
            }
        }
    }
    assert!(!from.join("records").exists(), "the web root has packs only");
    assert!(sent[1] < sent[0], "pages that did not change are not sent again: {sent:?}");
    let again = run(&mut publish(&packs, to, &[])).json(0);
    let kinds: Vec<&String> = again["sent"].as_object().unwrap().keys().collect();
    assert_eq!(kinds, ["pointers"], "{again}");
    assert_eq!(again["waiting"], 0, "{again}");
}

#[test]
fn deltas_are_compared_by_hash_and_the_search_index_goes_along() {
    let (scratch, repo) = small(30);
    next_month(scratch.path(), &repo, 30);
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().to_str().unwrap();
    let first = run(&mut publish(&repo, to, &[])).json(0);
    assert_published(&repo, dir.path());
    assert!(first["sent"]["deltas"]["files"].as_u64() > Some(1), "{first}");
    let search = read_json(&dir.path().join("release.json"))["search"]["path"].clone();
    assert!(dir.path().join(search.as_str().unwrap()).exists());
    // Same name, same size, other bytes, as a delta of an abandoned build has them: what the
    // target lists is not what is wanted, or a publication was killed before it listed any.
    let delta = dir.path().join("dumps/delta/20261101T000000Z..20261201T000000Z/delta.json");
    let right = fs::read(&delta).unwrap();
    let mut wrong = right.clone();
    wrong[1] ^= 1;
    for list in [None, Some("{\"deltas\":[],\"format\":1}\n")] {
        fs::write(&delta, &wrong).unwrap();
        let deltas = dir.path().join("dumps/deltas.json");
        match list {
            Some(list) => fs::write(&deltas, list).unwrap(),
            None => fs::remove_file(&deltas).unwrap(),
        }
        let report = run(&mut publish(&repo, to, &[])).json(0);
        assert!(report["sent"]["deltas"]["files"].as_u64() > Some(0), "{report}");
        assert_eq!(fs::read(&delta).unwrap(), right);
    }
    let again = run(&mut publish(&repo, to, &[])).json(0);
    assert!(again["sent"].get("deltas").is_none(), "what is known is not sent: {again}");

    // Without deltas those that there were go, here and there.
    repo.import(&[&synth(scratch.path(), 31, 3)], 0);
    let arguments = ["build", "--as-of", "2027-01-01T00:00:00Z", "--set", "dump.deltas=false"];
    let ran = repo.run(&arguments);
    assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.stderr);
    let _ = run(&mut publish(&repo, to, &["--set", "publish.grace=0"])).exits(0);
    for root in [dir.path(), &repo.public()] {
        let left = tree(root).into_keys().filter(|path| path.starts_with("dumps/delta/")).count();
        assert_eq!(left, 0, "{}", root.display());
    }
    assert_published(&repo, dir.path());
}
