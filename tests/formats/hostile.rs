//! No text, however it is meant, breaks a format.

use offprint::crosswalk::{Format, citation};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::corpus::{FORMATS, Syntax, syntax, with, written};
use crate::valid::elements;

/// A record with the same text wherever text can stand.
fn record(text: &str, kind: &str) -> String {
    let person = |role: Option<&str>| {
        json!({
            "person_or_org": {
                "type": if text.len().is_multiple_of(2) { "personal" } else { "organizational" },
                "name": text, "family_name": text, "given_name": text,
                "identifiers": [{ "scheme": "orcid", "identifier": text }],
            },
            "role": role.map(|id| json!({ "id": id })),
            "affiliations": [{ "id": text, "name": text }],
        })
    };
    json!({
        "id": "1",
        "pids": { "doi": { "identifier": text, "provider": text } },
        "parent": {
            "id": text,
            "pids": { "doi": { "identifier": text } },
            "communities": { "ids": [text], "entries": [{ "id": text, "slug": text, "metadata": { "title": text } }] },
        },
        "files": { "enabled": true, "entries": { text: { "key": text, "mimetype": text, "checksum": text } } },
        "metadata": {
            "resource_type": { "id": kind }, "title": text, "publisher": text, "version": text,
            "publication_date": text, "description": text, "copyright": text,
            "creators": [person(None), person(None)],
            "contributors": [person(Some("editor")), person(Some(text))],
            "subjects": [{ "subject": text }, { "id": text, "subject": text }],
            "dates": [{ "date": text, "type": { "id": "coverage" }, "description": text }],
            "languages": [{ "id": text }], "sizes": [text], "formats": [text],
            "identifiers": [{ "identifier": text, "scheme": text }, { "identifier": text, "scheme": "url" }],
            "related_identifiers": [
                { "identifier": text, "scheme": text, "relation_type": { "id": text } },
                { "identifier": text, "relation_type": { "id": "ispartof" } },
            ],
            "rights": [{ "title": { "en": text }, "link": text }, { "id": text }],
            "additional_titles": [{ "title": text }],
            "additional_descriptions": [{ "description": text, "type": { "id": "notes" } }],
            "locations": { "features": [{ "place": text }] },
            "funding": [{ "funder": { "id": text, "name": text }, "award": { "number": text, "title": { "en": text } } }],
            "references": [{ "reference": text }],
        },
        "custom_fields": {
            "journal:journal": { "title": text, "volume": text, "issue": text, "pages": text, "issn": text },
            "imprint:imprint": { "title": text, "isbn": text, "pages": text, "place": text },
            "thesis:thesis": { "university": text, "type": text },
            "code:codeRepository": text,
            text: text,
        },
        "swh": { "swhid": text },
    })
    .to_string()
}

/// Reads an entry as BibTeX does: braces are counted, whatever stands before them.
pub(crate) fn check_bibtex(entry: &str) {
    let body = entry.strip_prefix('@').unwrap();
    let body = body.trim_start_matches(|c: char| c.is_ascii_lowercase());
    let body = body.strip_prefix('{').unwrap();
    let (key, fields) = body.split_once(",\n").unwrap();
    assert!(!key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)));
    let mut depth = 1;
    let mut end = None;
    for (at, character) in fields.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            '\n' => (),
            other => assert!(!other.is_control(), "{other:?} in {entry}"),
        }
        if depth == 0 {
            end = Some(at);
            break;
        }
    }
    assert_eq!(&fields[end.unwrap()..], "}\n", "{entry}");
    // At depth one there are only names, `=`, numbers and months.
    let mut depth = 0;
    for character in fields[..end.unwrap()].chars() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            other if depth == 0 => {
                assert!(
                    other.is_ascii_lowercase() || "= ,\n-0123456789".contains(other),
                    "{entry}"
                );
            }
            _ => (),
        }
    }
}

