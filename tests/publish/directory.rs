//! A directory as target.

use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use offprint::release::fetch::Source;
use offprint::release::hash::sha256;
use offprint::release::manifest::Manifest;
use offprint::release::pointer::ReleasePointer;

use crate::harness::{Dice, offprint, read_json, run, strace};
use crate::{assert_published, build, next_month, publish, small, visible};

#[test]
fn a_publication_is_equal_and_the_next_sends_what_changed() {
    let (scratch, repo) = small(300);
    let dir = tempfile::tempdir().unwrap();
    let target = dir.path().join("www");
    let to = target.to_str().unwrap();
    let plan = run(&mut publish(&repo, to, &["--dry-run"])).json(0);
    assert!(!target.exists(), "a dry run makes nothing");
    let first = run(&mut publish(&repo, to, &[])).json(0);
    assert_eq!(plan["sent"], first["sent"]);
    assert_eq!(plan["files"].as_array().unwrap().len(), visible(&target).len());
    assert_published(&repo, &target);
    assert!(!target.join(".stage").exists());
    let _ = run(offprint().args(["verify", to])).exits(0);

    let again = run(&mut publish(&repo, to, &[])).json(0);
    let kinds: Vec<&String> = again["sent"].as_object().unwrap().keys().collect();
    assert_eq!(kinds, ["pointers"], "{again}");
    assert_eq!(again["sequence"], 2);

    // What an operator put beside the site is not touched.
    fs::write(target.join("own.txt"), "x").unwrap();
    next_month(scratch.path(), &repo, 300);
    let plan = run(&mut publish(&repo, to, &["--dry-run"])).json(0);
    let next = run(&mut publish(&repo, to, &[])).json(0);
    assert_eq!(plan["sent"], next["sent"]);
    assert_eq!(plan["removed"], next["removed"]);
    let pages = |report: &serde_json::Value| report["sent"]["pages"]["files"].as_u64().unwrap();
    assert!(pages(&next) < pages(&first) / 2, "{next}");
    fs::remove_file(target.join("own.txt")).unwrap();
    let (from, mut there) = (visible(&repo.public()), visible(&target));
    // Objects that are written once wait for their grace.
    let waits = |path: &str| path.starts_with("assets/") || path.starts_with("search/");
    there.retain(|path, _| from.contains_key(path) || !waits(path));
    assert!(from == there, "pages that are no longer printed are gone at once");
    let _ = run(offprint().args(["verify", to])).exits(0);
}

#[test]
fn objects_that_nothing_needs_go_when_their_grace_ends() {
    let (scratch, repo) = small(60);
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().to_str().unwrap();
    let _ = run(&mut publish(&repo, to, &[])).exits(0);
    let keep_one = ["--set", "dump.keep=1"];
    repo.import(&[&crate::harness::synth(scratch.path(), 60, 2)], 0);
    let mut arguments = vec!["build", "--as-of", "2026-12-01T00:00:00Z"];
    arguments.extend(keep_one);
    let ran = repo.run(&arguments);
    assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.stderr);
    assert!(!repo.public().join("dumps/20261101T000000Z").exists(), "retention");
    let _ = run(offprint().args(["verify", repo.public().to_str().unwrap()])).exits(0);

    let old = dir.path().join("dumps/20261101T000000Z/manifest.json");
    let kept = run(&mut publish(&repo, to, &[])).json(0);
    assert!(kept["waiting"].as_u64().unwrap() > 5 && old.exists(), "{kept}");
    let kept = run(&mut publish(&repo, to, &[])).json(0);
    assert!(kept["waiting"].as_u64().unwrap() > 5 && old.exists(), "{kept}");
    let gone = run(&mut publish(&repo, to, &["--set", "publish.grace=0"])).json(0);
    assert_eq!(gone["waiting"], 0);
    assert_published(&repo, dir.path());
}

