//! What the published native JSON promises: a sorted projection of the content, nothing
//! private.

use offprint::crosswalk::Format;
use serde_json::{Value, json};

use crate::corpus::{FORMATS, json, records, written};

fn record(name: &str) -> String {
    records().into_iter().find(|(known, _)| known == name).unwrap().1
}

#[test]
fn nothing_private_is_in_any_output() {
    for (name, raw) in records() {
        for format in FORMATS {
            let text = written(format, &raw);
            assert!(!text.contains("CANARY"), "{name} {format:?}: {text}");
        }
    }
}

#[test]
fn members_are_sorted_at_every_level() {
    fn check(raw: &str) {
        // serde_json sorts the members of a Value; a text that reads back the same was sorted.
        let value: Value = serde_json::from_str(raw).unwrap();
        let sorted = value.to_string();
        assert_eq!(raw.replace("2.50", "2.5"), sorted);
    }
    for (_, raw) in records() {
        check(&written(Format::NativeJson, &raw));
    }
}

/// Deliveries that differ only outside the content give the same bytes.
#[test]
fn equal_content_gives_equal_output() {
    let raw = record("dataset");
    let mut other: Value = serde_json::from_str(&raw).unwrap();
    other["revision_id"] = json!(99);
    other["stats"] = json!({ "this_version": { "views": 1 } });
    other["links"] = json!({ "self": "https://other.example" });
    other["ui"] = json!(null);
    other["versions"]["is_latest"] = json!(false);
    other["access"]["status"] = json!("whatever");
    other["metadata"]["resource_type"] = json!({ "id": "dataset" });
    other["metadata"]["languages"] = json!([{ "id": "eng" }]);
    other["metadata"]["rights"] = json!([{ "id": "cc-by-4.0" }]);
    other["parent"]["access"] = json!({ "owned_by": { "user": "someone else" } });
    other["parent"]["communities"]["entries"][0]["metadata"]["curation_policy"] = json!("new");
    // serde_json writes 2.50 as 2.5; the number itself is content.
    let other = other.to_string().replace("2.5", "2.50");
    for format in FORMATS {
        assert_eq!(written(format, &raw), written(format, &other), "{format:?}");
    }
}

#[test]
fn files_are_described_only_when_open() {
    let open = json(Format::NativeJson, &record("dataset"));
    assert_eq!(open["files"]["count"], 2);
    assert_eq!(open["files"]["total_bytes"], 4300);
    assert_eq!(open["files"]["order"], json!(["b readme.md", "a/levels.csv"]));
    assert!(open["files"]["entries"].get("secret.csv").is_none());
    for (name, status, files) in [
        ("software", "embargoed", json!({ "enabled": true })),
        ("thesis", "restricted", json!({ "enabled": true })),
        ("bare", "metadata-only", json!({ "enabled": false })),
    ] {
        let output = json(Format::NativeJson, &record(name));
        assert_eq!(output["access"]["status"], status);
        assert_eq!(output["files"], files, "{name}");
        assert_eq!(json(Format::LegacyJson, &record(name))["files"], json!([]));
    }
}

#[test]
fn an_embargo_that_is_over_is_shown_as_over() {
    let output = json(Format::NativeJson, &record("chapter"));
    assert_eq!(
        output["access"],
        json!({
            "embargo": { "active": false, "reason": "Lifted by its date", "until": "2020-01-01" },
            "files": "public", "record": "public", "status": "open",
        })
    );
}

#[test]
fn unknown_metadata_is_kept_and_unknown_top_level_members_are_not() {
    let output = json(Format::NativeJson, &record("dataset"));
    assert_eq!(output["metadata"]["future_metadata"]["kept"][1], 2.5);
    assert_eq!(output["custom_fields"]["dwc:country"][0], "Switzerland");
    let members: Vec<&String> = output.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        [
            "access",
            "created",
            "custom_fields",
            "deletion_status",
            "files",
            "id",
            "is_draft",
            "is_published",
            "links",
            "metadata",
            "parent",
            "pids",
            "updated",
            "versions",
        ]
    );
    let parent: Vec<&String> = output["parent"].as_object().unwrap().keys().collect();
    assert_eq!(parent, ["communities", "id", "pids"]);
    assert_eq!(output["versions"], json!({ "index": 1, "is_latest": false }));
}
