//! One frame in every format: pure work for a worker thread.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::ops::Range;

use super::compat::{CompatOptions, CompatParts};
use crate::crosswalk::datacite::DataCite;
use crate::release::layout::{Format, Place, Spans};
use crate::release::pack::codec::EncodeError;
use crate::release::pack::member::{self, Unwritable};
use crate::release::pack::{EncodedFrame, Fault, FrameEncoder};

/// What the dumps of a build look like. Constant within a build.
#[derive(Debug, Clone)]
pub struct DumpOptions {
    /// How ids map to packs and frames.
    pub spans: Spans,
    /// zstd level.
    pub level: i32,
    /// Formats to write, each once.
    pub formats: Vec<Format>,
    /// Whether and how to write the solid gzip archives too.
    pub compat: Option<CompatOptions>,
}

impl Default for DumpOptions {
    /// Default spans, level 3, every format, no solid archives.
    fn default() -> Self {
        DumpOptions {
            spans: Spans::default(),
            level: 3,
            formats: Format::ALL.to_vec(),
            compat: None,
        }
    }
}

/// Why a record is not in the frame. It is then in none of the formats.
#[derive(Debug, thiserror::Error)]
pub enum RecordError<E> {
    /// Its crosswalk refused it.
    #[error("{format}: {error}")]
    Crosswalk {
        /// The format that could not be written.
        format: Format,
        /// What the crosswalk says.
        error: E,
    },
    /// Its bytes do not fit the container.
    #[error("{format}: {error}")]
    Unwritable {
        /// The format that could not be written.
        format: Format,
        /// Why.
        error: Unwritable,
    },
}

/// Collects the records of one frame, then compresses them. One per thread, used again and
/// again: its buffers and compressor are kept.
pub struct FrameBuilder {
    options: DumpOptions,
    encoder: FrameEncoder,
    streams: Vec<Stream>,
    place: Option<Place>,
    ids: Vec<String>,
}

/// Capacity of a stream: three times the usual. Taken at once, for what is not written to is not
/// in memory, and a buffer that grows by copies is there twice each time.
const ROOM: usize = 4 << 20;

/// One format's records of the frame. Its own frames may be finer than the builder's.
struct Stream {
    format: Format,
    spans: Spans,
    raw: Vec<u8>,
    /// What `raw` came to in the frames before, on the average.
    usual: usize,
    /// Where its frames begin: which, the number of its first record, the first byte.
    starts: Vec<(Place, usize, usize)>,
    /// Frames that are there already, whose records are not written again.
    kept: BTreeMap<Place, EncodedFrame>,
    /// Where the bytes of the last record are.
    last: Range<usize>,
}

impl Stream {
    fn clear(&mut self) {
        let raw = self.raw.len();
        if raw > self.usual + self.usual / 8 {
            // What later frames would not write to gives way to memory not yet written to.
            self.raw = Vec::with_capacity(ROOM);
        }
        // One such frame says little of those to come.
        let raw = raw.min(2 * self.usual.max(ROOM / 8));
        self.usual = (7 * self.usual + raw) / 8;
        self.raw.clear();
        self.starts.clear();
        self.kept.clear();
        self.last = 0..0;
    }

    /// Compresses its frames.
    fn encode(
        &mut self,
        ids: &[String],
        encoder: &mut FrameEncoder,
    ) -> Result<Vec<EncodedFrame>, EncodeError> {
        let ends = self.starts.iter().skip(1).map(|(_, record, byte)| (*record, *byte));
        let ends = ends.chain([(ids.len(), self.raw.len())]);
        let frames = self.starts.iter().zip(ends).map(|((place, record, byte), end)| {
            let (ids, raw) = (&ids[*record..end.0], &self.raw[*byte..end.1]);
            match self.kept.remove(place) {
                Some(kept) if kept.holds(ids) => Ok(kept),
                Some(_) => Err(other_records(*place)),
                None => EncodedFrame::new(&self.spans, *place, ids, raw, encoder),
            }
        });
        let frames = frames.collect::<Result<_, _>>()?;
        match self.kept.first_key_value() {
            Some((place, _)) => Err(other_records(*place)),
            None => Ok(frames),
        }
    }
}

/// What is wrong if a frame that was kept is not of the records that came.
fn other_records(place: Place) -> EncodeError {
    let (pack, frame) = (place.pack.to_string(), place.frame);
    EncodeError::Frame { pack, frame, fault: Fault::Card("kept, but of other records") }
}

