//! Groups and indexes, round and hostile.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;

use super::group::{self, Dictionary};
use super::{Block, Fault, Index, PackWriter, Packer, Unpacker, index, key, key_hash};
use crate::release::fetch::Source;
use crate::release::manifest::SitePack;
use crate::release::stage::{Durability, Stage};

/// A pack of records, each with these files.
fn pack(dir: &std::path::Path, records: &[Vec<(String, Vec<u8>)>], limit: usize) -> SitePack {
    let stage = Stage::open(dir, Durability::Relaxed).unwrap();
    let mut writer = PackWriter::new(&stage).unwrap();
    let mut packer = Packer::new(limit).unwrap();
    for files in records {
        let mut block = Block::default();
        files.iter().for_each(|(path, bytes)| packer.push(path, bytes, &mut block).unwrap());
        packer.end(&mut block).unwrap();
        let sizes = || files.iter().map(|(path, bytes)| (path.as_str(), bytes.len() as u64));
        assert_eq!(group::plan(sizes(), limit).len(), block.rows.len());
        // Copied it is what it was.
        let mut copy = Block::default();
        copy.copy(&block.data, sizes(), limit).unwrap();
        assert_eq!(copy, block);
        writer.push(&block).unwrap();
    }
    let (pack, written) = writer.finish("n000000-000", None).unwrap().unwrap();
    assert_eq!(written.path, pack.path);
    stage.close().unwrap();
    pack
}

/// What the index leads to from a path.
fn find(source: &Source, pack: &SitePack, path: &str) -> Option<Vec<u8>> {
    let dictionary = Dictionary::new(super::DICTIONARY);
    for (number, row) in index::find(source, pack, key_hash(&key(path))).unwrap() {
        let from = row.offset as usize;
        let bytes = source.read_all(&pack.path, pack.bytes).unwrap();
        let frame = &bytes[from..from + row.bytes as usize];
        let opened = Unpacker::new(&dictionary).unwrap().open(number, &row, frame).unwrap();
        if let Some(content) = opened.take(path) {
            return Some(content);
        }
    }
    None
}

fn record(id: u64, sizes: &[usize]) -> Vec<(String, Vec<u8>)> {
    let names = ["", "/record.json", "/datacite.xml", "/citation.bib"];
    let bytes = |seed: usize, size: usize| (0..size).map(|n| ((n * 31 + seed) / 7) as u8).collect();
    names
        .iter()
        .zip(sizes)
        .enumerate()
        .map(|(at, (name, size))| {
            let name = if name.is_empty() { ".html" } else { name };
            (format!("records/{id}{name}"), bytes(at + id as usize, *size))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_put_in_is_found(
        sizes in prop::collection::vec(prop::collection::vec(0usize..3000, 1..5), 1..60),
        limit in prop_oneof![Just(0usize), Just(4000), Just(super::GROUP_RAW)],
    ) {
        let dir = tempfile::tempdir().unwrap();
        let records: Vec<_> =
            sizes.iter().enumerate().map(|(id, sizes)| record(7 * id as u64, sizes)).collect();
        let pack = pack(dir.path(), &records, limit);
        let source = Source::open(dir.path().to_str().unwrap());
        for (path, bytes) in records.iter().flatten() {
            let found = find(&source, &pack, path);
            prop_assert_eq!(found.as_ref(), Some(bytes), "{}", path);
        }
        for absent in ["records/7.gone", "records/1.html", "records/0/nothing", "newest.html", ""] {
            prop_assert_eq!(find(&source, &pack, absent), None, "{}", absent);
        }
        let whole = super::shelf::whole_index(&source, &pack).unwrap();
        prop_assert_eq!(whole.rows.len() as u64, pack.groups);
        let groups = whole.rows.len() as u32;
        let leads = |path: &str| (0..groups).any(|group| whole.leads(key_hash(&key(path)), group));
        let all = records.iter().flatten().all(|(path, _)| leads(path));
        prop_assert!(all);
    }

    #[test]
    fn no_spoiled_byte_is_read_as_something_else(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let dir = tempfile::tempdir().unwrap();
        let records: Vec<_> = (0..20).map(|id| record(id, &[500, 300])).collect();
        let pack = pack(dir.path(), &records, super::GROUP_RAW);
        let path = dir.path().join(&pack.path);
        let whole = fs::read(&path).unwrap();
        let mut bytes = whole.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        fs::write(&path, &bytes).unwrap();
        let source = Source::open(dir.path().to_str().unwrap());
        let dictionary = Dictionary::new(super::DICTIONARY);
        let Ok(index) = super::shelf::whole_index(&source, &pack) else { return Ok(()) };
        let mut found = BTreeMap::new();
        for (number, row) in index.rows.iter().enumerate() {
            let from = row.offset as usize;
            let frame = &bytes[from..from + row.bytes as usize];
            let mut unpacker = Unpacker::new(&dictionary).unwrap();
            let Ok(opened) = unpacker.open(number as u32, row, frame) else { continue };
            found.extend(opened.files().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())));
        }
        let all: BTreeMap<String, Vec<u8>> = records.into_iter().flatten().collect();
        let right = found.iter().all(|(path, bytes)| all.get(path) == Some(bytes));
        prop_assert!(right);
    }
}

#[test]
fn keys_and_their_hashes_are_as_documented() {
    let cases = [
        ("records/1/record.json", "records/1/"),
        ("records/1/a/b", "records/1/"),
        ("records/1.html", "records/1.html"),
        ("doi/10.5281/zenodo.1.html", "doi/10.5281/zenodo.1.html"),
        ("records/", "records/"),
    ];
    for (path, expected) in cases {
        assert_eq!(key(path), expected, "{path}");
    }
    // sha256("abc") begins ba7816bf8f01cfea.
    assert_eq!(key_hash("abc"), 0xba78_16bf_8f01_cfea);
    assert_eq!(index::index_bytes(u64::MAX, 1), None);
}

#[test]
fn an_index_that_contradicts_the_manifest_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let listed = pack(dir.path(), &[record(1, &[10, 20]), record(2, &[30])], super::GROUP_RAW);
    let bytes = fs::read(dir.path().join(&listed.path)).unwrap();
    let tail = |pack: &SitePack| {
        let length = index::index_bytes(pack.groups, pack.keys).unwrap() as usize;
        Index::parse(&bytes[bytes.len() - length.min(bytes.len())..], pack)
    };
    assert_eq!(tail(&listed).unwrap().rows.len(), 2);
    type Spoil = fn(&mut SitePack);
    let spoils: [Spoil; 4] =
        [|p| p.groups += 1, |p| p.keys -= 1, |p| p.files += 1, |p| p.bytes += 1];
    for spoil in spoils {
        let mut pack = listed.clone();
        spoil(&mut pack);
        assert!(matches!(tail(&pack), Err(Fault::Index(_))));
    }
}

#[test]
fn the_dictionary_is_of_a_size_and_of_zstd() {
    assert!(super::DICTIONARY.len() <= 110_000);
    assert_eq!(super::DICTIONARY[..4], 0xEC30_A437_u32.to_le_bytes(), "zstd's dictionary magic");
    assert!(super::dictionary_path(super::dictionary_sha256()).starts_with("site/pages-"));
}
