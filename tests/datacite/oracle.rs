//! quick-xml as oracle: the XML is rebuilt from the JSON output with quick-xml's own writer,
//! and both documents must give the same events. This holds the escaping, the structure, and
//! that XML and JSON say the same, for any record.

use proptest::prelude::*;
use quick_xml::Writer;
use quick_xml::events::{BytesEnd, BytesStart, BytesText, Event};
use serde_json::{Value, json};

use crate::corpus::{Outputs, any_record, every_term, many_creators, native, written};
use crate::golden::inputs;

/// One event of a document: an element with sorted attributes, text, or an end.
#[derive(Debug, PartialEq, Eq)]
enum Canonical {
    Start(String, Vec<(String, String)>),
    Text(String),
    End(String),
}

fn canonical(xml: &str) -> Vec<Canonical> {
    let mut reader = quick_xml::Reader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut events: Vec<Canonical> = Vec::new();
    let text = |events: &mut Vec<Canonical>, more: &str| match events.last_mut() {
        Some(Canonical::Text(text)) => text.push_str(more),
        _ => events.push(Canonical::Text(more.to_owned())),
    };
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                let mut attributes: Vec<(String, String)> = start
                    .attributes()
                    .map(|attribute| {
                        let attribute = attribute.unwrap();
                        let key = attribute.key.0.to_owned();
                        let raw = &*attribute.value;
                        (key, quick_xml::escape::unescape(raw).unwrap().into_owned())
                    })
                    .collect();
                attributes.sort();
                events.push(Canonical::Start(start.name().0.to_owned(), attributes));
            }
            Event::End(end) => events.push(Canonical::End(end.name().0.to_owned())),
            // The line end after the declaration.
            Event::Text(_) if events.is_empty() => {}
            Event::Text(bytes) => text(&mut events, &bytes),
            Event::GeneralRef(reference) => {
                let entity = format!("&{};", &*reference);
                text(&mut events, &quick_xml::escape::unescape(&entity).unwrap());
            }
            Event::Decl(_) => {}
            Event::Eof => return events,
            other => panic!("unexpected {other:?}"),
        }
    }
}

type Oracle = Writer<Vec<u8>>;

fn start(to: &mut Oracle, name: &str, attributes: &[(&str, &Value)]) {
    let mut start = BytesStart::new(name);
    for (key, value) in attributes {
        if let Some(value) = value.as_str() {
            start.push_attribute((*key, value));
        }
    }
    to.write_event(Event::Start(start)).unwrap();
}

fn end(to: &mut Oracle, name: &str) {
    to.write_event(Event::End(BytesEnd::new(name))).unwrap();
}

fn leaf(to: &mut Oracle, name: &str, text: &Value, attributes: &[(&str, &Value)]) {
    start(to, name, attributes);
    let text = match text {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        number => number.to_string(),
    };
    to.write_event(Event::Text(BytesText::new(&text))).unwrap();
    end(to, name);
}

fn optional(to: &mut Oracle, name: &str, text: &Value) {
    if !text.is_null() {
        leaf(to, name, text, &[]);
    }
}

fn each(to: &mut Oracle, name: &str, list: &Value, one: impl Fn(&mut Oracle, &Value)) {
    if let Some(items) = list.as_array() {
        start(to, name, &[]);
        items.iter().for_each(|item| one(to, item));
        end(to, name);
    }
}

fn party(to: &mut Oracle, name: &str, party: &Value) {
    leaf(to, name, &party["name"], &[("nameType", &party["nameType"])]);
    optional(to, "givenName", &party["givenName"]);
    optional(to, "familyName", &party["familyName"]);
    for id in party["nameIdentifiers"].as_array().into_iter().flatten() {
        let attributes = [
            ("nameIdentifierScheme", &id["nameIdentifierScheme"]),
            ("schemeURI", &id["schemeUri"]),
        ];
        leaf(to, "nameIdentifier", &id["nameIdentifier"], &attributes);
    }
    for one in party["affiliation"].as_array().into_iter().flatten() {
        let attributes = [
            ("affiliationIdentifier", &one["affiliationIdentifier"]),
            ("affiliationIdentifierScheme", &one["affiliationIdentifierScheme"]),
            ("schemeURI", &one["schemeUri"]),
        ];
        leaf(to, "affiliation", &one["name"], &attributes);
    }
}

