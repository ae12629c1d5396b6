//! A record is taken down: no byte of it stays, wherever it had been.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    reason = "a test that cannot go on fails"
)]

#[allow(dead_code, reason = "the tests of the program use the rest")]
#[path = "e2e/harness.rs"]
mod harness;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Dice, Repo, offprint, read_json, run, synth, tree};
use offprint::store::Store;
use serde_json::{Value, json};

/// In every word of the record that is taken down, and nowhere else.
const CANARY: &str = "zzcanary";
const ID: &str = "900001";

/// The record of a month; in the second it has other words.
fn canary(month: u32) -> Value {
    json!({
        "id": ID,
        "revision_id": month,
        "created": "2026-08-02T10:00:00+00:00",
        "updated": format!("2026-{:02}-02T10:00:00+00:00", 7 + month),
        "parent": {"id": "900000", "communities": {"entries": [
            {"id": "c", "slug": "moths", "metadata": {"title": "Moths"}}]}},
        "pids": {"doi": {"identifier": format!("10.5281/zenodo.{ID}"), "provider": "datacite"}},
        "versions": {"index": 1},
        "access": {"record": "public", "files": "public"},
        "files": {"enabled": true, "entries": {
            (format!("{CANARY}file{month}.csv")): {
                "key": format!("{CANARY}file{month}.csv"), "size": 9,
                "checksum": "md5:0123456789abcdef0123456789abcdef", "mimetype": "text/csv"}}},
        "metadata": {
            "title": format!("{CANARY}title{month} of moths"),
            "description": format!("<p>{CANARY}description{month} at {CANARY}place</p>"),
            "version": format!("{CANARY}v{month}"),
            "publication_date": "2026-08-01",
            "publisher": format!("{CANARY}press"),
            "resource_type": {"id": "dataset"},
            "subjects": [{"subject": format!("{CANARY}subject")}],
            "creators": [{"person_or_org": {
                "type": "personal", "name": format!("Doe, {CANARY}name"),
                "family_name": "Doe", "given_name": format!("{CANARY}name")}}],
        },
    })
}

/// Its next version, which stays.
fn sibling() -> Value {
    let text = canary(1).to_string().replace(ID, "900002").replace(CANARY, "quiet");
    let mut sibling: Value = serde_json::from_str(&text).unwrap();
    sibling["versions"]["index"] = 2.into();
    sibling
}

struct Fixture {
    scratch: tempfile::TempDir,
    repo: Repo,
    settings: Vec<&'static str>,
}

impl Fixture {
    /// Three releases, the record in all of them.
    fn new(settings: &[&'static str]) -> Fixture {
        let scratch = tempfile::tempdir().unwrap();
        let fixture = Fixture { scratch, repo: Repo::new(), settings: settings.to_vec() };
        for month in 1..=3 {
            fixture.month(month);
        }
        fixture
    }

    fn month(&self, month: u32) {
        let scratch = self.scratch.path();
        let mut sources = vec![synth(scratch, 25, month)];
        if month < 3 {
            let path = scratch.join(format!("canary-{month}.jsonl"));
            // What cannot be stored is listed with its reason, which quotes it.
            let mut bad = sibling();
            bad["id"] = format!("{CANARY} / {ID}").into();
            fs::write(&path, format!("{}\n{}\n{bad}\n", canary(month), sibling())).unwrap();
            sources.push(path);
        }
        let sources: Vec<&Path> = sources.iter().map(PathBuf::as_path).collect();
        self.repo.import(&sources, if month < 3 { 3 } else { 0 });
        self.build(&format!("2026-{:02}-01T00:00:00Z", 8 + month));
    }

    fn with_settings(&self, arguments: &[&str]) -> Command {
        let mut command = self.repo.command(arguments);
        for set in &self.settings {
            command.args(["--set", set]);
        }
        command
    }

    fn build(&self, as_of: &str) {
        let ran = run(&mut self.with_settings(&["build", "--as-of", as_of]));
        assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.stderr);
    }

