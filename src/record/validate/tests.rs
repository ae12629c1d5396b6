use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A record without issues, with something in most fields.
fn sound() -> Value {
    json!({
        "id": "1234", "revision_id": 4,
        "created": "2024-01-02T03:04:05.678901+00:00", "updated": "2024-01-02T03:04:05Z",
        "pids": {
            "doi": {"identifier": "10.5281/zenodo.1234", "provider": "datacite"},
            "oai": {"identifier": "oai:zenodo.org:1234", "provider": "oai"}
        },
        "parent": {"id": "1233", "pids": {}},
        "versions": {"index": 1},
        "access": {"record": "public", "files": "public",
            "embargo": {"active": false, "until": "2023-05-01", "reason": null}},
        "files": {"enabled": true, "count": 1, "total_bytes": 3, "entries": {"a/b c.txt": {
            "key": "a/b c.txt", "size": 3, "checksum": "md5:900150983cd24fb0d6963f7d28e17f72"}}},
        "metadata": {
            "resource_type": {"id": "dataset"},
            "title": "Über die Höhe", "publisher": "Zenodo", "publication_date": "2024-01",
            "creators": [{
                "person_or_org": {"type": "personal", "name": "Carberry, Josiah",
                    "family_name": "Carberry", "given_name": "Josiah",
                    "identifiers": [{"scheme": "orcid", "identifier": "0000-0002-1825-0097"}]},
                "affiliations": [{"id": "01ggx4157", "name": "CERN"}, {"name": "Brown"}]
            }],
            "contributors": [{"person_or_org": {"type": "organizational", "name": "CERN"},
                "role": {"id": "hostinginstitution"}}],
            "additional_titles": [{"title": "T", "type": {"id": "subtitle"}, "lang": {"id": "deu"}}],
            "subjects": [{"subject": "heights"}, {"id": "http://example.org/s"}],
            "dates": [{"date": "1999/2017", "type": {"id": "collected"}}],
            "languages": [{"id": "eng"}],
            "identifiers": [{"scheme": "arxiv", "identifier": "arXiv:0706.0001"}],
            "related_identifiers": [{"scheme": "doi", "relation_type": {"id": "cites"},
                "identifier": "10.1175/1520-0426(2000)017<1541:mlsftb>2.0.co;2",
                "resource_type": {"id": "publication-article"}}],
            "sizes": ["3 bytes"], "formats": ["text/plain"], "version": "v1.0",
            "rights": [{"id": "cc-by-4.0"}, {"title": {"en": "Own"}, "link": "https://example.org/l"}],
            "description": "<p>Text</p>",
            "additional_descriptions": [{"description": "D", "type": {"id": "notes"}}],
            "locations": {"features": [{"place": "Geneva", "identifiers":
                [{"scheme": "geonames", "identifier": "2660646"}]}]},
            "funding": [{"funder": {"id": "00k4n6c32"}, "award": {"number": "1"}}],
            "references": [{"reference": "Somebody, 1999."}]
        },
        "swh": {"swhid": "swh:1:dir:d198bc9d7a6bcf6db04f476d29314f157507d505"}
    })
}

fn issues(record: &Value) -> Vec<(String, &'static str)> {
    let json = record.to_string();
    let record = Record::parse(&json).unwrap();
    let issues = validate(&record);
    for issue in &issues {
        assert!(CODES.iter().any(|(code, _)| *code == issue.code), "{issue:?}");
        assert!(!issue.message.is_empty() && !issue.message.contains(char::is_control));
    }
    issues.into_iter().map(|issue| (issue.path, issue.code)).collect()
}

/// Puts `value` at `pointer` of the sound record and expects exactly one issue.
#[track_caller]
fn one(pointer: &str, value: Value, path: &str, code: &str) {
    let mut record = sound();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = record.pointer_mut(parent).unwrap();
    match key.parse::<usize>() {
        Ok(index) if parent.is_array() => parent[index] = value,
        _ => parent[key] = value,
    }
    assert_eq!(issues(&record), [(path.to_owned(), code_of(code))], "{pointer}");
}

#[track_caller]
fn code_of(code: &str) -> &'static str {
    CODES.iter().find(|(known, _)| *known == code).unwrap().0
}

#[test]
fn a_sound_record_has_no_issues() {
    assert_eq!(issues(&sound()), []);
}

#[test]
fn an_empty_record_misses_what_every_record_needs() {
    let missing = [
        "id",
        "metadata.resource_type",
        "metadata.creators",
        "metadata.title",
        "metadata.publisher",
        "metadata.publication_date",
    ];
    assert_eq!(issues(&json!({})), missing.map(|path| (path.to_owned(), "missing")));
}

