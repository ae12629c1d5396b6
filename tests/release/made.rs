//! A small release made from given ids.

use std::convert::Infallible;
use std::path::Path;

use offprint::build::dump::exceptions::{Exception, Exceptions};
use offprint::build::dump::ledger::{LedgerWriter, Removal};
use offprint::build::dump::stats::Stats;
use offprint::build::dump::{DumpOptions, DumpWriter, FrameBuilder, compat, readme};
use offprint::record::identifier::order_key;
use offprint::release::layout::{Format, Place};
use offprint::release::manifest::{
    Counts, Encoder, FORMAT, FileEntry, Licence, Manifest, RepositoryName, SiteEntry, Tool,
};
use offprint::release::pointer::publish;
use offprint::release::stage::{Durability, Stage};
use rayon::prelude::*;

pub(crate) const RELEASE: &str = "20261101T000000Z";

/// A record's bytes: about `size` of them, hard to compress, different for each id.
pub(crate) fn body(format: Format, id: &str, size: usize) -> Vec<u8> {
    let mut seed = id.bytes().fold(0x9e37_79b9_7f4a_7c15u64, |seed, byte| {
        (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let filler: String = (0..size / 8)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            format!("{:08x}", seed >> 33)
        })
        .collect();
    let text = match format {
        Format::DataciteXml => format!("<?xml version=\"1.0\"?>\n<resource>{filler}</resource>"),
        Format::DataciteJson => format!("{{\"titles\":[\"{filler}\"]}}"),
        Format::NativeJson => format!("{{\"id\":\"{id}\",\"title\":\"{filler}\"}}"),
    };
    text.into_bytes()
}

pub(crate) fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort_by_key(|id| (order_key(id), id.clone()));
    ids.dedup();
    ids
}

/// Writes and publishes a release with these records (id, size), in order, and one removal, one
/// withheld record, one asset and one site list.
pub(crate) fn make(root: &Path, records: &[(String, usize)], options: &DumpOptions) -> Manifest {
    let stage = Stage::open(root, Durability::Synced).unwrap();
    let mut writer = DumpWriter::new(&stage, options.clone()).unwrap();
    let frames: Vec<(Place, &[(String, usize)])> = records
        .chunk_by(|a, b| options.spans.place(&a.0) == options.spans.place(&b.0))
        .map(|chunk| (options.spans.place(&chunk[0].0), chunk))
        .collect();
    let rendered: Vec<_> = frames
        .into_par_iter()
        .map_init(
            || FrameBuilder::new(options).unwrap(),
            |builder, (place, chunk)| {
                builder.start(place);
                for (id, size) in chunk {
                    let write = |format, out: &mut Vec<u8>| {
                        out.extend(body(format, id, *size));
                        Ok::<_, Infallible>(())
                    };
                    builder.record(id, write).unwrap();
                }
                builder.finish().unwrap().unwrap()
            },
        )
        .collect();
    for frame in &rendered {
        writer.push(frame).unwrap();
    }
    let mut made = writer.finish().unwrap();

    let mut ledger = LedgerWriter::new(&stage).unwrap();
    ledger.push(&Removal { record_id: "999999", ..Removal::default() }).unwrap();
    let mut files = vec![ledger.finish(RELEASE).unwrap()];
    let mut exceptions = Exceptions::default();
    exceptions.add(Exception { id: "888888".into(), code: "no-year".into(), path: String::new() });
    files.push(exceptions.write(&stage, RELEASE).unwrap());
    files.push(Stats::default().write(&stage, RELEASE).unwrap());
    let asset = stage.write("assets/site.0123.css", b"body{}").unwrap();
    files.push(FileEntry {
        path: asset.path,
        bytes: asset.bytes,
        sha256: asset.sha256,
        media_type: "text/css".into(),
        role: "asset".into(),
        records: None,
    });
    if options.compat.is_some() {
        made.compat.push(compat::copy_ledger(&stage, RELEASE, &files[0]).unwrap());
        let base = "https://r.example";
        let as_of = "2026-11-01T00:00:00Z";
        files.push(compat::write_listing(&stage, base, as_of, &made.compat).unwrap());
        files.extend(made.compat.iter().map(|archive| archive.entry.clone()));
    }
    let public = records.len() as u64;
    let mut manifest = Manifest {
        format: FORMAT,
        release: RELEASE.into(),
        as_of: "2026-11-01T00:00:00Z".into(),
        tool: Tool::this(),
        repository: RepositoryName {
            name: "R".into(),
            base_url: "https://r.example".into(),
            publisher: None,
        },
        licence: Licence::cc0(),
        counts: Counts { minted: public + 2, public, tombstoned: 1, restricted: 0, withheld: 1 },
        encoder: Encoder::this(options.level, &options.spans),
        spans: options.spans,
        dumps: made.dumps,
        files,
        site: vec![site(&stage)],
    };
    let facts = readme::Facts {
        release: RELEASE,
        as_of: &manifest.as_of,
        repository: &manifest.repository,
        licence: &manifest.licence,
        counts: manifest.counts,
        spans: manifest.spans,
        dumps: &manifest.dumps,
    };
    let texts = readme::write(&stage, &facts).unwrap();
    manifest.files.extend(texts);
    manifest.files.sort_by(|a, b| a.path.cmp(&b.path));
    publish(&stage, &manifest, None, None).unwrap();
    stage.close().unwrap();
    manifest
}

fn site(stage: &Stage) -> SiteEntry {
    let page = stage.write("records/1.html", b"<!doctype html>").unwrap();
    let line = format!(
        "{{\"bytes\":{},\"path\":\"{}\",\"sha256\":\"{}\"}}\n",
        page.bytes, page.path, page.sha256
    );
    let list = zstd::bulk::compress(line.as_bytes(), 3).unwrap();
    let written = stage.write("site/n000000-0123456789ab.ndjson.zst", &list).unwrap();
    SiteEntry {
        packs: Vec::new(),
        range: "n000000".into(),
        path: written.path,
        bytes: written.bytes,
        sha256: written.sha256,
        files: 1,
    }
}

/// Numbers, with gaps, over two packs of small spans, and a few ids that are none.
pub(crate) fn usual() -> (Vec<(String, usize)>, DumpOptions) {
    let mut options = DumpOptions::default();
    options.spans.pack_ids = 1024;
    options.spans.frame_ids = 64;
    options.spans.hash_pack_bits = 1;
    options.spans.hash_frame_bits = 2;
    let mut ids: Vec<String> = (1..1500).step_by(7).map(|n: u32| n.to_string()).collect();
    ids.extend((0..40).map(|n| format!("x{n}abc")));
    ids.push("007".into());
    (sorted(ids).into_iter().map(|id| (id, 200)).collect(), options)
}
