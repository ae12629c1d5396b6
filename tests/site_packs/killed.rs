//! Killed at any instant, a build and an unpacking are finished by a re-run.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::repo::{BUILD, PACKS, Pair, assert_same, offprint, records, run, text, tree};

/// Starts the command, kills it after `after`; tells whether it was still running.
fn kill_after(command: &mut Command, after: Duration) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(after);
    let running = child.try_wait().unwrap().is_none();
    let _ = child.kill();
    child.wait().unwrap();
    running
}

#[test]
fn killed_builds_and_unpackings_are_finished_by_a_rerun() {
    let scratch = tempfile::tempdir().unwrap();
    let source = records(scratch.path(), 150);
    let pair = Pair::build(std::slice::from_ref(&source), &[]);
    let to = pair.scratch("calm");
    let start = Instant::now();
    run(&mut offprint(["unpack", text(&pair.packs()), text(&to)]), 0);
    let unpacking = start.elapsed();

    let repo = pair.scratch("disturbed");
    run(&mut offprint(["init", text(&repo)]), 0);
    run(&mut offprint(["-C", text(&repo), "import", text(&source)]), 0);
    let build = || {
        let mut build = offprint(["-C", text(&repo)]);
        build.args(BUILD).args(PACKS);
        build
    };
    let start = Instant::now();
    assert!(matches!(build().output().unwrap().status.code(), Some(0 | 3)));
    let building = start.elapsed();
    let mut killed = 0;
    for part in [1, 3, 4] {
        for name in ["public", "build.db", "catalogue.db"] {
            let path = repo.join(name);
            let _ = if path.is_dir() {
                std::fs::remove_dir_all(path)
            } else {
                std::fs::remove_file(path)
            };
        }
        for name in ["build.db-wal", "build.db-shm"] {
            let _ = std::fs::remove_file(repo.join(name));
        }
        killed += usize::from(kill_after(&mut build(), building * part / 5));
        assert!(matches!(build().output().unwrap().status.code(), Some(0 | 3)));
        assert_same(&tree(&repo.join("public")), &tree(&pair.packs()));
    }
    let disturbed = pair.scratch("disturbed-files");
    for part in [1, 2, 3, 4] {
        let mut unpack = offprint(["unpack", text(&pair.packs()), text(&disturbed)]);
        killed += usize::from(kill_after(&mut unpack, unpacking * part / 6));
    }
    run(&mut offprint(["unpack", text(&pair.packs()), text(&disturbed)]), 0);
    assert_same(&tree(&disturbed), &tree(&to));
    assert!(killed >= 3, "only {killed} of 7 kills hit a running process");
}
