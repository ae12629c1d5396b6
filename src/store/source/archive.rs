//! tar archives with one document per member.
//!
//! The tar crate is used in its raw mode, which leaves the long-name extensions of GNU tar and
//! pax to us: they are archive content like any other and get a limit.

use std::io::{self, Read};

use tar::{Archive, Entry, EntryType, Header};

use super::sink::{Sink, Stopped};
use super::{DOCUMENT_BYTES, Place, plain_name, stem};
use crate::store::prepare::Problem;
use crate::store::rejects::Position;

/// Longest name extension that is read; longer ones are of no use as labels.
const NAME_BYTES: u64 = 64 << 10;

/// Whether a stream begins with a tar header: by its checksum, which every variant has.
pub(super) fn is_tar(head: &[u8]) -> bool {
    let Some(block) = head.get(..512) else { return false };
    let mut header = Header::new_old();
    header.as_mut_bytes().copy_from_slice(block);
    let sum =
        |range: std::ops::Range<usize>| block[range].iter().map(|&b| u32::from(b)).sum::<u32>();
    let expected = sum(0..148) + 8 * u32::from(b' ') + sum(156..512);
    block[0] != 0 && header.cksum().is_ok_and(|found| found == expected)
}

pub(super) fn read(stream: impl Read, place: &Place, sink: &mut Sink<'_>) -> Result<(), Stopped> {
    let mut archive = Archive::new(stream);
    let mut last = None;
    match members(&mut archive, place, sink, &mut last) {
        Ok(stopped) => stopped,
        Err(error) => {
            sink.broken(Position { member: last.or(place.member.clone()), line: None }, &error)
        }
    }
}

/// The outer error is the archive's. `last` is the label of the member being read.
fn members<R: Read>(
    archive: &mut Archive<R>,
    place: &Place,
    sink: &mut Sink<'_>,
    last: &mut Option<String>,
) -> io::Result<Result<(), Stopped>> {
    let mut long_name: Option<Vec<u8>> = None;
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        match entry.header().entry_type() {
            EntryType::GNULongName => long_name = Some(extension(&mut entry)?),
            EntryType::XHeader => long_name = pax_path(&extension(&mut entry)?).or(long_name),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let name = long_name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
                let name = label(&name);
                *last = Some(match &place.member {
                    Some(archive) => format!("{archive}/{name}"),
                    None => name.clone(),
                });
                if let Err(stopped) = member(&mut entry, &name, last, sink)? {
                    return Ok(Err(stopped));
                }
            }
            // Folders, links, devices: of no interest, and neither are their names.
            _ => long_name = None,
        }
    }
    Ok(Ok(()))
}

fn member<R: Read>(
    entry: &mut Entry<'_, R>,
    name: &str,
    label: &Option<String>,
    sink: &mut Sink<'_>,
) -> io::Result<Result<(), Stopped>> {
    let base = plain_name(name);
    if base.starts_with('.') {
        return Ok(Ok(()));
    }
    let position = Position { member: label.clone(), line: None };
    let size = entry.header().entry_size()?;
    if size > DOCUMENT_BYTES as u64 {
        return Ok(sink.reject(position, too_large(size)));
    }
    let start = sink.start();
    let taken = entry.take(size).read_to_end(sink.buffer());
    match taken {
        Ok(taken) if taken as u64 == size => {
            Ok(sink.document(start, position, Some(stem(base)), base))
        }
        cut => {
            sink.drop_from(start);
            Err(cut.err().unwrap_or(io::ErrorKind::UnexpectedEof.into()))
        }
    }
}

/// What a document over the limit is told.
pub(super) fn too_large(size: u64) -> Problem {
    let reason = format!("{size} bytes, more than the {DOCUMENT_BYTES} allowed for one document");
    Problem::new(".", "too-large", reason)
}

fn extension<R: Read>(entry: &mut Entry<'_, R>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    entry.take(NAME_BYTES).read_to_end(&mut text)?;
    while text.last() == Some(&0) {
        text.pop();
    }
    Ok(text)
}

/// The `path` of a pax header: lines of `<length> <key>=<value>\n`.
fn pax_path(mut text: &[u8]) -> Option<Vec<u8>> {
    while let Some(space) = text.iter().position(|&byte| byte == b' ') {
        let length: usize = std::str::from_utf8(&text[..space]).ok()?.parse().ok()?;
        let line = text.get(space + 1..length.checked_sub(1)?)?;
        if let Some(path) = line.strip_prefix(b"path=") {
            return Some(path.to_vec());
        }
        text = text.get(length..)?;
    }
    None
}

/// A member's name as a label: without `./`, never used as a path.
fn label(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    name.strip_prefix("./").unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pax_headers_give_their_path() {
        assert_eq!(pax_path(b"12 path=a/b\n"), Some(b"a/b".to_vec()));
        assert_eq!(pax_path(b"11 mtime=1\n12 path=a/b\n"), Some(b"a/b".to_vec()));
        for broken in ["", "x", "99 path=a\n", "0 path=a\n", "3 \n", "-1 path=a\n"] {
            assert_eq!(pax_path(broken.as_bytes()), None, "{broken}");
        }
    }
}
