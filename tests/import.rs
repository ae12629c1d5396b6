//! Imports: every container and compression, bad input, interruption, completeness.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use offprint::store::import::{Completion, Importer, Input, Options, Outcome, Progress, Stop};
use offprint::store::{Class, Counts, Error, Row, Store};

struct Repo {
    folder: tempfile::TempDir,
    store: Store,
}

impl Repo {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(&folder.path().join("store.db")).unwrap();
        Repo { folder, store }
    }

    fn options(&self) -> Options {
        Options {
            doi_pattern: "10.5281/zenodo.N".into(),
            kind: None,
            strict: false,
            complete: false,
            rejects: self.folder.path().join("rejects"),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn import(&self, path: &Path) -> Outcome {
        self.import_with(path, self.options(), &())
    }

    fn import_with(&self, path: &Path, options: Options, progress: &dyn Progress) -> Outcome {
        let mut importer = Importer::new(&self.store, options).unwrap();
        importer.source(Input::Path(path.to_owned()), progress).unwrap()
    }

    fn import_bytes(&self, name: &str, bytes: &[u8]) -> Outcome {
        self.import(&self.write(name, bytes))
    }

    /// `id class` of every record, in pack order.
    fn ids(&self) -> Vec<String> {
        let mut ids = Vec::new();
        let visit = |row: Row| {
            ids.push(match row.class {
                Class::Public => row.id,
                class => format!("{} {class:?}", row.id),
            });
            Ok::<(), Error>(())
        };
        self.store.snapshot().unwrap().scan(.., visit).unwrap();
        ids
    }

    fn body(&self, id: &str) -> String {
        let snapshot = self.store.snapshot().unwrap();
        let mut body = String::new();
        let row = snapshot.get(id).unwrap().unwrap();
        row.decode(&mut snapshot.dictionaries().decoder(), &mut body).unwrap();
        body
    }
}

/// The rejects file as `member|line|path|code|reason` lines.
fn rejects(outcome: &Outcome) -> Vec<String> {
    let Some(path) = &outcome.rejects else { return Vec::new() };
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| {
            let json: serde_json::Value = serde_json::from_str(line).unwrap();
            let cell = |name: &str| match &json[name] {
                serde_json::Value::Null => String::new(),
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            ["member", "line", "path", "code", "reason"].map(cell).join("|")
        })
        .collect()
}

fn native(id: u64, title: &str) -> String {
    format!(
        r#"{{"id":"{id}","pids":{{}},"parent":{{"id":"{id}"}},"metadata":{{"title":"{title}","publication_date":"2024"}}}}"#
    )
}

fn lines(ids: std::ops::Range<u64>) -> String {
    ids.map(|id| native(id, "On moths") + "\n").collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut out = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn tar(members: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, text) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap()
}

type Encode = fn(&[u8]) -> Vec<u8>;
const ENCODERS: [(&str, Encode); 4] =
    [("", <[u8]>::to_vec), (".gz", gzip), (".zst", zstd), (".bz2", bzip2)];

#[test]
fn every_compression_of_lines_and_archives_is_read() {
    let (one, two) = (native(1, "a"), native(2, "b"));
    let archive = tar(&[("1.json", &one), ("./sub/2.json", &two)]);
    let text = format!("{one}\n\n{two}");
    for (suffix, encode) in ENCODERS {
        // Names say nothing about content.
        for (name, bytes) in
            [("records.jsonl", text.as_bytes()), ("x", text.as_bytes()), ("x.tar", &archive)]
        {
            let repo = Repo::new();
            let outcome = repo.import_bytes(&format!("{name}{suffix}"), &encode(bytes));
            assert_eq!(outcome.counts, Counts { new: 2, ..Counts::default() }, "{name}{suffix}");
            assert_eq!(outcome.rejects, None);
            assert_eq!(repo.ids(), ["1", "2"]);
            assert_eq!(repo.body("2"), two, "verbatim");
            let again = repo.import_bytes(&format!("{name}{suffix}"), &encode(bytes));
            assert_eq!(again.counts, Counts { unchanged: 2, ..Counts::default() });
        }
        let repo = Repo::new();
        let mut importer = Importer::new(&repo.store, repo.options()).unwrap();
        let stream = Input::Stream(Box::new(Cursor::new(encode(text.as_bytes()))));
        let outcome = importer.source(stream, &()).unwrap();
        assert_eq!((outcome.source.as_str(), outcome.counts.new), ("-", 2), "stream{suffix}");
    }
}

#[test]
fn concatenated_streams_are_read_to_the_end() {
    for (suffix, encode) in ENCODERS {
        let bytes = [encode(lines(1..3).as_bytes()), encode(lines(3..5).as_bytes())].concat();
        assert_eq!(
            Repo::new().import_bytes(&format!("x{suffix}"), &bytes).counts.new,
            4,
            "{suffix}"
        );
    }
}

#[test]
fn a_stream_that_breaks_off_gives_what_came_before_and_says_where() {
    let text = lines(1..2000);
    for (suffix, encode) in &ENCODERS[1..] {
        let whole = encode(text.as_bytes());
        let repo = Repo::new();
        let outcome = repo.import_bytes("cut", &whole[..whole.len() - 9]);
        let rejects = rejects(&outcome);
        assert_eq!(outcome.counts.rejected, 1, "{suffix}");
        assert_eq!(rejects.len(), 1);
        let line = outcome.counts.new + 1;
        assert!(rejects[0].starts_with(&format!("|{line}|.|broken|")), "{suffix}: {rejects:?}");
        assert_eq!(repo.ids().len() as u64, outcome.counts.new);

        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 8].fill(0xa5);
        let outcome = Repo::new().import_bytes("damaged", &damaged);
        assert!(outcome.counts.rejected >= 1, "{suffix}: {outcome:?}");
    }
    let archive = tar(&[("1.json", &native(1, "a")), ("2.json", &native(2, "b"))]);
    let repo = Repo::new();
    let outcome = repo.import_bytes("cut.tar", &archive[..512 * 3 + 20]);
    assert_eq!(rejects(&outcome), ["2.json||.|broken|the file ends in the middle"]);
    assert_eq!(outcome.counts.new, 1);
    let outcome = Repo::new().import_bytes("cut.tar", &archive[..512 * 2 + 20]);
    assert_eq!(outcome.counts, Counts { new: 1, rejected: 1, ..Counts::default() });
}

