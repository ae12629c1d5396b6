//! A store that is built twice: into files and into packs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The time that tests build for.
pub(crate) const BUILD: [&str; 3] = ["build", "--as-of", "2026-11-01T00:00:00Z"];
pub(crate) const PACKS: [&str; 2] = ["--set", "site.form=packs"];

/// The program with nothing of the caller's environment.
pub(crate) fn offprint<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offprint"));
    command.env_clear().args(arguments);
    command
}

/// Runs a command, asserts how it ends, and gives standard output.
pub(crate) fn run(command: &mut Command, code: i32) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let told = String::from_utf8_lossy(&stderr);
    let stdout = String::from_utf8(stdout).unwrap();
    assert_eq!(status.code(), Some(code), "{command:?}: {told} {stdout}");
    stdout
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Two repositories of the same records.
pub(crate) struct Pair {
    pub(crate) dir: tempfile::TempDir,
}

impl Pair {
    /// Imports `sources` into both and builds one into files, one into packs.
    pub(crate) fn build(sources: &[PathBuf], settings: &[&str]) -> Pair {
        let pair = Pair { dir: tempfile::tempdir().unwrap() };
        for (name, form) in [("files", "site.form=files"), ("packs", "site.form=packs")] {
            let repo = pair.dir.path().join(name);
            run(&mut offprint(["init", text(&repo)]), 0);
            let mut import = offprint(["-C", text(&repo), "import"]);
            run(import.args(sources), 0);
            let mut build = offprint(["-C", text(&repo)]);
            build.args(BUILD).args(["--set", form]).args(settings);
            assert!(matches!(build.output().unwrap().status.code(), Some(0 | 3)));
        }
        pair
    }

    pub(crate) fn files(&self) -> PathBuf {
        self.dir.path().join("files/public")
    }

    pub(crate) fn packs(&self) -> PathBuf {
        self.dir.path().join("packs/public")
    }

    pub(crate) fn scratch(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// Synthetic records, and one of each kind that matters here.
pub(crate) fn records(dir: &Path, count: u32) -> PathBuf {
    let mut lines = run(&mut offprint(["synth", &count.to_string()]), 0);
    let record = |id: &str, title: &str, more: serde_json::Value| {
        let mut record = serde_json::json!({
            "id": id,
            "revision_id": 1,
            "created": "2026-01-01T00:00:00.000000+00:00",
            "updated": "2026-01-01T00:00:00.000000+00:00",
            "parent": {"id": format!("{id}0"), "communities": {"entries": []}},
            "pids": {"doi": {"identifier": format!("10.5281/zenodo.{id}")}},
            "access": {"record": "public", "files": "public"},
            "files": {"enabled": false},
            "metadata": {
                "title": title,
                "publication_date": "2026-01-01",
                "publisher": "A",
                "resource_type": {"id": "dataset"},
                "creators": [{"person_or_org": {"type": "personal", "name": "Roe, J",
                    "family_name": "Roe", "given_name": "J"}}],
            },
        });
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        format!("{record}\n")
    };
    lines.push_str(&record("11", "Plain", serde_json::json!({})));
    lines.push_str(&record(
        "12",
        "Withdrawn",
        serde_json::json!({"deletion_status": {"is_deleted": true, "status": "D"},
            "tombstone": {"is_visible": true, "note": "gone",
                "removal_reason": {"id": "retracted"}, "removal_date": "2026-03-03"}}),
    ));
    lines.push_str(&record("x-4.v1.html", "Odd", serde_json::json!({})));
    lines.push_str(&record("abc-0123456789ab", "Like a hash", serde_json::json!({})));
    let path = dir.join("records.jsonl");
    let long: String = (0..160_000).map(|n| format!("word{} ", n * 7919 % 100_003)).collect();
    let mut large: serde_json::Value =
        serde_json::from_str(&record("13", "Large", serde_json::json!({}))).unwrap();
    large["metadata"]["description"] = long.into();
    lines.push_str(&format!("{large}\n"));
    fs::write(&path, lines).unwrap();
    path
}

/// Every file below `root`: relative path to content.
pub(crate) fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    walkdir::WalkDir::new(root)
        .into_iter()
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| {
            let path = entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            (path, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// Asserts that two trees are equal, and names the first difference rather than printing all.
pub(crate) fn assert_same(left: &BTreeMap<String, Vec<u8>>, right: &BTreeMap<String, Vec<u8>>) {
    let names = |files: &BTreeMap<String, Vec<u8>>, others: &BTreeMap<String, Vec<u8>>| {
        files.keys().filter(|name| !others.contains_key(*name)).take(5).cloned().collect::<Vec<_>>()
    };
    assert_eq!((names(left, right), names(right, left)), (Vec::new(), Vec::new()));
    for (name, bytes) in left {
        assert!(bytes == &right[name], "{name} differs");
    }
}
