//! What other repositories' serializers get wrong and ours must not: docs/crosswalks.md lists
//! each with the letter it has here.

use offprint::crosswalk::Format;
use serde_json::{Value, json};

use crate::corpus::{json as written_json, with, written};
use crate::valid::elements;

fn record(kind: &str, metadata: Value, custom: Value) -> String {
    let mut whole = json!({
        "id": "7",
        "created": "2026-03-02T10:20:30.000000+00:00",
        "updated": "2026-03-03T10:20:30.000000+00:00",
        "pids": { "doi": { "identifier": "10.5281/zenodo.7" } },
        "files": { "enabled": true, "entries": {
            "a b.csv": { "key": "a b.csv", "size": 5, "mimetype": "text/csv",
                "checksum": "md5:00112233445566778899aabbccddeeff" },
            "x.wrl": { "key": "x.wrl", "mimetype": "x-world/x-vrml" },
        } },
        "metadata": {
            "resource_type": { "id": kind }, "title": "T",
            "creators": [{ "person_or_org": { "type": "personal", "family_name": "B", "given_name": "A" } }],
            "publication_date": "2026-03-01",
        },
        "custom_fields": custom,
    });
    let target = whole["metadata"].as_object_mut().unwrap();
    target.extend(metadata.as_object().unwrap().clone());
    whole.to_string()
}

/// a: journal, place and editors in CSL under names that CSL knows.
#[test]
fn a_csl_names_journal_and_editors() {
    let raw = record(
        "publication-article",
        json!({ "contributors": [{ "person_or_org": { "type": "organizational", "name": "E" }, "role": { "id": "editor" } }] }),
        json!({ "journal:journal": { "title": "J" }, "imprint:imprint": { "place": "P" } }),
    );
    let item = &written_json(Format::Csl, &raw)[0];
    assert_eq!((&item["container-title"], &item["publisher-place"]), (&json!("J"), &json!("P")));
    assert_eq!(item["editor"], json!([{ "literal": "E" }]));
    assert!(!item.to_string().contains("container_title"));
}

/// b: schema.org has places, all identifiers of a person, an array of keywords, no HTML, and no
/// property that is not in the vocabulary.
#[test]
fn b_schema_org_keeps_places_and_identifiers() {
    let who = json!({ "person_or_org": { "type": "personal", "family_name": "B", "identifiers": [
        { "scheme": "gnd", "identifier": "118540238" },
        { "scheme": "orcid", "identifier": "0000-0002-1825-0097" },
    ] } });
    let raw = record(
        "dataset",
        json!({
            "creators": [who], "description": "<p>a</p>", "subjects": [{ "subject": "x, y" }],
            "locations": { "features": [{ "geometry": { "type": "Point", "coordinates": [6.0, 46.0] } }] },
        }),
        json!({ "journal:journal": { "title": "J", "issn": "2049-3630" } }),
    );
    let document = written_json(Format::SchemaOrg, &raw);
    let geo = &document["spatialCoverage"][0]["geo"];
    assert_eq!((&geo["latitude"], &geo["longitude"]), (&json!(46), &json!(6)));
    assert_eq!(document["creator"][0]["@id"], "https://orcid.org/0000-0002-1825-0097");
    assert_eq!(document["creator"][0]["sameAs"].as_array().unwrap().len(), 2);
    assert_eq!(document["keywords"], json!(["x, y"]));
    assert!(!document["description"].as_str().unwrap().contains('<'));
    assert!(document.get("container_title").is_none() && document.get("ISSN").is_none());
}

/// c: alternate identifiers, a type and named axes in Dublin Core.
#[test]
fn c_dublin_core_has_identifiers_types_and_the_right_axes() {
    let raw = record(
        "dataset",
        json!({
            "identifiers": [{ "scheme": "url", "identifier": "https://example.org/x" }],
            "locations": { "features": [{ "geometry": { "type": "Point", "coordinates": [6.0, 46.0] } }] },
        }),
        json!({}),
    );
    let document = written(Format::DublinCore, &raw);
    assert!(elements(&document, "dc:identifier").contains(&"https://example.org/x".to_owned()));
    assert!(elements(&document, "dc:type").contains(&"Dataset".to_owned()));
    assert_eq!(elements(&document, "dc:coverage"), ["east=6; north=46"]);
}

/// d: MARCXML has a real leader, indicators that the schema allows, every grant with its number.
#[test]
fn d_marcxml_is_marc() {
    let grant = |number: &str| json!({ "funder": { "name": "F" }, "award": { "number": number } });
    let raw = record(
        "dataset",
        json!({ "funding": [grant("1"), grant("2")], "references": [{ "reference": "R" }] }),
        json!({}),
    );
    let document = written(Format::MarcXml, &raw);
    assert_eq!(elements(&document, "leader"), ["00000nmm a2200000uu 4500"]);
    assert!(!document.contains("ind1=\"C\""));
    assert_eq!(document.matches("tag=\"536\"").count(), 2);
    // The one that Zenodo's harvesters read.
    assert!(document.contains("tag=\"980\""));
}

