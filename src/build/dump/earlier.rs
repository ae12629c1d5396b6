//! Records in the packs of the release before, for those that did not change: copying what was
//! printed of them costs a fifth of printing it again, and a frame with none that changed is taken
//! as it is.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::frame::FrameBuilder;
use crate::release::fetch::Source;
use crate::release::layout::{Format, PackId, Place, Spans};
use crate::release::manifest::Dump;
use crate::release::pack::{DecodedFrame, EncodedFrame, FrameDecoder, PackReader};

/// The packs of one number, in the order of the formats.
type Packs<'a> = Arc<Opened<'a>>;

struct Opened<'a> {
    readers: Vec<(Format, PackReader<'a, Source>)>,
    /// Whether there is none that could not be opened.
    all: bool,
}

/// The dumps of the release before. Memory: the tails of the packs of one number.
pub(in crate::build) struct Earlier<'a> {
    source: &'a Source,
    dumps: &'a BTreeMap<Format, Dump>,
    formats: &'a [Format],
    spans: Spans,
    open: Option<(PackId, Packs<'a>)>,
}

impl<'a> Earlier<'a> {
    /// Those in `formats`, whose frames cover what those of `spans` do or parts of it.
    pub(in crate::build) fn new(
        source: &'a Source,
        dumps: &'a BTreeMap<Format, Dump>,
        formats: &'a [Format],
        spans: Spans,
    ) -> Self {
        Earlier { source, dumps, formats, spans, open: None }
    }

    /// The frame at `place`. What cannot be opened is not there: it will be printed.
    pub(in crate::build) fn at(&mut self, place: Place) -> EarlierFrame<'a> {
        let packs = match self.open.take().filter(|(pack, _)| *pack == place.pack) {
            Some((_, packs)) => packs,
            None => Arc::new(self.packs(place.pack)),
        };
        self.open = Some((place.pack, Arc::clone(&packs)));
        EarlierFrame { packs, place, spans: self.spans, formats: self.formats.len() }
    }

    fn packs(&self, pack: PackId) -> Opened<'a> {
        let name = pack.to_string();
        let mut opened = Opened { readers: Vec::new(), all: true };
        for format in self.formats {
            let Some(dump) = self.dumps.get(format) else { continue };
            let Some(entry) = dump.packs.iter().find(|entry| entry.pack == name) else { continue };
            let reader = entry
                .pack_ref(*format)
                .and_then(|pack| PackReader::open(self.source, &pack, dump.spans).ok());
            match reader {
                Some(reader) => opened.readers.push((*format, reader)),
                None => opened.all = false,
            }
        }
        opened
    }
}

/// A frame of the release before, not read yet.
pub(in crate::build) struct EarlierFrame<'a> {
    packs: Packs<'a>,
    place: Place,
    spans: Spans,
    formats: usize,
}

impl EarlierFrame<'_> {
    /// Its records in every format. What cannot be read in one of them, or is damaged, is not
    /// there. Of a format whose frames are finer, those without a `touched` record stay encoded:
    /// `public` are the records that they had, in pack order.
    pub(in crate::build) fn read(
        &self,
        public: &[&str],
        touched: &[&str],
        decoder: &mut FrameDecoder,
    ) -> EarlierRecords {
        let mut records = EarlierRecords {
            formats: self.formats,
            damaged: !self.packs.all,
            ..EarlierRecords::default()
        };
        for (format, reader) in &self.packs.readers {
            let spans = self.spans.of(*format);
            let inside = self.spans.inside(*format, self.place);
            for info in inside.filter_map(|frame| reader.tail().find(frame)) {
                let place = info.place(self.place.pack);
                let is_here = |id: &&&str| spans.place(id) == place;
                let is_read = if touched.iter().any(|id| is_here(&id)) {
                    let frame = reader.decoded(info, decoder);
                    frame.map(|frame| records.add(*format, frame)).is_ok()
                } else {
                    let ids: Vec<&str> = public.iter().filter(is_here).copied().collect();
                    reader.encoded(info).is_ok_and(|frame| records.keep(*format, frame, &ids))
                };
                records.damaged |= !is_read;
            }
        }
        records
    }
}