#[test]
fn bad_documents_are_reported_and_the_rest_goes_on() {
    let repo = Repo::new();
    let mut text = lines(1..2).into_bytes();
    text.extend_from_slice(b"\xef\xbb\xbf{\"id\": broken\n");
    text.extend_from_slice(b"{\"id\":\"3\",\"pids\":{},\"metadata\":{\"title\":\"\xff\"}}\r\n");
    text.extend_from_slice(
        br#"{"id":"4","pids":{},"metadata":{"creators":[{},{"affiliations":7}]}}"#,
    );
    text.extend_from_slice(b"\n{\"hello\": 1}\n");
    text.extend_from_slice(
        b"{\"id\":\"A/..\",\"pids\":{},\"metadata\":{}}\n{\"metadata\":{},\"pids\":{}}\n",
    );
    text.extend_from_slice(lines(8..9).as_bytes());
    let outcome = repo.import_bytes("bad.jsonl", &text);
    assert_eq!(outcome.counts, Counts { new: 2, rejected: 6, ..Counts::default() });
    assert_eq!(repo.ids(), ["1", "8"]);
    let rejects = rejects(&outcome);
    let starts = [
        "|2|.|unrecognised|malformed JSON: line 1 column",
        "|3|.|not-utf8|not UTF-8 at byte 41",
        "|4|metadata.creators[1].affiliations|shape|invalid type",
        "|5|.|unrecognised|a JSON object of unknown shape",
        "|6|id|bad-id|not a record id: A/..",
        "|7|id|no-id|the record has no id",
    ];
    assert_eq!(rejects.len(), starts.len(), "{rejects:#?}");
    for (reject, start) in rejects.iter().zip(starts) {
        assert!(reject.starts_with(start), "{reject}");
    }
    // Once all is well, the list goes.
    let outcome = repo.import_bytes("bad.jsonl", lines(1..2).as_bytes());
    assert_eq!(outcome.rejects, None);
    assert_eq!(fs::read_dir(repo.folder.path().join("rejects")).unwrap().count(), 0);
}

