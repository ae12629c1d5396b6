//! The search page's script: what it is built from, its own tests, and the page in a browser.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails"
)]

#[allow(dead_code, reason = "the tests of the program use the rest")]
#[path = "e2e/harness.rs"]
mod harness;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use harness::{Ran, Repo, offprint, run, skip, synth, tool};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of client's packages that `.ci/install` makes, and a Node to run them.
fn packages(variable: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(variable).map(PathBuf::from);
    let folder = folder.or_else(|| skip(&format!("{variable} is not set")))?;
    tool("node").map(|_| folder)
}

fn node(arguments: &[&str], modules: &Path) -> Ran {
    let mut command = Command::new("node");
    command.current_dir(root()).args(arguments);
    run(command.env("OFFPRINT_CLIENT_NODE_MODULES", modules))
}

#[test]
fn the_built_script_is_what_its_source_says() {
    let Some(modules) = packages("OFFPRINT_CLIENT_NODE_MODULES") else { return };
    node(&["client/build.mjs", "--check"], &modules).exits(0);
    let checker = modules.join("typescript/bin/tsc");
    node(&[checker.to_str().unwrap(), "-p", "client/tsconfig.json"], &modules).exits(0);
}

#[test]
fn the_engine_passes_its_own_tests() {
    let Some(modules) = packages("OFFPRINT_CLIENT_NODE_MODULES") else { return };
    let tests = ["analyse", "engine", "match"].map(|name| format!("client/test/{name}.test.mjs"));
    let mut arguments = vec!["--test", "--test-timeout=60000"];
    arguments.extend(tests.iter().map(String::as_str));
    let ran = node(&arguments, &modules);
    assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn the_script_is_small_and_reads_nothing_as_markup() {
    let mut bytes = 0;
    for name in ["search.js", "search-worker.js"] {
        let text = std::fs::read(root().join("templates/assets").join(name)).unwrap();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(&text).unwrap();
        bytes += packed.finish().unwrap().len();
        let text = String::from_utf8(text).unwrap();
        for never in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!text.contains(never), "{name} uses {never}");
        }
    }
    assert!(bytes <= 20 << 10, "{bytes} bytes");
}

/// A host of a folder, stopped at the end.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    /// Starts a server that says where it is at the end of its first line.
    fn start(command: &mut Command) -> Serving {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the server starts");
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_once(" at ").expect(&line).1.trim().trim_end_matches('/').to_owned();
        Serving { child, url }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What readers do on the page, on a host that does ranges and on one that does not.
#[test]
fn readers_search_filter_sort_and_turn_pages() {
    let (Some(modules), Some(chromium)) =
        (packages("OFFPRINT_TEST_NODE_MODULES"), tool("chromium"))
    else {
        return;
    };
    let repo = Repo::new();
    let scratch = tempfile::tempdir().unwrap();
    repo.import(&[&synth(scratch.path(), 400, 1)], 0);
    assert!(matches!(repo.build(&["--set", "site.exports=[\"native-json\"]"]).code, Some(0 | 3)));
    let public = repo.public();
    let doi = doi(&repo);
    let whole = root().join("tests/browser/whole.mjs");
    let mut ranged = offprint();
    ranged.args(["serve", "--addr", "127.0.0.1:0"]).arg(&public);
    let mut plain = Command::new("node");
    plain.arg(whole).arg(&public);
    for (mut server, transport) in [(ranged, "ranges"), (plain, "whole files")] {
        let serving = Serving::start(&mut server);
        let mut command = Command::new("node");
        command.arg(root().join("tests/browser/search.mjs"));
        command.args([serving.url.as_str(), QUERY, doi.as_str()]);
        command.args(std::env::var_os("OFFPRINT_TEST_SCREENSHOTS"));
        command.env("OFFPRINT_TEST_NODE_MODULES", &modules);
        let ran = run(command.env("OFFPRINT_TEST_CHROMIUM", &chromium));
        assert_eq!(ran.code, Some(0), "{}{}", ran.stdout, ran.stderr);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap();
        eprintln!("{transport}: {}", report["costs"]);
        assert_eq!(report["problems"], serde_json::json!([]), "{transport}");
        assert_eq!(report["transport"], transport);
        let first = &report["costs"]["first"];
        assert!(first["rounds"].as_u64().unwrap() <= 3, "{first}");
        assert!(first["requests"].as_u64().unwrap() <= 20, "{first}");
    }
}

/// Words that many of the made-up records have.
const QUERY: &str = "temperature data";

/// The DOI of a public record.
fn doi(repo: &Repo) -> String {
    let ran = run(offprint().arg("cat").arg(repo.public()).args(["--format", "native-json"]));
    let line = ran.stdout.lines().nth(100).unwrap().to_owned();
    let record: Value = serde_json::from_str(&line).unwrap();
    record["pids"]["doi"]["identifier"].as_str().unwrap().to_owned()
}
