//! Pages in a real browser: accessibility, hostile records, the weight of a first view.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::harness::{Repo, offprint, sample_data, tool, tree};
use crate::hostile;
use crate::html::{branded, node_modules, sample};

/// `offprint serve`, stopped at the end.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn start(public: &Path) -> Serving {
        let mut command = offprint();
        command.args(["serve", "--addr", "127.0.0.1:0"]).arg(public).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let mut line = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut line).unwrap();
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

/// Lets the browser do `jobs` on a served site; gives one report for each. Nothing if the
/// browser is not here.
fn browse(public: &Path, jobs: &[Value]) -> Option<Vec<Value>> {
    let (Some(modules), Some(chromium)) = (node_modules(), tool("chromium")) else { return None };
    let serving = Serving::start(public);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/check.mjs");
    let mut command = Command::new("node");
    command.arg(script).arg(&serving.url);
    command.env("OFFPRINT_TEST_NODE_MODULES", modules).env("OFFPRINT_TEST_CHROMIUM", chromium);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("node starts");
    let jobs_text = serde_json::to_vec(jobs).unwrap();
    child.stdin.take().unwrap().write_all(&jobs_text).unwrap();
    let mut text = String::new();
    child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert!(child.wait().unwrap().success(), "{text}");
    let report: Value = serde_json::from_str(&text).expect(&text);
    assert_eq!(report["missed"], json!([]), "the browser check does not see what is wrong");
    let pages = report["pages"].as_array().unwrap().clone();
    assert_eq!(pages.len(), jobs.len());
    for page in &pages {
        assert_ne!(page["title"], "", "{page} has no heading");
    }
    Some(pages)
}

/// What was objected to, by page.
fn problems(pages: &[Value]) -> Vec<String> {
    let found = pages.iter().flat_map(|page| {
        let problems = page["problems"].as_array().unwrap().iter();
        problems.map(move |problem| {
            format!("{} {} {}: {problem}", page["path"], page["width"], page["scheme"])
        })
    });
    found.take(30).collect()
}

/// Addresses of pages of every kind: all records of the sample, and of every other folder the
/// first pages.
fn kinds(public: &Path) -> Vec<String> {
    let mut seen = std::collections::BTreeMap::new();
    let mut paths = Vec::new();
    for (path, page) in tree(public).into_iter().filter(|(path, _)| path.ends_with(".html")) {
        // Pages that only lead on are gone before they can be looked at.
        if String::from_utf8_lossy(&page).contains("http-equiv=\"refresh\"") {
            continue;
        }
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let in_folder = seen.entry(folder.to_owned()).or_insert(0);
        *in_folder += 1;
        if *in_folder <= 2 || matches!(folder, "" | "records") {
            let address = path.trim_end_matches(".html");
            let address = address.strip_suffix("index").unwrap_or(address);
            paths.push(format!("/{address}"));
        }
    }
    paths
}

#[test]
fn every_kind_of_page_is_accessible() {
    let repo = sample();
    let public = repo.public();
    let kinds = kinds(&public);
    assert!(kinds.len() >= 20, "{kinds:?}");
    let jobs: Vec<Value> = kinds
        .iter()
        .flat_map(|path| {
            [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)].map(
                |(scheme, width)| json!({"kind": "axe", "path": path, "width": width, "scheme": scheme}),
            )
        })
        .collect();
    let Some(pages) = browse(&public, &jobs) else { return };
    let nothing: [String; 0] = [];
    assert_eq!(problems(&pages), nothing);
}

#[test]
fn nothing_in_a_record_runs_loads_or_takes_over() {
    assert_eq!(hostile::payloads().len(), 200);
    let scratch = tempfile::tempdir().unwrap();
    let (records, ids) = hostile::records(scratch.path());
    let repo = Repo::new();
    branded(&repo, &[&records]);
    let public = repo.public();
    let lists = kinds(&public).into_iter().filter(|path| !path.starts_with("/records/"));
    let paths = lists.chain(ids.iter().map(|id| format!("/records/{id}")));
    let jobs: Vec<Value> = paths.map(|path| json!({"kind": "hostile", "path": path})).collect();
    // The payloads did arrive.
    let page = fs::read_to_string(public.join(format!("records/{}.html", ids[0]))).unwrap();
    assert!(page.matches("hit=0").count() > 20, "{page}");
    let Some(pages) = browse(&public, &jobs) else { return };
    let nothing: [String; 0] = [];
    assert_eq!(problems(&pages), nothing);
}

#[test]
fn the_script_copies_sorts_and_guesses() {
    let repo = sample();
    let paths = ["/records/1001", "/dumps/", "/record/1001/files"];
    let jobs = paths.map(|path| json!({"kind": "script", "path": path}));
    let Some(pages) = browse(&repo.public(), &jobs) else { return };
    let nothing: [String; 0] = [];
    assert_eq!(problems(&pages), nothing);
}

#[test]
fn a_first_view_is_small() {
    let repo = Repo::new();
    repo.import(&[&sample_data().join("records.jsonl")], 0);
    // Slugs and DOIs that cannot be paths are exceptions.
    assert!(matches!(repo.build(&[]).code, Some(0 | 3)));
    let jobs = [json!({"kind": "weight", "path": "/records/1001"})];
    let Some(pages) = browse(&repo.public(), &jobs) else { return };
    let number = |name: &str| pages[0][name].as_u64().unwrap();
    // Page, style and script; the icon is asked for once per site.
    assert_eq!(number("requests"), 3, "{}", pages[0]);
    assert!(number("bytes") <= 60_000, "{}", pages[0]);
    assert!(number("compressed") <= 20_000, "{}", pages[0]);
}
