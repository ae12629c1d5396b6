//! Everything that is written once: packs, release directories, site lists, assets, deltas, the
//! search index.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use walkdir::WalkDir;

use super::super::delta::shelf::{DELTAS_JSON, Shelf};
use super::super::delta::{Delta, MAX_DELTA_JSON};
use super::super::fetch::{FetchError, Source};
use super::super::hash::sha256;
use super::super::layout::{
    MANIFEST_JSON, MINISIG, SHA256SUMS, is_release_id, is_safe_path, release_dir,
};
use super::super::manifest::{MAX_MANIFEST, Manifest};
use super::super::pointer::{MAX_POINTER, Named};
use super::ledger::Begun;
use super::send::{Item, Sender};
use super::target::Target;
use super::{PublishError, Result, Served, Standing, Tally, There};

/// The search index: no manifest lists its files, and each is written once under a name with a
/// hash in it.
const SEARCH_DIR: &str = "search";

/// How a path is served.
pub(super) type Serving<'a> = dyn Fn(&str) -> Served + Sync + 'a;

/// Whether a file of the manifest is a page: one that is replaced, rather than written once.
pub(super) fn is_page(path: &str, served: &Serving<'_>) -> bool {
    let once = ["dumps/pool/", "dumps/delta/", "site/"].iter().any(|dir| path.starts_with(dir))
        || path
            .strip_prefix("dumps/")
            .is_some_and(|rest| rest.split_once('/').is_some_and(|(dir, _)| is_release_id(dir)));
    !once && !served(path).hashed
}

/// Whether an object stays with its release when the next one stands.
fn outlasts(path: &str) -> bool {
    // The dictionary of site packs goes with its release, as in the web root.
    path.starts_with("dumps/") || (path.starts_with("site/") && path.ends_with(".ndjson.zst"))
}

/// What must be on the target before a pointer moves.
pub(super) struct Objects {
    wanted: BTreeMap<String, Item>,
    /// Paths of files that no manifest lists.
    pub(super) beside: Vec<String>,
}

impl Objects {
    /// Those of every release that the web root still has.
    pub(super) fn gather(
        source: &Source,
        standing: &Standing,
        served: &Serving<'_>,
    ) -> Result<Objects> {
        let mut wanted = BTreeMap::new();
        let mut want = |path: &str, bytes: u64, sha256: Option<&str>| {
            let (path, sha256) = (path.to_owned(), sha256.map(str::to_owned));
            wanted.insert(path.clone(), Item { path, bytes, sha256 });
        };
        for line in &standing.releases.releases {
            let standing_one = line.release == standing.begun.release;
            let Some(manifest) = local_manifest(source, &line.manifest)? else { continue };
            let named = &line.manifest;
            want(&named.path, named.bytes, Some(&named.sha256));
            for (path, bytes, sha256) in stored(&manifest) {
                if (standing_one || outlasts(path)) && !is_page(path, served) {
                    want(path, bytes, Some(sha256));
                }
            }
            for path in unlisted(&line.release) {
                if let Some(bytes) = source.size(&path)? {
                    want(&path, bytes, None);
                }
            }
        }
        let mut beside = Vec::new();
        for (path, bytes) in search_files(source)? {
            want(&path, bytes, None);
            beside.push(path);
        }
        if let Some(named) = &standing.search {
            want(&named.path, named.bytes, Some(&named.sha256));
        }
        for Named { path, bytes, sha256 } in listed_deltas(source)? {
            want(&path, bytes, Some(&sha256));
            beside.push(path);
        }
        Ok(Objects { wanted, beside })
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.wanted.contains_key(path)
    }

    /// Whether the release of a file in a release directory is still here.
    pub(super) fn keeps_release_of(&self, path: &str) -> bool {
        let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
        self.has(&format!("{dir}/{MANIFEST_JSON}"))
    }

