//! Servers that lie, break off or never end: the mirror keeps its release, and a good server
//! brings it on.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use offprint::release::fetch::Source;
use offprint::release::pull::PullError;

use crate::harness::{Answer, Repo, assert_good, assert_mirrors, pull, serve_badly, tree};

/// A repository of two releases and a mirror of the first.
fn behind() -> (Repo, std::path::PathBuf) {
    let repo = Repo::new(40, true);
    repo.month(1);
    let mirror = repo.beside("mirror");
    pull(&repo.root().to_string_lossy(), &mirror).unwrap();
    repo.month(2);
    (repo, mirror)
}

fn flipped(path: std::path::PathBuf) -> Vec<u8> {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    bytes
}

#[test]
fn what_is_not_as_listed_never_gets_into_the_mirror() {
    let (repo, mirror) = behind();
    let root = repo.root();
    let standing = fs::read(mirror.join("release.json")).unwrap();
    type Bad = fn(&str) -> bool;
    let deltas: Bad = |path| path.starts_with("dumps/delta/");
    let cases: [(&str, Bad, &str); 6] = [
        ("a tampered manifest", |path| path.ends_with("manifest.json"), "is not accepted"),
        ("tampered packs", |path| path.starts_with("dumps/pool/"), "another hash"),
        ("a tampered ledger", |path| path.ends_with("deleted.csv.gz"), "another hash"),
        ("a tampered page", |path| path == "index.html" || path.is_empty(), "another hash"),
        ("a tampered list", |path| path.starts_with("site/"), "another hash"),
        ("a tampered pointer", |path| path == "release.json", ""),
    ];
    for (name, bad, message) in cases {
        let files = root.clone();
        let url = serve_badly(&root, move |path, _| {
            if bad(path) {
                Answer::Bytes(flipped(files.join(path)))
            } else if deltas(path) {
                // So that packs are wanted.
                Answer::Bytes(Vec::new())
            } else {
                Answer::Honest
            }
        });
        let error = pull(&url, &mirror).unwrap_err();
        assert!(error.to_string().contains(message), "{name}: {error}");
        assert_eq!(fs::read(mirror.join("release.json")).unwrap(), standing, "{name}");
    }
    pull(&root.to_string_lossy(), &mirror).unwrap();
    assert_mirrors(&root, &mirror);
    assert_good(&mirror);
}

#[test]
fn endless_answers_are_cut_off() {
    let (repo, mirror) = behind();
    for part in ["release.json", "manifest.json", "dumps/pool/", "site/", "records/"] {
        let url = serve_badly(&repo.root(), move |path, _| {
            if path.contains(part) {
                Answer::Endless
            } else if path.starts_with("dumps/delta") {
                Answer::Bytes(Vec::new())
            } else {
                Answer::Honest
            }
        });
        assert!(pull(&url, &mirror).is_err(), "{part}");
        let size: usize = tree(&mirror.join(".pull")).values().map(Vec::len).sum();
        assert!(size < 4 << 20, "{part}: {size} bytes are kept");
    }
    let url = serve_badly(&repo.root(), |path, _| match path.starts_with("dumps/delta") {
        true => Answer::Endless,
        false => Answer::Honest,
    });
    let report = pull(&url, &mirror).unwrap();
    assert!(report.warnings[0].contains("deltas is not used"), "{:?}", report.warnings);
    assert_mirrors(&repo.root(), &mirror);
}

#[test]
fn deltas_that_do_not_lead_to_the_release_are_not_used() {
    let (repo, mirror) = behind();
    let files = repo.root();
    let url = serve_badly(&repo.root(), move |path, _| match path.ends_with(".jsonl.zst") {
        true if path.starts_with("dumps/delta") => Answer::Bytes(flipped(files.join(path))),
        _ => Answer::Honest,
    });
    let report = pull(&url, &mirror).unwrap();
    assert_eq!((report.made.files, report.deltas.len()), (0, 0));
    assert!(report.warnings[0].contains("deltas are not used"), "{:?}", report.warnings);
    assert!(report.fetched["packs"].files > 0);
    assert_mirrors(&repo.root(), &mirror);
    assert_good(&mirror);
}

#[test]
fn a_broken_transfer_goes_on_where_it_broke_off() {
    let repo = Repo::new(150, false);
    repo.month(1);
    let asked = std::sync::Arc::new(AtomicUsize::new(0));
    let count = std::sync::Arc::clone(&asked);
    let url = serve_badly(&repo.root(), move |path, from| {
        if !path.starts_with("dumps/pool/") {
            return Answer::Honest;
        }
        count.fetch_add(usize::from(from.is_some()), Ordering::Relaxed);
        // The third part of what is asked for, then no more.
        Answer::Cut(2000)
    });
    let mirror = repo.beside("mirror");
    for _ in 0..200 {
        if pull(&url, &mirror).is_ok() {
            break;
        }
    }
    assert!(asked.load(Ordering::Relaxed) > 5);
    assert_mirrors(&repo.root(), &mirror);
    // The same from a server that begins anew each time.
    let repo = Repo::new(150, false);
    repo.month(1);
    let tries = AtomicUsize::new(0);
    let url = serve_badly(&repo.root(), move |path, from| {
        match path.starts_with("dumps/pool/") && from.is_none() {
            true if tries.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) => Answer::Cut(1000),
            _ => Answer::NoRanges,
        }
    });
    let mirror = repo.beside("mirror");
    pull(&url, &mirror).unwrap();
    assert_mirrors(&repo.root(), &mirror);
    assert_good(&mirror);
}

#[test]
fn a_manifest_that_reaches_out_of_the_mirror_is_refused() {
    for evil in ["../evil", "/tmp/evil", ".pull/state.json", "release.json", "dumps/deltas.json"] {
        let repo = Repo::new(60, false);
        repo.month(1);
        let root = repo.root();
        let pointer = fs::read_to_string(root.join("release.json")).unwrap();
        let named = offprint::release::pointer::ReleasePointer::from_bytes(pointer.as_bytes());
        let named = named.unwrap().manifest;
        let text = fs::read_to_string(root.join(&named.path)).unwrap();
        let (before, after) = text.split_once("dumps/20240101T000000Z/README.md").unwrap();
        let text = format!("{before}{evil}{after}");
        fs::write(root.join(&named.path), &text).unwrap();
        let sha256 = offprint::release::hash::sha256(text.as_bytes());
        let pointer = pointer.replace(&named.sha256, &sha256);
        let pointer = pointer
            .replace(&format!("\"bytes\":{}", named.bytes), &format!("\"bytes\":{}", text.len()));
        fs::write(root.join("release.json"), pointer).unwrap();
        let mirror = repo.beside("mirror");
        let error = pull(&root.to_string_lossy(), &mirror).unwrap_err();
        assert!(matches!(error, PullError::Refused { .. }), "{evil}: {error}");
        assert!(tree(&mirror).is_empty());
    }
}

#[test]
fn a_directory_that_is_no_mirror_is_left_alone() {
    let repo = Repo::new(60, false);
    repo.month(1);
    let before = tree(&repo.root());
    let error = pull(&repo.root().to_string_lossy(), &repo.root()).unwrap_err();
    assert!(matches!(error, PullError::Foreign { .. }), "{error}");
    assert!(tree(&repo.root()) == before);
    let nothing = pull(&repo.beside("nothing").to_string_lossy(), &repo.beside("mirror"));
    assert!(matches!(nothing, Err(PullError::NoRelease(_))));
    let source = Source::open(&repo.root().to_string_lossy());
    assert_eq!(source.traffic().requests, 0);
}
