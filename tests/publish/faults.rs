//! A disk that fails at every kind of step of a publication: what stood stands, the error is
//! told, and a re-run completes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use offprint::release::fetch::Source;
use offprint::release::hash::sha256;
use offprint::release::manifest::Manifest;
use offprint::release::pointer::Latest;

use crate::harness::{Ran, Repo, offprint, read_json, run, strace};
use crate::{assert_published, next_month, publish, small};

/// Calls and how they fail.
const FAULTS: [(&str, &str); 5] = [
    ("write", "ENOSPC"),
    ("fsync,fdatasync,syncfs", "EIO"),
    ("rename,renameat,renameat2", "EIO"),
    ("mkdir,mkdirat", "ENOSPC"),
    ("unlink,unlinkat", "EIO"),
];

/// One file at a time and nothing that waits, so that two runs make nearly the same calls.
const ONE_BY_ONE: [&str; 4] = ["--set", "publish.parallel=1", "--set", "publish.grace=0"];

#[test]
fn a_failing_disk_leaves_the_release_that_stood() {
    let Some(program) = strace() else { return };
    let (scratch, repo) = small(8);
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old");
    let _ = run(&mut publish(&repo, old.to_str().unwrap(), &[])).exits(0);
    next_month(scratch.path(), &repo, 8);
    let traced = Strace { program, repo: &repo, dir: dir.path() };
    let mut failed = 0;
    for (number, (calls, error)) in FAULTS.into_iter().enumerate() {
        let copy = |name: &str| {
            let target = dir.path().join(format!("{number}-{name}"));
            let ran = Command::new("cp").arg("-a").arg(&old).arg(&target).status();
            assert!(ran.unwrap().success());
            target
        };
        let calm = copy("calm");
        let (ran, trace) = traced.publish(&calm, &[format!("trace={calls}")]);
        let _ = ran.exits(0);
        for k in moments(&trace) {
            let target = copy(&k.to_string());
            let inject = format!("inject={calls}:error={error}:when={k}");
            let (ran, trace) = traced.publish(&target, &[format!("trace={calls}"), inject]);
            let at = format!("{calls} {error} {k}: {}", ran.stderr);
            // Which thread of the pool does what is not the same in two runs.
            if !trace.contains("(INJECTED)") {
                assert_eq!(ran.code, Some(0), "{at}");
                std::fs::remove_dir_all(&target).unwrap();
                continue;
            }
            failed += 1;
            assert_eq!(ran.code, Some(1), "{at}");
            // The message may be what cannot be written.
            let mute = trace.lines().any(|l| l.contains("write(2,") && l.contains("(INJECTED)"));
            assert!(mute || ran.stderr.starts_with("error: "), "{at}");
            check_half_done(&target, &at);
            let _ = run(&mut publish(&repo, target.to_str().unwrap(), &ONE_BY_ONE)).exits(0);
            assert_published(&repo, &target);
            std::fs::remove_dir_all(&target).unwrap();
        }
    }
    assert!(failed > 20, "only {failed} faults were noticed");
}

struct Strace<'a> {
    program: PathBuf,
    repo: &'a Repo,
    dir: &'a Path,
}

impl Strace<'_> {
    /// Publishes under strace with these expressions; what it printed, and the trace.
    fn publish(&self, target: &Path, expressions: &[String]) -> (Ran, String) {
        let plain = publish(self.repo, target.to_str().unwrap(), &ONE_BY_ONE);
        let trace = self.dir.join("trace");
        let mut command = Command::new(&self.program);
        command.env_clear().args(["-f", "-qq", "-o"]).arg(&trace);
        for expression in expressions {
            command.arg("-e").arg(expression);
        }
        command.arg(plain.get_program()).args(plain.get_args());
        let ran = run(&mut command);
        (ran, std::fs::read_to_string(trace).unwrap())
    }
}

/// Which calls are to fail: of each thread, as strace counts, the first, one in the middle and
/// the last ones, which are about the pointers and the ledger.
fn moments(trace: &str) -> BTreeSet<usize> {
    let mut threads: BTreeMap<&str, usize> = BTreeMap::new();
    for line in trace.lines().filter(|line| !line.contains("resumed>") && line.contains('(')) {
        *threads.entry(line.split(' ').next().unwrap()).or_default() += 1;
    }
    assert!(!threads.is_empty(), "no such call: {trace}");
    let of = |n: &usize| [1, n / 2, n.saturating_sub(3), n.saturating_sub(1), *n];
    threads.values().flat_map(of).filter(|k| *k > 0).collect()
}

/// What a failed publication left is one release or the other, whole, apart from pages, each of
/// which is old or new.
///
/// `dumps/latest.json` moves just before `release.json`. In between they name different releases,
/// which `verify` tells: then the one that `latest.json` names must be whole too.
fn check_half_done(target: &Path, at: &str) {
    let to = target.to_str().unwrap();
    let release = read_json(&target.join("release.json"))["release"].clone();
    assert!(["20261101T000000Z", "20261201T000000Z"].contains(&release.as_str().unwrap()), "{at}");
    let verified = run(offprint().args(["verify", to, "--depth", "quick", "-q"]));
    let once = ["dumps/", "site/", "search/", "assets/", "release.json"];
    for line in verified.stdout.lines().filter(|line| once.iter().any(|dir| line.starts_with(dir)))
    {
        match line {
            "dumps/latest.json: contradicts the manifest" => check_latest(to, &release, at),
            line if line.starts_with("dumps/index.html: ") => {}
            line => panic!("{line}, after {at}"),
        }
    }
}

fn check_latest(root: &str, release: &serde_json::Value, at: &str) {
    let source = Source::open(root);
    let latest = Latest::read(&source).unwrap();
    assert_eq!(
        (latest.release.as_str(), release),
        ("20261201T000000Z", &"20261101T000000Z".into())
    );
    let manifest = source.read_all(&latest.manifest.path, 1 << 26).unwrap();
    assert_eq!(sha256(&manifest), latest.manifest.sha256, "{at}");
    let manifest = Manifest::from_bytes(&manifest).unwrap();
    assert_eq!(latest, Latest::new(&manifest, latest.manifest.clone()), "{at}");
    for (path, bytes, hash) in
        manifest.objects().filter(|(path, ..)| path.starts_with("dumps/pool"))
    {
        assert_eq!(sha256(&source.read_all(path, bytes).unwrap()), hash, "{path}, after {at}");
    }
}
