//! One pack: its tail, its frames in file order, its records.

use std::io::{self, Read};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::super::fetch::{FetchError, RangeSource};
use super::super::hash::Hashing;
use super::super::layout::{Container, Format, Spans};
use super::super::manifest::PackEntry;
use super::super::pack::index::END_OF_ARCHIVE;
use super::super::pack::member::Records;
use super::super::pack::reader::decode;
use super::super::pack::{DecodedFrame, Fault, FrameDecoder, FrameInfo, Tail, card};
use super::{Check, Depth, Findings, Kind, Problem, compare};

/// Of how many frames one is decoded at [`Depth::Sampled`].
const SAMPLE: usize = 16;

impl Check<'_> {
    pub(super) fn pack(
        &self,
        format: Format,
        entry: &PackEntry,
        decoder: &mut FrameDecoder,
    ) -> Findings {
        let mut found = Findings { files: 1, ..Findings::default() };
        let size = self.source.size(&entry.path);
        let tail = match self.tail(format, entry) {
            Ok(tail) => Some(tail),
            Err(problem) => {
                found.problems.push(problem);
                None
            }
        };
        if let Ok(Some(size)) = size
            && size != entry.bytes
        {
            found.problems = compare(&entry.path, (entry.bytes, ""), (size, ""));
            return found;
        }
        if let Some(tail) = &tail {
            found.problems.extend(totals(entry, tail));
        }
        match tail {
            _ if self.depth == Depth::Quick => self.progress.advance(entry.bytes),
            None if found.problems.iter().any(|p| p.kind == Kind::Missing) => {}
            None => found.problems.extend(self.hashed(&entry.path, entry.bytes, &entry.sha256)),
            Some(tail) => {
                let read = self.frames(format, entry, &tail, decoder, &mut found);
                if let Err(error) = read {
                    found.problems.push(Problem::fetch(&entry.path, &error));
                }
            }
        }
        found
    }

    fn spans(&self, format: Format) -> Spans {
        self.manifest.dumps.get(&format).map_or(self.manifest.spans, |dump| dump.spans)
    }

    fn tail(&self, format: Format, entry: &PackEntry) -> Result<Tail, Problem> {
        let path = &entry.path;
        let Some(pack) = entry.pack_ref(format) else {
            return Err(Problem::new(path, Kind::Pointer, "contradicts its own manifest line"));
        };
        let at = pack.bytes - pack.tail_bytes;
        let bytes = self
            .source
            .read_range(path, at, pack.tail_bytes)
            .map_err(|error| Problem::fetch(path, &error))?;
        Tail::parse(&bytes, pack.bytes, pack.pack, format.container(), &self.spans(format))
            .map_err(|fault| Problem::new(path, Kind::Tail, fault.to_string()))
    }

    /// Reads the file once, front to back. Names the first bad frame only: one cause often
    /// spoils all that follow.
    fn frames(
        &self,
        format: Format,
        entry: &PackEntry,
        tail: &Tail,
        decoder: &mut FrameDecoder,
        found: &mut Findings,
    ) -> Result<(), FetchError> {
        let path = &entry.path;
        let failed = |error| FetchError::Io { path: path.clone(), source: error };
        let limit = entry.bytes.saturating_add(1);
        let mut file = Hashing::new(self.source.reader(path)?.take(limit));
        let mut bytes = Vec::new();
        let mut bad = false;
        let mut raw_bytes = 0;
        for (i, info) in tail.frames.iter().enumerate() {
            let length = u64::from(info.data) + u64::from(info.card);
            bytes.clear();
            (&mut file).take(length).read_to_end(&mut bytes).map_err(failed)?;
            self.progress.advance(length);
            raw_bytes += u64::from(info.raw);
            let (first, last) = (i == 0, i + 1 == tail.frames.len());
            let sampled = first || last || i % SAMPLE == 0 || self.depth == Depth::Full;
            if bad || !sampled || (bytes.len() as u64) < length {
                continue;
            }
            match self.frame(format, info, tail, &bytes, decoder) {
                Ok(frame) => {
                    found.frames += 1;
                    found.records += frame.ids.len() as u64;
                    found.problems.extend(ends(entry, first, last, &frame));
                }
                Err(fault) => {
                    bad = true;
                    let frame = self.spans(format).describe(info.place(tail.pack));
                    let message = format!("{frame} at byte {}: {fault}", info.offset);
                    found.problems.push(Problem::new(path, Kind::Frame, message));
                }
            }
        }
        bytes.clear();
        (&mut file).take(u64::from(tail.end)).read_to_end(&mut bytes).map_err(failed)?;
        if tail.end > 0 {
            raw_bytes += END_OF_ARCHIVE as u64;
            let end = decoder.decode(&bytes, END_OF_ARCHIVE as u64);
            if !bad && !end.is_ok_and(|zeros| zeros.iter().all(|byte| *byte == 0)) {
                bad = true;
                let message = format!("end of archive at byte {}: damaged", tail.data_end());
                found.problems.push(Problem::new(path, Kind::Frame, message));
            }
        }
        io::copy(&mut file, &mut io::sink()).map_err(failed)?;
        if raw_bytes != entry.raw_bytes {
            let listed = entry.raw_bytes;
            let message = format!("{raw_bytes} bytes uncompressed, {listed} are listed");
            found.problems.push(Problem::new(path, Kind::Counts, message));
        }
        let (_, size, sha256) = file.finish();
        if !bad {
            found.problems.extend(compare(path, (entry.bytes, &entry.sha256), (size, &sha256)));
        }
        Ok(())
    }

    fn frame(
        &self,
        format: Format,
        info: &FrameInfo,
        tail: &Tail,
        bytes: &[u8],
        decoder: &mut FrameDecoder,
    ) -> Result<DecodedFrame, Fault> {
        let (data, id_list) = bytes.split_at(info.data as usize);
        let ids = card::parse(&self.spans(format), info.place(tail.pack), id_list)?;
        let frame = decode(decoder, format, info, data, ids)?;
        let records = Records::new(format.container(), &frame.raw);
        for (ordinal, (record, id)) in records.zip(&frame.ids).enumerate() {
            let (_, body) = record?;
            content(format, id, body).map_err(|why| Fault::Record { ordinal, why })?;
        }
        Ok(frame)
    }
}

