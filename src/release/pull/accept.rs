//! The one place where a release that a server offers is accepted or refused.
//!
//! Everything else a pull does follows from the manifest that comes out of here; nothing was
//! written by then. Whether its makers may be believed is asked next, in `trust`,
//! also before anything is written.

use serde_json::Value;

use super::super::canonical;
use super::super::delta::shelf::DELTAS_JSON;
use super::super::fetch::Source;
use super::super::hash::sha256;
use super::super::layout::{
    LATEST_JSON, LOG_NDJSON, LOG_SIGNATURE, RELEASE_JSON, RELEASES_JSON, is_safe_path,
};
use super::super::manifest::{MAX_MANIFEST, Manifest};
use super::super::pointer::{Latest, ReleasePointer};
use super::super::stage::STAGE_DIR;
use super::search::SEARCH_DIR;
use super::{MIRROR_DIR, PullError};

/// A release as a server offers it.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The bytes of `release.json`.
    pub body: Vec<u8>,
    /// Their entity tag.
    pub etag: Option<String>,
    /// What they say.
    pub pointer: ReleasePointer,
}

impl Offer {
    /// `dumps/latest.json`: what `release.json` says of the dumps, all of it.
    pub(super) fn latest(&self) -> Result<Vec<u8>, PullError> {
        let body: Option<Value> = serde_json::from_slice(&self.body).ok();
        match body.as_ref().and_then(|body| body.get("dumps")) {
            Some(dumps) => Ok(canonical::to_bytes(dumps)?),
            None => Ok(canonical::to_bytes(&self.pointer.dumps)?),
        }
    }
}

/// The manifest of an offered release, and its bytes as they came: a later version may say more
/// in it than is understood here, and its hash is that of all it says. `standing` is what the
/// mirror has.
///
/// The manifest has the hash that the pointer says and is of its release; the list of packs in
/// the pointer is that of the manifest; no file is where a mirror keeps its own.
///
/// # Errors
/// When any of that is not so.
pub(super) fn accept(
    source: &Source,
    standing: Option<&ReleasePointer>,
    offer: &Offer,
) -> Result<(Manifest, Vec<u8>), PullError> {
    let named = &offer.pointer.manifest;
    let place = source.place(&named.path);
    let refuse = |why: String| PullError::Refused { place: place.clone(), why };
    if standing.is_some_and(|standing| {
        standing.release == offer.pointer.release && standing.manifest != *named
    }) {
        return Err(refuse("another release of this name stands in the mirror".into()));
    }
    let bytes = source.read_all(&named.path, named.bytes.min(MAX_MANIFEST))?;
    if bytes.len() as u64 != named.bytes || sha256(&bytes) != named.sha256 {
        return Err(refuse("the manifest is not the one that release.json names".into()));
    }
    let manifest = Manifest::from_bytes(&bytes).map_err(|error| refuse(error.to_string()))?;
    if manifest.release != offer.pointer.release
        || Latest::new(&manifest, named.clone()) != offer.pointer.dumps
    {
        return Err(refuse("release.json contradicts the manifest".into()));
    }
    if let Some((path, ..)) = manifest.objects().find(|(path, ..)| !is_mirrored(path)) {
        return Err(refuse(format!("{path:?} is no place for a file of a release")));
    }
    Ok((manifest, bytes))
}

/// Whether a manifest may list a file there: a safe path, not hidden, not a pointer, not among
/// the files of the search index.
pub(super) fn is_mirrored(path: &str) -> bool {
    is_place(path) && path.split('/').next() != Some(SEARCH_DIR)
}

/// Whether the search index may have a file there.
pub(super) fn is_index(path: &str) -> bool {
    is_place(path) && path.split_once('/').is_some_and(|(first, _)| first == SEARCH_DIR)
}

fn is_place(path: &str) -> bool {
    let hidden = |segment: &str| segment.starts_with('.') && segment != ".well-known";
    let own = [MIRROR_DIR, STAGE_DIR, RELEASE_JSON];
    let pointers = [LATEST_JSON, RELEASES_JSON, DELTAS_JSON, LOG_NDJSON, LOG_SIGNATURE];
    is_safe_path(path)
        && !path.split('/').any(hidden)
        && !own.contains(&path.split('/').next().unwrap_or_default())
        && !pointers.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::{is_index, is_mirrored};

    #[test]
    fn a_release_has_no_files_where_the_mirror_keeps_its_own() {
        for path in ["records/1.html", ".well-known/x", "dumps/pool/a", "a.b/c"] {
            assert!(is_mirrored(path), "{path}");
        }
        for path in [
            "../x",
            "/x",
            "a//b",
            "release.json",
            ".pull/state.json",
            ".stage/1",
            "a/.htaccess",
            "dumps/latest.json",
            "dumps/log.ndjson",
            "release.json/x",
            "search",
            "search/x",
        ] {
            assert!(!is_mirrored(path), "{path}");
        }
        assert!(is_index("search/main-0/cards-000.bin"));
        for path in ["search", "search.html", "search/../x", "search/.x", "records/1.html"] {
            assert!(!is_index(path), "{path}");
        }
    }
}
