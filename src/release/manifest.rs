//! The manifest: everything a release consists of, with sizes and hashes.
//!
//! A pure function of snapshot, configuration, as-of and program version, written as canonical
//! JSON; its SHA-256 names the release's content. It does not list itself, its signature,
//! `SHA256SUMS` or the pointers. Unknown members are ignored on reading, so that later versions
//! may add some; a change of meaning raises `format`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::canonical::{self, CanonicalError};
use super::hash::is_sha256;
use super::layout::{Format, Spans, is_release_id, is_safe_path, pack_path};
use super::pack::{MAX_TAIL, PackRef};

/// Version of the manifest and the pointers.
pub const FORMAT: u32 = 1;
/// Role of the solid archives of `dump.compat`.
pub const ARCHIVE_ROLE: &str = "compat";
/// Largest manifest a reader accepts: some 200,000 packs or site ranges.
pub const MAX_MANIFEST: u64 = 64 << 20;

/// A release's table of contents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// Release id, `YYYYMMDDThhmmssZ`, `.k` after it for the k-th re-cut.
    pub release: String,
    /// The instant the release describes, RFC 3339 UTC whole seconds.
    pub as_of: String,
    /// The program that made it.
    pub tool: Tool,
    /// Whose records these are.
    pub repository: RepositoryName,
    /// Terms of the metadata.
    pub licence: Licence,
    /// How many ids there are and what became of them.
    pub counts: Counts,
    /// What made the compressed bytes.
    pub encoder: Encoder,
    /// How the repository cuts its ids; each dump says what that is for its format.
    pub spans: Spans,
    /// The dumps.
    pub dumps: BTreeMap<Format, Dump>,
    /// Every other file but the pages: the release directory, assets and the like, by path.
    pub files: Vec<FileEntry>,
    /// The pages and their companions, by id range, each range listed in a file of its own.
    pub site: Vec<SiteEntry>,
}

/// Name and version of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `offprint`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// This program.
    pub fn this() -> Tool {
        Tool { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() }
    }
}

/// What the repository is called and where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryName {
    /// Display name.
    pub name: String,
    /// Where the site is served, no trailing slash.
    pub base_url: String,
    /// Publisher of records that name none; absent where there is none. The DataCite records
    /// say it and the native ones do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
}

/// The terms of the metadata (not of the files the records describe).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Licence {
    /// SPDX identifier.
    pub spdx: String,
    /// Where the text is.
    pub url: String,
}

impl Licence {
    /// Creative Commons Zero, the usual terms of repository metadata.
    pub fn cc0() -> Licence {
        Licence {
            spdx: "CC0-1.0".into(),
            url: "https://creativecommons.org/publicdomain/zero/1.0/".into(),
        }
    }
}

/// The completeness equation: `minted` is the sum of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Every record id the store knows.
    pub minted: u64,
    /// In the dumps.
    pub public: u64,
    /// Removed; in `deleted.csv.gz`.
    pub tombstoned: u64,
    /// Metadata not public at the as-of.
    pub restricted: u64,
    /// Public, but left out for a reason in `exceptions.ndjson`.
    pub withheld: u64,
}

impl Counts {
    /// Whether nothing vanished.
    pub fn balance(&self) -> bool {
        let parts = [self.public, self.tombstoned, self.restricted, self.withheld];
        parts.iter().try_fold(0u64, |sum, part| sum.checked_add(*part)) == Some(self.minted)
    }
}

/// What the compressed bytes depend on besides the records. Frames are copied between releases,
/// and deltas applied, only where this is equal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encoder {
    /// Version of the zstd library.
    pub zstd: String,
    /// Compression level.
    pub level: i32,
    /// Numeric ids per frame.
    pub frame_ids: u32,
    /// SHA-256 of the dictionary; always absent in this version.
    pub dictionary: Option<String>,
}

impl Encoder {
    /// The encoder of this program at `level`.
    pub fn this(level: i32, spans: &Spans) -> Encoder {
        let zstd = zstd::zstd_safe::version_string().to_owned();
        Encoder { zstd, level, frame_ids: spans.frame_ids, dictionary: None }
    }
}

/// The packs of one format.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dump {
    /// Media type of one record.
    pub media_type: String,
    /// Media type of the packs.
    pub pack_media_type: String,
    /// How ids map to its packs and frames: [`Spans::of`] the format.
    pub spans: Spans,
    /// Sum over the packs.
    pub records: u64,
    /// In pack order: numeric by number, then hashed.
    pub packs: Vec<PackEntry>,
}