#[test]
fn folders_are_walked_in_order_and_hold_anything() {
    let repo = Repo::new();
    repo.write("in/b/2.json", native(2, "b").as_bytes());
    repo.write("in/a.tar.gz", &gzip(&tar(&[("1.json", &native(1, "a")), ("x/9.json", "{}")])));
    repo.write("in/c.jsonl.zst", &zstd(format!("{}nonsense\n", lines(3..5)).as_bytes()));
    repo.write("in/.hidden.json", b"{");
    repo.write("in/d.json", b"{\n  \"id\": \"7\",\n  \"pids\": {},\n  \"metadata\": {}\n}\n");
    repo.write("in/empty.json", b"");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/passwd", repo.folder.path().join("in/link.json")).unwrap();
    let outcome = repo.import(&repo.folder.path().join("in"));
    assert_eq!(repo.ids(), ["1", "2", "3", "4", "7"]);
    assert_eq!(
        rejects(&outcome),
        [
            "a.tar.gz/x/9.json||.|unrecognised|a JSON object of unknown shape",
            "c.jsonl.zst|3|.|unrecognised|the document is neither JSON nor XML nor a deletion ledger",
        ]
    );
}

#[test]
fn names_in_archives_are_labels() {
    let long = format!("{}/5.json", "deep/".repeat(60));
    let mut archive = tar::Builder::new(Vec::new());
    let mut add = |name: &[u8], kind: tar::EntryType, text: &str| {
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        header.set_size(text.len() as u64);
        header.set_cksum();
        archive.append(&header, text.as_bytes()).unwrap();
    };
    add(b"../../etc/x.json", tar::EntryType::Regular, "{");
    add(b"/abs/1.json", tar::EntryType::Regular, &native(1, "a"));
    add(b"link.json", tar::EntryType::Symlink, "");
    add(b"folder/", tar::EntryType::Directory, "");
    add(b"._2.json", tar::EntryType::Regular, "resource fork");
    let mut header = tar::Header::new_gnu();
    header.set_size(1);
    archive.append_data(&mut header, &long, &b"{"[..]).unwrap();
    let repo = Repo::new();
    let outcome = repo.import_bytes("odd.tar", &archive.into_inner().unwrap());
    assert_eq!(repo.ids(), ["1"]);
    let rejects = rejects(&outcome);
    assert!(rejects[0].starts_with("../../etc/x.json||.|unrecognised|"), "{rejects:?}");
    assert!(rejects[1].starts_with(&format!("{long}||.|")), "{rejects:?}");
    assert_eq!(rejects.len(), 2);
}

#[test]
fn a_deletion_ledger_withdraws() {
    let repo = Repo::new();
    repo.import_bytes("records.jsonl", lines(1..4).as_bytes());
    let ledger = "record_id,doi,parent_id,parent_doi,removal_note,removal_reason,removal_date,citation_text\r\n\
        2,10.5281/zenodo.2,2,,\"two\nlines, \"\"quoted\"\"\",duplicate,2025-01-02T03:04:05Z,cite\r\n\
        NOT AN ID,,,,,,,\r\n\
        9,10.5281/zenodo.9,8,10.5281/zenodo.8,,spam,2025-01-02T03:04:05Z,\r\n";
    let outcome = repo.import_bytes("records-deleted.csv.gz", &gzip(ledger.as_bytes()));
    assert_eq!(outcome.counts, Counts { new: 1, changed: 1, rejected: 1, ..Counts::default() });
    assert_eq!(repo.ids(), ["1", "2 Tombstone", "3", "9 Tombstone"]);
    assert!(rejects(&outcome)[0].starts_with("|4|record_id|no-id|"), "{:?}", rejects(&outcome));
    // A later harvest that still holds the record does not bring it back.
    let outcome = repo.import_bytes("records.jsonl", lines(1..4).as_bytes());
    assert_eq!(outcome.counts, Counts { unchanged: 2, superseded: 1, ..Counts::default() });
}

