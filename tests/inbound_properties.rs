//! Whatever comes in, nothing panics, and whatever is accepted is a record.

#![expect(clippy::unwrap_used, reason = "test harness")]

use offprint::crosswalk::inbound::{Inbound, InboundOptions, Kind, detect, to_native};
use offprint::record::validate::validate;
use offprint::record::{Record, identifier};
use proptest::prelude::*;
use serde_json::Value;

/// Keys of all kinds of document, so that random documents reach the converters' depths.
const KEYS: [&str; 60] = [
    "id",
    "recid",
    "conceptrecid",
    "doi",
    "metadata",
    "title",
    "titles",
    "creators",
    "name",
    "affiliation",
    "orcid",
    "dates",
    "date",
    "start",
    "end",
    "type",
    "keywords",
    "locations",
    "lat",
    "lon",
    "files",
    "key",
    "size",
    "checksum",
    "grants",
    "funder",
    "internal_id",
    "relations",
    "version",
    "index",
    "custom",
    "license",
    "communities",
    "access_right",
    "embargo_date",
    "attributes",
    "data",
    "state",
    "publicationYear",
    "types",
    "resourceTypeGeneral",
    "nameIdentifiers",
    "nameIdentifier",
    "nameIdentifierScheme",
    "relatedIdentifiers",
    "relatedIdentifier",
    "relatedIdentifierType",
    "relationType",
    "geoLocations",
    "geoLocationPoint",
    "geoLocationBox",
    "geoLocationPolygon",
    "polygonPoint",
    "pointLongitude",
    "pointLatitude",
    "rightsList",
    "rightsUri",
    "descriptions",
    "description",
    "fundingReferences",
];

/// Values that mean something somewhere.
const WORDS: [&str; 24] = [
    "",
    " ",
    "10.5281/zenodo.7",
    "https://doi.org/10.1234/X",
    "Roe, Ann",
    "a;b,c",
    "2024",
    "Err",
    "1999-2017",
    "9999-99-99",
    "0000-0002-1825-0097",
    "https://ror.org/04wxnsj81",
    "open",
    "embargoed",
    "HasVersion",
    "IsVersionOf",
    "DOI",
    "URL",
    "ORCID",
    "Issued",
    "1e999",
    "-0",
    "12.5 7",
    "\u{0}\u{1f}\u{2028}\u{202b}",
];

fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned),
        1 => ".{0,24}".prop_map(String::from),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        6 => word().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 96, 6, |inner| {
        let key = prop::sample::select(&KEYS[..]).prop_map(str::to_owned);
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            3 => prop::collection::btree_map(key, inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Elements of DataCite's vocabulary in any nesting, with text in any spelling.
fn xml() -> impl Strategy<Value = String> {
    const NAMES: [&str; 24] = [
        "resource",
        "identifier",
        "creators",
        "creator",
        "creatorName",
        "nameIdentifier",
        "titles",
        "title",
        "dates",
        "date",
        "geoLocations",
        "geoLocation",
        "geoLocationPoint",
        "geoLocationBox",
        "geoLocationPolygon",
        "polygonPoint",
        "pointLongitude",
        "descriptions",
        "description",
        "br",
        "relatedIdentifiers",
        "relatedIdentifier",
        "rights",
        "d:header",
    ];
    const TEXTS: [&str; 8] =
        ["&amp;", "&#x1F;", "&#0;", "&bogus;", "<![CDATA[<]]>", "<!-- -->", "<?p i?>", "]]>"];
    let leaf = prop_oneof![
        word().prop_map(|text| text.replace(['<', '&'], "")),
        prop::sample::select(&TEXTS[..]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        let name = prop::sample::select(&NAMES[..]);
        (name, word(), prop::collection::vec(inner, 0..6)).prop_map(|(name, value, children)| {
            let value = value.replace(['<', '&', '"'], "");
            format!("<{name} relationType=\"{value}\">{}</{name}>", children.concat())
        })
    })
}

/// Converts under every kind; what is accepted must parse, have a usable id and be checkable.
fn check(text: &str) {
    let _ = detect::kind(text.as_bytes());
    for stem in [None, Some("a-file")] {
        let options = InboundOptions { doi_pattern: "10.5281/zenodo.N", stem };
        for kind in [Kind::Legacy, Kind::DataciteJson, Kind::DataciteXml] {
            match to_native(kind, text, &options) {
                Ok(Inbound::Record { json, .. }) => {
                    let record = Record::parse(&json).unwrap();
                    assert!(identifier::is_record_id(&record.id), "{json}");
                    validate(&record);
                    assert_eq!(detect::kind(json.as_bytes()), Ok(Kind::Native), "{json}");
                }
                Ok(Inbound::Concept { id, versions, .. }) => {
                    assert!(identifier::is_record_id(&id) && !versions.is_empty());
                }
                Err(rejected) => assert!(rejected.message.len() <= 300),
            }
        }
    }
}

proptest! {
    #[test]
    fn any_text(text in ".{0,200}") {
        check(&text);
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = detect::kind(&bytes);
    }

    #[test]
    fn any_json(value in json()) {
        check(&value.to_string());
    }

    #[test]
    fn any_json_with_an_id(mut value in json(), metadata in json()) {
        if let Some(members) = value.as_object_mut() {
            members.insert("id".to_owned(), Value::from(7));
            members.insert("doi".to_owned(), Value::from("10.1234/x"));
            members.insert("metadata".to_owned(), metadata);
        }
        check(&value.to_string());
    }

    #[test]
    fn any_xml(tree in xml()) {
        check(&tree);
        check(&format!("<resource><identifier>10.1234/x</identifier>{tree}</resource>"));
    }

    #[test]
    fn any_truncation(cut in 0usize..6000) {
        for text in [
            include_str!("data/inbound/legacy.json"),
            include_str!("data/inbound/datacite.json"),
            include_str!("data/inbound/datacite.xml"),
        ] {
            check(&text[..text.floor_char_boundary(cut.min(text.len()))]);
        }
    }
}
