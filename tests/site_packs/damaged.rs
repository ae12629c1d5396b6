//! Whatever is done to packs is found, by `verify` and by `unpack`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::repo::{Pair, offprint, records, run, text};

fn pages(root: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(root.join("site"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "pages"))
        .collect();
    found.sort();
    found
}

#[test]
fn tampering_is_found() {
    let scratch = tempfile::tempdir().unwrap();
    let pair = Pair::build(&[records(scratch.path(), 60)], &[]);
    let root = pair.packs();
    type Spoil = fn(&mut Vec<u8>);
    let cases: [(&str, Spoil); 6] = [
        ("a byte of a group", |bytes| {
            let at = bytes.len() / 3;
            bytes[at] ^= 1;
        }),
        ("a byte of the first group", |bytes| bytes[40] ^= 0x10),
        ("a byte of the keys", |bytes| {
            let at = bytes.len() - 5;
            bytes[at] ^= 1;
        }),
        ("a byte of the index head", |bytes| {
            let at = bytes.len() - 13;
            bytes[at] ^= 0xff;
        }),
        ("the end cut off", |bytes| bytes.truncate(bytes.len() - 1)),
        ("a byte more", |bytes| bytes.push(0)),
    ];
    for path in pages(&root) {
        let whole = fs::read(&path).unwrap();
        for (what, spoil) in cases {
            let mut spoiled = whole.clone();
            spoil(&mut spoiled);
            fs::write(&path, &spoiled).unwrap();
            let named = path.strip_prefix(&root).unwrap();
            for depth in ["sampled", "full"] {
                let mut verify = offprint(["verify", "--json", "--depth", depth, text(&root)]);
                let report = run(&mut verify, 1);
                assert!(report.contains(text(named)), "{what} of {}: {report}", named.display());
            }
        }
        fs::remove_file(&path).unwrap();
        let report = run(&mut offprint(["verify", "--depth", "quick", text(&root)]), 1);
        assert!(report.contains("is missing"), "{report}");
        fs::write(&path, &whole).unwrap();
    }
    run(&mut offprint(["verify", "--depth", "full", text(&root)]), 0);

    // What is damaged is not unpacked, and what stood stands.
    let to = pair.scratch("unpacked");
    run(&mut offprint(["unpack", text(&root), text(&to)]), 0);
    let release = fs::read(to.join("release.json")).unwrap();
    let path = pages(&root).pop().unwrap();
    let mut spoiled = fs::read(&path).unwrap();
    spoiled[40] ^= 0x10;
    fs::write(&path, spoiled).unwrap();
    run(&mut offprint(["unpack", text(&root), text(&to)]), 1);
    assert_eq!(fs::read(to.join("release.json")).unwrap(), release);
}
