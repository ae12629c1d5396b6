//! Records inside the uncompressed bytes of a frame: tar members or lines.
//!
//! Tar headers are the plainest ustar: mode 0644, owner 0, time 0, name `<id>.xml`. A reader
//! here accepts exactly what the writer writes; other tar readers accept it too.

use memchr::memchr;

use super::super::layout::Container;
use super::Fault;

const BLOCK: usize = 512;
/// End of a member name, after the id.
const EXTENSION: &str = ".xml";

/// Appends one record to a frame: `write` appends its bytes, a header goes before or a line end
/// after them. Returns how many bytes `write` appended.
///
/// # Errors
/// When a line record holds a line feed, or a tar record is 8 GiB or more; `out` is then as it
/// was before.
pub fn append(
    container: Container,
    id: &str,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>),
) -> Result<usize, Unwritable> {
    let start = out.len();
    let header = if container == Container::Tar { BLOCK } else { 0 };
    out.resize(start + header, 0);
    write(out);
    let body = out.len() - start - header;
    match container {
        Container::Tar => match tar_header(id, body) {
            Some(block) => {
                out[start..start + BLOCK].copy_from_slice(&block);
                out.resize(start + (out.len() - start).next_multiple_of(BLOCK), 0);
            }
            None => {
                out.truncate(start);
                return Err(Unwritable::TooLong);
            }
        },
        Container::Lines if memchr(b'\n', &out[start..]).is_some() => {
            out.truncate(start);
            return Err(Unwritable::LineFeed);
        }
        Container::Lines => out.push(b'\n'),
    }
    Ok(body)
}

/// Why a record cannot stand in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// A line with a line feed would be two.
    #[error("a JSON record holds a line feed")]
    LineFeed,
    /// Longer than a tar header can say, or named by more than it can hold.
    #[error("a record does not fit a tar member")]
    TooLong,
}

/// The header of a record.
fn tar_header(id: &str, size: usize) -> Option<[u8; BLOCK]> {
    header([id, EXTENSION], size)
}

/// A deterministic ustar header for a regular file of any name; `None` if name (100 bytes) or
/// size (8 GiB) do not fit.
pub fn named_header(name: &str, size: usize) -> Option<[u8; BLOCK]> {
    header([name, ""], size)
}

/// The header of a file whose name has two parts. Made for every record that is written, read or
/// copied: nothing here takes memory.
fn header([name, ending]: [&str; 2], size: usize) -> Option<[u8; BLOCK]> {
    if name.len() + ending.len() > 100 || size as u64 >= 1 << 33 {
        return None;
    }
    let mut block = [0u8; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(name.len(), ending.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(136, b"00000000000\0");
    // The checksum is taken with its own field full of spaces.
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    put(329, b"0000000\0");
    put(337, b"0000000\0");
    octal(size, &mut block[124..135]);
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    octal(sum as usize, &mut block[148..154]);
    block[154] = 0;
    Some(block)
}

/// Fills `digits` with a number.
fn octal(mut number: usize, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 8) as u8;
        number /= 8;
    }
}

/// The records of a frame, in order. Ends after the first fault.
pub struct Records<'a> {
    container: Container,
    rest: &'a [u8],
    ordinal: usize,
}

/// One record of a frame: its id when the container holds it, and its bytes.
pub type Member<'a> = (Option<&'a str>, &'a [u8]);

impl<'a> Records<'a> {
    /// Over the uncompressed bytes of one frame.
    pub fn new(container: Container, raw: &'a [u8]) -> Self {
        Records { container, rest: raw, ordinal: 0 }
    }

    fn line(&mut self) -> Result<Member<'a>, &'static str> {
        let end = memchr(b'\n', self.rest).ok_or("line without end")?;
        let line = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Ok((None, line))
    }

