//! A disk that fails at every step of a publication: what stood stands, the error is told, and
//! a re-run completes.

use std::process::Command;

use crate::harness::{offprint, read_json, run, skip, tool};
use crate::{assert_published, next_month, publish, small};

/// Faults as strace injects them: the k-th of these calls fails.
const FAULTS: [(&str, &str); 6] = [
    ("write", "ENOSPC"),
    ("write", "EIO"),
    ("fsync,fdatasync,syncfs", "EIO"),
    ("rename,renameat,renameat2", "EIO"),
    ("mkdir,mkdirat", "ENOSPC"),
    ("close", "EIO"),
];

#[test]
fn a_failing_disk_leaves_the_release_that_stood() {
    let Some(strace) = tool("strace") else { return };
    let traced = Command::new(&strace).args(["-qq", "-o", "/dev/null", "true"]).status();
    if !traced.is_ok_and(|status| status.success()) {
        skip("ptrace is not allowed");
        return;
    }
    let (scratch, repo) = small(12);
    let dir = tempfile::tempdir().unwrap();
    let old = dir.path().join("old");
    let _ = run(&mut publish(&repo, old.to_str().unwrap(), &[])).exits(0);
    next_month(scratch.path(), &repo, 12);
    let calm = dir.path().join("calm");
    let copy = |to: &std::path::Path| {
        let ran = Command::new("cp").arg("-a").arg(&old).arg(to).status();
        assert!(ran.unwrap().success());
    };
    copy(&calm);
    let one_by_one = ["--set", "publish.parallel=1", "--set", "publish.grace=0"];
    let _ = run(&mut publish(&repo, calm.to_str().unwrap(), &one_by_one)).exits(0);
    let mut failed = 0;
    for (number, (calls, error)) in FAULTS.into_iter().enumerate() {
        // Every k at first, where all is in the beginning; then with growing steps.
        let mut k = 1;
        loop {
            let target = dir.path().join(format!("{number}-{k}"));
            copy(&target);
            let to = target.to_str().unwrap();
            let plain = publish(&repo, to, &one_by_one);
            let mut command = Command::new(&strace);
            command
                .args(["-f", "-qq", "-o"])
                .arg(dir.path().join("trace"))
                .args(["-e", &format!("trace={calls}"), "-e"])
                .arg(format!("inject={calls}:error={error}:when={k}"));
            command.arg(plain.get_program()).args(plain.get_args()).env_clear();
            let ran = run(&mut command);
            // strace counts for each thread: the message may be what cannot be written.
            let trace = std::fs::read_to_string(dir.path().join("trace")).unwrap();
            let (hit, mute) = (trace.contains("(INJECTED)"), trace.contains("write(2,"));
            let release = read_json(&target.join("release.json"))["release"].clone();
            let at = format!("{calls} {error} {k}: {}", ran.stderr);
            if ran.code == Some(0) {
                assert_eq!(release, "20261201T000000Z", "{at}");
            } else {
                failed += 1;
                assert!(ran.code == Some(1), "{at}");
                assert!(mute || ran.stderr.starts_with("error: "), "{at}");
                let verified = run(offprint().args(["verify", to, "--depth", "quick", "-q"]));
                // Either release is whole, apart from pages, each of which is old or new.
                let is_page = |line: &str| {
                    !line.starts_with("dumps/") || line.starts_with("dumps/index.html")
                };
                assert!(verified.stdout.lines().all(is_page), "{at}: {}", verified.stdout);
            }
            let _ = run(&mut publish(&repo, to, &one_by_one)).exits(0);
            assert_published(&repo, &target);
            std::fs::remove_dir_all(&target).unwrap();
            if !hit {
                break;
            }
            k += 1 + k / 4;
        }
    }
    assert!(failed > 20, "only {failed} faults were noticed");
}