fn check(text: &str, kind: &str) {
    let raw = record(text, kind);
    for format in FORMATS {
        let output = written(format, &raw);
        match syntax(format) {
            Syntax::Xml => assert!(elements(&output, "dc:type").len() <= 2),
            Syntax::Bibtex => check_bibtex(&output),
            Syntax::Yaml => check_yaml(&output),
            Syntax::Json => check_addresses(&serde_json::from_str(&output).unwrap()),
        }
        if matches!(format, Format::SchemaOrg | Format::Codemeta | Format::RoCrate) {
            assert!(!output.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{output}");
        }
    }
    assert!(!with(&raw, citation::citation).contains(['\n', '\r', '\t', '\0']));
}

/// Members that hold addresses, in the formats that are not the record's own JSON.
const ADDRESSES: [&str; 9] = [
    "@id",
    "contentUrl",
    "sameAs",
    "codeRepository",
    "href",
    "anchor",
    "path",
    "homepage",
    "downloadUrl",
];

/// Reads a CITATION.cff as the lines it is made of: keys of this program, and strings that are
/// quoted whole and hold no character that YAML cannot show.
pub(crate) fn check_yaml(text: &str) {
    for line in text.lines() {
        let content = line.trim_start_matches([' ', '-']);
        let value = content.split_once(": ").map_or(content, |(key, value)| {
            let is_key = key.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            if is_key { value } else { content }
        });
        let is_list = value.ends_with(':') && !value.starts_with('"');
        assert!(is_list || is_quoted(value), "{line:?}");
    }
}

/// Whether the whole of a value is one double-quoted scalar.
fn is_quoted(value: &str) -> bool {
    let Some(inside) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return false;
    };
    let mut escaped = false;
    let ends_early = inside.chars().any(|character| {
        let ends = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        ends
    });
    !ends_early && !escaped && !inside.chars().any(char::is_control)
}

/// Whatever a reader of JSON-LD may follow leads to the web.
fn check_addresses(value: &Value) {
    let is_web = |text: &str| ["https://", "http://", "ftp://"].iter().any(|p| text.starts_with(p));
    match value {
        Value::Array(items) => items.iter().for_each(check_addresses),
        Value::Object(members) => {
            for (name, value) in members {
                if ADDRESSES.contains(&&**name) {
                    let texts = value.as_array().map_or(vec![value], |all| all.iter().collect());
                    let mut texts = texts.iter().filter_map(|text| text.as_str());
                    // `#…`, the root and the descriptor are entities within an RO-Crate.
                    let is_local = |t: &str| {
                        t.starts_with('#') || ["./", "ro-crate-metadata.json"].contains(&t)
                    };
                    assert!(texts.all(|text| is_web(text) || is_local(text)), "{name}: {value}");
                }
                check_addresses(value);
            }
        }
        _ => (),
    }
}

const KINDS: [&str; 8] = [
    "dataset",
    "software",
    "publication-article",
    "publication-book",
    "publication-section",
    "publication-dissertation",
    "publication-preprint",
    "video",
];

#[test]
fn well_aimed_texts() {
    for text in [
        "</script><script>alert(1)</script>",
        "]]><!-- & &amp; &#0; <![CDATA[",
        "}}, evil = {{{ \\ } % and # $x$ ~ ^ _ and and",
        "@misc{x,\n}",
        "javascript:alert(1)",
        "\"'\\\u{0}\u{1}\u{7f}\u{85}\u{2028}\u{2029}\u{fffe}\u{ffff}\u{202e}",
        ",",
        " , and , ",
        "and",
        "10.1234/<a>{b}%c d",
        "2020-02-30/2019",
        "9999-12-31/..",
        "-0001",
        "../../etc/passwd",
        "0\u{2028}¡",
        "é李😀",
    ] {
        for kind in KINDS {
            check(text, kind);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text(text in any::<String>(), kind in 0..KINDS.len()) {
        check(&text, KINDS[kind]);
    }

    #[test]
    fn any_markup(text in "[<>&;#\\\\{}$%_^~\", =@a-zé\n\r\t]{0,24}", kind in 0..KINDS.len()) {
        check(&text, KINDS[kind]);
    }
}
