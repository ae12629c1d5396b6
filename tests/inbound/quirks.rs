//! The quirks of real documents that break naive readers, one test each. Numbers that are
//! missing concern output.

use offprint::crosswalk::inbound::{Inbound, InboundOptions, Kind, to_native};
use offprint::record::Record;
use serde_json::{Value, json};

use crate::{OPTIONS, check, datacite, kernel4, legacy, read};

#[test]
fn quirk_01_control_characters_and_line_separators_survive_in_json() {
    let text = "Scienti\u{1f}fic\u{2028}research\u{9d}";
    check(&legacy(json!({"description": text})), "/metadata/description", json!(text));
    let item = datacite(json!({"descriptions": [{"description": text}]}));
    check(&item, "/metadata/description", json!(text));
    let xml = kernel4(
        "<identifier>10.1234/x</identifier><descriptions><description \
                       descriptionType=\"Abstract\">a&#x1f;b</description></descriptions>",
    );
    check(&xml, "/metadata/description", json!("a\u{1f}b"));
}

#[test]
fn quirk_02_cdata_in_names_and_angle_brackets_in_dois() {
    let sici = "10.1002/1521-3757(20011105)113:21<4068::aid-ange4068>3.0.co;2-d";
    let xml = kernel4(&format!(
        "<identifier identifierType=\"DOI\"><![CDATA[{sici}]]></identifier><creators><creator>\
         <creatorName><![CDATA[Vince & Co <x>]]></creatorName></creator></creators>"
    ));
    check(&xml, "/pids/doi/identifier", json!(sici));
    check(&xml, "/metadata/creators/0/person_or_org/name", json!("Vince & Co <x>"));
    let escaped = sici.replace('<', "&lt;").replace('>', "&gt;");
    let xml = kernel4(&format!("<identifier>{escaped}</identifier>"));
    check(&xml, "/pids/doi/identifier", json!(sici));
    check(&datacite(json!({"doi": sici})), "/pids/doi/identifier", json!(sici));
}

#[test]
fn quirk_03_file_names_are_taken_as_they_are() {
    let keys = ["D4.3 final.pdf", "owner/repo-v1.zip", "Castro  (2022) año.pdf", "2º \"x\".csv"];
    let mut document: Value = serde_json::from_str(&legacy(json!({}))).unwrap();
    document["files"] = keys.iter().map(|key| json!({"key": key, "size": 1})).collect();
    let (record, _) = read(&document.to_string());
    for key in keys {
        assert_eq!(record["files"]["entries"][key], json!({"key": key, "size": 1}));
    }
}

#[test]
fn quirk_04_thousands_of_creators() {
    let creators: Vec<Value> = (0..3308).map(|at| json!({"name": format!("Roe, A{at}")})).collect();
    for text in [
        legacy(json!({"creators": creators})),
        datacite(json!({"creators": creators})),
        kernel4(&format!(
            "<identifier>10.1234/x</identifier><creators>{}</creators>",
            (0..3308).fold(String::new(), |xml, at| xml
                + &format!("<creator><creatorName>Roe, A{at}</creatorName></creator>"))
        )),
    ] {
        let (record, _) = read(&text);
        let creators = record["metadata"]["creators"].as_array().unwrap();
        assert_eq!(creators.len(), 3308);
        assert_eq!(creators[3307]["person_or_org"]["given_name"], "A3307");
    }
}

#[test]
fn quirk_05_long_descriptions_and_many_relations() {
    let long = "word ".repeat(9220) + "end";
    let related = json!({"relatedIdentifier": "10.1234/y", "relatedIdentifierType": "DOI",
                         "relationType": "References"});
    let text = datacite(json!({
        "descriptions": [{"description": long, "descriptionType": "Abstract"}],
        "relatedIdentifiers": vec![related; 759],
    }));
    let (record, issues) = read(&text);
    assert_eq!(record["metadata"]["description"], long);
    assert_eq!(record["metadata"]["related_identifiers"].as_array().unwrap().len(), 759);
    assert!(issues.is_empty());
}

#[test]
fn quirk_06_dates_are_repaired_or_dropped() {
    #[track_caller]
    fn case(date: &str, expect: Option<&str>) {
        let text = datacite(json!({"dates": [{"date": date, "dateType": "Collected"}]}));
        let (record, issues) = read(&text);
        assert_eq!(record["metadata"]["dates"][0]["date"].as_str(), expect, "{date}");
        assert_eq!(issues.is_empty(), expect.is_some());
    }
    case("2024", Some("2024"));
    case("2024-11", Some("2024-11"));
    case("1999-2017", Some("1999/2017"));
    case("2003/2003", Some("2003/2003"));
    case("07.04.2017", Some("2017-04-07"));
    case("1970-01-01 00:00:00", Some("1970-01-01"));
    case("2019-07-14T17:18:17+0200", Some("2019-07-14"));
    case("Err", None);
    case("None", None);
    for (date, expect) in [("2024", "2024"), ("2024-11", "2024-11")] {
        check(
            &legacy(json!({"publication_date": date})),
            "/metadata/publication_date",
            json!(expect),
        );
    }
    let year = |year: Value| datacite(json!({"publicationYear": year}));
    check(&year(json!(2545)), "/metadata/publication_date", json!("2545"));
    check(&year(json!("2551")), "/metadata/publication_date", json!("2551"));
    check(&year(json!(null)), "/metadata/publication_date", Value::Null);
    let issued = json!({"publicationYear": 2014, "dates": [
        {"date": "Err", "dateType": "Issued"}, {"date": "2014-10-01", "dateType": "Issued"}]});
    check(&datacite(issued), "/metadata/publication_date", json!("2014-10-01"));
}

