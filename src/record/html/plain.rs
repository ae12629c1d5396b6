//! HTML to plain text in one pass.

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::{entity, is_unwanted};

/// Plain text of HTML.
///
/// Tags go; the content of `script` and `style` goes too; block elements and `br` become one
/// line feed, table cells a space. Character references are decoded once. White space,
/// including line ends of the source, collapses to one space; a lone no-break space stays.
/// A `<` that does not begin a tag, comment or end tag is text, so `p<0.0001`,
/// `<user@host>` and SICI DOIs survive. The output holds no `\r`, tab or unwanted character
/// (see the module), has no white space at its ends, and is text: escape it like any other.
///
/// Text with nothing to change is borrowed. Cost: linear, well under a microsecond a kilobyte
/// where there is no markup.
pub fn plain(html: &str) -> Cow<'_, str> {
    let bytes = html.as_bytes();
    let first = next_special(bytes, 0);
    if first == bytes.len() && !html.starts_with(' ') && !html.ends_with(' ') {
        return Cow::Borrowed(html);
    }
    let mut text = Writer::with_capacity(html.len());
    let mut at = 0;
    let mut ahead = Ahead::UNKNOWN;
    while at < bytes.len() {
        let special = next_special(bytes, at);
        text.run(&html[at..special]);
        let Some(&byte) = bytes.get(special) else { break };
        at = special + 1;
        match byte {
            b'<' => match ahead.markup_end(html, special) {
                Some(end) => {
                    at = after_element(html, special, end);
                    text.space(gap(&html[special..end]));
                }
                None => text.char('<'),
            },
            b'&' => match entity::decode(&html[special..]) {
                Some((decoded, length)) => {
                    at = special + length;
                    text.any(decoded);
                }
                None => text.char('&'),
            },
            b' ' | b'\t' | b'\n' | b'\r' | b'\x0c' => text.space(Gap::Space),
            0..=0x7f => {}
            _ => {
                if let Some(c) = html[special..].chars().next() {
                    at = special + c.len_utf8();
                    text.any(c);
                }
            }
        }
    }
    Cow::Owned(text.out)
}

/// White space that waits for the next visible character; the stronger one wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    NoBreak,
    Space,
    Line,
}

struct Writer {
    out: String,
    gap: Gap,
}

impl Writer {
    fn with_capacity(bytes: usize) -> Self {
        Writer { out: String::with_capacity(bytes), gap: Gap::None }
    }

    fn space(&mut self, gap: Gap) {
        self.gap = match (self.gap, gap) {
            (Gap::NoBreak, Gap::NoBreak) => Gap::Space,
            (waiting, new) => waiting.max(new),
        };
    }

    /// Text in which only the first and the last byte may be a space.
    fn run(&mut self, run: &str) {
        let body = run.strip_prefix(' ').unwrap_or(run);
        if body.len() < run.len() {
            self.space(Gap::Space);
        }
        if body.is_empty() {
            return;
        }
        self.flush();
        let trimmed = body.strip_suffix(' ').unwrap_or(body);
        self.out.push_str(trimmed);
        if trimmed.len() < body.len() {
            self.gap = Gap::Space;
        }
    }

    /// Any character, decoded or raw.
    fn any(&mut self, c: char) {
        match c {
            '\u{a0}' => self.space(Gap::NoBreak),
            '\u{2028}' | '\u{2029}' => self.space(Gap::Line),
            _ if matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c') => self.space(Gap::Space),
            _ if is_unwanted(c) => {}
            _ => self.char(c),
        }
    }

    fn char(&mut self, c: char) {
        self.flush();
        self.out.push(c);
    }

    fn flush(&mut self) {
        if !self.out.is_empty() {
            match self.gap {
                Gap::None => {}
                Gap::NoBreak => self.out.push('\u{a0}'),
                Gap::Space => self.out.push(' '),
                Gap::Line => self.out.push('\n'),
            }
        }
        self.gap = Gap::None;
    }
}

/// Bytes looked at together; the compiler turns the loop over them into vector instructions.
const LANES: usize = 16;

