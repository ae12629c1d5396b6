//! `offprint pull` and `offprint cat --since` as programs, also killed.

use std::process::{Command, Stdio};
use std::time::Duration;

use offprint::release::fetch::Source;
use offprint::release::verify::{Depth, verify};
use serde_json::Value;

use crate::harness::{Repo, assert_good, assert_mirrors, serve};

fn offprint(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offprint"));
    command.env_clear().args(arguments);
    command
}

#[test]
fn a_killed_pull_leaves_a_whole_release_and_is_finished_by_a_rerun() {
    let repo = Repo::new(50, true);
    repo.month(1);
    let url = serve(&repo.root());
    let mirror = repo.beside("mirror");
    let (to, mut killed) = (mirror.to_string_lossy().into_owned(), 0);
    for month in 2..=3 {
        for step in 1..=8 {
            let mut child =
                offprint(&["pull", "-q", &url, &to]).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(if month == 2 {
                60 * step
            } else {
                12 * step
            }));
            killed += usize::from(child.try_wait().unwrap().is_none());
            let _ = child.kill();
            child.wait().unwrap();
            if mirror.join("release.json").exists() {
                // Pages are old or new each; what the pointer leads to by hash is whole.
                let report = verify(&Source::open(&to), Depth::Full, &());
                let packs = |path: &str| path.starts_with("dumps/") && path != "dumps/index.html";
                let bad: Vec<_> = report.problems.iter().filter(|p| packs(&p.path)).collect();
                assert!(bad.is_empty(), "{bad:?}");
            }
        }
        assert!(offprint(&["pull", "-q", &url, &to]).status().unwrap().success());
        assert_mirrors(&repo.root(), &mirror);
        assert_good(&mirror);
        repo.month(month);
    }
    assert!(killed >= 5, "only {killed} kills hit a running pull");
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
