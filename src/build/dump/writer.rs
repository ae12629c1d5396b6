//! Makes packs out of rendered frames.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::compat::{Archive, CompatError, CompatWriter};
use super::frame::{DumpOptions, RenderedFrame};
use crate::build::Tally;
use crate::release::fetch::Source;
use crate::release::layout::{Format, PackId, Place};
use crate::release::manifest::{Dump, PackEntry};
use crate::release::pack::writer::WriteError;
use crate::release::pack::{FrameEncoder, PackError, PackReader, PackWriter};
use crate::release::stage::Stage;

/// Why the dumps could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// A pack could not be.
    #[error(transparent)]
    Pack(#[from] WriteError),
    /// A pack of the release before could not be read.
    #[error(transparent)]
    Old(#[from] PackError),
    /// A solid archive could not be.
    #[error(transparent)]
    Compat(#[from] CompatError),
    /// zstd does not accept the level.
    #[error("zstd cannot start")]
    Zstd(#[from] io::Error),
    /// Packs must come in rising order.
    #[error("pack {0} comes too late")]
    Order(PackId),
    /// A frame lacks one of the formats, or has them in another order.
    #[error("frame {frame} of pack {pack} does not have the formats of the build")]
    Formats {
        /// Pack name.
        pack: PackId,
        /// Frame number.
        frame: u32,
    },
}

/// What the writer made.
#[derive(Debug, Clone)]
pub struct Dumps {
    /// For the manifest.
    pub dumps: BTreeMap<Format, Dump>,
    /// The solid archives; empty when not wanted.
    pub compat: Vec<Archive>,
    /// Packs written.
    pub written: Tally,
    /// Packs that the pool had already.
    pub reused: Tally,
}

/// The dumps of the release before, for what did not change.
pub struct Standing<'a> {
    /// Where they are.
    pub source: &'a Source,
    /// What they are.
    pub dumps: &'a BTreeMap<Format, Dump>,
    /// Packs with a frame that is made anew.
    pub touched: BTreeSet<PackId>,
}

/// The packs of one number that frames are copied from, by the place of their format.
struct OldPack<'a> {
    pack: PackId,
    readers: Vec<(usize, Format, PackReader<'a, Source>)>,
}

/// Takes frames in order of their place and writes one pack per format at a time.
pub struct DumpWriter<'a> {
    stage: &'a Stage,
    standing: Option<Standing<'a>>,
    old: Option<OldPack<'a>>,
    options: DumpOptions,
    encoder: FrameEncoder,
    open: Option<(PackId, Vec<PackWriter<'a>>)>,
    last: Option<PackId>,
    packs: BTreeMap<Format, Vec<PackEntry>>,
    compat: Option<CompatWriter<'a>>,
    written: Tally,
    reused: Tally,
}

impl<'a> DumpWriter<'a> {
    /// A writer into the pool of the stage's web root.
    ///
    /// # Errors
    /// When zstd does not accept the level or a staged file cannot be created.
    pub fn new(stage: &'a Stage, options: DumpOptions) -> Result<Self, DumpError> {
        let compat = options.compat.clone().map(|compat| CompatWriter::new(stage, compat));
        Ok(DumpWriter {
            stage,
            standing: None,
            old: None,
            encoder: FrameEncoder::new(options.level)?,
            open: None,
            last: None,
            packs: options.formats.iter().map(|format| (*format, Vec::new())).collect(),
            compat: compat.transpose()?,
            options,
            written: Tally::default(),
            reused: Tally::default(),
        })
    }

    /// Goes on from the release before: [`keep`](Self::keep) then takes frames over from it.
    /// Not possible where solid archives are wanted: they need every record.
    #[must_use]
    pub fn after(mut self, standing: Standing<'a>) -> Self {
        self.standing = Some(standing);
        self
    }

    /// Appends a frame; frames come in rising order of [`RenderedFrame::place`].
    ///
    /// # Errors
    /// When the frame is out of order or writing fails.
    pub fn push(&mut self, frame: &RenderedFrame) -> Result<(), DumpError> {
        let pack = frame.place.pack;
        let mine = self.options.formats.iter();
        if !mine.eq(frame.formats.iter().map(|(format, _)| format)) {
            return Err(DumpError::Formats { pack, frame: frame.place.frame });
        }
        self.start(pack)?;
        let writers = self.open.iter_mut().flat_map(|(_, writers)| writers);
        for (writer, (_, frames)) in writers.zip(&frame.formats) {
            frames.iter().try_for_each(|frame| writer.push_frame(frame))?;
        }
        if let (Some(compat), Some(parts)) = (&mut self.compat, &frame.compat) {
            compat.push(parts)?;
        }
        Ok(())
    }

    /// Takes a frame over from the release before, in all formats; a place where that has no
    /// frame gives none. A pack without a touched frame is taken over whole, unread; frames of
    /// the others are copied without being decoded.
    ///
    /// # Errors
    /// When the frame is out of order, its pack cannot be read, or writing fails.
    pub fn keep(&mut self, place: Place) -> Result<(), DumpError> {
        let Some(standing) = &self.standing else { return Ok(()) };
        if !standing.touched.contains(&place.pack) {
            return if self.last == Some(place.pack) { Ok(()) } else { self.carry(place.pack) };
        }
        let spans = self.options.spans;
        let old = self.old_pack(place.pack)?;
        for (at, format, reader) in &old.readers {
            let inside = spans.inside(*format, place);
            for info in inside.filter_map(|frame| reader.tail().find(frame)) {
                self.start(place.pack)?;
                let writer = self.open.iter_mut().find_map(|(_, writers)| writers.get_mut(*at));
                writer.map_or(Ok(()), |writer| writer.copy_frame::<_, DumpError>(reader, info))?;
            }
        }
        self.old = Some(old);
        Ok(())
    }

    /// The packs of the release before that frames are copied from, opened. Put them back into
    /// `old`: the next frame is likely of the same.
    fn old_pack(&mut self, pack: PackId) -> Result<OldPack<'a>, DumpError> {
        if let Some(old) = self.old.take().filter(|old| old.pack == pack) {
            return Ok(old);
        }
        let name = pack.to_string();
        let mut readers = Vec::new();
        for (at, format) in self.options.formats.iter().enumerate() {
            let Some(standing) = &self.standing else { continue };
            let Some(dump) = standing.dumps.get(format) else { continue };
            let entry = dump.packs.iter().find(|entry| entry.pack == name);
            if let Some(pack) = entry.and_then(|entry| entry.pack_ref(*format)) {
                let reader = PackReader::open(standing.source, &pack, dump.spans)?;
                readers.push((at, *format, reader));
            }
        }
        Ok(OldPack { pack, readers })
    }

    /// Takes a whole pack over in every format that has it.
    fn carry(&mut self, pack: PackId) -> Result<(), DumpError> {
        self.close()?;
        self.begin(pack)?;
        let name = pack.to_string();
        for format in &self.options.formats {
            let dump = self.standing.as_ref().and_then(|standing| standing.dumps.get(format));
            let found = dump.and_then(|dump| dump.packs.iter().find(|entry| entry.pack == name));
            if let Some(entry) = found {
                self.reused.add(entry.bytes);
                self.packs.entry(*format).or_default().push(entry.clone());
            }
        }
        Ok(())
    }

    /// Sees to it that `pack` is the one being written.
    fn start(&mut self, pack: PackId) -> Result<(), DumpError> {
        if self.open.as_ref().is_some_and(|(open, _)| *open == pack) {
            return Ok(());
        }
        self.close()?;
        self.begin(pack)?;
        let (stage, spans) = (self.stage, self.options.spans);
        let formats = self.options.formats.iter();
        let writers =
            formats.map(|format| PackWriter::create(stage, *format, pack, spans.of(*format)));
        self.open = Some((pack, writers.collect::<Result<_, _>>()?));
        Ok(())
    }

    /// Ends the last pack and the archives.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(mut self) -> Result<Dumps, DumpError> {
        self.close()?;
        let compat = self.compat.map(CompatWriter::finish).transpose()?.unwrap_or_default();
        let spans = self.options.spans;
        let dumps = self.packs.into_iter();
        let dumps =
            dumps.map(|(format, packs)| (format, Dump::new(format, spans, packs))).collect();
        Ok(Dumps { dumps, compat, written: self.written, reused: self.reused })
    }

    fn begin(&mut self, pack: PackId) -> Result<(), DumpError> {
        if self.last.is_some_and(|last| last >= pack) {
            return Err(DumpError::Order(pack));
        }
        self.last = Some(pack);
        Ok(())
    }

    fn close(&mut self) -> Result<(), DumpError> {
        let Some((_, writers)) = self.open.take() else { return Ok(()) };
        for (format, writer) in self.options.formats.iter().zip(writers) {
            let Some(done) = writer.finish(&mut self.encoder)? else { continue };
            let tally = if done.reused { &mut self.reused } else { &mut self.written };
            tally.add(done.entry.bytes);
            self.packs.entry(*format).or_default().push(done.entry);
        }
        Ok(())
    }
}
