//! Base packs and deltas give the next release's packs, byte for byte.
//!
//! Packs that are the same file in both releases are not opened. In the others untouched frames
//! are copied, touched ones decoded, spliced and compressed anew. What comes out must be what
//! the next manifest lists; if it is not, nothing is lost: the packs can be fetched.

use rayon::prelude::*;

use super::super::fetch::Source;
use super::super::layout::{Format, PackId, Spans};
use super::super::manifest::{Encoder, Manifest, PackEntry};
use super::super::pack::member::append;
use super::super::pack::{
    DecodedFrame, EncodedFrame, FrameDecoder, FrameEncoder, PackReader, PackWriter,
};
use super::super::stage::Stage;
use super::merge::{Change, Merged, What};
use super::rows::cannot_write;
use super::{Delta, DeltaError};
use crate::record::identifier::order_key;

/// What applying did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Packs written.
    pub packs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Frames copied as they were.
    pub copied: u64,
    /// Frames compressed anew.
    pub encoded: u64,
}

/// Whether this program makes the frames that `manifest` has, and `delta` may be applied to get
/// there.
///
/// # Errors
/// [`DeltaError::Encoder`] says which encoder it takes.
pub fn can_make(manifest: &Manifest, deltas: &[Delta]) -> Result<(), DeltaError> {
    let mine = Encoder::this(manifest.encoder.level, &manifest.spans);
    let theirs = &manifest.encoder;
    if mine == *theirs && deltas.iter().all(|delta| delta.encoder.as_ref() == Some(theirs)) {
        return Ok(());
    }
    let (release, zstd) = (manifest.release.clone(), theirs.zstd.clone());
    Err(DeltaError::Encoder { release, zstd, level: theirs.level })
}

/// Makes the packs of `to` in these formats in the pool of the stage's web root, which holds the
/// packs of `from` and the files of `deltas` in them, oldest first. `from` may be any release that
/// the first delta covers.
///
/// Memory: one frame and one chunk of rows for each format and delta. The formats are made side
/// by side on the current rayon pool.
///
/// # Errors
/// When this program cannot make such frames, a file is damaged, or the outcome is not what `to`
/// lists. Packs made by then stand in the pool and do no harm.
pub fn apply(
    stage: &Stage,
    from: &Manifest,
    to: &Manifest,
    deltas: &[Delta],
    formats: &[Format],
) -> Result<Applied, DeltaError> {
    can_make(to, deltas)?;
    let source = Source::open(&stage.root().to_string_lossy());
    let done: Result<Vec<Applied>, DeltaError> = formats
        .par_iter()
        .map(|format| Splice::new(stage, &source, from, to, *format)?.run(deltas))
        .collect();
    Ok(done?.into_iter().fold(Applied::default(), |sum, part| Applied {
        packs: sum.packs + part.packs,
        bytes: sum.bytes + part.bytes,
        copied: sum.copied + part.copied,
        encoded: sum.encoded + part.encoded,
    }))
}

struct Splice<'a> {
    stage: &'a Stage,
    source: &'a Source,
    format: Format,
    spans: Spans,
    old: Vec<&'a PackEntry>,
    new: &'a [PackEntry],
    encoder: FrameEncoder,
    decoder: FrameDecoder,
    done: Applied,
}

impl<'a> Splice<'a> {
    fn new(
        stage: &'a Stage,
        source: &'a Source,
        from: &'a Manifest,
        to: &'a Manifest,
        format: Format,
    ) -> Result<Self, DeltaError> {
        let apart = || DeltaError::Apart { from: from.release.clone(), to: to.release.clone() };
        let dump = to.dumps.get(&format).ok_or_else(apart)?;
        let base = from.dumps.get(&format).ok_or_else(apart)?;
        if base.spans != dump.spans || from.encoder != to.encoder {
            return Err(apart());
        }
        Ok(Splice {
            stage,
            source,
            format,
            spans: dump.spans,
            old: base.packs.iter().collect(),
            new: &dump.packs,
            encoder: FrameEncoder::new(to.encoder.level).map_err(cannot_write)?,
            decoder: FrameDecoder::new().map_err(cannot_write)?,
            done: Applied::default(),
        })
    }

    fn run(mut self, deltas: &[Delta]) -> Result<Applied, DeltaError> {
        let mut changes = Changes::new(Merged::new(self.source, deltas, self.format)?)?;
        for entry in self.new {
            let bad = || DeltaError::Open(entry.path.clone());
            let pack: PackId = entry.pack.parse().map_err(|_| bad())?;
            // Of packs that are gone, or the same all in all.
            while changes.pack(&self.spans).is_some_and(|at| at < pack) {
                changes.advance()?;
            }
            let old = self.old.iter().find(|old| old.pack == entry.pack).copied();
            if old.is_some_and(|old| old.sha256 == entry.sha256) {
                continue;
            }
            self.pack(pack, old, entry, &mut changes)?;
        }
        while changes.next.is_some() {
            changes.advance()?;
        }
        Ok(self.done)
    }

