//! What a purge removes from the web root, for people and machines to read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use walkdir::WalkDir;

use super::super::terminal::say;
use crate::record::identifier::order_key;
use crate::release::fetch::Source;
use crate::release::layout::is_release_id;
use crate::release::manifest::{MAX_MANIFEST, Manifest};
use crate::release::pointer::ReleasePointer;

/// Files of the web root by what they are: path → bytes.
#[derive(Debug, Default, Serialize)]
pub(super) struct Gone {
    /// What describes releases.
    releases: BTreeMap<String, u64>,
    packs: BTreeMap<String, u64>,
    deltas: BTreeMap<String, u64>,
    search: BTreeMap<String, u64>,
    /// Site lists and site packs.
    site: BTreeMap<String, u64>,
    /// Files of the records themselves.
    pages: BTreeMap<String, u64>,
}

impl Gone {
    /// Everything that is there and may go.
    pub(super) fn present(root: &Path, ids: &[String]) -> Result<Gone> {
        let mut present = Gone::default();
        for dir in ["dumps", "search", "site"] {
            walk(root, dir, |path, bytes| {
                if let Some(kind) = present.kind(&path) {
                    kind.insert(path, bytes);
                }
            })?;
        }
        for id in ids {
            walk(root, &format!("records/{id}"), |path, bytes| {
                present.pages.insert(path, bytes);
            })?;
            for name in [".html", ".html.gz", ".html.zst"] {
                let path = format!("records/{id}{name}");
                if let Ok(meta) = std::fs::metadata(root.join(&path)) {
                    present.pages.insert(path, meta.len());
                }
            }
        }
        Ok(present)
    }

    /// Of what is there, what is sure to go. Packs of the standing release that have none of
    /// these ids stay.
    pub(super) fn planned(root: &Path, ids: &[String]) -> Result<Gone> {
        let mut gone = Gone::present(root, ids)?;
        if ids.is_empty() {
            return Ok(Gone::default());
        }
        let source = Source::open(&root.to_string_lossy());
        let Some(pointer) = ReleasePointer::read(&source)? else { return Ok(gone) };
        let bytes = source.read_all(&pointer.manifest.path, MAX_MANIFEST)?;
        let manifest = Manifest::from_bytes(&bytes)?;
        let place = |id: &String| {
            let spans = &manifest.spans;
            spans.place_of_number(spans.number_of(order_key(id))).pack.to_string()
        };
        let touched: BTreeSet<String> = ids.iter().map(place).collect();
        for pack in manifest.dumps.values().flat_map(|dump| &dump.packs) {
            if !touched.contains(&pack.pack) {
                gone.packs.remove(&pack.path);
            }
        }
        // A site list or site pack goes with its range; which are equal the build finds out.
        Ok(gone)
    }

    /// What is no longer there.
    pub(super) fn without(mut self, left: &Gone) -> Gone {
        for (kind, left) in self.kinds_mut().into_iter().zip(left.kinds()) {
            kind.retain(|path, _| !left.contains_key(path));
        }
        self
    }

    /// One line for each kind.
    pub(super) fn tell(&self, quiet: bool, verb: &str) {
        let names = ["of releases", "packs", "of deltas", "of search", "of site lists", "pages"];
        for (name, files) in names.into_iter().zip(self.kinds()) {
            if !files.is_empty() {
                let bytes: u64 = files.values().sum();
                say(quiet, format_args!("  {verb} {} files {name}, {bytes} bytes", files.len()));
            }
        }
    }

    fn kinds(&self) -> [&BTreeMap<String, u64>; 6] {
        [&self.releases, &self.packs, &self.deltas, &self.search, &self.site, &self.pages]
    }

    fn kinds_mut(&mut self) -> [&mut BTreeMap<String, u64>; 6] {
        [
            &mut self.releases,
            &mut self.packs,
            &mut self.deltas,
            &mut self.search,
            &mut self.site,
            &mut self.pages,
        ]
    }

    /// Where a file of `dumps`, `search` or `site` belongs; pointers are replaced and stay.
    fn kind(&mut self, path: &str) -> Option<&mut BTreeMap<String, u64>> {
        let mut parts = path.split('/');
        Some(match (parts.next()?, parts.next()?) {
            ("dumps", "pool") => &mut self.packs,
            ("dumps", "delta") => &mut self.deltas,
            ("dumps", dir) if is_release_id(dir) => &mut self.releases,
            ("search", _) => &mut self.search,
            ("site", _) => &mut self.site,
            _ => return None,
        })
    }
}

/// Visits every file below a directory of the web root; an absent one has none.
fn walk(root: &Path, dir: &str, mut visit: impl FnMut(String, u64)) -> Result<()> {
    let from = root.join(dir);
    if !from.is_dir() {
        return Ok(());
    }
    for entry in WalkDir::new(from) {
        let entry = entry?;
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
            visit(path.to_string_lossy().into_owned(), entry.metadata()?.len());
        }
    }
    Ok(())
}
