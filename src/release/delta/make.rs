//! Makes the delta of two releases from their packs.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::super::fetch::Source;
use super::super::layout::{Container, Format, PackId, Spans};
use super::super::manifest::PackEntry;
use super::super::pack::{DecodedFrame, FrameDecoder, FrameInfo, PackReader};
use super::super::stage::Stage;
use super::edits::{Kind, count_fields, count_type};
use super::rows::{RowsWriter, cannot_write};
use super::writer::{Deletes, Ends, Made, finish, rows_writers};
use super::{Changes, DeltaError, InHand, Side, reasons, shared_spans};
use crate::record::identifier::{OrderKey, order_key};

type Reader<'a> = PackReader<'a, Source>;

/// Writes the delta that leads from one release to another, both of which `source` holds.
///
/// Cost: the tails of packs that differ, the bytes of their frames, and decoding those frames
/// that differ. Memory: a frame of each release per format, the ids that changed in one pack,
/// and the ids of all removed records. The formats are compared side by side on the current
/// rayon pool. Of packs that are known from `in_hand` nothing is read.
///
/// # Errors
/// [`DeltaError::Apart`] when formats or spans changed; otherwise when a pack cannot be read or a
/// file not be written.
pub fn make(
    stage: &Stage,
    source: &Source,
    from: Side<'_>,
    to: Side<'_>,
    in_hand: &InHand,
) -> Result<Made, DeltaError> {
    let spans = shared_spans(&from, &to)?;
    let same = from.manifest.encoder == to.manifest.encoder;
    let mut sides = Vec::new();
    for (format, rows) in rows_writers(stage, &spans)? {
        let packs = pair_packs(format, &from, &to);
        let decoder = FrameDecoder::new().map_err(cannot_write)?;
        let spans = spans[&format];
        let changes = Changes::default();
        sides.push(Compare { source, format, spans, packs, in_hand, rows, decoder, changes });
    }
    let names: BTreeSet<PackId> =
        sides.iter().flat_map(|side| side.packs.keys()).copied().collect();
    let mut total = Changes::default();
    let mut removed = Vec::new();
    for pack in names {
        let found: Result<Vec<Vec<Found>>, DeltaError> =
            sides.par_iter_mut().map(|side| side.pack(pack)).collect();
        let mut ids = BTreeMap::new();
        for (key, id, kind) in found?.into_iter().flatten() {
            ids.insert((key, id), kind);
        }
        for ((_, id), kind) in ids {
            match kind {
                Kind::Added => total.added += 1,
                Kind::Edited => total.edited += 1,
                Kind::Withdrawn => {
                    total.withdrawn += 1;
                    removed.push(id);
                }
            }
        }
    }
    let mut deletes = Deletes::new(stage)?;
    for line in reasons::explain(source, to.manifest, &removed)? {
        deletes.push(&line)?;
    }
    let native = sides.iter_mut().find(|side| side.format == Format::NativeJson);
    if let Some(native) = native {
        total.fields = std::mem::take(&mut native.changes.fields);
        total.types = std::mem::take(&mut native.changes.types);
    }
    let rows = sides.into_iter().map(|side| (side.format, side.rows)).collect();
    let encoder = same.then(|| to.manifest.encoder.clone());
    let ends = Ends { from: from.line, to: to.line, encoder, spans };
    finish(stage, ends, rows, deletes, total)
}

/// The packs of a format that are not the same file in both.
type Packs<'a> = BTreeMap<PackId, (Option<&'a PackEntry>, Option<&'a PackEntry>)>;

fn pair_packs<'a>(format: Format, from: &Side<'a>, to: &Side<'a>) -> Packs<'a> {
    let packs = |side: &Side<'a>| -> Vec<&'a PackEntry> {
        side.manifest.dumps.get(&format).into_iter().flat_map(|dump| &dump.packs).collect()
    };
    let mut pairs = Packs::new();
    for entry in packs(from) {
        let Ok(pack) = entry.pack.parse() else { continue };
        pairs.insert(pack, (Some(entry), None));
    }
    for entry in packs(to) {
        let Ok(pack) = entry.pack.parse() else { continue };
        pairs.entry(pack).or_default().1 = Some(entry);
    }
    pairs.retain(|_, (old, new)| old.map(|e| &e.sha256) != new.map(|e| &e.sha256));
    pairs
}

type Found = (OrderKey, String, Kind);

/// A record of a frame: its place in pack order, its id, its bytes.
type One<'a> = ((OrderKey, &'a str), &'a [u8]);

/// The comparison of one format.
struct Compare<'a> {
    source: &'a Source,
    format: Format,
    spans: Spans,
    packs: Packs<'a>,
    in_hand: &'a InHand,
    rows: RowsWriter<'a>,
    decoder: FrameDecoder,
    /// By field and type; counted in native JSON only.
    changes: Changes,
}

