//! DataCite JSON and DataCite XML of one and the same API answer, read both ways: the two
//! native records are equal but for differences that are listed here with their reason.
//! Skipped, by name, when `OFFPRINT_REFERENCE_DATA` is unset.

#![expect(clippy::unwrap_used, reason = "test harness")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use offprint::crosswalk::inbound::{Inbound, InboundOptions, Kind, Rejected, to_native};
use offprint::record::html;
use serde_json::Value;

/// A field in which the two texts differ, list positions as `[]`.
struct Difference<'a> {
    path: &'a str,
    json: &'a Value,
    xml: &'a Value,
}

/// Whether a reason explains a difference.
type Fits = fn(&Difference<'_>) -> bool;

/// Why a difference is none of ours. The first that fits counts; the table in
/// docs/crosswalks.md, "The way in", says the same in prose.
const REASONS: [(&str, Fits); 12] = [
    ("the envelope has time stamps and state, the XML has not", |d| {
        matches!(d.path, "created" | "updated" | "access.record")
    }),
    ("DataCite changes the case of DOIs and names", |d| {
        both(d, |json, xml| json.to_lowercase() == xml.to_lowercase())
    }),
    ("DataCite removes markup and white space", |d| {
        both(d, |json, xml| letters(json) == letters(xml))
    }),
    ("DataCite splits, joins or cuts names by its own guess", |d| {
        d.path.contains(".person_or_org.")
            && match d.path.rsplit('.').next() {
                Some("name") => both(d, |json, xml| words(json).is_subset(&words(xml))),
                Some("given_name" | "family_name" | "type") => true,
                _ => false,
            }
    }),
    ("the API leaves affiliation identifiers out unless asked", |d| {
        d.path.ends_with(".affiliations[].id") && d.json.is_null()
    }),
    ("DataCite puts the scheme's address before name identifiers", |d| {
        d.path.ends_with(".identifiers[].identifier") && both(d, |json, xml| json.ends_with(xml))
    }),
    ("DataCite leaves name identifiers and roles out", |d| {
        (d.path.ends_with(".person_or_org.identifiers") && d.json.is_null())
            || (d.path.ends_with(".role.id") && d.json == "other")
    }),
    ("DataCite adds fields of science to the subjects", |d| {
        let (Some(json), Some(xml)) = (d.json.as_array(), d.xml.as_array()) else { return false };
        d.path == "metadata.subjects" && xml.iter().all(|subject| json.contains(subject))
    }),
    ("DataCite turns series information into a container", |d| {
        let texts = d.xml.to_string();
        d.path == "metadata.additional_descriptions" && texts.contains("series-information")
    }),
    ("the API answered without the version", |d| d.path == "metadata.version" && d.json.is_null()),
    ("DataCite leaves alternate identifiers out", |d| {
        let json = d.json.as_array().map_or(&[][..], |json| json);
        let xml = d.xml.as_array();
        d.path == "metadata.identifiers"
            && xml.is_some_and(|xml| json.iter().all(|one| xml.contains(one)))
    }),
    ("the API added a language", |d| d.path == "metadata.languages" && d.xml.is_null()),
];

/// Pairs that are not the same record, or of which the JSON answer is a stub.
const NOT_ALIKE: [(&str, &str); 6] = [
    ("10.5072_bc11-cqw70", "the JSON is a stub: registration without metadata"),
    ("10.5438_bc11-cqw8", "the JSON is a stub: registration without metadata"),
    ("10.5438_mcnv-ga6n", "REST API of 2018 with its own names for fields"),
    ("10.80021_af9j-at09", "the title was changed between the two"),
    ("10.21233_n34n5q", "the JSON lost the box of a single point"),
    ("10.1594_pangaea.611108", "DataCite dropped dashes from names"),
];

fn both(difference: &Difference<'_>, same: impl Fn(&str, &str) -> bool) -> bool {
    match (difference.json.as_str(), difference.xml.as_str()) {
        (Some(json), Some(xml)) => same(json, xml),
        _ => false,
    }
}

/// What is left of a text without markup, white space, punctuation and case.
fn letters(text: &str) -> String {
    html::plain(&html::plain(text)).to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

fn words(text: &str) -> BTreeSet<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

fn walk(path: &str, json: &Value, xml: &Value, found: &mut Vec<(String, Value, Value)>) {
    match (json, xml) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                walk(&path, &json[key.as_str()], &xml[key.as_str()], found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (json, xml) in one.iter().zip(other) {
                walk(&format!("{path}[]"), json, xml, found);
            }
        }
        _ if json == xml => {}
        _ => found.push((path.to_owned(), json.clone(), xml.clone())),
    }
}

fn read(folder: &Path, file: &str, kind: Kind) -> Result<Inbound<'static>, Rejected> {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let options = InboundOptions { doi_pattern: "10.5281/zenodo.N", stem: None };
    to_native(kind, &text, &options).map(|inbound| match inbound {
        Inbound::Record { json, issues } => {
            Inbound::Record { json: json.into_owned().into(), issues }
        }
        Inbound::Concept { id, doi, versions } => Inbound::Concept { id, doi, versions },
    })
}

#[test]
fn json_and_xml_of_one_answer_give_one_record() {
    let Ok(root) = std::env::var("OFFPRINT_REFERENCE_DATA") else {
        eprintln!("skipped: OFFPRINT_REFERENCE_DATA is not set");
        return;
    };
    let entries = std::fs::read_dir(PathBuf::from(root).join("pairs")).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut unexplained = String::new();
    for folder in folders {
        let pair = std::fs::read_to_string(folder.join("pair.json")).unwrap();
        let pair: Value = serde_json::from_str(&pair).unwrap();
        if pair["same_response"].is_null() {
            continue;
        }
        let name = folder.file_name().unwrap().to_str().unwrap();
        let mut count = |what: &str| *counts.entry(what.to_owned()).or_default() += 1;
        let json = read(&folder, "datacite-rest.json", Kind::DataciteJson);
        let xml = read(&folder, "datacite.xml", Kind::DataciteXml);
        let (json, xml) = match (json, xml) {
            (Ok(Inbound::Record { json, .. }), Ok(Inbound::Record { json: xml, .. })) => {
                (json, xml)
            }
            (Ok(json), Ok(xml)) => {
                assert_eq!(json, xml, "{name}");
                count("pairs of equal concepts");
                continue;
            }
            (json, xml) => {
                let code = |result: &Result<_, Rejected>| {
                    result.as_ref().err().map_or("read", |rejected| rejected.code)
                };
                count(&format!("pairs: JSON {}, XML {}", code(&json), code(&xml)));
                continue;
            }
        };
        if let Some((_, reason)) = NOT_ALIKE.iter().find(|(folder, _)| *folder == name) {
            count(&format!("pairs not alike: {reason}"));
            continue;
        }
        count("pairs of records");
        let mut found = Vec::new();
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        walk("", &parse(&json), &parse(&xml), &mut found);
        for (path, json, xml) in &found {
            let difference = Difference { path, json, xml };
            match REASONS.iter().find(|(_, fits)| fits(&difference)) {
                Some((reason, _)) => count(&format!("values: {reason}")),
                None => writeln!(unexplained, "{name} {path}\n  {json}\n  {xml}").unwrap(),
            }
        }
    }
    assert!(unexplained.is_empty(), "{unexplained}");
    let table: String = counts.iter().map(|(what, count)| format!("{count} {what}\n")).collect();
    insta::assert_snapshot!(table);
}
