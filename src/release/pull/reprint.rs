//! The site of a release, and its solid archives, printed here rather than fetched.
//!
//! How that is done is not known here: a [`Printer`] that is given in the options knows it. It
//! is asked once, when the first file is wanted, and prints a whole web root into the stage. A
//! file of it takes its place only if it is the one that the manifest lists; any other is
//! fetched. So the worst a printer can do is to be of no use.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::super::hash::Hashing;
use super::super::manifest::Manifest;
use super::super::site_pack::DICTIONARY_ROLE;
use super::super::stage::Stage;
use super::mirror::failed;
use super::objects::Object;
use super::{Options, PullError, Work};

/// What of a release is to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Pages, exports, lists.
    pub site: bool,
    /// Pages each at its path, though the release has them in packs.
    pub unpacked: bool,
    /// The solid archives of the dumps.
    pub archives: bool,
}

/// Who prints a site of the native JSON of a release.
pub trait Printer: fmt::Debug + Send + Sync {
    /// Prints what is wanted of the release with this manifest, whose packs and files of the
    /// release directory stand in the web root `mirror`, as the web root `root`. The directory of
    /// `root` is empty and goes with all that is left in it.
    ///
    /// # Errors
    /// Why nothing can be printed.
    fn print(
        &self,
        mirror: &Path,
        manifest: &Manifest,
        wanted: Wanted,
        root: &Path,
    ) -> Result<(), String>;
}

/// A web root that is printed when it is first looked at.
pub(super) struct Reprint<'a> {
    printer: &'a dyn Printer,
    manifest: &'a Manifest,
    wanted: Wanted,
    /// What only packs of pages need.
    of_packs: Vec<&'a str>,
    root: PathBuf,
    printed: OnceLock<Result<(), String>>,
    /// Files that are not there or are others, and the first of them by name.
    other: AtomicU64,
    first_other: Mutex<Option<String>>,
}

impl<'a> Reprint<'a> {
    /// `None` without a printer, or where it has nothing to print from.
    pub(super) fn new(
        options: &'a Options,
        manifest: &'a Manifest,
        stage: &Stage,
        unpacked: bool,
    ) -> Result<Option<Reprint<'a>>, PullError> {
        let Some(printer) = options.reprint.as_deref().filter(|_| options.select.dumps) else {
            return Ok(None);
        };
        let archives = manifest.files.iter().any(|file| file.role == ARCHIVE_ROLE);
        let of_packs =
            manifest.files.iter().filter(|file| unpacked && file.role == DICTIONARY_ROLE);
        Ok(Some(Reprint {
            of_packs: of_packs.map(|file| file.path.as_str()).collect(),
            printer,
            manifest,
            wanted: Wanted { site: options.select.site, unpacked, archives },
            root: stage.scratch("reprint")?.join("public"),
            printed: OnceLock::new(),
            other: AtomicU64::new(0),
            first_other: Mutex::default(),
        }))
    }

    /// Removes what is left, before the release is said to stand: a pull that is killed later is
    /// not run again. What is odd about it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub(super) fn end(self) -> Result<Vec<String>, PullError> {
        let dir = self.root.parent().unwrap_or(&self.root);
        fs::remove_dir_all(dir).map_err(failed("remove", dir))?;
        let mut warnings = Vec::new();
        if let Some(Err(why)) = self.printed.get() {
            warnings.push(format!("the site is fetched rather than printed: {why}"));
        }
        let first = self.first_other.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(first) = first {
            let count = self.other.into_inner();
            warnings.push(format!(
                "{count} files do not come out as the manifest lists them and are fetched; the \
                 first is {first}"
            ));
        }
        Ok(warnings)
    }
}

/// The role of a solid archive in the manifest.
pub(super) const ARCHIVE_ROLE: &str = "compat";

impl Work<'_> {
    /// Puts a file in place if it comes out of native JSON as listed.
    pub(super) fn reprint(&self, object: &Object) -> Result<bool, PullError> {
        let Some(reprint) = &self.reprint else { return Ok(false) };
        if reprint.of_packs.contains(&object.path.as_str()) {
            return Ok(false);
        }
        let Reprint { printer, manifest, wanted, root, .. } = reprint;
        let print = || printer.print(self.mirror.root(), manifest, *wanted, root);
        if reprint.printed.get_or_init(print).is_err() {
            return Ok(false);
        }
        let file = root.join(&object.path);
        if is(&file, object)? {
            match object.named {
                true => self.stage.adopt(&file, &object.path)?,
                false => self.stage.adopt_page(&file, &object.path)?,
            }
            return Ok(true);
        }
        reprint.other.fetch_add(1, Ordering::Relaxed);
        let mut first = reprint.first_other.lock().unwrap_or_else(PoisonError::into_inner);
        if first.as_ref().is_none_or(|first| object.path < *first) {
            *first = Some(object.path.clone());
        }
        Ok(false)
    }
}

/// Whether the file is there and is the object.
fn is(file: &Path, object: &Object) -> Result<bool, PullError> {
    if !fs::metadata(file).is_ok_and(|meta| meta.is_file() && meta.len() == object.bytes) {
        return Ok(false);
    }
    let mut hashing = Hashing::new(File::open(file).map_err(failed("read", file))?);
    io::copy(&mut hashing, &mut io::sink()).map_err(failed("read", file))?;
    Ok(hashing.finish().2 == object.sha256)
}
