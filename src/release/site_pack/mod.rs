//! Site packs: the pages and other small files of the site, many to a file.
//!
//! ```text
//! group | group | … | index
//! ```
//!
//! A *group* is an independent zstd frame, compressed with the dictionary of the release, that
//! holds a few whole files after a directory of them: all that a record has, one list, or some
//! pages at addresses. The *index*, a skippable frame, leads from a path to its group.
//! `docs/format.md` has the byte tables.
//!
//! A pack holds the files of one site list or of a stretch of it, in the order of the list: the
//! lists stay the truth about paths, sizes and hashes, whether the site stands in packs or as
//! files.

pub mod group;
pub mod index;
pub mod shelf;
pub mod writer;

use std::borrow::Cow;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};
use zstd::dict::EncoderDictionary;

use super::hash::sha256;

pub use group::{Block, Packer, Unpacker};
pub use index::{Index, Row};
pub use shelf::{Shelf, ShelfError, Spot};
pub use writer::PackWriter;

/// Dump frames that one site pack covers: a change rewrites the packs it falls into, and these
/// are small enough for that (some 2,000 records) and large enough to be few.
pub const FRAMES: u32 = 8;
/// Files join a group as long as it has no more than this before compression.
pub const GROUP_RAW: usize = 256 << 10;
/// Files at addresses and the like, which belong to no record, join groups up to this.
pub const SMALL_GROUP_RAW: usize = 32 << 10;
/// Most bytes of a group before compression.
pub const MAX_GROUP_RAW: u64 = 1 << 30;
/// Largest index that is read whole.
pub const MAX_INDEX: u64 = 256 << 20;
/// Level of the groups.
pub const LEVEL: i32 = 1;
/// Role of the dictionary among the files of a manifest.
pub const DICTIONARY_ROLE: &str = "page-dictionary";
/// Largest dictionary that is read.
pub const MAX_DICTIONARY: u64 = 1 << 20;

/// The dictionary that this program compresses with. Trained once, by hand, on synthetic pages:
/// it never depends on what is built.
pub static DICTIONARY: &[u8] = include_bytes!("pages.dict");

static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));

/// Skippable frame that holds the index.
pub(crate) const INDEX_MAGIC: u32 = 0x184D_2A52;

/// Path of a dictionary with this SHA-256: `site/pages-<hash12>.dict`.
pub fn dictionary_path(sha256: &str) -> String {
    format!("site/pages-{}.dict", sha256.get(..12).unwrap_or(sha256))
}

/// SHA-256 of [`DICTIONARY`].
pub fn dictionary_sha256() -> &'static str {
    static HASH: LazyLock<String> = LazyLock::new(|| sha256(DICTIONARY));
    &HASH
}

/// What is wrong with the bytes of a site pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The index is not one, or contradicts the manifest.
    #[error("index: {0}")]
    Index(&'static str),
    /// A group is not a zstd frame with size and checksum, or has another size than indexed.
    #[error("group {0}: not one zstd frame with the size and checksum that the index says")]
    Frame(u32),
    /// A group does not decompress.
    #[error("group {0}: {1}")]
    Decode(u32, String),
    /// The directory of a group does not describe its content.
    #[error("group {0}: its directory does not describe it")]
    Directory(u32),
}

/// The key under which the index knows a path: `records/<id>/` for what stands beside a record's
/// page, else the path itself.
pub fn key(path: &str) -> Cow<'_, str> {
    let beside = path.strip_prefix("records/").and_then(|rest| rest.split_once('/'));
    match beside {
        Some((id, _)) => Cow::Owned(format!("records/{id}/")),
        None => Cow::Borrowed(path),
    }
}

/// What stands for a key in the index: the first eight bytes of its SHA-256, big-endian.
pub fn key_hash(key: &str) -> u64 {
    let digest = Sha256::digest(key.as_bytes());
    digest[..8].iter().fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests;