impl Dump {
    /// The dump of `format` that these packs make, in pack order, in a repository with `spans`.
    pub fn new(format: Format, spans: Spans, packs: Vec<PackEntry>) -> Dump {
        Dump {
            media_type: format.media_type().to_owned(),
            pack_media_type: format.container().media_type().to_owned(),
            spans: spans.of(format),
            records: packs.iter().map(|pack| pack.records).sum(),
            packs,
        }
    }
}

/// One pack file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackEntry {
    /// Pack name, such as `n000012`.
    pub pack: String,
    /// Path from the web root.
    pub path: String,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Records in it.
    pub records: u64,
    /// Id of its first record.
    pub first_id: String,
    /// Id of its last record.
    pub last_id: String,
    /// Bytes that decompression gives.
    pub raw_bytes: u64,
    /// Data frames in it.
    pub frames: u64,
    /// Bytes of the record index and seek table at its end.
    pub tail_bytes: u64,
}

impl PackEntry {
    /// How to read it; `None` if the entry contradicts itself.
    pub fn pack_ref(&self, format: Format) -> Option<PackRef> {
        let pack = self.pack.parse().ok()?;
        let hash12 = self.sha256.get(..12)?;
        let fits = self.tail_bytes <= self.bytes && self.tail_bytes <= MAX_TAIL;
        let path = pack_path(format, pack, hash12);
        (fits && path == self.path).then_some(PackRef {
            format,
            pack,
            path,
            bytes: self.bytes,
            tail_bytes: self.tail_bytes,
        })
    }
}

/// One file that is not a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Path from the web root.
    pub path: String,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Media type.
    pub media_type: String,
    /// What it is for, such as `readme`, `deleted`, `exceptions`, `asset`.
    pub role: String,
    /// Records (rows, lines) in it, where that means something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records: Option<u64>,
}

/// The list of the site files of one id range: `site/<range>-<hash12>.ndjson.zst`, one
/// [`SiteLine`] a line, in order of records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteEntry {
    /// Name of the range.
    pub range: String,
    /// Path of the list from the web root.
    pub path: String,
    /// Size of the list.
    pub bytes: u64,
    /// SHA-256 of the list.
    pub sha256: String,
    /// Files listed in it.
    pub files: u64,
    /// Where these files are, if not at their paths: in the order of the list, so many of them
    /// in each pack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packs: Vec<SitePack>,
}

/// One site pack: `site/<name>-<hash12>.pages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SitePack {
    /// Path from the web root.
    pub path: String,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Site files in it.
    pub files: u64,
    /// Groups in it.
    pub groups: u64,
    /// Keys in its index.
    pub keys: u64,
    /// Of the records of a range: which [`FRAMES`](super::site_pack::FRAMES) frames, from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub part: u32,
    /// Of lists and addresses: the last key it reaches to; absent where it reaches to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// One published site file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SiteLine {
    /// Path from the web root.
    pub path: String,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// Why a manifest is not one.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON of this shape.
    #[error("not a manifest")]
    Json(#[from] serde_json::Error),
    /// Of a version this program does not know.
    #[error("manifest format {0}; this program reads {FORMAT}")]
    Format(u64),
    /// A member that cannot be.
    #[error("{member}: {value:?} cannot be")]
    Member {
        /// Which member.
        member: &'static str,
        /// Its value.
        value: String,
    },
}

