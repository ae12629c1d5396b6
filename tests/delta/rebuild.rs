//! Mirrors that fetch native JSON and make the other packs of it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use offprint::build::remake::Remake;
use offprint::release::fetch::Source;
use offprint::release::hash::sha256;
use offprint::release::layout::{Format, Place};
use offprint::release::manifest::Manifest;
use offprint::release::pack::DecodedFrame;
use offprint::release::pull::rebuild::{Hand, Made, Maker, Unmade};
use offprint::release::pull::{self, Options, Report, Selection};

use crate::harness::{Repo, assert_good, assert_mirrors, pull, serve};

pub(crate) fn rebuilding() -> Options {
    Options { rebuild: Some(Arc::new(Remake)), ..Options::default() }
}

pub(crate) fn rebuild(from: &str, to: &Path, options: &Options) -> Report {
    pull::pull(&Source::open(from), to, options, &()).unwrap()
}

fn manifest(root: &Path) -> Manifest {
    let source = Source::open(&root.to_string_lossy());
    let pointer = offprint::release::pointer::ReleasePointer::read(&source).unwrap().unwrap();
    Manifest::from_bytes(&fs::read(root.join(pointer.manifest.path)).unwrap()).unwrap()
}

fn packs(manifest: &Manifest, native: bool) -> (u64, u64) {
    let formats =
        manifest.dumps.iter().filter(|(format, _)| (**format == Format::NativeJson) == native);
    let packs = formats.flat_map(|(_, dump)| &dump.packs);
    packs.fold((0, 0), |(files, bytes), pack| (files + 1, bytes + pack.bytes))
}

#[test]
fn only_native_json_moves_and_the_rest_is_made_of_it() {
    let repo = Repo::new(2000, false);
    repo.month(1);
    let url = serve(&repo.root());
    let (mirror, plain, whole) =
        (repo.beside("mirror"), repo.beside("plain"), repo.beside("whole"));
    let first = rebuild(&url, &mirror, &rebuilding());
    assert!(first.warnings.is_empty(), "{:?}", first.warnings);
    let now = manifest(&repo.root());
    let (native, others) = (packs(&now, true), packs(&now, false));
    let fetched = first.fetched["packs"];
    assert_eq!((fetched.files, fetched.bytes), native);
    assert_eq!((first.rebuilt.files, first.rebuilt.bytes), others);
    assert!(first.rebuilt.frames_made > 0 && first.rebuilt.frames_copied == 0);
    assert_mirrors(&repo.root(), &mirror);
    assert_good(&mirror);
    pull(&url, &plain).unwrap();
    rebuild(&url, &whole, &Options { deltas: false, ..rebuilding() });

    let ages: Vec<PathBuf> = (1..=3).map(|age| repo.beside(&format!("age-{age}"))).collect();
    for (month, age) in (2..=4).zip(&ages) {
        rebuild(&url, age, &rebuilding());
        repo.month(month);
        let next = rebuild(&url, &mirror, &rebuilding());
        assert!(next.warnings.is_empty(), "{:?}", next.warnings);
        assert_mirrors(&repo.root(), &mirror);
        assert_good(&mirror);
        assert_eq!(next.fetched["packs"].files, 0);
        assert!(next.made.files > 0 && next.deltas.len() == 1, "{next:?}");
        let rebuilt = next.rebuilt;
        assert!(rebuilt.frames_copied > rebuilt.frames_made, "{rebuilt:?}");
        let other = pull(&url, &plain).unwrap();
        assert!(next.bytes * 10 < other.bytes * 9, "{} ÷ {}", next.bytes, other.bytes);
    }
    for age in &ages {
        let late = rebuild(&url, age, &rebuilding());
        assert!(late.warnings.is_empty() && late.fetched["packs"].files == 0, "{late:?}");
        assert_mirrors(&repo.root(), age);
    }
    // Without deltas whole packs of native JSON come, and no others.
    let late = rebuild(&url, &whole, &Options { deltas: false, ..rebuilding() });
    assert!(late.warnings.is_empty() && late.made.files == 0, "{late:?}");
    assert!(late.rebuilt.files >= 2 * late.fetched["packs"].files, "{late:?}");
    assert_mirrors(&repo.root(), &whole);
    // Whoever fetched everything goes on by making, and the other way round.
    repo.month(5);
    let select = Selection { dumps: true, site: false, search: false };
    let next = rebuild(&repo.root().to_string_lossy(), &plain, &Options { select, ..rebuilding() });
    assert!(next.rebuilt.frames_copied > 0 && next.warnings.is_empty(), "{next:?}");
    pull(&url, &mirror).unwrap();
    assert_mirrors(&repo.root(), &mirror);
    assert_good(&mirror);
}