    /// Sends what is not there.
    pub(super) fn send(&self, sender: &Sender<'_>, there: &OnTarget, own: &Begun) -> Result<()> {
        let (settings, target) = (sender.settings, sender.target);
        let own_dir = format!("{}/", release_dir(&own.release));
        let (mut known, mut asked) = (Vec::new(), Vec::new());
        for item in self.wanted.values() {
            let same = |found: &(u64, Option<String>)| {
                found.0 == item.bytes && (item.sha256.is_none() || found.1 == item.sha256)
            };
            match settings.again {
                false if there.complete.get(&item.path).is_some_and(same) => known.push(item),
                _ => asked.push(item),
            }
        }
        // A name that was used by another content can only be in the release's own directory,
        // which a killed publication of an abandoned build may have begun.
        let whole = there.complete.contains_key(&own.manifest.path);
        // A delta's name says between which releases it is, and not what is in it.
        let trusts_name = |path: &str| {
            let delta = path.starts_with("dumps/delta/");
            !settings.again && !delta && (whole || !path.starts_with(&own_dir))
        };
        let found = sender.each(&asked, |item| match trusts_name(&item.path) {
            true => Ok(target.size(&item.path)? == Some(item.bytes)),
            false => Ok(false),
        })?;
        let mut missing = Vec::new();
        for (item, found) in asked.into_iter().zip(found) {
            if found { known.push(item) } else { missing.push(item.clone()) }
        }
        for item in known {
            sender.knows(&item.path, Tally { files: 1, bytes: item.bytes });
        }
        sender.send_all(&missing)
    }
}

/// What the target says it has.
#[derive(Default)]
pub(super) struct OnTarget {
    /// Objects of releases whose publication came to its end: path, size, hash.
    complete: BTreeMap<String, (u64, Option<String>)>,
    /// Objects that may be there besides.
    begun: Vec<String>,
}

impl OnTarget {
    /// From the manifests of the releases that it lists, and of those that were begun there; and,
    /// if the last publication came to its end (`settled`), from its list of deltas.
    pub(super) fn read(
        target: &dyn Target,
        source: &Source,
        there: &There,
        states: &[Begun],
        settled: bool,
    ) -> Result<OnTarget> {
        let mut on = OnTarget::default();
        if settled {
            for Named { path, bytes, sha256 } in deltas_there(target, source)? {
                on.complete.insert(path, (bytes, Some(sha256)));
            }
        }
        for line in &there.releases.releases {
            let Some(manifest) = manifest(target, source, &line.manifest)? else { continue };
            let stands = there.pointer.as_ref().is_some_and(|p| p.manifest == line.manifest);
            let stay = |path: &str| stands || outlasts(path);
            for (path, bytes, sha256) in stored(&manifest).filter(|(path, ..)| stay(path)) {
                on.complete.insert(path.to_owned(), (bytes, Some(sha256.to_owned())));
            }
            let Named { path, bytes, sha256 } = line.manifest.clone();
            on.complete.insert(path, (bytes, Some(sha256)));
            on.begun.extend(unlisted(&line.release));
        }
        for begun in states {
            let Some(manifest) = manifest(target, source, &begun.manifest)? else { continue };
            on.begun.extend(stored(&manifest).map(|(path, ..)| path.to_owned()));
            on.begun.push(begun.manifest.path.clone());
            on.begun.extend(unlisted(&begun.release));
        }
        Ok(on)
    }

    /// Every object that may be there, without pages.
    pub(super) fn paths<'a>(&'a self, served: &'a Serving<'_>) -> impl Iterator<Item = &'a str> {
        let all = self.complete.keys().chain(&self.begun).map(String::as_str);
        all.filter(|path| !is_page(path, served))
    }
}

/// Files of a release directory that its manifest does not list.
fn unlisted(release: &str) -> [String; 2] {
    let dir = release_dir(release);
    [format!("{dir}/{SHA256SUMS}"), format!("{dir}/{MANIFEST_JSON}{MINISIG}")]
}

/// A manifest of the web root; `None` if retention removed it.
fn local_manifest(source: &Source, named: &Named) -> Result<Option<Manifest>> {
    let bytes = match source.read_all(&named.path, MAX_MANIFEST) {
        Err(FetchError::NotFound(_)) => return Ok(None),
        other => other?,
    };
    if sha256(&bytes) != named.sha256 {
        return Err(PublishError::Changed { path: named.path.clone() });
    }
    Ok(Some(Manifest::from_bytes(&bytes)?))
}

