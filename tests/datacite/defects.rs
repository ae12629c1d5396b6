//! The defects of InvenioRDM's own serializer that are corrected on purpose, one test each.
//! The letters are those of the table in `docs/crosswalks.md`.

use serde_json::json;

use crate::corpus::{of_metadata, written};

#[test]
fn a_subject_uris_are_in_xml_and_json() {
    let outputs = of_metadata(
        json!({"subjects": [{"id": "http://id.example/1", "subject": "Snow", "scheme": "MeSH"}]}),
    );
    assert!(outputs.xml.contains(
        "<subject subjectScheme=\"MeSH\" valueURI=\"http://id.example/1\">Snow</subject>"
    ));
    assert_eq!(
        outputs.value()["subjects"],
        json!([{"subject": "Snow", "subjectScheme": "MeSH", "valueUri": "http://id.example/1"}])
    );
}

#[test]
fn b_award_uris_are_in_xml_and_json() {
    let outputs = of_metadata(
        json!({"funding": [{"funder": {"name": "F"}, "award": {"number": "7", "identifiers": [
        {"scheme": "url", "identifier": "https://example.org/7"}, {"scheme": "doi", "identifier": "10.1234/award"}]}}]}),
    );
    assert!(
        outputs
            .xml
            .contains("<awardNumber awardURI=\"https://doi.org/10.1234/award\">7</awardNumber>")
    );
    assert_eq!(
        outputs.value()["fundingReferences"][0]["awardUri"],
        "https://doi.org/10.1234/award"
    );
}

