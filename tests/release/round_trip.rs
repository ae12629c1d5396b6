//! What is written is read back, record by record and whole, within the promised traffic.

use std::sync::atomic::{AtomicU64, Ordering};

use offprint::build::dump::compat::CompatOptions;
use offprint::build::dump::{DumpOptions, DumpWriter};
use offprint::release::cat::{CatError, cat_all, cat_one, find};
use offprint::release::fetch::{FetchError, RangeSource, Source};
use offprint::release::layout::{Container, Format, Spans};
use offprint::release::pack::{FrameDecoder, PackReader};
use offprint::release::pointer::Latest;
use offprint::release::stage::{Durability, Stage};
use offprint::release::verify::{Depth, verify};
use proptest::prelude::*;

use crate::made::{RELEASE, body, make, sorted, usual};

/// Counts requests and bytes on their way to a directory.
struct Counting<'a> {
    inner: &'a Source,
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl RangeSource for Counting<'_> {
    fn read_range(&self, path: &str, offset: u64, len: u64) -> Result<Vec<u8>, FetchError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(len, Ordering::Relaxed);
        self.inner.read_range(path, offset, len)
    }
}

fn source(root: &std::path::Path) -> Source {
    Source::open(root.to_str().unwrap())
}

#[test]
fn every_record_is_found_and_verified() {
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    make(root.path(), &records, &options);
    let source = source(root.path());
    for (id, size) in &records {
        for format in Format::ALL {
            let mut out = Vec::new();
            cat_one(&source, format, id, &mut out).unwrap();
            let mut want = body(format, id, *size);
            if format.container() == Container::Lines {
                want.push(b'\n');
            }
            assert_eq!(out, want, "{format} {id}");
        }
    }
    for absent in ["2", "1498", "99999999", "x41abc", "7", ""] {
        let error = cat_one(&source, Format::NativeJson, absent, &mut Vec::new()).unwrap_err();
        assert!(matches!(error, CatError::NoRecord { .. }), "{absent}: {error}");
    }
    for depth in [Depth::Quick, Depth::Sampled, Depth::Full] {
        let report = verify(&source, depth, &());
        assert_eq!(report.problems, [], "{depth:?}");
        assert_eq!(report.warnings, Vec::<String>::new(), "{depth:?}");
        if depth == Depth::Full {
            assert_eq!(report.records, records.len() as u64 * 3);
        }
    }
}

#[test]
fn cat_writes_all_in_pack_order() {
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    make(root.path(), &records, &options);
    for format in Format::ALL {
        let mut out = Vec::new();
        assert_eq!(cat_all(&source(root.path()), format, &mut out).unwrap(), records.len() as u64);
        let mut want = Vec::new();
        for (id, size) in &records {
            want.extend(body(format, id, *size));
            want.push(b'\n');
        }
        assert!(out == want, "{format}");
    }
}

#[test]
fn equal_input_gives_equal_bytes_on_any_number_of_threads() {
    let (records, mut options) = usual();
    options.compat = Some(CompatOptions {
        release: RELEASE.into(),
        datacentre_symbol: "R".into(),
        schema_version: "4.7".into(),
    });
    let build = |threads| {
        let root = tempfile::tempdir().unwrap();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let manifest = pool.install(|| make(root.path(), &records, &options));
        (manifest.to_bytes().unwrap(), root)
    };
    let (one, _) = build(1);
    let (three, root) = build(3);
    assert_eq!(String::from_utf8(one), String::from_utf8(three));
    let report = verify(&source(root.path()), Depth::Full, &());
    assert_eq!((report.problems, report.warnings), (vec![], vec![]));
}

#[test]
fn building_again_changes_no_file() {
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    make(root.path(), &records, &options);
    let stamps = || {
        let mut all: Vec<_> = walkdir::WalkDir::new(root.path())
            .into_iter()
            .map(Result::unwrap)
            .filter(|entry| entry.file_type().is_file())
            .map(|entry| (entry.path().to_owned(), entry.metadata().unwrap().modified().unwrap()))
            .collect();
        all.sort();
        all
    };
    let before = stamps();
    make(root.path(), &records, &options);
    assert_eq!(stamps(), before);
}

#[test]
fn copied_frames_make_the_same_pack() {
    let root = tempfile::tempdir().unwrap();
    let (records, options) = usual();
    let manifest = make(root.path(), &records, &options);
    let source = source(root.path());
    let other = tempfile::tempdir().unwrap();
    let stage = Stage::open(other.path(), Durability::Relaxed).unwrap();
    let mut encoder = offprint::release::pack::FrameEncoder::new(options.level).unwrap();
    for (format, dump) in &manifest.dumps {
        for entry in &dump.packs {
            let pack = entry.pack_ref(*format).unwrap();
            let reader = PackReader::open(&source, &pack, dump.spans).unwrap();
            let mut copy =
                offprint::release::pack::PackWriter::create(&stage, *format, pack.pack, dump.spans)
                    .unwrap();
            for info in &reader.tail().frames {
                let frame = reader.encoded(info).unwrap();
                let decoded = reader.decoded(info, &mut FrameDecoder::new().unwrap()).unwrap();
                assert_eq!(decoded.ids.len(), frame.records as usize);
                copy.push_frame(&frame).unwrap();
            }
            assert_eq!(copy.finish(&mut encoder).unwrap().unwrap().entry, *entry);
        }
    }
}

