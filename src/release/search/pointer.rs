//! The search pointer and what a tier says of itself: docs/search-format.md, "Pointer".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::hash::{NAME_DIGITS, is_sha256, sha256};
use super::super::layout::{is_safe_path, is_search_path};
use super::analyse::ANALYSER;
use super::blocks::is_block;

/// Version of the layout.
pub const SEARCH_FORMAT: u32 = 9;
/// Bytes of each file of a stream but the last.
pub const PACK_BYTES: u64 = 16 << 20;
/// Bytes that streams begin with which are not in blocks.
pub const HEADER: usize = 64;
/// Cards a page.
pub const PAGE_RECORDS: u32 = 16;
/// Largest search pointer or `tier.json` a reader accepts.
pub const MAX_SEARCH_POINTER: u64 = 16 << 20;

/// `search/pointer-<hash12>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPointer {
    /// [`SEARCH_FORMAT`].
    pub format: u32,
    /// [`ANALYSER`].
    pub analyser: u32,
    /// [`PACK_BYTES`].
    pub pack_bytes: u64,
    /// In the order in which equal scores are shown.
    pub tiers: Vec<Tier>,
}

/// Which pairs of stems that follow each other are keys. Of each that is, all records are listed
/// that have it anywhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phrases {
    /// Those that some record has in its title, in a keyword or in a name.
    #[default]
    Known,
    /// All.
    Text,
}

/// A tier: an immutable part of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// Directory from the web root.
    pub dir: String,
    /// Whether it holds older versions.
    pub older: bool,
    /// Which pairs are keys of it.
    pub phrases: Phrases,
    /// Records in it.
    pub records: u32,
    /// Records that no longer count.
    pub dead: Option<Dead>,
    /// Goes into the hashes.
    pub seed: u32,
    /// Bytes of a block of the streams that are in blocks.
    pub blocks: Blocks,
    /// Buckets of the dictionary.
    pub buckets: u32,
    /// Least records of the words of which each two have their best records told; 0 if none have.
    pub frequent: u32,
    /// [`PAGE_RECORDS`].
    pub page_records: u32,
    /// Stream → its bytes.
    pub streams: BTreeMap<Stream, u64>,
    /// `tables.bin`.
    pub tables: Tables,
}

impl Tier {
    /// Path of its [`TierList`] from the web root.
    pub fn list_path(&self) -> String {
        format!("{}/tier.json", self.dir)
    }

    /// Path of one of its files from the web root.
    pub fn file_path(&self, file: &TierFile) -> String {
        format!("{}/{}", self.dir, file.path)
    }

    /// Whether these bytes are its [`TierList`], by the hash in the name of its directory.
    pub fn is_list(&self, bytes: &[u8]) -> bool {
        is_named(&self.dir, bytes)
    }
}

/// Whether a name ends with the hash of the content.
fn is_named(name: &str, content: &[u8]) -> bool {
    name.ends_with(&format!("-{}", &sha256(content)[..NAME_DIGITS]))
}

/// A list of numbers of records that no longer count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dead {
    /// Path from the web root.
    pub path: String,
    /// Size of the file.
    pub bytes: u64,
}

impl Dead {
    /// Whether these bytes are the list, by their number and the hash in its name.
    pub fn is(&self, bytes: &[u8]) -> bool {
        let name = self.path.strip_suffix(".bin");
        bytes.len() as u64 == self.bytes && name.is_some_and(|name| is_named(name, bytes))
    }
}

/// Bytes of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocks {
    /// Of `cards`.
    pub cards: usize,
    /// Of `dict`.
    pub dict: usize,
}

/// What `tables.bin` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tables {
    /// Size of the file.
    pub bytes: u64,
    /// Section → offset and size.
    pub sections: BTreeMap<String, (u64, u64)>,
}

/// A stream of a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Cards of records.
    Cards,
    /// Buckets of keys.
    Dict,
    /// Lists that are not in the dictionary.
    Lists,
    /// Words for completion.
    Words,
}

impl Stream {
    /// All streams.
    pub const ALL: [Stream; 4] = [Stream::Cards, Stream::Dict, Stream::Lists, Stream::Words];

    /// Its name in paths.
    pub const fn name(self) -> &'static str {
        match self {
            Stream::Cards => "cards",
            Stream::Dict => "dict",
            Stream::Lists => "lists",
            Stream::Words => "words",
        }
    }

    /// What it begins with, `bytes` of it.
    pub fn header(self, bytes: usize) -> Vec<u8> {
        let mut header = b"OFPS".to_vec();
        header.extend([self.name().as_bytes()[0], 1]);
        header.resize(bytes, 0);
        header
    }

    /// Name of its `number`-th file.
    pub fn file(self, number: u64) -> String {
        format!("{}-{number:03}.bin", self.name())
    }
}

/// `tier.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierList {
    /// [`SEARCH_FORMAT`].
    pub format: u32,
    /// The other files of the tier, by name.
    pub files: Vec<TierFile>,
}

/// A file of a tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierFile {
    /// Its size.
    pub bytes: u64,
    /// Name in the tier's directory.
    pub path: String,
    /// Its SHA-256.
    pub sha256: String,
}

/// Why a search pointer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SearchPointerError {
    /// Not JSON of this shape.
    #[error("not a search pointer")]
    Json(#[from] serde_json::Error),
    /// Of another version.
    #[error(
        "search format {format}, analyser {analyser}; this program reads {SEARCH_FORMAT} and {ANALYSER}"
    )]
    Version {
        /// Of the layout.
        format: u32,
        /// Of the analyser.
        analyser: u32,
    },
    /// A member that cannot be.
    #[error("{0} cannot be")]
    Member(String),
}

impl SearchPointer {
    /// Reads and checks: paths are safe, numbers are in bounds.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<SearchPointer, SearchPointerError> {
        let pointer: SearchPointer = serde_json::from_slice(bytes)?;
        let SearchPointer { format, analyser, .. } = pointer;
        if (format, analyser) != (SEARCH_FORMAT, ANALYSER) {
            return Err(SearchPointerError::Version { format, analyser });
        }
        let bad = |what: String| Err(SearchPointerError::Member(what));
        if pointer.pack_bytes < 1 << 10 || pointer.pack_bytes > 1 << 40 {
            return bad(format!("pack_bytes {}", pointer.pack_bytes));
        }
        for tier in &pointer.tiers {
            let dead = tier.dead.iter().map(|dead| &dead.path);
            for path in std::iter::once(&tier.dir).chain(dead) {
                if !is_search_path(path) {
                    return bad(format!("path {path:?}"));
                }
            }
            let streams = tier.streams.len() == Stream::ALL.len();
            let blocks = is_block(tier.blocks.cards) && is_block(tier.blocks.dict);
            if !streams || !blocks || tier.buckets == 0 || tier.page_records != PAGE_RECORDS {
                return bad(format!("tier {}", tier.dir));
            }
        }
        Ok(pointer)
    }
}

impl TierList {
    /// Reads and checks: names are safe, hashes are hashes.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<TierList, SearchPointerError> {
        let list: TierList = serde_json::from_slice(bytes)?;
        match list.files.iter().find(|f| !is_safe_path(&f.path) || !is_sha256(&f.sha256)) {
            Some(file) => Err(SearchPointerError::Member(format!("file {:?}", file.path))),
            None => Ok(list),
        }
    }
}
