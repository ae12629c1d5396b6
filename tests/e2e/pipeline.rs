//! Import, build, verify, cat, show: what an operator does.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{
    AS_OF, Dice, Repo, assert_same_tree, offprint, run, sample_data, sample_sources, synth, tree,
};

fn sample() -> Repo {
    let repo = Repo::new();
    let sources = sample_sources();
    let sources: Vec<&Path> = sources.iter().map(|path| path.as_path()).collect();
    let counts = repo.import(&sources, 0);
    assert_eq!(counts["rejected"], 0, "{counts}");
    repo
}

fn balance(report: &Value) {
    let records = &report["records"];
    let count = |name: &str| records[name].as_u64().unwrap_or_else(|| panic!("{name}: {report}"));
    assert_eq!(
        count("minted"),
        count("public") + count("tombstoned") + count("restricted") + count("withheld"),
        "{records}"
    );
}

#[test]
fn sample_data_becomes_a_release_that_verifies() {
    let repo = sample();
    let report = repo.build(&[]).json(0);
    balance(&report);
    assert_eq!(report["release"], "20261101T000000Z");
    assert_eq!(report["as_of"], AS_OF);
    assert!(report["records"]["public"].as_u64().unwrap() >= 10, "{report}");
    for field in ["exceptions", "written", "reused", "seconds", "peak_rss_bytes"] {
        assert!(!report[field].is_null(), "no {field} in {report}");
    }
    let verified = run(offprint().args(["verify", "--depth", "full", "--json"]).arg(repo.public()));
    let verified = verified.json(0);
    assert_eq!(verified["problems"], Value::Array(Vec::new()));
    let public = report["records"]["public"].as_u64().unwrap();
    assert_eq!(verified["records"], 3 * public, "every record in three dump formats");
}

