//! Removes what interrupted builds left in the dumps, and releases past their retention.
//!
//! A build that is killed leaves packs and a release directory that no pointer reaches. They do
//! no harm and a re-run with the same as-of takes them up; a run with another one would leave
//! them for ever.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::fetch::{FetchError, Source};
use super::hash::sha256;
use super::layout::{Format, is_release_id, release_dir};
use super::manifest::{MAX_MANIFEST, Manifest, ManifestError};
use super::pointer::{PointerError, Releases};
use super::stage::Stage;

/// Why nothing, or not all, was removed.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The list of releases cannot be read: then nothing is known to be left over.
    #[error(transparent)]
    Pointer(#[from] PointerError),
    /// A listed manifest cannot be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A listed manifest is not the listed one.
    #[error("{0} is not the manifest that releases.json lists")]
    Changed(String),
    /// A listed manifest cannot be understood.
    #[error("{path} cannot be understood")]
    Manifest {
        /// Which.
        path: String,
        /// Cause.
        source: ManifestError,
    },
    /// A directory cannot be read, or a file in it not be removed.
    #[error("cannot clear {path}")]
    Io {
        /// Which.
        path: String,
        /// Cause.
        source: io::Error,
    },
}

/// Removes release directories that `releases.json` does not list, those of all but the newest
/// `keep` releases (0 keeps all), and packs that no manifest names that stays. Returns the paths
/// removed, sorted. Call it when no other build or publication works in the web root. A listed
/// release whose directory was removed on purpose keeps nothing; its line in the list stays.
///
/// # Errors
/// Before anything is removed when a list cannot be trusted; otherwise when a removal fails.
pub fn sweep(stage: &Stage, keep: usize) -> Result<Vec<String>, SweepError> {
    let source = Source::open(&stage.root().to_string_lossy());
    let releases = Releases::read(&source)?.releases;
    let first = if keep == 0 { 0 } else { releases.len().saturating_sub(keep) };
    let releases = &releases[first..];
    let mut kept = BTreeSet::new();
    for line in releases {
        let path = &line.manifest.path;
        let bytes = match source.read_all(path, MAX_MANIFEST) {
            Err(FetchError::NotFound(_)) => continue,
            other => other?,
        };
        if sha256(&bytes) != line.manifest.sha256 {
            return Err(SweepError::Changed(path.clone()));
        }
        let manifest = Manifest::from_bytes(&bytes)
            .map_err(|source| SweepError::Manifest { path: path.clone(), source })?;
        kept.extend(manifest.objects().map(|(path, ..)| path.to_owned()));
    }
    let mut removed = Vec::new();
    for format in Format::ALL {
        let dir = format!("dumps/pool/{format}");
        for name in names(stage.root(), &dir)? {
            let path = format!("{dir}/{name}");
            if !kept.contains(&path) {
                remove(stage.root(), &path, |path| fs::remove_file(path))?;
                removed.push(path);
            }
        }
    }
    let listed: BTreeSet<&str> = releases.iter().map(|l| l.release.as_str()).collect();
    for name in names(stage.root(), "dumps")? {
        if is_release_id(&name) && !listed.contains(name.as_str()) {
            let path = release_dir(&name);
            remove(stage.root(), &path, |path| fs::remove_dir_all(path))?;
            removed.push(path);
        }
    }
    removed.sort();
    Ok(removed)
}

/// Names in a directory; none when it does not exist.
fn names(root: &Path, dir: &str) -> Result<Vec<String>, SweepError> {
    let fail = |source| SweepError::Io { path: dir.to_owned(), source };
    let entries = match fs::read_dir(root.join(dir)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(fail)?,
    };
    entries
        .map(|entry| Ok(entry.map_err(fail)?.file_name().to_string_lossy().into_owned()))
        .collect()
}

fn remove(
    root: &Path,
    path: &str,
    how: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), SweepError> {
    how(&root.join(path)).map_err(|source| SweepError::Io { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::super::manifest::tests::sample;
    use super::super::pointer::publish;
    use super::super::stage::Durability;
    use super::*;

    #[test]
    fn releases_past_their_retention_go_with_their_packs() {
        let root = tempfile::tempdir().unwrap();
        let stage = Stage::open(root.path(), Durability::Relaxed).unwrap();
        let pool = "dumps/pool/native-json";
        for month in 1..=3 {
            let mut manifest = sample();
            manifest.release = format!("20260{month}01T000000Z");
            // The first pack is shared by the first two releases.
            let digit = if month < 3 { "a" } else { "b" };
            for pack in manifest.dumps.values_mut().flat_map(|dump| &mut dump.packs) {
                pack.sha256 = digit.repeat(64);
                pack.path = format!("{pool}/n000000-{}.jsonl.zst", digit.repeat(12));
                stage.write(&pack.path, b"x").unwrap();
            }
            publish(&stage, &manifest, None, None).unwrap();
        }
        assert_eq!(sweep(&stage, 3).unwrap(), Vec::<String>::new());
        assert_eq!(sweep(&stage, 2).unwrap(), ["dumps/20260101T000000Z"]);
        let pack = format!("{pool}/n000000-{}.jsonl.zst", "a".repeat(12));
        assert_eq!(sweep(&stage, 1).unwrap(), ["dumps/20260201T000000Z".to_owned(), pack]);
        let source = Source::open(&root.path().to_string_lossy());
        assert_eq!(Releases::read(&source).unwrap().releases.len(), 3, "the list stays whole");
    }

    #[test]
    fn only_what_nothing_lists_goes() {
        let root = tempfile::tempdir().unwrap();
        let stage = Stage::open(root.path(), Durability::Relaxed).unwrap();
        assert_eq!(sweep(&stage, 0).unwrap(), Vec::<String>::new());
        publish(&stage, &sample(), None, None).unwrap();
        let listed = "dumps/pool/native-json/n000000-aaaaaaaaaaaa.jsonl.zst";
        let left = "dumps/pool/native-json/n000000-bbbbbbbbbbbb.jsonl.zst";
        for path in [listed, left, "dumps/20261231T000000Z/README.md", "dumps/notes/x"] {
            stage.write(path, b"x").unwrap();
        }
        assert_eq!(sweep(&stage, 0).unwrap(), ["dumps/20261231T000000Z", left]);
        let there = |path: &str| root.path().join(path).try_exists().unwrap();
        assert!(there(listed) && there("dumps/notes/x") && !there(left));
        assert!(there("dumps/20261101T000000Z/manifest.json"));

        stage.write("dumps/20261101T000000Z/manifest.json", b"{}").unwrap();
        stage.write(left, b"x").unwrap();
        assert!(matches!(sweep(&stage, 0), Err(SweepError::Changed(_))));
        assert!(there(left), "nothing goes when a list cannot be trusted");
    }
}