#[test]
fn foreign_formats_become_native_records() {
    let repo = Repo::new();
    let xml = r#"<resource xmlns="http://datacite.org/schema/kernel-4">
        <identifier identifierType="DOI">10.5281/zenodo.41</identifier>
        <creators><creator><creatorName>Doe, Jane</creatorName></creator></creators>
        <titles><title>On moths</title></titles><publisher>P</publisher>
        <publicationYear>2024</publicationYear><resourceType resourceTypeGeneral="Dataset"/>
        </resource>"#;
    let json =
        r#"{"doi":"10.9999/Other","titles":[{"title":"On moths"}],"creators":[{"name":"Doe, J"}]}"#;
    let concept = r#"{"doi":"10.5281/zenodo.40","titles":[{"title":"t"}],"relatedIdentifiers":[
        {"relatedIdentifier":"10.5281/zenodo.41","relatedIdentifierType":"DOI","relationType":"HasVersion"}]}"#;
    let archive = tar(&[("41.xml", xml), ("other.json", json), ("40.json", concept)]);
    let outcome = repo.import_bytes("records-xml.tar.gz", &gzip(&archive));
    assert_eq!(
        outcome.counts,
        Counts { new: 2, aside: 1, ..Counts::default() },
        "{:?}",
        rejects(&outcome)
    );
    let ids = repo.ids();
    assert_eq!(ids[0], "41");
    assert!(ids[1].starts_with('x') && ids[1].len() == 21, "{ids:?}");
    let concept = repo.store.snapshot().unwrap().concept("40").unwrap().unwrap();
    assert_eq!(concept.doi, "10.5281/zenodo.40");
}

#[test]
fn lists_of_communities_name_them() {
    let repo = Repo::new();
    let record = r#"{"id":"1","pids":{},"metadata":{},"parent":{"communities":{"entries":[
        {"slug":"moths"},{"slug":"bees","metadata":{"title":"Bees"}}]}}}"#;
    repo.import_bytes("1.json", record.as_bytes());
    let titles = || {
        let communities = repo.store.snapshot().unwrap().communities().unwrap();
        communities.into_iter().map(|c| format!("{}: {}", c.slug, c.title)).collect::<Vec<_>>()
    };
    assert_eq!(titles(), ["bees: Bees", "moths: moths"]);
    let list = "{\"slug\":\"moths\",\"metadata\":{\"title\":\"All moths\"}}\n{\"slug\":\"ants\",\"title\":\"Ants\"}\n{}\n";
    let outcome = repo.import_bytes("communities.ndjson", list.as_bytes());
    assert_eq!(outcome.counts, Counts { aside: 2, rejected: 1, ..Counts::default() });
    assert_eq!(titles(), ["ants: Ants", "bees: Bees", "moths: All moths"]);
}

#[test]
fn a_body_that_was_thought_to_be_stored_is_stored_when_wanted() {
    let repo = Repo::new();
    let revision = |number: u64, title: &str| {
        native(1, title).replace("\"pids\"", &format!("\"revision_id\":{number},\"pids\""))
    };
    repo.import_bytes("records.jsonl", revision(1, "a").as_bytes());
    let text = format!("{}\n{}\n", revision(2, "b"), revision(3, "a"));
    let outcome = repo.import_bytes("records.jsonl", text.as_bytes());
    assert_eq!(outcome.counts, Counts { changed: 2, ..Counts::default() });
    assert_eq!(repo.body("1"), revision(3, "a"));
}