#[test]
fn cat_and_show_give_the_same_bytes_for_every_record_and_format() {
    let repo = sample();
    let _ = repo.build(&[]).json(0);
    let public = repo.public().to_str().unwrap().to_owned();
    let all = run(offprint().args(["cat", &public, "--format", "native-json"])).exits(0);
    let ids: Vec<String> = all
        .lines()
        .map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            record["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(ids.len() >= 10);
    for format in ["native-json", "datacite-json", "datacite-xml"] {
        for id in &ids {
            let cat = run(offprint().args(["cat", &public, "--format", format, "--id", id]));
            let show = repo.run(&["show", id, "--format", format, "--as-of", AS_OF]);
            assert_eq!(cat.exits(0).trim_end(), show.exits(0).trim_end(), "{id} {format}");
        }
    }
    let missing = run(offprint().args(["cat", &public, "--id", "424242424242"]));
    assert!(missing.stderr.contains("424242424242"), "{}", missing.stderr);
    let _ = missing.exits(1);
}

#[test]
fn a_second_build_writes_nothing() {
    let repo = sample();
    let first = repo.build(&[]).json(0);
    let before = tree(&repo.public());
    let later = repo.run(&["build", "--as-of", "2026-11-01T00:00:01Z", "--json"]).json(0);
    assert_eq!(later["release"], first["release"], "nothing changed: the release stands");
    assert_eq!(later["manifest_sha256"], first["manifest_sha256"]);
    assert_eq!(tree(&repo.public()), before);
}

#[test]
fn a_lifted_embargo_is_a_change() {
    let repo = sample();
    let early = repo.run(&["build", "--as-of", "2026-01-01T00:00:00Z", "--json"]).json(0);
    let late = repo.run(&["build", "--as-of", "2099-01-01T00:00:00Z", "--json"]).json(0);
    assert_ne!(early["release"], late["release"]);
    assert_ne!(early["manifest_sha256"], late["manifest_sha256"]);
    let full = sample();
    let only = full.run(&["build", "--as-of", "2099-01-01T00:00:00Z", "--json"]).json(0);
    assert_eq!(late["manifest_sha256"], only["manifest_sha256"]);
}

#[test]
fn threads_order_and_repetition_of_input_do_not_change_a_byte() {
    let scratch = tempfile::tempdir().unwrap();
    let month1 = synth(scratch.path(), 1500, 1);
    let month2 = synth(scratch.path(), 1500, 2);
    let straight = Repo::new();
    straight.import(&[&month1, &month2], 0);
    let straight_report = straight.build(&["--threads", "1"]).json(0);
    balance(&straight_report);

    let mut lines: Vec<String> = [&month1, &month2]
        .iter()
        .flat_map(|path| {
            let text = fs::read_to_string(path).unwrap();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    Dice(7).shuffle(&mut lines);
    let shuffled_file = scratch.path().join("shuffled.jsonl");
    fs::write(&shuffled_file, lines.join("\n")).unwrap();
    let shuffled = Repo::new();
    shuffled.import(&[&shuffled_file, &month1], 0);
    let shuffled_report = shuffled.build(&["--threads", "2"]).json(0);
    assert_eq!(straight_report["manifest_sha256"], shuffled_report["manifest_sha256"]);
    assert_same_tree(&straight.public(), &shuffled.public());
}

#[test]
fn a_build_after_a_month_of_changes_equals_a_full_build() {
    let scratch = tempfile::tempdir().unwrap();
    let month1 = synth(scratch.path(), 1000, 1);
    let month2 = synth(scratch.path(), 1000, 2);
    let stepwise = Repo::new();
    stepwise.import(&[&month1], 0);
    let _ = stepwise.run(&["build", "--as-of", "2026-10-01T00:00:00Z", "--json"]).json(0);
    stepwise.import(&[&month2], 0);
    let incremental = stepwise.build(&[]).json(0);
    let at_once = Repo::new();
    at_once.import(&[&month1, &month2], 0);
    let full = at_once.build(&["--full"]).json(0);
    assert_eq!(incremental["manifest_sha256"], full["manifest_sha256"]);
    let pages = |repo: &Repo| {
        let mut files = tree(&repo.public().join("records"));
        files.retain(|name, _| name.ends_with(".html"));
        files
    };
    assert!(pages(&stepwise) == pages(&at_once), "pages differ");
}

#[test]
fn a_bad_record_is_named_and_the_rest_goes_on() {
    let repo = Repo::new();
    let broken = sample_data().join("broken.jsonl");
    let ran = repo.run(&["import", broken.to_str().unwrap()]);
    assert!(ran.stderr.contains("broken.jsonl"), "{}", ran.stderr);
    assert!(ran.stderr.contains("rejected: line 1: "), "{}", ran.stderr);
    let _ = ran.exits(3);
    let rejects = tree(&repo.path().join("rejects"));
    assert!(!rejects.is_empty(), "no rejects file");
    let text = String::from_utf8(rejects.into_values().next().unwrap()).unwrap();
    for line in text.lines() {
        let reject: Value = serde_json::from_str(line).unwrap();
        assert!(!reject["line"].is_null() || !reject["member"].is_null(), "no place in {reject}");
        for field in ["source", "code", "reason"] {
            assert!(!reject[field].is_null(), "no {field} in {reject}");
        }
    }
    let strict = Repo::new();
    let _ = strict.run(&["import", "--strict", broken.to_str().unwrap()]).exits(1);
}

#[test]
fn what_is_not_public_is_in_no_byte() {
    let repo = Repo::new();
    let secret = repo.path().join("secret.jsonl");
    let text = fs::read_to_string(sample_data().join("records.jsonl")).unwrap();
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let mut record: Value = serde_json::from_str(line).unwrap();
        let canary = format!("CANARY{number}X");
        record["parent"]["access"] = serde_json::json!({
            "owned_by": {"user": canary}, "grants": [{"subject": {"id": canary}}],
            "links": [{"token": canary}]
        });
        record["internal_notes"] = serde_json::json!([{"note": canary}]);
        record["stats"] = serde_json::json!({"note": canary});
        let restricted_record = record["access"]["record"] == "restricted";
        if restricted_record {
            record["metadata"]["title"] = canary.clone().into();
            record["metadata"]["description"] = canary.clone().into();
        }
        let closed = record["access"]["files"] == "restricted";
        if restricted_record || closed {
            let entry = serde_json::json!({"key": format!("{canary}.csv"), "size": 1, "checksum":
                "md5:00000000000000000000000000000000"});
            record["files"]["entries"] = serde_json::json!({format!("{canary}.csv"): entry});
            record["media_files"] = record["files"].clone();
        }
        lines.push(record.to_string());
    }
    fs::write(&secret, lines.join("\n")).unwrap();
    repo.import(&[&secret], 0);
    let _ = repo.build(&["--set", "dump.compat=true"]).json(0);
    let mut looked_at = 0;
    for (name, bytes) in tree(&repo.public()) {
        let plain = match () {
            () if name.ends_with(".zst") => zstd::decode_all(&bytes[..]).unwrap(),
            () if name.ends_with(".gz") => {
                let mut plain = Vec::new();
                std::io::Read::read_to_end(
                    &mut flate2::read::GzDecoder::new(&bytes[..]),
                    &mut plain,
                )
                .unwrap();
                plain
            }
            () => bytes,
        };
        looked_at += 1;
        assert!(!String::from_utf8_lossy(&plain).contains("CANARY"), "{name} leaks");
    }
    assert!(looked_at > 20, "only {looked_at} files");
}

/// Files that were open are named in `datapackage.json`; closed ones must not go on being named.
#[test]
fn an_export_that_no_longer_applies_goes() {
    let repo = Repo::new();
    let path = repo.path().join("one.jsonl");
    let mut record = serde_json::json!({
        "id": "7", "revision_id": 1, "created": "2026-01-01T00:00:00Z",
        "pids": {"doi": {"identifier": "10.5072/zenodo.7"}},
        "access": {"record": "public", "files": "public"},
        "files": {"enabled": true, "entries": {"NAME.csv": {"key": "NAME.csv", "size": 1}}},
        "metadata": {
            "resource_type": {"id": "dataset"}, "title": "T", "publication_date": "2026-01-01",
            "creators": [{"person_or_org": {"name": "B, A"}}],
            "locations": {"features": [{"place": "Geneva"}]}
        }
    });
    let build = |record: &Value, as_of: &str| {
        fs::write(&path, record.to_string()).unwrap();
        repo.import(&[&path], 0);
        let _ = repo.run(&["build", "--as-of", as_of, "--json"]).json(0);
        let names = fs::read_dir(repo.public().join("records/7")).unwrap();
        names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    let has = |names: &[String], name: &str| names.iter().any(|known| known == name);
    let before = build(&record, "2026-11-01T00:00:00Z");
    assert!(has(&before, "datapackage.json") && has(&before, "locations.geojson"), "{before:?}");
    assert!(!has(&before, "codemeta.json"), "{before:?}");
    record["revision_id"] = 2.into();
    record["access"]["files"] = "restricted".into();
    record["metadata"]["locations"] = Value::Null;
    let after = build(&record, "2026-11-02T00:00:00Z");
    assert!(!has(&after, "datapackage.json") && !has(&after, "locations.geojson"), "{after:?}");
    assert!(has(&after, "linkset.json"), "{after:?}");
    for name in after {
        let text = fs::read_to_string(repo.public().join("records/7").join(&name)).unwrap();
        assert!(!text.contains("NAME"), "{name} names a closed file");
        assert!(!text.contains("datapackage"), "{name} points at what is not there");
    }
}

#[test]
fn damage_is_found_and_named() {
    let repo = sample();
    let _ = repo.build(&[]).json(0);
    let pool = repo.public().join("dumps/pool");
    let pack = tree(&pool).into_keys().find(|name| name.ends_with(".tar.zst")).unwrap();
    let path = pool.join(&pack);
    let mut bytes = fs::read(&path).unwrap();
    bytes[40] ^= 1;
    fs::write(&path, bytes).unwrap();
    let ran = run(offprint().args(["verify", "--depth", "full"]).arg(repo.public()));
    assert!(
        ran.stdout.contains(&pack) || ran.stderr.contains(&pack),
        "{} {}",
        ran.stdout,
        ran.stderr
    );
    assert!(ran.stdout.contains("frame") || ran.stderr.contains("frame"), "{}", ran.stderr);
    let _ = ran.exits(1);
}

#[test]
fn a_page_of_the_operator_comes_changes_and_goes() {
    let repo = Repo::new();
    repo.import(&[&sample_data().join("records.jsonl")], 0);
    let pages = repo.path().join("pages");
    fs::create_dir(&pages).unwrap();
    let build = |second: u32| {
        let as_of = format!("2026-11-01T00:00:0{second}Z");
        let flags = ["--json", "--as-of", &as_of, "--set", "site.pages_dir=pages"];
        repo.run(&[&["build"], &flags[..]].concat()).json(0)
    };
    let page = repo.public().join("team.html");
    fs::write(pages.join("team.md"), "# Team\n\nOne.").unwrap();
    build(0);
    assert!(fs::read_to_string(&page).unwrap().contains("<p>One.</p>"));
    fs::write(pages.join("team.md"), "# Team\n\nTwo.").unwrap();
    assert_eq!(build(1)["unchanged"], false);
    assert!(fs::read_to_string(&page).unwrap().contains("<p>Two.</p>"));
    assert_eq!(build(2)["unchanged"], true);
    fs::remove_file(pages.join("team.md")).unwrap();
    assert_eq!(build(3)["unchanged"], false);
    assert!(!page.exists(), "a page that was taken away is not served");
    assert!(repo.public().join("about.html").exists());
    let other = repo.public().join("google0123.html");
    fs::write(&other, "an operator's own file").unwrap();
    repo.import(&[&sample_data().join("legacy.jsonl")], 0);
    build(4);
    assert!(other.exists(), "what no release named is left alone");
}
