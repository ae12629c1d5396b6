//! Killed at any instant, a re-run finishes the job and leaves nothing over.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::harness::{Dice, Repo, assert_same_tree, synth};

const KILLS: usize = 50;
const ROUNDS: usize = 5;

/// Starts the command, kills it after `after`; tells whether it was still running.
fn kill_after(command: &mut Command, after: Duration) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while start.elapsed() < after {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

/// How long the command takes undisturbed.
fn duration(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success());
    start.elapsed()
}

#[test]
fn killed_imports_and_builds_are_finished_by_a_rerun() {
    let scratch = tempfile::tempdir().unwrap();
    let records = synth(scratch.path(), 1200, 1);
    let records = records.to_str().unwrap();

    let calm = Repo::new();
    let import = duration(&mut calm.command(&["import", records]));
    let build_arguments = ["build", "--as-of", "2026-11-01T00:00:00Z"];
    let build = duration(&mut calm.command(&build_arguments));
    let expected = calm.release();

    let mut dice = Dice(20_261_101);
    let part = |whole: Duration, dice: &mut Dice| whole * (dice.roll(1000) as u32) / 1000;
    let mut killed = 0;
    for round in 0..ROUNDS {
        let disturbed = Repo::new();
        for _ in 0..KILLS / ROUNDS / 2 {
            let after = part(import, &mut dice);
            killed += usize::from(kill_after(&mut disturbed.command(&["import", records]), after));
        }
        let _ = disturbed.run(&["import", records]).exits(0);
        for _ in 0..KILLS / ROUNDS / 2 {
            let after = part(build, &mut dice);
            killed += usize::from(kill_after(&mut disturbed.command(&build_arguments), after));
        }
        let _ = disturbed.run(&build_arguments).exits(0);
        assert_eq!(disturbed.release(), expected, "round {round}");
        assert_same_tree(&calm.public(), &disturbed.public());
        assert_same_tree(&calm.path().join("stage"), &disturbed.path().join("stage"));
    }
    assert!(killed >= KILLS / 3, "only {killed} of {KILLS} kills hit a running process");
}
