//! Files in the web root that nothing lists. They do no harm to a reader of the release, but a
//! page left behind may show what was withdrawn.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use walkdir::WalkDir;

use super::super::delta::Delta;
use super::super::delta::shelf::{DELTAS_JSON, Shelf};
use super::super::fetch::Source;
use super::super::layout::{
    LATEST_JSON, LOG_NDJSON, LOG_SIGNATURE, MANIFEST_JSON, RELEASE_JSON, RELEASES_JSON, SHA256SUMS,
    release_dir,
};
use super::super::manifest::{MAX_MANIFEST, Manifest};
use super::super::pointer::{ReleasePointer, Releases};
use super::super::pull::MIRROR_DIR;
use super::super::stage::STAGE_DIR;

/// Most warnings of this kind; the rest is counted.
const MAX_WARNINGS: usize = 100;

/// Eight bytes that stand for a path: millions of them fit in memory. A clash hides one warning.
pub(super) fn path_hash(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

/// Adds a warning for each file that neither `manifest` (whose site packs count only where the
/// site stands in them), `pages` (hashes of their paths), the
/// search pointer, nor an older release lists. Directories only; nothing can list a URL.
pub(super) fn warn(
    source: &Source,
    (manifest, packed): (&Manifest, bool),
    pointer: &ReleasePointer,
    mut pages: Vec<u64>,
    warnings: &mut Vec<String>,
) {
    let Some(root) = source.directory() else { return };
    let mut known = known_paths(source, manifest, pointer);
    if !packed {
        manifest.site_packs().for_each(|pack| _ = known.files.remove(&pack.path));
    }
    pages.sort_unstable();
    let mut left_out = 0u64;
    for entry in WalkDir::new(root).min_depth(1).sort_by_file_name() {
        let warning = match entry {
            Err(error) => Some(error.to_string()),
            Ok(entry) => {
                let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
                let path = path.to_string_lossy().replace('\\', "/");
                if entry.file_type().is_symlink() {
                    Some(format!("{path}: is a symbolic link"))
                } else if entry.file_type().is_dir() {
                    let left = path == STAGE_DIR;
                    left.then(|| format!("{path}: left by a build that did not finish"))
                } else {
                    let listed = known.files.contains(&path)
                        || known.prefixes.iter().any(|prefix| path.starts_with(prefix))
                        || pages.binary_search(&path_hash(&path)).is_ok();
                    (!listed).then(|| format!("{path}: is listed nowhere"))
                }
            }
        };
        match warning {
            Some(warning) if warnings.len() < MAX_WARNINGS => warnings.push(warning),
            Some(_) => left_out += 1,
            None => {}
        }
    }
    if left_out > 0 {
        warnings.push(format!("{left_out} more files are listed nowhere"));
    }
}

struct Known {
    files: BTreeSet<String>,
    prefixes: Vec<String>,
}

fn known_paths(source: &Source, manifest: &Manifest, pointer: &ReleasePointer) -> Known {
    let dir = release_dir(&manifest.release);
    let mut files: BTreeSet<String> =
        [RELEASE_JSON, LATEST_JSON, RELEASES_JSON, LOG_NDJSON, LOG_SIGNATURE]
            .map(str::to_owned)
            .into();
    files.insert(format!("{dir}/{MANIFEST_JSON}"));
    files.insert(format!("{dir}/{MANIFEST_JSON}.minisig"));
    files.insert(format!("{dir}/{SHA256SUMS}"));
    files.extend(manifest.objects().map(|(path, ..)| path.to_owned()));
    // The search index has a list of its own; the stage has its own warning, and what a mirror
    // remembers is no file of a release.
    let mut prefixes =
        vec![format!("{STAGE_DIR}/"), format!("{MIRROR_DIR}/"), ".offprint/".to_owned()];
    files.insert(DELTAS_JSON.to_owned());
    for line in Shelf::read(source).unwrap_or_default().deltas {
        files.extend(line.read(source).iter().flat_map(Delta::files).map(|f| f.path.clone()));
        files.insert(line.path);
    }
    if pointer.search.is_some() {
        prefixes.push("search/".to_owned());
    }
    for line in Releases::read(source).unwrap_or_default().releases {
        if line.release == manifest.release {
            continue;
        }
        prefixes.push(format!("{}/", release_dir(&line.release)));
        let bytes = source.read_all(&line.manifest.path, MAX_MANIFEST);
        let older = bytes.ok().and_then(|bytes| Manifest::from_bytes(&bytes).ok());
        for (path, ..) in older.iter().flat_map(Manifest::objects) {
            let lists = path.starts_with("site/") && path.ends_with(".ndjson.zst");
            // Pages in caches ask for the assets that they were made with.
            if path.starts_with("dumps/pool/") || path.starts_with("assets/") || lists {
                files.insert(path.to_owned());
            }
        }
    }
    Known { files, prefixes }
}
