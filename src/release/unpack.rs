//! Unpacking: a release whose site stands in packs becomes one whose files are at their paths,
//! which any static host can serve.
//!
//! Every file is checked against the site lists on its way. Equal files stay, so a run that was
//! killed goes on; pointers move last; what the release does not list goes after that. The
//! manifest stays as it is, to the byte: release and signature are the same in both places.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;

use super::fetch::{FetchError, Source};
use super::hash::sha256;
use super::layout::{
    LATEST_JSON, MANIFEST_JSON, RELEASE_JSON, RELEASES_JSON, SHA256SUMS, is_safe_path, release_dir,
};
use super::manifest::{MAX_MANIFEST, Manifest, ManifestError, SiteEntry, SiteLine, SitePack};
use super::pointer::{MAX_POINTER, PointerError, ReleasePointer};
use super::site_pack::group::Dictionary;
use super::site_pack::{Row, ShelfError, Unpacker, shelf};
use super::stage::{Durability, STAGE_DIR, Stage, StageError};
use super::verify::files::{MAX_LIST, next_lines};

/// Groups that are in memory together.
const BATCH: usize = 256;

/// Why a release was not unpacked. What was at the destination still stands, but for files that
/// were replaced already.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The release could not be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It has no usable pointer.
    #[error(transparent)]
    Pointer(#[from] PointerError),
    /// There is no release.
    #[error("there is no release")]
    Nothing,
    /// Its manifest cannot be used.
    #[error("the manifest cannot be used")]
    Manifest(#[from] ManifestError),
    /// Its site stands as files.
    #[error("the site of this release does not stand in packs")]
    NotPacked,
    /// A listed file is another one.
    #[error("{0} is not the file that is listed")]
    Changed(String),
    /// A site pack is damaged.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// A site list is not one.
    #[error("{path} is not a list of files")]
    List {
        /// Which.
        path: String,
        /// Cause.
        source: io::Error,
    },
    /// The destination holds something, and no release.
    #[error("{} is not empty and holds no release; what is not listed would be removed", .0.display())]
    Foreign(PathBuf),
    /// The destination is the release itself.
    #[error("{} is the release itself", .0.display())]
    Itself(PathBuf),
    /// Something could not be written.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Something could not be removed or looked at.
    #[error("cannot clear {}", path.display())]
    Clear {
        /// Where.
        path: PathBuf,
        /// Cause.
        source: io::Error,
    },
}

/// What unpacking did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Release id.
    pub release: String,
    /// Files of the site written.
    pub written: u64,
    /// Files of the site that stood already.
    pub kept: u64,
    /// Their bytes, together.
    pub bytes: u64,
    /// Other files of the release that were copied.
    pub copied: u64,
    /// Files that were removed because nothing lists them.
    pub removed: u64,
}

/// Unpacks the standing release at `source` into the directory `dest`. `advance` is told of every
/// site file that is done. Threads: the current rayon pool. Memory: some groups, and eight bytes
/// a file.
///
/// From a directory everything else in the web root is taken along; from a URL, what the
/// manifest lists.
///
/// # Errors
/// [`UnpackError`]; running it again goes on.
pub fn unpack(
    source: &Source,
    dest: &Path,
    advance: &(dyn Fn(u64) + Sync),
) -> Result<Report, UnpackError> {
    let pointer = ReleasePointer::read(source)?.ok_or(UnpackError::Nothing)?;
    let bytes = source.read_all(&pointer.manifest.path, MAX_MANIFEST)?;
    if sha256(&bytes) != pointer.manifest.sha256 {
        return Err(UnpackError::Changed(pointer.manifest.path));
    }
    let manifest = Manifest::from_bytes(&bytes)?;
    let dictionary = shelf::dictionary(source, &manifest)?.ok_or(UnpackError::NotPacked)?;
    let pointers = [RELEASES_JSON, LATEST_JSON, RELEASE_JSON].map(|path| {
        let bytes = source.read_all(path, MAX_POINTER)?;
        Ok::<_, FetchError>((path, bytes))
    });
    check_destination(source, dest)?;
    let stage = Stage::open(dest, Durability::Synced)?.filling();
    let mut unpacking = Unpacking {
        source,
        stage: &stage,
        dictionary: &dictionary,
        advance,
        expected: Vec::new(),
        report: Report { release: manifest.release.clone(), ..Report::default() },
    };
    unpacking.objects(&manifest)?;
    for entry in &manifest.site {
        unpacking.entry(entry)?;
    }
    let Unpacking { mut expected, mut report, .. } = unpacking;
    stage.settle()?;
    for read in pointers {
        let (path, bytes) = read?;
        stage.write(path, &bytes)?;
        stage.settle()?;
        expected.push(path_hash(path));
    }
    expected.sort_unstable();
    report.removed = clear(dest, &expected)?;
    stage.close()?;
    Ok(report)
}