    fn purge(&self, extra: &[&str]) -> Command {
        let all = [&["purge", ID, "--reason", "take-down-request", "--json"], extra].concat();
        self.with_settings(&all)
    }
}

/// Whether the canary is in these bytes, or in anything that is compressed somewhere in them.
fn sings(bytes: &[u8], dictionaries: &[Vec<u8>]) -> bool {
    fn holds(bytes: &[u8]) -> bool {
        let lower = bytes.to_ascii_lowercase();
        memchr::memmem::find(&lower, CANARY.as_bytes()).is_some()
    }
    fn prefix(mut reader: impl Read) -> Vec<u8> {
        let (mut out, mut chunk) = (Vec::new(), vec![0; 1 << 16]);
        // Up to where it breaks off: the rest may lie elsewhere.
        while let Ok(read @ 1..) = reader.read(&mut chunk) {
            out.extend_from_slice(&chunk[..read]);
        }
        out
    }
    if holds(bytes) {
        return true;
    }
    let gzip = memchr::memmem::find_iter(bytes, &[0x1f, 0x8b, 8]);
    let mut found = gzip.map(|at| prefix(flate2::read::MultiGzDecoder::new(&bytes[at..])));
    if found.any(|inside| holds(&inside)) {
        return true;
    }
    let frames = memchr::memmem::find_iter(bytes, &[0x28, 0xb5, 0x2f, 0xfd]);
    frames.into_iter().any(|at| {
        let rest = &bytes[at..];
        let plain = zstd::stream::read::Decoder::new(rest).unwrap().single_frame();
        let mut inside = vec![prefix(plain)];
        for dictionary in dictionaries {
            let with = zstd::stream::read::Decoder::with_dictionary(rest, dictionary).unwrap();
            inside.push(prefix(with.single_frame()));
        }
        inside.iter().any(|inside| holds(inside))
    })
}

/// Files below `root` that hold the canary.
fn found_in(root: &Path, dictionaries: &[Vec<u8>]) -> Vec<String> {
    let files = tree(root).into_iter();
    let found = files
        .filter(|(name, bytes)| name.contains(CANARY) || sings(bytes, dictionaries))
        .map(|(name, _)| name);
    found.collect()
}

fn dictionaries(repo: &Repo) -> Vec<Vec<u8>> {
    let store = rusqlite::Connection::open(repo.path().join("store.db")).unwrap();
    let mut query = store.prepare("SELECT bytes FROM dictionaries").unwrap();
    let all = query.query_map([], |row| row.get(0)).unwrap();
    let mut all: Vec<Vec<u8>> = all.map(Result::unwrap).collect();
    all.push(offprint::release::site_pack::DICTIONARY.to_vec());
    all.retain(|dictionary| !dictionary.is_empty());
    all
}

/// Asserts that nothing is left in the repository and that its release is good.
fn assert_silent(repo: &Repo, dictionaries: &[Vec<u8>]) {
    assert_eq!(found_in(repo.path(), dictionaries), Vec::<String>::new());
    let public = repo.public();
    let to = public.to_str().unwrap();
    let _ = run(offprint().args(["verify", to, "--depth", "full"])).exits(0);
    let dumped = run(offprint().args(["cat", to, "--format", "native-json"])).exits(0);
    assert!(!dumped.contains(CANARY) && dumped.contains("quiettitle"));
    let word = format!("{CANARY}title2");
    let results = run(offprint().args(["search", to, &word, "--json"])).exits(0);
    assert!(!results.contains(ID), "{results}");
    // What says that there was a record is there.
    let mut ledger = String::new();
    let release = repo.release()["release"].as_str().unwrap().to_owned();
    let file = fs::File::open(public.join(format!("dumps/{release}/deleted.csv.gz"))).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut ledger).unwrap();
    assert!(ledger.contains(&format!("\n{ID},")), "{ledger}");
    let unpacked = tempfile::tempdir().unwrap();
    if !public.join("records").exists() {
        let _ = run(offprint().arg("unpack").arg(&public).arg(unpacked.path())).exits(0);
        assert_eq!(found_in(unpacked.path(), dictionaries), Vec::<String>::new());
    }
    let pages = if public.join("records").exists() { &public } else { unpacked.path() };
    let page = fs::read_to_string(pages.join(format!("records/{ID}.html"))).unwrap();
    assert!(page.contains("Take-down request"), "{page}");
}

