//! The site's files on their way to where they stand: at their paths, or in site packs.
//!
//! A worker's [`Press`] puts what it prints into groups; the sink's [`Binder`] puts the groups
//! of all frames into packs, and keeps or copies what did not change.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::ops::Range;
use std::path::Path;

use crate::release::fetch::Source;
use crate::release::hash::sha256;
use crate::release::layout::Place;
use crate::release::manifest::{FileEntry, Manifest, SiteLine, SitePack};
use crate::release::site_pack::{
    Block, DICTIONARY, DICTIONARY_ROLE, FRAMES, Fault, GROUP_RAW, Index, PackWriter, Packer,
    dictionary_path, dictionary_sha256, group, shelf,
};
use crate::release::stage::{Stage, Written};

use super::known::Known;
use super::site_list::Lines;
use super::{BuildError, Form, Tally};

/// What a frame has in the site packs.
pub(super) enum Pages {
    /// These groups. None if the site stands as files.
    Made(Block),
    /// Those at this place of the standing pack of its part.
    Kept(Range<u64>),
    /// Those, read because some of them will be copied.
    Read(Vec<u8>),
}

/// Puts the files of a frame where they belong. One per thread.
pub(super) struct Press {
    /// `None` for files at their paths.
    packer: Option<Packer>,
    block: Block,
    /// The groups that the build before made of this frame, and where in them each record's are.
    old: Vec<u8>,
    places: BTreeMap<String, (Range<usize>, Vec<SiteLine>)>,
}

impl Press {
    pub(super) fn new(form: Form) -> io::Result<Press> {
        let packer = (form == Form::Packs).then(|| Packer::new(GROUP_RAW)).transpose()?;
        Ok(Press { packer, block: Block::default(), old: Vec::new(), places: BTreeMap::new() })
    }

    /// Whether files go into packs.
    pub(super) fn packs(&self) -> bool {
        self.packer.is_some()
    }

    /// Takes what the build before left of a frame, to copy from.
    pub(super) fn start(
        &mut self,
        known: &Known,
        lines: &Lines,
        old: Pages,
    ) -> Result<(), BuildError> {
        let Pages::Read(old) = old else { return Ok(()) };
        let mut at = 0;
        for (id, _) in known.files().filter(|(_, files)| *files > 0) {
            let lines = lines.of(id)?;
            let groups = group::plan(sizes(&lines), GROUP_RAW).len();
            let bytes = group::frames_bytes(&old[at..], groups)
                .ok_or_else(|| damaged(&Fault::Index("groups do not follow each other")))?;
            self.places.insert(id.to_owned(), (at..at + bytes, lines));
            at += bytes;
        }
        self.old = old;
        Ok(())
    }

    /// Puts a file at `path`, and its variants, and says what they are, in the order of the list.
    pub(super) fn print(
        &mut self,
        stage: &Stage,
        path: String,
        bytes: &[u8],
    ) -> Result<Vec<Written>, BuildError> {
        let Some(packer) = &mut self.packer else {
            let variants = stage.variants(&path, bytes)?;
            let mut all = vec![stage.write_page(&path, bytes)?];
            all.extend(variants);
            return Ok(all);
        };
        let variants = stage.made_variants(&path, bytes)?;
        let mut all = Vec::with_capacity(1 + variants.len());
        let mut put = |path: String, bytes: &[u8]| {
            packer.push(&path, bytes, &mut self.block).map_err(failed)?;
            let (size, sha256) = (bytes.len() as u64, sha256(bytes));
            all.push(Written { path, bytes: size, sha256, reused: false });
            Ok::<_, BuildError>(())
        };
        put(path, bytes)?;
        variants.into_iter().try_for_each(|(path, bytes)| put(path, &bytes))?;
        Ok(all)
    }

