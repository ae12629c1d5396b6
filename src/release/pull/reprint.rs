//! The site of a release, and its solid archives, printed here rather than fetched.
//!
//! How that is done is not known here: a [`Printer`] that is given in the options knows it. It
//! is asked once, when the first file is wanted, and prints a whole web root into the stage. A
//! file of it takes its place only if it is the one that the manifest lists; any other is
//! fetched. So the worst a printer can do is to be of no use.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::super::manifest::{ARCHIVE_ROLE, Manifest};
use super::super::site_pack::DICTIONARY_ROLE;
use super::super::stage::Stage;
use super::mirror::failed;
use super::objects::Object;
use super::{Options, PullError, Work};

/// What is to be printed, and of what.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The web root in which the packs and the files of the release directory stand.
    pub mirror: &'a Path,
    /// Of the release.
    pub manifest: &'a Manifest,
    /// Pages, exports, lists.
    pub site: bool,
    /// Pages each at its path, though the release has them in packs.
    pub unpacked: bool,
    /// The solid archives of the dumps.
    pub archives: bool,
}

/// Who prints a site of the native JSON of a release.
pub trait Printer: fmt::Debug + Send + Sync {
    /// Prints what is ordered, as the web root `root`. The directory of `root` is empty and goes
    /// with all that is left in it.
    ///
    /// # Errors
    /// Why nothing can be printed.
    fn print(&self, order: Order<'_>, root: &Path) -> Result<(), String>;
}

/// A web root that is printed when it is first looked at.
pub(super) struct Reprint<'a> {
    printer: &'a dyn Printer,
    order: Order<'a>,
    /// What only packs of pages need.
    of_packs: Option<&'a str>,
    root: PathBuf,
    printed: OnceLock<Result<(), String>>,
    /// How many files are not there or are others, and the first of them by name.
    other: Mutex<(u64, Option<String>)>,
}

impl<'a> Reprint<'a> {
    /// `None` without a printer, or where it has nothing to print from.
    pub(super) fn new(
        options: &'a Options,
        mirror: &'a Path,
        manifest: &'a Manifest,
        stage: &Stage,
        unpacked: bool,
    ) -> Result<Option<Reprint<'a>>, PullError> {
        let Some(printer) = options.reprint.as_deref().filter(|_| options.select.dumps) else {
            return Ok(None);
        };
        let archives = manifest.files.iter().any(|file| file.role == ARCHIVE_ROLE);
        let of_packs = manifest.files.iter().find(|file| unpacked && file.role == DICTIONARY_ROLE);
        Ok(Some(Reprint {
            printer,
            order: Order { mirror, manifest, site: options.select.site, unpacked, archives },
            of_packs: of_packs.map(|file| file.path.as_str()),
            root: stage.scratch("reprint")?.join("public"),
            printed: OnceLock::new(),
            other: Mutex::default(),
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
        let other = self.other.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let (count, Some(first)) = other {
            warnings.push(format!(
                "{count} files do not come out as the manifest lists them and are fetched; the \
                 first is {first}"
            ));
        }
        Ok(warnings)
    }
}

impl Work<'_> {
    /// Puts a file in place if it comes out of native JSON as listed.
    pub(super) fn reprint(&self, object: &Object) -> Result<bool, PullError> {
        let Some(reprint) = &self.reprint else { return Ok(false) };
        if reprint.of_packs == Some(object.path.as_str()) {
            return Ok(false);
        }
        let Reprint { printer, order, root, .. } = reprint;
        let print = || printer.print(*order, root);
        if reprint.printed.get_or_init(print).is_err() {
            return Ok(false);
        }
        let file = root.join(&object.path);
        if object.is(&file)? {
            match object.named {
                true => self.stage.adopt(&file, &object.path)?,
                false => self.stage.adopt_page(&file, &object.path)?,
            }
            return Ok(true);
        }
        let mut other = reprint.other.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, first) = &mut *other;
        *count += 1;
        if first.as_ref().is_none_or(|first| object.path < *first) {
            *first = Some(object.path.clone());
        }
        Ok(false)
    }
}