impl<'a> Compare<'a> {
    /// Writes the rows of one pack; what changed in it, in pack order.
    fn pack(&mut self, pack: PackId) -> Result<Vec<Found>, DeltaError> {
        let Some((old, new)) = self.packs.get(&pack).copied() else { return Ok(Vec::new()) };
        if let Some(edits) = self.in_hand.pack(pack) {
            let mut found = Vec::new();
            for edit in edits {
                let place = (order_key(&edit.id), edit.id.as_str());
                let (old, new) = edit.of(self.format);
                let one = |body| (place, body);
                found.extend(self.record(old.map(one), new.map(one))?);
            }
            return Ok(found);
        }
        let (old, new) = (self.open(old)?, self.open(new)?);
        let numbers = |reader: &Option<Reader<'_>>| -> Vec<u32> {
            reader.iter().flat_map(|r| r.tail().frames.iter().map(|info| info.frame)).collect()
        };
        let all: BTreeSet<u32> = numbers(&old).into_iter().chain(numbers(&new)).collect();
        let mut found = Vec::new();
        for number in all {
            let one = |reader: &'_ Option<Reader<'a>>| -> Option<FrameInfo> {
                reader.as_ref().and_then(|reader| reader.tail().find(number).copied())
            };
            let (before, after) = (one(&old), one(&new));
            let fetched =
                |reader: &Option<Reader<'a>>, info: Option<FrameInfo>| match (reader, info) {
                    (Some(reader), Some(info)) => Ok(Some((info, reader.fetch(&info)?))),
                    _ => Ok::<_, DeltaError>(None),
                };
            let (before, after) = (fetched(&old, before)?, fetched(&new, after)?);
            if before.as_ref().map(|(_, bytes)| bytes) == after.as_ref().map(|(_, bytes)| bytes) {
                continue;
            }
            let before = decoded(&old, before, &mut self.decoder)?;
            let after = decoded(&new, after, &mut self.decoder)?;
            self.frame(&before, &after, &mut found)?;
        }
        Ok(found)
    }

    fn open(&self, entry: Option<&PackEntry>) -> Result<Option<Reader<'a>>, DeltaError> {
        let pack = entry.and_then(|entry| entry.pack_ref(self.format));
        Ok(pack.map(|pack| PackReader::open(self.source, &pack, self.spans)).transpose()?)
    }

    /// Walks two versions of a frame side by side.
    fn frame(
        &mut self,
        old: &DecodedFrame,
        new: &DecodedFrame,
        found: &mut Vec<Found>,
    ) -> Result<(), DeltaError> {
        let container = self.format.container();
        let mut old = records(container, old).peekable();
        let mut new = records(container, new).peekable();
        loop {
            let order = match (old.peek(), new.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (Some((mine, _)), Some((theirs, _))) => mine.cmp(theirs),
            };
            let before = if order.is_le() { old.next() } else { None };
            let after = if order.is_ge() { new.next() } else { None };
            found.extend(self.record(before, after)?);
        }
    }

    fn record(
        &mut self,
        old: Option<One<'_>>,
        new: Option<One<'_>>,
    ) -> Result<Option<Found>, DeltaError> {
        let native = self.format == Format::NativeJson;
        let (kind, (key, id), body) = match (old, new) {
            (None, None) => return Ok(None),
            (Some((place, body)), None) => (Kind::Withdrawn, place, body),
            (None, Some((place, body))) => (Kind::Added, place, body),
            (Some((_, before)), Some((_, after))) if before == after => return Ok(None),
            (Some((_, before)), Some((place, after))) => {
                if native {
                    count_fields(before, after, &mut self.changes.fields);
                }
                (Kind::Edited, place, after)
            }
        };
        if native {
            count_type(body, kind, &mut self.changes);
        }
        if kind != Kind::Withdrawn {
            self.rows.push(id, kind == Kind::Added, body)?;
        }
        Ok(Some((key, id.to_owned(), kind)))
    }
}

/// The records of a frame, in order.
fn records(container: Container, frame: &DecodedFrame) -> impl Iterator<Item = One<'_>> {
    frame.records(container).map(|(id, body)| ((order_key(id), id), body))
}

fn decoded(
    reader: &Option<Reader<'_>>,
    fetched: Option<(FrameInfo, Vec<u8>)>,
    decoder: &mut FrameDecoder,
) -> Result<DecodedFrame, DeltaError> {
    match (reader, fetched) {
        (Some(reader), Some((info, bytes))) => Ok(reader.unpack(&info, &bytes, decoder)?),
        _ => Ok(DecodedFrame { ids: Vec::new(), raw: Vec::new() }),
    }
}
