//! The pointers: `release.json`, `dumps/latest.json`, `dumps/releases.json`.
//!
//! They are the only mutable files of the dumps, and move last, `release.json` after all others.
//! `latest.json` is the dumps part of `release.json` on its own and is all a client needs to
//! find one record in three requests: itself, a pack's tail, a frame.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::canonical::{self, CanonicalError};
use super::delta::shelf::{DELTAS_JSON, Shelf};
use super::fetch::{FetchError, Source};
use super::hash::{NAME_DIGITS, sha256};
use super::layout::{
    Format, LATEST_JSON, MANIFEST_JSON, PackId, RELEASE_JSON, RELEASES_JSON, SHA256SUMS, Spans,
    is_release_id, is_search_path, pack_path, release_dir,
};
use super::manifest::{FORMAT, Manifest};
use super::pack::PackRef;
use super::stage::{Stage, StageError};
use super::sums;

/// Largest pointer a reader accepts.
pub const MAX_POINTER: u64 = 16 << 20;

/// `release.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleasePointer {
    /// [`FORMAT`].
    pub format: u32,
    /// Release id.
    pub release: String,
    /// The instant the release describes.
    pub as_of: String,
    /// Its manifest.
    pub manifest: Named,
    /// What stands alone in `dumps/latest.json`.
    pub dumps: Latest,
    /// The search pointer; `None` when there is no search index.
    pub search: Option<Named>,
}

/// A file by path, size and hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Path from the web root.
    pub path: String,
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// `dumps/latest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    /// [`FORMAT`].
    pub format: u32,
    /// Release id.
    pub release: String,
    /// The instant the release describes.
    pub as_of: String,
    /// Its manifest.
    pub manifest: Named,
    /// Format → how ids map to its packs and frames.
    pub spans: BTreeMap<Format, Spans>,
    /// Format → its packs, in pack order: name, first 12 digits of the hash, bytes, tail bytes.
    pub packs: BTreeMap<Format, Vec<(String, String, u64, u64)>>,
}

/// `dumps/releases.json`: every release ever made, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Releases {
    /// [`FORMAT`].
    pub format: u32,
    /// The releases.
    pub releases: Vec<ReleaseLine>,
}

/// One line of [`Releases`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseLine {
    /// 1 for the first release, then one more each.
    pub sequence: u64,
    /// Release id.
    pub release: String,
    /// The instant the release describes.
    pub as_of: String,
    /// Its manifest.
    pub manifest: Named,
}

/// Why the pointers could not be read or moved.
#[derive(Debug, thiserror::Error)]
pub enum PointerError {
    /// A file could not be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A file could not be written.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A value has no canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// A file is not what it should be.
    #[error("{path} is not a pointer of format {FORMAT}")]
    Json {
        /// Which file.
        path: &'static str,
        /// Cause.
        source: serde_json::Error,
    },
    /// A member of a pointer that cannot be.
    #[error("{path}: {what} cannot be")]
    Member {
        /// Which file.
        path: &'static str,
        /// Which member.
        what: String,
    },
    /// The id is taken by a release with another manifest.
    #[error("release {release} exists with another content; give another as-of")]
    Taken {
        /// Release id.
        release: String,
    },
    /// A manifest whose counts do not balance must not become a release.
    #[error("counts do not balance: {0:?}")]
    Unbalanced(super::manifest::Counts),
}

impl Latest {
    /// What stands in `dumps/latest.json` for this manifest.
    pub fn new(manifest: &Manifest, named: Named) -> Latest {
        let packs = manifest.dumps.iter().map(|(format, dump)| {
            let short = |hash: &str| hash.get(..NAME_DIGITS).unwrap_or(hash).to_owned();
            let line = dump
                .packs
                .iter()
                .map(|pack| (pack.pack.clone(), short(&pack.sha256), pack.bytes, pack.tail_bytes));
            (*format, line.collect())
        });
        Latest {
            format: FORMAT,
            release: manifest.release.clone(),
            as_of: manifest.as_of.clone(),
            manifest: named,
            spans: manifest.dumps.iter().map(|(format, dump)| (*format, dump.spans)).collect(),
            packs: packs.collect(),
        }
    }

    /// Reads `dumps/latest.json`. One request.
    ///
    /// # Errors
    /// When it is absent or not a pointer.
    pub fn read(source: &Source) -> Result<Latest, PointerError> {
        let latest: Latest = read_json(source, LATEST_JSON)?;
        let fail = |what: String| Err(PointerError::Member { path: LATEST_JSON, what });
        if latest.format != FORMAT {
            return fail(format!("format {}", latest.format));
        }
        for spans in latest.spans.values() {
            if let Err(error) = spans.validate() {
                return fail(error.to_string());
            }
        }
        Ok(latest)
    }