/// Records as they were printed.
#[derive(Default)]
pub(in crate::build) struct EarlierRecords {
    /// In how many formats a record is.
    formats: usize,
    /// Whether something that is there could not be read.
    damaged: bool,
    frames: Vec<Vec<u8>>,
    /// Frames that stay encoded.
    kept: Vec<(Format, EncodedFrame)>,
    /// By id, where it is, in the order of the formats.
    places: BTreeMap<String, Vec<(Format, Spot)>>,
}

/// Where a record is.
enum Spot {
    /// In a frame that stays encoded.
    Kept,
    /// In which of the decoded ones, and where there.
    Decoded(usize, Range<usize>),
}

impl EarlierRecords {
    fn add(&mut self, format: Format, frame: DecodedFrame) {
        let number = self.frames.len();
        for (id, body) in frame.records(format.container()) {
            let start = body.as_ptr().addr() - frame.raw.as_ptr().addr();
            let spot = Spot::Decoded(number, start..start + body.len());
            self.places.entry(id.to_owned()).or_default().push((format, spot));
        }
        self.frames.push(frame.raw);
    }

    /// Takes a frame encoded, if it has these records.
    fn keep(&mut self, format: Format, frame: EncodedFrame, ids: &[&str]) -> bool {
        let is_kept = frame.holds(ids);
        if is_kept {
            for id in ids {
                self.places.entry((*id).to_owned()).or_default().push((format, Spot::Kept));
            }
            self.kept.push((format, frame));
        }
        is_kept
    }

    /// The frames that stay encoded: give them to the builder before its first record.
    pub(in crate::build) fn take_kept(&mut self) -> Vec<(Format, EncodedFrame)> {
        std::mem::take(&mut self.kept)
    }

    /// Its memory, for the next.
    pub(in crate::build) fn into_buffers(self) -> Vec<Vec<u8>> {
        self.frames
    }

    /// Whether nothing that is there could not be read.
    pub(in crate::build) fn is_whole(&self) -> bool {
        !self.damaged
    }

    /// Whether every record was copied or taken.
    pub(in crate::build) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Moves the record to a frame that is being built; `false` if it is not there in every
    /// format.
    pub(in crate::build) fn copy(&mut self, id: &str, builder: &mut FrameBuilder) -> bool {
        let is_everywhere = |places: &&Vec<_>| self.formats > 0 && places.len() == self.formats;
        let Some(places) = self.places.get(id).filter(is_everywhere) else { return false };
        let copied = builder.record(id, |format, out| {
            let spot = places.iter().find(|(of, _)| *of == format).map(|(_, spot)| spot);
            // The builder does not ask for what it has in a frame that was kept.
            let Some(Spot::Decoded(frame, range)) = spot else { return Err(()) };
            out.extend_from_slice(self.frames[*frame].get(range.clone()).ok_or(())?);
            Ok(())
        });
        if copied.is_ok() {
            self.places.remove(id);
        }
        copied.is_ok()
    }

    /// Takes the record out: its bytes in the formats that it is in. One that is in a frame that
    /// was kept stays: its bytes are not known.
    pub(in crate::build) fn take(&mut self, id: &str) -> BTreeMap<Format, Vec<u8>> {
        let body = |(format, spot): &(Format, Spot)| match spot {
            Spot::Decoded(frame, range) => {
                Some((*format, self.frames.get(*frame)?.get(range.clone())?.to_vec()))
            }
            Spot::Kept => None,
        };
        let places = self.places.get(id).into_iter().flatten();
        let Some(bodies) = places.map(body).collect() else { return BTreeMap::new() };
        self.places.remove(id);
        bodies
    }
}
