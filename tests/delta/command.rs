//! `offprint pull` and `offprint cat --since` as programs, also killed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use offprint::release::fetch::Source;
use offprint::release::verify::{Depth, verify};
use serde_json::Value;

use crate::harness::{Repo, assert_good, assert_mirrors, serve};
use crate::program::strace;

fn offprint(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offprint"));
    command.env_clear().args(arguments);
    command
}

/// The calls that change a disk.
const CALLS: &str =
    "write,fsync,fdatasync,syncfs,rename,renameat,renameat2,mkdir,unlink,unlinkat,rmdir,ftruncate";

/// Runs a command under strace with these expressions.
fn traced(strace: &Path, out: &Path, expressions: &[String], command: &Command) -> ExitStatus {
    let mut under = Command::new(strace);
    under.env_clear().args(["-f", "-qq", "-o"]).arg(out).arg("-e").arg(format!("trace={CALLS}"));
    for expression in expressions {
        under.arg("-e").arg(expression);
    }
    under.arg(command.get_program()).args(command.get_args()).stderr(Stdio::null());
    under.status().unwrap()
}

/// Such calls of the first thread, in order: name, and the how manieth of that name it is, which
/// is what strace counts.
fn calls(trace: &Path) -> Vec<(String, usize)> {
    let text = fs::read_to_string(trace).unwrap();
    let first = text.split_inclusive(' ').next().unwrap();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let own = text.lines().filter_map(|line| line.strip_prefix(first)?.split_once('('));
    own.filter(|(name, _)| CALLS.split(',').any(|call| call == name.trim()))
        .map(|(name, _)| {
            let count = seen.entry(name).or_default();
            *count += 1;
            (name.trim().to_owned(), *count)
        })
        .collect()
}

fn copied(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    if from.exists() {
        assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
    }
}

/// Kills pulls of what stands at `root` into copies of `mirror` at calls all along, and again
/// while they go on.
pub(crate) fn kill_pulls(strace: &Path, root: &Path, mirror: &Path, options: &[&str]) {
    let url = serve(root);
    let scratch = tempfile::tempdir().unwrap();
    let (to, trace) = (scratch.path().join("mirror"), scratch.path().join("trace"));
    let name = to.to_string_lossy().into_owned();
    let mut arguments = vec!["pull", "-q", &url, &name];
    arguments.extend(options);
    let pull = offprint(&arguments);
    copied(mirror, &to);
    assert!(traced(strace, &trace, &[], &pull).success());
    let calls = calls(&trace);
    let all = calls.len();
    assert!(all > 20, "{calls:?}");
    let killed = |k: usize| {
        let (call, count) = &calls[k];
        let inject = format!("inject={call}:signal=KILL:when={count}");
        let killed = !traced(strace, &trace, &[inject], &pull).success();
        if to.join("release.json").exists() {
            // Pages are old or new each, and `latest.json` moves just before `release.json`; what
            // that leads to by hash is whole.
            let report = verify(&Source::open(&name), Depth::Full, &());
            let apart = ["dumps/index.html", "dumps/latest.json"];
            let packs = |path: &str| path.starts_with("dumps/") && !apart.contains(&path);
            let bad: Vec<_> = report.problems.iter().filter(|p| packs(&p.path)).collect();
            assert!(bad.is_empty(), "{options:?}, killed at {k}: {bad:?}");
        }
        killed
    };
    // The last calls are about pointers and what is removed.
    for k in [2, all / 3, all * 2 / 3, all - 12, all - 5] {
        copied(mirror, &to);
        assert!(killed(k), "{options:?}: no call {k} of {all}: {:?}", calls[k]);
        killed(k.div_ceil(3));
        assert!(offprint(&arguments).status().unwrap().success());
        assert_mirrors(root, &to);
        assert_good(&to);
    }
}

#[test]
fn a_killed_pull_leaves_a_whole_release_and_is_finished_by_a_rerun() {
    let Some(strace) = strace() else { return };
    for (records, pages, options) in [(15, true, &[][..]), (300, false, &["--rebuild"])] {
        let repo = Repo::new(records, pages);
        repo.month(1);
        let mirror = repo.beside("mirror");
        kill_pulls(&strace, &repo.root(), &mirror, options);
        let to = mirror.to_string_lossy().into_owned();
        let from = repo.root().to_string_lossy().into_owned();
        assert!(offprint(&["pull", "-q", &from, &to]).status().unwrap().success());
        repo.month(2);
        // The mirror was pulled from elsewhere, which a pull does not mind.
        kill_pulls(&strace, &repo.root(), &mirror, options);
    }
}

#[test]
fn cat_since_prints_what_changed() {
    let repo = Repo::new(200, false);
    let first = repo.month(1).release;
    let changes = repo.month(2).changes.unwrap();
    let url = serve(&repo.root());
    let run = |arguments: &[&str]| {
        let output = offprint(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    let (lines, _) = run(&["cat", &url, "--since", &first]);
    let lines: Vec<Value> = lines.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let gone = lines.iter().filter(|line| line.get("deleted").is_some()).count() as u64;
    assert_eq!(gone, changes.withdrawn);
    assert_eq!(lines.len() as u64 - gone, changes.added + changes.edited);

    let (xml, gone) = run(&["cat", &url, "--since", &first, "--format", "datacite-xml"]);
    assert_eq!(gone.lines().count() as u64, changes.withdrawn);
    assert!(xml.matches("<?xml ").count() as u64 >= changes.added);

    let file = repo.beside("deletes.jsonl").to_string_lossy().into_owned();
    let (lines, _) = run(&["cat", &url, "--since", &first, "--deletes", &file]);
    assert_eq!(lines.lines().count() as u64, changes.added + changes.edited);
    let written = std::fs::read_to_string(&file).unwrap();
    assert_eq!(written.lines().count() as u64, changes.withdrawn);

    let failed = offprint(&["cat", &url, "--since", "20200101T000000Z"]).output().unwrap();
    assert_eq!(failed.status.code(), Some(1));
}

#[test]
fn the_report_tells_requests_and_bytes() {
    let repo = Repo::new(60, false);
    repo.month(1);
    let url = serve(&repo.root());
    let mirror = repo.beside("mirror").to_string_lossy().into_owned();
    let report = || -> Value {
        let output = offprint(&["pull", "--json", &url, &mirror]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let first = report();
    assert_eq!(
        (&first["unchanged"], &first["release"]),
        (&false.into(), &"20240101T000000Z".into())
    );
    assert!(first["requests"].as_u64().unwrap() > 5);
    let packs = first["fetched"]["packs"]["bytes"].as_u64().unwrap();
    assert!(packs > 10_000 && first["bytes"].as_u64().unwrap() > packs);
    let second = report();
    assert_eq!((&second["unchanged"], &second["requests"]), (&true.into(), &1.into()));
}
