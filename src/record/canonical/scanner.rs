//! The pass that writes canonical JSON.

use std::cmp::Ordering;

use memchr::memchr2;

use super::place::Place;

/// Deepest nesting followed, that of serde_json.
const DEEPEST: usize = 128;

/// Appends the canonical form of what is in `place`; `false`, with `out` as it was, if the
/// text is not one value.
pub(super) fn write(raw: &str, out: &mut Vec<u8>, place: Place, drop_nulls: bool) -> bool {
    let before = out.len();
    out.reserve(raw.len());
    let mut scanner = Scanner {
        raw: raw.as_bytes(),
        at: 0,
        out,
        drop_nulls,
        members: Vec::with_capacity(64),
        scratch: Vec::new(),
    };
    let complete = scanner.value(place, 0).is_some() && scanner.at_end();
    if !complete {
        out.truncate(before);
    }
    complete
}

/// A member already written: `"key":value` at `start..end` of the output.
#[derive(Clone, Copy)]
struct Member {
    start: usize,
    /// Position of the quote that ends the key.
    key_end: usize,
    end: usize,
    /// The key holds escapes.
    escaped: bool,
    /// First bytes of a key, zeros behind a shorter one: most keys differ there. No key holds a
    /// zero byte, which would be an escape.
    begins: u64,
}

/// The first eight bytes of a key as a number that sorts like them.
fn begins(key: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let length = key.len().min(8);
    bytes[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(bytes)
}

impl Member {
    fn key<'a>(&self, out: &'a [u8]) -> &'a [u8] {
        &out[self.start + 1..self.key_end]
    }

    fn compare(&self, other: &Member, out: &[u8]) -> Ordering {
        if self.escaped || other.escaped {
            return unescape(self.key(out)).cmp(&unescape(other.key(out)));
        }
        let begins = self.begins.cmp(&other.begins);
        begins.then_with(|| self.key(out).cmp(other.key(out)))
    }
}

struct Scanner<'r, 'o> {
    raw: &'r [u8],
    at: usize,
    out: &'o mut Vec<u8>,
    drop_nulls: bool,
    /// Members of all open objects; the innermost object's are last.
    members: Vec<Member>,
    scratch: Vec<u8>,
}

