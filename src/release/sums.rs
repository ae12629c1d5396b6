//! `SHA256SUMS`: the checksums of a release's dumps for `sha256sum -c`.
//!
//! Paths are relative to the release directory, so that the command works in it as is: what is
//! in the directory by its name, packs as `../pool/<format>/<file>`.

use std::collections::BTreeMap;

use super::hash::is_sha256;
use super::layout::{MANIFEST_JSON, release_dir};
use super::manifest::Manifest;

/// The text: one `<sha256>  <path>` a line, sorted by path; the manifest included, the file
/// itself and the manifest's signature not.
pub fn text(manifest: &Manifest, manifest_sha256: &str) -> String {
    let mut lines = BTreeMap::from([(MANIFEST_JSON.to_owned(), manifest_sha256.to_owned())]);
    for (path, _, sha256) in manifest.objects() {
        if let Some(name) = relative(path, &manifest.release) {
            lines.insert(name, sha256.to_owned());
        }
    }
    lines.iter().map(|(path, sha256)| format!("{sha256}  {path}\n")).collect()
}

/// `path` from the web root as seen from the release directory; `None` for what is not a dump.
fn relative(path: &str, release: &str) -> Option<String> {
    let own = path.strip_prefix(&release_dir(release)).and_then(|rest| rest.strip_prefix('/'));
    match own {
        Some(name) => Some(name.to_owned()),
        None => path.strip_prefix("dumps/pool/").map(|rest| format!("../pool/{rest}")),
    }
}

/// Path → sha256 of a `SHA256SUMS` text; `None` if a line is not one.
pub fn parse(text: &str) -> Option<BTreeMap<&str, &str>> {
    text.lines()
        .map(|line| line.split_once("  ").filter(|(sum, _)| is_sha256(sum)))
        .map(|line| line.map(|(sum, path)| (path, sum)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::manifest::{FileEntry, tests::sample};
    use super::*;

    #[test]
    fn lists_the_release_directory_and_the_pool() {
        let mut manifest = sample();
        for path in ["dumps/20261101T000000Z/README.md", "assets/a.css"] {
            manifest.files.push(FileEntry {
                path: path.into(),
                bytes: 1,
                sha256: "c".repeat(64),
                media_type: "text/plain".into(),
                role: "x".into(),
                records: None,
            });
        }
        let m = "d".repeat(64);
        let text = text(&manifest, &m);
        let a = "a".repeat(64);
        let c = "c".repeat(64);

        assert_eq!(
            text,
            format!(
                "{a}  ../pool/native-json/n000000-aaaaaaaaaaaa.jsonl.zst\n\
                 {c}  README.md\n{m}  manifest.json\n"
            )
        );
        assert_eq!(parse(&text).unwrap().len(), 3);
        assert_eq!(parse("abc  x\n"), None);
    }
}
