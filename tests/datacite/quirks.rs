//! What real metadata does, each a named test.

use offprint::crosswalk::datacite::Withheld;
use serde_json::{Value, json};

use crate::corpus::{of_metadata, with, written};

fn dates(dates: Value) -> Value {
    of_metadata(json!({"dates": dates})).value()["dates"].clone()
}

#[test]
fn record_without_any_year_is_withheld() {
    let withheld = Withheld { code: "missing-year", path: "metadata.publication_date" };
    for record in [r#"{"id":"1"}"#, r#"{"id":"1","metadata":{"publication_date":"Err"}}"#] {
        with(record, |datacite| assert_eq!(datacite.err(), Some(withheld)));
    }
    assert_eq!(withheld.to_string(), "missing-year at metadata.publication_date");
}

#[test]
fn year_comes_from_the_date_or_the_creation() {
    let check = |date: &str, year: &str| {
        let json = of_metadata(json!({"publication_date": date})).value();
        assert_eq!(json["publicationYear"], year, "{date}");
    };
    check("2024", "2024");
    check("2024-11", "2024");
    check("1999/2004", "1999");
    check("1999-2017", "1999");
    check("07.04.2017", "2017");
    check("2018-10-18T20:40:45Z", "2018");
    check("0812-01-01", "0812");
    check("2545", "2545");
    check("Err", "2020");
    check("", "2020");
}

#[test]
fn dates_are_repaired_or_omitted() {
    let date = |text: &str| json!({"date": text, "type": {"id": "collected"}});
    let read = |text: &str| dates(json!([date(text)]))[0]["date"].clone();
    assert_eq!(read("2003/2003"), "2003/2003");
    assert_eq!(read("1999-2017"), "1999/2017");
    assert_eq!(read("1970-01-01 00:00:00"), "1970-01-01");
    assert_eq!(read("2020/.."), "2020/..");
    for bad in ["Err", "None", "", "2021-02-30", "yesterday"] {
        assert_eq!(read(bad), Value::Null, "{bad}");
    }
}

#[test]
fn mandatory_fields_that_are_missing_are_unavailable() {
    let json = of_metadata(json!({"creators": [{"person_or_org": {}}, {"person_or_org": {"name": " "}}], "title": "<p> </p>"})).value();
    assert_eq!(json["creators"], json!([{"name": "(:unav)"}]));
    assert_eq!(json["titles"], json!([{"title": "(:unav)"}]));
    assert_eq!(json["publisher"], json!({"name": "(:unav)"}));
    assert_eq!(json["types"], json!({"resourceTypeGeneral": "Other", "resourceType": ""}));
}

#[test]
fn record_without_doi_is_identified_by_its_page() {
    for doi in [json!(null), json!({"identifier": ""}), json!({"identifier": "not a doi"})] {
        let outputs = written(
            &json!({"id": "a1", "created": "2020-01-01", "pids": {"doi": doi}}).to_string(),
        );
        assert!(outputs.xml.contains(
            "<identifier identifierType=\"URL\">https://repository.example/records/a1</identifier>"
        ));
        assert!(outputs.value()["doi"].is_null());
    }
}

