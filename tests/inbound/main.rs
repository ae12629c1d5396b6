//! The way in, on examples made for the purpose: whole documents of each kind, and the quirks
//! of real documents by name.

#![expect(clippy::unwrap_used, reason = "test harness")]

use offprint::crosswalk::inbound::{Inbound, InboundOptions, Kind, detect, to_native};
use offprint::record::Record;
use serde_json::{Value, json};

mod quirks;

const OPTIONS: InboundOptions<'static> =
    InboundOptions { doi_pattern: "10.5281/zenodo.N", stem: None };

/// The native record and the codes of the issues.
#[track_caller]
fn read(text: &str) -> (Value, Vec<&'static str>) {
    let kind = detect::kind(text.as_bytes()).unwrap();
    match to_native(kind, text, &OPTIONS).unwrap() {
        Inbound::Record { json, issues } => {
            Record::parse(&json).unwrap();
            let codes = issues.iter().map(|issue| issue.code).collect();
            (serde_json::from_str(&json).unwrap(), codes)
        }
        concept @ Inbound::Concept { .. } => panic!("{concept:?}"),
    }
}

/// The value at a JSON pointer of the native record that comes of `text`.
#[track_caller]
fn check(text: &str, pointer: &str, expect: Value) {
    let (record, _) = read(text);
    let found = record.pointer(pointer).cloned().unwrap_or(Value::Null);
    assert_eq!(found, expect, "{pointer} of {record}");
}

/// A legacy document with these metadata members beside the usual ones.
fn legacy(metadata: Value) -> String {
    let mut document = json!({
        "id": 7, "recid": "7", "conceptrecid": "6", "doi": "10.5281/zenodo.7",
        "metadata": {
            "title": "T", "access_right": "open", "publication_date": "2024-05-06",
            "resource_type": {"type": "dataset"}, "creators": [{"name": "Roe, Ann"}],
        },
    });
    document["metadata"].as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
    document.to_string()
}

/// A DataCite JSON document with these members beside the usual ones.
fn datacite(members: Value) -> String {
    let mut document = json!({
        "doi": "10.1234/abc", "titles": [{"title": "T"}], "publisher": "P",
        "creators": [{"name": "Roe, Ann"}], "types": {"resourceTypeGeneral": "Dataset"},
    });
    document.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    document.to_string()
}

fn kernel4(inner: &str) -> String {
    format!(r#"<resource xmlns="http://datacite.org/schema/kernel-4">{inner}</resource>"#)
}

#[test]
fn a_native_record_is_not_touched() {
    let text = "\u{feff}{\"id\": \"abcde-12345\",  \"pids\": {}, \"metadata\": {}}";
    let Inbound::Record { json, .. } = to_native(Kind::Native, text, &OPTIONS).unwrap() else {
        panic!("not a record")
    };
    assert_eq!(json, text.trim_start_matches('\u{feff}'));
    assert!(matches!(json, std::borrow::Cow::Borrowed(_)));
}

#[test]
fn a_full_legacy_record() {
    let text = include_str!("../data/inbound/legacy.json");
    let (record, issues) = read(text);
    assert_eq!(issues, ["invalid-date"], "the single date whose value the API loses");
    insta::assert_snapshot!(serde_json::to_string_pretty(&record).unwrap());
}

#[test]
fn a_full_datacite_item_in_json_and_in_xml() {
    let (from_json, issues) = read(include_str!("../data/inbound/datacite.json"));
    assert_eq!(issues, ["invalid-identifier", "invalid-date"]);
    let (mut from_xml, issues) = read(include_str!("../data/inbound/datacite.xml"));
    assert_eq!(issues, ["invalid-identifier", "invalid-date"]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&from_json).unwrap());
    // The XML has no time stamps but that of the OAI-PMH header.
    assert_eq!(from_xml["updated"], "2025-02-03T04:05:06.000000+00:00");
    from_xml["updated"] = from_json["updated"].clone();
    from_xml["created"] = from_json["created"].clone();
    assert_eq!(from_json, from_xml);
}

