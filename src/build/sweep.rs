//! What is left over from before: pages of records that are no longer public, lists of
//! killed builds. Packs and release directories are the release floor's own business.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use crate::crosswalk::Format;
use crate::record::identifier::{OrderKey, order_key};
use crate::release::fetch::Source;
use crate::release::manifest::Manifest;
use crate::release::pointer::Releases;

use super::BuildError;

/// The ids that have a page in this build: a bit for each numeric id in use's neighbourhood,
/// the 40-bit key for each other id. About 8 MB for 8 million records.
#[derive(Debug, Default)]
pub(super) struct PageSet {
    numeric: BTreeMap<u64, Box<[u64; WORDS]>>,
    hashed: BTreeSet<u64>,
}

/// Words in one stretch of the bit map: 65,536 ids.
const WORDS: usize = 1024;

impl PageSet {
    pub(super) fn insert(&mut self, id: &str) {
        match order_key(id) {
            OrderKey::Numeric(n) => {
                let (stretch, word, bit) = place(n);
                self.numeric.entry(stretch).or_insert_with(|| Box::new([0; WORDS]))[word] |= bit;
            }
            OrderKey::Hashed(key) => {
                self.hashed.insert(key);
            }
        }
    }

    fn contains(&self, id: &str) -> bool {
        match order_key(id) {
            OrderKey::Numeric(n) => {
                let (stretch, word, bit) = place(n);
                self.numeric.get(&stretch).is_some_and(|words| words[word] & bit != 0)
            }
            OrderKey::Hashed(key) => self.hashed.contains(&key),
        }
    }
}

/// Stretch, word in it and bit in that of a numeric id.
fn place(n: u64) -> (u64, usize, u64) {
    let within = n % (WORDS as u64 * 64);
    (n / (WORDS as u64 * 64), (within / 64) as usize, 1 << (within % 64))
}

/// Removes pages and exports that this build did not print.
///
/// Walks the directories by name, half a microsecond a file. Trusting a list of the previous
/// build instead would leave the pages of a killed build behind, and those may be of a record
/// that was restricted since.
pub(super) fn pages(root: &Path, pages: &PageSet, exports: &[Format]) -> Result<(), BuildError> {
    let names: BTreeSet<String> =
        exports.iter().map(|format| format.file_name().to_owned()).collect();
    for_each(&root.join("records"), &mut |name, is_dir, path| {
        if is_dir {
            if !pages.contains(name) || names.is_empty() {
                return fs::remove_dir_all(path);
            }
            return for_each_io(path, &mut |name, _, path| match names.contains(name) {
                true => Ok(()),
                false => fs::remove_file(path),
            });
        }
        match name.strip_suffix(".html") {
            Some(id) if pages.contains(id) => Ok(()),
            _ => fs::remove_file(path),
        }
    })
}

/// Removes site lists that no listed release names.
pub(super) fn lists(root: &Path, manifest: &Manifest) -> Result<(), BuildError> {
    let releases = Releases::read(&Source::open(&root.to_string_lossy()))?;
    let mut kept: BTreeSet<String> = list_paths(manifest).collect();
    for line in releases.releases {
        // A release whose manifest is gone keeps nothing.
        if let Ok(bytes) = fs::read(root.join(&line.manifest.path))
            && let Ok(manifest) = Manifest::from_bytes(&bytes)
        {
            kept.extend(list_paths(&manifest));
        }
    }
    for_each(&root.join("site"), &mut |name, _, path| {
        if kept.contains(&format!("site/{name}")) { Ok(()) } else { fs::remove_file(path) }
    })
}

fn list_paths(manifest: &Manifest) -> impl Iterator<Item = String> + '_ {
    manifest.site.iter().map(|entry| entry.path.clone())
}

type Visit<'a> = dyn FnMut(&str, bool, &Path) -> io::Result<()> + 'a;

fn for_each(dir: &Path, visit: &mut Visit<'_>) -> Result<(), BuildError> {
    for_each_io(dir, visit).map_err(|source| BuildError::Sweep { dir: dir.to_owned(), source })
}

/// Visits the entries of `dir`; an absent directory has none. A name that is not UTF-8 is not
/// ours and is visited as the empty name.
fn for_each_io(dir: &Path, visit: &mut Visit<'_>) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        visit(name.to_str().unwrap_or_default(), entry.file_type()?.is_dir(), &entry.path())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::PageSet;

    #[test]
    fn a_page_set_holds_what_was_put_in() {
        let mut set = PageSet::default();
        let ids = ["0", "1", "63", "64", "65535", "65536", "999999999999999999", "abcd-1", "007"];
        for id in ids {
            set.insert(id);
        }
        for id in ids {
            assert!(set.contains(id), "{id}");
        }
        for id in ["2", "62", "65537", "7", "abcd-2", "x"] {
            assert!(!set.contains(id), "{id}");
        }
    }
}