#[test]
fn quirk_07_nulls_gaps_and_kinds_of_id() {
    let text = legacy(json!({
        "creators": [{"name": "Roe, Ann", "affiliation": null, "orcid": null}], "license": null,
        "related_identifiers": [{"identifier": "10.1234/x", "relation": "cites"}],
        "keywords": null, "journal": null, "grants": null,
    }));
    let mut document: Value = serde_json::from_str(&text).unwrap();
    document["swh"] = Value::Null;
    document["owners"] = json!([48350]);
    let (record, issues) = read(&document.to_string());
    assert_eq!(issues, Vec::<&str>::new());
    assert_eq!(record["id"], "7");
    assert_eq!(record["parent"]["id"], "6");
    assert_eq!(
        record["metadata"]["creators"][0],
        json!({"person_or_org": {"type": "personal", "name": "Roe, Ann", "given_name": "Ann",
                                 "family_name": "Roe"}})
    );
    assert_eq!(record["metadata"].get("rights"), None);
    assert_eq!(record["metadata"].get("description"), None);
    assert_eq!(
        record["metadata"]["related_identifiers"][0],
        json!({"identifier": "10.1234/x", "scheme": "doi", "relation_type": {"id": "cites"}})
    );
}

#[test]
fn quirk_08_names_are_split_only_where_that_is_no_guess() {
    let names = [
        ("Potts,  S. G.", Some("Potts"), "Potts, S. G."),
        ("NASCIMENTO", None, "NASCIMENTO"),
        ("Meisen Gao and Jun Gao", None, "Meisen Gao and Jun Gao"),
        ("Roe; Ann", None, "Roe; Ann"),
        ("Marine ROE1, Ligia DOE2 , Juan LOE1", None, "Marine ROE1, Ligia DOE2 , Juan LOE1"),
        ("Roe, A.; Doe, B.", None, "Roe, A.; Doe, B."),
    ];
    for (name, family, expect) in names {
        for text in [
            legacy(json!({"creators": [{"name": name}]})),
            datacite(json!({"creators": [{"name": name, "nameType": "Personal"}]})),
        ] {
            check(&text, "/metadata/creators/0/person_or_org/name", json!(expect));
            check(&text, "/metadata/creators/0/person_or_org/family_name", json!(family));
        }
    }
}

#[test]
fn quirk_09_a_keyword_that_holds_a_list_stays_one_keyword() {
    let list = "geopark, story map; hiking trails";
    let expect = json!([{"subject": list}]);
    check(&legacy(json!({"keywords": [list]})), "/metadata/subjects", expect.clone());
    check(&legacy(json!({"keywords": list})), "/metadata/subjects", expect.clone());
    check(&datacite(json!({"subjects": [{"subject": list}]})), "/metadata/subjects", expect);
}

#[test]
fn quirk_10_orcids_are_bare_and_valid_or_gone() {
    #[track_caller]
    fn case(orcid: Value, expect: Value) {
        let creator = json!({"name": "Roe, Ann", "orcid": orcid});
        let pointer = "/metadata/creators/0/person_or_org/identifiers";
        check(&legacy(json!({"creators": [creator]})), pointer, expect.clone());
        let creator = json!({"name": "Roe, Ann", "nameIdentifiers": [
            {"nameIdentifier": orcid, "nameIdentifierScheme": "ORCID"}]});
        check(&datacite(json!({"creators": [creator]})), pointer, expect);
    }
    let valid = json!([{"identifier": "0000-0002-1825-0097", "scheme": "orcid"}]);
    case(json!("0000-0002-1825-0097"), valid.clone());
    case(json!("https://orcid.org/0000-0002-1825-0097"), valid);
    case(json!("0000-0002-1825-0098"), Value::Null);
    case(json!("https://orcid.org/1111-1111-1111-111X"), Value::Null);
    case(json!("None"), Value::Null);
    case(json!(null), Value::Null);
}

#[test]
fn quirk_11_related_dois_are_made_bare_and_explanations_are_no_dois() {
    #[track_caller]
    fn case(value: &str, identifier: &str, scheme: &str) {
        let related = json!([{"relatedIdentifier": value, "relatedIdentifierType": "DOI",
                              "relationType": "References"}]);
        let text = datacite(json!({"relatedIdentifiers": related}));
        check(&text, "/metadata/related_identifiers/0/identifier", json!(identifier));
        check(&text, "/metadata/related_identifiers/0/scheme", json!(scheme));
    }
    case("doi:10.15454/5x8l3x", "10.15454/5x8l3x", "doi");
    case("\n      10.15475/dhz/kfn/1915/10/25\n    ", "10.15475/dhz/kfn/1915/10/25", "doi");
    case("https://doi.org/10.1234/x", "10.1234/x", "doi");
    case("https://example.org/a", "https://example.org/a", "url");
    case("Identifier of complementary material", "Identifier of complementary material", "other");
}

