//! Every printed page: read by HTML checkers that nobody here wrote, every link followed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::{
    Repo, reference_data, reference_sources, run, sample_sources, skip, tool, tree,
};
use crate::hostile;
use crate::inspect::Document;

/// The folder of the npm packages that `.ci/install` puts there, and a Node to run them.
pub(crate) fn node_modules() -> Option<PathBuf> {
    let folder = std::env::var_os("OFFPRINT_TEST_NODE_MODULES").map(PathBuf::from);
    let folder = folder.or_else(|| skip("OFFPRINT_TEST_NODE_MODULES is not set"))?;
    tool("node").map(|_| folder)
}

/// Where the sites of these tests would be served.
const BASE: &str = "https://site.example";

/// Which pages of records the slower checker reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Read {
    Every,
    /// Those whose id ends in 4.
    Some,
}

/// A release of `sources` by an operator who uses every key of the look.
pub(crate) fn branded(repo: &Repo, sources: &[&Path]) {
    let pages = repo.path().join("pages");
    fs::create_dir(&pages).unwrap();
    fs::write(
        pages.join("team.md"),
        "# The team\n\nWe are *few*: see [the records](/records/1001).\n\n\
         | who | what |\n|---|---|\n| A | b |\n\n## More\n\n1. one\n2. two\n",
    )
    .unwrap();
    let logo = include_str!("../../templates/assets/icon.svg");
    fs::write(repo.path().join("logo.svg"), logo).unwrap();
    repo.import(sources, 0);
    let base = format!("repository.base_url={BASE}");
    let set = [
        base.as_str(),
        "repository.name=Example Repository",
        "site.tagline=Data of the north, for everyone.",
        "site.logo=logo.svg",
        "site.accent=#d08a1f",
        "site.footer=Run by [the library](https://library.example).",
        "site.pages_dir=pages",
    ];
    let flags: Vec<&str> = set.iter().flat_map(|set| ["--set", set]).collect();
    // Slugs and DOIs that cannot be paths are exceptions.
    assert!(matches!(repo.build(&flags).code, Some(0 | 3)));
}

/// A release of the sample data.
pub(crate) fn sample() -> Repo {
    let repo = Repo::new();
    let sources = sample_sources();
    branded(&repo, &sources.iter().map(|path| path.as_path()).collect::<Vec<_>>());
    repo
}

/// Links and loads that lead nowhere, as `page: address`.
fn broken(public: &Path) -> Vec<String> {
    let files = tree(public);
    let mut pages = BTreeMap::new();
    for (path, bytes) in files.iter().filter(|(path, _)| path.ends_with(".html")) {
        pages.insert(path.as_str(), Document::parse(std::str::from_utf8(bytes).unwrap()));
    }
    let mut followed = 0;
    let mut broken = Vec::new();
    for (path, page) in &pages {
        for url in page.hrefs.iter().chain(&page.sources) {
            let url = url.strip_prefix(BASE).unwrap_or(url);
            let url = if url.is_empty() { "/" } else { url };
            let (address, fragment) = url.split_once('#').unwrap_or((url, ""));
            let target = match address.strip_prefix('/') {
                None if address.is_empty() => Some(*path),
                None => continue,
                Some(rest) => file(&files, rest.split('?').next().unwrap_or_default()),
            };
            followed += 1;
            let found = target.is_some_and(|target| {
                let page = pages.get(target);
                fragment.is_empty() || page.is_some_and(|page| has_id(page, fragment))
            });
            if !found {
                broken.push(format!("{path}: {url}"));
            }
        }
    }
    assert!(followed > 10 * pages.len(), "only {followed} links in {} pages", pages.len());
    broken
}

fn has_id(page: &Document, id: &str) -> bool {
    page.tags.iter().any(|(_, attrs)| attrs.get("id").is_some_and(|own| own == id))
}

/// The file that a web server gives for a path: as it is, with `.html`, or the index of a
/// folder. The bytes of files are the repository's own business, so any address of one is fine.
fn file<'a>(files: &'a BTreeMap<String, Vec<u8>>, path: &str) -> Option<&'a str> {
    let mut parts = path.splitn(4, '/');
    if parts.next() == Some("records") && parts.nth(1) == Some("files") {
        return files.get_key_value("404.html").map(|(path, _)| path.as_str());
    }
    let folder = path.is_empty() || path.ends_with('/');
    let names = if folder {
        vec![format!("{path}index.html")]
    } else {
        vec![path.to_owned(), format!("{path}.html")]
    };
    names.iter().find_map(|name| files.get_key_value(name)).map(|(path, _)| path.as_str())
}