/// Position of the next byte that needs a decision, or the length.
///
/// Those are `<`, `&`, controls, a space before a space, and the lead bytes of the characters
/// that may be dropped or are white space (U+0080–00BF, U+2000–2FFF, U+F000–FFFF).
fn next_special(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let (Some(chunk), Some(next)) = (
        bytes.get(at..).and_then(|rest| rest.first_chunk::<LANES>()),
        bytes.get(at + 1..).and_then(|rest| rest.first_chunk::<LANES>()),
    ) {
        let mut found = false;
        for lane in 0..LANES {
            found |= is_special(chunk[lane], next[lane]);
        }
        if found {
            break;
        }
        at += LANES;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let following = rest.iter().skip(1).copied().chain([0xff]);
    let position = rest.iter().zip(following).position(|(&byte, next)| is_special(byte, next));
    position.map_or(bytes.len(), |position| at + position)
}

#[inline(always)]
fn is_special(byte: u8, next: u8) -> bool {
    (byte < 0x20)
        | (byte == b'<')
        | (byte == b'&')
        | (byte == 0x7f)
        | (byte == 0xc2)
        | (byte == 0xe2)
        | (byte == 0xef)
        | ((byte == b' ') & (next == b' '))
}

/// What may still follow in the text. A search that fails once is not repeated, which keeps
/// hostile text (`<<<<…`, `<!--><!-->…`) linear.
struct Ahead {
    tag_end: bool,
    comment_end: bool,
    quotes: bool,
}

impl Ahead {
    const UNKNOWN: Ahead = Ahead { tag_end: true, comment_end: true, quotes: true };

    /// End (after `>`) of the tag, comment or declaration that begins at `start`; `None` if
    /// the `<` there is text.
    fn markup_end(&mut self, html: &str, start: usize) -> Option<usize> {
        let rest = &html.as_bytes()[start + 1..];
        match rest.first()? {
            b'!' if rest.starts_with(b"!--") => {
                self.comment(html, start).or_else(|| self.tag(html, start))
            }
            b'!' | b'/' => self.tag(html, start),
            byte if byte.is_ascii_alphabetic() => {
                let name = name_length(rest);
                let ends = rest.get(name).is_none_or(|b| matches!(b, b'>' | b'/' | b'\t'..=b' '));
                // `<https://…>` and `<user@host>` are addresses in brackets.
                if !ends || rest[..name].ends_with(b":") {
                    return None;
                }
                let first = self.tag(html, start)?;
                Some(self.quoted(html.as_bytes(), start, first).unwrap_or(first))
            }
            _ => None,
        }
    }

    fn tag(&mut self, html: &str, start: usize) -> Option<usize> {
        if !self.tag_end {
            return None;
        }
        let end = memchr(b'>', &html.as_bytes()[start..]).map(|at| start + at + 1);
        self.tag_end = end.is_some();
        end
    }

    fn comment(&mut self, html: &str, start: usize) -> Option<usize> {
        if !self.comment_end {
            return None;
        }
        // From the first hyphen on: `<!-->` is a whole comment.
        let end = memmem::find(&html.as_bytes()[start + 2..], b"-->").map(|at| start + 2 + at + 3);
        self.comment_end = end.is_some();
        end
    }

    fn quoted(&mut self, bytes: &[u8], start: usize, first: usize) -> Option<usize> {
        if !self.quotes || memchr::memchr2(b'"', b'\'', &bytes[start..first]).is_none() {
            return None;
        }
        let end = quoted_end(bytes, start);
        self.quotes = end.is_some();
        end
    }
}

/// End of a tag whose attribute values may hold `>`; `None` if quotes are not balanced.
fn quoted_end(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut after_equals) = (start + 1, false);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'>' => return Some(at + 1),
            b'"' | b'\'' if after_equals => {
                at += 1 + memchr(byte, &bytes[at + 1..])?;
                after_equals = false;
            }
            b'=' => after_equals = true,
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => after_equals = false,
        }
        at += 1;
    }
    None
}

/// Length of an element name, with namespace prefix: letters, digits, `:` and `-`.
fn name_length(bytes: &[u8]) -> usize {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'-');
    bytes.iter().position(|byte| !part(byte)).unwrap_or(bytes.len())
}

/// Where text goes on after the tag `html[start..end]`: behind the end tag for elements whose
/// content is not text.
fn after_element(html: &str, start: usize, end: usize) -> usize {
    let bytes = html.as_bytes();
    let tag = &bytes[start + 1..end];
    let name = &tag[..name_length(tag)];
    let close: &[u8] = match name {
        _ if name.eq_ignore_ascii_case(b"script") => b"</script",
        _ if name.eq_ignore_ascii_case(b"style") => b"</style",
        _ => return end,
    };
    let mut at = end;
    while let Some(step) = memchr(b'<', &bytes[at..]) {
        at += step;
        if bytes[at..].get(..close.len()).is_some_and(|part| part.eq_ignore_ascii_case(close)) {
            return memchr(b'>', &bytes[at..]).map_or(bytes.len(), |step| at + step + 1);
        }
        at += 1;
    }
    bytes.len()
}

/// The white space that a tag stands for.
fn gap(tag: &str) -> Gap {
    let name = tag.as_bytes()[1..].strip_prefix(b"/").unwrap_or(&tag.as_bytes()[1..]);
    let name = &name[..name_length(name)];
    // JATS abstracts prefix their elements.
    let name = name.strip_prefix(b"jats:").unwrap_or(name);
    let mut lower = [0u8; 12];
    let Some(lower) = lower.get_mut(..name.len()) else { return Gap::None };
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    match &*lower {
        b"p" | b"br" | b"div" | b"li" | b"ul" | b"ol" | b"dl" | b"dt" | b"dd" | b"tr" | b"hr"
        | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"table" | b"thead" | b"tbody"
        | b"tfoot" | b"caption" | b"pre" | b"blockquote" | b"section" | b"article" | b"header"
        | b"footer" | b"figure" | b"figcaption" | b"title" | b"list-item" | b"sec" => Gap::Line,
        b"td" | b"th" => Gap::Space,
        _ => Gap::None,
    }
}
