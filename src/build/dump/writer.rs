//! Makes packs out of rendered frames.

use std::collections::BTreeMap;
use std::io;

use super::compat::{Archive, CompatError, CompatWriter};
use super::frame::{DumpOptions, RenderedFrame};
use crate::build::Tally;
use crate::release::layout::{Format, PackId};
use crate::release::manifest::{Dump, PackEntry};
use crate::release::pack::writer::WriteError;
use crate::release::pack::{FrameEncoder, PackWriter};
use crate::release::stage::Stage;

/// Why the dumps could not be written.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// A pack could not be.
    #[error(transparent)]
    Pack(#[from] WriteError),
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

/// Takes frames in order of their place and writes one pack per format at a time.
pub struct DumpWriter<'a> {
    stage: &'a Stage,
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
        if self.open.as_ref().is_none_or(|(open, _)| *open != pack) {
            self.close()?;
            self.begin(pack)?;
            let (stage, spans) = (self.stage, self.options.spans);
            let formats = self.options.formats.iter();
            let writers =
                formats.map(|format| PackWriter::create(stage, *format, pack, spans.of(*format)));
            self.open = Some((pack, writers.collect::<Result<_, _>>()?));
        }
        let writers = self.open.iter_mut().flat_map(|(_, writers)| writers);
        for (writer, (_, frames)) in writers.zip(&frame.formats) {
            frames.iter().try_for_each(|frame| writer.push_frame(frame))?;
        }
        if let (Some(compat), Some(parts)) = (&mut self.compat, &frame.compat) {
            compat.push(parts)?;
        }
        Ok(())
    }

    /// Takes over an unchanged pack of the release before, in all its formats, without reading
    /// it. Not possible where solid archives are wanted: they need every record.
    ///
    /// # Errors
    /// When the pack is out of order.
    pub fn carry(
        &mut self,
        pack: PackId,
        entries: &[(Format, PackEntry)],
    ) -> Result<(), DumpError> {
        self.close()?;
        self.begin(pack)?;
        for (format, entry) in entries {
            self.reused.add(entry.bytes);
            self.packs.entry(*format).or_default().push(entry.clone());
        }
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