    /// The packs of a format in order; `None` when it is not dumped.
    ///
    /// # Errors
    /// When a pack's name or hash is none.
    pub fn pack_refs(&self, format: Format) -> Result<Option<Vec<PackRef>>, PointerError> {
        let Some(lines) = self.packs.get(&format) else { return Ok(None) };
        let refs = lines.iter().map(|(name, hash12, bytes, tail_bytes)| {
            let pack: Option<PackId> = name.parse().ok();
            let hex = hash12.len() == NAME_DIGITS
                && hash12.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase());
            let pack = pack.filter(|_| hex).ok_or_else(|| PointerError::Member {
                path: LATEST_JSON,
                what: format!("pack {name:?} {hash12:?}"),
            })?;
            let path = pack_path(format, pack, hash12);
            Ok(PackRef { format, pack, path, bytes: *bytes, tail_bytes: *tail_bytes })
        });
        refs.collect::<Result<_, _>>().map(Some)
    }
}

impl ReleasePointer {
    /// Reads `release.json`; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read or is not a pointer.
    pub fn read(source: &Source) -> Result<Option<ReleasePointer>, PointerError> {
        match source.read_all(RELEASE_JSON, MAX_POINTER) {
            Err(FetchError::NotFound(_)) => Ok(None),
            other => ReleasePointer::from_bytes(&other?).map(Some),
        }
    }

    /// Reads the bytes of `release.json`.
    ///
    /// # Errors
    /// When they are not a pointer.
    pub fn from_bytes(bytes: &[u8]) -> Result<ReleasePointer, PointerError> {
        let pointer: ReleasePointer = serde_json::from_slice(bytes)
            .map_err(|source| PointerError::Json { path: RELEASE_JSON, source })?;
        let known = pointer.format == FORMAT && is_release_id(&pointer.release);
        let path = format!("{}/{MANIFEST_JSON}", release_dir(&pointer.release));
        let index = pointer.search.as_ref().map(|named| named.path.as_str());
        let outside = index.filter(|path| !is_search_path(path));
        if known && pointer.manifest.path == path && outside.is_none() {
            return Ok(pointer);
        }
        let what = match outside {
            Some(path) => format!("search pointer {path:?}"),
            None => format!("format {}, release {:?}", pointer.format, pointer.release),
        };
        Err(PointerError::Member { path: RELEASE_JSON, what })
    }
}

impl Releases {
    /// Reads `dumps/releases.json`; an empty list when there is none.
    ///
    /// # Errors
    /// When it cannot be read or is not one.
    pub fn read(source: &Source) -> Result<Releases, PointerError> {
        match read_json(source, RELEASES_JSON) {
            Err(PointerError::Fetch(FetchError::NotFound(_))) => {
                Ok(Releases { format: FORMAT, releases: Vec::new() })
            }
            other => other,
        }
    }
}

fn read_json<T: serde::de::DeserializeOwned>(
    source: &Source,
    path: &'static str,
) -> Result<T, PointerError> {
    let bytes = source.read_all(path, MAX_POINTER)?;
    serde_json::from_slice(&bytes).map_err(|source| PointerError::Json { path, source })
}

/// Makes `manifest` the standing release of the stage's web root: writes `manifest.json` and
/// `SHA256SUMS`, flushes everything written so far, then moves `releases.json`, `latest.json`
/// and, last, `release.json`. Doing it twice changes nothing. Returns the manifest's digest.
///
/// # Errors
/// When counts do not balance, the release id is taken by another content, or a file cannot be
/// written. The standing release is untouched unless only flushing `release.json` failed.
pub fn publish(
    stage: &Stage,
    manifest: &Manifest,
    search: Option<Named>,
    shelf: Option<&Shelf>,
) -> Result<Named, PointerError> {
    if !manifest.counts.balance() {
        return Err(PointerError::Unbalanced(manifest.counts));
    }
    let bytes = manifest.to_bytes()?;
    let dir = release_dir(&manifest.release);
    let path = format!("{dir}/{MANIFEST_JSON}");
    let named = Named { path, bytes: bytes.len() as u64, sha256: sha256(&bytes) };
    let source = Source::open(&stage.root().to_string_lossy());
    let releases = with_line(Releases::read(&source)?, manifest, &named)?;
    stage.write(&named.path, &bytes)?;
    stage.write(&format!("{dir}/{SHA256SUMS}"), sums::text(manifest, &named.sha256).as_bytes())?;
    stage.settle()?;
    let latest = Latest::new(manifest, named.clone());
    let pointer = ReleasePointer {
        format: FORMAT,
        release: manifest.release.clone(),
        as_of: manifest.as_of.clone(),
        manifest: named.clone(),
        dumps: latest.clone(),
        search,
    };
    stage.write(RELEASES_JSON, &canonical::to_bytes(&releases)?)?;
    if let Some(shelf) = shelf {
        // After the list of releases: it names no other.
        stage.write(DELTAS_JSON, &shelf.to_bytes()?)?;
    }
    stage.write(LATEST_JSON, &canonical::to_bytes(&latest)?)?;
    stage.settle()?;
    stage.write(RELEASE_JSON, &canonical::to_bytes(&pointer)?)?;
    stage.settle()?;
    Ok(named)
}