/// Interrupts after some batches, or never.
struct Interrupt {
    batches: AtomicU64,
    documents: AtomicU64,
}

impl Interrupt {
    fn after(batches: u64) -> Self {
        Interrupt { batches: AtomicU64::new(batches), documents: AtomicU64::new(0) }
    }
}

impl Progress for Interrupt {
    fn begin(&self, _: &str, bytes: Option<u64>) {
        assert!(bytes.unwrap() > 0);
    }

    fn advance(&self, documents: u64, _: u64) {
        self.documents.store(documents, Ordering::Relaxed);
        self.batches.fetch_sub(1, Ordering::Relaxed);
    }

    fn interrupted(&self) -> bool {
        self.batches.load(Ordering::Relaxed) == 0
    }
}

#[test]
fn an_interrupted_import_goes_on_where_it_stopped() {
    let repo = Repo::new();
    let text = format!("{}broken\n{}", lines(1..6000), lines(6000..10_000));
    let path = repo.write("records.jsonl.gz", &gzip(text.as_bytes()));
    let first = repo.import_with(&path, repo.options(), &Interrupt::after(1));
    assert_eq!(first.stopped, Some(Stop::Interrupted));
    let stored = first.counts.new;
    assert!(stored > 0 && stored < 9_999, "{stored}");
    assert_eq!(repo.ids().len() as u64, stored);

    let progress = Interrupt::after(u64::MAX);
    let second = repo.import_with(&path, repo.options(), &progress);
    assert_eq!(second.stopped, None);
    assert_eq!(second.resumed, stored);
    assert_eq!(second.counts, Counts { new: 9_999, rejected: 1, ..Counts::default() });
    assert_eq!(second.counts.read(), progress.documents.load(Ordering::Relaxed));
    assert_eq!(rejects(&second).len(), 1);
    assert!(rejects(&second)[0].starts_with("|6000|"));

    let third = repo.import(&path);
    assert_eq!(third.counts, Counts { unchanged: 9_999, rejected: 1, ..Counts::default() });
    assert_eq!(third.resumed, 0);
}

#[test]
fn another_file_of_the_same_name_is_not_resumed() {
    let repo = Repo::new();
    let path = repo.write("records.jsonl", lines(1..9000).as_bytes());
    repo.import_with(&path, repo.options(), &Interrupt::after(1));
    fs::write(&path, lines(20_000..20_003)).unwrap();
    let outcome = repo.import(&path);
    assert_eq!((outcome.resumed, outcome.counts.new), (0, 3));
}

#[test]
fn strict_stops_at_the_first_bad_document() {
    let repo = Repo::new();
    let options = Options { strict: true, ..repo.options() };
    let text = format!("{}broken\n{}", lines(1..4), lines(4..6));
    let path = repo.write("records.jsonl", text.as_bytes());
    for counts in [3, 0] {
        let outcome = repo.import_with(&path, options.clone(), &());
        let Some(Stop::Strict(reject)) = outcome.stopped else { panic!("{outcome:?}") };
        assert_eq!((reject.ordinal, reject.position.line), (3, Some(4)));
        assert_eq!(outcome.counts.new, 3, "the second run adds {counts}");
        assert_eq!(repo.ids(), ["1", "2", "3"]);
    }
}