#[track_caller]
fn check(settings: &[&'static str]) {
    let fixture = Fixture::new(settings);
    let repo = &fixture.repo;
    let dictionaries = dictionaries(repo);
    let target = fixture.scratch.path().join("www");
    let mirror = fixture.scratch.path().join("mirror");
    let (to, copy) = (target.to_str().unwrap(), mirror.to_str().unwrap());
    let public = repo.public();
    let root = public.to_str().unwrap();
    let _ = run(&mut fixture.with_settings(&["publish", to])).exits(0);
    let _ = run(offprint().args(["pull", root, copy])).exits(0);
    let before = found_in(repo.path(), &dictionaries);
    for place in ["store.db", "catalogue.db", "public/dumps/pool", "public/dumps/delta", "rejects"]
    {
        assert!(before.iter().any(|path| path.starts_with(place)), "{place}: {before:?}");
    }

    let planned = run(&mut fixture.purge(&["--dry-run"])).json(0);
    assert_eq!(found_in(repo.path(), &dictionaries), before, "a dry run does nothing");
    let report = run(&mut fixture.purge(&["--yes"])).json(0);
    assert_eq!(report["purged"], json!([ID]));
    let removed = |report: &Value, kind: &str| -> Vec<String> {
        report["removed"][kind].as_object().unwrap().keys().cloned().collect()
    };
    for kind in ["releases", "deltas"] {
        assert_eq!(removed(&planned, kind), removed(&report, kind), "{kind}");
    }
    let gone = removed(&report, "packs");
    let pool = removed(&planned, "packs");
    assert!(!gone.is_empty() && pool.iter().all(|pack| gone.contains(pack)), "{pool:?} {gone:?}");
    assert_silent(repo, &dictionaries);
    let releases = read_json(&repo.public().join("dumps/releases.json"));
    assert_eq!(releases["releases"].as_array().unwrap().len(), 4, "the list keeps every line");
    let again = run(&mut fixture.purge(&["--yes"])).json(0);
    assert_eq!(again, json!({"purged": [], "already": [ID]}));

    // Without a word on grace; its search index and older packs were there too.
    let published = run(&mut fixture.with_settings(&["publish", to, "--json"])).json(0);
    assert_eq!(published["waiting"], 0, "{published}");
    assert_eq!(found_in(&target, &dictionaries), Vec::<String>::new());
    let _ = run(offprint().args(["verify", to])).exits(0);
    let _ = run(offprint().args(["pull", root, copy])).exits(0);
    assert_eq!(found_in(&mirror, &dictionaries), Vec::<String>::new());
    let _ = run(offprint().args(["verify", copy])).exits(0);

    // The month after is built, published and pulled as ever, by delta.
    let counts = repo.import(&[&synth(fixture.scratch.path(), 25, 4)], 0);
    assert_eq!(counts["rejected"], 0);
    let as_of = read_json(&repo.public().join("release.json"))["as_of"].clone();
    let as_of = as_of.as_str().unwrap().replace("2026-", "2027-");
    let month = ["build", "--as-of", &as_of, "--set", "dump.keep=1"];
    let _ = run(&mut fixture.with_settings(&month)).exits(0);
    let published = run(&mut fixture.with_settings(&["publish", to, "--json"])).json(0);
    assert!(published["waiting"].as_u64() > Some(0), "the grace is back: {published}");
    let pulled = run(offprint().args(["pull", root, copy, "--json"])).json(0);
    assert_eq!(pulled["deltas"].as_array().map(Vec::len), Some(1), "{pulled}");
    assert_silent(repo, &dictionaries);
    assert_eq!(found_in(&mirror, &dictionaries), Vec::<String>::new());
}

#[test]
fn a_purged_record_is_nowhere_in_files() {
    check(&["site.precompress=[\"gzip\", \"zstd\"]"]);
}

#[test]
fn a_purged_record_is_nowhere_in_packs_and_archives() {
    check(&["site.form=\"packs\"", "dump.compat=true"]);
}

#[test]
fn what_was_purged_does_not_come_back_by_itself() {
    let fixture = Fixture::new(&["site.pages=false", "site.search=false"]);
    let repo = &fixture.repo;
    let unknown = run(&mut repo.command(&["purge", ID, "77", "--reason", "spam", "--yes"]));
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("no record 77"), "{}", unknown.stderr);
    let unasked = run(&mut repo.command(&["purge", ID, "--reason", "spam"]));
    assert_eq!(unasked.code, Some(2), "{}", unasked.stderr);
    let words = ["purge", ID, "--reason", "By order of a court", "--yes", "--as-of"];
    let taken = run(&mut fixture.with_settings(&[&words[..], &["2026-11-01T00:00:00Z"]].concat()));
    assert_eq!(taken.code, Some(1), "{}", taken.stderr);
    assert!(!repo.path().join("purge.json").exists(), "nothing was begun");
    let _ =
        run(&mut fixture.with_settings(&[&words[..], &["2026-12-24T00:00:00Z"]].concat())).exits(0);
    assert_eq!(repo.release()["release"], "20261224T000000Z");

    let source = fixture.scratch.path().join("canary-2.jsonl");
    fs::write(&source, format!("{}\n", canary(2))).unwrap();
    let counts = repo.import(&[&source], 3);
    assert_eq!(counts["rejected"], 1, "{counts}");
    let rejects = tree(&repo.path().join("rejects"));
    let reject = String::from_utf8(rejects.values().next().unwrap().clone()).unwrap();
    assert!(reject.contains("\"purged\"") && !reject.contains(CANARY), "{reject}");
    // That it is withdrawn at its source too is no exception, and no news.
    let withdrawn = fixture.scratch.path().join("withdrawn.jsonl");
    let mut record = canary(3);
    record["deletion_status"] = json!({"is_deleted": true, "status": "D"});
    record["tombstone"] = json!({"note": format!("{CANARY}note"), "is_visible": true});
    fs::write(&withdrawn, format!("{record}\n")).unwrap();
    assert_eq!(repo.import(&[&withdrawn], 0)["superseded"], 1);
    let ran = run(&mut fixture.with_settings(&["build", "--as-of", "2026-12-25T00:00:00Z"]));
    assert!(ran.stderr.contains("nothing changed"), "{}", ran.stderr);
    assert_eq!(found_in(repo.path(), &[]), Vec::<String>::new());

    let ran = run(&mut repo.command(&["import", "--allow-purged", source.to_str().unwrap()]));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let shown = run(&mut repo.command(&["show", ID])).exits(0);
    assert!(shown.contains(CANARY), "{shown}");
}

