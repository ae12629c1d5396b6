//! Mirrors that print the site of native JSON and of the recipe of a release.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use offprint::release::hash::sha256;
use serde_json::Value;

use crate::command::kill_pulls;
use crate::harness::{assert_good, assert_mirrors, serve};
use crate::program::strace;
use crate::rebuild::reword;

/// A repository as an operator has it, in a directory that goes with it.
struct Operator(tempfile::TempDir);

impl Operator {
    /// With the sample records and a few synthetic ones.
    fn new(toml: &str) -> Operator {
        let operator = Operator(tempfile::tempdir().unwrap());
        let own = [
            ("repo/offprint.toml", toml),
            ("repo/own/landing.html", "{% extends \"builtin/landing.html\" %}\n{# ours #}"),
            ("repo/words/team.md", "# Our team\n\n[All records](/browse/type)"),
            ("repo/mark.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
        ];
        operator.offprint(&["init", "repo"]);
        for (path, text) in own {
            let path = operator.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
        for name in ["records.jsonl", "legacy.jsonl", "datacite"] {
            operator.offprint(&["-C", "repo", "import", &sample.join(name).to_string_lossy()]);
        }
        operator
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn root(&self) -> PathBuf {
        self.path("repo/public")
    }

    /// Runs the program here; what it printed.
    fn offprint(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offprint"));
        let output =
            command.env_clear().current_dir(self.0.path()).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // 3: there are exceptions, as some records have on purpose.
        assert!(matches!(output.status.code(), Some(0 | 3)), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Imports what the month brings and builds.
    fn month(&self, month: u32) {
        let month_of = month.to_string();
        let lines = self.offprint(&["synth", "80", "--month", &month_of]);
        fs::write(self.path("month.jsonl"), lines).unwrap();
        self.offprint(&["-C", "repo", "import", "month.jsonl"]);
        self.build(month);
    }

    fn build(&self, month: u32) {
        let as_of = format!("2026-{month:02}-01T00:00:00Z");
        self.offprint(&["-C", "repo", "build", "--as-of", &as_of]);
    }

    /// Pulls with `--rebuild`.
    fn pull(&self, from: &str, to: &str) -> Value {
        serde_json::from_str(&self.offprint(&["pull", "--rebuild", "--json", from, to])).unwrap()
    }
}

fn number(report: &Value, path: &str) -> u64 {
    report.pointer(path).and_then(Value::as_u64).unwrap_or(0)
}

const BRANDED: &str = "\
    [repository]\nname = \"Records of the North\"\nbase_url = \"https://north.example/all\"\n\
    publisher = \"North\"\n\
    [dump]\npack_ids = 4096\nframe_ids = 64\nlevel = 1\n\
    [site]\ntemplates = \"own\"\npages_dir = \"words\"\nlogo = \"mark.svg\"\naccent = \"#8b1a4f\"\n\
    tagline = \"Data\"\nfooter = \"*We*\"\nlatest = 4\nsubject_min = 1\nbrowse_limit = 30\n";

#[test]
fn nothing_of_the_site_moves() {
    for (form, more) in [
        ("files", "precompress = [\"gzip\"]\n"),
        ("packs", "exports = [\"bibtex\", \"linkset\"]\n"),
    ] {
        let operator = Operator::new(&format!("{BRANDED}form = \"{form}\"\n{more}"));
        operator.month(1);
        let url = serve(&operator.root());
        for month in 1..=2 {
            if month > 1 {
                operator.month(month);
            }
            // One that was there before, one that is new, one that is pulled from a directory.
            for (from, to) in [(url.as_str(), "mirror"), (&url, "late"), ("repo/public", "beside")]
            {
                if (month, to) == (1, "late") {
                    continue;
                }
                let report = operator.pull(from, to);
                assert_eq!(report["warnings"], Value::Array(Vec::new()), "{form} {more}: {report}");
                for kind in ["pages", "lists", "site packs"] {
                    let fetched = number(&report, &format!("/fetched/{kind}/files"));
                    assert_eq!(fetched, 0, "{form} {more} {kind}: {report}");
                }
                assert!(number(&report, "/printed/files") > 3, "{report}");
                assert_mirrors(&operator.root(), &operator.path(to));
                assert_good(&operator.path(to));
            }
        }
        let again = operator.pull(&url, "mirror");
        assert_eq!((&again["unchanged"], &again["requests"]), (&true.into(), &1.into()));
    }
}

#[test]
fn archives_and_unpacked_pages_are_printed_too() {
    let compat = BRANDED.replace("level = 1\n", "level = 1\ncompat = true\n");
    let operator = Operator::new(&format!("{compat}form = \"packs\"\nsearch = false\n"));
    operator.month(1);
    let report = operator.pull("repo/public", "mirror");
    assert_eq!(report["warnings"], Value::Array(Vec::new()));
    let archive = |root: &str| {
        let found = walkdir::WalkDir::new(operator.path(root)).into_iter().map(Result::unwrap);
        let name = "records-xml.tar.gz";
        found.filter(|e| e.file_name() == name).map(|e| e.metadata().unwrap().len()).sum::<u64>()
    };
    assert!(archive("mirror") > 1000 && archive("mirror") == archive("repo/public"));
    // Of the release directory everything else comes, which is small.
    let fetched = number(&report, "/fetched/files/bytes");
    assert!(fetched < archive("mirror"), "{report}");
    assert_mirrors(&operator.root(), &operator.path("mirror"));

    operator.offprint(&["unpack", "repo/public", "flat"]);
    let report = operator.pull("flat", "flat-mirror");
    assert_eq!(report["warnings"], Value::Array(Vec::new()));
    // Only the dictionary of the packs that are no more.
    assert_eq!(number(&report, "/fetched/pages/files"), 1, "{report}");
    assert_good(&operator.path("flat-mirror"));
}

#[test]
fn what_cannot_be_printed_is_fetched_and_said() {
    let operator = Operator::new(&format!("{BRANDED}exports = []\nsearch = false\n"));
    operator.build(1);
    let root = operator.root();
    let recipe = walkdir::WalkDir::new(&root).into_iter().map(Result::unwrap);
    let recipe = recipe.filter(|entry| entry.file_name() == "recipe.tar.zst").count();
    assert_eq!(recipe, 1);
    // Pages alone: there is no native JSON to print them of.
    let arguments = ["pull", "--rebuild", "--json", "--select", "site", "repo/public", "pages"];
    let report: Value = serde_json::from_str(&operator.offprint(&arguments)).unwrap();
    assert!(number(&report, "/printed/files") == 0 && number(&report, "/fetched/pages/files") > 9);

    // An operator who keeps templates to themselves.
    operator.offprint(&[
        "-C",
        "repo",
        "--set",
        "site.recipe=false",
        "build",
        "--as-of",
        "2026-02-01T00:00:00Z",
    ]);
    let report = operator.pull("repo/public", "mirror");
    let warning = report["warnings"][0].as_str().unwrap();
    assert!(warning.contains("the release holds no recipe"), "{report}");
    assert!(number(&report, "/fetched/pages/files") > 9 && number(&report, "/printed/files") == 0);
    assert_mirrors(&root, &operator.path("mirror"));

    // A page that is not what the program makes, as a changed program might have made it.
    operator.offprint(&["-C", "repo", "build", "--as-of", "2026-03-01T00:00:00Z"]);
    let page = root.join("about.html");
    let made = fs::read_to_string(&page).unwrap();
    let other = made.replacen("<h1>About", "<h1>ABOUT", 1);
    assert_ne!(made, other);
    fs::write(&page, &other).unwrap();
    reword(&root, &sha256(made.as_bytes()), &sha256(other.as_bytes()));
    let report = operator.pull("repo/public", "odd");
    let warning = report["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("1 files do not come out"), "{report}");
    assert!(warning.ends_with("about.html"), "{report}");
    assert_eq!(number(&report, "/fetched/pages/files"), 1, "{report}");
    assert_eq!(fs::read_to_string(operator.path("odd/about.html")).unwrap(), other);
    assert_good(&operator.path("odd"));
}

#[test]
fn a_killed_print_leaves_nothing_and_is_done_again() {
    let Some(strace) = strace() else { return };
    let operator = Operator::new(&format!("{BRANDED}exports = []\nsearch = false\n"));
    operator.build(1);
    let mirror = operator.path("mirror");
    kill_pulls(&strace, &operator.root(), &mirror, &["--rebuild"]);
    operator.pull("repo/public", "mirror");
    operator.month(2);
    kill_pulls(&strace, &operator.root(), &mirror, &["--rebuild"]);
}