#[test]
fn an_old_harvest_by_another_tool_gives_the_same_record() {
    let new = legacy(json!({"communities": [{"id": "b"}, {"id": "a"}]}));
    let mut new: Value = serde_json::from_str(&new).unwrap();
    let mut old = new.clone();
    new["files"] = json!([
        {"id": "u-1", "key": "b.txt", "size": 2, "checksum": "md5:0123456789abcdef0123456789abcdef"},
        {"id": "u-2", "key": "a.txt", "size": 1, "checksum": "md5:fedcba9876543210fedcba9876543210"},
    ]);
    new["owners"] = json!([{"id": "5"}]);
    old["files"] = json!([
        {"filename": "a.txt", "filesize": 1, "checksum": "fedcba9876543210fedcba9876543210",
         "download": "https://example.org/a"},
        {"filename": "b.txt", "filesize": 2, "checksum": "0123456789abcdef0123456789abcdef"},
    ]);
    old["owner"] = json!([{"id": 5}]);
    old["metadata"]["communities"] = json!([{"id": "a"}, {"id": "b"}]);
    old.as_object_mut().unwrap().remove("recid");
    assert_eq!(read(&new.to_string()), read(&old.to_string()));
}

#[test]
fn access_rights() {
    #[track_caller]
    fn case(right: Value, files: Value, expect_access: Value, expect_enabled: bool) {
        let mut document: Value = serde_json::from_str(&legacy(right)).unwrap();
        document["files"] = files;
        let (record, _) = read(&document.to_string());
        assert_eq!(record["access"], expect_access);
        assert_eq!(record["files"]["enabled"], expect_enabled);
    }
    let one = json!([{"key": "a", "size": 1}]);
    let none = json!([]);
    let open = json!({"record": "public", "files": "public"});
    let restricted = json!({"record": "public", "files": "restricted"});
    case(json!({"access_right": "open"}), one.clone(), open.clone(), true);
    case(json!({"access_right": "open"}), none.clone(), open, false);
    case(json!({"access_right": "restricted"}), none.clone(), restricted.clone(), true);
    case(json!({"access_right": "closed"}), none.clone(), restricted.clone(), true);
    case(json!({"access_right": "of my own"}), one.clone(), restricted.clone(), true);
    case(json!({"access_right": null}), one.clone(), restricted, true);
    case(
        json!({"access_right": "embargoed", "embargo_date": "2030-01-01"}),
        none.clone(),
        json!({"record": "public", "files": "restricted",
               "embargo": {"active": true, "until": "2030-01-01"}}),
        true,
    );
    case(
        json!({"access_right": "embargoed", "embargo_date": "some day"}),
        none,
        json!({"record": "public", "files": "restricted", "embargo": {"active": true}}),
        true,
    );
    case(
        json!({"access_right": "open", "embargo_date": "2020-01-01"}),
        one,
        json!({"record": "public", "files": "public",
               "embargo": {"active": false, "until": "2020-01-01"}}),
        true,
    );
}

