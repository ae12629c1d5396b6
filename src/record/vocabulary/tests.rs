use super::*;

/// The types of the CSL 1.0.2 input schema that the table uses.
const CSL: &[&str] = &[
    "article",
    "article-journal",
    "book",
    "chapter",
    "collection",
    "dataset",
    "document",
    "event",
    "figure",
    "graphic",
    "motion_picture",
    "paper-conference",
    "patent",
    "periodical",
    "report",
    "review",
    "software",
    "song",
    "speech",
    "standard",
    "thesis",
];

#[test]
fn tables_are_sorted_and_complete() {
    let types = resource_types();
    assert_eq!(types.len(), 47);
    for entry in types {
        assert_eq!(resource_type(entry.id), Some(entry));
        assert!(CSL.contains(&entry.csl), "{} is no CSL type", entry.csl);
        assert!(entry.schema_org.starts_with(|c: char| c.is_ascii_uppercase()), "{}", entry.id);
    }
    for (table, size) in term::TABLES {
        assert_eq!(table.len(), *size);
        assert!(table.is_sorted_by(|a, b| a.id < b.id), "{table:?}");
    }
    assert!(scheme::TABLE.is_sorted_by(|a, b| a.id < b.id));
    let related = scheme::TABLE.iter().filter(|s| s.related.is_some() && s.id != "bibcode");
    assert_eq!(related.count(), 23, "DataCite 4.7 has 23 related identifier types");
    assert!(licence::OLDER_IDS.is_sorted_by(|a, b| a.0 < b.0));
    for (older, current) in licence::OLDER_IDS {
        assert!(licence(current).is_some_and(|found| found.id == *current), "{older}: {current}");
    }
    for (id, title, _) in licence::ZENODO {
        assert_eq!(licence(id).map(|found| found.title), Some(*title), "{id}");
    }
    assert!(licence::listed().all(|id| id.len() <= licence::LONGEST_ID));
}

#[test]
fn resource_types_by_id_and_by_datacite() {
    assert_eq!(resource_type("publication-thesis").unwrap().id, "publication-dissertation");
    assert_eq!(resource_type("publication-dissertation").unwrap().csl, "thesis");
    assert_eq!(resource_type("publication-standard").unwrap().schema_org, "CreativeWork");
    assert_eq!(resource_type("no-such-type"), None);
    for entry in resource_types() {
        let back = resource_type_by_datacite(entry.datacite_general, entry.datacite_type);
        assert_eq!(back, Some(entry));
    }
    let cases = [
        ("dataset", "", "dataset"),
        ("Dataset", "Survey data", "dataset"),
        ("Text", "Journal article", "publication-article"),
        ("Text", "Thesis", "publication-dissertation"),
        ("Text", "something else", "publication"),
        ("Image", "photo", "image-photo"),
        ("Award", "", "other"),
        (" Software ", "", "software"),
    ];
    for (general, text, id) in cases {
        assert_eq!(resource_type_by_datacite(general, text).unwrap().id, id, "{general}/{text}");
    }
    assert_eq!(resource_type_by_datacite("", "Dataset"), None);
}

#[test]
fn terms_go_both_ways() {
    assert_eq!(relation_type("issupplementto").unwrap().datacite, "IsSupplementTo");
    assert_eq!(relation_type_by_datacite("isversionof").unwrap().id, "isversionof");
    assert_eq!(relation_type("hastranslation").unwrap().title, "Has translation");
    assert_eq!(role_by_datacite("DataCurator").unwrap().id, "datacurator");
    assert_eq!(role("translator").unwrap().datacite, "Translator");
    assert_eq!(date_type_by_datacite("coverage").unwrap().id, "coverage");
    assert_eq!(title_type("alternative-title").unwrap().datacite, "AlternativeTitle");
    assert_eq!(title_type_by_datacite("TranslatedTitle").unwrap().id, "translated-title");
    assert_eq!(description_type("notes").unwrap().datacite, "Other");
    assert_eq!(description_type_by_datacite("Other").unwrap().id, "other");
    assert_eq!(removal_reason("personal-data").unwrap().title, "Personal data");
    assert_eq!(relation_type("IsCitedBy"), None, "ids are lower case");
    assert_eq!(scheme("ads").unwrap().related, Some("bibcode"));
    assert_eq!(scheme("orcid").unwrap().related, None);
    assert_eq!(scheme_by_datacite("crossref funder id").unwrap().id, "crossreffunderid");
    assert_eq!(scheme_by_datacite("bibcode").unwrap().id, "ads");
}