#[test]
fn each_defect_is_named_where_it_is() {
    let m = "/metadata";
    one("/id", json!("A/B"), "id", "invalid-identifier");
    one("/created", json!("yesterday"), "created", "invalid-timestamp");
    one("/revision_id", json!(-1), "revision_id", "invalid-value");
    one("/versions/index", json!(0), "versions.index", "invalid-value");
    one("/pids/doi/identifier", json!("zenodo.1234"), "pids.doi.identifier", "invalid-identifier");
    one("/access/record", json!("secret"), "access.record", "invalid-value");
    one("/access/embargo", json!({"active": true}), "access.embargo.until", "missing");
    one("/access/embargo", json!({"until": "2024"}), "access.embargo.until", "invalid-date");
    one("/files/count", json!(2), "files.count", "invalid-value");
    one("/files/total_bytes", json!(4), "files.total_bytes", "invalid-value");
    one("/files/enabled", json!(false), "files.enabled", "invalid-value");
    one("/swh/swhid", json!("swh:1"), "swh.swhid", "invalid-identifier");
    one(
        "/tombstone",
        json!({"removal_reason": {"id": "boredom"}}),
        "tombstone.removal_reason",
        "unknown-id",
    );
    one("/deletion_status", json!({"status": "Q"}), "deletion_status.status", "invalid-value");
    one(
        &format!("{m}/resource_type"),
        json!({"id": "paper"}),
        "metadata.resource_type",
        "unknown-id",
    );
    one(&format!("{m}/title"), json!(" \n"), "metadata.title", "missing");
    one(&format!("{m}/title"), json!("Scienti\u{1f}fic"), "metadata.title", "control-character");
    one(&format!("{m}/title"), json!("\u{202b}x\u{202c}"), "metadata.title", "bidi-control");
    one(&format!("{m}/title"), json!("é".repeat(10_001)), "metadata.title", "too-long");
    one(&format!("{m}/version"), json!("v".repeat(192)), "metadata.version", "too-long");
    one(&format!("{m}/publisher"), json!(null), "metadata.publisher", "missing");
    one(
        &format!("{m}/publication_date"),
        json!("Err"),
        "metadata.publication_date",
        "invalid-date",
    );
    one(
        &format!("{m}/publication_date"),
        json!("1999-2017"),
        "metadata.publication_date",
        "irregular-date",
    );
    one(&format!("{m}/creators"), json!([]), "metadata.creators", "missing");
    let creator = "/metadata/creators/0/person_or_org";
    let at = |rest: &str| format!("metadata.creators[0].person_or_org.{rest}");
    one(&format!("{creator}/family_name"), json!(null), &at("family_name"), "missing");
    one(&format!("{creator}/type"), json!("robot"), &at("type"), "invalid-value");
    for orcid in ["1111-1111-1111-111X", "None", "0000-0002-1825-0098"] {
        let value = json!([{"scheme": "orcid", "identifier": orcid}]);
        one(
            &format!("{creator}/identifiers"),
            value,
            &at("identifiers[0].identifier"),
            "invalid-identifier",
        );
    }
    let value = json!([{"scheme": "passport", "identifier": "1"}]);
    one(&format!("{creator}/identifiers"), value, &at("identifiers[0].scheme"), "unknown-scheme");
    let value = json!([{"scheme": "orcid", "identifier": null}]);
    one(&format!("{creator}/identifiers"), value, &at("identifiers[0].identifier"), "missing");
    one(
        &format!("{m}/contributors/0/role"),
        json!(null),
        "metadata.contributors[0].role",
        "missing",
    );
    one(
        &format!("{m}/contributors/0/role"),
        json!({"id": "x"}),
        "metadata.contributors[0].role",
        "unknown-id",
    );
    one(&format!("{m}/languages/0/id"), json!("en"), "metadata.languages[0]", "unknown-id");
    one(&format!("{m}/rights/0/id"), json!("default"), "metadata.rights[0].id", "unknown-id");
    one(
        &format!("{m}/rights/1/link"),
        json!("here"),
        "metadata.rights[1].link",
        "invalid-identifier",
    );
    one(&format!("{m}/dates/0/date"), json!("None"), "metadata.dates[0].date", "invalid-date");
    one(&format!("{m}/dates/0/type"), json!({}), "metadata.dates[0].type", "missing");
    one(&format!("{m}/sizes"), json!(["a\u{0}b"]), "metadata.sizes[0]", "control-character");
    let related = "/metadata/related_identifiers/0";
    let text = "Identifier of complementary material related to this resource";
    one(
        &format!("{related}/identifier"),
        json!(text),
        "metadata.related_identifiers[0].identifier",
        "invalid-identifier",
    );
    one(
        &format!("{related}/relation_type"),
        json!(null),
        "metadata.related_identifiers[0].relation_type",
        "missing",
    );
    one(&format!("{m}/references/0"), json!({}), "metadata.references[0].reference", "missing");
    one(&format!("{m}/subjects"), json!([{}]), "metadata.subjects[0]", "missing");
    one(&format!("{m}/funding/0/funder"), json!({}), "metadata.funding[0].funder", "missing");
    one(
        &format!("{m}/locations/features/0/place"),
        json!(null),
        "metadata.locations.features[0]",
        "missing",
    );
}