#[test]
fn quirk_12_scripts_and_marks_are_left_alone() {
    for title in ["\u{202b}فھرس\u{202c} ab", "日本語 한국어", "𝑀 Кириллица", "e\u{301}te\u{301}"]
    {
        check(&legacy(json!({"title": title})), "/metadata/title", json!(title));
        check(&datacite(json!({"titles": [{"title": title}]})), "/metadata/title", json!(title));
    }
}

#[test]
fn quirk_13_html_escapes_of_the_datacite_api_are_undone_in_plain_fields() {
    let text = datacite(json!({"publisher": "A &amp; B", "subjects": ["p &lt; 20", "a&b"],
        "creators": [{"name": "C &amp; D", "affiliation": ["E &amp; F"]}]}));
    check(&text, "/metadata/publisher", json!("A & B"));
    check(&text, "/metadata/subjects", json!([{"subject": "p < 20"}, {"subject": "a&b"}]));
    check(&text, "/metadata/creators/0/person_or_org/name", json!("C & D"));
    check(&text, "/metadata/creators/0/affiliations/0/name", json!("E & F"));
}

#[test]
fn quirk_14_xml_that_its_own_schema_refuses_is_read() {
    let xml = "<resource xmlns=\"http://datacite.org/schema/kernel-3\">\
               <identifier identifierType=\"DOI\"/><titles/><publicationYear>0</publicationYear>\
               <resourceType resourceTypeGeneral=\"Preprint\"/><unheardOf/></resource>";
    let options = InboundOptions { stem: Some("12345"), ..OPTIONS };
    let inbound = to_native(Kind::DataciteXml, xml, &options).unwrap();
    let Inbound::Record { json, .. } = inbound else { panic!("not a record") };
    let record = Record::parse(&json).unwrap();
    assert_eq!(record.id, "12345");
    assert_eq!(record.metadata.resource_type.id, "publication-preprint");
    assert!(record.metadata.title.is_none());
    let options = InboundOptions { stem: Some("not an id"), ..OPTIONS };
    assert_eq!(to_native(Kind::DataciteXml, xml, &options).unwrap_err().code, "no-id");
}

#[test]
fn quirk_16_concepts_make_families_and_versions_name_theirs() {
    let related = |relation: &str, doi: &str| json!({"relatedIdentifier": doi, "relatedIdentifierType": "DOI", "relationType": relation});
    let concept = datacite(json!({"doi": "10.5281/ZENODO.6", "relatedIdentifiers": [
        related("HasVersion", "10.5281/zenodo.7"), related("HasVersion", "10.5281/Zenodo.8"),
        related("HasVersion", "10.5281/zenodo.7"), related("Cites", "10.1234/x")]}));
    let expect = Inbound::Concept {
        id: "6".to_owned(),
        doi: "10.5281/zenodo.6".to_owned(),
        versions: vec!["10.5281/zenodo.7".to_owned(), "10.5281/zenodo.8".to_owned()],
    };
    assert_eq!(to_native(Kind::DataciteJson, &concept, &OPTIONS).unwrap(), expect);

    let version = datacite(json!({"doi": "10.5281/zenodo.7", "relatedIdentifiers": [
        related("IsVersionOf", "10.5281/zenodo.6"), related("HasVersion", "10.5281/zenodo.9")]}));
    check(
        &version,
        "/parent",
        json!({"id": "6", "pids": {"doi": {"identifier": "10.5281/zenodo.6",
                                            "provider": "datacite"}}}),
    );
    check(&version, "/metadata/related_identifiers/0/relation_type/id", json!("hasversion"));
    check(&version, "/metadata/related_identifiers/1", Value::Null);
    let position = legacy(json!({"relations": {"version": [{"index": 162, "is_last": true}]}}));
    check(&position, "/versions", json!({"index": 163}));
}

#[test]
fn quirk_17_external_dois() {
    let mut document: Value = serde_json::from_str(&legacy(json!({}))).unwrap();
    document["doi"] = json!("10.11646/zootaxa.3916.1.1");
    check(
        &document.to_string(),
        "/pids/doi",
        json!({"identifier": "10.11646/zootaxa.3916.1.1", "provider": "external"}),
    );
    let (record, _) = read(&datacite(json!({"doi": "10.1234/A(b)c"})));
    let (lower, _) = read(&datacite(json!({"doi": "https://doi.org/10.1234/a(B)c"})));
    assert_eq!(record["id"], lower["id"]);
    assert!(record["id"].as_str().unwrap().starts_with('x'));
    assert_eq!(record["pids"]["doi"]["provider"], "external");
}