fn points(to: &mut Oracle, name: &str, at: &Value) {
    start(to, name, &[]);
    leaf(to, "pointLongitude", &at["pointLongitude"], &[]);
    leaf(to, "pointLatitude", &at["pointLatitude"], &[]);
    end(to, name);
}

fn place(to: &mut Oracle, place: &Value) {
    start(to, "geoLocation", &[]);
    optional(to, "geoLocationPlace", &place["geoLocationPlace"]);
    if !place["geoLocationPoint"].is_null() {
        points(to, "geoLocationPoint", &place["geoLocationPoint"]);
    }
    if !place["geoLocationBox"].is_null() {
        start(to, "geoLocationBox", &[]);
        for side in
            ["westBoundLongitude", "eastBoundLongitude", "southBoundLatitude", "northBoundLatitude"]
        {
            leaf(to, side, &place["geoLocationBox"][side], &[]);
        }
        end(to, "geoLocationBox");
    }
    each(to, "geoLocationPolygon", &place["geoLocationPolygon"], |to, at| {
        points(to, "polygonPoint", &at["polygonPoint"]);
    });
    end(to, "geoLocation");
}

fn funding(to: &mut Oracle, grant: &Value) {
    start(to, "fundingReference", &[]);
    leaf(to, "funderName", &grant["funderName"], &[]);
    if !grant["funderIdentifier"].is_null() {
        leaf(
            to,
            "funderIdentifier",
            &grant["funderIdentifier"],
            &[("funderIdentifierType", &grant["funderIdentifierType"])],
        );
    }
    if !grant["awardNumber"].is_null() || !grant["awardUri"].is_null() {
        leaf(to, "awardNumber", &grant["awardNumber"], &[("awardURI", &grant["awardUri"])]);
    }
    optional(to, "awardTitle", &grant["awardTitle"]);
    end(to, "fundingReference");
}

fn related_item(to: &mut Oracle, item: &Value) {
    start(
        to,
        "relatedItem",
        &[("relatedItemType", &item["relatedItemType"]), ("relationType", &item["relationType"])],
    );
    let id = &item["relatedItemIdentifier"];
    if !id.is_null() {
        leaf(
            to,
            "relatedItemIdentifier",
            &id["relatedItemIdentifier"],
            &[("relatedItemIdentifierType", &id["relatedItemIdentifierType"])],
        );
    }
    each(to, "titles", &item["titles"], |to, title| leaf(to, "title", &title["title"], &[]));
    for name in ["volume", "issue", "firstPage", "lastPage", "edition"] {
        optional(to, name, &item[name]);
    }
    end(to, "relatedItem");
}