/// A frame in every format, ready for the writer.
#[derive(Debug)]
pub struct RenderedFrame {
    /// Where it belongs.
    pub place: Place,
    /// The frames of each format, in the order of [`DumpOptions::formats`]; more than one where
    /// [`Spans::of`] makes them finer.
    pub formats: Vec<(Format, Vec<EncodedFrame>)>,
    /// Its part of the solid archives, when they are wanted.
    pub compat: Option<CompatParts>,
}

impl FrameBuilder {
    /// A builder for these options.
    ///
    /// # Errors
    /// When zstd does not accept the level.
    pub fn new(options: &DumpOptions) -> io::Result<Self> {
        let stream = |format: &Format| Stream {
            format: *format,
            spans: options.spans.of(*format),
            raw: Vec::with_capacity(ROOM),
            usual: ROOM / 3,
            starts: Vec::new(),
            kept: BTreeMap::new(),
            last: 0..0,
        };
        Ok(FrameBuilder {
            encoder: FrameEncoder::new(options.level)?,
            streams: options.formats.iter().map(stream).collect(),
            options: options.clone(),
            place: None,
            ids: Vec::new(),
        })
    }

    /// Begins the frame at `place`, dropping whatever was not finished.
    pub fn start(&mut self, place: Place) {
        self.place = Some(place);
        self.ids.clear();
        self.streams.iter_mut().for_each(Stream::clear);
    }

    /// Takes a frame of a format as it is: its records must come, but are not written in it.
    pub fn keep(&mut self, format: Format, frame: EncodedFrame) {
        if let Some(stream) = self.streams.iter_mut().find(|stream| stream.format == format) {
            stream.kept.insert(frame.place, frame);
        }
    }