#[test]
fn a_collision_names_both_sources_and_strict_stores_nothing_of_its_batch() {
    let repo = Repo::new();
    let first = r#"{"doi":"10.5281/zenodo.7","titles":[{"title":"a"}],"creators":[]}"#;
    let path = repo.write("first.json", first.as_bytes());
    assert_eq!(repo.import(&path).counts.new, 1);
    let other = r#"{"id":"7","pids":{"doi":{"identifier":"10.9999/other"}},"metadata":{}}"#;
    let text = format!("{}{other}\n", lines(1..3));
    let options = Options { strict: true, ..repo.options() };
    let path = repo.write("second.jsonl", text.as_bytes());
    let outcome = repo.import_with(&path, options, &());
    assert!(matches!(outcome.stopped, Some(Stop::Strict(_))));
    assert_eq!(repo.ids(), ["7"]);
    let outcome = repo.import(&path);
    assert_eq!(outcome.counts, Counts { new: 2, rejected: 1, ..Counts::default() });
    let rejects = rejects(&outcome);
    assert!(rejects[0].starts_with("|3|id|collision|the id 7 stands for 10.5281/zenodo.7, from "));
    assert!(rejects[0].contains("first.json") && rejects[0].ends_with("and for 10.9999/other"));
}

#[test]
fn a_complete_import_withdraws_what_is_absent_until_it_comes_back() {
    let repo = Repo::new();
    let hidden = r#"{"id":"5","pids":{},"metadata":{},"access":{"record":"restricted"}}"#;
    repo.import_bytes("first.jsonl", format!("{}{hidden}\n", lines(1..5)).as_bytes());
    let complete = |texts: &[&str]| {
        let options = Options { complete: true, ..repo.options() };
        let mut importer = Importer::new(&repo.store, options).unwrap();
        for (number, text) in texts.iter().enumerate() {
            let path = repo.write(&format!("part-{number}.jsonl"), text.as_bytes());
            importer.source(Input::Path(path), &()).unwrap();
        }
        importer.finish("2026-01-02").unwrap()
    };
    // A record that cannot be read is there all the same; one without id might be any.
    let bad = r#"{"id":"3","pids":{},"metadata":{"creators":7}}"#;
    let refused = Completion::Refused { unidentified: 1, stopped: 0 };
    assert_eq!(complete(&[&lines(1..2), "broken\n"]), refused);
    assert_eq!(repo.ids().len(), 5);
    assert_eq!(complete(&[&lines(1..2), bad]), Completion::Withdrawn(3));
    assert_eq!(repo.ids(), ["1", "2 Tombstone", "3", "4 Tombstone", "5 Hidden"]);
    assert!(repo.body("2").contains(r#""removal_reason":{"id":"absent"}"#), "{}", repo.body("2"));
    assert_eq!(complete(&[&lines(1..2), bad]), Completion::Withdrawn(0));

    assert_eq!(complete(&[&lines(1..5), hidden]), Completion::Withdrawn(0));
    assert_eq!(repo.ids(), ["1", "2", "3", "4", "5 Restricted"]);
    assert_eq!(repo.store.snapshot().unwrap().totals().minted(), 5);
}

#[test]
fn one_huge_document_is_refused_and_the_next_is_read() {
    let repo = Repo::new();
    let huge = format!(r#"{{"id":"1","pids":{{}},"x":"{}"}}"#, "a".repeat(65 << 20));
    let text = format!("{huge}\n{}", lines(2..3));
    let outcome = repo.import_bytes("huge.jsonl.zst", &zstd(text.as_bytes()));
    assert_eq!(repo.ids(), ["2"]);
    assert!(rejects(&outcome)[0].starts_with("|1|.|too-large|"));
    let archive = tar(&[("1.json", &huge), ("2.json", &native(2, "b"))]);
    let outcome = Repo::new().import_bytes("huge.tar.zst", &zstd(&archive));
    assert_eq!(outcome.counts, Counts { new: 1, rejected: 1, ..Counts::default() });
    let outcome = Repo::new().import_bytes("huge.json", huge.replace(",", ",\n").as_bytes());
    assert_eq!(outcome.counts, Counts { rejected: 1, ..Counts::default() });
}

#[test]
fn a_missing_source_is_an_error() {
    let repo = Repo::new();
    let mut importer = Importer::new(&repo.store, repo.options()).unwrap();
    let missing = importer.source(Input::Path(repo.folder.path().join("none")), &());
    assert!(matches!(missing, Err(Error::Io { .. })));
}
