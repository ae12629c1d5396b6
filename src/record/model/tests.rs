use std::borrow::Cow;

use super::*;

#[test]
fn strings_borrow_unless_escaped() {
    let json = r#"{"id":"7","metadata":{"title":"Höhe","publisher":"A\u0026B",
        "creators":[{"person_or_org":{"name":"N"}}],"sizes":["s"],
        "subjects":[{"subject":"w"}]}}"#;
    let record = Record::parse(json).unwrap();
    let range = json.as_bytes().as_ptr_range();
    let borrowed = |text: &Text<'_>| {
        matches!(text.0, Cow::Borrowed(_)) && range.contains(&text.as_bytes().as_ptr())
    };
    let metadata = &record.metadata;
    assert!(borrowed(&record.id) && borrowed(metadata.title.as_ref().unwrap()));
    assert!(borrowed(metadata.creators[0].person_or_org.name.as_ref().unwrap()));
    assert!(
        borrowed(&metadata.sizes[0]) && borrowed(metadata.subjects[0].subject.as_ref().unwrap())
    );
    let publisher = metadata.publisher.as_ref().unwrap();
    assert_eq!(publisher.as_str(), "A&B");
    assert!(matches!(publisher.0, Cow::Owned(_)));
}

#[test]
fn null_is_absent_everywhere() {
    let json = r#"{"id":null,"created":null,"revision_id":null,"pids":null,"parent":null,
        "versions":null,"access":null,"files":null,"custom_fields":null,"tombstone":null,
        "deletion_status":null,"swh":null,"metadata":{"resource_type":null,"creators":[
            {"person_or_org":null,"role":null,"affiliations":null},
            {"person_or_org":{"name":null,"identifiers":null},"affiliations":[{"name":null}]}],
        "title":null,"subjects":null,"rights":[{"id":"x","title":null,"props":null}],
        "locations":null,"funding":[{"funder":null,"award":null}],"languages":null,
        "dates":[{"date":null,"type":null}],"references":null}}"#;
    let record = Record::parse(json).unwrap();
    assert_eq!(record.id.as_str(), "");
    assert_eq!(record.metadata.creators.len(), 2);
    assert!(record.metadata.title.is_none() && record.metadata.languages.is_empty());
    assert!(record.tombstone.is_none() && record.files.entries.is_empty());
    let all_null = Record::parse(r#"{"metadata":null}"#).unwrap();
    assert!(all_null.metadata.creators.is_empty());
    let embargo = Record::parse(r#"{"access":{"embargo":null},"files":{"entries":null}}"#).unwrap();
    assert!(embargo.access.embargo.until.is_none() && embargo.files.entries.is_empty());
}

#[test]
fn errors_name_the_place() {
    let cases = [
        (
            r#"{"metadata":{"creators":[{},{"person_or_org":"Carberry"}]}}"#,
            "metadata.creators[1].person_or_org",
        ),
        (r#"{"metadata":{"creators":{}}}"#, "metadata.creators"),
        (r#"{"metadata":{"title":["a"]}}"#, "metadata.title"),
        (r#"{"metadata":{"rights":[{"id":{}}]}}"#, "metadata.rights[0].id"),
        (r#"{"versions":{"index":"one"}}"#, "versions.index"),
        (r#"{"files":{"entries":[{"size":-1}]}}"#, "files.entries[0].size"),
        (r#"{"access":"public"}"#, "access"),
        // A list must not be read as the fields in order, least of all where it would publish.
        (r#"{"access":[]}"#, "access"),
        (r#"{"access":{"embargo":[]}}"#, "access.embargo"),
        (r#"{"deletion_status":[]}"#, "deletion_status"),
        (r#"{"files":[]}"#, "files"),
        (r#"{"files":{"entries":[{"access":[]}]}}"#, "files.entries[0].access"),
        (r#"{"metadata":[]}"#, "metadata"),
        ("[]", "."),
        ("3", "."),
        ("", "."),
        (r#"{"id":"1"} {"id":"2"}"#, "."),
        (r#"{"id":"1""#, "."),
        (r#"{"metadata":{"title":"T""#, "metadata"),
    ];
    for (json, path) in cases {
        let error = Record::parse(json).unwrap_err();
        assert_eq!(error.path, path, "{json}: {}", error.message);
        assert!(!error.message.is_empty());
    }
    let error = Record::parse("{\n  \"metadata\": 3\n}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "metadata: invalid type: integer `3`, expected an object at line 2 column 15"
    );
}

#[test]
fn numbers_and_booleans_serve_as_text() {
    let json = r#"{"id":123,"metadata":{"version":2,"publication_date":2024,"title":true},
        "custom_fields":{"journal:journal":{"volume":7,"issue":1.5}},"parent":{"id":-1}}"#;
    let record = Record::parse(json).unwrap();
    assert_eq!(record.id.as_str(), "123");
    assert_eq!(record.parent.id.as_str(), "-1");
    assert_eq!(record.metadata.version.as_deref(), Some("2"));
    assert_eq!(record.metadata.publication_date.as_deref(), Some("2024"));
    assert_eq!(record.metadata.title.as_deref(), Some("true"));
    assert_eq!(record.custom_fields.journal.volume.as_deref(), Some("7"));
    assert_eq!(record.custom_fields.journal.issue.as_deref(), Some("1.5"));
}

#[test]
fn file_entries_are_a_map_or_a_list() {
    let cases = [
        r#"{"b.txt":{"size":2},"a/b.txt":{"key":"a/b.txt","size":1,"access":{"hidden":true}}}"#,
        r#"[{"key":"b.txt","size":2},{"key":"a/b.txt","size":1,"access":{"hidden":true}}]"#,
    ];
    for entries in cases {
        let json = format!(r#"{{"files":{{"enabled":true,"entries":{entries}}}}}"#);
        let record = Record::parse(&json).unwrap();
        let files: Vec<_> = record
            .files
            .entries
            .iter()
            .map(|file| (file.key.as_str(), file.size, file.access.hidden))
            .collect();
        assert_eq!(
            files,
            [("b.txt", Some(2), None), ("a/b.txt", Some(1), Some(true))],
            "{entries}"
        );
    }
    assert!(Record::parse(r#"{"files":{"entries":"none"}}"#).is_err());
}

#[test]
fn unknown_fields_are_skipped_and_custom_ones_kept() {
    let json = r#"{"id":"1","novelty":{"deep":[1,{}]},"metadata":{"title":"T","mood":"fine"},
        "custom_fields":{"dwc:genus":["Felis"],"thesis:university":"Brown",
            "code:programmingLanguage":[{"id":"rust"}],"code:developmentStatus":null,
            "legacy:subjects":null,"meeting:meeting":{"acronym":"M","mood":1},"ac:x":null}}"#;
    let record = Record::parse(json).unwrap();
    let fields = &record.custom_fields;
    assert_eq!(record.metadata.title.as_deref(), Some("T"));
    assert_eq!(fields.thesis.university.as_deref(), Some("Brown"));
    assert_eq!(fields.programming_languages[0].id.as_str(), "rust");
    assert!(fields.development_status.is_none() && fields.legacy_subjects.is_empty());
    let other: Vec<_> = fields.other.iter().map(|(key, raw)| (key.as_str(), raw.get())).collect();
    assert_eq!(other, [("dwc:genus", r#"["Felis"]"#), ("ac:x", "null")]);
}

#[test]
fn localised_text_prefers_english() {
    let cases = [
        (r#"{"de":"Höhe","en":"Height"}"#, Some("Height")),
        (r#"{"fr":"Hauteur","de":"Höhe"}"#, Some("Höhe")),
        (r#""plain""#, Some("plain")),
        (r#"{"en":null,"de":"Höhe"}"#, Some("Höhe")),
        (r#"{"en":""}"#, None),
        ("{}", None),
        ("null", None),
    ];
    for (title, expected) in cases {
        let json = format!(r#"{{"metadata":{{"rights":[{{"title":{title}}}]}}}}"#);
        let record = Record::parse(&json).unwrap();
        assert_eq!(record.metadata.rights[0].title.preferred(), expected, "{title}");
    }
}

#[test]
fn geometry_stays_verbatim() {
    let json = r#"{"metadata":{"locations":{"features":[
        {"geometry":{"type": "Point", "coordinates":[6.0, 46.20]},"place":"Geneva"},{"place":"x"}]}}}"#;
    let record = Record::parse(json).unwrap();
    let features = &record.metadata.locations.features;
    let raw = features[0].geometry.map(RawValue::get);
    assert_eq!(raw, Some(r#"{"type": "Point", "coordinates":[6.0, 46.20]}"#));
    assert!(features[1].geometry.is_none());
}

#[test]
fn json_is_checked_without_a_model() {
    assert!(check_json(r#" {"a":[1,2.5e3,null,"\ud83d\ude00"]} "#).is_ok());
    for json in ["", "{", "{\"a\":1,}", "\"\u{1}\"", "1 2", "nul"] {
        assert_eq!(check_json(json).unwrap_err().path, ".", "{json:?}");
    }
    let deep = "[".repeat(100_000);
    assert!(check_json(&deep).is_err() && Record::parse(&deep).is_err());
}