/// What the tail says against what the manifest says.
fn totals(entry: &PackEntry, tail: &Tail) -> Vec<Problem> {
    let frames = tail.frames.len() as u64;
    if (tail.records, frames) == (entry.records, entry.frames) {
        return Vec::new();
    }
    let message = format!(
        "{} records in {frames} frames, {} in {} are listed",
        tail.records, entry.records, entry.frames
    );
    vec![Problem::new(&entry.path, Kind::Counts, message)]
}

/// First and last id of the pack against the manifest.
fn ends(entry: &PackEntry, first: bool, last: bool, frame: &DecodedFrame) -> Option<Problem> {
    let wrong = (first && frame.ids.first() != Some(&entry.first_id))
        || (last && frame.ids.last() != Some(&entry.last_id));
    let message = "first or last id is not the listed one";
    wrong.then(|| Problem::new(&entry.path, Kind::Counts, message))
}

/// Whether a record is what its format says: a JSON object (native JSON: of this id), a
/// well-formed XML document.
fn content(format: Format, id: &str, body: &[u8]) -> Result<(), &'static str> {
    #[derive(Deserialize)]
    struct Native<'a> {
        #[serde(borrow)]
        id: std::borrow::Cow<'a, str>,
    }
    let text = std::str::from_utf8(body).map_err(|_| "not UTF-8")?;
    match format.container() {
        Container::Tar => well_formed(text).then_some(()).ok_or("not well-formed XML"),
        Container::Lines if !text.starts_with('{') => Err("not a JSON object"),
        Container::Lines if format == Format::NativeJson => {
            let native: Native<'_> =
                serde_json::from_str(text).map_err(|_| "not a JSON object with an id")?;
            if native.id == id { Ok(()) } else { Err("has another id than is listed") }
        }
        Container::Lines => {
            serde_json::from_str::<IgnoredAny>(text).map(|_| ()).map_err(|_| "not a JSON object")
        }
    }
}

/// Tags match and there is exactly one root.
fn well_formed(text: &str) -> bool {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut depth, mut roots) = (0u32, 0u32);
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => {
                roots += u32::from(depth == 0);
                depth += 1;
            }
            Ok(Event::Empty(_)) => roots += u32::from(depth == 0),
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Eof) => return depth == 0 && roots == 1,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_what_their_format_says() {
        let cases: [(Format, &[u8], Result<(), &str>); 11] = [
            (Format::NativeJson, br#"{"a":[1],"id":"7"}"#, Ok(())),
            (Format::NativeJson, br#"{"id":"8"}"#, Err("has another id than is listed")),
            (Format::NativeJson, br#"{"id":"7""#, Err("not a JSON object with an id")),
            (Format::DataciteJson, b"{}", Ok(())),
            (Format::DataciteJson, b"[]", Err("not a JSON object")),
            (Format::DataciteJson, b"{}{}", Err("not a JSON object")),
            (Format::DataciteJson, b"{\"a\":\"\xff\"}", Err("not UTF-8")),
            (Format::DataciteXml, b"<?xml version=\"1.0\"?>\n<a><b/>x</a>\n", Ok(())),
            (Format::DataciteXml, b"<a></b>", Err("not well-formed XML")),
            (Format::DataciteXml, b"<a/><a/>", Err("not well-formed XML")),
            (Format::DataciteXml, b"", Err("not well-formed XML")),
        ];
        for (format, body, want) in cases {
            assert_eq!(content(format, "7", body), want, "{}", String::from_utf8_lossy(body));
        }
    }
}