/// Errors of the Nu Html Checker, which is also the W3C's.
fn nu(modules: &Path, public: &Path) -> BTreeSet<String> {
    if tool("java").is_none() {
        return BTreeSet::new();
    }
    let mut command = Command::new("java");
    command.arg("-jar").arg(modules.join("vnu-jar/build/dist/vnu.jar"));
    command.args(["--errors-only", "--format", "json", "--skip-non-html"]).arg(public);
    let ran = run(&mut command);
    let report: Value = serde_json::from_str(&ran.stderr).expect(&ran.stderr);
    let messages = report["messages"].as_array().expect("messages");
    assert_eq!(ran.code == Some(0), messages.is_empty(), "{}", ran.stderr);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    messages
        .iter()
        .map(|m| format!("{}: {} {}", text(&m["url"]), text(&m["message"]), text(&m["extract"])))
        .collect()
}

/// Errors of html-validate in pages below `public`. It takes 30 ms and more for a page.
fn html_validate(modules: &Path, public: &Path, read: Read) -> BTreeSet<String> {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/htmlvalidate.json");
    // To a file: the program ends before a pipe has taken a long report.
    let scratch = tempfile::tempdir().unwrap();
    let out = scratch.path().join("report.json");
    let mut command = Command::new("node");
    command.arg(modules.join("html-validate/bin/html-validate.mjs"));
    command.arg("--config").arg(config).arg("--formatter").arg(format!("json={}", out.display()));
    let pages = tree(public).into_keys().filter(|path| {
        path.ends_with(".html")
            && (read == Read::Every || !path.starts_with("records/") || path.ends_with("4.html"))
    });
    let ran = run(command.args(pages.map(|path| public.join(path))));
    let text = fs::read_to_string(out).expect(&ran.stderr);
    let report: Value = serde_json::from_str(&text).expect(&text);
    let results = report.as_array().expect("a list").iter();
    let found: BTreeSet<String> = results
        .flat_map(|result| {
            let messages = result["messages"].as_array().expect("messages").iter();
            messages.map(|m| format!("{}: {} {}", result["filePath"], m["ruleId"], m["message"]))
        })
        .collect();
    assert_eq!(ran.code == Some(0), found.is_empty(), "{}{}", ran.stderr, ran.stdout);
    found
}

fn check(public: &Path, read: Read) {
    let first = |found: BTreeSet<String>| found.into_iter().take(20).collect::<Vec<_>>();
    let nothing: [String; 0] = [];
    let Some(modules) = node_modules() else { return };
    assert_eq!(first(nu(&modules, public)), nothing, "Nu Html Checker");
    assert_eq!(first(html_validate(&modules, public, read)), nothing, "html-validate");
}

#[test]
fn html_of_the_sample_site_is_valid_and_every_link_leads_somewhere() {
    let repo = sample();
    let public = repo.public();
    let none: [String; 0] = [];
    assert_eq!(broken(&public), none);
    check(&public, Read::Every);
    // Both see what is wrong with a page.
    let page = fs::read_to_string(public.join("about.html")).unwrap();
    let wrong = page.replace("</h1>", "</h1><p><div id=main></p><a href=\"/nowhere\">x</a>");
    fs::write(public.join("wrong.html"), wrong).unwrap();
    assert_eq!(broken(&public), ["wrong.html: /nowhere"]);
    if let Some(modules) = node_modules() {
        assert!(nu(&modules, &public).len() >= 2);
        assert!(html_validate(&modules, &public, Read::Every).len() >= 2);
    }
}

#[test]
fn html_of_hostile_records_is_valid() {
    let scratch = tempfile::tempdir().unwrap();
    let (records, ids) = hostile::records(scratch.path());
    let repo = Repo::new();
    branded(&repo, &[&records]);
    let printed = fs::read_dir(repo.public().join("records")).unwrap();
    let pages = printed.filter(|entry| {
        let path = entry.as_ref().unwrap().path();
        // Pages of concepts lead on to a record.
        path.extension().is_some_and(|extension| extension == "html")
            && !fs::read_to_string(path).unwrap().contains("http-equiv=\"refresh\"")
    });
    assert_eq!(pages.count(), ids.len());
    check(&repo.public(), Read::Some);
}

#[test]
fn html_of_real_records_is_valid_and_every_link_leads_somewhere() {
    let Some(data) = reference_data() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let sources = reference_sources(&data, scratch.path());
    let repo = Repo::new();
    repo.import(&sources.iter().map(|path| path.as_path()).collect::<Vec<_>>(), 3);
    let base = format!("repository.base_url={BASE}");
    assert!(matches!(repo.build(&["--set", &base]).code, Some(0 | 3)));
    let broken: Vec<String> = broken(&repo.public()).into_iter().take(20).collect();
    let none: [String; 0] = [];
    assert_eq!(broken, none);
    check(&repo.public(), Read::Some);
}
