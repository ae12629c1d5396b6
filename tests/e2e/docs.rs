//! The commands that the documents tell people to type.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use crate::harness::{offprint, run, sample_data};

/// The shell lines of a document that begin with `offprint`, comments cut off.
fn commands(document: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(document)).unwrap();
    let mut inside = false;
    let mut found = Vec::new();
    for line in text.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside && line.starts_with("offprint ") => {
                let command = line.split("  #").next().unwrap().trim();
                found.push(command.to_owned());
            }
            _ => {}
        }
    }
    assert!(found.len() >= 3, "{document} has only {} commands", found.len());
    found
}

fn gzip(path: &Path, bytes: &[u8]) {
    let file = fs::File::create(path).unwrap();
    let mut out = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap();
}

/// Inputs under the names that the documents use; the record they ask for is among them.
fn inputs(dir: &Path) {
    let records = fs::read_to_string(sample_data().join("records.jsonl")).unwrap();
    let first = records.lines().next().unwrap();
    let mut known: serde_json::Value = serde_json::from_str(first).unwrap();
    known["id"] = "123456".into();
    known["parent"]["id"] = "123455".into();
    // Another record with the same DOI would be an exception.
    known["pids"]["doi"]["identifier"] = "10.12345/sample.123456".into();
    known["parent"]["pids"]["doi"]["identifier"] = "10.12345/sample.123455".into();
    gzip(&dir.join("records.jsonl.gz"), records.as_bytes());
    let json = known.to_string();
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(json.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "123456.json", json.as_bytes()).unwrap();
    let tar = tar.into_inner().unwrap();
    gzip(&dir.join("dump.tar.gz"), &tar);
    gzip(&dir.join("records-json.tar.gz"), &tar);
    let ledger = fs::read(sample_data().join("records-deleted.csv")).unwrap();
    gzip(&dir.join("records-deleted.csv.gz"), &ledger);
}

fn check(document: &str) {
    let dir = tempfile::tempdir().unwrap();
    inputs(dir.path());
    let binary = Path::new(env!("CARGO_BIN_EXE_offprint")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", binary.display());
    if !commands(document).iter().any(|command| command.starts_with("offprint init")) {
        let _ = run(offprint().arg("init").arg(dir.path().join("repo"))).exits(0);
    }
    for command in commands(document) {
        // A server does not end, and a large corpus only takes longer.
        if command.starts_with("offprint serve") {
            continue;
        }
        // Hosts that are not there stand for directories that are.
        let command = command
            .replace("synth 100000", "synth 100")
            .replace("s3://bucket/prefix", "target")
            .replace("https://repository.example", "repo/public");
        let mut shell = Command::new("sh");
        shell.env_clear().env("PATH", &path).current_dir(dir.path()).args(["-euc", &command]);
        let ran = run(&mut shell);
        assert_eq!(ran.code, Some(0), "{document}: {command}\n{}\n{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn readme_commands_work_as_written() {
    check("README.md");
}

#[test]
fn operations_commands_work_as_written() {
    check("docs/operations.md");
}
