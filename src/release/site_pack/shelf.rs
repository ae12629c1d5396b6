//! The site packs of one release, and what is in them by path.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use super::super::fetch::{FetchError, RangeSource, Source};
use super::super::hash::sha256;
use super::super::layout::Spans;
use super::super::manifest::{Manifest, SitePack};
use super::group::{Dictionary, Opened, is_frame};
use super::{
    DICTIONARY_ROLE, FRAMES, Fault, Index, MAX_DICTIONARY, MAX_GROUP_RAW, MAX_INDEX, Row, Unpacker,
    dictionary_sha256, index, key, key_hash,
};
use crate::record::identifier::is_record_id;

/// Why what is in a site pack could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// Its bytes could not be had.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// They are not those of a site pack.
    #[error("{path}: {fault}")]
    Fault {
        /// The pack.
        path: String,
        /// What is wrong.
        fault: Fault,
    },
    /// There is no memory for a decompressor.
    #[error("zstd cannot start")]
    Zstd(#[from] io::Error),
    /// A release with packs names no dictionary, or another file is in its place.
    #[error("the dictionary of the site packs is not the one that the manifest names")]
    Dictionary,
}

/// Where the files of a release's site are. Memory: a line of the manifest for each pack.
#[derive(Debug)]
pub struct Shelf {
    spans: Spans,
    /// By name of the range and part.
    records: BTreeMap<(String, u32), SitePack>,
    /// By last key; `None` last.
    addresses: Vec<SitePack>,
    lists: Vec<SitePack>,
    dictionary: Arc<Dictionary>,
}

/// A group that may hold a file.
#[derive(Debug, Clone)]
pub struct Spot<'a> {
    /// The pack.
    pub pack: &'a SitePack,
    /// Number of the group.
    pub group: u32,
    /// Its row in the index.
    pub row: Row,
}

/// The dictionary of a release with site packs; `None` if it has no packs.
///
/// # Errors
/// When it is not the program's own and cannot be read, or is not the listed one.
pub fn dictionary(
    source: &Source,
    manifest: &Manifest,
) -> Result<Option<Arc<Dictionary>>, ShelfError> {
    if manifest.site.iter().all(|entry| entry.packs.is_empty()) {
        return Ok(None);
    }
    let entry = manifest.files.iter().find(|file| file.role == DICTIONARY_ROLE);
    let entry = entry.ok_or(ShelfError::Dictionary)?;
    if entry.sha256 == dictionary_sha256() {
        return Ok(Some(Arc::new(Dictionary::new(super::DICTIONARY))));
    }
    let bytes = source.read_all(&entry.path, MAX_DICTIONARY)?;
    if sha256(&bytes) != entry.sha256 {
        return Err(ShelfError::Dictionary);
    }
    Ok(Some(Arc::new(Dictionary::new(&bytes))))
}

impl Shelf {
    /// The shelf of a release; `None` if its site does not stand in packs.
    ///
    /// # Errors
    /// As [`dictionary`].
    pub fn open(source: &Source, manifest: &Manifest) -> Result<Option<Shelf>, ShelfError> {
        let Some(dictionary) = dictionary(source, manifest)? else { return Ok(None) };
        let mut shelf = Shelf {
            spans: manifest.spans,
            records: BTreeMap::new(),
            addresses: Vec::new(),
            lists: Vec::new(),
            dictionary,
        };
        for entry in &manifest.site {
            for pack in &entry.packs {
                if entry.range.starts_with("addresses-") {
                    shelf.addresses.push(pack.clone());
                } else if entry.range.starts_with("lists-") {
                    shelf.lists.push(pack.clone());
                } else {
                    shelf.records.insert((entry.range.clone(), pack.part), pack.clone());
                }
            }
        }
        for packs in [&mut shelf.addresses, &mut shelf.lists] {
            packs.sort_by(|a, b| (a.last.is_none(), &a.last).cmp(&(b.last.is_none(), &b.last)));
        }
        Ok(Some(shelf))
    }

    /// The dictionary of its groups.
    pub fn dictionary(&self) -> &Arc<Dictionary> {
        &self.dictionary
    }

