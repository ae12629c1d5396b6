//! A repository in a temporary directory, and commands run in a cleared environment.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The time that tests build for.
pub(crate) const AS_OF: &str = "2026-11-01T00:00:00Z";

/// What a command printed and how it ended.
#[must_use = "assert on it"]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Asserts the exit code and gives standard output.
    pub(crate) fn exits(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.stdout
    }

    /// Asserts the exit code and parses standard output as one JSON object.
    pub(crate) fn json(self, code: i32) -> Value {
        let text = self.exits(code);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

/// The program with nothing of the caller's environment.
pub(crate) fn offprint() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offprint"));
    command.env_clear().env("TZ", "Pacific/Kiritimati").env("LANG", "tr_TR.UTF-8");
    command
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    Ran {
        code: status.code(),
        stdout: String::from_utf8(stdout).expect("UTF-8 on stdout"),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// A repository directory, removed at the end.
pub(crate) struct Repo {
    dir: tempfile::TempDir,
}

impl Repo {
    pub(crate) fn new() -> Repo {
        let repo = Repo { dir: tempfile::tempdir().expect("a temporary directory") };
        let _ = run(offprint().arg("init").arg(repo.path())).exits(0);
        repo
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn public(&self) -> PathBuf {
        self.path().join("public")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = offprint();
        command.arg("-C").arg(self.path()).args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments))
    }

    /// Imports, asserts that the counts balance, and gives them.
    pub(crate) fn import(&self, sources: &[&Path], code: i32) -> Value {
        let mut command = self.command(&["import", "--json"]);
        let counts = run(command.args(sources)).json(code);
        let count = |name: &str| counts[name].as_u64().expect("a count");
        let fates = ["new", "changed", "unchanged", "superseded", "rejected"];
        assert_eq!(count("read"), fates.into_iter().map(count).sum::<u64>(), "{counts}");
        counts
    }

    pub(crate) fn build(&self, extra: &[&str]) -> Ran {
        self.run(&[&["build", "--as-of", AS_OF, "--json"], extra].concat())
    }

    pub(crate) fn release(&self) -> Value {
        read_json(&self.public().join("release.json"))
    }

    pub(crate) fn manifest(&self) -> Value {
        let release = self.release();
        let name = release["release"].as_str().expect("a release id");
        read_json(&self.public().join("dumps").join(name).join("manifest.json"))
    }
}

pub(crate) fn read_json(path: &Path) -> Value {
    let text = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every file below `root`: relative path to content.
pub(crate) fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, dir: &Path, into: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, into);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                into.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    let mut files = BTreeMap::new();
    if root.is_dir() {
        walk(root, root, &mut files);
    }
    files
}

/// Asserts that two trees are equal, and names the first difference rather than printing all.
pub(crate) fn assert_same_tree(left: &Path, right: &Path) {
    let (left, right) = (tree(left), tree(right));
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&left), names(&right));
    for (name, bytes) in &left {
        assert!(bytes == &right[name], "{name} differs");
    }
}

/// Synthetic records as a file.
pub(crate) fn synth(into: &Path, records: u32, month: u32) -> PathBuf {
    let path = into.join(format!("synth-{records}-{month}.jsonl"));
    let mut file = fs::File::create(&path).unwrap();
    let mut command = offprint();
    command.args(["synth", &records.to_string(), "--month", &month.to_string()]);
    let output = command.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success());
    file.write_all(&output.stdout).unwrap();
    path
}

/// The project's own sample data.
pub(crate) fn sample_data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data")
}

/// The sources of the README's first command.
pub(crate) fn sample_sources() -> Vec<PathBuf> {
    ["records.jsonl", "legacy.jsonl", "datacite", "records-deleted.csv"]
        .iter()
        .map(|name| sample_data().join(name))
        .collect()
}

/// A third-party program, or a line on why the test is skipped. Under
/// `OFFPRINT_REQUIRE_TOOLS` a skip is a failure.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let found = std::env::var_os("PATH").and_then(|path| {
        let sbin = [PathBuf::from("/usr/sbin")];
        std::env::split_paths(&path)
            .chain(sbin)
            .map(|dir| dir.join(name))
            .find(|candidate| candidate.is_file())
    });
    found.or_else(|| skip(&format!("{name} is not installed")))
}

/// The program that traces calls, where that is allowed.
#[allow(dead_code, reason = "not every binary of tests that has this file traces")]
pub(crate) fn strace() -> Option<PathBuf> {
    let strace = tool("strace")?;
    let traced = Command::new(&strace).args(["-qq", "-o", "/dev/null", "true"]).status();
    match traced.is_ok_and(|status| status.success()) {
        true => Some(strace),
        false => skip("ptrace is not allowed"),
    }
}

/// A Python with the checkers that `.ci/install` puts there.
pub(crate) fn python() -> Option<PathBuf> {
    python_of("OFFPRINT_TEST_PYTHON")
}

/// A Python with the readers of exports.
pub(crate) fn exports_python() -> Option<PathBuf> {
    python_of("OFFPRINT_EXPORTS_PYTHON")
}

/// The Python that an environment variable names.
pub(crate) fn python_of(variable: &str) -> Option<PathBuf> {
    let python = std::env::var_os(variable).map(PathBuf::from);
    python.or_else(|| skip(&format!("{variable} is not set")))
}

/// Real records outside the project. Their absence is never a failure.
pub(crate) fn reference_data() -> Option<PathBuf> {
    let dir = std::env::var_os("OFFPRINT_REFERENCE_DATA").map(PathBuf::from);
    if dir.is_none() {
        eprintln!("skipped: OFFPRINT_REFERENCE_DATA is not set");
    }
    dir
}

/// The importable sets (docs/crosswalks.md) as files that `import` reads.
pub(crate) fn reference_sources(data: &Path, scratch: &Path) -> Vec<PathBuf> {
    let mut sources = vec![
        data.join("zenodo-legacy-api/records.jsonl.gz"),
        data.join("zenodo-community-snapshots/ipbes-2023-11-15.jsonl.gz"),
        data.join("zenodo-community-snapshots/ipbes-2024-07-01.jsonl.gz"),
        data.join("zenodo-community-snapshots/ipbes-2026-01-07.jsonl.gz"),
        data.join("inveniordm"),
        data.join("datacite-json/prod-plain.jsonl.gz"),
        data.join("datacite-json/prod-rest-api.jsonl.gz"),
    ];
    // The XML set wraps each document in a JSON line; import takes one document per file.
    let mut text = String::new();
    flate2::read::GzDecoder::new(
        fs::File::open(data.join("datacite-xml/records.jsonl.gz")).unwrap(),
    )
    .read_to_string(&mut text)
    .unwrap();
    let dir = scratch.join("xml");
    fs::create_dir(&dir).unwrap();
    for (number, line) in text.lines().enumerate() {
        let wrapped: Value = serde_json::from_str(line).unwrap();
        let path = dir.join(format!("_{number:05}.xml"));
        fs::write(path, wrapped["xml"].as_str().unwrap()).unwrap();
    }
    sources.push(dir);
    sources
}

/// Says why a check cannot be made; under `OFFPRINT_REQUIRE_TOOLS` that is a failure.
pub(crate) fn skip(reason: &str) -> Option<PathBuf> {
    assert!(std::env::var_os("OFFPRINT_REQUIRE_TOOLS").is_none(), "cannot be skipped: {reason}");
    eprintln!("skipped: {reason}");
    None
}

/// A small deterministic generator for shuffles and kill times.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.roll(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }
}
