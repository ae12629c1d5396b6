//! Real records that nobody here wrote, where a checkout has them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::harness::{
    Repo, assert_same_tree, offprint, python, python_of, reference_data, reference_sources, run,
    tool, tree,
};

fn rejects(repo: &Repo) -> BTreeMap<String, usize> {
    let mut codes = BTreeMap::new();
    for text in tree(&repo.path().join("rejects")).into_values() {
        for line in String::from_utf8(text).unwrap().lines() {
            let reject: Value = serde_json::from_str(line).unwrap();
            *codes.entry(reject["code"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    codes
}

#[test]
fn every_importable_set_becomes_a_release_of_valid_metadata() {
    let Some(data) = reference_data() else { return };
    let scratch = tempfile::tempdir().unwrap();
    let sources = reference_sources(&data, scratch.path());
    let repo = Repo::new();
    let sources: Vec<&Path> = sources.iter().map(|path| path.as_path()).collect();
    let counts = repo.import(&sources, 3);
    let count = |name: &str| counts[name].as_u64().unwrap();
    assert_eq!(count("rejected") as usize, rejects(&repo).values().sum::<usize>());
    assert!(count("new") > 3500, "{counts}");
    let ran = repo.build(&[]);
    let code = ran.code.unwrap();
    let report = ran.json(code);
    let records = &report["records"];
    assert_eq!(code == 3, records["withheld"] != 0, "{report}");
    eprintln!("{counts}\n{:?}\n{records}", rejects(&repo));

    let reversed = Repo::new();
    let mut backwards = sources.clone();
    backwards.reverse();
    reversed.import(&backwards, 3);
    let again = reversed.build(&["--threads", "1"]).json(code);
    assert_eq!(again["manifest_sha256"], report["manifest_sha256"], "order of sources matters");
    assert_same_tree(&repo.public(), &reversed.public());

    let public = repo.public();
    let verified = run(offprint().args(["verify", "--depth", "full", "--json"]).arg(&public));
    assert_eq!(verified.json(0)["problems"], Value::Array(Vec::new()));
    let mirror = scratch.path().join("mirror");
    let mut pull = offprint();
    pull.args(["pull", "--select", "dumps", "--rebuild", "--json"]).arg(&public).arg(&mirror);
    let pulled = run(&mut pull).json(0);
    assert_eq!(pulled["warnings"], Value::Array(Vec::new()));
    let (fetched, rebuilt) = (&pulled["fetched"]["packs"]["files"], &pulled["rebuilt"]["files"]);
    assert_eq!(rebuilt.as_u64(), fetched.as_u64().map(|native| 2 * native), "{pulled}");
    check_xml(&data, &repo, scratch.path(), records["public"].as_u64().unwrap());
    check_json(&public, records["public"].as_u64().unwrap());
    check_exports(&data, &public);
}

/// Exports as files, read by software of others: all of them where that is quick, else every
/// so-manieth.
fn check_exports(data: &Path, public: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exports.py");
    for (check, variable, every) in [
        ("cff", "OFFPRINT_CFF_PYTHON", 5),
        ("datapackage", "OFFPRINT_FRICTIONLESS_PYTHON", 1),
        ("codemeta", "OFFPRINT_EXPORTS_PYTHON", 1),
        ("geojson", "OFFPRINT_EXPORTS_PYTHON", 1),
        ("linkset", "OFFPRINT_EXPORTS_PYTHON", 1),
        ("marcxml", "OFFPRINT_EXPORTS_PYTHON", 1),
        ("schema-org", "OFFPRINT_EXPORTS_PYTHON", 20),
        ("dcat-ap", "OFFPRINT_EXPORTS_PYTHON", 40),
        ("ro-crate", "OFFPRINT_EXPORTS_PYTHON", 150),
    ] {
        let Some(python) = python_of(variable) else { continue };
        let mut command = Command::new(python);
        command.arg(&script).arg(check).arg(public).arg("--schemas").arg(data.join("../schemas"));
        let counted = run(command.args(["--every", &every.to_string()])).exits(0);
        eprintln!("{check}: {}", counted.trim());
        assert_ne!(counted.trim(), "0 valid", "{check}");
    }
}

/// Every DataCite XML of the release against the official XSD, by libxml2.
fn check_xml(data: &Path, repo: &Repo, scratch: &Path, public: u64) {
    let (Some(xmllint), Some(_), Some(_)) = (tool("xmllint"), tool("tar"), tool("zstd")) else {
        return;
    };
    let dir = scratch.join("validate");
    fs::create_dir(&dir).unwrap();
    let pool = repo.public().join("dumps/pool");
    for pack in tree(&pool).into_keys().filter(|name| name.ends_with(".tar.zst")) {
        let mut tar = Command::new("tar");
        let _ = run(tar.arg("--zstd").arg("-xf").arg(pool.join(pack)).arg("-C").arg(&dir)).exits(0);
    }
    let mut files: Vec<PathBuf> =
        fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len() as u64, public);
    let schema = data.join("../schemas/official/datacite-4.7/metadata.xsd");
    for some in files.chunks(500) {
        let mut command = Command::new(&xmllint);
        command.args(["--nonet", "--noout", "--schema"]).arg(&schema).args(some);
        let ran = run(&mut command);
        let invalid: Vec<&str> =
            ran.stderr.lines().filter(|line| !line.ends_with(" validates")).take(20).collect();
        assert!(ran.code == Some(0), "{invalid:#?}");
    }
}

/// Every DataCite JSON of the release against the 4.5 JSON schema, once the terms that are
/// newer than 4.5 are taken out.
fn check_json(public: &Path, records: u64) {
    let Some(python) = python() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/datacite45.py");
    let cat = run(offprint().args(["cat", "--format", "datacite-json"]).arg(public)).exits(0);
    let scratch = tempfile::tempdir().unwrap();
    let lines = scratch.path().join("datacite.jsonl");
    fs::write(&lines, cat).unwrap();
    let counted = run(Command::new(python).arg(script).arg(lines)).exits(0);
    assert_eq!(counted.trim(), format!("{records} valid"));
}

#[test]
fn sets_that_are_not_records_are_rejected_with_a_reason() {
    let Some(data) = reference_data() else { return };
    for name in ["zenodo-legacy-demo/deposit-records.jsonl.gz", "commonmeta/records.jsonl.gz"] {
        let repo = Repo::new();
        let counts = repo.import(&[&data.join(name)], 3);
        assert_eq!(counts["read"], counts["rejected"], "{name}: {counts}");
        assert!(counts["read"].as_u64().unwrap() > 50, "{name}: {counts}");
    }
}