    /// The packs that may hold a file of this path, by the rules of `docs/format.md`.
    fn packs(&self, path: &str) -> Vec<&SitePack> {
        let mut packs = Vec::new();
        if let Some(rest) = path.strip_prefix("records/") {
            let mut add = |id: &str| {
                if is_record_id(id) {
                    let place = self.spans.place(id);
                    let name = (place.pack.to_string(), place.frame / FRAMES);
                    packs.extend(self.records.get(&name));
                }
            };
            match rest.split_once('/') {
                Some((id, _)) => add(id),
                None => {
                    rest.match_indices('.').for_each(|(at, _)| add(&rest[..at]));
                    if let Some(id) = rest.strip_suffix(".html") {
                        packs.extend(until(&self.addresses, &format!("concept/{id}")));
                    }
                }
            }
        } else if path.starts_with("families/") {
            // With its newest member, whose id the name does not tell: newest ranges first.
            packs.extend(self.records.values().rev());
        } else if let Some(doi) = address(path) {
            packs.extend(until(&self.addresses, &format!("doi/{doi}")));
        } else {
            packs.extend(until(&self.lists, path));
        }
        packs
    }

    /// The groups that may hold a file of this path: none for what the release does not have,
    /// nearly always one for what it has. Reads a few kilobytes.
    ///
    /// # Errors
    /// When a pack cannot be read.
    pub fn find<S: RangeSource + ?Sized>(
        &self,
        source: &S,
        path: &str,
    ) -> Result<Vec<Spot<'_>>, ShelfError> {
        let hash = key_hash(&key(path));
        for pack in self.packs(path) {
            let found = index::find(source, pack, hash)?;
            if !found.is_empty() {
                let spots = found.into_iter().map(|(group, row)| Spot { pack, group, row });
                return Ok(spots.collect());
            }
        }
        Ok(Vec::new())
    }

    /// The files of a group. One read, and memory for the group.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub fn group<S: RangeSource + ?Sized>(
        &self,
        source: &S,
        spot: &Spot<'_>,
    ) -> Result<Opened, ShelfError> {
        let frame = self.frame(source, spot)?;
        let mut unpacker = Unpacker::new(&self.dictionary)?;
        unpacker.open(spot.group, &spot.row, &frame).map_err(|fault| fail(spot.pack, fault))
    }

    /// The compressed bytes of a group, which are one zstd frame of the indexed size.
    ///
    /// # Errors
    /// When they cannot be read or are no such frame.
    pub fn frame<S: RangeSource + ?Sized>(
        &self,
        source: &S,
        spot: &Spot<'_>,
    ) -> Result<Vec<u8>, ShelfError> {
        let Spot { pack, group, row } = spot;
        let end = row.offset.checked_add(u64::from(row.bytes));
        if end.is_none_or(|end| end > pack.bytes) || u64::from(row.raw) > MAX_GROUP_RAW {
            return Err(fail(pack, Fault::Frame(*group)));
        }
        let frame = source.read_range(&pack.path, row.offset, u64::from(row.bytes))?;
        if !is_frame(row, &frame) {
            return Err(fail(pack, Fault::Frame(*group)));
        }
        Ok(frame)
    }
}

fn fail(pack: &SitePack, fault: Fault) -> ShelfError {
    ShelfError::Fault { path: pack.path.clone(), fault }
}

/// The DOI that a page or badge is of.
fn address(path: &str) -> Option<&str> {
    let page = || path.strip_prefix("doi/")?.strip_suffix(".html");
    let badge = || path.strip_prefix("badge/DOI/")?.strip_suffix(".svg");
    page().or_else(badge)
}

/// The first of these packs that reaches `key`.
fn until<'a>(packs: &'a [SitePack], key: &str) -> Option<&'a SitePack> {
    let at = packs.partition_point(|pack| pack.last.as_deref().is_some_and(|last| last < key));
    packs.get(at)
}

/// The whole index of a pack. One read.
///
/// # Errors
/// When it cannot be read or is not one.
pub fn whole_index<S: RangeSource + ?Sized>(
    source: &S,
    pack: &SitePack,
) -> Result<Index, ShelfError> {
    let bytes = index::index_bytes(pack.groups, pack.keys);
    let bytes = bytes.filter(|bytes| *bytes <= pack.bytes && *bytes <= MAX_INDEX);
    let too_large = || fail(pack, Fault::Index("larger than it can be"));
    let bytes = bytes.ok_or_else(too_large)?;
    let index = source.read_range(&pack.path, pack.bytes - bytes, bytes)?;
    Index::parse(&index, pack).map_err(|fault| fail(pack, fault))
}
