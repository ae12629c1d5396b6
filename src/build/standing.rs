//! The standing release: is it still right, and what is left over from before it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::release::fetch::Source;
use crate::release::hash::{hex, sha256};
use crate::release::layout::{MANIFEST_JSON, release_dir};
use crate::release::manifest::Manifest;
use crate::release::pointer::{Named, Releases};
use crate::store::Snapshot;

use super::site::Renderer;
use super::{BuildError, Report, Settings, release_id};

/// What the last finished build saw. Kept beside the store, not in the web root: the change
/// sequence depends on the order of imports, and no published byte may.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    fingerprint: String,
    last_seq: u64,
    as_of: String,
    release: String,
    manifest_sha256: String,
}

/// Digest of everything but records and as-of that a build's bytes depend on.
pub(super) fn fingerprint(settings: &Settings, renderer: Option<&Renderer>) -> String {
    let templates = renderer.map(|renderer| hex(&renderer.fingerprint())).unwrap_or_default();
    let parts = format!(
        "{}\n{:?}\n{:?}\n{:?}\n{templates}",
        env!("CARGO_PKG_VERSION"),
        settings.repository,
        settings.dump,
        settings.site
    );
    sha256(parts.as_bytes())
}

/// The report of the standing release, if a build now would print the same records the same
/// way: nothing written since, no embargo ended, same settings.
pub(super) fn unchanged(
    snapshot: &Snapshot,
    root: &Path,
    settings: &Settings,
    fingerprint: &str,
) -> Result<Option<Report>, BuildError> {
    let Some(last) = read::<Remembered>(&settings.state_file) else { return Ok(None) };
    let as_of = settings.as_of.to_string();
    if last.fingerprint != fingerprint
        || last.last_seq != snapshot.last_seq()
        || embargo_between(snapshot, &last.as_of, &as_of)?
    {
        return Ok(None);
    }
    let path = root.join(release_dir(&last.release)).join(MANIFEST_JSON);
    let Ok(bytes) = fs::read(path) else { return Ok(None) };
    let Ok(manifest) = Manifest::from_bytes(&bytes) else { return Ok(None) };
    let pointed = read::<PointerHead>(&root.join("release.json"));
    if sha256(&bytes) != last.manifest_sha256
        || pointed.is_none_or(|pointer| pointer.manifest.sha256 != last.manifest_sha256)
    {
        return Ok(None);
    }
    let exceptions = manifest.files.iter().find(|file| file.role == "exceptions");
    Ok(Some(Report {
        release: manifest.release,
        as_of: manifest.as_of,
        manifest_sha256: last.manifest_sha256,
        records: manifest.counts,
        exceptions: exceptions.and_then(|file| file.records).unwrap_or(0),
        unchanged: true,
        written: BTreeMap::new(),
        reused: BTreeMap::new(),
        seconds: BTreeMap::new(),
        peak_rss_bytes: 0,
    }))
}

/// Whether the files of some record open between two as-ofs.
fn embargo_between(snapshot: &Snapshot, from: &str, to: &str) -> Result<bool, BuildError> {
    let mut any = false;
    let day = |as_of: &str| as_of.get(..10).unwrap_or(as_of).to_owned();
    snapshot.embargo_boundaries(&day(from), &day(to), |_| {
        any = true;
        Ok::<(), crate::store::Error>(())
    })?;
    Ok(any)
}

/// Whether the release id of this as-of is in use by what is not the same build: other records
/// or settings. Found before anything is written, because files of that release would be
/// overwritten otherwise.
pub(super) fn is_taken(
    snapshot: &Snapshot,
    root: &Path,
    settings: &Settings,
    fingerprint: &str,
) -> Result<bool, BuildError> {
    let release = release_id(settings.as_of);
    let releases = Releases::read(&Source::open(&root.to_string_lossy()))?;
    if !releases.releases.iter().any(|line| line.release == release) {
        return Ok(false);
    }
    let same = |last: Remembered| {
        last.release == release
            && last.fingerprint == fingerprint
            && last.last_seq == snapshot.last_seq()
    };
    Ok(!read::<Remembered>(&settings.state_file).is_some_and(same))
}

#[derive(Deserialize)]
struct PointerHead {
    manifest: Named,
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    // Unreadable means unknown, and unknown means: build.
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Remembers the build that is about to become the standing release.
pub(super) fn remember(
    snapshot: &Snapshot,
    settings: &Settings,
    fingerprint: String,
    manifest: &Manifest,
) -> Result<(), BuildError> {
    let failed = |source| BuildError::Write { what: "the build's state file", source };
    let bytes = manifest.to_bytes().map_err(|error| failed(std::io::Error::other(error)))?;
    let remembered = Remembered {
        fingerprint,
        last_seq: snapshot.last_seq(),
        as_of: settings.as_of.to_string(),
        release: manifest.release.clone(),
        manifest_sha256: sha256(&bytes),
    };
    let bytes = serde_json::to_vec(&remembered).map_err(|error| failed(error.into()))?;
    // Losing this file costs one full build, so a plain replace is safe enough.
    let temporary = settings.state_file.with_extension("tmp");
    fs::write(&temporary, bytes)
        .and_then(|()| fs::rename(&temporary, &settings.state_file))
        .map_err(failed)
}