impl Manifest {
    /// The canonical bytes; their SHA-256 is the manifest digest.
    ///
    /// # Errors
    /// Never for values of this type; see [`canonical::to_bytes`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_bytes(self)
    }

    /// Reads and checks: paths are safe, hashes are hashes, spans are in bounds.
    ///
    /// # Errors
    /// Says which member is wrong.
    pub fn from_bytes(bytes: &[u8]) -> Result<Manifest, ManifestError> {
        #[derive(Deserialize)]
        struct Version {
            format: u64,
        }
        let version: Version = serde_json::from_slice(bytes)?;
        if version.format != u64::from(FORMAT) {
            return Err(ManifestError::Format(version.format));
        }
        let manifest: Manifest = serde_json::from_slice(bytes)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Every listed file as (path, bytes, sha256), packs first; without the site files.
    pub fn objects(&self) -> impl Iterator<Item = (&str, u64, &str)> {
        let packs = self.dumps.values().flat_map(|dump| &dump.packs);
        packs
            .map(|p| (p.path.as_str(), p.bytes, p.sha256.as_str()))
            .chain(self.files.iter().map(|f| (f.path.as_str(), f.bytes, f.sha256.as_str())))
            .chain(self.site.iter().map(|s| (s.path.as_str(), s.bytes, s.sha256.as_str())))
            .chain(self.site_packs().map(|s| (s.path.as_str(), s.bytes, s.sha256.as_str())))
    }

    /// The packs of the site; none if it stands as files.
    pub fn site_packs(&self) -> impl Iterator<Item = &SitePack> {
        self.site.iter().flat_map(|entry| &entry.packs)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let fail = |member, value: &str| Err(ManifestError::Member { member, value: value.into() });
        if !is_release_id(&self.release) {
            return fail("release", &self.release);
        }
        if let Err(error) = self.spans.validate() {
            return fail("spans", error.1);
        }
        for (path, _, sha256) in self.objects() {
            if !is_safe_path(path) {
                return fail("path", path);
            }
            if !is_sha256(sha256) {
                return fail("sha256", sha256);
            }
        }
        for (format, dump) in &self.dumps {
            if let Err(error) = dump.spans.validate() {
                return fail("spans", error.1);
            }
            if let Some(bad) = dump.packs.iter().find(|pack| pack.pack_ref(*format).is_none()) {
                return fail("pack", &bad.path);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn sample() -> Manifest {
        let spans = Spans::default();
        Manifest {
            format: FORMAT,
            release: "20261101T000000Z".into(),
            as_of: "2026-11-01T00:00:00Z".into(),
            tool: Tool { name: "offprint".into(), version: "0.1.0".into() },
            repository: RepositoryName {
                name: "R".into(),
                base_url: "https://r.example".into(),
                publisher: None,
            },
            licence: Licence::cc0(),
            counts: Counts { minted: 3, public: 1, tombstoned: 1, restricted: 1, withheld: 0 },
            encoder: Encoder { zstd: "1.5.7".into(), level: 3, frame_ids: 256, dictionary: None },
            spans,
            dumps: [(
                Format::NativeJson,
                Dump::new(
                    Format::NativeJson,
                    spans,
                    vec![PackEntry {
                        pack: "n000000".into(),
                        path: "dumps/pool/native-json/n000000-aaaaaaaaaaaa.jsonl.zst".into(),
                        bytes: 1000,
                        sha256: "a".repeat(64),
                        records: 1,
                        first_id: "7".into(),
                        last_id: "7".into(),
                        raw_bytes: 3000,
                        frames: 1,
                        tail_bytes: 100,
                    }],
                ),
            )]
            .into(),
            files: vec![],
            site: vec![],
        }
    }

    #[test]
    fn round_trip_is_canonical() {
        let manifest = sample();
        let bytes = manifest.to_bytes().unwrap();
        assert_eq!(Manifest::from_bytes(&bytes).unwrap(), manifest);
        assert!(bytes.starts_with(br#"{"as_of":"2026-11-01T00:00:00Z","counts":{"minted":3"#));
        assert!(bytes.ends_with(b"}\n"));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        type Case = (fn(&mut Manifest), &'static str);
        let cases: [Case; 5] = [
            (|m| m.format = 2, "manifest format 2; this program reads 1"),
            (|m| m.release = "../x".into(), r#"release: "../x" cannot be"#),
            (|m| m.spans.frame_ids = 0, r#"spans: "frame_ids must be 1 to 65536" cannot be"#),
            (
                |m| {
                    m.site.push(SiteEntry {
                        range: "a".into(),
                        path: "/etc/passwd".into(),
                        bytes: 1,
                        sha256: "a".repeat(64),
                        files: 1,
                        packs: Vec::new(),
                    });
                },
                r#"path: "/etc/passwd" cannot be"#,
            ),
            (
                |m| m.dumps.get_mut(&Format::NativeJson).unwrap().packs[0].sha256 = "b".repeat(64),
                r#"pack: "dumps/pool/native-json/n000000-aaaaaaaaaaaa.jsonl.zst" cannot be"#,
            ),
        ];
        for (spoil, message) in cases {
            let mut manifest = sample();
            spoil(&mut manifest);
            let error = Manifest::from_bytes(&manifest.to_bytes().unwrap()).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        assert!(matches!(Manifest::from_bytes(b"{}"), Err(ManifestError::Json(_))));
    }

    #[test]
    fn counts_that_overflow_do_not_balance() {
        assert!(sample().counts.balance());
        let counts = Counts { minted: 0, public: u64::MAX, tombstoned: 1, ..Counts::default() };
        assert!(!counts.balance());
    }
}