    /// Ends the record `id`, which has the files `lines`: those just printed, or those it had.
    pub(super) fn end(&mut self, id: &str, lines: &[SiteLine]) -> Result<(), BuildError> {
        let Some(packer) = &mut self.packer else { return Ok(()) };
        if !packer.is_empty() {
            return packer.end(&mut self.block).map_err(failed);
        }
        if lines.is_empty() {
            return Ok(());
        }
        let frames = self.places.get(id).and_then(|(place, _)| self.old.get(place.clone()));
        let copied = self.block.copy(frames.unwrap_or_default(), sizes(lines), GROUP_RAW);
        copied.map_err(|fault| damaged(&fault))
    }

    /// Ends the record `id`, which has the files that it had.
    pub(super) fn copy(&mut self, id: &str) -> Result<(), BuildError> {
        let Some((place, lines)) = self.places.remove(id) else { return Ok(()) };
        let frames = self.old.get(place).unwrap_or_default();
        let copied = self.block.copy(frames, sizes(&lines), GROUP_RAW);
        copied.map_err(|fault| damaged(&fault))
    }

    /// Ends the frame.
    pub(super) fn finish(&mut self) -> Block {
        self.old = Vec::new();
        self.places.clear();
        std::mem::take(&mut self.block)
    }
}

fn sizes(lines: &[SiteLine]) -> impl Iterator<Item = (&str, u64)> {
    lines.iter().map(|line| (line.path.as_str(), line.bytes))
}

fn failed(source: io::Error) -> BuildError {
    BuildError::Write { what: "a site pack", source }
}

fn damaged(fault: &Fault) -> BuildError {
    failed(io::Error::other(format!("the standing one is damaged: {fault}")))
}

/// Range and part of a pack.
type PartName = (String, u32);

fn part_of(place: Place) -> PartName {
    (place.pack.to_string(), place.frame / FRAMES)
}

/// The packs of records of a release.
fn packs_of(manifest: &Manifest) -> BTreeMap<PartName, SitePack> {
    let parts = manifest.site.iter().flat_map(|entry| {
        entry.packs.iter().map(|pack| ((entry.range.clone(), pack.part), pack.clone()))
    });
    parts.collect()
}

/// The groups of frames in the standing packs, front to back.
pub(super) struct Standing<'a> {
    root: &'a Path,
    packs: BTreeMap<PartName, SitePack>,
    open: Option<(PartName, File)>,
    at: u64,
}

impl<'a> Standing<'a> {
    pub(super) fn new(root: &'a Path, manifest: &Manifest) -> Self {
        Standing { root, packs: packs_of(manifest), open: None, at: 0 }
    }

    /// The next `bytes` of the part that the frame at `place` is in, read if `read`. Parts come
    /// one after the other, and all frames of a part.
    pub(super) fn next(
        &mut self,
        place: Place,
        bytes: u64,
        read: bool,
    ) -> Result<Pages, BuildError> {
        if bytes == 0 {
            return Ok(Pages::Kept(0..0));
        }
        let part = part_of(place);
        if self.open.as_ref().is_none_or(|(open, _)| *open != part) {
            let missing = || failed(io::Error::other("a standing one is not listed"));
            let path = self.root.join(&self.packs.get(&part).ok_or_else(missing)?.path);
            let file = File::open(&path);
            let file = file.map_err(|source| BuildError::Standing { path, source })?;
            self.open = Some((part, file));
            self.at = 0;
        }
        let range = self.at..self.at + bytes;
        self.at = range.end;
        match &mut self.open {
            Some((_, file)) if read => read_at(file, &range).map(Pages::Read).map_err(failed),
            _ => Ok(Pages::Kept(range)),
        }
    }
}

fn read_at(file: &mut File, range: &Range<u64>) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(range.start))?;
    let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// What can be taken over of the release before.
#[derive(Default)]
pub(super) struct Shelved {
    packs: BTreeMap<PartName, SitePack>,
    /// Parts that a change falls into.
    touched: BTreeSet<PartName>,
}

impl Shelved {
    pub(super) fn new(manifest: &Manifest, touched: impl Iterator<Item = Place>) -> Shelved {
        Shelved { packs: packs_of(manifest), touched: touched.map(part_of).collect() }
    }
}