#[test]
fn a_dictionary_that_was_trained_on_it_goes_too() {
    let scratch = tempfile::tempdir().unwrap();
    let repo = Repo::new();
    let source = synth(scratch.path(), 1300, 1);
    let mut lines = fs::read_to_string(&source).unwrap();
    let mut record = canary(1);
    record["metadata"]["description"] =
        format!("{CANARY}word and {CANARY}phrase. ").repeat(600).into();
    lines.push_str(&format!("{record}\n"));
    fs::write(&source, lines).unwrap();
    repo.import(&[&source], 0);
    let path = repo.path().join("store.db");
    // Whatever the trainer took, this dictionary has words of the record.
    let mut planted = dictionaries(&repo).remove(0);
    let words = format!("{CANARY}phrase");
    let end = planted.len() - 100;
    planted[end..end + words.len()].copy_from_slice(words.as_bytes());
    let store = rusqlite::Connection::open(&path).unwrap();
    store.execute("INSERT INTO dictionaries (bytes) VALUES (?1)", [&planted]).unwrap();
    drop(store);
    let known = dictionaries(&repo);
    let bodies = || {
        let snapshot = Store::open(&path).unwrap().snapshot().unwrap();
        let (mut decoder, mut all) = (snapshot.dictionaries().decoder(), Vec::new());
        let each = |row: offprint::store::Row| {
            let mut body = String::new();
            row.decode(&mut decoder, &mut body)?;
            all.push((row.id, body));
            Ok::<(), offprint::store::Error>(())
        };
        snapshot.scan(.., each).unwrap();
        all
    };
    let mut before = bodies();
    let sets = ["--set", "site.pages=false", "--set", "site.search=false"];
    let purge = ["purge", ID, "--reason", "spam", "--yes"];
    let ran = run(&mut repo.command(&[&purge[..], &sets].concat()));
    assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.stderr);
    assert_eq!(found_in(repo.path(), &known), Vec::<String>::new());
    before.retain(|(id, _)| id != ID);
    let mut after = bodies();
    after.retain(|(id, _)| id != ID);
    assert!(before == after, "every other body is what it was");
    let left = dictionaries(&repo);
    assert!(left.iter().all(|dictionary| !known[..2].contains(dictionary)));
    assert_eq!(left.len(), 2, "one, and that of site packs");
}