/// Nobody loses files to a mistyped directory: it must be new, empty, a web root, or what a run
/// that was killed left.
fn check_destination(source: &Source, dest: &Path) -> Result<(), UnpackError> {
    if let (Some(from), Ok(to)) = (source.directory(), dest.canonicalize())
        && from.canonicalize().is_ok_and(|from| from == to)
    {
        return Err(UnpackError::Itself(dest.to_owned()));
    }
    let failed = |source| UnpackError::Clear { path: dest.to_owned(), source };
    let empty = match fs::read_dir(dest) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        entries => entries.map_err(failed)?.next().is_none(),
    };
    let known = [RELEASE_JSON, STAGE_DIR].iter().any(|name| dest.join(name).exists());
    if empty || known { Ok(()) } else { Err(UnpackError::Foreign(dest.to_owned())) }
}

fn path_hash(path: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

struct Unpacking<'a> {
    source: &'a Source,
    stage: &'a Stage,
    dictionary: &'a Dictionary,
    advance: &'a (dyn Fn(u64) + Sync),
    /// Hashes of the paths of the release.
    expected: Vec<u64>,
    report: Report,
}

impl Unpacking<'_> {
    /// Everything but the site and the pointers.
    fn objects(&mut self, manifest: &Manifest) -> Result<(), UnpackError> {
        let packs: Vec<&str> = manifest.site_packs().map(|pack| pack.path.as_str()).collect();
        let packs: std::collections::BTreeSet<&str> = packs.into_iter().collect();
        for (path, bytes, sha256) in manifest.objects().filter(|(path, ..)| !packs.contains(path)) {
            self.copy(path, Some((bytes, sha256)))?;
        }
        let dir = release_dir(&manifest.release);
        for name in [MANIFEST_JSON, SHA256SUMS] {
            self.copy(&format!("{dir}/{name}"), None)?;
        }
        if let Some(root) = self.source.directory() {
            return self.rest(root, &packs);
        }
        match self.copy(&format!("{dir}/{MANIFEST_JSON}.minisig"), None) {
            Err(UnpackError::Fetch(FetchError::NotFound(_))) => Ok(()),
            other => other,
        }
    }

    /// What else is in the web root: older releases, deltas, the search index.
    fn rest(
        &mut self,
        root: &Path,
        packs: &std::collections::BTreeSet<&str>,
    ) -> Result<(), UnpackError> {
        let mut known = self.expected.clone();
        known.sort_unstable();
        let inside = |entry: &walkdir::DirEntry| entry.file_name() != STAGE_DIR;
        for entry in walkdir::WalkDir::new(root).min_depth(1).into_iter().filter_entry(inside) {
            let entry = entry.map_err(|error| UnpackError::Clear {
                path: root.to_owned(),
                source: error.into(),
            })?;
            let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let path = path.to_string_lossy().replace('\\', "/");
            let pointer = [RELEASES_JSON, LATEST_JSON, RELEASE_JSON].contains(&path.as_str());
            // A pack that is not of this release is of one that is being made or removed.
            let pack = packs.contains(path.as_str()) || path.ends_with(".pages");
            let known = known.binary_search(&path_hash(&path)).is_ok();
            if entry.file_type().is_file() && !pointer && !pack && !known {
                self.copy(&path, None)?;
            }
        }
        Ok(())
    }

    /// Copies a file: linked where the file system can and the name says what is in it.
    fn copy(&mut self, path: &str, listed: Option<(u64, &str)>) -> Result<(), UnpackError> {
        let target = self.stage.root().join(path);
        self.expected.push(path_hash(path));
        let named = path.starts_with("dumps/pool/") || path.starts_with("site/");
        if let Some((bytes, _)) = listed.filter(|_| named) {
            let same = |meta: fs::Metadata| meta.is_file() && meta.len() == bytes;
            if fs::metadata(&target).is_ok_and(same) {
                return Ok(());
            }
            if let (Some(root), Some(parent)) = (self.source.directory(), target.parent())
                && fs::create_dir_all(parent).is_ok()
                && fs::metadata(root.join(path)).is_ok_and(same)
                && fs::hard_link(root.join(path), &target).is_ok()
            {
                self.report.copied += 1;
                return Ok(());
            }
        }
        let mut from = self.source.reader(path)?;
        let mut file = self.stage.file()?;
        io::copy(&mut from, &mut file)
            .map_err(|source| FetchError::Io { path: path.to_owned(), source })?;
        let sealed = file.seal()?;
        if listed.is_some_and(|listed| listed != (sealed.bytes, sealed.sha256.as_str())) {
            return Err(UnpackError::Changed(path.to_owned()));
        }
        self.report.copied += u64::from(!sealed.keep(path)?.reused);
        Ok(())
    }

    /// The files of one site list.
    fn entry(&mut self, entry: &SiteEntry) -> Result<(), UnpackError> {
        let list = self.source.read_all(&entry.path, entry.bytes.min(MAX_LIST))?;
        if sha256(&list) != entry.sha256 {
            return Err(UnpackError::Changed(entry.path.clone()));
        }
        let failed = |source| UnpackError::List { path: entry.path.clone(), source };
        let lines = zstd::stream::read::Decoder::new(&list[..]).map_err(failed)?;
        let mut lines = BufReader::new(lines);
        for pack in &entry.packs {
            let index = shelf::whole_index(self.source, pack)?;
            let mut file = self.source.reader(&pack.path)?;
            let mut number = 0;
            for rows in index.rows.chunks(BATCH) {
                let mut batch = Vec::with_capacity(rows.len());
                for row in rows {
                    let mut frame = Vec::new();
                    (&mut file)
                        .take(u64::from(row.bytes))
                        .read_to_end(&mut frame)
                        .map_err(|source| FetchError::Io { path: pack.path.clone(), source })?;
                    let lines = next_lines(&mut lines, row.files as usize).map_err(failed)?;
                    batch.push((number, *row, frame, lines));
                    number += 1;
                }
                self.groups(pack, batch)?;
            }
        }
        let mut rest = [0];
        match lines.read(&mut rest) {
            Ok(0) => Ok(()),
            Ok(_) => Err(failed(io::Error::other("it lists more files than its packs hold"))),
            Err(error) => Err(failed(error)),
        }
    }

    /// Writes the files of some groups, on all threads.
    fn groups(
        &mut self,
        pack: &SitePack,
        batch: Vec<(u32, Row, Vec<u8>, Vec<SiteLine>)>,
    ) -> Result<(), UnpackError> {
        let written: Vec<Vec<(u64, bool, u64)>> = batch
            .into_par_iter()
            .map_init(
                || Unpacker::new(self.dictionary),
                |unpacker, (number, row, frame, lines)| {
                    let unpacker = match unpacker {
                        Ok(unpacker) => unpacker,
                        Err(error) => return Err(ShelfError::Zstd(error.kind().into()).into()),
                    };
                    let fail = |fault| ShelfError::Fault { path: pack.path.clone(), fault };
                    let files = unpacker.open(number, &row, &frame).map_err(fail)?;
                    if files.files().count() != lines.len() {
                        return Err(UnpackError::Changed(pack.path.clone()));
                    }
                    files.files().zip(&lines).map(|file| self.file(file)).collect()
                },
            )
            .collect::<Result<_, UnpackError>>()?;
        for (hash, reused, bytes) in written.into_iter().flatten() {
            self.expected.push(hash);
            self.report.bytes += bytes;
            let count = if reused { &mut self.report.kept } else { &mut self.report.written };
            *count += 1;
        }
        Ok(())
    }

    /// Writes one file: hash of its path, whether it stood, its size.
    fn file(
        &self,
        ((path, content), line): ((&str, &[u8]), &SiteLine),
    ) -> Result<(u64, bool, u64), UnpackError> {
        if path != line.path || !is_safe_path(path) || content.len() as u64 != line.bytes {
            return Err(UnpackError::Changed(line.path.clone()));
        }
        if sha256(content) != line.sha256 {
            return Err(UnpackError::Changed(line.path.clone()));
        }
        let written = self.stage.write_page(path, content)?;
        (self.advance)(1);
        Ok((path_hash(path), written.reused, line.bytes))
    }
}

/// Removes the files below `dest` that are not expected, and directories that are empty then.
fn clear(dest: &Path, expected: &[u64]) -> Result<u64, UnpackError> {
    let mut removed = 0;
    let inside = |entry: &walkdir::DirEntry| entry.depth() != 1 || entry.file_name() != STAGE_DIR;
    let walk = walkdir::WalkDir::new(dest).min_depth(1).contents_first(true);
    for entry in walk.into_iter().filter_entry(inside) {
        let entry = entry
            .map_err(|error| UnpackError::Clear { path: dest.to_owned(), source: error.into() })?;
        let failed = |source| UnpackError::Clear { path: entry.path().to_owned(), source };
        let path = entry.path().strip_prefix(dest).unwrap_or(entry.path());
        let path = path.to_string_lossy().replace('\\', "/");
        if entry.file_type().is_dir() {
            // Most often it is not empty.
            let _ = fs::remove_dir(entry.path());
        } else if expected.binary_search(&path_hash(&path)).is_err() {
            fs::remove_file(entry.path()).map_err(failed)?;
            removed += 1;
        }
    }
    Ok(removed)
}
