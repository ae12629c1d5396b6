use super::*;

const TODAY: &str = "2026-11-01";

fn visible(json: &str, day: &str) -> String {
    let record = Record::parse(json).unwrap();
    format!("{:?}", visibility(&record, day))
}

#[track_caller]
fn check(json: &str, expected: &str) {
    assert_eq!(visible(json, TODAY), expected, "{json}");
}

#[test]
fn withdrawn_records_show_a_tombstone_at_most() {
    let shown = "Tombstone { visible: true }";
    let hidden = "Tombstone { visible: false }";
    check(r#"{"deletion_status":{"is_deleted":true,"status":"D"}}"#, shown);
    check(r#"{"deletion_status":{"status":"D"}}"#, shown);
    check(r#"{"deletion_status":{"is_deleted":true}}"#, shown);
    check(r#"{"tombstone":{"note":"n"}}"#, shown);
    check(r#"{"tombstone":{"is_visible":false}}"#, hidden);
    check(r#"{"deletion_status":{"status":"X"}}"#, hidden);
    check(r#"{"deletion_status":{"status":"X"},"tombstone":{"is_visible":true}}"#, hidden);
    check(r#"{"deletion_status":{"status":"anything"}}"#, shown);
    // Withdrawal wins over restriction: a tombstone says less than nothing it should not.
    check(r#"{"access":{"record":"restricted"},"deletion_status":{"status":"D"}}"#, shown);
    check(
        r#"{"deletion_status":{"is_deleted":false,"status":"P"},"tombstone":null}"#,
        "Public(MetadataOnly)",
    );
}

#[test]
fn only_known_words_are_public() {
    for word in ["restricted", "", "Public", "PUBLIC", "public ", "closed", "embargoed", "true"] {
        check(&format!(r#"{{"access":{{"record":"{word}"}}}}"#), "Restricted");
        check(
            &format!(r#"{{"access":{{"files":"{word}"}},"files":{{"enabled":true}}}}"#),
            "Public(Restricted)",
        );
    }
    check(r#"{"access":{"record":true}}"#, "Restricted");
    let public = r#"{"access":{"record":"public","files":"public"},"files":{"enabled":true}}"#;
    check(public, "Public(Open)");
    check(r#"{"access":null,"files":{"enabled":true}}"#, "Public(Open)");
}

#[test]
fn files_exist_when_enabled_or_listed() {
    check("{}", "Public(MetadataOnly)");
    check(r#"{"files":{"enabled":false}}"#, "Public(MetadataOnly)");
    check(r#"{"files":{"enabled":false},"access":{"files":"restricted"}}"#, "Public(MetadataOnly)");
    check(r#"{"files":{"entries":{"a":{"size":1}}}}"#, "Public(Open)");
    check(
        r#"{"files":{"entries":[{"key":"a"}]},"access":{"files":"restricted"}}"#,
        "Public(Restricted)",
    );
}

fn embargoed(files: &str, embargo: &str) -> String {
    format!(r#"{{"access":{{"files":"{files}","embargo":{embargo}}},"files":{{"enabled":true}}}}"#)
}

#[test]
fn an_embargo_ends_at_the_first_moment_of_its_day() {
    let record = embargoed("restricted", r#"{"active":true,"until":"2026-11-02"}"#);
    let closed = r#"Public(Embargoed { until: "2026-11-02" })"#;
    assert_eq!(visible(&record, "2026-11-01"), closed);
    assert_eq!(visible(&record, "2026-11-02"), "Public(Open)");
    assert_eq!(visible(&record, "2026-11-03"), "Public(Open)");
    assert_eq!(visible(&record, "1999-12-31"), closed);
}

#[test]
fn embargo_fields_that_disagree() {
    let open = "Public(Open)";
    let restricted = "Public(Restricted)";
    let future = r#"Public(Embargoed { until: "2027-01-01" })"#;
    let cases = [
        ("restricted", r#"{"active":true,"until":"2026-01-01"}"#, open),
        ("restricted", r#"{"until":"2026-01-01"}"#, open),
        // Lifted, then restricted anew.
        ("restricted", r#"{"active":false,"until":"2026-01-01"}"#, restricted),
        ("public", r#"{"active":false,"until":"2026-01-01"}"#, open),
        ("public", r#"{"active":true,"until":"2027-01-01"}"#, future),
        ("restricted", r#"{"active":false,"until":"2027-01-01"}"#, future),
        // No readable date: the cautious answer.
        ("public", r#"{"active":true,"until":"2027"}"#, restricted),
        ("public", r#"{"active":true,"until":"soon"}"#, restricted),
        ("public", r#"{"active":true,"until":""}"#, restricted),
        ("restricted", r#"{"active":true}"#, restricted),
        ("restricted", "null", restricted),
        ("public", "null", open),
        ("public", r#"{"active":false,"until":null}"#, open),
        ("closed", r#"{"active":true,"until":"2026-01-01"}"#, open),
    ];
    for (files, embargo, expected) in cases {
        check(&embargoed(files, embargo), expected);
    }
}

#[test]
fn status_words_are_those_of_the_source() {
    let states = [
        (FilesAccess::Open, "open"),
        (FilesAccess::Embargoed { until: "2027-01-01" }, "embargoed"),
        (FilesAccess::Restricted, "restricted"),
        (FilesAccess::MetadataOnly, "metadata-only"),
    ];
    for (state, word) in states {
        assert_eq!(state.status(), word);
    }
}