#[test]
fn what_is_no_published_record_is_rejected() {
    #[track_caller]
    fn case(text: &str, kind: Kind, code: &str) {
        assert_eq!(to_native(kind, text, &OPTIONS).unwrap_err().code, code, "{text}");
    }
    case(r#"{"id":1,"metadata":{"upload_type":"dataset"}}"#, Kind::Legacy, "deposit-form");
    case(r#"{"id":1,"submitted":false,"metadata":{}}"#, Kind::Legacy, "draft");
    case(r#"{"metadata":{}}"#, Kind::Legacy, "no-id");
    case(r#"{"id":"../x","metadata":{}}"#, Kind::Legacy, "no-id");
    case(r#"{"id":1,"metadata":{"creators":[7]}}"#, Kind::Legacy, "shape");
    case(r#"{"id":1,"metadata":{}} x"#, Kind::Legacy, "shape");
    case(r#"{"titles":[]}"#, Kind::DataciteJson, "no-id");
    case(r#"{"attributes":{"state":"draft","doi":"10.1234/x"}}"#, Kind::DataciteJson, "draft");
    case("<resource/>", Kind::DataciteXml, "no-id");
    case("<a/>", Kind::DataciteXml, "no-resource");
    case("<a><resource/><resource/></a>", Kind::DataciteXml, "several-records");
    case(r#"<record><header status="deleted"/></record>"#, Kind::DataciteXml, "deleted");
    case("<resource>", Kind::DataciteXml, "not-xml");
    case("record_id,doi\n", Kind::Ledger, "ledger");
    let rejected = to_native(Kind::Legacy, r#"{"id":1,"metadata":{"creators":[7]}}"#, &OPTIONS);
    assert_eq!(rejected.unwrap_err().path, "metadata.creators[0]");
}

#[test]
fn messages_stay_short_whatever_the_value() {
    let long = "x".repeat(1 << 20);
    let text = legacy(json!({"publication_date": long}));
    let Inbound::Record { issues, .. } = to_native(Kind::Legacy, &text, &OPTIONS).unwrap() else {
        panic!("not a record")
    };
    assert!(issues[0].message.len() <= 300 && issues[0].message.ends_with('…'));
    let many: Vec<Value> = vec![json!({"name": ""}); 5000];
    let text = legacy(json!({"creators": many}));
    let Inbound::Record { issues, .. } = to_native(Kind::Legacy, &text, &OPTIONS).unwrap() else {
        panic!("not a record")
    };
    assert_eq!(issues.len(), 1000);
}

#[test]
fn kernels_before_4() {
    let xml = r#"<r:resource xmlns:r="http://datacite.org/schema/kernel-2.2">
        <r:identifier identifierType="DOI">10.1234/x</r:identifier>
        <r:creators><r:creator><r:creatorName>Roe, Ann</r:creatorName></r:creator></r:creators>
        <r:contributors><r:contributor contributorType="Funder"><r:contributorName>EC
        </r:contributorName></r:contributor></r:contributors>
        <r:publicationYear>2012</r:publicationYear>
        <r:rights>CC-BY-4.0</r:rights>
        <r:geoLocations><r:geoLocation><r:geoLocationPoint>31.233 -67.302</r:geoLocationPoint>
        <r:geoLocationBox>41.090 -71.032 41.180 -68.211</r:geoLocationBox>
        <r:geoLocationPlace>Atlantic Ocean</r:geoLocationPlace></r:geoLocation></r:geoLocations>
        </r:resource>"#;
    check(xml, "/metadata/funding", json!([{"funder": {"name": "EC"}}]));
    check(xml, "/metadata/rights", json!([{"id": "cc-by-4.0"}]));
    check(xml, "/metadata/publication_date", json!("2012"));
    check(
        xml,
        "/metadata/locations/features/0",
        json!({"geometry": {"type": "Point", "coordinates": [-67.302, 31.233]},
               "place": "Atlantic Ocean"}),
    );
    let ring = json!([
        [-71.032, 41.09],
        [-68.211, 41.09],
        [-68.211, 41.18],
        [-71.032, 41.18],
        [-71.032, 41.09]
    ]);
    check(xml, "/metadata/locations/features/1/geometry/coordinates/0", ring);
}

#[test]
fn access_as_far_as_datacite_tells() {
    #[track_caller]
    fn case(right: &str, state: &str, expect: (&str, &str, bool)) {
        let uri = format!("info:eu-repo/semantics/{right}");
        let text = datacite(json!({"rightsList": [{"rightsUri": uri}], "state": state,
            "dates": [{"date": "2030-01-01", "dateType": "Available"}]}));
        let (record, _) = read(&text);
        let access = &record["access"];
        let found = (&access["record"], &access["files"], &record["files"]["enabled"]);
        assert_eq!(found, (&json!(expect.0), &json!(expect.1), &json!(expect.2)));
        assert_eq!(access["embargo"].is_object(), right == "embargoedAccess");
        assert_eq!(record["metadata"].get("rights"), None);
    }
    case("openAccess", "findable", ("public", "public", true));
    case("restrictedAccess", "", ("public", "restricted", true));
    case("embargoedAccess", "", ("public", "restricted", true));
    case("closedAccess", "", ("public", "public", false));
    case("openAccess", "registered", ("restricted", "public", true));
}
