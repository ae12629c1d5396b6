//! The dumps of a release: from deltas where that is less, else pack by pack; made from native
//! JSON if that is wanted.

use super::super::delta::apply::{apply, can_make};
use super::super::delta::shelf::{DeltaLine, Shelf, complete_release};
use super::super::delta::{Delta, DeltaError};
use super::super::fetch::Source;
use super::super::layout::Format;
use super::super::manifest::{ARCHIVE_ROLE, FORMAT, FileEntry, Manifest};
use super::super::pointer::{ReleaseLine, Releases};
use super::objects::Object;
use super::rebuild::NATIVE;
use super::{PullError, Work};

impl Work<'_> {
    /// Sees to it that all dumps of `new` stand; the deltas that the mirror holds then.
    pub(super) fn dumps(
        &mut self,
        new: &Manifest,
        earlier: &[Manifest],
        list: &Releases,
    ) -> Result<Shelf, PullError> {
        let listed = match Shelf::read(self.source) {
            Ok(listed) => listed,
            Err(error) => {
                self.warn(format!("the list of deltas is not used: {error}"));
                Shelf { format: FORMAT, deltas: Vec::new() }
            }
        };
        let mut formats: Vec<Format> = new.dumps.keys().copied().collect();
        if let Some(maker) = &self.options.rebuild {
            formats.retain(|format| *format != NATIVE);
            self.packs(new, earlier, list, &listed, &[NATIVE])?;
            self.rebuild(maker.as_ref(), new, earlier)?;
        }
        self.packs(new, earlier, list, &listed, &formats)?;
        let files = new.files.iter().filter(|file| is_dump(&file.path));
        let (archives, files): (Vec<_>, Vec<_>) = files.partition(|f| f.role == ARCHIVE_ROLE);
        let objects = |files: Vec<&FileEntry>| -> Vec<Object> {
            let files = files.into_iter();
            files.map(|file| object(&file.path, file.bytes, &file.sha256, false)).collect()
        };
        // An archive may be printed, and the others say how.
        self.have("files", &objects(files))?;
        self.have_printed("files", &objects(archives))?;
        Ok(self.kept(listed))
    }

    /// Sees to it that all packs of these formats stand.
    fn packs(
        &mut self,
        new: &Manifest,
        earlier: &[Manifest],
        list: &Releases,
        listed: &Shelf,
        formats: &[Format],
    ) -> Result<(), PullError> {
        let dumps = formats.iter().filter_map(|format| new.dumps.get(format));
        let packs: Vec<Object> = dumps
            .flat_map(|dump| &dump.packs)
            .map(|pack| object(&pack.path, pack.bytes, &pack.sha256, true))
            .collect();
        if self.options.deltas {
            self.by_deltas(new, earlier, list, listed, &packs, formats)?;
        }
        self.have("packs", &packs)
    }

    /// Makes packs from deltas, if that moves fewer bytes. Whatever is in the way, packs can
    /// still be fetched.
    fn by_deltas(
        &mut self,
        new: &Manifest,
        earlier: &[Manifest],
        list: &Releases,
        listed: &Shelf,
        packs: &[Object],
        formats: &[Format],
    ) -> Result<(), PullError> {
        let mut missing = 0u64;
        for pack in packs {
            if !self.stands(pack)? {
                missing = missing.saturating_add(pack.bytes);
            }
        }
        if missing == 0 || can_make(new, &[]).is_err() {
            return Ok(());
        }
        let way = self.way(new, earlier, list, listed, formats)?;
        let Some((old, way)) = way else { return Ok(()) };
        let cost: u64 = way.iter().map(|line| line.cost(formats.iter().copied())).sum();
        if cost >= missing {
            return Ok(());
        }
        match self.fetch_deltas(&way, formats).and_then(|deltas| {
            can_make(new, &deltas)?;
            let done = apply(self.stage, old, new, &deltas, formats)?;
            self.report.made.files += done.packs;
            self.report.made.bytes += done.bytes;
            let known = &mut self.report.deltas;
            for dir in deltas.iter().map(Delta::dir) {
                // Of other formats they may have been used before.
                if !known.contains(&dir) {
                    known.push(dir);
                }
            }
            Ok(())
        }) {
            Ok(()) => Ok(()),
            // The disk is full, or the like: packs would not help.
            Err(error @ (PullError::Stage(_) | PullError::Io { .. })) => Err(error),
            Err(error @ PullError::Delta(DeltaError::Stage(_))) => Err(error),
            Err(error) => {
                self.warn(format!("deltas are not used: {error}"));
                Ok(())
            }
        }
    }

    /// The release that stands, whole, and the deltas that lead from it to `new`.
    fn way<'m, 's>(
        &self,
        new: &Manifest,
        earlier: &'m [Manifest],
        list: &Releases,
        listed: &'s Shelf,
        formats: &[Format],
    ) -> Result<Option<(&'m Manifest, Vec<&'s DeltaLine>)>, PullError> {
        let local = Source::open(&self.mirror.root().to_string_lossy());
        let line = |release: &str| -> Option<&ReleaseLine> {
            list.releases.iter().find(|line| line.release == release)
        };
        let Some(head) = line(&new.release) else { return Ok(None) };
        for old in earlier {
            let Some(at) = line(&old.release).filter(|at| at.sequence < head.sequence) else {
                continue;
            };
            if complete_release(&local, at)?.is_none() {
                continue;
            }
            let cost = |line: &DeltaLine| line.cost(formats.iter().copied());
            return Ok(listed.way(at.sequence, head.sequence, cost).map(|way| (old, way)));
        }
        Ok(None)
    }

    /// Descriptions, rows of these formats and deletions.
    fn fetch_deltas(
        &mut self,
        way: &[&DeltaLine],
        formats: &[Format],
    ) -> Result<Vec<Delta>, PullError> {
        let heads: Vec<Object> =
            way.iter().map(|line| object(&line.path, line.bytes, &line.sha256, false)).collect();
        self.have("deltas", &heads)?;
        let local = Source::open(&self.mirror.root().to_string_lossy());
        let deltas: Result<Vec<Delta>, DeltaError> =
            way.iter().map(|line| line.read(&local)).collect();
        let deltas = deltas?;
        let files = deltas.iter().flat_map(|delta| delta.files_of(formats));
        let files: Vec<Object> =
            files.map(|rows| object(&rows.path, rows.bytes, &rows.sha256, false)).collect();
        self.have("deltas", &files)?;
        Ok(deltas)
    }

    /// The listed deltas whose files the mirror has, by size.
    fn kept(&self, listed: Shelf) -> Shelf {
        let local = Source::open(&self.mirror.root().to_string_lossy());
        let here = |line: &DeltaLine| {
            line.read(&local).is_ok_and(|delta| {
                delta.files().all(|rows| local.size(&rows.path).ok().flatten() == Some(rows.bytes))
            })
        };
        Shelf { format: FORMAT, deltas: listed.deltas.into_iter().filter(here).collect() }
    }

    pub(super) fn warn(&mut self, warning: String) {
        self.report.warnings.push(warning);
    }
}

/// Whether a file that is no pack belongs to the dumps; `dumps/index.html` is a page.
pub(super) fn is_dump(path: &str) -> bool {
    path.starts_with("dumps/") && path != "dumps/index.html"
}

pub(super) fn object(path: &str, bytes: u64, sha256: &str, named: bool) -> Object {
    Object { path: path.to_owned(), bytes, sha256: sha256.to_owned(), named }
}