/// What the XML of this DataCite JSON is.
fn rebuilt(json: &Value) -> String {
    let mut writer = Writer::new(Vec::new());
    let to = &mut writer;
    let mut root = BytesStart::new("resource");
    root.push_attribute(("xmlns", "http://datacite.org/schema/kernel-4"));
    root.push_attribute(("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"));
    root.push_attribute(("xsi:schemaLocation", "http://datacite.org/schema/kernel-4 https://schema.datacite.org/meta/kernel-4.7/metadata.xsd"));
    to.write_event(Event::Start(root)).unwrap();
    match &json["doi"] {
        Value::Null => leaf(
            to,
            "identifier",
            &json["alternateIdentifiers"][0]["alternateIdentifier"],
            &[("identifierType", &"URL".into())],
        ),
        doi => leaf(to, "identifier", doi, &[("identifierType", &"DOI".into())]),
    }
    each(to, "creators", &json["creators"], |to, creator| {
        start(to, "creator", &[]);
        party(to, "creatorName", creator);
        end(to, "creator");
    });
    each(to, "titles", &json["titles"], |to, title| {
        leaf(
            to,
            "title",
            &title["title"],
            &[("titleType", &title["titleType"]), ("xml:lang", &title["lang"])],
        );
    });
    leaf(to, "publisher", &json["publisher"]["name"], &[]);
    leaf(to, "publicationYear", &json["publicationYear"], &[]);
    leaf(
        to,
        "resourceType",
        &json["types"]["resourceType"],
        &[("resourceTypeGeneral", &json["types"]["resourceTypeGeneral"])],
    );
    each(to, "subjects", &json["subjects"], |to, one| {
        leaf(
            to,
            "subject",
            &one["subject"],
            &[("subjectScheme", &one["subjectScheme"]), ("valueURI", &one["valueUri"])],
        );
    });
    each(to, "contributors", &json["contributors"], |to, one| {
        start(to, "contributor", &[("contributorType", &one["contributorType"])]);
        party(to, "contributorName", one);
        end(to, "contributor");
    });
    each(to, "dates", &json["dates"], |to, date| {
        leaf(
            to,
            "date",
            &date["date"],
            &[("dateType", &date["dateType"]), ("dateInformation", &date["dateInformation"])],
        );
    });
    optional(to, "language", &json["language"]);
    each(to, "alternateIdentifiers", &json["alternateIdentifiers"], |to, id| {
        leaf(
            to,
            "alternateIdentifier",
            &id["alternateIdentifier"],
            &[("alternateIdentifierType", &id["alternateIdentifierType"])],
        );
    });
    each(to, "relatedIdentifiers", &json["relatedIdentifiers"], |to, id| {
        let keys = [
            "relatedIdentifierType",
            "relationType",
            "relationTypeInformation",
            "resourceTypeGeneral",
        ];
        leaf(to, "relatedIdentifier", &id["relatedIdentifier"], &keys.map(|key| (key, &id[key])));
    });
    each(to, "relatedItems", &json["relatedItems"], related_item);
    each(to, "sizes", &json["sizes"], |to, size| leaf(to, "size", size, &[]));
    each(to, "formats", &json["formats"], |to, format| leaf(to, "format", format, &[]));
    optional(to, "version", &json["version"]);
    each(to, "rightsList", &json["rightsList"], |to, one| {
        let attributes = [
            ("rightsURI", &one["rightsUri"]),
            ("rightsIdentifier", &one["rightsIdentifier"]),
            ("rightsIdentifierScheme", &one["rightsIdentifierScheme"]),
            ("schemeURI", &one["schemeUri"]),
        ];
        leaf(to, "rights", &one["rights"], &attributes);
    });
    each(to, "descriptions", &json["descriptions"], |to, one| {
        leaf(
            to,
            "description",
            &one["description"],
            &[("descriptionType", &one["descriptionType"]), ("xml:lang", &one["lang"])],
        );
    });
    each(to, "geoLocations", &json["geoLocations"], place);
    each(to, "fundingReferences", &json["fundingReferences"], funding);
    end(to, "resource");
    String::from_utf8(writer.into_inner()).unwrap()
}

/// The JSON schema has no `schemeUri` for funders; everything else must agree.
fn without_funder_scheme(mut events: Vec<Canonical>) -> Vec<Canonical> {
    for event in &mut events {
        match event {
            Canonical::Start(name, attributes) if name == "funderIdentifier" => {
                attributes.retain(|(key, _)| key != "schemeURI");
            }
            _ => {}
        }
    }
    // Empty text of the rebuilt document and no text of ours are the same.
    events.retain(|event| *event != Canonical::Text(String::new()));
    events
}

fn check(outputs: &Outputs) {
    let ours = without_funder_scheme(canonical(&outputs.xml));
    let theirs = without_funder_scheme(canonical(&rebuilt(&outputs.value())));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(ours.len(), theirs.len());
}