/// Binds the groups of frames, which come in pack order, into packs.
pub(super) struct Binder<'a> {
    stage: &'a Stage,
    shelved: Shelved,
    open: Option<(PartName, Part<'a>)>,
    /// Of the range at hand.
    bound: Vec<SitePack>,
    pub(super) written: Tally,
    pub(super) reused: Tally,
}

enum Part<'a> {
    /// Stays as it is.
    Kept(SitePack),
    /// Is written, with the standing one to copy from.
    Made(PackWriter<'a>, Option<(File, Index)>),
}

impl<'a> Binder<'a> {
    pub(super) fn new(stage: &'a Stage, shelved: Shelved) -> Self {
        Binder {
            stage,
            shelved,
            open: None,
            bound: Vec::new(),
            written: Tally::default(),
            reused: Tally::default(),
        }
    }

    /// Takes the groups of the next frame.
    pub(super) fn accept(&mut self, place: Place, pages: Pages) -> Result<(), BuildError> {
        let nothing = match &pages {
            Pages::Made(block) => block.rows.is_empty(),
            Pages::Kept(range) => range.is_empty(),
            Pages::Read(bytes) => bytes.is_empty(),
        };
        if nothing {
            return Ok(());
        }
        let part = part_of(place);
        if self.open.as_ref().is_none_or(|(open, _)| *open != part) {
            self.close()?;
            let opened = self.begin(&part)?;
            self.open = Some((part, opened));
        }
        let Some((_, Part::Made(writer, old))) = &mut self.open else { return Ok(()) };
        match (pages, old) {
            (Pages::Made(block), _) => writer.push(&block)?,
            (Pages::Kept(range), Some((file, index))) => {
                let mut block = Block::default();
                let data = read_at(file, &range).map_err(failed)?;
                block.copy_indexed(index, range.start, data);
                writer.push(&block)?;
            }
            _ => return Err(failed(io::Error::other("a standing one is not listed"))),
        }
        Ok(())
    }

    fn begin(&self, part: &PartName) -> Result<Part<'a>, BuildError> {
        let standing = self.shelved.packs.get(part);
        if let Some(pack) = standing.filter(|_| !self.shelved.touched.contains(part)) {
            return Ok(Part::Kept(pack.clone()));
        }
        let old = standing.map(|pack| {
            let source = Source::open(&self.stage.root().to_string_lossy());
            let path = self.stage.root().join(&pack.path);
            let file = File::open(&path);
            let file = file.map_err(|source| BuildError::Standing { path, source })?;
            Ok::<_, BuildError>((file, shelf::whole_index(&source, pack)?))
        });
        Ok(Part::Made(PackWriter::new(self.stage)?, old.transpose()?))
    }

    fn close(&mut self) -> Result<(), BuildError> {
        let Some(((range, part), opened)) = self.open.take() else { return Ok(()) };
        match opened {
            Part::Kept(pack) => {
                self.reused.add(pack.bytes);
                self.bound.push(pack);
            }
            Part::Made(writer, _) => {
                if let Some((pack, written)) = writer.finish(&format!("{range}-{part:03}"), None)? {
                    let tally = if written.reused { &mut self.reused } else { &mut self.written };
                    tally.add(pack.bytes);
                    self.bound.push(SitePack { part, ..pack });
                }
            }
        }
        Ok(())
    }

    /// Ends the range at hand and gives its packs.
    pub(super) fn end_range(&mut self) -> Result<Vec<SitePack>, BuildError> {
        self.close()?;
        Ok(std::mem::take(&mut self.bound))
    }
}

/// Writes the dictionary that the packs need, and gives its line for the manifest.
pub(super) fn write_dictionary(stage: &Stage) -> Result<FileEntry, BuildError> {
    let path = dictionary_path(dictionary_sha256());
    let Written { path, bytes, sha256, .. } = stage.write(&path, DICTIONARY)?;
    Ok(FileEntry {
        path,
        bytes,
        sha256,
        media_type: "application/octet-stream".to_owned(),
        role: DICTIONARY_ROLE.to_owned(),
        records: None,
    })
}