#[test]
fn no_records_no_packs() {
    let root = tempfile::tempdir().unwrap();
    let manifest = make(root.path(), &[], &DumpOptions::default());
    assert!(manifest.dumps.values().all(|dump| dump.packs.is_empty()));
    let source = source(root.path());
    assert_eq!(verify(&source, Depth::Full, &()).problems, []);
    assert_eq!(cat_all(&source, Format::DataciteXml, &mut Vec::new()).unwrap(), 0);

    let stage = Stage::open(root.path(), Durability::Relaxed).unwrap();
    let writer = DumpWriter::new(&stage, DumpOptions::default()).unwrap();
    assert_eq!(writer.finish().unwrap().written.files, 0);
    stage.close().unwrap();
}

#[test]
fn a_record_of_three_megabytes_is_a_record() {
    let root = tempfile::tempdir().unwrap();
    let records = [("1".to_owned(), 100), ("2".to_owned(), 3_000_000), ("3".to_owned(), 100)];
    make(root.path(), &records, &DumpOptions::default());
    let source = source(root.path());
    assert_eq!(verify(&source, Depth::Full, &()).problems, []);
    let mut out = Vec::new();
    cat_one(&source, Format::DataciteXml, "2", &mut out).unwrap();
    assert!(out == body(Format::DataciteXml, "2", 3_000_000));
}

#[test]
fn one_record_of_a_full_pack_costs_three_requests_and_192_kib() {
    // 512 frames of 230 records, or 1024 of 115; 700 bytes a record is what DataCite XML
    // compresses to, native JSON to some 15 % more.
    for (format, size, least) in
        [(Format::DataciteXml, 1_250, 140_000), (Format::NativeJson, 1_250, 80_000)]
    {
        let root = tempfile::tempdir().unwrap();
        let ids = (0..131_072u32).filter(|n| n % 256 < 230);
        let records: Vec<_> =
            ids.map(|n| (n.to_string(), if n / 256 == 300 { size } else { 8 })).collect();
        let options = DumpOptions { formats: vec![format], ..DumpOptions::default() };
        make(root.path(), &records, &options);
        let source = source(root.path());
        let mut out = Vec::new();
        cat_one(&source, format, "76900", &mut out).unwrap();
        let mut want = body(format, "76900", size);
        want.extend((format == Format::NativeJson).then_some(b'\n'));
        assert!(out == want);
        let traffic = source.traffic();
        println!("one record of a full pack: {format} {traffic:?}");
        assert!(traffic.bytes > least, "the frame is of a realistic size: {traffic:?}");
        assert!(traffic.requests <= 3 && traffic.bytes <= 192 * 1024, "{traffic:?}");
    }
}

fn any_spans() -> impl Strategy<Value = Spans> {
    (0u32..7, 0u32..6, 0u32..5, 0u32..5).prop_map(|(frame, frames, pack_bits, frame_bits)| Spans {
        pack_ids: 1 << (frame + frames),
        frame_ids: 1 << frame,
        hash_pack_bits: pack_bits,
        hash_frame_bits: frame_bits,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_ids_in_any_spans_come_back(
        numbers in prop::collection::btree_set(prop_oneof![0u64..500, any::<u64>()], 0..60),
        names in prop::collection::btree_set("[a-z0-9][a-z0-9._-]{0,20}", 0..20),
        spans in any_spans(),
        sizes in prop::collection::vec(0usize..3000, 1..10),
    ) {
        let root = tempfile::tempdir().unwrap();
        let ids = sorted(numbers.iter().map(u64::to_string).chain(names).collect());
        let size = |i: usize| sizes[i % sizes.len()];
        let records: Vec<_> = ids.iter().enumerate().map(|(i, id)| (id.clone(), size(i))).collect();
        let options = DumpOptions { spans, ..DumpOptions::default() };
        make(root.path(), &records, &options);
        let source = source(root.path());
        let latest = Latest::read(&source).unwrap();
        for (id, size) in &records {
            for format in Format::ALL {
                let counting =
                    Counting { inner: &source, requests: 0.into(), bytes: 0.into() };
                let found = find(&counting, &latest, format, id).unwrap();
                prop_assert_eq!(found, Some(body(format, id, *size)));
                prop_assert!(counting.requests.into_inner() <= 2);
                prop_assert!(counting.bytes.into_inner() <= 192 * 1024);
            }
        }
        prop_assert_eq!(verify(&source, Depth::Full, &()).problems, vec![]);
    }
}
