//! How deep HTML nests, from above: found without building anything.

use memchr::memchr_iter;

/// Different names counted apart; end tags of any further ones are taken to close nothing.
const NAMES: usize = 32;

/// Elements that hold nothing, so never stay open.
const VOID: [&[u8]; 14] = [
    b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"param",
    b"source", b"track", b"wbr",
];

/// Whether more than `limit` elements may be open at a time.
///
/// An end tag closes one element of its name, so the count is right for well-formed HTML and
/// too high where end tags are implied.
pub(super) fn exceeds(html: &str, limit: usize) -> bool {
    let bytes = html.as_bytes();
    let mut open: Vec<(&[u8], usize)> = Vec::new();
    let mut total = 0;
    for at in memchr_iter(b'<', bytes) {
        let rest = &bytes[at + 1..];
        let (closes, rest) = match rest.strip_prefix(b"/") {
            Some(name) => (true, name),
            None => (false, rest),
        };
        let length = rest.iter().position(|byte| !byte.is_ascii_alphanumeric());
        let name = &rest[..length.unwrap_or(rest.len()).min(16)];
        let is = |known: &&[u8]| known.eq_ignore_ascii_case(name);
        if !name.first().is_some_and(u8::is_ascii_alphabetic) || VOID.iter().any(is) {
            continue;
        }
        let entry = open.iter().position(|(known, _)| is(known));
        if closes {
            if let Some(at) = entry.filter(|&at| open[at].1 > 0) {
                open[at].1 -= 1;
                total -= 1;
            }
            continue;
        }
        total += 1;
        match entry {
            Some(at) => open[at].1 += 1,
            None if open.len() < NAMES => open.push((name, 1)),
            None => {}
        }
        if total > limit {
            return true;
        }
    }
    false
}