#[test]
fn c_lsid_cstr_rrid_and_swhid_relations_survive() {
    let related = |scheme: &str, value: &str| json!({"identifier": value, "scheme": scheme, "relation_type": {"id": "cites"}});
    let outputs = of_metadata(json!({"related_identifiers": [
        related("lsid", "urn:lsid:ubio.org:namebank:11815"),
        related("cstr", "31253.11.sciencedb.j00001.00123"),
        related("rrid", "RRID:AB_90755"),
        related("swhid", "swh:1:cnt:94a9ed024d3859793618152ea559a168bbcbb5e2"),
        related("wikidata", "Q42"),
    ]}));
    let json = outputs.value();
    let types: Vec<&str> = json["relatedIdentifiers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id["relatedIdentifierType"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["LSID", "CSTR", "RRID", "SWHID", "URL"]);
    assert_eq!(
        json["relatedIdentifiers"][4]["relatedIdentifier"],
        "https://www.wikidata.org/wiki/Q42"
    );
}

#[test]
fn d_terms_of_4_6_and_4_7_are_declared() {
    let outputs = of_metadata(json!({
        "resource_type": {"id": "poster"},
        "contributors": [{"person_or_org": {"name": "T"}, "role": {"id": "translator"}}],
        "dates": [{"date": "1999", "type": {"id": "coverage"}}],
        "related_identifiers": [{"identifier": "10.1234/x", "scheme": "doi", "relation_type": {"id": "istranslationof"}}],
    }));
    assert!(outputs.xml.contains("kernel-4.7/metadata.xsd"));
    for part in [
        "resourceTypeGeneral=\"Poster\"",
        "contributorType=\"Translator\"",
        "dateType=\"Coverage\"",
        "relationType=\"IsTranslationOf\"",
    ] {
        assert!(outputs.xml.contains(part), "{part}");
    }
}

#[test]
fn e_funder_identifier_of_another_kind_is_other() {
    let outputs = of_metadata(
        json!({"funding": [{"funder": {"name": "Land Tirol", "identifiers": [{"identifier": "2018922-8", "scheme": "gnd"}]}}]}),
    );
    assert!(outputs.xml.contains("<funderIdentifier funderIdentifierType=\"Other\" schemeURI=\"https://d-nb.info/gnd/\">2018922-8</funderIdentifier>"));
}

#[test]
fn f_software_heritage_identifier_is_in_every_output() {
    let swhid = "swh:1:dir:0123456789abcdef0123456789abcdef01234567";
    let outputs =
        written(&json!({"id": "1", "created": "2020-01-01", "swh": {"swhid": swhid}}).to_string());
    assert!(outputs.xml.contains(&format!("<relatedIdentifier relatedIdentifierType=\"SWHID\" relationType=\"IsIdenticalTo\">{swhid}</relatedIdentifier>")));
    let json = outputs.value();
    assert_eq!(json["relatedIdentifiers"][0]["relatedIdentifier"], swhid);
}

#[test]
fn g_updated_is_the_day_of_the_content_or_the_records_own() {
    let record = |dates: serde_json::Value| {
        json!({"id": "1", "created": "2020-01-01T00:00:00Z", "updated": "2021-02-03T04:05:06.789Z", "metadata": {"dates": dates}}).to_string()
    };
    assert_eq!(
        written(&record(json!([]))).value()["dates"],
        json!([{"date": "2021-02-03", "dateType": "Updated"}])
    );
    let own = json!([{"date": "2020-05", "type": {"id": "updated"}}]);
    assert_eq!(
        written(&record(own)).value()["dates"],
        json!([{"date": "2020-05", "dateType": "Updated"}])
    );
}

#[test]
fn h_writing_changes_nothing() {
    let record = json!({"id": "1", "created": "2020-01-01", "metadata": {
        "creators": [{"person_or_org": {"name": "D"}, "affiliations": [{"name": "A", "identifiers": [{"identifier": "Q42", "scheme": "wikidata"}]}]}],
        "funding": [{"funder": {"id": "00k4n6c32", "name": "EC", "identifiers": [{"identifier": "501100000780", "scheme": "crossreffunderid"}]}}],
    }})
    .to_string();
    crate::corpus::with(&record, |datacite| {
        let datacite = datacite.unwrap();
        let (mut first, mut xml, mut second) = (Vec::new(), Vec::new(), Vec::new());
        datacite.write_json(&mut first);
        datacite.write_xml(&mut xml);
        datacite.write_json(&mut second);
        assert_eq!(first, second);
    });
    let json = written(&record).value();
    assert_eq!(json["creators"][0]["affiliation"][0]["affiliationIdentifierScheme"], "Wikidata");
    assert_eq!(json["fundingReferences"][0]["funderIdentifier"], "https://ror.org/00k4n6c32");
}

#[test]
fn i_custom_licences_keep_what_they_say() {
    let outputs = of_metadata(json!({"rights": [
        {"title": {"en": "House rules"}},
        {"title": {"de": "Hausordnung"}, "link": "https://example.org/rules"},
        {"description": {"en": "Ask first"}},
        {"id": "cc-by-4.0"},
        {},
    ]}));
    let json = outputs.value();
    assert_eq!(json["rightsList"][0], json!({"rights": "House rules"}));
    assert_eq!(
        json["rightsList"][1],
        json!({"rights": "Hausordnung", "rightsUri": "https://example.org/rules"})
    );
    assert_eq!(json["rightsList"][2], json!({"rights": "Ask first"}));
    assert_eq!(json["rightsList"][3]["rightsIdentifierScheme"], "SPDX");
    assert_eq!(json["rightsList"].as_array().unwrap().len(), 4);
    assert!(outputs.xml.contains("<rights>House rules</rights>"));
}

#[test]
fn j_embargo_end_is_available_and_public_files_give_sizes() {
    let record = |files: &str, until: &str| {
        json!({"id": "1", "created": "2020-01-01",
            "access": {"files": files, "embargo": {"active": files != "public", "until": until}},
            "files": {"enabled": true, "entries": {
                "a": {"key": "a", "size": 10, "mimetype": "text/csv"},
                "b": {"key": "b", "size": 5, "mimetype": "text/csv"},
                "c": {"key": "c", "size": 9, "mimetype": "x/y", "access": {"hidden": true}}}}})
        .to_string()
    };
    let embargoed = written(&record("restricted", "2031-01-01")).value();
    assert_eq!(embargoed["dates"], json!([{"date": "2031-01-01", "dateType": "Available"}]));
    assert_eq!(
        embargoed["rightsList"],
        json!([{"rightsUri": "info:eu-repo/semantics/embargoedAccess"}])
    );
    assert!(embargoed["sizes"].is_null() && embargoed["formats"].is_null());
    let open = written(&record("public", "2022-01-01")).value();
    assert_eq!(open["dates"], json!([{"date": "2022-01-01", "dateType": "Available"}]));
    assert_eq!(open["sizes"], json!(["2 files", "15 bytes"]));
    assert_eq!(open["formats"], json!(["text/csv"]));
}

#[test]
fn k_journal_is_a_related_item() {
    let outputs = written(&json!({"id": "1", "created": "2020-01-01", "custom_fields": {"journal:journal": {
        "title": "Journal of Snow", "volume": "12", "issue": "3", "pages": "101-117", "issn": "03178471"}}}).to_string());
    assert!(outputs.xml.contains(
        "<relatedItem relatedItemType=\"Journal\" relationType=\"IsPublishedIn\">\
         <relatedItemIdentifier relatedItemIdentifierType=\"ISSN\">0317-8471</relatedItemIdentifier>\
         <titles><title>Journal of Snow</title></titles><volume>12</volume><issue>3</issue>\
         <firstPage>101</firstPage><lastPage>117</lastPage></relatedItem>"
    ));
}