/// Mirrors make DataCite of the native JSON of a release.
fn check_native(record: &str) {
    let Some(native) = native(record) else { return };
    let (one, other) = (written(record), written(&native));
    assert_eq!((one.xml, one.json), (other.xml, other.json), "{native}");
}

#[test]
fn what_a_release_says_in_native_json_gives_the_same_of_every_sample() {
    let files = json!({"enabled": true, "entries": {
        "a": {"key": "a", "size": 1, "mimetype": "text/plain", "access": {"hidden": true}},
        "b": {"key": "b", "size": 2, "mimetype": "text/csv"}, "c": {"key": "c", "ext": "c"}}});
    let accesses = [
        json!({"record": "public", "files": "public", "status": "restricted"}),
        json!({"record": "public", "files": "restricted"}),
        json!({"record": "public", "files": "odd", "embargo": {"until": "2026"}}),
        json!({"files": "restricted", "embargo": {"active": true, "until": "2026-11-01"}}),
        json!({"files": "restricted", "embargo": {"active": true, "until": "2026-11-02"}}),
        json!({"files": "restricted", "embargo": {"active": false, "until": "2026-10-02"}}),
        json!({"files": "public", "embargo": {"active": true, "until": "2030-10-02"}}),
    ];
    let texts = inputs().into_iter().map(|input| std::fs::read_to_string(input).unwrap());
    for text in texts.chain([every_term(), many_creators(20)]) {
        check_native(&text);
        let mut record: Value = serde_json::from_str(&text).unwrap();
        record["metadata"]["resource_type"] = json!({"id": "own", "title": {"en": "Own type"}});
        record["metadata"]["rights"] = json!([
            {"id": "own-1", "title": {"en": "Own"}, "props": {"url": "https://r.example/l"}},
            {"id": "cc-by-4.0", "title": {"en": "Other name"}, "props": {"scheme": "x"}},
            {"title": {"en": "Custom"}, "description": {"de": "Eigene"}, "link": "https://r.example"}]);
        record["parent"]["communities"]["entries"] =
            json!([{"id": "u", "slug": "s", "metadata": {"title": "S"}}, {"id": "v", "slug": ""}]);
        for access in &accesses {
            record["access"] = access.clone();
            for files in [&files, &json!({"enabled": false}), &json!({"enabled": true}), &json!({})]
            {
                record["files"] = files.clone();
                check_native(&record.to_string());
            }
        }
    }
}

#[test]
fn xml_and_json_say_the_same() {
    for input in inputs() {
        check(&written(&std::fs::read_to_string(input).unwrap()));
    }
    check(&written(&every_term()));
    check(&written(&many_creators(200)));
}

proptest! {
    #[test]
    fn any_record_gives_xml_and_json_that_agree(record in any_record()) {
        let outputs = written(&record);
        check(&outputs);
        let illegal = |c: char| matches!(c, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}');
        prop_assert!(!outputs.xml.contains(illegal));
        let one_line = !outputs.json.contains(['\n', '\r', '\u{2028}']);
        prop_assert!(one_line);
    }

    #[test]
    fn what_a_release_says_in_native_json_gives_the_same(record in any_record()) {
        check_native(&record);
    }

    #[test]
    fn text_survives(name in "[^\\x00-\\x1f\\u{FFFE}\\u{FFFF}\\s]\\PC{0,40}[^\\x00-\\x1f\\u{FFFE}\\u{FFFF}\\s]") {
        let record = serde_json::json!({"id": "1", "created": "2020-01-01", "metadata": {"creators": [{"person_or_org": {"name": name}}], "version": name}});
        let outputs = written(&record.to_string());
        let json = outputs.value();
        prop_assert_eq!(json["creators"][0]["name"].as_str(), Some(name.as_str()));
        prop_assert!(canonical(&outputs.xml).contains(&Canonical::Text(name)));
    }
}