    fn pack(
        &mut self,
        pack: PackId,
        old: Option<&PackEntry>,
        new: &PackEntry,
        changes: &mut Changes,
    ) -> Result<(), DeltaError> {
        let old = old.and_then(|old| old.pack_ref(self.format));
        let old = old.map(|old| PackReader::open(self.source, &old, self.spans)).transpose()?;
        let infos = old.iter().flat_map(|old| old.tail().frames.clone());
        let mut infos = infos.collect::<Vec<_>>().into_iter().peekable();
        let mut out = PackWriter::create(self.stage, self.format, pack, self.spans)?;
        loop {
            let touched = changes.frame(&self.spans, pack);
            let number = match (infos.peek().map(|info| info.frame), touched) {
                (None, None) => break,
                (Some(known), Some(touched)) => known.min(touched),
                (Some(one), None) | (None, Some(one)) => one,
            };
            let info = infos.next_if(|info| info.frame == number);
            if touched != Some(number) {
                if let (Some(old), Some(info)) = (&old, info) {
                    out.copy_frame::<_, DeltaError>(old, &info)?;
                    self.done.copied += 1;
                }
                continue;
            }
            let before = match (&old, info) {
                (Some(old), Some(info)) => old.decoded(&info, &mut self.decoder)?,
                _ => DecodedFrame { ids: Vec::new(), raw: Vec::new() },
            };
            let (ids, raw) = self.splice(&before, number, pack, changes)?;
            if !ids.is_empty() {
                let place = super::super::layout::Place { pack, frame: number };
                let frame = EncodedFrame::new(&self.spans, place, &ids, &raw, &mut self.encoder)?;
                out.push_frame(&frame)?;
                self.done.encoded += 1;
            }
        }
        if !out.finish_as(new, &mut self.encoder)? {
            return Err(DeltaError::Open(new.path.clone()));
        }
        self.done.packs += 1;
        self.done.bytes += new.bytes;
        Ok(())
    }

    /// The records of a frame after its changes.
    fn splice(
        &self,
        before: &DecodedFrame,
        number: u32,
        pack: PackId,
        changes: &mut Changes,
    ) -> Result<(Vec<String>, Vec<u8>), DeltaError> {
        let container = self.format.container();
        let (mut ids, mut raw) = (Vec::new(), Vec::with_capacity(before.raw.len()));
        let mut put = |id: &str, body: &[u8]| -> Result<(), DeltaError> {
            append(container, id, &mut raw, |out| out.extend_from_slice(body))
                .map_err(|error| DeltaError::damaged(id, error))?;
            ids.push(id.to_owned());
            Ok(())
        };
        let mut old = before.records(container).peekable();
        while let Some(change) = changes.take_in(&self.spans, pack, number)? {
            let place = (change.key, change.id.as_str());
            while let Some((id, body)) = old.next_if(|(id, _)| (order_key(id), *id) < place) {
                put(id, body)?;
            }
            old.next_if(|(id, _)| *id == change.id);
            if let What::Upsert { body, .. } = &change.what {
                put(&change.id, body)?;
            }
        }
        old.try_for_each(|(id, body)| put(id, body))?;
        Ok((ids, raw))
    }
}

/// The changes, with the next one in sight.
struct Changes {
    stream: Merged,
    next: Option<Change>,
}

impl Changes {
    fn new(mut stream: Merged) -> Result<Self, DeltaError> {
        let next = stream.next().transpose()?;
        Ok(Changes { stream, next })
    }

    fn advance(&mut self) -> Result<Option<Change>, DeltaError> {
        let next = self.stream.next().transpose()?;
        Ok(std::mem::replace(&mut self.next, next))
    }

    /// The pack of the next change.
    fn pack(&self, spans: &Spans) -> Option<PackId> {
        self.next.as_ref().map(|change| spans.place_of(change.key).pack)
    }

    /// The frame of the next change, if it is in this pack.
    fn frame(&self, spans: &Spans, pack: PackId) -> Option<u32> {
        let place = self.next.as_ref().map(|change| spans.place_of(change.key))?;
        (place.pack == pack).then_some(place.frame)
    }

    /// The next change, if it is in this frame.
    fn take_in(
        &mut self,
        spans: &Spans,
        pack: PackId,
        frame: u32,
    ) -> Result<Option<Change>, DeltaError> {
        if self.frame(spans, pack) == Some(frame) { self.advance() } else { Ok(None) }
    }
}
