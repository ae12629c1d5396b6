//! Signatures from the command line, and by the stock program.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::harness::{offprint, run, tool};
use crate::{build, next_month, publish, small};

#[test]
fn stock_minisign_verifies_and_a_rolled_back_copy_is_refused() {
    let (scratch, repo) = small(40);
    let _ = repo.run(&["keygen"]).exits(0);
    let again = repo.run(&["keygen"]);
    assert_eq!(again.code, Some(1), "a key is never replaced: {}", again.stderr);
    let _ = repo.run(&["sign", "--key", "offprint.key", "--json"]).json(0);
    let key = repo.path().join("offprint.pub");
    let key = key.to_str().unwrap();
    let seen = scratch.path().join("seen.json");
    let verify = |root: &str| {
        run(offprint().args(["verify", root, "--key", key, "--seen"]).arg(&seen).arg("-q"))
    };
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (old, new) = (one.path().to_str().unwrap(), two.path().to_str().unwrap());
    for target in [old, new] {
        let _ = run(&mut publish(&repo, target, &[])).exits(0);
    }
    let _ = verify(old).exits(0);
    let mirror = scratch.path().join("mirror");
    let pull = |from: &str| {
        let what = ["pull", "--rebuild", "--select", "dumps", "--json", "--key", key, from];
        run(offprint().args(what).arg(&mirror))
    };
    let first = pull(old).json(0);
    assert_eq!(
        (&first["rebuilt"]["files"], &first["warnings"]),
        (&2.into(), &json!([])),
        "{first}"
    );

    // With the key configured a build signs by itself.
    let path = repo.path().join("offprint.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("# key = \"offprint.key\"", "key = \"offprint.key\"")).unwrap();
    next_month(scratch.path(), &repo, 40);
    let _ = run(&mut publish(&repo, new, &[])).exits(0);
    let _ = verify(new).exits(0);
    let refused = verify(old);
    assert!(refused.stderr.contains("rolled back or truncated"), "{}", refused.stderr);
    assert_eq!(refused.code, Some(1));
    let next = pull(new).json(0);
    let counts =
        [&next["rebuilt"]["files"], &next["made"]["files"], &next["fetched"]["packs"]["files"]];
    assert_eq!(
        (counts, &next["warnings"]),
        ([&2.into(), &1.into(), &0.into()], &json!([])),
        "{next}"
    );
    let refused = pull(old);
    assert!(refused.stderr.contains("rolled back"), "{}", refused.stderr);
    let _ = run(offprint().args(["verify", "-q"]).arg(&mirror)).exits(0);
    let log = fs::read(two.path().join("dumps/log.ndjson")).unwrap();
    assert_eq!(log.iter().filter(|byte| **byte == b'\n').count(), 2);
    build(&repo, 12);
    assert_eq!(fs::read(repo.public().join("dumps/log.ndjson")).unwrap(), log);

    if let Some(minisign) = tool("minisign") {
        for file in ["dumps/log.ndjson", "dumps/20261201T000000Z/manifest.json"] {
            let path = two.path().join(file);
            let _ = run(Command::new(&minisign).args(["-V", "-p", key, "-m"]).arg(&path)).exits(0);
            fs::write(scratch.path().join("spoilt"), "x").unwrap();
            let ran = run(Command::new(&minisign)
                .args(["-V", "-p", key, "-m"])
                .arg(scratch.path().join("spoilt"))
                .arg("-x")
                .arg(format!("{}.minisig", path.display())));
            assert_ne!(ran.code, Some(0));
        }
    }
}
