//! Packs made from the packs of native JSON, so that only these need be fetched.
//!
//! What a record is in another format is not known here: a [`Maker`] that is given in the
//! options knows it. Whole frames are made by as many threads as there are, in any order, and
//! written in theirs. Where the release before has the same native frame, its frames in the
//! other formats are copied. A pack takes its place only if it is the one that the manifest
//! lists, so that the worst a maker can do is to be of no use.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::super::delta::apply::can_make;
use super::super::fetch::Source;
use super::super::layout::{Format, PackId, Place, Spans};
use super::super::manifest::{Manifest, PackEntry, Tool};
use super::super::pack::writer::WriteError;
use super::super::pack::{
    DecodedFrame, EncodedFrame, FrameDecoder, FrameEncoder, FrameInfo, PackError, PackReader,
    PackWriter,
};
use super::dumps::object;
use super::{PullError, Work};

/// The format that the others are made from.
pub(super) const NATIVE: Format = Format::NativeJson;

/// Whole frames that wait to be written, for each thread.
const AHEAD: usize = 8;

/// Who makes records of other formats from native ones: given from above, as nothing here knows
/// what a record is.
pub trait Maker: fmt::Debug + Send + Sync {
    /// A hand that makes frames of `formats` as the release of this manifest has them. One for
    /// each thread.
    ///
    /// # Errors
    /// When there is no memory for a compressor.
    fn hand(&self, manifest: &Manifest, formats: &[Format]) -> io::Result<Box<dyn Hand>>;
}

/// The frames of each format, in the order of formats asked for.
pub type Made = Vec<(Format, Vec<EncodedFrame>)>;

/// Makes one frame after the other; a pure function of what it is given.
pub trait Hand: Send {
    /// What belongs to the frame `place` of the repository's spans. `native` are the frames of
    /// native JSON there, which may be finer, in order.
    ///
    /// # Errors
    /// When a record cannot be made.
    fn make(&mut self, place: Place, native: &[DecodedFrame]) -> Result<Made, Unmade>;
}

/// A record, or a whole frame, that a [`Hand`] cannot make.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} cannot be made: {why}")]
pub struct Unmade {
    /// Record id or place.
    pub what: String,
    /// Why.
    pub why: String,
}

/// Why packs are not made. But where nothing can be written, they can be fetched.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    Made(#[from] Unmade),
    #[error("zstd cannot start")]
    Zstd(#[from] io::Error),
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Work<'_> {
    /// Makes the packs of `new` that do not stand, in every format but the native one, whose
    /// packs stand. What cannot be made is left out, with a warning.
    pub(super) fn rebuild(
        &mut self,
        maker: &dyn Maker,
        new: &Manifest,
        earlier: &[Manifest],
    ) -> Result<(), PullError> {
        let mut formats: BTreeSet<Format> = new.dumps.keys().copied().collect();
        if !formats.remove(&NATIVE) {
            self.warn("the release has no native JSON to make packs from; they are fetched".into());
            return Ok(());
        }
        if let Err(error) = can_make(new, &[]) {
            self.warn(format!("packs are fetched rather than made: {error}"));
            return Ok(());
        }
        if new.dumps.iter().any(|(format, dump)| dump.spans != new.spans.of(*format)) {
            self.warn("packs are fetched rather than made: their spans are not known".into());
            return Ok(());
        }
        let native = new.dumps.get(&NATIVE).map_or(&[][..], |dump| &dump.packs);
        for entry in native {
            let mut wanted = Vec::new();
            for format in &formats {
                let listed = new.dumps.get(format).map_or(&[][..], |dump| &dump.packs);
                let Some(pack) = listed.iter().find(|pack| pack.pack == entry.pack) else {
                    continue;
                };
                if !self.stands(&object(&pack.path, pack.bytes, &pack.sha256, true))? {
                    wanted.push((*format, pack));
                }
            }
            if wanted.is_empty() {
                continue;
            }
            for format in self.one(maker, new, earlier, entry, &wanted)? {
                let why = format!("were made by {} {}", new.tool.name, new.tool.version);
                if new.tool != Tool::this() && formats.remove(&format) {
                    self.warn(format!("other packs of {format} are fetched: they {why}"));
                }
            }
        }
        Ok(())
    }

    /// Makes one pack in several formats; the formats in which it came out as another.
    fn one(
        &mut self,
        maker: &dyn Maker,
        new: &Manifest,
        earlier: &[Manifest],
        native: &PackEntry,
        wanted: &[(Format, &PackEntry)],
    ) -> Result<Vec<Format>, PullError> {
        let source = Source::open(&self.mirror.root().to_string_lossy());
        let made = Press::new(&source, new, native, wanted)
            .map(|press| press.after(earlier))
            .and_then(|press| press.run(self, maker));
        let outcome = match made {
            Ok(outcome) => outcome,
            Err(Failed::Write(error)) => return Err(error.into()),
            Err(error) => {
                let pack = &native.pack;
                self.warn(format!("packs {pack} are fetched rather than made: {error}"));
                return Ok(Vec::new());
            }
        };
        let sum = &mut self.report.rebuilt;
        sum.frames_made += outcome.frames_made;
        sum.frames_copied += outcome.frames_copied;
        let mut other = Vec::new();
        for ((format, pack), good) in wanted.iter().zip(outcome.good) {
            if good {
                sum.files += 1;
                sum.bytes += pack.bytes;
                self.progress.advance(pack.bytes);
                self.told.insert(pack.path.clone());
            } else {
                other.push((*format, &pack.path));
            }
        }
        for (_, path) in &other {
            let what = "does not come out of native JSON as the manifest lists it; it is fetched";
            self.report.warnings.push(format!("{path} {what}"));
        }
        Ok(other.into_iter().map(|(format, _)| format).collect())
    }
}