#[test]
fn killed_publications_are_finished_by_a_rerun() {
    let (scratch, repo) = small(200);
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().to_str().unwrap();
    let Some(strace) = strace() else { return };
    let mut dice = Dice(5);
    let mut killed = 0;
    for round in 0..3 {
        for _ in 0..17 {
            // The k-th such call of a thread is its last; early ones more often, as a thread has
            // few when little is left to do.
            let most = 1 + dice.roll(150);
            let k = 1 + dice.roll(most);
            let plain = publish(&repo, to, &[]);
            let calls = "write,fsync,fdatasync,syncfs,rename,renameat,renameat2,mkdir,unlink";
            let ended = Command::new(&strace)
                .env_clear()
                .args(["-f", "-qq", "-o", "/dev/null", "-e"])
                .arg(format!("trace={calls}"))
                .arg("-e")
                .arg(format!("inject={calls}:signal=KILL:when={k}"))
                .arg(plain.get_program())
                .args(plain.get_args())
                .output()
                .unwrap();
            killed += usize::from(!ended.status.success());
            // What stands is whole: the one before, this one, or none yet.
            if dir.path().join("release.json").exists() {
                check_objects(dir.path(), &mut dice);
            }
        }
        match round {
            // Go on to the next release without having finished this one.
            0 => next_month(scratch.path(), &repo, 200),
            1 => {
                let _ = repo.run(&["import", "--json", synth(&scratch, 200, 2).as_str()]);
                build(&repo, 12);
                let _ = run(&mut publish(&repo, to, &["--set", "publish.grace=0"])).exits(0);
                assert_published(&repo, dir.path());
            }
            _ => {}
        }
    }
    let _ = run(&mut publish(&repo, to, &["--set", "publish.grace=0"])).exits(0);
    assert_published(&repo, dir.path());
    assert!(!dir.path().join(".stage").exists());
    let ledger = read_json(&dir.path().join(".offprint/publish.json"));
    assert_eq!(
        (ledger["held"].as_bool(), ledger["begun"].as_array().map(Vec::len)),
        (Some(false), Some(0))
    );
    assert!(killed >= 25, "only {killed} of 51 kills hit a running process");
}

fn synth(scratch: &tempfile::TempDir, records: u32, month: u32) -> String {
    crate::harness::synth(scratch.path(), records, month).to_str().unwrap().to_owned()
}

/// Follows the pointer to the manifest and to some objects: all as they are listed.
fn check_objects(root: &std::path::Path, dice: &mut Dice) -> String {
    let source = Source::open(root.to_str().unwrap());
    let pointer = ReleasePointer::read(&source).unwrap().unwrap();
    let manifest = source.read_all(&pointer.manifest.path, 1 << 26).unwrap();
    assert_eq!(sha256(&manifest), pointer.manifest.sha256, "a mixed set");
    let manifest = Manifest::from_bytes(&manifest).unwrap();
    let packs: Vec<_> = manifest.dumps.values().flat_map(|dump| &dump.packs).collect();
    for _ in 0..50 {
        let pack = packs[dice.roll(packs.len() as u64) as usize];
        let bytes = source.read_all(&pack.path, pack.bytes).unwrap();
        assert_eq!(sha256(&bytes), pack.sha256, "a mixed set");
    }
    pointer.release
}

#[test]
fn readers_see_one_release_or_the_other() {
    let (scratch, repo) = small(120);
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().to_str().unwrap();
    let _ = run(&mut publish(&repo, to, &[])).exits(0);
    let over = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..8)
            .map(|seed| {
                let (over, root) = (&over, dir.path());
                scope.spawn(move || {
                    let mut dice = Dice(seed);
                    let mut seen = std::collections::BTreeSet::new();
                    while !over.load(Ordering::Relaxed) {
                        seen.insert(check_objects(root, &mut dice));
                        std::thread::sleep(Duration::from_millis(1));
                    }
                    seen
                })
            })
            .collect();
        for round in 0..50 {
            if round % 10 == 1 {
                let month = 2 + round / 10;
                repo.import(&[synth(&scratch, 120, month).as_ref()], 0);
                build(&repo, 10 + month);
            }
            let _ = run(&mut publish(&repo, to, &["--again"])).exits(0);
        }
        over.store(true, Ordering::Relaxed);
        readers.into_iter().flat_map(|reader| reader.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(seen.iter().any(|release| release == "20261101T000000Z"), "{seen:?}");
    assert!(seen.iter().any(|release| release == "20261201T000000Z"), "{seen:?}");
}