#[test]
fn languages_by_any_name() {
    let cases = [
        ("en", "eng"),
        ("eng", "eng"),
        ("EN", "eng"),
        ("English", "eng"),
        ("english", "eng"),
        ("en-US", "eng"),
        ("it-CH", "ita"),
        ("pt_BR", "por"),
        ("ger", "deu"),
        ("deu", "deu"),
        ("fre", "fra"),
        ("chi", "zho"),
        ("Greek", "ell"),
        (" de ", "deu"),
        ("mul", "mul"),
    ];
    for (text, alpha3) in cases {
        assert_eq!(language(text).map(|l| l.alpha3), Some(alpha3), "{text}");
    }
    assert_eq!(language("deu").unwrap().bcp47(), "de");
    assert_eq!(language("gsw").unwrap().bcp47(), "gsw");
    assert_eq!(language("eng").unwrap().name, "English");
    for text in ["", "x", "Klingonese", "e", "12", "–", "ééé", "en\u{0}"] {
        assert_eq!(language(text), None, "{text:?}");
    }
    assert!(language::BIBLIOGRAPHIC.is_sorted_by(|a, b| a.0 < b.0));
}

#[test]
fn licences_by_id() {
    let by = licence("cc-by-4.0").unwrap();
    assert_eq!(by.title, "Creative Commons Attribution 4.0 International");
    assert_eq!(by.url, Some("https://creativecommons.org/licenses/by/4.0/legalcode"));
    assert_eq!(by.spdx, Some("CC-BY-4.0"));
    assert_eq!(licence("CC-BY-4.0"), Some(by));
    let cases = [
        ("cc-zero", "cc0-1.0", Some("https://creativecommons.org/publicdomain/zero/1.0/legalcode")),
        (
            "cc-by-nc-nd-1.0",
            "cc-by-nc-nd-1.0",
            Some("https://creativecommons.org/licenses/by-nd-nc/1.0/legalcode"),
        ),
        (
            "cc-by-3.0-at",
            "cc-by-3.0-at",
            Some("https://creativecommons.org/licenses/by/3.0/at/legalcode"),
        ),
        ("mit", "mit", Some("https://opensource.org/licenses/MIT")),
        ("gpl-3.0", "gpl-3.0-only", Some("https://spdx.org/licenses/GPL-3.0-only.html")),
        ("other-open", "other-open", None),
        ("notspecified", "notspecified", None),
        ("postgresql", "postgresql", Some("https://opensource.org/licenses/PostgreSQL")),
    ];
    for (id, current, url) in cases {
        let found = licence(id).unwrap();
        assert_eq!((found.id, found.url), (current, url), "{id}");
    }
    for id in ["", "no-such-licence", "default", "é", &"a".repeat(100)] {
        assert_eq!(licence(id), None, "{id}");
    }
}