#[test]
fn a_killed_purge_is_finished_by_a_rerun() {
    let Some(strace) = harness::tool("strace") else { return };
    let fixture = Fixture::new(&["site.exports=[\"bibtex\"]", "site.resolvers=false"]);
    let repo = &fixture.repo;
    let dictionaries = dictionaries(repo);
    let saved = fixture.scratch.path().join("saved");
    copy(repo.path(), &saved);
    let mut dice = Dice(11);
    let mut killed = 0;
    let as_of = ["--yes", "--as-of", "2027-01-01T00:00:00Z"];
    for k in [1, 4, 12, 40, 100, 200, 400] {
        fs::remove_dir_all(repo.path()).unwrap();
        copy(&saved, repo.path());
        for _ in 0..2 {
            let plain = fixture.purge(&as_of);
            let calls = "write,pwrite64,fdatasync,fsync,syncfs,rename,unlink,unlinkat";
            let ended = Command::new(&strace)
                .env_clear()
                .args(["-f", "-qq", "-o", "/dev/null", "-e"])
                .arg(format!("trace={calls}"))
                .arg("-e")
                .arg(format!("inject={calls}:signal=KILL:when={}", k + dice.roll(k)))
                .arg(plain.get_program())
                .args(plain.get_args())
                .output()
                .unwrap();
            if ended.status.success() {
                continue;
            }
            killed += 1;
            if read_note(repo).is_some_and(|note| note["release"].is_null()) {
                let refused = run(&mut fixture.with_settings(&["build"]));
                assert_eq!(refused.code, Some(1));
                assert!(refused.stderr.contains("purge"), "{}", refused.stderr);
            }
        }
        let _ = run(&mut fixture.purge(&as_of)).exits(0);
        assert_eq!(repo.release()["release"], "20270101T000000Z", "{k}");
        assert_silent(repo, &dictionaries);
    }
    assert!(killed >= 7, "only {killed} were killed");
}

fn read_note(repo: &Repo) -> Option<Value> {
    let text = fs::read(repo.path().join("purge.json")).ok()?;
    serde_json::from_slice(&text).ok()
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap();
    assert!(done.success());
}