#[test]
fn what_cannot_be_published_is_told() {
    let (scratch, repo) = small(30);
    let inside = repo.public().join("www");
    let ran = run(&mut publish(&repo, inside.to_str().unwrap(), &[]));
    assert!(ran.code == Some(1) && ran.stderr.contains("inside one another"), "{}", ran.stderr);
    fs::remove_dir_all(&inside).unwrap();
    let ran = run(&mut publish(&repo, "ftp://host/x", &[]));
    assert!(ran.code == Some(2) && ran.stderr.contains("is not a target"), "{}", ran.stderr);

    // A release that another repository made.
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().to_str().unwrap();
    let _ = run(&mut publish(&repo, to, &[])).exits(0);
    let (_other_scratch, other) = small(31);
    let ran = run(&mut publish(&other, to, &[]));
    assert!(ran.code == Some(1) && ran.stderr.contains("does not list"), "{}", ran.stderr);

    // A page that somebody edited is not published.
    next_month(scratch.path(), &repo, 30);
    let page = repo.public().join("index.html");
    let was = fs::read(&page).unwrap();
    fs::write(&page, "edited").unwrap();
    let ran = run(&mut publish(&repo, to, &["--again"]));
    assert!(ran.code == Some(1) && ran.stderr.contains("index.html"), "{}", ran.stderr);
    assert_eq!(read_json(&dir.path().join("release.json"))["release"], "20261101T000000Z");
    fs::write(&page, was).unwrap();
    let _ = run(&mut publish(&repo, to, &["--set", "publish.grace=0"])).exits(0);
    assert_published(&repo, dir.path());
}

#[test]
fn a_copy_repairs_another() {
    let (_scratch, repo) = small(120);
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().to_str().unwrap();
    let _ = run(&mut publish(&repo, to, &[])).exits(0);
    let mut dice = Dice(9);
    let mut files: Vec<String> = visible(dir.path()).into_keys().collect();
    dice.shuffle(&mut files);
    let bad = files.len() / 20;
    for (number, path) in files.iter().take(bad).enumerate() {
        let path = dir.path().join(path);
        let mut bytes = fs::read(&path).unwrap();
        match number % 3 {
            0 => fs::remove_file(&path).unwrap(),
            1 => fs::write(&path, b"").unwrap(),
            _ => {
                let at = bytes.len() / 2;
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1;
                }
                fs::write(&path, bytes).unwrap();
            }
        }
    }
    // Of the search index a file of every kind.
    let mut seen = std::collections::BTreeSet::new();
    for path in visible(dir.path()).into_keys().filter(|path| path.starts_with("search/")) {
        let depth = path.matches('/').count();
        if seen.insert((depth, path.rsplit('/').next().map(|name| name[..4].to_owned()))) {
            fs::write(dir.path().join(path), "x").unwrap();
        }
    }
    assert!(seen.len() > 4, "{seen:?}");
    for path in ["release.json", "dumps/releases.json", "dumps/20261101T000000Z/manifest.json"] {
        fs::write(dir.path().join(path), "{}").unwrap();
    }
    let _ = run(offprint().args(["verify", to, "--quiet"])).exits(1);
    // A bad copy never replaces a good one, and a bad file is not repaired from a bad copy.
    let from = repo.public();
    let ran = run(offprint().args(["verify", to, "--repair", from.to_str().unwrap()]));
    let told = ran.stderr.clone();
    let _ = ran.exits(0);
    assert!(told.contains("is good") && told.contains(" as a sample, 0 problems"), "{told}");
    assert_published(&repo, dir.path());

    let page = "index.html";
    for root in [dir.path(), from.as_path()] {
        fs::write(root.join(page), "spoilt").unwrap();
    }
    let ran = run(offprint().args(["verify", to, "--repair", from.to_str().unwrap()]));
    assert!(ran.stderr.contains("not repaired: index.html"), "{}", ran.stderr);
    let _ = ran.exits(1);
}