#[test]
fn licences_by_address() {
    let cases = [
        ("https://creativecommons.org/licenses/by/4.0/legalcode", "cc-by-4.0"),
        ("https://creativecommons.org/licenses/by/4.0", "cc-by-4.0"),
        ("http://creativecommons.org/licenses/by/4.0/", "cc-by-4.0"),
        ("http://www.creativecommons.org/licenses/by-nc/3.0/deed.en_US", "cc-by-nc-3.0"),
        ("http://creativecommons.org/licenses/by/3.0/deed", "cc-by-3.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0-1.0"),
        ("https://creativecommons.org/publicdomain/mark/1.0/deed.de", "cc-pdm-1.0"),
        ("https://opensource.org/licenses/MIT", "mit"),
        ("https://opensource.org/license/mit/", "mit"),
        ("https://spdx.org/licenses/Apache-2.0.html", "apache-2.0"),
        ("http://www.apache.org/licenses/LICENSE-2.0.html", "apache-2.0"),
        ("https://www.gnu.org/licenses/gpl-3.0-standalone.html", "gpl-3.0-only"),
        ("http://www.opendefinition.org/licenses/cc-zero", "cc0-1.0"),
        ("https://www.gnu.org/licenses/old-licenses/gpl-2.0-standalone.html", "gpl-2.0-only"),
        ("http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/", "ogl-uk-3.0"),
    ];
    for (url, id) in cases {
        assert_eq!(licence_by_url(url).map(|found| found.id), Some(id), "{url}");
    }
    for url in ["", "cc-by-4.0", "https://", "https://example.org/licenses/mit", "https://gnu.org"]
    {
        assert_eq!(licence_by_url(url), None, "{url}");
    }
    for (address, id) in licence::OTHER_ADDRESSES {
        assert_eq!(licence_by_url(&format!("https://{address}/")).map(|l| l.id), Some(*id));
    }
    for id in licence::listed() {
        let found = licence(id).unwrap();
        let Some(url) = found.url else { continue };
        let back = licence_by_url(url).unwrap();
        assert_eq!(back.url, Some(url), "{id}");
    }
}

/// The folder of schemas beside the reference data, or `None` with a line that says so.
fn schemas() -> Option<std::path::PathBuf> {
    let Some(data) = std::env::var_os("OFFPRINT_REFERENCE_DATA") else {
        println!("skipped: OFFPRINT_REFERENCE_DATA is not set");
        return None;
    };
    Some(std::path::Path::new(&data).join("../schemas/official/datacite-4.7/include"))
}

#[test]
fn every_datacite_name_is_legal_in_4_7() {
    let Some(folder) = schemas() else { return };
    let enumeration = |name: &str| -> Vec<String> {
        let file = folder.join(format!("datacite-{name}-v4.xsd"));
        let text = std::fs::read_to_string(&file).unwrap();
        let values = text.split("enumeration value=\"").skip(1);
        values.map(|part| part.split('"').next().unwrap().to_owned()).collect()
    };
    let equal = |name: &str, ours: Vec<&str>| {
        let (mut legal, mut ours) = (enumeration(name), ours);
        legal.sort();
        ours.sort_unstable();
        ours.dedup();
        assert_eq!(legal, ours, "{name}");
    };
    equal("relationType", term::RELATION_TYPES.iter().map(|t| t.datacite).collect());
    equal("dateType", term::DATE_TYPES.iter().map(|t| t.datacite).collect());
    equal("titleType", term::TITLE_TYPES.iter().map(|t| t.datacite).collect());
    equal("descriptionType", term::DESCRIPTION_TYPES.iter().map(|t| t.datacite).collect());
    equal("contributorType", term::ROLES.iter().map(|t| t.datacite).collect());
    equal("relatedIdentifierType", scheme::TABLE.iter().filter_map(|s| s.related).collect());
    let generals = enumeration("resourceType");
    for entry in resource_types() {
        assert!(generals.iter().any(|legal| legal == entry.datacite_general), "{}", entry.id);
    }
    for general in &generals {
        assert!(resource_type_by_datacite(general, "").is_some(), "{general}");
    }
}

/// Every licence id that a Zenodo record can carry is known.
#[test]
fn zenodo_licence_ids_are_known() {
    let Some(data) = std::env::var_os("OFFPRINT_REFERENCE_DATA") else {
        println!("skipped: OFFPRINT_REFERENCE_DATA is not set");
        return;
    };
    let folder = std::path::Path::new(&data).join("vocab");
    for name in ["zenodo-rdm/licenses.csv", "invenio/licenses.csv"] {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        for row in reader.records() {
            let id = row.unwrap()[0].to_owned();
            assert!(licence(&id).is_some(), "{name}: {id}");
        }
    }
}
