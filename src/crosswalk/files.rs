//! Which files an output may name.

use crate::record::model::FileEntry;
use crate::record::{FilesAccess, Published};

/// The files that the public may list, sorted by key (bytes).
///
/// None unless the files are open; never a hidden one, nor one without a key; of several with
/// the same key the first.
pub fn open_files<'a>(published: &Published<'a>) -> Vec<&'a FileEntry<'a>> {
    if published.files != FilesAccess::Open {
        return Vec::new();
    }
    let entries = &published.record.files.entries;
    let mut listed: Vec<&FileEntry<'_>> = entries
        .iter()
        .filter(|entry| entry.access.hidden != Some(true) && !entry.key.is_empty())
        .collect();
    if !listed.is_sorted_by(|a, b| a.key < b.key) {
        listed.sort_by(|a, b| a.key.cmp(&b.key));
        listed.dedup_by(|later, earlier| later.key == earlier.key);
    }
    listed
}