/// What became of a pack.
struct Outcome {
    /// For each format wanted, whether it came out as listed.
    good: Vec<bool>,
    frames_made: u64,
    frames_copied: u64,
}

/// Makes one pack.
struct Press<'a> {
    source: &'a Source,
    new: &'a Manifest,
    pack: PackId,
    native: PackReader<'a, Source>,
    wanted: &'a [(Format, &'a PackEntry)],
    base: Option<Base<'a>>,
}

/// The same pack in the release before, in the native format and those wanted, in their order.
struct Base<'a> {
    native: PackReader<'a, Source>,
    others: Vec<PackReader<'a, Source>>,
}

/// A whole frame: its number, and the native frames in it.
type Whole = (u32, Vec<FrameInfo>);

/// The frames of each format, and whether they were copied.
type Frames = (Made, bool);

/// A hand and what it reads with.
type Busy = (Box<dyn Hand>, FrameDecoder);

impl<'a> Press<'a> {
    fn new(
        source: &'a Source,
        new: &'a Manifest,
        native: &PackEntry,
        wanted: &'a [(Format, &'a PackEntry)],
    ) -> Result<Self, Failed> {
        let native = opened(source, native, NATIVE, new.spans)?;
        let pack = native.tail().pack;
        Ok(Press { source, new, pack, native, wanted, base: None })
    }

    /// Goes on from the first of these releases that has the pack and was made alike.
    fn after(mut self, earlier: &'a [Manifest]) -> Self {
        let new = self.new;
        let alike = earlier.iter().filter(|old| {
            (&old.encoder, &old.tool, &old.repository, old.spans)
                == (&new.encoder, &new.tool, &new.repository, new.spans)
        });
        self.base = alike.filter_map(|old| self.base_in(old)).next();
        self
    }

    /// What cannot be opened is no base.
    fn base_in(&self, old: &Manifest) -> Option<Base<'a>> {
        let name = self.pack.to_string();
        let open = |format| {
            let entry = old.dumps.get(&format)?.packs.iter().find(|entry| entry.pack == name)?;
            opened(self.source, entry, format, old.spans).ok()
        };
        let others = self.wanted.iter().map(|(format, _)| open(*format)).collect::<Option<_>>()?;
        Some(Base { native: open(NATIVE)?, others })
    }

    fn run(&self, work: &Work<'_>, maker: &dyn Maker) -> Result<Outcome, Failed> {
        let mut writers = Vec::new();
        for (format, _) in self.wanted {
            let spans = self.new.spans.of(*format);
            writers.push(PackWriter::create(work.stage, *format, self.pack, spans)?);
        }
        match self.fill(maker, &mut writers) {
            Ok((frames_made, frames_copied)) => {
                let mut encoder = FrameEncoder::new(self.new.encoder.level)?;
                let mut good = Vec::new();
                for (writer, (_, entry)) in writers.into_iter().zip(self.wanted) {
                    good.push(writer.finish_as(entry, &mut encoder)?);
                }
                Ok(Outcome { good, frames_made, frames_copied })
            }
            Err(error) => {
                writers.into_iter().try_for_each(PackWriter::discard)?;
                Err(error)
            }
        }
    }

    /// Passes all frames to the writers; how many of them were made and how many copied.
    fn fill(
        &self,
        maker: &dyn Maker,
        writers: &mut [PackWriter<'_>],
    ) -> Result<(u64, u64), Failed> {
        let formats: Vec<Format> = self.wanted.iter().map(|(format, _)| *format).collect();
        let idle: Mutex<Vec<Busy>> = Mutex::new(Vec::new());
        let (mut made, mut copied) = (0, 0);
        let wholes = self.wholes();
        for some in wholes.chunks(AHEAD * rayon::current_num_threads()) {
            let done: Result<Vec<Frames>, Failed> = some
                .par_iter()
                .map(|whole| {
                    if let Some(frames) = self.standing(whole)? {
                        return Ok((frames, true));
                    }
                    let rested = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
                    let mut hand = match rested {
                        Some(hand) => hand,
                        None => (maker.hand(self.new, &formats)?, FrameDecoder::new()?),
                    };
                    let frames = self.make(whole, &mut hand)?;
                    idle.lock().unwrap_or_else(PoisonError::into_inner).push(hand);
                    Ok((frames, false))
                })
                .collect();
            for (frames, old) in done? {
                for (writer, (_, frames)) in writers.iter_mut().zip(&frames) {
                    *if old { &mut copied } else { &mut made } += frames.len() as u64;
                    frames.iter().try_for_each(|frame| writer.push_frame(frame))?;
                }
            }
        }
        Ok((made, copied))
    }

    fn wholes(&self) -> Vec<Whole> {
        let finer = self.new.spans.finer(NATIVE, self.pack);
        let mut wholes: Vec<Whole> = Vec::new();
        for info in &self.native.tail().frames {
            let number = info.frame / finer;
            match wholes.last_mut() {
                Some((last, infos)) if *last == number => infos.push(*info),
                _ => wholes.push((number, vec![*info])),
            }
        }
        wholes
    }

    fn inside(&self, whole: u32, format: Format) -> Range<u32> {
        self.new.spans.inside(format, Place { pack: self.pack, frame: whole })
    }

    /// The frames that the release before has, if its native ones are the same.
    fn standing(&self, (number, new): &Whole) -> Result<Option<Made>, Failed> {
        let Some(base) = &self.base else { return Ok(None) };
        let inside = self.inside(*number, NATIVE);
        let old: Vec<&FrameInfo> =
            inside.filter_map(|frame| base.native.tail().find(frame)).collect();
        let size = |info: &FrameInfo| (info.frame, info.data, info.card);
        if !old.iter().map(|info| size(info)).eq(new.iter().map(size)) {
            return Ok(None);
        }
        for (old, new) in old.into_iter().zip(new) {
            if base.native.fetch(old)? != self.native.fetch(new)? {
                return Ok(None);
            }
        }
        let mut all = Vec::new();
        for ((format, _), reader) in self.wanted.iter().zip(&base.others) {
            let infos = self.inside(*number, *format).filter_map(|frame| reader.tail().find(frame));
            let frames = infos.map(|info| reader.encoded(info)).collect::<Result<_, _>>()?;
            all.push((*format, frames));
        }
        Ok(Some(all))
    }

    fn make(&self, (number, infos): &Whole, (hand, decoder): &mut Busy) -> Result<Made, Failed> {
        let native: Result<Vec<DecodedFrame>, PackError> =
            infos.iter().map(|info| self.native.decoded(info, decoder)).collect();
        Ok(hand.make(Place { pack: self.pack, frame: *number }, &native?)?)
    }
}

fn opened<'a>(
    source: &'a Source,
    entry: &PackEntry,
    format: Format,
    spans: Spans,
) -> Result<PackReader<'a, Source>, Failed> {
    let pack = entry.pack_ref(format).ok_or_else(|| Unmade {
        what: entry.path.clone(),
        why: "its line in the manifest contradicts itself".into(),
    })?;
    Ok(PackReader::open(source, &pack, spans.of(format))?)
}