/// A manifest that the target names: from the web root if that has it, else from the target;
/// `None` if neither has it.
pub(super) fn manifest(
    target: &dyn Target,
    source: &Source,
    named: &Named,
) -> Result<Option<Manifest>> {
    let local = source.read_all(&named.path, MAX_MANIFEST).ok();
    let bytes = match local.filter(|bytes| sha256(bytes) == named.sha256) {
        Some(bytes) => bytes,
        None => match target.get(&named.path, MAX_MANIFEST)? {
            Some((bytes, _)) if sha256(&bytes) == named.sha256 => bytes,
            // Nothing is known of what it listed: pages are sent again, objects asked for.
            _ => return Ok(None),
        },
    };
    Ok(Manifest::from_bytes(&bytes).ok())
}

/// The listed files that a target gets: all but the packs of the site, which go there as the
/// files that are in them.
fn stored(manifest: &Manifest) -> impl Iterator<Item = (&str, u64, &str)> {
    let packs: BTreeSet<&str> = manifest.site_packs().map(|pack| pack.path.as_str()).collect();
    manifest.objects().filter(move |(path, ..)| !packs.contains(path))
}

/// The files of a delta, its description first.
fn files_of(description: Named, delta: &Delta) -> impl Iterator<Item = Named> {
    let rows = delta.files().map(|rows| Named {
        path: rows.path.clone(),
        bytes: rows.bytes,
        sha256: rows.sha256.clone(),
    });
    std::iter::once(description).chain(rows)
}

/// The files of the deltas that the web root lists.
fn listed_deltas(source: &Source) -> Result<Vec<Named>> {
    let changed = |path: &str| PublishError::Changed { path: path.to_owned() };
    let mut found = Vec::new();
    for line in Shelf::read(source).map_err(|_| changed(DELTAS_JSON))?.deltas {
        let delta = line.read(source).map_err(|_| changed(&line.path))?;
        let description = Named { path: line.path, bytes: line.bytes, sha256: line.sha256 };
        found.extend(files_of(description, &delta));
    }
    Ok(found)
}

/// The files of the deltas that the target lists; those that cannot be read are not known.
fn deltas_there(target: &dyn Target, source: &Source) -> Result<Vec<Named>> {
    let Some((bytes, _)) = target.get(DELTAS_JSON, MAX_POINTER)? else { return Ok(Vec::new()) };
    let shelf: Shelf = serde_json::from_slice(&bytes).unwrap_or_default();
    let mut found = Vec::new();
    for line in shelf.deltas {
        let local = source.read_all(&line.path, MAX_DELTA_JSON).ok();
        let bytes = match local.filter(|bytes| sha256(bytes) == line.sha256) {
            Some(bytes) => Some(bytes),
            None if !is_safe_path(&line.path) => None,
            None => target.get(&line.path, MAX_DELTA_JSON)?.map(|(bytes, _)| bytes),
        };
        let bytes = bytes.filter(|bytes| sha256(bytes) == line.sha256);
        let Some(delta) = bytes.and_then(|bytes| serde_json::from_slice::<Delta>(&bytes).ok())
        else {
            continue;
        };
        let description = Named { path: line.path, bytes: line.bytes, sha256: line.sha256 };
        found.extend(files_of(description, &delta));
    }
    Ok(found)
}

/// The files of the search index, with their sizes.
fn search_files(source: &Source) -> Result<Vec<(String, u64)>> {
    let Some(root) = source.directory() else { return Ok(Vec::new()) };
    let from = root.join(SEARCH_DIR);
    if !from.is_dir() {
        return Ok(Vec::new());
    }
    let failed =
        |source: std::io::Error| PublishError::Read { path: SEARCH_DIR.to_owned(), source };
    let mut found = Vec::new();
    for entry in WalkDir::new(&from).sort_by_file_name() {
        let entry = entry.map_err(|error| failed(error.into()))?;
        if !entry.file_type().is_file() {
            continue;
        }
        let meta = fs::metadata(entry.path()).map_err(failed)?;
        let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
        found.push((path.to_string_lossy().into_owned(), meta.len()));
    }
    Ok(found)
}