/// The list with `manifest` at its end, unless it is there.
fn with_line(
    mut releases: Releases,
    manifest: &Manifest,
    named: &Named,
) -> Result<Releases, PointerError> {
    if let Some(line) = releases.releases.iter().find(|line| line.release == manifest.release) {
        if line.manifest == *named {
            return Ok(releases);
        }
        return Err(PointerError::Taken { release: manifest.release.clone() });
    }
    releases.releases.push(ReleaseLine {
        sequence: releases.releases.last().map_or(1, |line| line.sequence + 1),
        release: manifest.release.clone(),
        as_of: manifest.as_of.clone(),
        manifest: named.clone(),
    });
    Ok(releases)
}

#[cfg(test)]
mod tests {
    use super::super::manifest::tests::sample;
    use super::super::stage::Durability;
    use super::*;

    #[test]
    fn pointers_agree_and_moving_them_twice_changes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let stage = Stage::open(root.path(), Durability::Relaxed).unwrap();
        let source = Source::open(root.path().to_str().unwrap());
        assert_eq!(ReleasePointer::read(&source).unwrap(), None);
        let named = publish(&stage, &sample(), None, None).unwrap();
        let pointer = ReleasePointer::read(&source).unwrap().unwrap();
        assert_eq!(pointer.dumps, Latest::read(&source).unwrap());
        assert_eq!(pointer.manifest, named);
        let packs = pointer.dumps.pack_refs(Format::NativeJson).unwrap().unwrap();
        assert_eq!(
            packs[0],
            sample().dumps[&Format::NativeJson].packs[0].pack_ref(Format::NativeJson).unwrap()
        );
        assert_eq!(pointer.dumps.pack_refs(Format::DataciteXml).unwrap(), None);

        let before = std::fs::read(root.path().join(RELEASES_JSON)).unwrap();
        assert_eq!(publish(&stage, &sample(), None, None).unwrap(), named);
        assert_eq!(std::fs::read(root.path().join(RELEASES_JSON)).unwrap(), before);
    }

    #[test]
    fn a_release_id_is_used_once() {
        let root = tempfile::tempdir().unwrap();
        let stage = Stage::open(root.path(), Durability::Relaxed).unwrap();
        publish(&stage, &sample(), None, None).unwrap();
        let mut other = sample();
        other.repository.name = "Other".into();
        let error = publish(&stage, &other, None, None).unwrap_err();
        assert!(matches!(error, PointerError::Taken { .. }));
        other.release = "20261201T000000Z".into();
        publish(&stage, &other, None, None).unwrap();
        let source = Source::open(root.path().to_str().unwrap());
        let list = Releases::read(&source).unwrap().releases;
        let told: Vec<_> = list.iter().map(|l| (l.sequence, l.release.as_str())).collect();
        assert_eq!(told, [(1, "20261101T000000Z"), (2, "20261201T000000Z")]);
    }

    #[test]
    fn a_pointer_leads_nowhere_else() {
        let named = |path: &str| Named { path: path.into(), bytes: 1, sha256: "0".repeat(64) };
        let root = tempfile::tempdir().unwrap();
        let stage = Stage::open(root.path(), Durability::Relaxed).unwrap();
        publish(&stage, &sample(), None, None).unwrap();
        let source = Source::open(root.path().to_str().unwrap());
        let sound = ReleasePointer::read(&source).unwrap().unwrap();
        let check = |pointer: ReleasePointer, good: bool| {
            let bytes = serde_json::to_vec(&pointer).unwrap();
            assert_eq!(ReleasePointer::from_bytes(&bytes).is_ok(), good, "{pointer:?}");
        };
        let search = |path| ReleasePointer { search: Some(named(path)), ..sound.clone() };
        check(search("search/pointer-0123456789ab.json"), true);
        check(search("search/../../pointer.json"), false);
        check(search("/etc/passwd"), false);
        check(search("records/1.html"), false);
        check(ReleasePointer { manifest: named("dumps/other.json"), ..sound.clone() }, false);
        check(ReleasePointer { release: "../..".into(), ..sound.clone() }, false);
    }

    #[test]
    fn what_does_not_balance_is_not_published() {
        let root = tempfile::tempdir().unwrap();
        let stage = Stage::open(root.path(), Durability::Relaxed).unwrap();
        let mut manifest = sample();
        manifest.counts.public = 2;
        assert!(matches!(publish(&stage, &manifest, None, None), Err(PointerError::Unbalanced(_))));
        assert!(!root.path().join(RELEASE_JSON).exists());
    }
}
