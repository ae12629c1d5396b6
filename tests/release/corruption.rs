//! Whatever is damaged is named.

use std::fs;
use std::path::Path;

use offprint::release::cat::cat_one;
use offprint::release::fetch::{RangeSource, Source};
use offprint::release::layout::{Format, PackId};
use offprint::release::manifest::Manifest;
use offprint::release::pack::{PackReader, Tail};
use offprint::release::verify::{Depth, Report, verify};

use crate::made::{RELEASE, make, usual};

fn source(root: &Path) -> Source {
    Source::open(root.to_str().unwrap())
}

fn check(root: &Path, depth: Depth) -> Report {
    verify(&source(root), depth, &())
}

fn told(report: &Report) -> Vec<String> {
    report.problems.iter().map(ToString::to_string).collect()
}

/// Changes one byte of a file, gives what a full verification says, and changes it back.
fn flipped(root: &Path, path: &str, at: usize) -> Vec<String> {
    let file = root.join(path);
    let good = fs::read(&file).unwrap();
    let mut bad = good.clone();
    bad[at] ^= 0x10;
    fs::write(&file, bad).unwrap();
    let told = told(&check(root, Depth::Full));
    fs::write(&file, good).unwrap();
    told
}

fn tail_of(root: &Path, manifest: &Manifest, format: Format, pack: usize) -> (String, Tail, usize) {
    let entry = &manifest.dumps[&format].packs[pack];
    let source = source(root);
    let reader =
        PackReader::open(&source, &entry.pack_ref(format).unwrap(), manifest.dumps[&format].spans)
            .unwrap();
    (entry.path.clone(), reader.tail().clone(), entry.bytes as usize)
}

#[test]
fn the_first_bad_frame_is_named() {
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    let manifest = make(root.path(), &records, &options);
    for format in Format::ALL {
        let (path, tail, _) = tail_of(root.path(), &manifest, format, 1);
        let info = tail.frames[3];
        let ids = manifest.dumps[&format].spans.describe(info.place(PackId::Numeric(1)));
        let shown = if format == Format::NativeJson { "1120–1151" } else { "1216–1279" };
        assert_eq!(ids, format!("frame 3 (ids {shown})"));
        let place = format!("{path}: {ids} at byte {}: ", info.offset);
        let middle = info.offset as usize + info.data as usize / 2;
        let card = info.offset as usize + info.data as usize + 33;
        for at in [middle, info.offset as usize + info.data as usize - 1, card] {
            let told = flipped(root.path(), &path, at);
            assert!(told.len() == 1 && told[0].starts_with(&place), "byte {at}: {told:#?}");
        }
    }
}

#[test]
fn every_byte_of_a_pack_counts() {
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    let manifest = make(root.path(), &records[..20], &options);
    for format in Format::ALL {
        let (path, _, bytes) = tail_of(root.path(), &manifest, format, 0);
        for at in (0..bytes).step_by(13).chain(bytes - 60..bytes) {
            let told = flipped(root.path(), &path, at);
            let named = told.iter().any(|line| line.starts_with(&format!("{path}: ")));
            assert!(named, "byte {at} of {path}: {told:?}");
        }
    }
    assert_eq!(told(&check(root.path(), Depth::Full)), Vec::<String>::new());
}

#[test]
fn a_damaged_frame_is_never_served() {
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    let manifest = make(root.path(), &records, &options);
    let (path, tail, _) = tail_of(root.path(), &manifest, Format::NativeJson, 0);
    let file = root.path().join(&path);
    let mut bytes = fs::read(&file).unwrap();
    bytes[tail.frames[0].data as usize - 1] ^= 1;
    fs::write(&file, bytes).unwrap();
    let error = cat_one(&source(root.path()), Format::NativeJson, "1", &mut Vec::new());
    let error = error.unwrap_err().to_string();
    assert!(error.starts_with(&format!("{path}: frame 0 (ids 0–31) at byte 0: ")), "{error}");
}

#[test]
fn small_files_and_pointers_are_named() {
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    make(root.path(), &records, &options);
    let dir = format!("dumps/{RELEASE}");
    for path in [
        format!("{dir}/README.md"),
        format!("{dir}/deleted.csv.gz"),
        format!("{dir}/exceptions.ndjson"),
        format!("{dir}/manifest.json"),
        format!("{dir}/SHA256SUMS"),
        "assets/site.0123.css".into(),
        "site/n000000-0123456789ab.ndjson.zst".into(),
        "records/1.html".into(),
        "release.json".into(),
        "dumps/latest.json".into(),
        "dumps/releases.json".into(),
    ] {
        let length = fs::read(root.path().join(&path)).unwrap().len();
        for at in [0, length / 2, length - 1] {
            let told = flipped(root.path(), &path, at);
            // Another member of the pointer may name another file: then that one is missed.
            let pointer = path.ends_with("release.json");
            let named = told.iter().any(|line| line.starts_with(&format!("{path}: ")));
            assert!(named || (pointer && !told.is_empty()), "byte {at} of {path}: {told:?}");
        }
        let file = root.path().join(&path);
        let aside = root.path().join("aside");
        fs::rename(&file, &aside).unwrap();
        assert!(
            told(&check(root.path(), Depth::Quick)).contains(&format!("{path}: is missing"))
                || path == "dumps/releases.json"
        );
        fs::rename(&aside, &file).unwrap();
    }
}

#[test]
fn sizes_are_compared_first() {
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    let manifest = make(root.path(), &records, &options);
    let (path, _, bytes) = tail_of(root.path(), &manifest, Format::NativeJson, 0);
    let file = root.path().join(&path);
    let good = fs::read(&file).unwrap();
    for depth in [Depth::Quick, Depth::Sampled, Depth::Full] {
        fs::write(&file, &good[..bytes - 7]).unwrap();
        let want = format!("{path}: has {} bytes, {bytes} are listed", bytes - 7);
        assert_eq!(told(&check(root.path(), depth)), [want]);
        fs::write(&file, [&good[..], b"more"].concat()).unwrap();
        let want = format!("{path}: has more than {bytes} bytes, {bytes} are listed");
        assert_eq!(told(&check(root.path(), depth)), [want]);
    }
}

#[test]
fn files_listed_nowhere_are_warned_of() {
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    make(root.path(), &records, &options);
    fs::write(root.path().join("records/2.html"), b"withdrawn").unwrap();
    fs::create_dir_all(root.path().join(".stage")).unwrap();
    let report = check(root.path(), Depth::Quick);
    assert_eq!(told(&report), Vec::<String>::new());
    let want = [".stage: left by a build that did not finish", "records/2.html: is listed nowhere"];
    assert_eq!(report.warnings, want);
}

#[test]
fn a_hostile_manifest_reaches_no_file_outside() {
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    make(root.path(), &records, &options);
    let path = root.path().join("release.json");
    let text = fs::read_to_string(&path).unwrap();
    let evil = text.replace(&format!("dumps/{RELEASE}/manifest.json"), "../../etc/passwd");
    fs::write(&path, evil).unwrap();
    let report = check(root.path(), Depth::Full);
    assert_eq!(report.problems.len(), 1, "{report:?}");
    assert_eq!(report.problems[0].path, "release.json");
    assert!(source(root.path()).read_range("../x", 0, 1).is_err());
}