    fn member(&mut self) -> Result<Member<'a>, &'static str> {
        let (header, rest) = self.rest.split_at_checked(BLOCK).ok_or("tar header cut short")?;
        let name = &header[..memchr(0, &header[..100]).unwrap_or(100)];
        let id = std::str::from_utf8(name)
            .ok()
            .and_then(|name| name.strip_suffix(EXTENSION))
            .ok_or("tar member not named <id>.xml")?;
        let size = std::str::from_utf8(&header[124..135])
            .ok()
            .and_then(|digits| usize::from_str_radix(digits, 8).ok())
            .ok_or("tar member without size")?;
        if tar_header(id, size).as_ref().map(<[u8; BLOCK]>::as_slice) != Some(header) {
            return Err("tar header is not the canonical one");
        }
        let padded = size.next_multiple_of(BLOCK);
        let (body, rest) = rest.split_at_checked(padded).ok_or("tar member cut short")?;
        if body[size..].iter().any(|byte| *byte != 0) {
            return Err("tar padding is not zero");
        }
        self.rest = rest;
        Ok((Some(id), &body[..size]))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Member<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let found = match self.container {
            Container::Tar => self.member(),
            Container::Lines => self.line(),
        };
        let ordinal = self.ordinal;
        self.ordinal += 1;
        Some(found.map_err(|why| {
            self.rest = &[];
            Fault::Record { ordinal, why }
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn tar(records: &[(&str, &[u8])]) -> Vec<u8> {
        let mut out = Vec::new();
        for (id, body) in records {
            append(Container::Tar, id, &mut out, |o| o.extend_from_slice(body)).unwrap();
        }
        out
    }

    #[test]
    fn the_tar_crate_reads_our_members() {
        let long = "a".repeat(64);
        let mut raw = tar(&[("1", b"<a/>"), (&long, &[b'x'; 512]), ("3", b"")]);
        raw.resize(raw.len() + 1024, 0);
        let mut archive = tar::Archive::new(&raw[..]);
        let found: Vec<_> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let mut entry = entry.unwrap();
                assert_eq!(entry.header().mode().unwrap(), 0o644);
                assert_eq!(entry.header().mtime().unwrap(), 0);
                let mut body = Vec::new();
                entry.read_to_end(&mut body).unwrap();
                (entry.path().unwrap().display().to_string(), body.len())
            })
            .collect();
        assert_eq!(found, [("1.xml".into(), 4), (format!("{long}.xml"), 512), ("3.xml".into(), 0)]);
    }

    #[test]
    fn records_come_back() {
        let raw = tar(&[("1", b"<a/>"), ("2", &[b'y'; 600])]);
        let back: Vec<_> = Records::new(Container::Tar, &raw).map(Result::unwrap).collect();
        assert_eq!(back, [(Some("1"), &b"<a/>"[..]), (Some("2"), &[b'y'; 600][..])]);
        let back: Vec<_> =
            Records::new(Container::Lines, b"{}\n[]\n").map(Result::unwrap).collect();
        assert_eq!(back, [(None, &b"{}"[..]), (None, &b"[]"[..])]);
    }

    #[test]
    fn a_line_feed_in_a_line_is_refused_and_leaves_no_trace() {
        let mut out = b"{}\n".to_vec();
        let error = append(Container::Lines, "1", &mut out, |o| o.extend_from_slice(b"{\n}"));
        assert_eq!((error, out), (Err(Unwritable::LineFeed), b"{}\n".to_vec()));
    }

    #[test]
    fn faults_say_which_record() {
        let good = tar(&[("1", b"<a/>"), ("2", b"<b/>")]);
        let flip = |at: usize| {
            let mut bad = good.clone();
            bad[at] ^= 1;
            Records::new(Container::Tar, &bad).find_map(Result::err)
        };
        let fault = |ordinal, why| Some(Fault::Record { ordinal, why });
        assert_eq!(flip(1024 + 101), fault(1, "tar header is not the canonical one"));
        assert_eq!(flip(1023), fault(0, "tar padding is not zero"));
        assert_eq!(flip(3), fault(0, "tar member not named <id>.xml"));
        let cut = |raw| Records::new(Container::Lines, raw).find_map(Result::err);
        assert_eq!(cut(b"{}\n{}"), fault(1, "line without end"));
    }
}