impl Scanner<'_, '_> {
    /// Skips white space and gives the next byte.
    fn peek(&mut self) -> Option<u8> {
        while let Some(&byte) = self.raw.get(self.at) {
            if !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    fn at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    fn value(&mut self, place: Place, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match self.peek()? {
            b'{' => self.object(place, depth),
            b'[' => self.array(place.element(), depth),
            b'"' => self.string().map(|_| ()),
            _ => self.scalar(),
        }
    }

    fn object(&mut self, place: Place, depth: usize) -> Option<()> {
        self.at += 1;
        let (start, first) = (self.out.len(), self.members.len());
        self.out.push(b'{');
        let mut sorted = true;
        if self.peek()? == b'}' {
            self.at += 1;
        } else {
            loop {
                sorted &= self.member(place, depth, start, first)?;
                let next = self.peek()?;
                self.at += 1;
                match next {
                    b',' => {}
                    b'}' => break,
                    _ => return None,
                }
            }
        }
        let expansions = match place.expansions() {
            [] => place.expansions(),
            names if self.has_id(first) => names,
            _ => &[],
        };
        if !sorted || !expansions.is_empty() {
            self.rearrange(start + 1, first, expansions);
        }
        self.members.truncate(first);
        self.out.push(b'}');
        Some(())
    }

    /// Writes one member, unless it is dropped; tells whether the members are still in order.
    fn member(&mut self, place: Place, depth: usize, object: usize, first: usize) -> Option<bool> {
        if self.peek()? != b'"' {
            return None;
        }
        let before = self.out.len();
        if before > object + 1 {
            self.out.push(b',');
        }
        let start = self.out.len();
        let escaped = self.string()?;
        let key_end = self.out.len() - 1;
        if self.peek()? != b':' {
            return None;
        }
        self.at += 1;
        let Some(place) = place.member(&self.out[start + 1..key_end]) else {
            self.out.truncate(before);
            self.skip()?;
            return Some(true);
        };
        self.out.push(b':');
        self.value(place, depth + 1)?;
        if self.drop_nulls && self.out[key_end + 2..] == *b"null" {
            self.out.truncate(before);
            return Some(true);
        }
        let begins = begins(&self.out[start + 1..key_end]);
        let member = Member { start, key_end, end: self.out.len(), escaped, begins };
        let previous = self.members[first..].last();
        let in_order = previous.is_none_or(|previous| previous.compare(&member, self.out).is_lt());
        self.members.push(member);
        Some(in_order)
    }

    /// Whether the innermost object has an id that says anything.
    fn has_id(&self, first: usize) -> bool {
        self.members[first..].iter().any(|member| {
            member.key(self.out) == b"id"
                && !matches!(&self.out[member.key_end + 2..member.end], b"null" | b"\"\"")
        })
    }

    /// Writes the innermost object's members again: sorted, the last of equal keys, without
    /// the ones named.
    fn rearrange(&mut self, start: usize, first: usize, without: &[&[u8]]) {
        let out = &mut *self.out;
        let members = &mut self.members[first..];
        // By place where keys are equal, so the last of them is the last in the input.
        members.sort_unstable_by(|a, b| a.compare(b, out).then(a.start.cmp(&b.start)));
        self.scratch.clear();
        for (position, member) in members.iter().enumerate() {
            let replaced =
                members.get(position + 1).is_some_and(|next| member.compare(next, out).is_eq());
            if replaced || without.contains(&member.key(out)) {
                continue;
            }
            if !self.scratch.is_empty() {
                self.scratch.push(b',');
            }
            self.scratch.extend_from_slice(&out[member.start..member.end]);
        }
        out.truncate(start);
        out.extend_from_slice(&self.scratch);
    }

    fn array(&mut self, place: Place, depth: usize) -> Option<()> {
        self.at += 1;
        self.out.push(b'[');
        if self.peek()? == b']' {
            self.at += 1;
        } else {
            loop {
                self.value(place, depth + 1)?;
                let next = self.peek()?;
                self.at += 1;
                match next {
                    b',' => self.out.push(b','),
                    b']' => break,
                    _ => return None,
                }
            }
        }
        self.out.push(b']');
        Some(())
    }

    /// A number or literal, verbatim.
    fn scalar(&mut self) -> Option<()> {
        let rest = &self.raw[self.at..];
        let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let length = rest.iter().position(|byte| !part(byte)).unwrap_or(rest.len());
        self.out.extend_from_slice(&rest[..length]);
        self.at += length;
        (length > 0).then_some(())
    }

    /// Writes a string with minimal escapes; tells whether any remain.
    fn string(&mut self) -> Option<bool> {
        self.at += 1;
        self.out.push(b'"');
        let mut escaped = false;
        loop {
            let rest = &self.raw[self.at..];
            let length = memchr2(b'"', b'\\', rest)?;
            self.out.extend_from_slice(&rest[..length]);
            self.at += length + 1;
            if rest[length] == b'"' {
                self.out.push(b'"');
                return Some(escaped);
            }
            escaped |= self.escape()?;
        }
    }

    /// Decodes the escape behind a backslash and writes it minimally; tells whether an escape
    /// was written.
    fn escape(&mut self) -> Option<bool> {
        let byte = *self.raw.get(self.at)?;
        self.at += 1;
        let code = match byte {
            b'u' => return self.unicode_escape(),
            b'"' | b'\\' | b'/' => u32::from(byte),
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            _ => return None,
        };
        Some(self.put(code))
    }

    fn unicode_escape(&mut self) -> Option<bool> {
        let unit = self.hex4(self.at)?;
        self.at += 4;
        if (0xd800..0xdc00).contains(&unit)
            && self.raw.get(self.at..self.at + 2) == Some(b"\\u")
            && let Some(low @ 0xdc00..=0xdfff) = self.hex4(self.at + 2)
        {
            self.at += 6;
            return Some(self.put(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)));
        }
        Some(self.put(unit))
    }

    fn hex4(&self, at: usize) -> Option<u32> {
        let digits = self.raw.get(at..at + 4)?;
        digits.iter().try_fold(0, |unit, &byte| Some(unit << 4 | char::from(byte).to_digit(16)?))
    }

    /// Writes a code point; lone surrogates, which no character stands for, stay escapes.
    fn put(&mut self, code: u32) -> bool {
        let short = match code {
            0x08 => b'b',
            0x09 => b't',
            0x0a => b'n',
            0x0c => b'f',
            0x0d => b'r',
            0x22 => b'"',
            0x5c => b'\\',
            _ => match char::from_u32(code).filter(|c| !('\0'..' ').contains(c)) {
                Some(c) => {
                    self.out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                    return false;
                }
                None => {
                    self.out.extend_from_slice(format!("\\u{code:04x}").as_bytes());
                    return true;
                }
            },
        };
        self.out.extend_from_slice(&[b'\\', short]);
        true
    }

    /// Passes over one value.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            match self.peek()? {
                b'"' => self.skip_string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
            if depth == 0 && matches!(self.peek()?, b',' | b'}') {
                return Some(());
            }
        }
    }

    fn skip_string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            let rest = &self.raw[self.at..];
            let length = memchr2(b'"', b'\\', rest)?;
            if rest[length] == b'"' {
                self.at += length + 1;
                return Some(());
            }
            self.at += length + 2;
            if self.at > self.raw.len() {
                return None;
            }
        }
    }
}

/// The bytes that a key with minimal escapes stands for, lone surrogates as three bytes.
fn unescape(key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(key.len());
    let mut rest = key;
    while let Some((&byte, tail)) = rest.split_first() {
        let Some((&escape, tail)) = tail.split_first().filter(|_| byte == b'\\') else {
            bytes.push(byte);
            rest = tail;
            continue;
        };
        rest = tail;
        match escape {
            b'b' => bytes.push(8),
            b't' => bytes.push(9),
            b'n' => bytes.push(10),
            b'f' => bytes.push(12),
            b'r' => bytes.push(13),
            b'u' => {
                let (digits, tail) = tail.split_at(tail.len().min(4));
                rest = tail;
                let unit = digits
                    .iter()
                    .fold(0, |unit, &b| unit << 4 | char::from(b).to_digit(16).unwrap_or(0));
                push_unit(&mut bytes, unit);
            }
            other => bytes.push(other),
        }
    }
    bytes
}

fn push_unit(bytes: &mut Vec<u8>, unit: u32) {
    let low = |value: u32| (value & 0x3f) as u8 | 0x80;
    match unit {
        0..0x80 => bytes.push(unit as u8),
        _ => bytes.extend_from_slice(&[(unit >> 12) as u8 | 0xe0, low(unit >> 6), low(unit)]),
    }
}
