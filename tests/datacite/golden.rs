//! Whole outputs of hand-written records, byte by byte.
//!
//! `UPDATE=1 cargo test --test datacite` rewrites the expected files; read the diff.

use std::path::{Path, PathBuf};

use crate::corpus::{many_creators, with, written};

pub(crate) fn inputs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/datacite");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut inputs: Vec<PathBuf> =
        entries.filter(|path| path.to_string_lossy().ends_with(".input.json")).collect();
    inputs.sort();
    assert!(inputs.len() >= 7);
    inputs
}

fn compare(input: &Path, extension: &str, actual: &str) {
    let path = PathBuf::from(input.to_string_lossy().replace("input.json", extension));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(expected == actual, "{}:\nexpected {expected}\nactual   {actual}", path.display());
}

#[test]
fn goldens() {
    for input in inputs() {
        let outputs = written(&std::fs::read_to_string(&input).unwrap());
        // Broken into lines so that a diff can be read; the outputs have no line ends there.
        compare(&input, "xml", &outputs.xml.replace("><", ">\n<"));
        compare(
            &input,
            "datacite.json",
            &outputs.json.replace(
                ",\"", ",
\"",
            ),
        );
        assert!(!outputs.json.contains('\n'));
    }
}

#[test]
fn three_thousand_creators() {
    let outputs = written(&many_creators(3000));
    assert_eq!(outputs.value()["creators"].as_array().unwrap().len(), 3000);
    assert_eq!(outputs.xml.matches("<creator>").count(), 3000);
    assert!(outputs.xml.contains("<familyName>Family2999</familyName>"));
}

#[test]
fn oai_wrapper() {
    let record = r#"{"id":"1","metadata":{"publication_date":"2020"}}"#;
    let mut wrapped = Vec::new();
    with(record, |datacite| datacite.unwrap().write_oai_datacite("A&B", &mut wrapped));
    let wrapped = String::from_utf8(wrapped).unwrap();
    let resource = written(record).xml.split_once('\n').unwrap().1.to_owned();
    let expected = format!(
        "<oai_datacite xmlns=\"http://schema.datacite.org/oai/oai-1.1/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xsi:schemaLocation=\"http://schema.datacite.org/oai/oai-1.1/ \
         http://schema.datacite.org/oai/oai-1.1/oai.xsd\"><schemaVersion>4.7</schemaVersion>\
         <datacentreSymbol>A&amp;B</datacentreSymbol><payload>{resource}</payload></oai_datacite>"
    );
    assert_eq!(wrapped, expected);
}

#[test]
fn outputs_are_appended() {
    let mut out = b"before".to_vec();
    with(r#"{"id":"1","created":"2020-01-01"}"#, |datacite| datacite.unwrap().write_json(&mut out));
    assert!(out.starts_with(b"before{\"types\":{\"resourceTypeGeneral\":\"Other\""));
}
