//! Writes one pack file, frame by frame.

use std::io::Write;

use super::super::fetch::RangeSource;
use super::super::hash::NAME_DIGITS;
use super::super::layout::{Container, Format, PackId, Spans, pack_path};
use super::super::manifest::PackEntry;
use super::super::stage::{Sealed, Stage, StageError, StagedFile};
use super::index::END_OF_ARCHIVE;
use super::{EncodedFrame, FrameEncoder, FrameInfo, PackError, PackReader, Tail};

/// Why a pack could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A file could not be.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// Bytes could not be written to the stage.
    #[error("cannot write pack {pack}")]
    Io {
        /// Pack name.
        pack: String,
        /// Cause.
        source: std::io::Error,
    },
    /// Frames must come in rising order, all of this pack.
    #[error("pack {pack}: frame {frame} comes too late or belongs to another pack")]
    Order {
        /// Pack name.
        pack: String,
        /// Frame number.
        frame: u32,
    },
}

/// A pack being written. Nothing is visible before [`PackWriter::finish`].
pub struct PackWriter<'a> {
    file: StagedFile<'a>,
    format: Format,
    spans: Spans,
    tail: Tail,
    raw_bytes: u64,
    ends: Option<(String, String)>,
    /// Memory of the frame that was copied last.
    room: Vec<u8>,
}

/// A finished pack: its line in the manifest, and whether it stood there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedPack {
    /// What the manifest says of it.
    pub entry: PackEntry,
    /// Whether the pool had it.
    pub reused: bool,
}

impl<'a> PackWriter<'a> {
    /// Starts `pack` of `format` in the stage.
    ///
    /// # Errors
    /// When the staged file cannot be created.
    pub fn create(
        stage: &'a Stage,
        format: Format,
        pack: PackId,
        spans: Spans,
    ) -> Result<Self, WriteError> {
        let tail = Tail::new(pack, format.container());
        let (file, room) = (stage.file()?, Vec::new());
        Ok(PackWriter { file, format, spans, tail, raw_bytes: 0, ends: None, room })
    }

    /// Appends a frame; frames come in rising order of their number.
    ///
    /// # Errors
    /// When the frame is of another pack or out of order, or writing fails.
    pub fn push_frame(&mut self, frame: &EncodedFrame) -> Result<(), WriteError> {
        let pack = self.tail.pack;
        let number = frame.place.frame;
        let follows = self.tail.frames.last().is_none_or(|before| before.frame < number);
        if frame.place.pack != pack || !follows {
            return Err(WriteError::Order { pack: pack.to_string(), frame: number });
        }
        self.write(&frame.data)?;
        self.write(&frame.card)?;
        self.tail.push(frame);
        self.raw_bytes += u64::from(frame.raw_len);
        match &mut self.ends {
            Some((_, last)) => last.clone_from(&frame.last_id),
            None => self.ends = Some((frame.first_id.clone(), frame.last_id.clone())),
        }
        Ok(())
    }

    /// Appends a frame of another pack as it is, see [`PackReader::encoded`]. New memory for each
    /// frame would cost as much as copying it: one after another takes the same.
    ///
    /// # Errors
    /// Those of [`PackReader::encoded`] and of [`push_frame`](Self::push_frame).
    pub fn copy_frame<S, E>(&mut self, from: &PackReader<'_, S>, info: &FrameInfo) -> Result<(), E>
    where
        S: RangeSource + ?Sized,
        E: From<PackError> + From<WriteError>,
    {
        let frame = from.encoded_in(info, std::mem::take(&mut self.room))?;
        self.push_frame(&frame)?;
        self.room = frame.data;
        Ok(())
    }

    /// Writes the tail and puts the file into the pool under its hash. `None`, and no file, when
    /// no frame was pushed.
    ///
    /// # Errors
    /// When any step fails; the pool is then unchanged.
    pub fn finish(self, encoder: &mut FrameEncoder) -> Result<Option<FinishedPack>, WriteError> {
        let Some((sealed, entry)) = self.seal(encoder)? else { return Ok(None) };
        let written = sealed.keep_once(&entry.path)?;
        Ok(Some(FinishedPack { entry, reused: written.reused }))
    }

    /// [`finish`](Self::finish) of a pack that is to be the one that a manifest lists; any other
    /// is dropped before it has a name. Returns whether it is that one.
    ///
    /// # Errors
    /// When any step fails; the pool is then unchanged.
    pub fn finish_as(
        self,
        wanted: &PackEntry,
        encoder: &mut FrameEncoder,
    ) -> Result<bool, WriteError> {
        let Some((sealed, entry)) = self.seal(encoder)? else { return Ok(false) };
        if entry != *wanted {
            sealed.discard()?;
            return Ok(false);
        }
        sealed.keep_once(&entry.path)?;
        Ok(true)
    }

    /// Gives the pack up.
    ///
    /// # Errors
    /// When the staged file cannot be removed.
    pub fn discard(self) -> Result<(), WriteError> {
        Ok(self.file.discard()?)
    }

    /// Writes the tail; the file and what the manifest would say of it.
    fn seal(
        mut self,
        encoder: &mut FrameEncoder,
    ) -> Result<Option<(Sealed<'a>, PackEntry)>, WriteError> {
        let Some((first_id, last_id)) = self.ends.take() else {
            self.file.discard()?;
            return Ok(None);
        };
        if self.format.container() == Container::Tar {
            let end = encoder
                .encode(&[0; END_OF_ARCHIVE])
                .map_err(|source| WriteError::Io { pack: self.tail.pack.to_string(), source })?;
            self.write(&end)?;
            self.tail.end = end.len() as u32;
            self.raw_bytes += END_OF_ARCHIVE as u64;
        }
        let tail = self.tail.encode(&self.spans);
        self.write(&tail)?;
        let sealed = self.file.seal()?;
        let hash12 = &sealed.sha256[..NAME_DIGITS];
        let path = pack_path(self.format, self.tail.pack, hash12);
        let entry = PackEntry {
            pack: self.tail.pack.to_string(),
            path,
            bytes: sealed.bytes,
            sha256: sealed.sha256.clone(),
            records: self.tail.records,
            first_id,
            last_id,
            raw_bytes: self.raw_bytes,
            frames: self.tail.frames.len() as u64,
            tail_bytes: tail.len() as u64,
        };
        Ok(Some((sealed, entry)))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.file
            .write_all(bytes)
            .map_err(|source| WriteError::Io { pack: self.tail.pack.to_string(), source })
    }
}