#[test]
fn real_forms_with_prefixes_are_no_issue() {
    let mut record = sound();
    for doi in [
        "doi:10.15454/5x8l3x",
        "https://doi.org/10.5281/zenodo.1",
        "\n  10.1103/physrev.170.1223\n ",
    ] {
        record["metadata"]["related_identifiers"][0]["identifier"] = json!(doi);
        assert_eq!(issues(&record), []);
    }
    record["metadata"]["creators"][0]["person_or_org"]["identifiers"][0]["identifier"] =
        json!("https://orcid.org/0000-0002-1825-0097");
    assert_eq!(issues(&record), []);
}

#[test]
fn people_are_counted_and_compared() {
    let person = |name: &str| json!({"person_or_org": {"type": "organizational", "name": name}});
    let mut record = sound();
    record["metadata"]["creators"] = json!([person("A"), person("B"), person("A")]);
    assert_eq!(issues(&record), [("metadata.creators[2]".to_owned(), "duplicate")]);
    let crowd: Vec<_> = (0..3308).map(|n| person(&n.to_string())).collect();
    record["metadata"]["creators"] = json!(crowd);
    assert_eq!(issues(&record), [("metadata.creators".to_owned(), "too-many")]);
    let roles = json!([{"person_or_org": {"name": "A"}, "role": {"id": "editor"}},
        {"person_or_org": {"name": "A"}, "role": {"id": "sponsor"}}]);
    let mut record = sound();
    record["metadata"]["contributors"] = roles;
    assert_eq!(issues(&record), []);
}

#[test]
fn files_stay_in_their_folder() {
    for key in ["../etc/passwd", "/etc/passwd", "a/../b", "."] {
        let mut record = sound();
        record["files"]["entries"] = json!([{"key": key, "size": 3}]);
        assert_eq!(
            issues(&record),
            [("files.entries[0].key".to_owned(), "invalid-value")],
            "{key}"
        );
    }
    let mut record = sound();
    record["files"] = json!({"entries": [{"key": "a", "checksum": "md5:zz"}, {"key": "a"}]});
    let expected =
        [("files.entries[0].checksum", "invalid-value"), ("files.entries[1].key", "duplicate")];
    assert_eq!(issues(&record), expected.map(|(path, code)| (path.to_owned(), code)));
}

#[test]
fn the_list_is_bounded_and_quotes_are_short() {
    let mut record = sound();
    record["metadata"]["sizes"] = json!(vec!["\u{0}"; 5000]);
    let listed = issues(&record);
    assert_eq!(listed.len(), MOST_ISSUES + 1);
    assert_eq!(listed.last().unwrap(), &(String::new(), "more-issues"));
    let mut record = sound();
    record["id"] = json!(format!("\u{1b}[31m{}", "x".repeat(5000)));
    let json = record.to_string();
    let issue = validate(&Record::parse(&json).unwrap()).remove(0);
    assert!(issue.message.starts_with("no record id: \\u{1b}[31mxxx") && issue.message.len() < 120);
}

/// Arbitrary JSON with the model's names.
fn arbitrary() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..5).prop_map(Value::from),
        "\\PC{0,12}|[\\x00-\\x20]{0,2}|10\\.[0-9]{4}/[a-z]|[0-9]{4}(-[0-9]{2}){0,2}"
            .prop_map(Value::from),
        prop::sample::select(vec!["dataset", "doi", "orcid", "personal", "public", "eng"])
            .prop_map(Value::from),
    ];
    let keys = vec![
        "id",
        "metadata",
        "creators",
        "person_or_org",
        "identifiers",
        "identifier",
        "scheme",
        "title",
        "type",
        "dates",
        "date",
        "files",
        "entries",
        "key",
        "access",
        "embargo",
        "until",
        "rights",
        "link",
        "related_identifiers",
        "relation_type",
        "role",
        "name",
        "pids",
        "doi",
        "publication_date",
        "languages",
        "locations",
        "features",
        "geometry",
        "tombstone",
    ];
    leaf.prop_recursive(6, 80, 8, move |inner| {
        let key = prop::sample::select(keys.clone()).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn never_panics(value in arbitrary(), pointer in prop::sample::select(vec![
        "/metadata/creators/0", "/metadata/title", "/metadata/rights/0", "/metadata/dates/0/date",
        "/files/entries", "/access/embargo", "/pids", "/metadata/locations/features/0", "/id",
        "/metadata/related_identifiers/0", "/metadata/languages", "/metadata/funding/0",
    ])) {
        let mut record = sound();
        *record.pointer_mut(pointer).unwrap() = value.clone();
        for document in [record.to_string(), value.to_string()] {
            if let Ok(record) = Record::parse(&document) {
                let first = validate(&record);
                prop_assert_eq!(validate(&record), first);
            }
        }
    }
}