/// e: CFF never calls an article software; a year is no release date; DOIs that the schema
/// refuses are addresses.
#[test]
fn e_cff_says_only_what_it_can() {
    let applies = |kind: &str| {
        with(&record(kind, json!({}), json!({})), |published| Format::Cff.applies(published))
    };
    assert!(applies("software") && applies("dataset") && applies("software-computationalnotebook"));
    assert!(!applies("publication-article") && !applies("image-photo"));
    let raw =
        record("software", json!({ "publication_date": "2026", "version": "1.20" }), json!({}));
    let raw = raw.replace("10.5281/zenodo.7", "10.1002/a<1>");
    let text = written(Format::Cff, &raw);
    assert!(!text.contains("date-released") && !text.contains("\ndoi:"), "{text}");
    assert!(text.contains("value: \"https://doi.org/10.1002/a%3C1%3E\""), "{text}");
    assert!(text.contains("version: \"1.20\""), "{text}");
}

/// f: the embargo in CodeMeta is its date; every grant is there; the type is software.
#[test]
fn f_codemeta_has_the_date_of_the_embargo_and_all_grants() {
    let grant =
        |number: &str| json!({ "funder": { "name": number }, "award": { "number": number } });
    let raw = record("software", json!({ "funding": [grant("1"), grant("2")] }), json!({}));
    let raw = raw.replacen(
        "\"created\"",
        "\"access\":{\"files\":\"restricted\",\"embargo\":{\"active\":true,\"until\":\"2027-01-01\"}},\"created\"",
        1,
    );
    let document = written_json(Format::Codemeta, &raw);
    assert_eq!(document["embargoEndDate"], "2027-01-01");
    assert_eq!(document["funding"], json!(["1", "2"]));
    assert_eq!(document["funder"].as_array().unwrap().len(), 2);
    assert!(document.get("downloadUrl").is_none());
}

/// g: a Data Package has a media type of its own, unique names, addresses and bare MD5; nothing
/// without files.
#[test]
fn g_data_package_names_and_hashes_files() {
    assert_eq!(Format::DataPackage.media_type(), "application/vnd.datapackage+json");
    let raw = record("dataset", json!({}), json!({}));
    let document = written_json(Format::DataPackage, &raw);
    let file = &document["resources"][0];
    assert_eq!(file["name"], "a-b.csv");
    assert_eq!(file["path"], "https://repository.example/records/7/files/a%20b.csv");
    assert_eq!(file["hash"], "00112233445566778899aabbccddeeff");
    assert!(document["resources"][1].get("mediatype").is_none());
    let none = raw.replace("\"enabled\":true", "\"enabled\":false");
    assert!(!with(&none, |published| Format::DataPackage.applies(published)));
}

/// h: every file of DCAT-AP has its checksum; longitude comes first in WKT.
#[test]
fn h_dcat_has_checksums_and_the_right_axes() {
    let raw = record(
        "dataset",
        json!({ "locations": { "features": [{ "geometry": { "type": "Point", "coordinates": [6.0, 46.0] } }] } }),
        json!({}),
    );
    let document = written(Format::DcatAp, &raw);
    assert_eq!(elements(&document, "spdx:checksumValue"), ["00112233445566778899aabbccddeeff"]);
    assert_eq!(elements(&document, "dcat:centroid"), ["POINT(6 46)"]);
}

/// i: every link, however many authors and files, each with a type that is one.
#[test]
fn i_a_linkset_has_everything() {
    let who = |number: usize| {
        json!({ "person_or_org": { "type": "personal", "family_name": "B",
            "identifiers": [{ "scheme": "url", "identifier": format!("https://example.org/{number}") }] } })
    };
    let creators: Vec<Value> = (0..3000).map(who).collect();
    let raw = record("dataset", json!({ "creators": creators }), json!({}));
    let document = written_json(Format::Linkset, &raw);
    let landing = &document["linkset"][0];
    assert_eq!(landing["author"].as_array().unwrap().len(), 3000);
    assert_eq!(landing["item"].as_array().unwrap().len(), 2);
    assert_eq!(landing["item"][0]["type"], "text/csv");
    assert!(landing["item"][1].get("type").is_none());
    let contexts = document["linkset"].as_array().unwrap();
    assert_eq!(contexts.iter().filter(|context| context.get("collection").is_some()).count(), 2);
    let described = landing["describedby"].as_array().unwrap();
    // Neither CodeMeta nor GeoJSON: the record is no software and has no place.
    assert_eq!(described.len(), Format::ALL.len() - 3);
    for link in described {
        assert!(
            contexts.iter().any(|c| c["anchor"] == link["href"] && c.get("describes").is_some())
        );
    }
}

/// j: JSON-LD of a dataset is long enough, and short enough, for Google's Dataset rules.
#[test]
fn j_descriptions_are_of_the_length_that_catalogues_take() {
    let description = |metadata: Value| {
        let document = written_json(Format::SchemaOrg, &record("dataset", metadata, json!({})));
        document["description"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        description(json!({ "title": "Water levels.", "description": "Short.", "publisher": "P" })),
        "Short.\nWater levels. Dataset by A B. P, 2026-03-01."
    );
    let long = "word ".repeat(2000);
    let cut = description(json!({ "description": long }));
    assert!(cut.chars().count() <= 5000 && cut.ends_with("word…"), "{}", cut.len());
    let fits = "x".repeat(5000);
    assert_eq!(description(json!({ "description": fits })), fits);
}