    /// Appends one record: `write` appends its bytes in the format it is asked for, once for
    /// each that it is to be written in. Records come in order of their key, then id.
    ///
    /// # Errors
    /// When `write` fails or the bytes do not fit; the record then is in no format.
    pub fn record<E>(
        &mut self,
        id: &str,
        mut write: impl FnMut(Format, &mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), RecordError<E>> {
        let start = |stream: &Stream| (stream.raw.len(), stream.spans.place(id));
        let starts: Vec<(usize, Place)> = self.streams.iter().map(start).collect();
        for (stream, (_, place)) in self.streams.iter_mut().zip(&starts) {
            if stream.kept.contains_key(place) {
                stream.last = 0..0;
                continue;
            }
            match one_format(stream.format, id, &mut stream.raw, &mut write) {
                Ok(body) => stream.last = body,
                Err(error) => {
                    for (stream, (start, _)) in self.streams.iter_mut().zip(starts) {
                        stream.raw.truncate(start);
                        stream.last = 0..0;
                    }
                    return Err(error);
                }
            }
        }
        for (stream, (start, place)) in self.streams.iter_mut().zip(starts) {
            if stream.starts.last().is_none_or(|(before, ..)| *before != place) {
                stream.starts.push((place, self.ids.len(), start));
            }
        }
        self.ids.push(id.to_owned());
        Ok(())
    }

    /// [`record`](Self::record) of one whose DataCite form is this and whose native one `native`
    /// appends.
    ///
    /// # Errors
    /// When the bytes do not fit.
    pub fn datacite(
        &mut self,
        id: &str,
        datacite: &DataCite<'_>,
        native: impl Fn(&mut Vec<u8>),
    ) -> Result<(), RecordError<Infallible>> {
        self.record(id, |format, out| {
            match format {
                Format::DataciteXml => datacite.write_xml(out),
                Format::DataciteJson => datacite.write_json(out),
                Format::NativeJson => native(out),
            }
            Ok(())
        })
    }

    /// How many records it holds so far.
    pub fn records(&self) -> usize {
        self.ids.len()
    }

    /// The bytes of the record that was appended last, in this format; `None` if it was not to be
    /// written.
    pub fn last(&self, format: Format) -> Option<&[u8]> {
        let stream = self.streams.iter().find(|stream| stream.format == format)?;
        stream.raw.get(stream.last.clone()).filter(|bytes| !bytes.is_empty())
    }

    /// Compresses what was collected; `None` when the frame has no record.
    ///
    /// # Errors
    /// When the ids are out of order or of another frame, the frame is too large, or a
    /// compressor has no memory.
    pub fn finish(&mut self) -> Result<Option<RenderedFrame>, EncodeError> {
        let Some(place) = self.place.take().filter(|_| !self.ids.is_empty()) else {
            return Ok(None);
        };
        if let Some(fault) = self.stray(place) {
            return Err(fault);
        }
        let mut formats = Vec::with_capacity(self.streams.len());
        for stream in &mut self.streams {
            formats.push((stream.format, stream.encode(&self.ids, &mut self.encoder)?));
        }
        let compat = self.options.compat.as_ref().map(|options| {
            let raws = self.streams.iter().map(|stream| (stream.format, &stream.raw));
            CompatParts::render(options, &self.ids, raws)
        });
        Ok(Some(RenderedFrame { place, formats, compat }))
    }
}

impl FrameBuilder {
    /// What is wrong if some id is not of the frame that was started.
    fn stray(&self, place: Place) -> Option<EncodeError> {
        let spans = &self.options.spans;
        self.ids.iter().any(|id| spans.place(id) != place).then(|| EncodeError::Frame {
            pack: place.pack.to_string(),
            frame: place.frame,
            fault: Fault::Card("an id of another frame"),
        })
    }
}

/// Where in the buffer the bytes of the record then are.
fn one_format<E>(
    format: Format,
    id: &str,
    buffer: &mut Vec<u8>,
    write: &mut impl FnMut(Format, &mut Vec<u8>) -> Result<(), E>,
) -> Result<Range<usize>, RecordError<E>> {
    let mut outcome = Ok(());
    let mut start = 0;
    let appended = member::append(format.container(), id, buffer, |out| {
        start = out.len();
        outcome = write(format, out);
    });
    // The crosswalk's own reason comes first: a half-written record may break the container too.
    outcome.map_err(|error| RecordError::Crosswalk { format, error })?;
    let bytes = appended.map_err(|error| RecordError::Unwritable { format, error })?;
    Ok(start..start + bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::layout::PackId;

    fn builder() -> FrameBuilder {
        let mut builder = FrameBuilder::new(&DumpOptions::default()).unwrap();
        builder.start(Place { pack: PackId::Numeric(0), frame: 0 });
        builder
    }

    fn good(format: Format, out: &mut Vec<u8>) -> Result<(), &'static str> {
        out.extend_from_slice(format.name().as_bytes());
        Ok(())
    }

    #[test]
    fn a_record_that_fails_in_one_format_is_in_none() {
        let mut with_failures = builder();
        with_failures.record("1", good).unwrap();
        let error = with_failures.record("2", |format, out| match format {
            Format::NativeJson => Err("no title"),
            _ => good(format, out),
        });
        assert_eq!(error.unwrap_err().to_string(), "native-json: no title");
        let error = with_failures.record("3", |_, out| {
            out.push(b'\n');
            Ok::<_, &str>(())
        });
        let told = error.unwrap_err().to_string();
        assert_eq!(told, "datacite-json: a JSON record holds a line feed");
        let mut without = builder();
        without.record("1", good).unwrap();
        for builder in [&with_failures, &without] {
            assert!(!Format::ALL.iter().any(|format| {
                builder.last(*format).is_some_and(|bytes| bytes != format.name().as_bytes())
            }));
        }
        assert_eq!(without.last(Format::DataciteXml), Some(&b"datacite-xml"[..]));
        let (a, b) = (with_failures.finish().unwrap(), without.finish().unwrap());
        assert_eq!(a.unwrap().formats, b.unwrap().formats);
    }

    #[test]
    fn a_frame_that_is_kept_is_not_written_again() {
        let finished = |kept: Option<&EncodedFrame>, ids: &[&str]| {
            let mut builder = builder();
            kept.into_iter().for_each(|kept| builder.keep(Format::NativeJson, kept.clone()));
            for id in ids {
                let written = builder.record(id, |format, out| {
                    let is_kept = kept.is_some() && *id != "1";
                    assert!(!is_kept || format != Format::NativeJson, "{id} is written again");
                    good(format, out)
                });
                written.unwrap();
            }
            builder.finish().map(|frame| frame.unwrap().formats).map_err(|error| error.to_string())
        };
        let whole = finished(None, &["1", "200", "202"]).unwrap();
        let native = whole.iter().find(|(format, _)| *format == Format::NativeJson);
        let kept = native.and_then(|(_, frames)| frames.get(1));
        assert_eq!(finished(kept, &["1", "200", "202"]).unwrap(), whole);
        for others in
            [vec!["1"], vec!["1", "200"], vec!["1", "200", "203"], vec!["1", "201", "202"]]
        {
            let error = finished(kept, &others).unwrap_err();
            assert!(error.ends_with("kept, but of other records"), "{others:?}: {error}");
        }
    }

    #[test]
    fn a_frame_without_records_is_none() {
        assert!(builder().finish().unwrap().is_none());
    }

    #[test]
    fn records_of_another_frame_are_refused() {
        let mut builder = builder();
        builder.record("256", good).unwrap();
        let error = builder.finish().unwrap_err().to_string();
        let want = "frame 0 of pack n000000 cannot be made: id list: an id of another frame";
        assert_eq!(error, want);
    }
}