#[test]
fn dois_are_bare_everywhere() {
    let outputs = written(&json!({"id": "1", "created": "2020-01-01",
        "pids": {"doi": {"identifier": "https://doi.org/10.1175/1520-0426(2000)017<1541:MLSFTB>2.0.CO;2"}},
        "metadata": {"related_identifiers": [
            {"identifier": "doi:10.15454/5X8L3X", "scheme": "doi", "relation_type": {"id": "cites"}},
            {"identifier": "\n   10.15454/5X8L3X\n", "scheme": "doi", "relation_type": {"id": "cites"}},
            {"identifier": "https://dx.doi.org/10.1103/physrev.170.1223", "relation_type": {"id": "cites"}},
            {"identifier": "Identifier of complementary material", "scheme": "doi", "relation_type": {"id": "cites"}}]}}).to_string());
    let json = outputs.value();
    assert_eq!(json["doi"], "10.1175/1520-0426(2000)017<1541:MLSFTB>2.0.CO;2");
    let values: Vec<&str> = json["relatedIdentifiers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id["relatedIdentifier"].as_str().unwrap())
        .collect();
    assert_eq!(values, ["10.15454/5X8L3X", "10.1103/physrev.170.1223"]);
    assert!(outputs.xml.contains("017&lt;1541:MLSFTB&gt;2.0.CO;2"));
}

#[test]
fn bad_name_identifiers_are_dropped() {
    let id = |scheme: &str, value: &str| json!({"scheme": scheme, "identifier": value});
    let json = of_metadata(json!({"creators": [{"person_or_org": {"name": "D", "identifiers": [
        id("orcid", "None"), id("orcid", "https://orcid.org/1111-1111-1111-111X"), id("orcid", ""),
        id("orcid", "https://orcid.org/0000-0002-1825-0097"), id("orcid", "0000-0002-1825-0097"),
        id("clpid", "Doe-J")]}}]}))
    .value();
    assert_eq!(
        json["creators"][0]["nameIdentifiers"],
        json!([
        {"nameIdentifier": "https://orcid.org/0000-0002-1825-0097", "nameIdentifierScheme": "ORCID", "schemeUri": "https://orcid.org"},
        {"nameIdentifier": "Doe-J", "nameIdentifierScheme": "clpid"}])
    );
}

#[test]
fn languages_are_bcp_47_and_one() {
    let check = |languages: Value, expect: Value| {
        assert_eq!(of_metadata(json!({"languages": languages})).value()["language"], expect);
    };
    check(json!([{"id": "eng"}, {"id": "deu"}]), json!("en"));
    check(json!([{"id": "gsw"}]), json!("gsw"));
    check(json!([{"id": "English"}]), json!("en"));
    check(json!([{"id": "it-CH"}]), json!("it"));
    check(json!([{"id": "no such"}]), json!(null));
    check(json!([]), json!(null));
}

#[test]
fn control_characters_leave_both_outputs_alike() {
    let outputs = of_metadata(
        json!({"description": "Scienti\u{1f}fic", "version": "1\u{b}.0\u{FFFF}", "copyright": "\u{0}"}),
    );
    let json = outputs.value();
    assert_eq!(json["descriptions"][0]["description"], "Scientific");
    assert_eq!(json["version"], "1.0");
    assert!(outputs.xml.contains("<version>1.0</version>"));
    assert!(json["rightsList"].is_null());
}

#[test]
fn carriage_returns_survive_a_parser() {
    let outputs = of_metadata(json!({"version": "a\r\nb"}));
    assert!(outputs.xml.contains("<version>a&#13;\nb</version>"));
    assert_eq!(outputs.value()["version"], "a\r\nb");
}

#[test]
fn large_descriptions_and_long_lists_are_kept_whole() {
    let text = "ä p<0.0001 ".repeat(4200);
    let related: Vec<Value> = (0..759).map(|n| json!({"identifier": format!("10.1234/{n}"), "scheme": "doi", "relation_type": {"id": "cites"}})).collect();
    let json = of_metadata(json!({"description": text, "related_identifiers": related})).value();
    assert_eq!(json["descriptions"][0]["description"], text.trim());
    assert_eq!(json["relatedIdentifiers"].as_array().unwrap().len(), 759);
}

#[test]
fn duplicates_are_written_once() {
    let json = of_metadata(json!({
        "subjects": [{"subject": "a"}, {"subject": "b"}, {"subject": " a "}],
        "sizes": ["1", "1"],
        "dates": [{"date": "2020", "type": {"id": "valid"}}, {"date": "2020", "type": {"id": "valid"}}],
    }))
    .value();
    assert_eq!(json["subjects"], json!([{"subject": "a"}, {"subject": "b"}]));
    assert_eq!(json["sizes"], json!(["1"]));
    assert_eq!(json["dates"].as_array().unwrap().len(), 1);
}

#[test]
fn an_unknown_relation_is_other_and_named() {
    let related = |relation: Value| {
        of_metadata(json!({"related_identifiers": [{"identifier": "10.1234/x", "scheme": "doi", "relation_type": relation}]})).value()["relatedIdentifiers"][0].clone()
    };
    let named = related(json!({"id": "inspired"}));
    assert_eq!(
        (&named["relationType"], &named["relationTypeInformation"]),
        (&json!("Other"), &json!("inspired"))
    );
    let missing = related(json!(null));
    assert_eq!(
        (&missing["relationType"], &missing["relationTypeInformation"]),
        (&json!("Other"), &json!(null))
    );
}

#[test]
fn concept_and_communities_are_related() {
    let json = written(&json!({"id": "2", "created": "2020-01-01", "pids": {"doi": {"identifier": "10.5281/zenodo.2"}},
        "parent": {"pids": {"doi": {"identifier": "10.5281/zenodo.1"}}, "communities": {"entries": [{"slug": "snow"}, {"slug": "../x"}]}}}).to_string()).value();
    assert_eq!(
        json["relatedIdentifiers"],
        json!([
        {"relatedIdentifier": "10.5281/zenodo.1", "relatedIdentifierType": "DOI", "relationType": "IsVersionOf"},
        {"relatedIdentifier": "https://repository.example/communities/snow", "relatedIdentifierType": "URL", "relationType": "IsPartOf"}])
    );
}

#[test]
fn names_are_made_from_their_parts() {
    let name = |person: Value| {
        of_metadata(json!({"creators": [{"person_or_org": person}]})).value()["creators"][0]["name"]
            .clone()
    };
    assert_eq!(
        name(json!({"family_name": "Doe", "given_name": "Jane", "type": "personal"})),
        "Doe, Jane"
    );
    assert_eq!(name(json!({"family_name": "Doe"})), "Doe");
    assert_eq!(name(json!({"given_name": "Jane"})), "Jane");
    assert_eq!(name(json!({"name": "NASCIMENTO", "family_name": "Nascimento"})), "NASCIMENTO");
}

#[test]
fn access_is_stated_once_and_only_if_known() {
    let rights = |record: Value| written(&record.to_string()).value()["rightsList"].clone();
    let open = json!([{"rightsUri": "info:eu-repo/semantics/openAccess"}]);
    let given = json!({"rights": [{"link": "info:eu-repo/semantics/openAccess"}]});
    let record = |files: Value| json!({"id": "1", "created": "2020-01-01", "files": files, "metadata": given});
    let closed = json!([{"rightsUri": "info:eu-repo/semantics/closedAccess"}]);
    assert_eq!(rights(record(json!({"enabled": false}))), closed);
    assert_eq!(rights(record(json!({"enabled": true}))), open);
    assert_eq!(rights(json!({"id": "1", "created": "2020-01-01"})), json!(null));
}

#[test]
fn what_the_record_says_itself_is_not_repeated() {
    let json = written(
        &json!({"id": "2", "created": "2020-01-01",
        "parent": {"pids": {"doi": {"identifier": "10.5281/zenodo.1"}}},
        "metadata": {"related_identifiers": [{"identifier": "10.5281/ZENODO.1", "scheme": "doi",
            "relation_type": {"id": "isversionof"}, "resource_type": {"id": "dataset"}}]}})
        .to_string(),
    )
    .value();
    assert_eq!(json["relatedIdentifiers"].as_array().unwrap().len(), 1);
}
