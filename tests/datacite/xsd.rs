//! The official XSD of schema 4.7 and the outputs of hostile records.
//!
//! Needs `xmllint` and the schemas beside the reference data; says so and passes without.

use std::path::PathBuf;
use std::process::Command;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::corpus::{any_record, every_term, many_creators, with, written};
use crate::golden::inputs;

/// Generated records per run.
const GENERATED: usize = 400;

fn schemas() -> Option<PathBuf> {
    let Some(data) = std::env::var_os("OFFPRINT_REFERENCE_DATA") else {
        println!("skipped: OFFPRINT_REFERENCE_DATA is not set");
        return None;
    };
    if Command::new("xmllint").arg("--version").output().is_err() {
        println!("skipped: xmllint is not installed");
        return None;
    }
    Some(PathBuf::from(data).join("../schemas/official"))
}

fn validate(schema: &PathBuf, documents: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    let mut xmllint = Command::new("xmllint");
    xmllint.args(["--noout", "--nonet", "--schema"]).arg(schema);
    for (number, document) in documents.iter().enumerate() {
        let path = folder.path().join(format!("{number}.xml"));
        std::fs::write(&path, document).unwrap();
        xmllint.arg(path);
    }
    let output = xmllint.output().unwrap();
    let messages = String::from_utf8_lossy(&output.stderr);
    let complaints: Vec<&str> =
        messages.lines().filter(|line| !line.ends_with(" validates")).collect();
    assert!(output.status.success() && complaints.is_empty(), "{}", complaints.join("\n"));
    assert_eq!(
        messages.lines().filter(|line| line.ends_with(" validates")).count(),
        documents.len()
    );
}

#[test]
fn every_document_is_valid() {
    let Some(schemas) = schemas() else { return };
    let mut records: Vec<String> =
        inputs().iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    records.extend([every_term(), many_creators(3000)]);
    let mut runner = TestRunner::deterministic();
    let generated = any_record();
    records.extend((0..GENERATED).map(|_| generated.new_tree(&mut runner).unwrap().current()));
    let documents: Vec<String> = records.iter().map(|record| written(record).xml).collect();
    validate(&schemas.join("datacite-4.7/metadata.xsd"), &documents);
}

#[test]
fn real_native_records_are_valid() {
    let Some(schemas) = schemas() else { return };
    let folder = schemas.join("../../data/inveniordm");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let documents: Vec<String> =
        paths.iter().map(|path| written(&std::fs::read_to_string(path).unwrap()).xml).collect();
    assert!(documents.len() >= 20);
    validate(&schemas.join("datacite-4.7/metadata.xsd"), &documents);
}

#[test]
fn the_wrapper_is_valid() {
    let Some(schemas) = schemas() else { return };
    let mut wrapped = Vec::new();
    with(r#"{"id":"1","created":"2020-01-01"}"#, |datacite| {
        datacite.unwrap().write_oai_datacite("CERN.ZENODO", &mut wrapped);
    });
    validate(&schemas.join("datacite-oai-1.1/oai.xsd"), &[String::from_utf8(wrapped).unwrap()]);
}
