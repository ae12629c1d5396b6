//! Outputs read by someone else: quick-xml, xmllint with the official schema, the official CSL
//! schema.

use std::process::Command;

use offprint::crosswalk::Format;
use quick_xml::events::Event;
use serde_json::Value;

use crate::corpus::{FORMATS, Syntax, json, records, reference_data, syntax, written};

/// Text of the elements of one name, in order; panics unless the document is well-formed.
pub(crate) fn elements(document: &str, name: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(document);
    reader.config_mut().check_end_names = true;
    let (mut found, mut open) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => {
                open.push(tag.name().as_ref().to_owned());
                if open.last().is_some_and(|tag| tag == name) {
                    found.push(String::new());
                }
            }
            Event::End(_) => drop(open.pop().unwrap()),
            Event::Text(text) if open.last().is_some_and(|tag| tag == name) => {
                found.last_mut().unwrap().push_str(&text);
            }
            Event::GeneralRef(reference) if open.last().is_some_and(|tag| tag == name) => {
                let text = match &*reference {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "#13" => "\r",
                    other => panic!("unexpected reference {other}"),
                };
                found.last_mut().unwrap().push_str(text);
            }
            Event::Eof => break,
            _ => (),
        }
    }
    assert!(open.is_empty());
    found
}

#[test]
fn dublin_core_reads_back() {
    let (_, raw) = records().into_iter().find(|(name, _)| name == "dataset").unwrap();
    let document = written(Format::DublinCore, &raw);
    assert_eq!(elements(&document, "dc:creator"), ["Brown, Troy", "Lakes & Rivers Survey"]);
    assert_eq!(elements(&document, "dc:subject")[2], "a & \"c\"");
    assert_eq!(elements(&document, "dc:coverage")[0], "east=6.15; north=46.2; name=Geneva, quay");
}

#[test]
fn dublin_core_is_valid_against_the_official_schema() {
    let Some(data) = reference_data("dublin_core_is_valid_against_the_official_schema") else {
        return;
    };
    let schemas = data.join("../schemas/registry/oai-pmh");
    if Command::new("xmllint").arg("--version").output().is_err() {
        return println!("skipped dublin_core_is_valid_against_the_official_schema: no xmllint");
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, raw) in records() {
        let path = folder.path().join(name);
        std::fs::write(&path, written(Format::DublinCore, &raw)).unwrap();
        let output = Command::new("xmllint")
            .env("XML_CATALOG_FILES", schemas.join("catalog.xml"))
            .args(["--noout", "--nonet", "--schema"])
            .arg(schemas.join("oai_dc.xsd"))
            .arg(&path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A check of the few schema constructs that the official CSL schema uses.
fn check_csl(item: &Value, schema: &Value) {
    let properties = &schema["items"]["properties"];
    for required in ["type", "id"] {
        assert!(item.get(required).is_some(), "{item}");
    }
    for (name, value) in item.as_object().unwrap() {
        let property = &properties[name];
        assert!(property.is_object(), "{name} is not in the schema");
        if let Some(words) = property.get("enum") {
            assert!(words.as_array().unwrap().contains(value), "{name}: {value}");
        }
        match property.get("$ref").or(property.pointer("/items/$ref")).and_then(Value::as_str) {
            Some("#/definitions/name-variable") => {
                let known =
                    schema.pointer("/definitions/name-variable/anyOf/0/properties").unwrap();
                for person in value.as_array().unwrap() {
                    assert!(person.as_object().unwrap().keys().all(|key| known.get(key).is_some()));
                }
            }
            Some("#/definitions/date-variable") => {
                let parts = value["date-parts"].as_array();
                assert!(parts.map_or(value["literal"].is_string(), |p| (1..=2).contains(&p.len())));
            }
            _ => assert!(value.is_string(), "{name}: {value}"),
        }
    }
}

#[test]
fn csl_is_valid_against_the_official_schema() {
    let Some(data) = reference_data("csl_is_valid_against_the_official_schema") else { return };
    let schema = data.join("../schemas/official/csl/csl-data.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    for (_, raw) in records() {
        let items = json(Format::Csl, &raw);
        assert_eq!(items.as_array().unwrap().len(), 1);
        check_csl(&items[0], &schema);
    }
    for kind in offprint::record::vocabulary::resource_types() {
        let words = schema.pointer("/items/properties/type/enum").unwrap();
        assert!(words.as_array().unwrap().contains(&kind.csl.into()), "{}", kind.csl);
    }
}

/// Records of real repositories go through every format and are well-formed in each.
#[test]
fn real_records_are_well_formed_in_every_format() {
    let Some(data) = reference_data("real_records_are_well_formed_in_every_format") else {
        return;
    };
    let mut read = 0;
    for entry in std::fs::read_dir(data.join("inveniordm")).unwrap() {
        let raw = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let Ok(record) = offprint::record::Record::parse(&raw) else { continue };
        if record.access.record.as_deref().is_some_and(|word| word != "public") {
            continue;
        }
        read += 1;
        for format in FORMATS {
            let text = written(format, &raw);
            match syntax(format) {
                Syntax::Xml => drop(elements(&text, "dc:title")),
                Syntax::Bibtex => crate::hostile::check_bibtex(&text),
                Syntax::Yaml => crate::hostile::check_yaml(&text),
                Syntax::Json => drop(serde_json::from_str::<Value>(&text).unwrap()),
            }
        }
    }
    assert!(read >= 15, "{read}");
}