#[test]
fn sample_records_of_every_kind_come_out_alike() {
    let repo = Repo::new(0, false);
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data");
    for name in ["records.jsonl", "legacy.jsonl", "datacite"] {
        repo.import_file(&sample.join(name));
    }
    repo.import("odd.jsonl", ODD.as_bytes());
    let store = offprint::store::Store::open(&repo.beside("store.db")).unwrap();
    let from = repo.root().to_string_lossy().into_owned();
    // Before and after embargoes end, and with another publisher for records that name none.
    for (step, (month, publisher)) in
        [(1, None), (35, Some("P")), (50, Some("P")), (51, Some("Q"))].into_iter().enumerate()
    {
        let mut settings = repo.settings(month);
        settings.repository.publisher = publisher.map(str::to_owned);
        offprint::build::build(&store, &repo.root(), &settings, &|_| {}).unwrap();
        for mirror in ["mirror".to_owned(), format!("mirror-{step}")] {
            let mirror = repo.beside(&mirror);
            let report = rebuild(&from, &mirror, &rebuilding());
            assert!(report.warnings.is_empty(), "{:?}", report.warnings);
            assert_mirrors(&repo.root(), &mirror);
            assert!(report.unchanged || report.rebuilt.files > 0, "{report:?}");
        }
    }
    assert!(manifest(&repo.root()).dumps[&Format::DataciteXml].records > 15);
}

/// Records whose native projection says less than what was imported.
const ODD: &str = concat!(
    r#"{"id":"7001","metadata":{"title":"No publisher, an odd year","publication_date":"0890"}}"#,
    "\n",
    r#"{"id":"7002","metadata":{"title":"Hidden files","publication_date":"2020"},"files":{"enabled":true,"entries":{"a.txt":{"key":"a.txt","size":1,"mimetype":"text/plain","access":{"hidden":true}},"b.csv":{"key":"b.csv","size":2,"mimetype":"text/csv"}}}}"#,
    "\n",
    r#"{"id":"7003","created":"2021-02-03T04:05:06.789+00:00","metadata":{"title":"No date"},"files":{"enabled":true,"count":3,"total_bytes":9}}"#,
    "\n",
    r#"{"id":"7004","metadata":{"title":"Restricted anew","publication_date":"2020"},"access":{"record":"public","files":"restricted","embargo":{"active":false,"until":"2021-01-01"}},"files":{"enabled":true}}"#,
    "\n",
    r#"{"id":"7005","metadata":{"title":"No word of files","publication_date":"2020","title":"Twice a title"},"access":{"record":"public","files":"restricted"}}"#,
    "\n",
);

/// Makes what [`Remake`] makes, but for one thing.
#[derive(Debug)]
struct Odd(Fault);

#[derive(Debug, Clone, Copy)]
enum Fault {
    /// DataCite XML frames have other checksums.
    Bytes,
    /// Refuses.
    Refuses,
    /// Says of a format that it has no frames.
    Nothing,
}

impl Maker for Odd {
    fn hand(&self, manifest: &Manifest, formats: &[Format]) -> io::Result<Box<dyn Hand>> {
        Ok(Box::new(OddHand(self.0, Remake.hand(manifest, formats)?)))
    }
}

struct OddHand(Fault, Box<dyn Hand>);

impl Hand for OddHand {
    fn make(&mut self, place: Place, native: &[DecodedFrame]) -> Result<Made, Unmade> {
        let mut made = self.1.make(place, native)?;
        let xml = made.iter_mut().filter(|(format, _)| *format == Format::DataciteXml);
        match self.0 {
            Fault::Bytes => {
                xml.flat_map(|(_, frames)| frames).for_each(|frame| frame.data[20] ^= 1)
            }
            Fault::Nothing => xml.for_each(|(_, frames)| frames.clear()),
            Fault::Refuses => return Err(Unmade { what: "record 7".into(), why: "odd".into() }),
        }
        Ok(made)
    }
}

