//! Text streams: one document a line, one document in all, or a deletion ledger.

use std::io::{self, BufRead, BufReader, Read};

use super::archive::too_large;
use super::sink::{Sink, Stopped};
use super::{DOCUMENT_BYTES, HEAD_BYTES, Place, convert, stem};
use crate::record::model::check_json;
use crate::store::prepare::Problem;

/// Longest row of a ledger, with its quoted line breaks: citations run to some KB.
const ROW_BYTES: usize = 1 << 20;

/// How a text stream is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    Lines,
    Whole,
    Ledger,
}

impl Cut {
    /// Tells by name and first bytes. JSON is one document if it is indented: its first line is
    /// not a whole value and neither is the second.
    fn of(head: &[u8], name: &str) -> Self {
        if name.ends_with(".ndjson") || name.ends_with(".jsonl") {
            return Cut::Lines;
        }
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        let is_whole =
            |line: &[u8]| std::str::from_utf8(line).is_ok_and(|line| check_json(line).is_ok());
        match text.first() {
            Some(b'{') => {
                let mut lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
                let first = lines.next().unwrap_or_default();
                let second = lines.find(|line| !line.is_empty());
                match second {
                    Some(second) if !is_whole(first) && !is_whole(second) => Cut::Whole,
                    _ => Cut::Lines,
                }
            }
            Some(_) if text.starts_with(b"record_id,") => Cut::Ledger,
            _ => Cut::Whole,
        }
    }
}

pub(super) fn read(
    head: Vec<u8>,
    rest: impl Read,
    place: &Place,
    sink: &mut Sink<'_>,
) -> Result<(), Stopped> {
    let cut = Cut::of(&head, &place.name);
    let content = io::Cursor::new(head).chain(BufReader::with_capacity(HEAD_BYTES, rest));
    match cut {
        Cut::Lines => lines(content, place, sink),
        Cut::Whole => whole(content, place, sink),
        Cut::Ledger => ledger(content, place, sink),
    }
}

fn whole(content: impl Read, place: &Place, sink: &mut Sink<'_>) -> Result<(), Stopped> {
    let start = sink.start();
    let limit = DOCUMENT_BYTES as u64 + 1;
    match content.take(limit).read_to_end(sink.buffer()) {
        Ok(size) if size as u64 == limit => {
            sink.drop_from(start);
            sink.reject(place.position(None), too_large(limit))
        }
        // An empty file holds no document.
        Ok(0) => Ok(()),
        Ok(_) => sink.document(start, place.position(None), Some(stem(&place.name)), &place.name),
        Err(error) => {
            sink.drop_from(start);
            sink.broken(place.position(None), &error)
        }
    }
}

fn lines(mut content: impl BufRead, place: &Place, sink: &mut Sink<'_>) -> Result<(), Stopped> {
    for number in 1.. {
        let start = sink.start();
        match read_line(&mut content, sink.buffer(), DOCUMENT_BYTES) {
            Ok(Line::End) => break,
            Ok(Line::Whole) if sink.buffer()[start..].trim_ascii().is_empty() => {
                sink.drop_from(start);
            }
            Ok(Line::Whole) => {
                sink.document(start, place.position(Some(number)), None, &place.name)?;
            }
            Ok(Line::TooLong) => {
                sink.drop_from(start);
                sink.reject(place.position(Some(number)), too_large(DOCUMENT_BYTES as u64 + 1))?;
            }
            Err(error) => {
                sink.drop_from(start);
                return sink.broken(place.position(Some(number)), &error);
            }
        }
    }
    Ok(())
}

/// Rows may hold line breaks inside quotes; a row ends where its quotes are balanced.
fn ledger(mut content: impl BufRead, place: &Place, sink: &mut Sink<'_>) -> Result<(), Stopped> {
    let mut header = None;
    let mut row = Vec::new();
    let mut number = 1;
    let mut next = 1;
    loop {
        let left = ROW_BYTES.saturating_sub(row.len());
        let line = match read_line(&mut content, &mut row, left) {
            Ok(line) => line,
            Err(error) => return sink.broken(place.position(Some(number)), &error),
        };
        next += 1;
        let open = memchr::memchr_iter(b'"', &row).count() % 2 == 1;
        match line {
            Line::End if row.is_empty() => return Ok(()),
            Line::Whole if open => continue,
            Line::TooLong => {
                let reason = format!("a row of more than {ROW_BYTES} bytes; is a quote missing?");
                sink.reject(place.position(Some(number)), Problem::new(".", "too-large", reason))?;
            }
            _ if row.trim_ascii().is_empty() => {}
            _ => match &header {
                None => match convert::ledger_header(&row) {
                    Ok(ledger) => header = Some(std::sync::Arc::new(ledger)),
                    Err(problem) => return sink.reject(place.position(Some(number)), problem),
                },
                Some(ledger) => {
                    sink.row(&row, place.position(Some(number)), ledger)?;
                }
            },
        }
        row.clear();
        number = next;
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    /// A line, with or without a line feed at its end.
    Whole,
    /// A line over the limit; all of it was passed over.
    TooLong,
    End,
}

/// Appends a line to `out`, with its line feed.
fn read_line(content: &mut impl BufRead, out: &mut Vec<u8>, limit: usize) -> io::Result<Line> {
    let start = out.len();
    let mut long = false;
    loop {
        let available = match content.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            available => available?,
        };
        if available.is_empty() {
            return Ok(match (long, out.len() > start) {
                (true, _) => Line::TooLong,
                (false, true) => Line::Whole,
                (false, false) => Line::End,
            });
        }
        let end = memchr::memchr(b'\n', available).map(|feed| feed + 1);
        let part = &available[..end.unwrap_or(available.len())];
        long |= out.len() - start + part.len() > limit + 1;
        if !long {
            out.extend_from_slice(part);
        }
        let used = part.len();
        content.consume(used);
        if end.is_some() {
            return Ok(if long { Line::TooLong } else { Line::Whole });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_feeds_and_have_a_limit() {
        let mut content = BufReader::with_capacity(3, &b"ab\n\nabcdefgh\nabcd\nend"[..]);
        let mut read = || {
            let mut out = Vec::new();
            let line = read_line(&mut content, &mut out, 4).unwrap();
            (line, String::from_utf8(out).unwrap())
        };
        assert_eq!(read(), (Line::Whole, "ab\n".into()));
        assert_eq!(read(), (Line::Whole, "\n".into()));
        assert_eq!(read().0, Line::TooLong);
        assert_eq!(read(), (Line::Whole, "abcd\n".into()));
        assert_eq!(read(), (Line::Whole, "end".into()));
        assert_eq!(read().0, Line::End);
    }

    #[test]
    fn streams_are_cut_by_what_they_begin_with() {
        let check = |head: &str, name: &str, cut| assert_eq!(Cut::of(head.as_bytes(), name), cut);
        check("{\"id\":1}\n{\"id\":2}\n", "", Cut::Lines);
        check("{\"id\":1}", "1.json", Cut::Lines);
        check("\u{feff}{\"id\":1}\n", "", Cut::Lines);
        check("{\n  \"id\": 1\n}\n", "1.json", Cut::Whole);
        check("{\"id\": 1, \"x\": [\n{\"a\":1},\n{}]}\n", "1.json", Cut::Whole);
        check("{ broken\n{\"id\":2}\n", "", Cut::Lines);
        check("broken\n{\"id\":2}\n", "x.jsonl", Cut::Lines);
        check("<resource/>", "1.xml", Cut::Whole);
        check("[1]", "", Cut::Whole);
        check("record_id,doi\r\n", "", Cut::Ledger);
    }
}