#[test]
fn a_pack_that_comes_out_as_another_is_fetched() {
    let repo = Repo::new(1200, false);
    repo.month(1);
    let root = repo.root();
    let now = manifest(&root);
    let xml = now.dumps[&Format::DataciteXml].packs.len() as u64;
    assert!(xml > 1);
    let (native, others) = (packs(&now, true).0, packs(&now, false).0);
    for (number, fault) in [Fault::Bytes, Fault::Nothing, Fault::Refuses].into_iter().enumerate() {
        let mirror = repo.beside(&format!("mirror-{number}"));
        let options = Options { rebuild: Some(Arc::new(Odd(fault))), ..Options::default() };
        let report = rebuild(&root.to_string_lossy(), &mirror, &options);
        let refused = matches!(fault, Fault::Refuses);
        let fetched = if refused { native + others } else { native + xml };
        assert_eq!(report.fetched["packs"].files, fetched, "{fault:?}");
        assert_eq!(report.rebuilt.files, native + others - fetched, "{fault:?}");
        assert_eq!(report.warnings.len() as u64, if refused { native } else { xml });
        let named = if refused { "packs n" } else { "datacite-xml/n" };
        assert!(report.warnings[0].contains(named), "{:?}", report.warnings);
        assert_mirrors(&root, &mirror);
        assert_good(&mirror);
    }
}

/// Says something else in the manifest of the standing release.
pub(crate) fn reword(root: &Path, was: &str, is: &str) {
    let standing = manifest(root);
    let path = root.join(format!("dumps/{}/manifest.json", standing.release));
    let text = fs::read_to_string(&path).unwrap();
    let other = text.replacen(was, is, 1);
    assert!(text != other && text.len() == other.len());
    fs::write(&path, &other).unwrap();
    let (was, is) = (sha256(text.as_bytes()), sha256(other.as_bytes()));
    let dir = format!("dumps/{}/SHA256SUMS", standing.release);
    for name in ["release.json", "dumps/latest.json", "dumps/releases.json", &dir] {
        let text = fs::read_to_string(root.join(name)).unwrap();
        assert!(text.contains(&was), "{name}");
        fs::write(root.join(name), text.replace(&was, &is)).unwrap();
    }
}

#[test]
fn releases_of_other_programs() {
    let repo = Repo::new(1200, false);
    repo.month(1);
    let root = repo.root();
    let from = root.to_string_lossy().into_owned();
    let version = |version: &str| format!(r#""tool":{{"name":"offprint","version":"{version}""#);
    reword(&root, &version(env!("CARGO_PKG_VERSION")), &version("0.0.0"));
    // Another version may well write the same.
    let report = rebuild(&from, &repo.beside("same"), &rebuilding());
    assert!(report.warnings.is_empty() && report.rebuilt.files > 2, "{report:?}");
    assert_mirrors(&root, &repo.beside("same"));
    // If not, one pack of a format is enough to know.
    let options = Options { rebuild: Some(Arc::new(Odd(Fault::Bytes))), ..Options::default() };
    let report = rebuild(&from, &repo.beside("other"), &options);
    assert_eq!(report.warnings.len(), 2, "{:?}", report.warnings);
    assert!(report.warnings[1].contains("offprint 0.0.0"), "{:?}", report.warnings);
    assert_mirrors(&root, &repo.beside("other"));

    let zstd = manifest(&root).encoder.zstd;
    let other = zstd.replace(|c: char| c.is_ascii_digit(), "0");
    reword(&root, &format!(r#""zstd":"{zstd}""#), &format!(r#""zstd":"{other}""#));
    let report = rebuild(&from, &repo.beside("encoder"), &rebuilding());
    assert_eq!((report.rebuilt.files, report.warnings.len()), (0, 1));
    assert!(report.warnings[0].contains("another encoder"), "{:?}", report.warnings);
    assert_mirrors(&root, &repo.beside("encoder"));
}
